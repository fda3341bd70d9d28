"""Vertical channels of an obspy Stream as records, whatever else is there."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..record import Record
from .float32_samples import in_float32
from .pick_assignment import assign
from .picks import as_picks
from .segments import Conflict, Segment, join, without_holes
from .stream import Reading


def verticals_from_stream(stream, picks=None, shortest_s: float = 1.0) -> Reading:
    """A record for each vertical channel and stretch without a gap; its E and N are zero, as nobody reads them.

    Arguments:
        stream: an obspy Stream or any iterable of Traces. picks: whatever `picks.as_picks` takes.
        shortest_s: stretches shorter than this are rejected.

    >>> import obspy
    >>> verticals_from_stream(obspy.read(), picks=4.7).records
    (Record(BW.RJOB..EH, 30 s at 100 Hz from 2009-08-24T00:20:03, P 4.70 s),)
    """
    channels: dict[str, list] = {}
    others = set()
    for trace in stream:
        if trace.stats.channel[-1:].upper() == "Z":
            channels.setdefault(trace.id, []).append(trace)
        else:
            others.add(trace.id)
    records, rejected = [], []
    for name in sorted(channels):
        try:
            records += _records_of(channels[name], shortest_s, rejected)
        except (Conflict, InputError) as error:
            rejected.append((name, str(error)))
    if not channels:
        rejected += [(name, "not a vertical channel, and none beside it") for name in sorted(others)]
    records, unused = assign(records, as_picks(picks))
    return Reading(tuple(records), (*rejected, *unused))


def _records_of(traces: list, shortest_s: float, rejected: list[tuple[str, str]]) -> list[Record]:
    pieces = []
    for trace in traces:
        mask = np.ma.getmaskarray(trace.data) if np.ma.isMaskedArray(trace.data) else None
        start = np.datetime64(str(trace.stats.starttime).rstrip("Z"), "us")
        pieces += without_holes(Segment(start, float(trace.stats.sampling_rate), np.ma.getdata(trace.data)), mask)
    parts, notes = join(pieces)
    stats = traces[0].stats
    if not parts:
        raise InputError("finite samples", f"none of {traces[0].id}", "leave it out")
    records = []
    for number, part in enumerate(parts, start=1):
        duration_s = len(part.data) / part.rate_hz
        told = f"part {number} of {len(parts)}, split at gaps" if len(parts) > 1 else ""
        if duration_s < shortest_s or np.ptp(part.data) == 0:
            why = "dead channel" if duration_s >= shortest_s else f"shorter than {shortest_s:g} s"
            rejected.append((traces[0].id, f"{why}: {duration_s:g} s from {str(part.start)[:22]}"))
            continue
        vertical, remarks = in_float32(part.data)
        data = np.zeros((3, len(vertical)), np.float32)
        data[2] = vertical
        history = tuple(filter(None, (*notes, told, *remarks)))
        codes = (stats.network, stats.station, stats.location, stats.channel[:-1])
        records.append(Record(data, part.rate_hz, part.start, *codes, history=history))
    return records
