"""Boosting: gradient-boosted trees on features of a cell's past, kept as ONNX graphs that answer without XGBoost."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.catalog import Catalog
from ...datasets.grid import Grid
from ...datasets.progress import track
from .features import stacked
from .history import History
from .rate_model import RateModel, Window, check_magnitude, checked_days
from .recency import head_of


class Boosting(RateModel):
    """log rate = offset + the sum of trees of the features.

    Arguments:
        rate_per_day: the smoothed rate of targets, (rows, columns).
        features: entries of `features.stacked`; a value such as "@mean" names one of `arrays`.
        residual: the logarithm of the smoothed rate is the first feature, and the trees answer relative to it.
        heads: window to {"trees": ONNX bytes, "leaves": how many, "offset": log rate without trees}.
        arrays: what features need besides.
    """

    kind = "boosting"

    def __init__(
        self,
        grid: Grid,
        rate_per_day,
        magnitude: float,
        input_magnitude: float,
        padding_km: float,
        features: list[dict],
        residual: bool,
        heads: dict[Window, dict],
        arrays: dict[str, np.ndarray] | None = None,
    ):
        self.grid, self.magnitude = grid, float(magnitude)
        self.rate_per_day = np.asarray(rate_per_day, dtype=np.float64).reshape(grid.shape)
        self.input_magnitude, self.padding_km = float(input_magnitude), float(padding_km)
        self.features, self.residual, self.heads, self.arrays = features, bool(residual), heads, arrays or {}

    def inputs(self, history: History, day, log_expected: np.ndarray) -> np.ndarray:
        """Features of all cells on a day, float32 (features, rows, columns)."""
        maps = stacked(history, day, self.wanted)
        return np.concatenate([log_expected[None], maps]) if self.residual else maps

    @property
    def wanted(self) -> list[dict]:
        """The entries of `features` with arrays in the place of their names."""
        return [
            {k: self.arrays[v[1:]] if isinstance(v, str) and v.startswith("@") else v for k, v in entry.items()}
            for entry in self.features
        ]

    def rates(self, catalog: Catalog, days, window_days: Window, magnitude: float) -> np.ndarray:
        """See RateModel.rates."""
        check_magnitude(magnitude, self.magnitude)
        head = head_of(self.heads, window_days)
        history = History(catalog, self.grid, self.input_magnitude, self.padding_km)
        log_expected = np.log(self.rate_per_day * (window_days[1] - window_days[0])).astype(np.float32)
        offset = log_expected if self.residual else head["offset"]
        session = self._sessions[tuple(window_days)]
        days = checked_days(days)
        rates = np.empty((len(days), *self.grid.shape), np.float32)
        for i, day in enumerate(track(days, "boosting", total=len(days))):
            maps = self.inputs(history, day, log_expected)
            rows = np.ascontiguousarray(maps.reshape(len(maps), -1).T)
            margin = session.run(None, {session.get_inputs()[0].name: rows})[0]
            rates[i] = np.exp(offset + margin.reshape(self.grid.shape))
        return rates

    @cached_property
    def _sessions(self) -> dict:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        return {
            window: onnxruntime.InferenceSession(head["trees"], options, providers=["CPUExecutionProvider"])
            for window, head in self.heads.items()
        }

    @property
    def parameters(self) -> int:
        """Leaves of all trees, counted when they were grown."""
        return sum(head["leaves"] for head in self.heads.values())

    def joined(self, others):
        """See RateModel.joined."""
        heads = {window: head for model in (self, *others) for window, head in model.heads.items()}
        values = self._values()
        return type(self)(self.grid, self.rate_per_day, heads=heads, arrays=self.arrays, **values)

    def _values(self) -> dict:
        names = ("magnitude", "input_magnitude", "padding_km", "features", "residual")
        return {name: getattr(self, name) for name in names}

    def state(self):
        """See RateModel.state."""
        heads = [
            {"window_days": list(window), "offset": head["offset"], "leaves": head["leaves"]}
            for window, head in self.heads.items()
        ]
        return {**self._values(), "heads": heads}, {"rate_per_day": self.rate_per_day, **self.arrays}

    def write_files(self, folder: Path) -> None:
        """Write the trees of every window."""
        for window, head in self.heads.items():
            with replacing(folder / _trees(window)) as temporary:
                temporary.write_bytes(head["trees"])

    @classmethod
    def from_state(cls, grid, values, arrays, folder):
        """See RateModel.from_state."""
        heads = {}
        for head in values.pop("heads"):
            window = tuple(head.pop("window_days"))
            heads[window] = {**head, "trees": (folder / _trees(window)).read_bytes()}
        arrays = dict(arrays)
        return cls(grid, arrays.pop("rate_per_day"), heads=heads, arrays=arrays, **values)


def _trees(window: Window) -> str:
    return "trees-{}-{}.onnx".format(*window)
