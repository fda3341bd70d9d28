"""The rasteriser against a plain loop over events."""

import math

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.datasets.raster import CHANNELS, sparse_days

GRID = Grid.degrees((0, 4), (170, 175), 1.0)
FIRST, DAYS = np.datetime64("2020-01-01"), 12


def random_catalog(events, seed=0, days=DAYS, grid=GRID):
    rng = np.random.default_rng(seed)
    south, north, west, east = grid.bounds()
    depth = np.where(rng.random(events) < 0.3, np.nan, rng.uniform(0, 50, events))
    return Catalog.unsorted(
        FIRST.astype("datetime64[us]") + (rng.random(events) * days * 86400e6).astype("timedelta64[us]"),
        rng.uniform(south - 1, north + 1, events),
        rng.uniform(west - 1, east + 1, events),
        depth,
        rng.uniform(-1, 7, events).round(1),
    )


def loop(catalog, grid, first, days):
    """Every channel, one event after the other."""
    maps = {name: np.zeros((days, *grid.shape)) for name in CHANNELS}
    energy, depth_sum, known = (np.zeros((days, *grid.shape)) for _ in range(3))
    last = np.full(grid.shape, -1)
    day_of = (grid.days(catalog.time) - first).astype(int)
    row, column, inside = grid.cells(catalog.latitude, catalog.longitude)
    for day in range(days):
        for i in np.flatnonzero((day_of == day) & inside):
            at = day, row[i], column[i]
            largest = maps["max_magnitude"][at] if maps["count"][at] else -math.inf
            maps["max_magnitude"][at] = max(largest, catalog.magnitude[i])
            maps["count"][at] += 1
            maps["presence"][at] = 1
            energy[at] += 10 ** (4.8 + 1.5 * catalog.magnitude[i])
            if not math.isnan(catalog.depth_km[i]):
                depth_sum[at] += catalog.depth_km[i]
                known[at] += 1
            maps["mean_depth"][at] = depth_sum[at] / known[at] if known[at] else 0
            maps["log_energy"][at] = math.log10(energy[at])
            maps["energy_magnitude"][at] = (math.log10(energy[at]) - 4.8) / 1.5
            last[row[i], column[i]] = day
        maps["days_since_last"][day] = day - last
    return np.stack([maps[name] for name in CHANNELS], axis=-1)


@pytest.fixture(scope="module")
def case():
    catalog = random_catalog(300)
    return catalog, sparse_days(catalog, GRID, FIRST, FIRST + DAYS - 1), loop(catalog, GRID, FIRST, DAYS)


