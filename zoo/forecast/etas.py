"""Etas: a fitted ETAS model as a forecaster like the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.grid import Grid
from .etas_fit import EtasFit
from .rate_model import RateModel, Window, checked_days

# Up to so many cells a cell is halved each way for later generations (EtasIntensity.expected_counts): three times the
# time for a thousandth of a nat.
FINE_CELLS = 2000


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
        m0 = self.fit.parameters.m0
        if magnitude < m0:
            raise InputError(f"a magnitude of at least m0 = {m0:g}", f"{magnitude:g}", "ask for larger events")
        days = checked_days(days)
        a, b = (np.timedelta64(int(n), "D") for n in window_days)
        last = self.grid.day_start(days.max())
        past = catalog.between(None, last)
        first = past.time[0] if len(past) else last - np.timedelta64(1, "D")
        intensity = self.fit.intensity(past, first, last)
        issued, start, end = (self._starts(d) for d in (days, days + a, days + b))
        subcells = 2 if self.grid.rows * self.grid.columns <= FINE_CELLS else 1
        expected = intensity.expected_counts(self.grid, start, end, issued, magnitude, subcells=subcells)
        return expected.astype(np.float32)

    def _starts(self, days: np.ndarray) -> np.ndarray:
        return np.array([self.grid.day_start(day) for day in days], dtype="datetime64[us]")

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
