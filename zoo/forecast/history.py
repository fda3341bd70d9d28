"""History: a catalogue's events by day and cell of a padded grid, for features of the days before a forecast."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.grid import Grid
from ...datasets.projection import KM_PER_DEGREE, Degrees


class History:
    """Events in order of day, on the forecast grid with a margin around it.

    Arguments:
        catalog: events of all magnitudes.
        grid: the forecast's cells.
        min_magnitude: the smallest event that counts.
        padding_km: width of the margin, from which events still reach into the grid.

    >>> grid = Grid.local(0, 0, rows=1, columns=2)
    >>> events = Catalog(["2020-01-01", "2020-01-03"], [0.05, 0.05], [0.05, -0.05], [10, 10], [4.0, 5.0])
    >>> history = History(events, grid, 4.0, padding_km=10)
    >>> history.shape, history.summed(np.datetime64("2020-01-03"), lambda age, m: np.ones_like(m)).sum()
    ((3, 4), np.float32(1.0))
    """

    def __init__(self, catalog: Catalog, grid: Grid, min_magnitude: float, padding_km: float):
        self.grid = grid
        self.km_per_unit = KM_PER_DEGREE if isinstance(grid.projection, Degrees) else 1.0
        self.margin = tuple(
            int(np.ceil(padding_km / self.km_per_unit / size - 1e-9)) for size in (grid.cell_y, grid.cell_x)
        )
        rows, columns = self.margin
        self.shape = grid.rows + 2 * rows, grid.columns + 2 * columns
        catalog = catalog.above(min_magnitude)
        x, y = grid.projection.forward(catalog.latitude, catalog.longitude)
        row = np.floor((y - grid.y0) / grid.cell_y).astype(np.int64) + rows
        column = np.floor((x - grid.x0) / grid.cell_x).astype(np.int64) + columns
        inside = (row >= 0) & (row < self.shape[0]) & (column >= 0) & (column < self.shape[1])
        day = grid.days(catalog.time[inside]).astype(np.int64)
        # Where clocks go back over midnight, days of local time are not quite in order of time.
        order = np.argsort(day, kind="stable")
        self.day = day[order]
        self.cell = (row * self.shape[1] + column)[inside][order]
        self.magnitude = catalog.magnitude[inside][order]

    def summed(self, day: np.datetime64, weight, last_days: int | None = None) -> np.ndarray:
        """(padded rows, padded columns) float32, the sum of weights of the events before a day.

        Arguments:
            weight: a function of the events' age in days (1 for the day before) and magnitude.
            last_days: take events of so many days only.
        """
        part = self._before(day, last_days)
        age = np.datetime64(day, "D").astype(np.int64) - self.day[part]
        weights = weight(age.astype(np.float64), self.magnitude[part])
        total = np.bincount(self.cell[part], weights, self.shape[0] * self.shape[1])
        return total.reshape(self.shape).astype(np.float32)

    def _before(self, day, last_days: int | None) -> slice:
        number = int(np.datetime64(day, "D").astype(np.int64))
        first = 0 if last_days is None else int(np.searchsorted(self.day, number - last_days))
        return slice(first, int(np.searchsorted(self.day, number)))

    def inner(self, maps: np.ndarray) -> np.ndarray:
        """The forecast grid's part of maps of shape (..., padded rows, padded columns)."""
        rows, columns = self.margin
        return maps[..., rows : rows + self.grid.rows, columns : columns + self.grid.columns]

    @cached_property
    def _blurs(self) -> dict:
        return {}

    def blurred(self, maps: np.ndarray, width_km: float) -> np.ndarray:
        """Maps spread by Gaussians of this width from the centres of cells, on the grid itself; 0 spreads nothing.

        The Gaussian is integrated over each cell, so that what is spread keeps its sum.
        """
        if width_km == 0:
            return self.inner(maps)
        left, right = self._bands(width_km)
        return left @ maps @ right

    def share_in(self, row: int, column: int, width_km: float) -> np.ndarray:
        """(padded rows, padded columns) how much of an event in each cell `blurred` puts into one cell of the grid."""
        if width_km == 0:
            share = np.zeros(self.shape, np.float32)
            share[row + self.margin[0], column + self.margin[1]] = 1.0
            return share
        left, right = self._bands(width_km)
        return np.outer(left[row], right[:, column])

    def _bands(self, width_km: float) -> tuple[np.ndarray, np.ndarray]:
        """What spreads maps along columns, from the left, and along rows, from the right."""
        if width_km not in self._blurs:
            sizes = (self.grid.cell_y, self.grid.rows), (self.grid.cell_x, self.grid.columns)
            pair = [self._band(*size, pad, width_km) for size, pad in zip(sizes, self.margin, strict=True)]
            self._blurs[width_km] = pair[0], np.ascontiguousarray(pair[1].T)
        return self._blurs[width_km]

    def _band(self, size: float, cells: int, margin: int, width_km: float) -> np.ndarray:
        """(cells, cells + 2 margin) share of a cell's Gaussian in every cell of the grid."""
        from scipy.special import ndtr

        centre = (np.arange(cells + 2 * margin) - margin + 0.5) * size * self.km_per_unit
        edges = np.arange(cells + 1) * size * self.km_per_unit
        return np.diff(ndtr((edges[:, None] - centre) / width_km), axis=0).astype(np.float32)
