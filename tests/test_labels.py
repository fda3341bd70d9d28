"""Labels against a plain loop over cells, issue days and events."""

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.datasets.labels import (
    cell_labels,
    counts_by_cell,
    counts_in_circle,
    haversine_km,
    occurrence_by_cell,
    occurrence_in_circle,
)
from foreshock.datasets.raster import sparse_days

GRID = Grid.degrees((0, 3), (10, 14), 1.0)
FIRST = np.datetime64("2021-03-01")


@pytest.fixture(scope="module")
def catalog():
    rng = np.random.default_rng(5)
    times = FIRST.astype("datetime64[us]") + (rng.random(400) * 60 * 86400e6).astype("timedelta64[us]")
    places = rng.uniform(-0.5, 3.5, 400), rng.uniform(9.5, 14.5, 400)
    return Catalog.unsorted(times, *places, np.full(400, 5.0), rng.uniform(2, 6, 400).round(1))


def loop(catalog, issue_days, horizon, min_magnitude):
    counts = np.zeros((len(issue_days), *GRID.shape), int)
    for i, day in enumerate(issue_days):
        start, end = (day.astype("datetime64[us]") + np.timedelta64(h, "D") for h in horizon)
        for time, latitude, longitude, magnitude in zip(
            catalog.time, catalog.latitude, catalog.longitude, catalog.magnitude, strict=True
        ):
            inside = 0 <= latitude < 3 and 10 <= longitude < 14
            if start <= time < end and magnitude >= min_magnitude and inside:
                counts[i, int(latitude), int(longitude) - 10] += 1
    return counts


@pytest.mark.parametrize(("horizon", "every"), [((0, 1), 1), ((0, 7), 7), ((10, 50), 3), ((3, 5), 4)])
def test_counts_equal_the_loop(catalog, horizon, every):
    maps = sparse_days(catalog, GRID, FIRST, FIRST + 59)
    issue_days = np.arange(FIRST, FIRST + 60 - horizon[1] + 1, every)
    expected = loop(catalog, issue_days, horizon, 4.0)
    assert expected.any()
    np.testing.assert_array_equal(counts_by_cell(maps, issue_days, horizon, 4.0), expected)
    np.testing.assert_array_equal(occurrence_by_cell(maps, issue_days, horizon, 4.0), expected > 0)
    np.testing.assert_array_equal(cell_labels(maps, issue_days, horizon, 4.0).dense([1, 0, 1]), expected[[1, 0, 1]])


def test_the_window_is_half_open():
    # The first instant of day t + a counts, the first of day t + b does not; Mc itself counts.
    times = ["2021-03-04T23:59:59.999999", "2021-03-05", "2021-03-06T23:59:59.999999", "2021-03-07"]
    catalog = Catalog(times, [0.5] * 4, [10.5] * 4, [5] * 4, [4.0] * 4)
    maps = sparse_days(catalog, GRID, FIRST, "2021-03-10")
    assert counts_by_cell(maps, ["2021-03-02"], (3, 5), 4.0)[0, 0, 0] == 2
    assert counts_by_cell(maps, ["2021-03-02"], (3, 5), 4.01)[0, 0, 0] == 0
    assert counts_in_circle(catalog, GRID, ["2021-03-02"], (3, 5), 4.0, (0.5, 10.5), 1.0).tolist() == [2]


def test_issue_days_follow_the_time_zone():
    # 15:00 UTC is the midnight that begins 2 March in Tokyo.
    catalog = Catalog(["2021-03-01T14:59", "2021-03-01T15:00"], [0.5] * 2, [0.5] * 2, [5] * 2, [5, 5])
    grid = Grid.degrees((0, 1), (0, 1), 1.0, timezone="Asia/Tokyo")
    maps = sparse_days(catalog, grid, "2021-02-28", "2021-03-04")
    days = ["2021-03-01", "2021-03-02", "2021-03-03"]
    assert counts_by_cell(maps, days, (0, 1), 5).ravel().tolist() == [1, 1, 0]
    assert counts_in_circle(catalog, grid, days, (0, 1), 5, (0.5, 0.5), 10).tolist() == [1, 1, 0]


def test_distances_agree_with_obspy():
    from obspy.geodetics import locations2degrees

    rng = np.random.default_rng(1)
    points = rng.uniform(-90, 90, 50), rng.uniform(-180, 180, 50), rng.uniform(-90, 90, 50), rng.uniform(-180, 180, 50)
    np.testing.assert_allclose(haversine_km(*points), np.radians(locations2degrees(*points)) * 6373, rtol=1e-9)


def test_circles_hold_what_is_near(catalog):
    centre, radius = (1.5, 12.0), 120.0
    distance = haversine_km(catalog.latitude, catalog.longitude, *centre)
    issue_days = np.arange(FIRST, FIRST + 50, 5)
    expected = []
    for day in issue_days.astype("datetime64[us]"):
        in_time = (catalog.time >= day) & (catalog.time < day + np.timedelta64(10, "D"))
        expected.append(int((in_time & (distance <= radius) & (catalog.magnitude >= 4.5)).sum()))
    args = (catalog, GRID, issue_days, (0, 10), 4.5, centre, radius)
    assert counts_in_circle(*args).tolist() == expected and max(expected) > 1
    assert occurrence_in_circle(*args).tolist() == [n > 0 for n in expected]


def test_circles_cross_the_date_line():
    catalog = Catalog(["2021-03-02"], [0.0], [-179.9], [5], [5])
    assert counts_in_circle(catalog, GRID, ["2021-03-02"], (0, 1), 5, (0, 179.9), 25.0).tolist() == [1]


def test_labels_are_never_cut_short(catalog):
    maps = sparse_days(catalog, GRID, FIRST, FIRST + 59)
    with pytest.raises(InputError, match="issue day 2021-04-26"):
        counts_by_cell(maps, ["2021-04-20", "2021-04-26"], (0, 5), 4.0)
    with pytest.raises(InputError, match="issue day 2021-02-28"):
        counts_by_cell(maps, ["2021-02-28"], (0, 5), 4.0)
    with pytest.raises(InputError, match=r"received \(5, 5\)"):
        counts_by_cell(maps, ["2021-03-02"], (5, 5), 4.0)
    with pytest.raises(InputError, match="ascending"):
        counts_by_cell(maps, ["2021-03-03", "2021-03-02"], (0, 1), 4.0)
