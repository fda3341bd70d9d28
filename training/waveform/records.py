"""Records: labelled waveforms in memory, with all that a training and its controls must know of each."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np

from ...datasets.errors import InputError
from ...datasets.waveforms.batches import aligned_first, shifted_windows


class WindowOf(Protocol):
    """Where a network's window lies, such as a `zoo.waveform.spectrogram_cnn.Variant`."""

    phase: str
    before_s: float
    window_s: float


@dataclass(frozen=True, eq=False)
class Records:
    """Labelled waveforms, longer than the window of a network or just as long.

    Arguments:
        waveform: float32 (n, samples, components).
        label: (n,) class numbers.
        event, station: (n,) names.
        p, s: (n,) samples of the arrivals, NaN where unknown.
        time_us: (n,) microseconds since 1970 of the event or the record.
        magnitude, distance_km: (n,), NaN where unknown.

    >>> ones = np.ones(2)
    >>> records = Records(np.zeros((2, 300, 3)), ones, ones, ones, 120 * ones, 180 * ones, ones, ones, ones)
    >>> len(records), records.select(records.p > 200).waveform.shape
    (2, (0, 300, 3))
    """

    waveform: np.ndarray
    label: np.ndarray
    event: np.ndarray
    station: np.ndarray
    p: np.ndarray
    s: np.ndarray
    time_us: np.ndarray
    magnitude: np.ndarray
    distance_km: np.ndarray
    sampling_rate_hz: float = 100.0

    def __post_init__(self):
        for field in fields(self)[:-1]:
            if len(getattr(self, field.name)) != len(self.waveform):
                received = f"{len(getattr(self, field.name))} of {len(self.waveform)}"
                raise InputError(f"one {field.name} a record", received, "mend the arrays")

    def __len__(self) -> int:
        return len(self.waveform)

    @property
    def events(self) -> int:
        """How many events the records are of."""
        return len(np.unique(self.event))

    def select(self, rows) -> Records:
        """The records of an index or a mask, in that order."""
        columns = {field.name: getattr(self, field.name)[rows] for field in fields(self)[:-1]}
        return Records(**columns, sampling_rate_hz=self.sampling_rate_hz)

    def labelled(self, label: np.ndarray) -> Records:
        """The same records under other labels."""
        return replace(self, label=np.asarray(label))

    def with_waveform(self, waveform: np.ndarray) -> Records:
        """The same records with other samples, the arrivals where they were."""
        return replace(self, waveform=waveform)

    def samples_of(self, window: WindowOf) -> int:
        """Samples of a window."""
        return round(window.window_s * self.sampling_rate_hz)

    def first(self, window: WindowOf) -> np.ndarray:
        """(n,) first sample of the window around each record's arrival; a window that does not fit is refused."""
        arrival = self.p if window.phase == "P" else self.s
        before = round(window.before_s * self.sampling_rate_hz)
        return aligned_first(arrival, before, self.samples_of(window), self.waveform.shape[1])

    def holds(self, window: WindowOf) -> np.ndarray:
        """(n,) whether a record has the arrival and the whole window around it."""
        arrival = self.p if window.phase == "P" else self.s
        first = np.round(arrival) - round(window.before_s * self.sampling_rate_hz)
        return (first >= 0) & (first + self.samples_of(window) <= self.waveform.shape[1])

    def windows(self, window: WindowOf) -> np.ndarray:
        """(n, samples, components), the arrival in its place."""
        return shifted_windows(self.waveform, self.samples_of(window), first=self.first(window))


def joined(parts) -> Records:
    """Several sets of records as one."""
    parts = list(parts)
    columns = {field.name: np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(Records)[:-1]}
    return Records(**columns, sampling_rate_hz=parts[0].sampling_rate_hz)
