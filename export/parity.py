"""The same answer everywhere: an exported graph held against the original on random, golden, extreme and real input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..datasets.errors import InputError
from ..zoo.model import Model
from .cases import Arrays, parity_cases

TOLERANCE = 1e-4
# Where rounding the input alone moves the original further, so many times that is allowed, up to a limit.
ROUNDINGS, MOST = 4.0, 1e-3


@dataclass(frozen=True)
class Parity:
    """Largest difference of any output, relative to its size where that is above one.

    Arguments:
        rounding: what the input's last binary digit does to the original, where that was asked.
    """

    input: str
    batch: int
    difference: float
    rounding: float | None = None

    @property
    def allowed(self) -> float:
        """The largest difference that passes."""
        return max(TOLERANCE, min(MOST, ROUNDINGS * (self.rounding or 0.0)))

    def __str__(self) -> str:
        why = "" if self.rounding is None else f"; the input's last digit moves the original by {self.rounding:.1e}"
        return f"parity on {self.input} input, batch {self.batch}: largest difference {self.difference:.1e}{why}"


def original(model: Model) -> Callable[[Arrays], Arrays]:
    """The way to run a model that its exports must equal: Keras, or the zoo's own graph where there is no network."""
    if "model.keras" not in model.card.files:
        return lambda inputs: model.run(**inputs)
    return lambda inputs: {k: np.asarray(v) for k, v in model.keras(inputs, training=False).items()}


def check_parity(model: Model, run: Callable[[Arrays], Arrays]) -> list[Parity]:
    """Compare `run` with the original; a difference above `TOLERANCE`, and above rounding, is an error."""
    rows, expected = [], original(model)
    for kind, inputs in parity_cases(model):
        answer = expected(inputs)
        found = difference(answer, run(inputs))
        rounding = None if found <= TOLERANCE else difference(answer, expected(rounded_otherwise(inputs)))
        row = Parity(kind, len(next(iter(inputs.values()))), found, rounding)
        if not found <= row.allowed:
            raise InputError(
                f"the exported graph within {row.allowed:.2g} of the original",
                f"{found:.2e} on {kind} input at batch {row.batch}",
                "nothing was written; report this model",
            )
        rows.append(row)
    return rows


def rounded_otherwise(inputs: Arrays) -> Arrays:
    """Inputs moved up or down by the last binary digit of each case's largest number: no sum is known better."""
    rng = np.random.default_rng(0)
    return {
        name: (
            values
            + np.spacing(np.nanmax(np.abs(values), axis=tuple(range(1, values.ndim)), keepdims=True, initial=0.0))
            * rng.choice(np.float32([-1, 1]), values.shape)
        ).astype(np.float32)
        for name, values in inputs.items()
    }


def difference(expected: Arrays, received: Arrays) -> float:
    """Largest |a - b| / max(1, |a|) over all outputs; a NaN on one side only, or a missing output, is infinite."""
    worst = 0.0
    for name, a in expected.items():
        b = received.get(name)
        if b is None or np.shape(b) != a.shape or not np.array_equal(np.isnan(a), np.isnan(b)):
            return float("inf")
        worst = max(worst, float(np.nanmax(np.abs(a - b) / np.maximum(1.0, np.abs(a)), initial=0.0)))
    return worst
