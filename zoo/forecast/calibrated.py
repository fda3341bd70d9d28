"""Calibrated: another model's rates with scale and slope fitted on validation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...datasets.catalog import Catalog
from .rate_model import RateModel, Window, load_rate_model
from .recency import head_of

INNER = "inner"


class Calibrated(RateModel):
    """exp(a + b log rate) of a model.

    Arguments:
        model: the one that is calibrated.
        heads: window to (a, b).
    """

    kind = "calibrated"

    def __init__(self, model: RateModel, heads: dict[Window, tuple[float, float]]):
        self.grid, self.model, self.heads = model.grid, model, heads

    def rates(self, catalog: Catalog, days, window_days: Window, magnitude: float) -> np.ndarray:
        """See RateModel.rates."""
        a, b = head_of(self.heads, window_days)
        rates = self.model.rates(catalog, days, window_days, magnitude)
        return np.exp(a + b * np.log(rates)).astype(np.float32)

    @property
    def parameters(self) -> int:
        """The model's, and two a window."""
        return self.model.parameters + 2 * len(self.heads)

    def joined(self, others):
        """See RateModel.joined."""
        heads = {window: head for model in (self, *others) for window, head in model.heads.items()}
        return Calibrated(self.model, heads)

    def state(self):
        """See RateModel.state."""
        return {"heads": [[*window, *head] for window, head in self.heads.items()]}, {}

    def write_files(self, folder: Path) -> None:
        """Write the model into a folder of its own."""
        (folder / INNER).mkdir(exist_ok=True)
        self.model.save(folder / INNER)

    @classmethod
    def from_state(cls, grid, values, arrays, folder):
        """See RateModel.from_state."""
        heads = {(int(a), int(b)): (scale, slope) for a, b, scale, slope in values["heads"]}
        return cls(load_rate_model(folder / INNER), heads)
