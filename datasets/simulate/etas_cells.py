"""Shares of the kernel (q-1)/(pi sigma) (1 + r2/sigma)^-q in rectangles and in the cells of a grid."""

from __future__ import annotations

import numpy as np

# Enough for 1e-6 in any rectangle whose corner is not within a metre of the event's own meridian or parallel.
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(24)
# Cells up to this many away from an event are integrated exactly, the others by 2 x 2 Gauss points.
NEAR = 3


def corner_share(x, y, sigma, q: float) -> np.ndarray:
    """Share of the kernel in the rectangle between the event and a corner at (x, y) from it, with the sign of x y.

    The rectangle is two triangles with their apex at the event. In polar coordinates the radial integral is closed, and
    tan(angle) = sinh(s) makes the other one smooth: 1/(2 pi) int (1 - (1 + d^2 cosh^2 s / sigma)^(1-q)) / cosh s ds.

    >>> float(round(4 * corner_share(1e6, 1e6, 1.0, 2.0), 9))
    1.0
    """
    x, y, sigma = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (x, y, sigma)))
    return np.sign(x) * np.sign(y) * (_triangle(abs(x), abs(y), sigma, q) + _triangle(abs(y), abs(x), sigma, q))


def _triangle(distance, length, sigma, q) -> np.ndarray:
    """Share between the event, the foot of the perpendicular on an edge at `distance`, and `length` along that edge."""
    # An edge through the event bounds a triangle without area.
    flat = distance <= 1e-12 * length
    distance = np.where(flat, 1.0, distance)
    reach = np.arcsinh(length / distance)[..., None]
    cosh = np.cosh(reach * (1 + _NODE) / 2)
    r2 = (distance[..., None] * cosh) ** 2
    share = -np.expm1((1 - q) * np.log1p(r2 / sigma[..., None]))
    return np.where(flat, 0.0, (share / cosh) @ _WEIGHT * reach[..., 0] / (4 * np.pi))


def box_share(x, y, sigma, q: float, box) -> np.ndarray:
    """Share of each event's kernel inside a box (west, east, south, north); all in km."""
    west, east, south, north = box
    x, y = np.asarray(x), np.asarray(y)
    corners = ((east, north, 1), (west, north, -1), (east, south, -1), (west, south, 1))
    return sum(sign * corner_share(cx - x, cy - y, sigma, q) for cx, cy, sign in corners)


def cell_share(x, y, sigma, q: float, x_edges, y_edges, subcells: int = 1) -> np.ndarray:
    """Share of each event's kernel in each cell of a regular grid, or in each quarter of a cell with two subcells.

    Cells up to three away from the event's own are integrated exactly; beyond, 2 x 2 Gauss points err by a few
    thousandths of a cell's share at most, and each stands for its quarter.

    Arguments:
        x, y, sigma: (events,), km and km2.
        x_edges, y_edges: the cells' edges in km, ascending, evenly spaced.
        subcells: 1, or 2 to halve each cell both ways.
    Returns: `float32` of shape (events, rows, columns), twice as many rows and columns with two subcells.
    """
    x, y, sigma = (np.asarray(a, dtype=np.float64) for a in (x, y, sigma))
    width, height = x_edges[1] - x_edges[0], y_edges[1] - y_edges[0]
    dx2 = (_pairs(x_edges)[None, :] - x[:, None]) ** 2 / sigma[:, None]
    dy2 = (_pairs(y_edges)[None, :] - y[:, None]) ** 2 / sigma[:, None]
    # Single precision: a seventh digit is far below the error of the rule.
    scaled = dy2.astype(np.float32)[:, :, None] + dx2.astype(np.float32)[:, None, :]
    share = np.exp(-np.float32(q) * np.log1p(scaled, out=scaled), out=scaled)
    if subcells == 1:
        share = share.reshape(len(x), len(y_edges) - 1, 2, len(x_edges) - 1, 2).sum((2, 4))
    share *= ((q - 1) / np.pi * width * height / 4 / sigma).astype(np.float32)[:, None, None]
    return _with_exact_cells(share, x, y, sigma, q, x_edges, y_edges, subcells)


def _with_exact_cells(share, x, y, sigma, q, x_edges, y_edges, subcells) -> np.ndarray:
    """The shares, with those near each event replaced by their exact values."""
    width, height = x_edges[1] - x_edges[0], y_edges[1] - y_edges[0]
    rows, columns = len(y_edges) - 1, len(x_edges) - 1
    row = np.floor((y - y_edges[0]) / height).astype(np.int64)
    column = np.floor((x - x_edges[0]) / width).astype(np.int64)
    close = (row >= -NEAR) & (row < rows + NEAR) & (column >= -NEAR) & (column < columns + NEAR)
    event = np.flatnonzero(close)
    step = np.arange(-NEAR * subcells, (NEAR + 1) * subcells + 1)
    at_row, at_column = row[event, None] * subcells + step, column[event, None] * subcells + step
    corner_x = x_edges[0] + at_column * (width / subcells) - x[event, None]
    corner_y = y_edges[0] + at_row * (height / subcells) - y[event, None]
    corner = corner_share(corner_x[:, None, :], corner_y[:, :, None], sigma[event, None, None], q)
    exact = np.diff(np.diff(corner, axis=1), axis=2)
    columns_of, rows_of = at_column[:, None, :-1], at_row[:, :-1, None]
    event, rows_of, columns_of = np.broadcast_arrays(event[:, None, None], rows_of, columns_of)
    on_grid = (rows_of >= 0) & (rows_of < share.shape[1]) & (columns_of >= 0) & (columns_of < share.shape[2])
    share[event[on_grid], rows_of[on_grid], columns_of[on_grid]] = exact[on_grid]
    return share


def _pairs(edges) -> np.ndarray:
    """The two Gauss points of each interval, in ascending order."""
    low, half = np.asarray(edges)[:-1, None], np.diff(edges)[:, None] / 2
    return (low + half * (1 + np.array([-1.0, 1.0]) / np.sqrt(3.0))).ravel()
