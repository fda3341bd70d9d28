"""RateModel: a fitted baseline that turns a catalogue into expected counts, and its way to files and back."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from importlib import import_module
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.grid import Grid

# Which class reads which kind; a module is imported when a model of its kind is loaded.
KINDS = {
    "static": (".static", "StaticRates"),
    "recency": (".recency", "Recency"),
    "boosting": (".boosting", "Boosting"),
    "etas": (".etas.model", "Etas"),
    "calibrated": (".calibrated", "Calibrated"),
}
Window = tuple[int, int]


class RateModel(ABC):
    """Expected events in every cell, for any days of issue, from the events before each of them."""

    kind: str
    grid: Grid

    @abstractmethod
    def rates(self, catalog: Catalog, days, window_days: Window, magnitude: float) -> np.ndarray:
        """Expected events, float32 of shape (issues, rows, columns).

        Arguments:
            catalog: events of all magnitudes; for the forecast of a day only those before its midnight are used.
            days: (issues,) `datetime64[D]`.
            window_days: (a, b); the target of day t is [t + a, t + b).
            magnitude: the smallest event to be counted.
        """

    @property
    @abstractmethod
    def parameters(self) -> int:
        """How many numbers were fitted."""

    @abstractmethod
    def state(self) -> tuple[dict, dict[str, np.ndarray]]:
        """Plain values and arrays: with the grid and the files of `write_files`, all that `from_state` needs."""

    @classmethod
    @abstractmethod
    def from_state(cls, grid: Grid, values: dict, arrays: dict[str, np.ndarray], folder: Path) -> RateModel:
        """The model that `state` described."""

    def write_files(self, folder: Path) -> None:  # noqa: B027  an empty answer is right for most
        """Write what is neither value nor array; most models have none."""

    def joined(self, others: list[RateModel]) -> RateModel:
        """One model for the windows of all; a model that answers for any window is enough by itself."""
        return self

    def save(self, folder: Path) -> None:
        """Write model.json, arrays.npz where there are arrays, and the model's other files into a folder."""
        values, arrays = self.state()
        self.write_files(folder)
        if arrays:
            with replacing(folder / "arrays.npz") as temporary:
                np.savez_compressed(temporary, **arrays)
        with replacing(folder / "model.json") as temporary:
            text = json.dumps({"kind": self.kind, "grid": self.grid.to_dict(), **values}, indent=1, allow_nan=False)
            temporary.write_text(text + "\n")


def load_rate_model(folder: Path) -> RateModel:
    """Read what `RateModel.save` wrote."""
    folder = Path(folder)
    path, arrays = folder / "model.json", {}
    try:
        values = json.loads(path.read_text())
        module, name = KINDS[values.pop("kind")]
        grid = Grid.from_dict(values.pop("grid"))
        if (folder / "arrays.npz").is_file():
            with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
                arrays = {key: stored[key] for key in stored.files}
        return getattr(import_module(module, __package__), name).from_state(grid, values, arrays, folder)
    except (OSError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            "a fitted forecaster's model.json with its files",
            f"{path} ({type(error).__name__}: {error})",
            "fit or install it again",
        ) from error


def check_magnitude(asked: float, fitted: float) -> None:
    """Raise where a model is asked for another magnitude than it was fitted for."""
    if abs(asked - fitted) > 1e-9:
        raise InputError(f"the magnitude {fitted:g} of the fit", f"{asked:g}", "fit the model for that magnitude")


def checked_days(days) -> np.ndarray:
    """Days of issue as `datetime64[D]` of shape (issues,)."""
    days = np.atleast_1d(np.asarray(days, dtype="datetime64[D]"))
    if not days.size:
        raise InputError("at least one day of issue", "none", "take a longer period")
    return days
