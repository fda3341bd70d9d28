"""The same answer everywhere: an exported graph held against the original on random, golden, extreme and real input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..datasets.errors import InputError
from ..zoo.model import Model
from .cases import Arrays, parity_cases

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Parity:
    """Largest difference of any output, relative to its size where that is above one."""

    input: str
    batch: int
    difference: float

    def __str__(self) -> str:
        return f"parity on {self.input} input, batch {self.batch}: largest difference {self.difference:.1e}"


def original(model: Model) -> Callable[[Arrays], Arrays]:
    """The way to run a model that its exports must equal: Keras, or the zoo's own graph where there is no network."""
    if "model.keras" not in model.card.files:
        return lambda inputs: model.run(**inputs)
    return lambda inputs: {k: np.asarray(v) for k, v in model.keras(inputs, training=False).items()}


def check_parity(model: Model, run: Callable[[Arrays], Arrays]) -> list[Parity]:
    """Compare `run` with the original; a difference above `TOLERANCE` is an error."""
    rows, expected = [], original(model)
    for kind, inputs in parity_cases(model):
        batch = len(next(iter(inputs.values())))
        rows.append(Parity(kind, batch, difference(expected(inputs), run(inputs))))
    worst = max(rows, key=lambda row: row.difference)
    if not worst.difference <= TOLERANCE:
        raise InputError(
            f"the exported graph within {TOLERANCE:g} of the original",
            f"{worst.difference:.2e} on {worst.input} input at batch {worst.batch}",
            "nothing was written; report this model",
        )
    return rows


def difference(expected: Arrays, received: Arrays) -> float:
    """Largest |a - b| / max(1, |a|) over all outputs; a NaN on one side only, or a missing output, is infinite."""
    worst = 0.0
    for name, a in expected.items():
        b = received.get(name)
        if b is None or np.shape(b) != a.shape or not np.array_equal(np.isnan(a), np.isnan(b)):
            return float("inf")
        worst = max(worst, float(np.nanmax(np.abs(a - b) / np.maximum(1.0, np.abs(a)), initial=0.0)))
    return worst