def test_dense_maps_equal_the_loop(case):
    _, maps, expected = case
    dense = maps.dense(channels=CHANNELS)
    assert dense.dtype == np.float32 and dense.shape == (DAYS, 4, 5, len(CHANNELS))
    assert 50 < np.count_nonzero(expected[..., CHANNELS.index("presence")]) < expected[..., 0].size
    for i, name in enumerate(CHANNELS):
        np.testing.assert_allclose(dense[..., i], expected[..., i], rtol=2e-6, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("channels", [("count",), ("days_since_last", "max_magnitude"), CHANNELS[::-1]])
def test_parts_and_blocks_equal_the_whole(case, channels):
    _, maps, _ = case
    whole = maps.dense(channels=channels)
    np.testing.assert_array_equal(maps.dense(3, 9, channels), whole[3:9])
    for length in (1, 5, 12, 100):
        pieces = [(start, block.copy()) for start, block in maps.blocks(channels, length)]
        assert [start for start, _ in pieces] == list(range(0, DAYS, length))
        np.testing.assert_array_equal(np.concatenate([block for _, block in pieces]), whole)


def test_dense_fills_an_array_given(case):
    _, maps, _ = case
    out = np.full((2, 4, 5, 1), 9, np.float32)
    assert maps.dense(0, 2, ("count",), out) is out
    np.testing.assert_array_equal(out, maps.dense(0, 2, ("count",)))


def test_events_are_conserved_and_those_outside_counted(case):
    catalog, maps, _ = case
    assert maps.outside > 20 and len(maps.row) + maps.outside == len(catalog)
    assert maps.dense(channels=("count",)).sum() == len(maps.row)
    assert maps.above(3.0).dense(channels=("count",)).sum() == (maps.magnitude >= 3.0).sum()


def test_energies_add_up():
    # Two events of M 5 release the energy of one of M 5 + log10(2) / 1.5 = 5.2007.
    catalog = Catalog(["2020-01-01"] * 2, [0.5] * 2, [171.5] * 2, [np.nan] * 2, [5.0, 5.0])
    dense = sparse_days(catalog, GRID, FIRST, FIRST).dense(channels=("energy_magnitude", "log_energy", "mean_depth"))
    np.testing.assert_allclose(dense[0, 0, 1], [5.200687, 12.60103, 0.0], rtol=1e-6)


def test_days_are_those_of_the_time_zone():
    # 14:59 and 15:00 UTC lie on both sides of midnight in Tokyo.
    catalog = Catalog(["2020-01-01T14:59:59", "2020-01-01T15:00"], [0.5] * 2, [0.5] * 2, [5] * 2, [3, 4])
    grid = Grid.degrees((0, 1), (0, 1), 1.0, timezone="Asia/Tokyo")
    assert sparse_days(catalog, grid, "2020-01-01", "2020-01-02").dense().ravel().tolist() == [3, 4]
    assert sparse_days(catalog, grid, "2020-01-02", "2020-01-02").dense().ravel().tolist() == [4]


def test_a_day_in_two_pieces_is_put_together():
    # St John's set its clocks back at 00:01 on 2010-11-07: a minute of the 7th, then the last hour of the 6th.
    times = ["2010-11-07T02:29", "2010-11-07T02:30:30", "2010-11-07T03:00", "2010-11-07T04:00"]
    catalog = Catalog(times, [0.5] * 4, [0.5] * 4, [5] * 4, [1, 2, 3, 4])
    grid = Grid.degrees((0, 1), (0, 1), 1.0, timezone="America/St_Johns")
    assert grid.days(catalog.time).astype(str).tolist() == ["2010-11-06", "2010-11-07", "2010-11-06", "2010-11-07"]
    maps = sparse_days(catalog, grid, "2010-11-06", "2010-11-07")
    assert maps.offsets.tolist() == [0, 2, 4] and maps.magnitude.tolist() == [1, 3, 2, 4]
    for day, expected in (("2010-11-06", [1, 3]), ("2010-11-07", [2, 4])):
        assert sparse_days(catalog, grid, day, day).magnitude.tolist() == expected


def test_a_day_of_fifty_thousand_events():
    catalog = random_catalog(50_000, seed=3, days=1)
    maps = sparse_days(catalog, GRID, FIRST, FIRST + 1)
    dense = maps.dense(channels=("count", "max_magnitude"))
    assert dense[..., 0].sum() == len(maps.row) > 20_000 and not dense[1].any()
    row, column = np.divmod(7, 5)
    assert dense[0, row, column, 1] == np.float32(maps.magnitude[(maps.row == row) & (maps.column == column)].max())


def test_no_event_gives_empty_maps():
    nothing = random_catalog(10)[:0]
    maps = sparse_days(nothing, GRID, FIRST, FIRST + 2)
    assert not maps.dense(channels=CHANNELS[:-1]).any() and maps.days == 3
    assert maps.dense(channels=("days_since_last",))[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert len(list(maps.blocks())) == 1


def test_bad_requests_are_refused(case):
    _, maps, _ = case
    with pytest.raises(InputError, match="2020-01-02 to 2020-01-01"):
        sparse_days(random_catalog(5), GRID, "2020-01-02", "2020-01-01")
    with pytest.raises(InputError, match="received magnitude"):
        maps.dense(channels=("magnitude",))
    with pytest.raises(InputError, match="2019-12-31"):
        maps.dense(-1, 3)
    with pytest.raises(InputError, match="within 2020-01-01 to 2020-01-12"):
        maps.dense(3, 13)
