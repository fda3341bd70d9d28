"""Recency: the smoothed rate, raised where events happened lately, by six fitted numbers."""

from __future__ import annotations

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.grid import Grid
from ...datasets.progress import track
from .features import decaying_counts
from .history import History
from .rate_model import RateModel, Window, check_magnitude, checked_days


class Recency(RateModel):
    """log rate = b0 + b1 log(smoothed) + sum over two decays and two widths of b log(1 + count / least).

    Arguments:
        rate_per_day: the smoothed rate of targets, (rows, columns).
        input_magnitude, padding_km: which events are counted.
        heads: window to {"coefficients" (6,), "decay_days" (2,), "widths_km" (2,), "least_count"}, each window its own
            fit. Counts well below the least are as good as none.
    """

    kind = "recency"

    def __init__(self, grid: Grid, rate_per_day, magnitude, input_magnitude, padding_km, heads: dict[Window, dict]):
        self.grid, self.magnitude = grid, float(magnitude)
        self.rate_per_day = np.asarray(rate_per_day, dtype=np.float64).reshape(grid.shape)
        self.input_magnitude, self.padding_km = float(input_magnitude), float(padding_km)
        self.heads = heads

    def rates(self, catalog: Catalog, days, window_days: Window, magnitude: float) -> np.ndarray:
        """See RateModel.rates."""
        check_magnitude(magnitude, self.magnitude)
        head = head_of(self.heads, window_days)
        history = History(catalog, self.grid, self.input_magnitude, self.padding_km)
        base = np.log(self.rate_per_day * (window_days[1] - window_days[0]))
        b0, b1, *rest = head["coefficients"]
        days = checked_days(days)
        rates = np.empty((len(days), *self.grid.shape), np.float32)
        for i, day in enumerate(track(days, "recency", total=len(days))):
            counts = decaying_counts(history, day, head["decay_days"], head["widths_km"])
            rates[i] = np.exp(b0 + b1 * base + np.tensordot(rest, transformed(counts, head["least_count"]), 1))
        return rates

    @property
    def parameters(self) -> int:
        """Coefficients of all windows; the smoothed rate's bandwidth aside."""
        return sum(len(head["coefficients"]) for head in self.heads.values())

    def joined(self, others: list[Recency]) -> Recency:
        """See RateModel.joined."""
        heads = {window: head for model in (self, *others) for window, head in model.heads.items()}
        return Recency(self.grid, self.rate_per_day, self.magnitude, self.input_magnitude, self.padding_km, heads)

    def state(self):
        """See RateModel.state."""
        heads = [{"window_days": list(window), **head} for window, head in self.heads.items()]
        values = {"magnitude": self.magnitude, "input_magnitude": self.input_magnitude, "padding_km": self.padding_km}
        return {**values, "heads": heads}, {"rate_per_day": self.rate_per_day}

    @classmethod
    def from_state(cls, grid, values, arrays, folder):
        """See RateModel.from_state."""
        heads = {}
        for head in values.pop("heads"):
            heads[tuple(head.pop("window_days"))] = head
        return cls(grid, rate_per_day=arrays["rate_per_day"], heads=heads, **values)


def transformed(counts: np.ndarray, least_count: float) -> np.ndarray:
    """log(1 + count / least_count).

    >>> transformed(np.array([0.0, 0.9]), 0.1).round(3).tolist()
    [0.0, 2.303]
    """
    return np.log1p(counts / least_count)


def head_of(heads: dict[Window, dict], window_days: Window):
    """The fit of a window; another one raises."""
    window = tuple(window_days)
    if window not in heads:
        known = ", ".join(f"{a} to {b}" for a, b in heads)
        raise InputError(f"a window of days {known}", f"{window[0]} to {window[1]}", "fit the model for that window")
    return heads[window]
