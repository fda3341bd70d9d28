"""One channel from its pieces: joined where they touch or agree, split where samples are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MICROSECOND = np.timedelta64(1, "us")


@dataclass(frozen=True)
class Segment:
    """Uninterrupted samples of one channel.

    Arguments:
        start: UTC of the first sample, `datetime64[us]`.
        rate_hz: samples a second.
        data: shape (samples,), any real type, no gaps.
    """

    start: np.datetime64
    rate_hz: float
    data: np.ndarray

    @property
    def end(self) -> np.datetime64:
        """UTC one sample interval after the last sample."""
        return self.start + seconds(len(self.data) / self.rate_hz)


class Conflict(ValueError):
    """Pieces of one channel that contradict each other."""


def seconds(value: float) -> np.timedelta64:
    """A duration in seconds as `timedelta64[us]`."""
    return np.timedelta64(round(value * 1e6), "us")


def in_seconds(duration: np.timedelta64) -> float:
    """A `timedelta64` in seconds."""
    return float(duration / MICROSECOND) * 1e-6


def without_holes(piece: Segment, mask: np.ndarray | None = None) -> list[Segment]:
    """The runs of finite, unmasked samples.

    >>> parts = without_holes(Segment(np.datetime64("2020-01-01", "us"), 1.0, np.array([1, np.nan, 3, 4])))
    >>> [(str(part.start)[11:19], part.data.tolist()) for part in parts]
    [('00:00:00', [1.0]), ('00:00:02', [3.0, 4.0])]
    """
    good = np.isfinite(piece.data)
    if mask is not None:
        good &= ~mask
    if good.all():
        return [piece] if len(good) else []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], good, [False])).astype(np.int8)))
    return [
        Segment(piece.start + seconds(first / piece.rate_hz), piece.rate_hz, piece.data[first:last])
        for first, last in edges.reshape(-1, 2)
    ]


def join(pieces: list[Segment]) -> tuple[list[Segment], list[str]]:
    """Join the pieces of one channel; returns what is uninterrupted, in time order, and notes on what was done.

    Pieces join where the next one starts within half a sample of where it should. Where pieces overlap their samples
    must agree; otherwise Conflict says where they do not.
    """
    if not pieces:
        return [], []
    rates = sorted({piece.rate_hz for piece in pieces})
    if rates[-1] > rates[0] * (1 + 1e-4):
        raise Conflict(f"has sampling rates {', '.join(f'{rate:g}' for rate in rates)} Hz within one channel")
    pieces = sorted(pieces, key=lambda piece: (piece.start, -len(piece.data)))
    joined, runs, notes = [], [[pieces[0]]], []
    repeated = 0
    reached = len(pieces[0].data)
    for piece in pieces[1:]:
        first = runs[-1][0]
        at = round(in_seconds(piece.start - first.start) * first.rate_hz)
        if at > reached:
            runs.append([piece])
            reached = len(piece.data)
            continue
        runs[-1].append(piece)
        repeated += min(reached - at, len(piece.data))
        reached = max(reached, at + len(piece.data))
    for run in runs:
        joined.append(_overlay(run))
    if repeated:
        notes.append(f"{repeated} samples that were there twice, with the same values, kept once")
    return joined, notes


def _overlay(run: list[Segment]) -> Segment:
    """One segment from pieces that touch or overlap."""
    if len(run) == 1:
        return run[0]
    first = run[0]
    offsets = [round(in_seconds(piece.start - first.start) * first.rate_hz) for piece in run]
    length = max(at + len(piece.data) for at, piece in zip(offsets, run, strict=True))
    data = np.empty(length, np.result_type(*(piece.data.dtype for piece in run)))
    reached = 0
    for at, piece in zip(offsets, run, strict=True):
        again = min(max(reached - at, 0), len(piece.data))
        differ = np.flatnonzero(data[at : at + again] != piece.data[:again])
        if len(differ):
            when = piece.start + seconds(differ[0] / first.rate_hz)
            raise Conflict(
                f"has two traces that overlap by {again / first.rate_hz:g} s and differ, first at {str(when)[:22]}"
            )
        data[at + again : at + len(piece.data)] = piece.data[again:]
        reached = max(reached, at + len(piece.data))
    return Segment(first.start, first.rate_hz, data)


def common(channels: list[list[Segment]]) -> list[tuple[np.datetime64, np.datetime64]]:
    """The spans of time that every channel covers, in order.

    >>> day = np.datetime64("2020-01-01", "us")
    >>> whole, late = Segment(day, 1.0, np.zeros(10)), Segment(day + seconds(4), 1.0, np.zeros(10))
    >>> [(str(a)[17:19], str(b)[17:19]) for a, b in common([[whole], [late]])]
    [('04', '10')]
    """
    spans = [(segment.start, segment.end) for segment in channels[0]]
    for channel in channels[1:]:
        spans = [
            (max(start, segment.start), min(end, segment.end))
            for start, end in spans
            for segment in channel
            if max(start, segment.start) < min(end, segment.end)
        ]
    return spans
