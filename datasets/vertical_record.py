"""VerticalRecord: a seismogram of one vertical channel, for stations and collections without horizontals."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from .errors import InputError
from .record import Record
from .waveforms.picking import SHORTEST_S, pick_p
from .waveforms.resampling import resample, same_rate

_PICK_BAND_HZ = (3.0, 12.0)
# P of a local event is looked for in this time around the origin; the picker needs some noise before it.
_BEFORE_ORIGIN_S, _AFTER_ORIGIN_S = 5.0, 30.0


@dataclass(frozen=True, eq=False, repr=False)
class VerticalRecord:
    """One vertical channel around one event; immutable.

    Arguments:
        data: float32, shape (samples,), in counts or any unit; finite.
        sampling_rate_hz: samples a second. start: UTC of the first sample, `datetime64[us]`.
        network, station, location, channel: codes.
        event_id, label, magnitude: of the event; NaN where the magnitude is unknown.
        origin_s: the event's origin in seconds after `start`; negative where the record starts later.
        p_s: arrival of P in seconds after `start`; None where unknown.
        history: what was done to the samples since they were read, in order.
    """

    data: np.ndarray
    sampling_rate_hz: float
    start: np.datetime64
    network: str = ""
    station: str = ""
    location: str = ""
    channel: str = ""
    event_id: str = ""
    label: str = ""
    origin_s: float = float("nan")
    magnitude: float = float("nan")
    p_s: float | None = None
    history: tuple[str, ...] = field(default=())

    def __post_init__(self):
        data = np.array(self.data, dtype=np.float32)
        if data.ndim != 1 or not len(data) or not np.isfinite(data).all():
            raise InputError("finite samples of one channel", f"shape {data.shape}", "cut gaps out, give one channel")
        if not (np.isfinite(self.sampling_rate_hz) and self.sampling_rate_hz > 0):
            raise InputError("a positive sampling rate in Hz", f"{self.sampling_rate_hz}", "read it from the header")
        data.flags.writeable = False
        object.__setattr__(self, "data", data)

    @property
    def key(self) -> str:
        """EVENT.network.station.location.channel"""
        return f"{self.event_id}.{self.network}.{self.station}.{self.location}.{self.channel}"

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.data) / self.sampling_rate_hz

    def __repr__(self) -> str:
        p = "" if self.p_s is None else f", P {self.p_s:.2f} s"
        return f"VerticalRecord({self.key}, {self.duration_s:g} s at {self.sampling_rate_hz:g} Hz{p})"

    def picked(self) -> VerticalRecord:
        """A copy with P where one stands out of the noise soon after the origin, and None otherwise.

        The picker of three-component records finds P on Z alone; it is shown Z three times, from 3 to 12 Hz, where
        weak local events stand out best. On the 990 channels of the Pacific Northwest collection, chosen for being
        hard, it finds P in 46 %, and in 4 % of windows as long of their noise.
        """
        from scipy.signal import butter, sosfilt

        rate = self.sampling_rate_hz
        if rate <= 2 * _PICK_BAND_HZ[1]:
            return replace(self, p_s=None)
        sections = butter(2, _PICK_BAND_HZ, "bandpass", fs=rate, output="sos")
        first, last = 0, len(self.data)
        if np.isfinite(self.origin_s):
            first = max(round((self.origin_s - _BEFORE_ORIGIN_S) * rate), 0)
            last = max(round((self.origin_s + _AFTER_ORIGIN_S) * rate), 0)
        data = sosfilt(sections, self.data.astype(np.float64) - self.data[0])[first:last]
        if len(data) < SHORTEST_S * rate:
            return replace(self, p_s=None)
        found = pick_p(Record(np.stack([data] * 3), rate, self.start, self.network, self.station))
        p_s = None if found is None else found + first / rate
        # A clock or an origin may be wrong by a second.
        if p_s is not None and p_s < self.origin_s - 1.0:
            p_s = None
        return replace(self, p_s=p_s)

    def aligned(self, before_s: float, window_s: float, sampling_rate_hz: float) -> np.ndarray:
        """float32 (samples,) at a model's rate with P `before_s` after the first sample, within half a sample.

        >>> record = VerticalRecord(np.arange(8000.0) % 7, 100.0, "2020-01-01", p_s=30.0)
        >>> record.aligned(10.0, 40.0, 50.0).shape
        (2000,)
        """
        if self.p_s is None:
            raise InputError("a record with a pick of P", f"none at {self.key}", "use `picked` or leave it out")
        rate = self.sampling_rate_hz
        if rate < sampling_rate_hz / 2 and not same_rate(rate, sampling_rate_hz):
            raise InputError(
                f"at least {sampling_rate_hz / 2:g} Hz, half the model's rate", f"{rate:g} Hz", "leave out"
            )
        first_s = self.p_s - before_s
        if first_s < 0 or first_s + window_s > self.duration_s:
            raise InputError(
                f"{before_s:g} s before P and {window_s - before_s:g} s after",
                f"P at {self.p_s:g} s of {self.duration_s:g} s at {self.key}",
                "leave it out or use a shorter window",
            )
        data = self.data if same_rate(rate, sampling_rate_hz) else resample(self.data, rate, sampling_rate_hz)
        samples = round(window_s * sampling_rate_hz)
        first = min(round(first_s * sampling_rate_hz), len(data) - samples)
        return data[first : first + samples].astype(np.float32)
