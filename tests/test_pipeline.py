"""Windows against a plain loop, and tf.data against NumPy."""

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.datasets.labels import haversine_km
from foreshock.datasets.period import Period
from foreshock.datasets.raster import sparse_days
from foreshock.datasets.windows import Circle, Windows, WindowSettings

GRID = Grid.degrees((30, 33), (140, 144), 1.0)
PERIOD = Period("2021-01-01", "2021-04-10")
CHANNELS = ("energy_magnitude", "count", "mean_depth")


@pytest.fixture(scope="module")
def catalog():
    rng = np.random.default_rng(11)
    times = PERIOD.first.astype("datetime64[us]") + (rng.random(500) * 100 * 86400e6).astype("timedelta64[us]")
    places = rng.uniform(29.5, 33.5, 500), rng.uniform(139.5, 144.5, 500)
    return Catalog.unsorted(times, *places, rng.uniform(0, 600, 500), rng.uniform(2, 6, 500).round(1))


def test_windows_hold_only_the_days_before_the_issue(catalog):
    settings = WindowSettings(5, (2, 6), 4.0, CHANNELS)
    windows = Windows.from_catalog(catalog, GRID, settings, PERIOD, every=3)
    x, y = windows.batch(np.arange(len(windows)))
    assert x.shape == (len(windows), 5, 3, 4, 3) and y.shape == (len(windows), 3, 4, 1)
    assert (str(windows.issue_days[0]), str(windows.issue_days[-1])) == ("2021-01-06", "2021-04-03")
    for i, day in enumerate(windows.issue_days.astype("datetime64[us]")):
        inputs = catalog.between(day - np.timedelta64(5, "D"), day)
        row, column, inside = GRID.cells(inputs.latitude, inputs.longitude)
        assert x[i, ..., 1].sum() == inside.sum()
        targets = catalog.between(day + np.timedelta64(2, "D"), day + np.timedelta64(6, "D")).above(4.0)
        expected = np.zeros((3, 4))
        row, column, inside = GRID.cells(targets.latitude, targets.longitude)
        expected[row[inside], column[inside]] = 1
        np.testing.assert_array_equal(y[i, ..., 0], expected)
        if i == 7:
            last = sparse_days(inputs, GRID, windows.issue_days[i] - 1, windows.issue_days[i] - 1)
            np.testing.assert_array_equal(x[i, -1], last.dense(channels=CHANNELS)[0])


def test_events_of_the_issue_day_stay_out():
    # The published error: the window contained the predicted day.
    catalog = Catalog(["2021-01-05T23:59:59", "2021-01-06"], [30.5] * 2, [140.5] * 2, [5] * 2, [4.0, 6.0])
    maps = sparse_days(catalog, GRID, "2021-01-01", "2021-01-10")
    x, y = Windows(maps, WindowSettings(5, (0, 1), 4.0), ["2021-01-06"]).batch(0)
    assert x.max() == 4.0 and x[0, -1, 0, 0, 0] == 4.0 and y[0, 0, 0, 0] == 1


def test_scale_is_ml_earthquakes(catalog):
    circle = Circle(31.5, 142.0, 150.0)
    settings = WindowSettings.ml_earthquake(circle, 4.0)
    windows = Windows.from_catalog(catalog, GRID, settings, PERIOD)
    raw = Windows.from_catalog(catalog, GRID, WindowSettings(15, (0, 1), 4.0, CHANNELS, circle=circle), PERIOD)
    index = np.array([3, 20])
    x, plain = windows.inputs(index), raw.inputs(index)
    assert windows.input_shape == (15, 3, 4, 3)
    np.testing.assert_allclose(x, np.clip(plain / [10, 100, 500], 0, 1), rtol=1e-6)
    assert plain[..., 2].max() > 500 and x.max() == 1.0
    near = haversine_km(catalog.latitude, catalog.longitude, 31.5, 142.0) <= 150
    targets = catalog[near & (catalog.magnitude >= 4.0)].time.astype("datetime64[D]")
    np.testing.assert_array_equal(windows.labels(np.arange(len(windows)))[:, 0], np.isin(windows.issue_days, targets))


