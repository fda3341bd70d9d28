"""The spatial kernel of each event on the cells around it, and its sums; needs numba."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....datasets.simulate.etas_cells import NEAR, corner_share

# A patch reaches this many cells to every side of an event's own.
REACH = 12
SIDE = 2 * REACH + 1
_KNOTS = 256


def corner_table(q: float, farthest: float) -> tuple[np.ndarray, float]:
    """`corner_share` at sigma 1 on knots even in asinh(x) and asinh(y), and their spacing; cubic between them.

    The share of the rectangle between an event and a point depends on x / sqrt(sigma) and y / sqrt(sigma) only. The
    table begins one knot before zero and ends two after asinh(farthest).
    """
    spacing = float(np.arcsinh(farthest)) / _KNOTS
    at = np.sinh(spacing * np.arange(-1, _KNOTS + 3))
    return corner_share(at[None, :], at[:, None], 1.0, q), spacing


@njit(cache=True, nogil=True)
def _cubic(place, weight):
    """Weights of Keys' cubic convolution for a place between two knots, written into `weight` (4,)."""
    s = place
    weight[0] = -0.5 * s + s * s - 0.5 * s * s * s
    weight[1] = 1.0 - 2.5 * s * s + 1.5 * s * s * s
    weight[2] = 0.5 * s + 2.0 * s * s - 1.5 * s * s * s
    weight[3] = -0.5 * s * s + 0.5 * s * s * s


@njit(cache=True, nogil=True)
def fill_patches(x, y, row, column, sigma, q, x0, y0, width, height, table, spacing, first, step, patches):
    """Share of each event's offspring in each of the cells around its own, written into `patches` (events, 25, 25).

    Cells up to three away are differences of the corner table. Beyond, the density at the centre and its Laplacian
    give the integral to the fourth order in the size of a cell over its distance.
    """
    corners = np.empty((2 * NEAR + 2, 2 * NEAR + 2))
    across, along = np.empty(4), np.empty(4)
    area = width * height
    for e in range(first, len(x), step):
        root = np.sqrt(sigma[e])
        left = x0 + (column[e] - REACH) * width - x[e]
        bottom = y0 + (row[e] - REACH) * height - y[e]
        for i in range(2 * NEAR + 2):
            v = np.arcsinh((bottom + (REACH - NEAR + i) * height) / root) / spacing
            at_v = int(abs(v))
            _cubic(abs(v) - at_v, along)
            for j in range(2 * NEAR + 2):
                u = np.arcsinh((left + (REACH - NEAR + j) * width) / root) / spacing
                at_u = int(abs(u))
                _cubic(abs(u) - at_u, across)
                total = 0.0
                for k in range(4):
                    for m in range(4):
                        total += along[k] * across[m] * table[at_v + k, at_u + m]
                corners[i, j] = total if (u < 0) == (v < 0) else -total
        amplitude = (q - 1.0) / np.pi * sigma[e] ** (q - 1.0) * area
        for i in range(SIDE):
            dy = bottom + (i + 0.5) * height
            for j in range(SIDE):
                if abs(i - REACH) <= NEAR and abs(j - REACH) <= NEAR:
                    k, m = i - REACH + NEAR, j - REACH + NEAR
                    share = corners[k + 1, m + 1] - corners[k + 1, m] - corners[k, m + 1] + corners[k, m]
                    patches[e, i, j] = max(share, 0.0)
                else:
                    dx = left + (j + 0.5) * width
                    per = 1.0 / (dx * dx + dy * dy + sigma[e])
                    # d2/dx2 (r2 + sigma)^-q over (r2 + sigma)^-q, and the same along y
                    by_x = -2.0 * q * per + 4.0 * q * (q + 1.0) * dx * dx * per * per
                    by_y = -2.0 * q * per + 4.0 * q * (q + 1.0) * dy * dy * per * per
                    bend = 1.0 + (width * width * by_x + height * height * by_y) / 24.0
                    patches[e, i, j] = amplitude * np.exp(q * np.log(per)) * bend


@njit(cache=True, nogil=True)
def add_patches(patches, row, column, weight, maps):
    """Add each event's patch, times each of its weights (kinds, events), to maps (kinds, rows, columns)."""
    rows, columns = maps.shape[1], maps.shape[2]
    for e in range(weight.shape[1]):
        for i in range(max(0, REACH - row[e]), min(SIDE, rows - row[e] + REACH)):
            at = row[e] - REACH + i
            low, high = max(0, REACH - column[e]), min(SIDE, columns - column[e] + REACH)
            shift = column[e] - REACH
            for kind in range(weight.shape[0]):
                factor = weight[kind, e]
                for j in range(low, high):
                    maps[kind, at, shift + j] += factor * patches[e, i, j]


@njit(cache=True, nogil=True)
def add_points(row, column, weight, position, maps):
    """Add each event's weight to its own cell, parted between the two nodes around its position; maps (nodes, ...)."""
    for e in range(len(weight)):
        node = min(int(position[e]), maps.shape[0] - 2)
        rest = position[e] - node
        maps[node, row[e], column[e]] += weight[e] * (1.0 - rest)
        maps[node + 1, row[e], column[e]] += weight[e] * rest
