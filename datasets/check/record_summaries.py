"""RecordSummary: what a check keeps of one record; read from files with an event table, or from a set's own reader."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..catalog import Catalog
from ..errors import InputError
from ..record import COMPONENTS, Record
from ..waveforms.components import letters_for
from ..waveforms.pick_index import PickIndex
from ..waveforms.picks import as_picks
from ..waveforms.segments import Conflict, Segment, in_seconds
from .channel_summary import ChannelSummary, summary_of


class RecordSummary(NamedTuple):
    """One station and band at one time.

    Arguments:
        name: FILE: network.station.location.band.
        components: their letters in order, such as "ENZ" or "Z".
        p_s, s_s: arrivals in seconds after the start, None where unknown; event_id, label: "" where unknown.
    """

    name: str
    station: str
    components: str
    p_s: float | None = None
    s_s: float | None = None
    event_id: str = ""
    label: str = ""

    @property
    def complete(self) -> bool:
        """Whether three components can be taken for E, N and Z."""
        try:
            letters_for(self.components)
        except Conflict:
            return False
        return True


Pair = tuple[RecordSummary, list[ChannelSummary]]


def of_files(
    folder: str | os.PathLike, events: Catalog | None, picks, rejected: list[tuple[str, str]]
) -> Iterator[Pair]:
    """The records in the waveform files of a folder, vertical ones too."""
    from ..readers.event_waveforms import groups_of
    from ..waveforms.event_matching import EventMatcher

    matcher = None if events is None else EventMatcher(events)
    index, seen = PickIndex(as_picks(picks)), set()
    for group in groups_of(folder, rejected):
        for record, channels in _of_group(group, matcher, index, rejected):
            seen.add(record.event_id)
            yield record, channels
    rejected.extend(index.unasked())
    if matcher is not None:
        without = [str(i) for i in matcher.events.event_id if str(i) not in seen]
        rejected.extend((name, "no record of this event") for name in without)


def of_records(folder: str | os.PathLike, kind: str, rejected: list[tuple[str, str]]) -> Iterator[Pair]:
    """The records of a set in SeisBench's, Norcia's or PhaseNet's layout."""
    for number, record in enumerate(_records(folder, kind, rejected)):
        name = f"record {number}: {record.name}"
        channels = [
            summary_of(name, record.name + letter, [Segment(record.start, record.sampling_rate_hz, row)])
            for letter, row in zip(COMPONENTS, record.data, strict=True)
        ]
        station = f"{record.network}.{record.station}"
        picks = (record.p_s, record.s_s)
        yield RecordSummary(name, station, COMPONENTS, *picks, record.event_id, record.label), channels


def _records(folder, kind: str, rejected) -> Iterator[Record]:
    if kind == "seisbench":
        from ..readers.seisbench import seisbench_records

        return seisbench_records(folder, rejected)
    if kind == "norcia":
        from ..readers.norcia_hdf5 import norcia_records

        return norcia_records(folder, rejected)
    from ..readers.phasenet_npz import phasenet_records

    return phasenet_records(folder, rejected)


def _of_group(group, matcher, index: PickIndex, rejected: list[tuple[str, str]]) -> Iterator[Pair]:
    """The records of files that belong together."""
    from ..readers.event_waveforms import channel_group
    from ..readers.miniseed import read_stream

    parts = defaultdict(lambda: defaultdict(list))
    home = {}
    for path in group.paths:
        try:
            stream = read_stream(path)
        except InputError as error:
            rejected.append((path.name, str(error)))
            continue
        for trace in stream:
            parts[channel_group(trace)][trace.stats.channel].append(trace)
            home.setdefault(channel_group(trace), path)
    for codes in sorted(parts):
        name = f"{home[codes].name}: {codes}"
        segments = {channel: [_segment(trace) for trace in traces] for channel, traces in parts[codes].items()}
        channels = [
            summary_of(name, f"{codes}{channel[-1:]}", [piece for piece, _ in pieces], [mask for _, mask in pieces])
            for channel, pieces in sorted(segments.items())
        ]
        start = min(piece.start for pieces in segments.values() for piece, _ in pieces)
        end = max(piece.end for pieces in segments.values() for piece, _ in pieces)
        network, station, location, band = codes.split(".")
        mine = [p for p in index.around(station, start, end) if p.fits(network, station, location, band)]
        arrivals = {
            phase: min(
                (p.after_start_s if p.time is None else in_seconds(p.time - start) for p in mine if p.phase == phase),
                default=None,
            )
            for phase in "PS"
        }
        event, label = "", ""
        if matcher is not None:
            told = next((p.event_id for p in mine if p.event_id), "")
            try:
                event = matcher.event_of(home[codes], start, end, arrivals["P"], arrivals["S"], told)
                label = matcher.kind(event)
            except Conflict as error:
                rejected.append((name, str(error)))
        letters = "".join(sorted({channel[-1:].upper() for channel in segments}))
        yield RecordSummary(name, f"{network}.{station}", letters, *arrivals.values(), event, label), channels


def _segment(trace) -> tuple[Segment, np.ndarray | None]:
    """The samples of a trace, and the mask of them."""
    data = trace.data
    mask = np.ma.getmaskarray(data) if np.ma.isMaskedArray(data) else None
    start = np.datetime64(str(trace.stats.starttime).rstrip("Z"), "us")
    return Segment(start, float(trace.stats.sampling_rate), np.ma.getdata(data)), mask
