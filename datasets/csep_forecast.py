"""Rate forecasts in the ASCII format of the CSEP testing centres, which pyCSEP reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .atomic import replacing
from .errors import InputError
from .grid import Grid
from .projection import longitude_difference

# Latitudes at which a row's cells are cut by meridians: its slanted sides become steps of a twentieth of a cell.
LINES_A_ROW = 20
# What the format asks for and no test here looks at: the depth range in km, and the upper end of the magnitude bin.
DEPTH_KM, MAGNITUDE_END = (0.0, 1000.0), 10.0


class Lattice(NamedTuple):
    """Rates on squares of degrees, the only cells that pyCSEP's CartesianGrid2D knows.

    Arguments:
        longitude, latitude: of each square's lower left corner, in degrees, latitude running fastest.
        rate: events expected in it.
        cell_degrees: its side.
    """

    longitude: np.ndarray
    latitude: np.ndarray
    rate: np.ndarray
    cell_degrees: float


def resampled(rate, grid: Grid, cell_degrees: float = 0.1) -> Lattice:
    """Share the rates of a grid's cells among squares of degrees by the area they have in common.

    A cell of 10 km on the sinusoidal plane is no square of degrees, and pyCSEP knows no other: within a cell the rate
    is taken as even. The total is kept to rounding, so that the N test is not touched; a peak is spread over up to four
    squares, so that S and L are those of the forecast seen at `cell_degrees` and not at 10 km.

    >>> grid = Grid.degrees((40, 41), (13, 14), cell_degrees=0.5)
    >>> lattice = resampled([[1.0, 2.0], [3.0, 4.0]], grid, cell_degrees=0.5)
    >>> lattice.longitude.tolist(), lattice.latitude.tolist(), lattice.rate.round(9).tolist()
    ([13.0, 13.0, 13.5, 13.5], [40.0, 40.5, 40.0, 40.5], [1.0, 3.0, 2.0, 4.0])
    """
    rate = np.asarray(rate, dtype=np.float64)
    if rate.shape != grid.shape or not ((rate >= 0) & (rate < np.inf)).all():
        raise InputError(
            f"finite rates, 0 or more, of shape {grid.shape}", f"shape {rate.shape}", "sum the days of a forecast first"
        )
    south, north = (float(grid.points(row, 0)[0]) for row in (0, grid.rows))
    first = np.floor(south / cell_degrees + 1e-9)
    across = first + np.arange(int(np.ceil(north / cell_degrees - 1e-9) - first) + 1)
    # Rows end, and squares end, at one of these positions, counted in rows from the south.
    at = (across * cell_degrees - south) / (north - south) * grid.rows
    at = np.concatenate([at, np.linspace(0, grid.rows, grid.rows * LINES_A_ROW + 1)])
    at = np.unique(at[(at >= 0) & (at <= grid.rows)].round(9))
    middle, height = (at[1:] + at[:-1]) / 2, np.diff(at)
    latitude, longitude = grid.points(middle[:, None], np.arange(grid.columns + 1)[None, :])
    centre = grid.projection.longitude0
    longitude = np.unwrap(longitude, period=360.0, axis=1)
    longitude += (centre + longitude_difference(longitude[:, :1], centre)) - longitude[:, :1]
    west = np.floor(longitude.min() / cell_degrees + 1e-9)
    along = west + np.arange(int(np.ceil(longitude.max() / cell_degrees - 1e-9) - west) + 1)
    shape = across.size - 1, along.size - 1
    shared, covered = np.zeros(shape), np.zeros(shape)
    square = np.clip(np.floor(latitude[:, 0] / cell_degrees - first).astype(np.int64), 0, shape[0] - 1)
    row = np.minimum(middle.astype(np.int64), grid.rows - 1)
    for line, weight in enumerate(height):
        running = np.concatenate([[0.0], np.cumsum(rate[row[line]])])
        shared[square[line]] += weight * np.diff(np.interp(along * cell_degrees, longitude[line], running))
        inside = np.interp(along * cell_degrees, longitude[line], np.arange(grid.columns + 1.0))
        covered[square[line]] += weight * np.diff(inside)
    column, line = np.nonzero(covered.T > 1e-9)
    corner = np.round((along[column] * cell_degrees, across[line] * cell_degrees), 9)
    return Lattice(corner[0], corner[1], shared[line, column], cell_degrees)


def write_csep(lattice: Lattice, minimum_magnitude: float, path: str | os.PathLike) -> Path:
    """Write a forecast with one magnitude bin in the ASCII format of the CSEP testing centres (.dat).

    A line a square, without a header: lon_0 lon_1 lat_0 lat_1 depth_0 depth_1 mag_0 mag_1 rate mask.
    """
    path = Path(path)
    if path.suffix != ".dat":
        raise InputError("a file name that ends in .dat, by which pyCSEP knows the format", path.name, "rename it")
    column = np.ones(lattice.rate.size)
    east, north = (edge + lattice.cell_degrees for edge in (lattice.longitude, lattice.latitude))
    table = [lattice.longitude, east, lattice.latitude, north, column * DEPTH_KM[0], column * DEPTH_KM[1]]
    table += [column * minimum_magnitude, column * MAGNITUDE_END, lattice.rate, column]
    with replacing(path) as scratch:
        np.savetxt(scratch, np.column_stack(table), fmt=["%.6f"] * 4 + ["%.1f"] * 2 + ["%.2f"] * 2 + ["%.17g", "%d"])
    return path


def read_csep(path: str | os.PathLike):
    """Read a forecast through pyCSEP itself: a csep.core.forecasts.GriddedForecast."""
    import csep

    path = Path(path)
    if not path.is_file():
        raise InputError("a forecast file", f"no file {path}", "write one with write_csep")
    return csep.load_gridded_forecast(str(path), name=path.stem)
