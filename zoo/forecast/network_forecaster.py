"""NetworkForecaster: a network over day maps as a forecaster."""

from __future__ import annotations

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.raster import sparse_days
from .forecaster import Forecaster
from .rate_model import Window, check_magnitude, checked_days

# Rates that are the same every day answer for a window of any length.
STATIC = ("uniform", "rate", "smoothed")
BATCH = 8


class NetworkForecaster(Forecaster):
    """A network or static map, Keras or ONNX.

    The card's settings beside the forecaster's: `steps` (days of history) and `channels`.
    """

    def maps(self, catalog: Catalog, day) -> np.ndarray:
        """The network's input for a day of issue: float32 (steps, rows, columns, channels), the last map of day - 1."""
        return self._windows(catalog, checked_days(day))[0]

    def _windows(self, catalog: Catalog, days: np.ndarray) -> np.ndarray:
        settings = self.card.settings
        steps = settings["steps"]
        events = catalog.above(settings["input_magnitude"])
        sparse = sparse_days(events, self.grid, days.min() - steps, days.max() - 1)
        first = sparse.index(days) - steps
        return np.stack([sparse.dense(i, i + steps, tuple(settings["channels"])) for i in first.tolist()])

    def rates(
        self, catalog: Catalog, days, window_days: Window | None = None, magnitude: float | None = None
    ) -> np.ndarray:
        """See Forecaster.rates: -log(1 - p) of the network's probability p."""
        check_magnitude(self.magnitude if magnitude is None else magnitude, self.magnitude)
        a, b = window_days or self.window_days
        scale = (b - a) / (self.window_days[1] - self.window_days[0])
        if (a, b) != self.window_days and self.card.architecture not in STATIC:
            known = "{} to {}".format(*self.window_days)
            raise InputError(f"a window of days {known}", f"{a} to {b}", "use a model of that window")
        days = checked_days(days)
        parts = []
        for start in range(0, len(days), BATCH):
            probability = self.run(maps=self._windows(catalog, days[start : start + BATCH]))["probability"]
            # A float32 of 1 is a probability that it rounded up.
            parts.append(-scale * np.log1p(-np.minimum(probability.astype(np.float64), 1 - 1e-7)))
        return np.concatenate(parts).astype(np.float32)
