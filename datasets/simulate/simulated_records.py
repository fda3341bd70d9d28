"""SimulatedRecords: waveforms and the truth about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from ..errors import InputError
from ..record import Record
from ..splits import PARTS, IndexSplit
from .scene import Window


@dataclass(frozen=True, eq=False)
class SimulatedRecords:
    """Records and the truth about them.

    Arguments:
        data: float32, shape (n, 3, samples), components E, N, Z, in counts.
        truth: name to array of shape (n,); see `complete_truth`. Holds `event_id`, `station`, `label`, `origin_time`.
        window: rate, length and P of all the records.
    """

    data: np.ndarray
    truth: Mapping[str, np.ndarray]
    window: Window = field(default_factory=Window)

    def __post_init__(self):
        if self.data.ndim != 3 or self.data.shape[1] != 3:
            raise InputError("samples of shape (n, 3, samples)", f"{self.data.shape}", "stack three components")
        for name, values in self.truth.items():
            if len(values) != len(self.data):
                raise InputError(f"{len(self.data)} values of {name}", f"{len(values)}", "give one a record")
        object.__setattr__(self, "truth", MappingProxyType(dict(self.truth)))

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        events = len(np.unique(self.truth["event_id"]))
        return f"SimulatedRecords({len(self)} records of {events} events, {self.data.shape[2]} samples)"

    @property
    def event_id(self) -> np.ndarray:
        """The event of each record."""
        return self.truth["event_id"]

    @property
    def station(self) -> np.ndarray:
        """The station of each record."""
        return self.truth["station"]

    @property
    def label(self) -> np.ndarray:
        """The class of each record."""
        return self.truth["label"]

    def select(self, rows) -> SimulatedRecords:
        """The records of an index or mask, in that order."""
        return SimulatedRecords(self.data[rows], {k: v[rows] for k, v in self.truth.items()}, self.window)

    def parts(self, split: IndexSplit, shared_events: bool = False) -> dict[str, SimulatedRecords]:
        """Train, validation and test; refused if an event has records in two of them.

        Arguments:
            shared_events: allows it, to compare with published splits by single records (`splits.random_records`).
        """
        if not shared_events:
            split.require_disjoint(self.event_id, "event")
        return {name: self.select(getattr(split, name)) for name in PARTS}

    def record(self, row: int) -> Record:
        """One record with its picks, event and label."""
        truth = {name: values[row] for name, values in self.truth.items()}
        since_start_us = round((float(truth["p_travel_s"]) - float(truth["p_s"])) * 1e6)
        # S of a distant event may lie behind the end of the window: then the record has no S pick.
        s_s = float(truth["s_s"]) if truth["s_s"] < self.window.duration_s else None
        return Record(
            self.data[row],
            self.window.sampling_rate_hz,
            truth["origin_time"].astype("datetime64[us]") + np.timedelta64(since_start_us, "us"),
            "SY",
            str(truth["station"]),
            band="HH",
            p_s=float(truth["p_s"]),
            s_s=s_s,
            event_id=str(truth["event_id"]),
            label=str(truth["label"]),
            history=("simulated",),
        )

    def __iter__(self) -> Iterator[Record]:
        return (self.record(row) for row in range(len(self)))
