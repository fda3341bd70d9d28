"""Static maps of the rate of earthquakes: each cell's own history, and the same smoothed."""

from __future__ import annotations

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.grid import Grid

# Share of the total that is spread evenly, so that no cell is called impossible.
FLOOR_SHARE = 0.01


def historical_rate(catalog: Catalog, grid: Grid, days: float, floor_share: float = FLOOR_SHARE) -> np.ndarray:
    """Events a day in each cell, from events of `days` days; shape (rows, columns).

    A share of the total is spread evenly over all cells.

    >>> grid = Grid.degrees((0, 1), (0, 2), 1.0)
    >>> one = Catalog(["2020-01-01"], [0.5], [0.5], [10], [4.0])
    >>> historical_rate(one, grid, days=10, floor_share=0.2).round(3).tolist()
    [[0.09, 0.01]]
    """
    row, column, inside = grid.cells(catalog.latitude, catalog.longitude)
    if not inside.any():
        raise InputError("events in the grid", f"none of {len(catalog)}", "choose another period or region")
    counts = np.bincount(row[inside] * grid.columns + column[inside], minlength=grid.rows * grid.columns)
    share = counts / counts.sum() * (1 - floor_share) + floor_share / counts.size
    return (share * counts.sum() / days).reshape(grid.shape)


def smoothed_rate(
    catalog: Catalog,
    grid: Grid,
    days: float,
    neighbours: int,
    total_per_day: float | None = None,
    floor_share: float = FLOOR_SHARE,
) -> np.ndarray:
    """Events a day in each cell from a Gaussian around every event, as wide as its k-th nearest neighbour is far.

    The Gaussian is integrated over each cell exactly; it parts into a factor of the row and one of the column, so the
    whole map is one matrix product (adaptive kernel: Helmstetter, Kagan and Jackson 2007, equations 2 to 4).

    Arguments:
        catalog: the events that are smoothed, events outside the grid included.
        days: the length of their period.
        neighbours: k; no bandwidth is less than half a cell.
        total_per_day: the map's sum; the events' own rate inside the grid where None.
    """
    from scipy.spatial import cKDTree

    if len(catalog) <= neighbours:
        raise InputError(f"more than {neighbours} events to smooth", f"{len(catalog)}", "choose fewer neighbours")
    x, y = grid.projection.forward(catalog.latitude, catalog.longitude)
    distance, _ = cKDTree(np.stack([x, y], axis=1)).query(np.stack([x, y], axis=1), k=[neighbours + 1], workers=2)
    in_rows, in_columns = gaussian_shares(x, y, np.maximum(distance[:, 0], grid.cell_x / 2), grid)
    density = in_rows.T @ in_columns
    if total_per_day is None:
        total_per_day = historical_rate(catalog, grid, days).sum()
    share = density / density.sum() * (1 - floor_share) + floor_share / density.size
    return share * total_per_day


def gaussian_shares(x, y, width, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Integrals of a Gaussian around every point over the grid's rows and over its columns.

    The share of a point in a cell is the product of the two.

    Arguments:
        x, y, width: (points,) on the grid's plane; the width is the standard deviation.
    Returns: shapes (points, rows) and (points, columns).
    """
    from scipy.special import ndtr

    width = np.asarray(width)[:, None]
    column_edges = grid.x0 + grid.cell_x * np.arange(grid.columns + 1)
    row_edges = grid.y0 + grid.cell_y * np.arange(grid.rows + 1)
    in_columns = np.diff(ndtr((column_edges - x[:, None]) / width), axis=1)
    in_rows = np.diff(ndtr((row_edges - y[:, None]) / width), axis=1)
    return in_rows, in_columns


def choose_neighbours(
    catalog: Catalog,
    grid: Grid,
    days: float,
    validation_counts: np.ndarray,
    candidates=(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64),
    total_per_day: float | None = None,
) -> int:
    """The k of `smoothed_rate` under which the validation period's events are likeliest (Poisson, the total aside).

    Arguments:
        validation_counts: (rows, columns), events of the validation period.
    """
    usable = [k for k in candidates if k < len(catalog)]
    if not usable:
        raise InputError(f"more than {min(candidates)} events to smooth", f"{len(catalog)}", "choose a longer period")

    def likelihood(k: int) -> float:
        rate = smoothed_rate(catalog, grid, days, k, total_per_day)
        return float((validation_counts * np.log(rate / rate.sum())).sum())

    return max(usable, key=likelihood)


def window_probability(rate_per_day: np.ndarray, days: float) -> np.ndarray:
    """Probability of at least one event in `days` days of a Poisson process.

    >>> float(window_probability(0.1, 7).round(4))
    0.5034
    """
    return -np.expm1(-np.asarray(rate_per_day) * days)
