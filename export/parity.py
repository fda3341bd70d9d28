"""The same answer everywhere: an exported graph held against Keras on random, golden, extreme and real input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..datasets.errors import InputError
from ..zoo.golden import read_golden
from ..zoo.model import Model

TOLERANCE = 1e-4
BATCHES = (1, 3, 7)
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Parity:
    """Largest difference of any output, relative to its size where that is above one."""

    input: str
    batch: int
    difference: float

    def __str__(self) -> str:
        return f"parity on {self.input} input, batch {self.batch}: largest difference {self.difference:.1e}"


def check_parity(model: Model, run: Callable[[Arrays], Arrays]) -> list[Parity]:
    """Compare `run` with the Keras model; a difference above `TOLERANCE` is an error."""
    rows = []
    for kind, inputs in cases(model):
        expected = {k: np.asarray(v) for k, v in model.keras(inputs, training=False).items()}
        batch = len(next(iter(inputs.values())))
        rows.append(Parity(kind, batch, difference(expected, run(inputs))))
    worst = max(rows, key=lambda row: row.difference)
    if not worst.difference <= TOLERANCE:
        raise InputError(
            f"the exported graph within {TOLERANCE:g} of Keras",
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


def cases(model: Model) -> Iterator[tuple[str, Arrays]]:
    """Named inputs at each batch size: seeded random ones, the golden cases in turn, extreme ones, a real record."""
    golden, _ = read_golden(model.file("golden.npz"))
    real = _real_waveform(model) if "waveform" in golden else None
    rng = np.random.default_rng(0)
    for batch in BATCHES:
        drawn, kept, extreme = {}, {}, {}
        for name, known in golden.items():
            shape = (batch, *known.shape[1:])
            drawn[name] = (rng.standard_normal(shape) * known.std()).astype(np.float32)
            kept[name] = known[np.arange(batch) % len(known)]
            extreme[name] = np.stack([(0.0, 1.0, 1e3)[i % 3] * np.abs(drawn[name][i]) for i in range(batch)])
        yield "random", drawn
        yield "golden", kept
        yield "extreme", extreme
        if real is not None:
            yield "real", {"waveform": np.repeat(real, batch, axis=0)}


def _real_waveform(model: Model) -> np.ndarray:
    """The model's window of the earthquake record that comes with obspy, (1, samples, 3)."""
    import obspy

    from ..datasets.waveforms.windowing import batch_of

    return batch_of([row.window for row in model.predict(obspy.read()).rows])[:1]
