"""Cut: the window that a data set holds of each record."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError
from ..record import Record
from .windowing import aligned_window, at_rate


@dataclass(frozen=True)
class Cut:
    """Where a window lies and at which rate its samples are.

    Arguments:
        phase: "P" or "S", with which the window is aligned; "" takes it from the record's first sample.
        before_s: seconds of it before the arrival. window_s: its length.

    >>> Cut().samples
    2500
    """

    phase: str = "P"
    before_s: float = 5.0
    window_s: float = 25.0
    sampling_rate_hz: float = 100.0

    def __post_init__(self):
        if self.phase not in ("P", "S", ""):
            raise InputError("a phase P, S or none", repr(self.phase), "choose one of them")
        if not (0 <= self.before_s < self.window_s and self.sampling_rate_hz > 0):
            received = f"{self.before_s:g} of {self.window_s:g} s at {self.sampling_rate_hz:g} Hz"
            raise InputError("a window that holds the arrival", received, "mend before_s or window_s")

    @property
    def samples(self) -> int:
        """Samples of a window."""
        return round(self.window_s * self.sampling_rate_hz)

    def of(self, record: Record) -> Record:
        """The window of a record; InputError where the record does not hold it."""
        if self.phase:
            return aligned_window(record, self.phase, self.before_s, self.window_s, self.sampling_rate_hz)
        return at_rate(record, self.sampling_rate_hz).window(0.0, self.window_s)
