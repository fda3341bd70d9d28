"""Where background events happen: a map from events weighted by their probability of being one."""

from __future__ import annotations

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.grid import Grid
from .rates import FLOOR_SHARE, adaptive_kernels


class Declustering:
    """Adaptive Gaussian kernels around events, to be weighted again and again (Zhuang, Ogata and Vere-Jones 2002, 3.2).

    Arguments:
        catalog: the events that can be background, all inside the grid.
        region: the background's grid.
        neighbours: a kernel is as wide as the distance of its event's k-th nearest neighbour.
        floor_share: share of the background that is spread evenly.
    """

    def __init__(self, catalog: Catalog, region: Grid, neighbours: int, floor_share: float = FLOOR_SHARE):
        self.region, self.floor_share = region, floor_share
        self._in_rows, self._in_columns = adaptive_kernels(catalog, region, neighbours)
        self._row, self._column, _ = region.cells(catalog.latitude, catalog.longitude)
        event = np.arange(len(catalog))
        self._own = self._in_rows[event, self._row] * self._in_columns[event, self._column]
        self._whole = self._in_rows.sum(1) * self._in_columns.sum(1)

    def shares(self, weight) -> np.ndarray:
        """The share of the background in each cell, shape (rows, columns), of sum one; weight (events,)."""
        density = (self._in_rows * np.asarray(weight)[:, None]).T @ self._in_columns
        return density / density.sum() * (1 - self.floor_share) + self.floor_share / density.size

    def density_at_events(self, weight) -> np.ndarray:
        """u per km2 at each event, of the map that all the others make.

        An event's own kernel is left out: it would vouch for itself, and make every event of a quiet place background.
        """
        weight = np.asarray(weight)
        density = (self._in_rows * weight[:, None]).T @ self._in_columns
        of_others = density[self._row, self._column] - weight * self._own
        share = np.maximum(of_others, 0.0) / (density.sum() - weight * self._whole)
        share = share * (1 - self.floor_share) + self.floor_share / density.size
        return share / (self.region.cell_x * self.region.cell_y)
