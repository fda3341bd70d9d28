"""The loops that the rasteriser is timed against do the same work, and the benchmark measures what it says."""

import numpy as np
import pytest

pytest.importorskip("pandas")

from foreshock.benchmarks.speed.catalogue import run
from foreshock.benchmarks.speed.row_loops import plane_maps, table_of, world_windows
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.grid import Grid
from foreshock.datasets.raster import sparse_days
from foreshock.datasets.windows import Circle, Windows, WindowSettings


@pytest.fixture(scope="module")
def catalog():
    rng = np.random.default_rng(9)
    times = np.datetime64("2011-02-20", "us") + np.sort(rng.integers(0, 40 * 86400, 400)).astype("timedelta64[s]")
    depth = np.where(rng.random(400) < 0.2, np.nan, rng.uniform(0, 700, 400))
    return Catalog(times, rng.uniform(26, 50, 400), rng.uniform(125, 150, 400), depth, rng.uniform(3, 8, 400))


def test_plane_loop_agrees(catalog):
    loop = plane_maps(table_of(catalog))
    maps = sparse_days(catalog, Grid.local(27, 127, 250, 200), "2011-02-20", catalog.time[-1].astype("datetime64[D]"))
    dense = maps.dense(channels=("max_magnitude", "count"))
    single = dense[..., 1] <= 1
    assert loop.shape == dense.shape[:3] and len(maps.row) > 200
    np.testing.assert_array_equal(loop[single], dense[..., 0][single])


def test_world_loop_agrees(catalog):
    loop = world_windows(table_of(catalog))
    circle = Circle(35.680934, 139.767551, 150.0)
    grid = Grid.world(longitude0=circle.longitude, timezone="Asia/Tokyo")
    first, last = grid.days(catalog.time[[0, -1]])
    maps = sparse_days(catalog, grid, first, last + 1)
    windows = Windows(maps, WindowSettings.ml_earthquake(circle, 4.0), np.arange(first + 15, last + 2), catalog)
    np.testing.assert_allclose(windows.inputs(np.arange(len(windows))), loop, atol=2e-7)


def test_rows_hold_ratio_aim_and_verdict():
    rows = run(None, quick=True, network=False)
    ratios = [row for row in rows if row["ratio"] is not None]
    assert len(ratios) == 5
    for row in ratios:
        assert row["ratio"] == pytest.approx(row["value"] / row["beside"])
        assert row["met"] is (None if row["aim"] is None else row["ratio"] >= row["aim"])
    (memory,) = (row for row in rows if row["unit"] == "MB")
    assert memory["what"] == "peak memory, 7305 days at 200 x 250 streamed" and 20 < memory["value"] < 500
