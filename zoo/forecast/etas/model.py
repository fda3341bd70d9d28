"""Etas: a fitted ETAS model as a forecaster like the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ....datasets.catalog import Catalog
from ....datasets.grid import Grid
from ..rate_model import RateModel, Window, checked_days
from .fit import EtasFit


class Etas(RateModel):
    """Expected events of a fitted ETAS model: background, offspring of the known events, and theirs in turn.

    Arguments:
        grid: the forecast's cells, on the fit's plane.
        fit: parameters and background.
    """

    kind = "etas"

    def __init__(self, grid: Grid, fit: EtasFit):
        self.grid, self.fit = grid, fit

    def rates(self, catalog: Catalog, days, window_days: Window, magnitude: float) -> np.ndarray:
        """See RateModel.rates; any window and any magnitude from m0 up."""
        from .forecast import expected_counts

        return expected_counts(self.fit, catalog, self.grid, checked_days(days), window_days, magnitude)

    @property
    def parameters(self) -> int:
        """Eight of the law, its b-value, and a background of one number a cell."""
        return 9 + self.fit.background.weight.size

    def state(self):
        """See RateModel.state."""
        return {}, {}

    def write_files(self, folder: Path) -> None:
        """Write etas.json and background.npz."""
        self.fit.save(folder)

    @classmethod
    def from_state(cls, grid, values, arrays, folder):
        """See RateModel.from_state."""
        return cls(grid, EtasFit.read(folder))
