"""ChannelSummary: what a check keeps of one channel of one record, and the numbers that it takes from its samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..waveforms.float32_samples import clipped_samples
from ..waveforms.segments import Conflict, Segment, in_seconds, join, without_holes

# Below this rate a record of a local event holds no waveform to speak of.
SLOW_HZ = 20.0
LOUD_S = 2.0
# The range of a 24-bit recorder.
LARGEST_DB = 140.0


class ChannelSummary(NamedTuple):
    """One channel of one record.

    Arguments:
        record: what the channels of a record share; name: network.station.location.channel.
        gaps, missing_s: stretches without samples, and the seconds in them.
        clipped: samples that stay at the extreme value. constant: whether nothing changes.
        masked: samples that were masked or not finite. conflict: what its traces contradict each other in, or "".
        loudness_db: power of the loudest two seconds over that of the quietest tenth; NaN where it cannot be told.
    """

    record: str
    name: str
    rate_hz: float
    samples: int
    gaps: int = 0
    missing_s: float = 0.0
    clipped: int = 0
    constant: bool = False
    masked: int = 0
    conflict: str = ""
    loudness_db: float = np.nan

    @property
    def component(self) -> str:
        """The last letter of the channel code."""
        return self.name[-1:].upper()

    @property
    def duration_s(self) -> float:
        """Samples over rate."""
        return self.samples / self.rate_hz


def summary_of(record: str, name: str, pieces: list[Segment], masks: list | None = None) -> ChannelSummary:
    """The summary of a channel from its pieces in any order.

    Arguments:
        pieces: at least one. masks: for each piece a boolean array of masked samples, or None.
    """
    masks = masks or [None] * len(pieces)
    whole = [part for piece, mask in zip(pieces, masks, strict=True) for part in without_holes(piece, mask)]
    total = sum(len(piece.data) for piece in pieces)
    masked = total - sum(len(part.data) for part in whole)
    rate_hz = pieces[0].rate_hz
    try:
        segments, _ = join(whole)
    except Conflict as error:
        return ChannelSummary(record, name, rate_hz, total, masked=masked, conflict=str(error))
    if not segments:
        return ChannelSummary(record, name, rate_hz, total, masked=masked, constant=True)
    data = np.concatenate([segment.data for segment in segments])
    span_s = in_seconds(segments[-1].end - segments[0].start)
    return ChannelSummary(
        record,
        name,
        rate_hz,
        len(data),
        gaps=len(segments) - 1,
        missing_s=max(span_s - len(data) / rate_hz, 0.0) if len(segments) > 1 else 0.0,
        clipped=clipped_samples(data),
        constant=bool(np.ptp(data.astype(np.float64)) == 0),
        masked=masked,
        loudness_db=loudness_db(max(segments, key=lambda segment: len(segment.data)).data, rate_hz),
    )


def loudness_db(data: np.ndarray, rate_hz: float) -> float:
    """Power of the loudest two seconds over that of the quietest tenth, above 1 Hz, in dB; needs no pick.

    Noise alone gives a few dB. NaN below 20 Hz, under 20 s, and where the quiet is digital silence.

    >>> noise = np.random.default_rng(0).normal(size=6000)
    >>> round(loudness_db(noise, 100.0))
    2
    """
    from scipy.signal import butter, sosfilt

    length = round(LOUD_S * rate_hz)
    if rate_hz < SLOW_HZ or len(data) < 10 * length:
        return float("nan")
    data = np.asarray(data, dtype=np.float64)
    filtered = sosfilt(butter(2, 1.0, "highpass", fs=rate_hz, output="sos"), data - data[: max(length // 4, 1)].mean())
    count = len(filtered) // length
    power = np.sort((filtered[: count * length].reshape(count, length) ** 2).mean(axis=1))
    quiet = power[: max(count // 10, 1)].mean()
    # No recorder spans more: what is quieter than that is padding.
    silent = quiet <= power[-1] * 10 ** (-LARGEST_DB / 10)
    return float("nan") if silent else float(10 * np.log10(power[-1] / quiet))
