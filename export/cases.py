"""Inputs on which exported graphs are held against the original: random, golden, extreme, real and simulated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..zoo.golden import read_golden
from ..zoo.model import Model

BATCHES = (1, 3, 7)
# For inputs of so many numbers a case, which take a network seconds: a country's maps of two weeks.
MANY, FEW_BATCHES = 50_000, (1, 2)
SIMULATED_RECORDS = 32
Arrays = dict[str, np.ndarray]


def parity_cases(model: Model) -> Iterator[tuple[str, Arrays]]:
    """Named inputs at each batch size: seeded random ones, the golden cases in turn, extreme ones, a real record."""
    golden, _ = read_golden(model.file("golden.npz"))
    if "events" in golden:
        yield from _event_cases(golden)
        return
    real = _real_waveform(model) if "waveform" in golden else None
    rng = np.random.default_rng(0)
    many = max(values[0].size for values in golden.values()) > MANY
    for batch in FEW_BATCHES if many else BATCHES:
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


def _event_cases(golden: Arrays) -> Iterator[tuple[str, Arrays]]:
    """Tables of events: of golden cases with moved events, golden ones, and those with all events at once or none."""
    rng = np.random.default_rng(0)
    for batch in BATCHES:
        day = golden["day"][np.arange(batch) % len(golden["day"])]
        events = golden["events"][np.arange(batch) % len(golden["events"])]
        moved = events + rng.normal(size=events.shape).astype(np.float32) * np.float32([0.0, 0.5, 0.5, 0.0, 0.0])
        moved[..., 0] *= rng.uniform(0.1, 3.0, moved.shape[:-1]).astype(np.float32)
        extreme = events.copy()
        extreme[::2] = np.nan
        extreme[1::2, :, :3], extreme[1::2, :, 4] = extreme[1::2, :1, :3], 9.0
        for kind, table in (("random", moved), ("golden", events), ("extreme", extreme)):
            yield kind, {"day": day, "events": table}


def score_cases(model: Model) -> Iterator[tuple[str, Arrays]]:
    """Golden cases, and what comes near real input: a real record and simulated ones, or shifted golden maps."""
    golden, _ = read_golden(model.file("golden.npz"))
    yield "golden", golden
    if "waveform" in golden:
        real = _real_waveform(model)
        if real is not None:
            yield "real record", {**_first(golden, len(real)), "waveform": real}
        simulated = _simulated_waveforms(model, golden["waveform"].shape[1:])
        yield "simulated records", {**_first(golden, len(simulated)), "waveform": simulated}
    elif "maps" in golden:
        moved = [np.roll(golden["maps"], shift, axis=(2, 3)) for shift in ((3, 5), (-4, 2), (7, -6))]
        yield "golden maps moved", {**_first(golden, 3 * len(moved[0])), "maps": np.concatenate(moved)}


def _first(golden: Arrays, count: int) -> Arrays:
    return {name: values[np.arange(count) % len(values)] for name, values in golden.items()}


def _real_waveform(model: Model) -> np.ndarray | None:
    """The model's window of the earthquake record that comes with obspy, (1, samples, 3), where it has one."""
    import obspy

    from ..datasets.waveforms.windowing import batch_of

    # No picker finds S; in this record it comes some 4 s after P.
    picks = 9.0 if model.card.settings.get("phase") == "S" else None
    rows = getattr(model.predict(obspy.read(), picks), "rows", ())
    return batch_of([row.window for row in rows])[:1] if rows else None


def _simulated_waveforms(model: Model, shape: tuple[int, int]) -> np.ndarray:
    """Records of the simulated seismic cycle, cut or repeated to the model's samples."""
    from ..datasets.simulate.seismic_cycle import simulate_seismic_cycle

    data = simulate_seismic_cycle(events=12, seed=20).data[:SIMULATED_RECORDS]
    samples, components = (np.arange(wanted) % had for wanted, had in zip(shape, data.shape[:0:-1], strict=True))
    return np.ascontiguousarray(data[:, components][:, :, samples].transpose(0, 2, 1))
