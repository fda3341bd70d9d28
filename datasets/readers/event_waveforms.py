"""One's own waveform files beside an event table: files that belong together, their records, and the event of each.

The files may hold one component, one station or all stations of an event, in any format of obspy. Continuous archives
are not cut into events here.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..catalog import Catalog
from ..errors import InputError
from ..progress import track
from ..record import Record
from ..waveforms.event_matching import EventMatcher
from ..waveforms.pick_index import PickIndex
from ..waveforms.picks import as_picks
from ..waveforms.segments import Conflict, in_seconds, seconds
from ..waveforms.stream import records_from_stream
from .miniseed import read_headers, read_stream


class FileGroup(NamedTuple):
    """Files with components of the same stations at the same time, and the span of all of them."""

    paths: tuple[Path, ...]
    stations: tuple[str, ...]
    start: np.datetime64
    end: np.datetime64


def event_records(
    source: str | os.PathLike | Iterable[str | os.PathLike],
    events: Catalog,
    rejected: list[tuple[str, str]],
    picks=None,
    files: Mapping[str, str] | None = None,
    longest_travel_s: float = 120.0,
) -> Iterator[Record]:
    """The records of a folder, one group of files at a time, each with its event, the event's kind as label, and picks.

    A record's event is that which its picks name; else that of its file in `files`; else the one whose id is part of
    the file's name and whose time fits; else the one whose P it can hold (`event_matching`).

    Arguments:
        source: a folder, whose subfolders count, or files.
        events: the table; see `event_table.read_events`.
        rejected: receives (name, reason) for each file, channel, pick and event of which no record came.
        picks: whatever `picks.as_picks` takes.
        files: file name to event id.
        longest_travel_s: no P arrives later than this after the origin.
    """
    matcher, index = EventMatcher(events, files, longest_travel_s), PickIndex(as_picks(picks))
    seen = set()
    for group in track(groups_of(source, rejected), "reading waveforms"):
        for record in group_records(group, matcher, index, rejected):
            seen.add(record.event_id)
            yield record
    rejected.extend(index.unasked())
    without = [str(i) for i in matcher.events.event_id if str(i) not in seen]
    rejected.extend((name, "no record of this event") for name in without[:20])
    if len(without) > 20:
        rejected.append((f"{len(without) - 20} more events", "no record of them"))


def group_records(
    group: FileGroup, matcher: EventMatcher, index: PickIndex, rejected: list[tuple[str, str]]
) -> list[Record]:
    """The records of one group of files."""
    traces, home = [], {}
    for path in group.paths:
        try:
            stream = read_stream(path)
        except InputError as error:
            rejected.append((path.name, str(error)))
            continue
        traces.extend(stream)
        for trace in stream:
            home.setdefault(channel_group(trace), path)
    if not traces:
        return []
    picks = [pick for station in group.stations for pick in index.around(station, group.start, group.end)]
    reading = records_from_stream(traces, picks=list(dict.fromkeys(picks)) or None)
    where = group.paths[0].name if len(group.paths) == 1 else ""
    rejected.extend((f"{where}: {name}" if where else name, reason) for name, reason in reading.rejected)
    kept = []
    for record in reading.records:
        path = home.get(record.name, group.paths[0])
        end = record.start + seconds(record.duration_s)
        try:
            event = matcher.event_of(path, record.start, end, record.p_s, record.s_s, record.event_id)
        except Conflict as error:
            rejected.append((f"{path.name}: {record.name}", str(error)))
            continue
        kept.append(record.done(f"event {event}", event_id=event, label=matcher.kind(event)))
    return kept


def groups_of(
    source: str | os.PathLike | Iterable[str | os.PathLike], rejected: list[tuple[str, str]]
) -> list[FileGroup]:
    """The waveform files of a folder, those together that share a station, band and time; only headers are read.

    Files that are no waveforms are passed over and named in `rejected`, hidden ones are not looked at.
    """
    channels = defaultdict(list)
    paths = waveform_paths(source)
    heads = {}
    for path in track(paths, "looking at files"):
        try:
            stream = read_headers(path)
        except InputError as error:
            rejected.append((path.name, str(error)))
            continue
        if stream is None:
            rejected.append((path.name, "no waveform format"))
            continue
        spans = [(channel_group(trace), _utc(trace.stats.starttime), _utc(trace.stats.endtime)) for trace in stream]
        if spans:
            heads[path] = spans
            for name, start, end in spans:
                channels[name].append((start, end, path))
    if not heads:
        raise InputError("a folder with waveform files", f"none of {len(paths)} files in {source}", "check the path")
    parent = {path: path for path in heads}

    def root(path):
        while parent[path] != path:
            path = parent[path]
        return path

    for spans in channels.values():
        spans.sort(key=lambda span: (span[0], span[2]))
        for i, (start, end, path) in enumerate(spans):
            for other_start, other_end, other in spans[i + 1 :]:
                if other_start >= end:
                    break
                shared = in_seconds(min(end, other_end) - other_start)
                # Day files overlap by seconds and stay apart; the components of a station overlap nearly wholly.
                if shared > 0.5 * in_seconds(min(end - start, other_end - other_start)):
                    parent[root(other)] = root(path)
    together = defaultdict(list)
    for path in heads:
        together[root(path)].append(path)
    groups = []
    for members in together.values():
        spans = [span for path in members for span in heads[path]]
        stations = tuple(sorted({name.split(".")[1] for name, _, _ in spans}))
        start, end = min(span[1] for span in spans), max(span[2] for span in spans)
        groups.append(FileGroup(tuple(sorted(members)), stations, start, end))
    return sorted(groups, key=lambda group: group.paths)


def waveform_paths(source: str | os.PathLike | Iterable[str | os.PathLike]) -> list[Path]:
    """All files below a folder in order of their paths, hidden ones left out; or the files of a list."""
    if not isinstance(source, (str, os.PathLike)):
        return [Path(path) for path in source]
    folder = Path(source)
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise InputError("a folder with waveform files", f"{folder}, which does not exist", "check the path")
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(found)


def channel_group(trace) -> str:
    """network.station.location.band of a trace."""
    stats = trace.stats
    return f"{stats.network}.{stats.station}.{stats.location}.{stats.channel[:-1]}"


def _utc(time) -> np.datetime64:
    return np.datetime64(str(time).rstrip("Z"), "us")
