"""Expected offspring of offspring: how often, and how far, a later generation falls in a forecast window.

An event of age a gives rise, within L days, to k(m) n^k F_k(a, L) events of its generation k + 1, with n the branching
ratio, F_k(a, L) = int_0^L g(a + u) G_k(L - u) du, and G_k the distribution of the sum of k Omori delays. In space each
generation is the one before, spread by the kernel of an average parent.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .etas_cells import cell_share
from .etas_parameters import EtasParameters

_NODE, _WEIGHT = np.polynomial.legendre.leggauss(160)
_NODE, _WEIGHT = (1 + _NODE) / 2, _WEIGHT / 2
# Generations whose share of the offspring is below this are left out.
TOLERANCE = 1e-5


class DelaySums:
    """G_1, G_2 ...: distributions of the sum of k Omori delays, tabulated up to `horizon_days`.

    The list ends where n^k G_k(horizon) falls below 1e-5; `n_total` is the branching ratio over all time, which may
    pass one.
    """

    def __init__(self, parameters: EtasParameters, horizon_days: float):
        self.parameters = parameters
        self.n_total = parameters.branching_ratio(horizon_days) / float(parameters.omori_fraction(horizon_days))
        c = parameters.c_days
        self.delay = np.concatenate([[0.0], np.geomspace(min(1e-3 * c, horizon_days / 2), horizon_days, 400)])
        fraction = parameters.omori_fraction(self.delay)
        # The delays of one generation at equal steps of probability: int_0^x g(u) h(u) du = G(x) mean h.
        rest = self.delay[:, None] - parameters.omori_age(fraction[:, None] * _NODE)
        self.tables = []
        table = fraction
        while self.n_total ** (len(self.tables) + 1) * table[-1] > TOLERANCE and len(self.tables) < 200:
            self.tables.append(table)
            table = fraction * (np.interp(rest, self.delay, table) @ _WEIGHT)

    def __len__(self) -> int:
        return len(self.tables)

    def after(self, age_days, window_days: float) -> np.ndarray:
        """F_k(age, window) for k = 1, 2 ...; shape (generations, ages)."""
        age = np.asarray(age_days, dtype=np.float64)
        before = self.parameters.omori_fraction(age)
        share = self.parameters.omori_fraction(age + window_days) - before
        at = self.parameters.omori_age(before[:, None] + share[:, None] * _NODE) - age[:, None]
        return np.array([share * (np.interp(window_days - at, self.delay, t) @ _WEIGHT) for t in self.tables])

    def of_background(self, window_days: float) -> np.ndarray:
        """int_0^L G_k(L - u) du for k = 1, 2 ...: the same for events that arrive evenly in the window."""
        inner = self.delay[self.delay < window_days]
        knots = np.append(inner, window_days)
        return np.array([np.trapezoid(np.interp(knots, self.delay, t), knots) for t in self.tables])


@lru_cache(maxsize=4)
def spreading(parameters: EtasParameters, rows: int, columns: int, width_km: float, height_km: float) -> np.ndarray:
    """Share of an average event's offspring that falls (i, j) cells from its own, shape (2 rows - 1, 2 columns - 1).

    The average is over the magnitude of a parent, weighted by productivity, and over its place in its cell.
    """
    place, place_weight = np.polynomial.legendre.leggauss(8)
    level, level_weight = np.polynomial.legendre.leggauss(16)
    sigma = parameters.sigma_km2(parameters.triggering_magnitude_at((1 + level) / 2))
    x, y, sigma = (a.ravel() for a in np.meshgrid(place * width_km / 2, place * height_km / 2, sigma, indexing="ij"))
    weight = np.einsum("i,j,k->ijk", place_weight, place_weight, level_weight).ravel() / 8
    x_edges = (np.arange(columns + 1) - 0.5) * width_km
    y_edges = (np.arange(rows + 1) - 0.5) * height_km
    quarter = sum(
        np.tensordot(weight[part], cell_share(x[part], y[part], sigma[part], parameters.q, x_edges, y_edges), 1)
        for part in np.array_split(np.arange(len(x)), 16)
    )
    # Places are even in the cell: as much falls to the west as to the east, to the south as to the north.
    half = np.concatenate([quarter[:0:-1], quarter])
    whole = np.concatenate([half[:, :0:-1], half], axis=1)
    whole.flags.writeable = False
    return whole
