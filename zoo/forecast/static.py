"""StaticRates: the same map of rates every day."""

from __future__ import annotations

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.grid import Grid
from .rate_model import RateModel, Window, check_magnitude, checked_days


class StaticRates(RateModel):
    """Uniform, historical or smoothed rates.

    Arguments:
        rate_per_day: (rows, columns), target events a day.
        magnitude: the smallest target.

    >>> from foreshock.datasets.grid import Grid
    >>> model = StaticRates(Grid.degrees((0, 1), (0, 2), 1.0), np.array([[0.1, 0.2]]), 4.0)
    >>> nothing = Catalog([], [], [], [], [])
    >>> model.rates(nothing, ["2020-01-01", "2020-01-02"], (0, 5), 4.0).tolist()
    [[[0.5, 1.0]], [[0.5, 1.0]]]
    """

    kind = "static"

    def __init__(self, grid: Grid, rate_per_day: np.ndarray, magnitude: float):
        self.grid, self.magnitude = grid, float(magnitude)
        self.rate_per_day = np.asarray(rate_per_day, dtype=np.float64).reshape(grid.shape)

    def rates(self, catalog: Catalog, days, window_days: Window, magnitude: float) -> np.ndarray:
        """See RateModel.rates; nothing in the catalogue matters. The map is one array seen once a day."""
        check_magnitude(magnitude, self.magnitude)
        rate = (self.rate_per_day * (window_days[1] - window_days[0])).astype(np.float32)
        return np.broadcast_to(rate, (len(checked_days(days)), *self.grid.shape))

    @property
    def parameters(self) -> int:
        """One number a cell."""
        return self.rate_per_day.size

    def state(self):
        """See RateModel.state."""
        return {"magnitude": self.magnitude}, {"rate_per_day": self.rate_per_day}

    @classmethod
    def from_state(cls, grid, values, arrays, folder):
        """See RateModel.from_state."""
        return cls(grid, arrays["rate_per_day"], values["magnitude"])