def test_each_day_is_labelled_with_the_forecast_at_its_end(catalog):
    maps = sparse_days(catalog, GRID, PERIOD.first, PERIOD.last)
    # A stateful pass: windows of ten days that follow each other.
    issue_days = np.arange(np.datetime64("2021-01-11"), np.datetime64("2021-04-01"), 10)
    sequences = Windows(maps, WindowSettings(10, (1, 8), 4.5, each_day=True, count=True), issue_days)
    x, y = sequences.batch(np.arange(len(sequences)))
    assert y.shape == (len(issue_days), 10, 3, 4, 1)
    np.testing.assert_array_equal(x.reshape(-1, 3, 4, 1), maps.dense(0, len(issue_days) * 10))
    single = Windows(maps, WindowSettings(1, (1, 8), 4.5, count=True), np.arange(issue_days[0] - 9, issue_days[-1] + 1))
    np.testing.assert_array_equal(y.reshape(-1, 3, 4, 1), single.labels(np.arange(len(single))))


def test_orders_come_from_seed_and_epoch(catalog):
    windows = Windows.from_catalog(catalog, GRID, WindowSettings(5, (0, 1), 4.0), PERIOD)
    first, again, next_epoch = windows.order(1, 0), windows.order(1, 0), windows.order(1, 1)
    np.testing.assert_array_equal(first, again)
    assert sorted(first) == list(range(len(windows))) == windows.order().tolist()
    assert not np.array_equal(first, next_epoch) and not np.array_equal(first, windows.order(2, 0))


@pytest.mark.parametrize(
    ("settings", "batch", "drop"),
    [
        (WindowSettings(5, (0, 3), 4.0, ("max_magnitude", "days_since_last")), 16, False),
        (WindowSettings.ml_earthquake(Circle(31.5, 142.0, 150.0), 4.0, days=4), 32, True),
        (WindowSettings(3, (1, 2), 4.0, each_day=True), 7, False),
    ],
)
def test_tf_data_gives_the_same_arrays(catalog, settings, batch, drop):
    pytest.importorskip("tensorflow")
    from foreshock.datasets.pipeline import tf_dataset

    windows = Windows.from_catalog(catalog, GRID, settings, PERIOD)
    dataset = tf_dataset(windows, batch, shuffle_seed=4, drop_remainder=drop)
    assert dataset.options().autotune.enabled is False
    for epoch in range(2):
        got = list(dataset.as_numpy_iterator())
        expected = list(windows.batches(batch, 4, epoch, drop))
        assert len(got) == len(expected) == int(dataset.cardinality()) > 1
        for (x, y), (wanted_x, wanted_y) in zip(got, expected, strict=True):
            np.testing.assert_array_equal(x, wanted_x)
            np.testing.assert_array_equal(y, wanted_y)


def test_bad_windows_are_refused(catalog):
    settings = WindowSettings(5, (0, 3), 4.0)
    with pytest.raises(InputError, match=r"events in the grid .* none among 500"):
        Windows.from_catalog(catalog, Grid.degrees((-10, -5), (0, 5), 1.0), settings, PERIOD)
    with pytest.raises(InputError, match="none among 500"):
        Windows.from_catalog(catalog, GRID, settings, Period("1990-01-01", "1990-12-31"))
    with pytest.raises(InputError, match="longer than 5 days of history"):
        Windows.from_catalog(catalog, GRID, settings, Period("2021-01-01", "2021-01-07"))
    maps = sparse_days(catalog, GRID, PERIOD.first, PERIOD.last)
    for day in ("2021-01-05", "2021-04-12"):
        with pytest.raises(InputError, match=day):
            Windows(maps, settings, [day])
    with pytest.raises(InputError, match="pass catalog="):
        Windows(maps, WindowSettings(5, (0, 3), 4.0, circle=Circle(31, 142, 100)), ["2021-02-01"])
    with pytest.raises(InputError, match="issue day 2021-04-09"):
        Windows(maps, WindowSettings(5, (0, 3), 4.0, circle=Circle(31, 142, 100)), ["2021-04-09"], catalog)
    with pytest.raises(InputError, match="one a channel"):
        WindowSettings(5, (0, 1), 4.0, CHANNELS, (10.0,))
    with pytest.raises(InputError, match="at least one day"):
        WindowSettings(0, (0, 1), 4.0)
