"""Records from an obspy Stream: components grouped and ordered, gaps found, nothing left out without a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..errors import InputError
from ..record import COMPONENTS, Record
from .components import letters_for
from .float32_samples import in_float32, longest_constant_run
from .pick_assignment import assign
from .picks import as_picks
from .resampling import resample, same_rate
from .segments import Conflict, Segment, common, in_seconds, join, without_holes

_FILLED = (20, 1.0)  # samples and seconds from which a constant stretch is told


@dataclass(frozen=True)
class Reading:
    """What came out of an input.

    Arguments:
        records: the records, sorted by name and time.
        rejected: (name, reason) for every channel group, part or pick that did not become part of a record.
    """

    records: tuple[Record, ...]
    rejected: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"Reading({len(self.records)} records, {len(self.rejected)} rejected)"

    def require(self, what: str = "the input") -> Reading:
        """Itself; an InputError with the reasons if there is no record."""
        if self.records:
            return self
        reasons = "; ".join(f"{name}: {reason}" for name, reason in self.rejected[:5]) or "no traces"
        more = f"; and {len(self.rejected) - 5} more" if len(self.rejected) > 5 else ""
        raise InputError(
            f"at least one three-component record in {what}", f"none ({reasons}{more})", "give other waveforms"
        )


def records_from_stream(stream, picks=None, phase: str = "P", shortest_s: float = 1.0) -> Reading:
    """Records of every station and band in a stream.

    Traces are grouped by network, station, location and band (the channel code without its last letter). A component in
    pieces is joined where the pieces touch or agree, and split where samples are missing, masked or not finite: each
    span that all three components cover becomes a record. Components at different rates are brought to the lowest.
    `Record.history` tells what was done.

    Arguments:
        stream: an obspy Stream or any iterable of Traces.
        picks: whatever `picks.as_picks` takes, of phase `phase` where they name none.
        shortest_s: spans shorter than this are rejected.

    >>> import obspy
    >>> reading = records_from_stream(obspy.read(), picks=4.7)
    >>> reading.records
    (Record(BW.RJOB..EH, 30 s at 100 Hz from 2009-08-24T00:20:03, P 4.70 s),)
    """
    groups: dict[tuple[str, str, str, str], dict[str, list]] = {}
    for trace in stream:
        stats = trace.stats
        key = (stats.network, stats.station, stats.location, stats.channel[:-1])
        groups.setdefault(key, {}).setdefault(stats.channel[-1:].upper(), []).append(trace)
    records, rejected = [], []
    for key in sorted(groups):
        try:
            made, short = _records_of(key, groups[key], shortest_s)
        except (Conflict, InputError) as error:
            rejected.append((".".join(key), str(error)))
            continue
        records.extend(made)
        rejected.extend(short)
    records, unused = assign(records, as_picks(picks, phase))
    return Reading(tuple(records), (*rejected, *unused))


def _records_of(codes: Sequence[str], components: dict[str, list], shortest_s: float):
    """The records and the (name, reason) rows of one network, station, location and band."""
    network, station, location, band = codes
    name = ".".join(codes)
    letters, notes = letters_for(components, band)
    channels = []
    for letter in letters:
        segments, remarks = _segments(components[letter])
        if not segments:
            raise Conflict(f"{band}{letter} has no finite samples")
        channels.append(segments)
        notes += [f"{band}{letter}: {remark}" for remark in remarks]
    channels, changed = _at_lowest_rate(channels)
    notes += changed
    rate_hz = channels[0][0].rate_hz
    spans = [span for span in common(channels) if in_seconds(span[1] - span[0]) * rate_hz >= 1.5]
    if not spans:
        raise Conflict("its components have no time in common")
    records, rejected = [], []
    gaps = _gaps(channels, [f"{band}{letter}" for letter in letters])
    for part, (start, end) in enumerate(spans, start=1):
        history = list(notes)
        if len(spans) > 1:
            history.append(f"part {part} of {len(spans)}, split at gaps: {gaps}")
        duration_s = in_seconds(end - start)
        reason = None
        if duration_s < shortest_s - 0.5 / rate_hz:
            reason = f"part of {duration_s:g} s, shorter than {shortest_s:g} s"
        else:
            data, remarks = _stacked(channels, start, end, [f"{band}{letter}" for letter in letters])
            history += remarks
            still = [f"{band}{letter}" for letter, row in zip(letters, data, strict=True) if np.ptp(row) == 0]
            if still:
                reason = f"dead channel: {', '.join(still)} constant for {duration_s:g} s"
        if reason:
            rejected.append((name, f"{reason}, from {str(start)[:22]}" + (f"; gaps: {gaps}" if gaps else "")))
        else:
            records.append(Record(data, rate_hz, start, network, station, location, band, history=tuple(history)))
    return records, rejected


def _segments(traces: list) -> tuple[list[Segment], list[str]]:
    """The uninterrupted parts of one channel's traces, and notes."""
    pieces, lost = [], 0
    for trace in traces:
        data = trace.data
        mask = np.ma.getmaskarray(data) if np.ma.isMaskedArray(data) else None
        data = np.ma.getdata(data)
        if data.ndim != 1 or data.dtype.kind not in "iuf":
            raise Conflict(f"{trace.id} has samples of type {data.dtype} and shape {data.shape}")
        start = np.datetime64(str(trace.stats.starttime).rstrip("Z"), "us")
        whole = Segment(start, float(trace.stats.sampling_rate), data)
        parts = without_holes(whole, mask)
        lost += len(data) - sum(len(part.data) for part in parts)
        pieces += parts
    try:
        segments, notes = join(pieces)
    except Conflict as error:
        raise Conflict(f"{traces[0].stats.channel} {error}") from error
    if lost:
        notes.insert(0, f"{lost} masked or non-finite samples left out")
    return segments, notes


