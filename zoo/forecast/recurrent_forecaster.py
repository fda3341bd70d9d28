"""RecurrentForecaster: a network with a memory, rolled forward day by day."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.raster import sparse_days
from .network_forecaster import NetworkForecaster
from .rate_model import Window, check_magnitude, checked_days

# The graph of one day: maps, h, c -> logits, probability, h_next, c_next.
STEP = "step.onnx"


class RecurrentForecaster(NetworkForecaster):
    """A forecaster whose state goes through all days from an empty one, `warm_up_days` before the first forecast.

    `run` is the model of a fixed number of steps, which begins with an empty state each time; `rates` and `predict`
    roll the step model, whose memory is longer.
    """

    @cached_property
    def step(self):
        """One day: (maps (1, rows, columns, channels), h, c) -> (probability (rows, columns), next h, next c)."""
        names = ("probability", "h_next", "c_next")
        if self.runtime == "keras":
            from .recurrent import step_model

            network = step_model(self.keras)

            def advance(maps, h, c):
                outputs = network({"maps": maps, "h": h, "c": c}, training=False)
                return (np.asarray(outputs[name]) for name in names)
        else:
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3
            session = onnxruntime.InferenceSession(
                self.file(STEP).read_bytes(), options, providers=["CPUExecutionProvider"]
            )

            def advance(maps, h, c):
                return session.run(names, {"maps": maps, "h": h, "c": c})

        return advance

    def rates(
        self, catalog: Catalog, days, window_days: Window | None = None, magnitude: float | None = None
    ) -> np.ndarray:
        """See Forecaster.rates; days that lie close together share one pass through the catalogue."""
        check_magnitude(self.magnitude if magnitude is None else magnitude, self.magnitude)
        if tuple(window_days or self.window_days) != self.window_days:
            known, asked = ("{} to {}".format(*w) for w in (self.window_days, window_days))
            raise InputError(f"a window of days {known}", asked, "use a model of that window")
        days = checked_days(days)
        order, warm_up = np.argsort(days), int(self.card.settings["warm_up_days"])
        gaps = np.flatnonzero(np.diff(days[order]).astype(int) > warm_up) + 1
        rates = np.empty((len(days), *self.grid.shape), np.float32)
        for run in np.split(order, gaps):
            probability = self._rolled(catalog, days[run], warm_up).astype(np.float64)
            # A float32 of 1 is a probability that it rounded up.
            rates[run] = -np.log1p(-np.minimum(probability, 1 - 1e-7))
        return rates

    def _rolled(self, catalog: Catalog, days: np.ndarray, warm_up: int) -> np.ndarray:
        """Probabilities (issues, rows, columns) of ascending days."""
        settings = self.card.settings
        channels = tuple(settings["channels"])
        first = days[0] - max(warm_up, 1)
        sparse = sparse_days(catalog.above(settings["input_magnitude"]), self.grid, first, days[-1] - 1)
        stops = sparse.index(days)
        h = c = np.zeros((1, *self.grid.shape, settings["hidden"]), np.float32)
        answers = {}
        for day in range(sparse.days):
            probability, h, c = self.step(sparse.dense(day, day + 1, channels), h, c)
            answers[day + 1] = probability[0] if day + 1 in stops else None
        return np.stack([answers[int(stop)] for stop in stops])
