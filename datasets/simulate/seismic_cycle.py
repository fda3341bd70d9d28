"""A simulated seismic cycle: small earthquakes before and after a mainshock that differ by one declared cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from ..errors import InputError
from .cycle_scene import LABELS, SPLITS, SeismicCycle, draw_scene
from .path import LayeredCrust
from .scene import Window, complete_truth
from .simulated_records import SimulatedRecords
from .waveform import synthesise


def records_of(cycle: SeismicCycle, truth: Mapping, rows: np.ndarray, window: Window | None = None) -> SimulatedRecords:
    """The waveforms to a part of a cycle's truth; `rows` are its numbers in the whole scene."""
    window = window or Window()
    # Waveforms draw from a stream apart from the scene's.
    return SimulatedRecords(synthesise(truth, window, cycle.seed + 2**32, rows), truth, window)


def seismic_cycle_batches(
    cycle: SeismicCycle, split: str | None = None, window: Window | None = None, size: int = 512
) -> Iterator[SimulatedRecords]:
    """The records of a split (None for all) in order of time, `size` at a time: memory stays constant."""
    window = window or Window()
    scene = draw_scene(cycle)
    if window != Window():
        for name, value in (("cause_start_s", window.p_s), ("cause_end_s", window.duration_s)):
            scene[name] = np.where(scene[name] > 0, value, scene[name])
    truth = complete_truth(scene, LayeredCrust(), window)
    rows = np.arange(len(scene["label"])) if split is None else np.flatnonzero(scene["split"] == split)
    if not len(rows):
        raise InputError(f"a split among {', '.join(SPLITS)}", f"{split!r}", "choose one of them")
    for first in range(0, len(rows), size):
        part = rows[first : first + size]
        yield records_of(cycle, {name: values[part] for name, values in truth.items()}, part, window)


def simulate_seismic_cycle(
    cycle: SeismicCycle | None = None, split: str | None = None, window: Window | None = None, **changes
) -> SimulatedRecords:
    """All records of a cycle, or of one split; `changes` are fields of SeismicCycle.

    >>> simulate_seismic_cycle(cause="path", events=12, seed=3, records_an_event=(2, 2))
    SimulatedRecords(24 records of 12 events, 2500 samples)
    """
    batches = list(seismic_cycle_batches(replace(cycle or SeismicCycle(), **changes), split, window))
    truth = {name: np.concatenate([batch.truth[name] for batch in batches]) for name in batches[0].truth}
    return SimulatedRecords(np.concatenate([batch.data for batch in batches]), truth, batches[0].window)


def seismic_cycle_arrays(cause: str = "source", events: int = 2360, seed: int = 1, **changes) -> dict[str, dict]:
    """What a trainer needs, by split.

    Returns:
        split -> {"waveform": float32 (n, samples, 3) in counts, components E, N, Z; "label": int64 (n,), 0 foreshock,
        1 aftershock; and every column of the truth but the label}.
    """
    arrays = {}
    for split in SPLITS:
        records = simulate_seismic_cycle(cause=cause, events=events, seed=seed, split=split, **changes)
        arrays[split] = {
            **{name: values for name, values in records.truth.items() if name not in ("label", "split")},
            "waveform": np.ascontiguousarray(records.data.transpose(0, 2, 1)),
            "label": (records.label == LABELS[1]).astype(np.int64),
        }
    return arrays