def _at_lowest_rate(channels: list[list[Segment]]) -> tuple[list[list[Segment]], list[str]]:
    """All channels at the lowest of their rates, and a note if one was changed."""
    rates = [channel[0].rate_hz for channel in channels]
    lowest = min(rates)
    if all(same_rate(rate, lowest) for rate in rates):
        return channels, []
    changed = [
        channel
        if same_rate(rate, lowest)
        else [Segment(s.start, lowest, resample(s.data, rate, lowest)) for s in channel]
        for rate, channel in zip(rates, channels, strict=True)
    ]
    told = ", ".join(f"{c} {rate:g}" for c, rate in zip(COMPONENTS, rates, strict=True))
    return changed, [f"components at different rates ({told} Hz) brought to {lowest:g} Hz, filtered against aliasing"]


def _gaps(channels: list[list[Segment]], names: list[str]) -> str:
    """The gaps of the channels in words; at most three are spelled out."""
    gaps = sorted(
        (before.end, name, in_seconds(after.start - before.end))
        for channel, name in zip(channels, names, strict=True)
        for before, after in pairwise(channel)
    )
    told = ", ".join(f"{name} {length:g} s from {str(when)[:22]}" for when, name, length in gaps[:3])
    return told + (f" and {len(gaps) - 3} more" if len(gaps) > 3 else "")


def _stacked(channels, start, end, names) -> tuple[np.ndarray, list[str]]:
    """float32 of shape (3, samples) over the span, and notes."""
    rate_hz = channels[0][0].rate_hz
    rows, shifts, notes = [], [], []
    for channel in channels:
        # The midpoint of the span is inside exactly one segment.
        middle = start + (end - start) / 2
        segment = next(s for s in channel if s.start <= middle < s.end)
        exact = in_seconds(start - segment.start) * rate_hz
        first = round(exact)
        shifts.append(exact - first)
        rows.append(segment.data[first : first + round(in_seconds(end - start) * rate_hz)])
    count = min(len(row) for row in rows)
    total = max(sum(len(s.data) for s in channel) for channel in channels)
    if len(channels[0]) == len(channels[1]) == len(channels[2]) == 1 and total > count:
        notes.append(
            f"cut to the {count / rate_hz:g} s that all components cover (the longest has {total / rate_hz:g} s)"
        )
    if max(shifts) - min(shifts) > 0.05:
        notes.append(f"components shifted by up to {max(shifts) - min(shifts):.2f} samples onto one time base")
    data = np.empty((3, count), np.float32)
    for i, (row, name) in enumerate(zip(rows, names, strict=True)):
        data[i], remarks = in_float32(row[:count])
        notes += [f"{name}: {remark}" for remark in remarks]
        still = longest_constant_run(row[:count])
        if _FILLED[0] <= still < count and still >= _FILLED[1] * rate_hz:
            notes.append(f"{name}: constant for {still / rate_hz:g} s at a stretch, as if a gap had been filled")
    return data, notes
