"""Grid and projections against the published formula, hand arithmetic and Python's own time zones."""

import datetime
import json
import math
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.datasets.projection import Degrees, LocalPlane

JAPAN = Grid.local(latitude0=27, longitude0=127, rows=250, columns=200)


def test_cells_follow_the_published_plane():
    rng = np.random.default_rng(1)
    latitude, longitude = rng.uniform(25, 52, 500), rng.uniform(120, 155, 500)
    row, column, inside = JAPAN.cells(latitude, longitude)
    for i in range(500):
        x = (longitude[i] - 127) * math.pi / 180 * 6373 * math.cos(math.radians(latitude[i]))
        y = (latitude[i] - 27) * math.pi / 180 * 6373
        assert inside[i] == (0 <= x < 2000 and 0 <= y < 2500)
        if inside[i]:
            assert (row[i], column[i]) == (int(y // 10), int(x // 10))
    assert 100 < inside.sum() < 500


def test_edges_belong_to_the_upper_cell():
    grid = Grid.degrees((10, 12), (20, 23), 1.0)
    row, column, inside = grid.cells([10, 11, 12, 10, 10], [20, 21, 20, 23, 19.999])
    assert inside.tolist() == [True, True, False, False, False]
    assert (row[1], column[1]) == (1, 1)


def test_poles_and_date_line_belong_to_the_world():
    grid = Grid.world()
    row, column, inside = grid.cells([90, -90, 0, 0, 0], [0, 0, 180, -180, 179.999])
    assert inside.all()
    assert row.tolist() == [19, 0, 10, 10, 10]
    assert column.tolist() == [15, 15, 0, 0, 29]


def test_world_rolls_to_its_middle():
    # Cells of 12 degrees from 139.767551 - 180 on: Tokyo opens column 15, the date line lies 40.23 degrees further.
    grid = Grid.world(longitude0=139.767551)
    _, column, inside = grid.cells([0, 0, 0], [139.767551, 180, -180])
    assert inside.all() and column.tolist() == [15, 18, 18]


def test_boxes_cross_the_date_line():
    grid = Grid.degrees((-20, -10), (175, -175), 1.0)
    assert grid.shape == (10, 10)
    _, column, inside = grid.cells([-15, -15, -15, -15], [175.5, 179.5, -179.5, 174.5])
    assert column[:3].tolist() == [0, 4, 5] and inside.tolist() == [True, True, True, False]
    assert grid.bounds() == (-20, -10, 175, -175)
    local = Grid.local(0, 180, rows=10, columns=10, x0_km=-50)
    _, column, inside = local.cells([0.1, 0.1], [179.9, -179.9])
    assert inside.all() and column.tolist() == [3, 6]


@pytest.mark.parametrize("plane", [LocalPlane(170.0, -40.0), Degrees(170.0)])
def test_projections_invert(plane):
    rng = np.random.default_rng(2)
    latitude, longitude = rng.uniform(-60, -20, 1000), rng.uniform(-180, 180, 1000)
    back_latitude, back_longitude = plane.inverse(*plane.forward(latitude, longitude))
    np.testing.assert_allclose(back_latitude, latitude, atol=1e-10)
    np.testing.assert_allclose((back_longitude - longitude + 180) % 360 - 180, 0, atol=1e-9)


@pytest.mark.parametrize("grid", [JAPAN, Grid.world(longitude0=139.8), Grid.degrees((-5, 5), (170, -170), 0.5)])
def test_centres_fall_into_their_cells(grid):
    latitude, longitude = grid.centres()
    row, column, inside = grid.cells(latitude, longitude)
    assert inside.all() and latitude.shape == grid.shape
    np.testing.assert_array_equal(row, np.arange(grid.rows)[:, None] + np.zeros(grid.columns, int))
    np.testing.assert_array_equal(column, np.arange(grid.columns) + np.zeros((grid.rows, 1), int))


def test_bounds_hold_every_cell():
    south, north, west, east = JAPAN.bounds()
    latitude, longitude = JAPAN.centres()
    assert south == pytest.approx(27) and north == pytest.approx(27 + 2500 / (math.pi / 180 * 6373))
    assert west == pytest.approx(127) and longitude.max() < east < longitude.max() + 0.2
    assert latitude.min() > south and latitude.max() < north


ZONES = ("Asia/Tokyo", "America/Los_Angeles", "America/St_Johns", "Asia/Kathmandu", "America/Santiago", "Europe/Rome")


@pytest.mark.parametrize("zone", ZONES)
def test_days_agree_with_the_calendar_of_the_zone(zone):
    # Every 7 h 13 min 1 s of two years: all changes of clocks are met, on both sides.
    moments = [datetime.datetime(2010, 1, 1, tzinfo=datetime.UTC)]
    while moments[-1].year < 2012:
        moments.append(moments[-1] + datetime.timedelta(hours=7, minutes=13, seconds=1))
    times = np.array([m.replace(tzinfo=None) for m in moments], dtype="datetime64[us]")
    expected = np.array([m.astimezone(ZoneInfo(zone)).date() for m in moments], dtype="datetime64[D]")
    np.testing.assert_array_equal(Grid.world(timezone=zone).days(times), expected)


def test_offsets_are_exact_to_the_second_of_a_change():
    # 00:01 in St John's; midnight in Santiago; local mean time of Rome until 1893, 49 min 56 s ahead of UTC.
    for zone, text, expected in (
        ("America/St_Johns", ["2010-11-07T02:30:59", "2010-11-07T02:31:00"], ["2010-11-07", "2010-11-06"]),
        ("America/Santiago", ["2010-10-10T03:59:59", "2010-10-10T04:00:00"], ["2010-10-09", "2010-10-10"]),
        ("Europe/Rome", ["1893-10-30T23:10:03", "1893-10-30T23:10:04"], ["1893-10-30", "1893-10-31"]),
    ):
        assert Grid.world(timezone=zone).days(text).astype(str).tolist() == expected, zone


@pytest.mark.parametrize("zone", ZONES)
def test_day_start_is_the_first_instant_of_the_day(zone):
    grid, us = Grid.world(timezone=zone), np.timedelta64(1, "us")
    for day in np.arange("2010-01-01", "2011-01-01", dtype="datetime64[D]"):
        start = grid.day_start(day)
        assert grid.days([start])[0] == day
        # In St John's the clock went back at 00:01: the minute before counts as the new day once already.
        if not (zone == "America/St_Johns" and str(day) == "2010-11-07"):
            assert grid.days([start - us])[0] == day - np.timedelta64(1, "D")


def test_json_round_trip():
    for grid in (JAPAN, Grid.world(longitude0=139.767551, timezone="Asia/Tokyo")):
        assert Grid.from_dict(json.loads(json.dumps(grid.to_dict()))) == grid


def test_bad_grids_are_refused():
    with pytest.raises(InputError, match="0 rows"):
        Grid.local(27, 127, rows=0, columns=2)
    with pytest.raises(InputError, match="Asia/Tokio"):
        Grid.world(timezone="Asia/Tokio")
    with pytest.raises(InputError, match="'mercator'"):
        Grid.from_dict({"projection": {"kind": "mercator"}})
