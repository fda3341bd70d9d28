"""What waveform builders read: a source of records in units that can be read apart, by one process or by many."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..catalog import Catalog
from ..errors import InputError
from ..readers import norcia_hdf5, seisbench
from ..readers.event_waveforms import group_records, groups_of
from ..record import Record
from ..waveforms.event_matching import EventMatcher
from ..waveforms.pick_index import PickIndex
from ..waveforms.picks import Pick

# Rows of a table that one unit reads; a thousand three-component records of 60 s take 72 MB.
UNIT_ROWS = 1000
UNIT_GROUPS = 50

Rejected = list[tuple[str, str]]


class Listing(NamedTuple):
    """The events of a source, the class and time (NaT where unknown) of each, and the units to read it by."""

    events: list[str]
    labels: list[str]
    times: list[np.datetime64]
    units: list[tuple]


@dataclass(frozen=True)
class SeisbenchSource:
    """A folder in SeisBench's data format; a trace without an event, such as noise, stands for itself."""

    folder: str

    def classes(self) -> list[str]:
        """The classes that its metadata names, in order."""
        found = set()
        for chunk in seisbench.chunks_of(self.folder):
            with open(chunk.metadata, newline="", encoding="utf-8-sig") as text:
                found |= {seisbench.label_of(row) for row in csv.DictReader(text)}
        return sorted(found - {""})

    def listing(self, rejected: Rejected) -> Listing:
        """Events, classes and units of rows from the metadata alone."""
        labels, times, units = {}, {}, []
        for number, chunk in enumerate(seisbench.chunks_of(self.folder)):
            count = 0
            with open(chunk.metadata, newline="", encoding="utf-8-sig") as text:
                for row in csv.DictReader(text):
                    count += 1
                    event = _event_or_self(row)
                    labels.setdefault(event, seisbench.label_of(row))
                    if event not in times:
                        times[event] = seisbench.time_of(row)
            units += [(number, first, first + UNIT_ROWS) for first in range(0, count, UNIT_ROWS)]
            rejected.extend(seisbench.unnamed_traces(chunk))
        return Listing(list(labels), list(labels.values()), list(times.values()), units)

    def read(self, unit: tuple, wanted: Callable[[str], bool], rejected: Rejected) -> Iterator[tuple[str, str, Record]]:
        """(key, event, record) of the rows of a unit whose event is wanted."""
        number, first, stop = unit
        chunk = seisbench.chunks_of(self.folder)[number]
        chosen = lambda row: wanted(_event_or_self(row))  # noqa: E731
        for trace in seisbench.read_chunk(chunk, rejected, chosen, range(first, stop)):
            yield f"{chunk.name}/{trace.name}", _event_or_self(trace.row), trace.record


@dataclass(frozen=True)
class NorciaSource:
    """A folder in the Norcia layout; `stations` empty takes all."""

    folder: str
    stations: tuple[str, ...] = ()

    def classes(self) -> list[str]:
        """Before and after."""
        return list(norcia_hdf5.LABELS.values())

    def listing(self, rejected: Rejected) -> Listing:
        """Events and classes from the attributes alone; a unit is a station before or after."""
        labels, times, units = {}, {}, []
        for path in norcia_hdf5.files_of(self.folder, rejected, self.stations):
            units.append((str(path),))
            for event, time in norcia_hdf5.events_of(path).items():
                labels.setdefault(event, norcia_hdf5.label_of(path))
                times.setdefault(event, time)
        return Listing(list(labels), list(labels.values()), list(times.values()), units)

    def read(self, unit: tuple, wanted: Callable[[str], bool], rejected: Rejected) -> Iterator[tuple[str, str, Record]]:
        """(key, event, record) of one file."""
        for record in norcia_hdf5.records_of_file(Path(unit[0]), rejected, lambda row: wanted(row["source_id"])):
            yield f"{record.event_id}.{record.station}.{record.label}", record.event_id, record


@dataclass(frozen=True)
class EventSource:
    """One's own waveform files with an event table and perhaps picks."""

    folder: str
    events: Catalog
    picks: tuple[Pick, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    longest_travel_s: float = 120.0

    def classes(self) -> list[str]:
        """The kinds of the events, in order."""
        return sorted(set(self.events.kind.tolist()) - {""})

    def listing(self, rejected: Rejected) -> Listing:
        """All events of the table, and units of some groups of files, whose headers are read."""
        groups = groups_of(self.folder, rejected)
        index = PickIndex(self.picks)
        for group in groups:
            for station in group.stations:
                index.around(station, group.start, group.end)
        rejected.extend(index.unasked())
        units = [tuple(groups[first : first + UNIT_GROUPS]) for first in range(0, len(groups), UNIT_GROUPS)]
        events = self._matcher.events
        return Listing(events.event_id.tolist(), events.kind.tolist(), list(events.time), units)

    def read(self, unit: tuple, wanted: Callable[[str], bool], rejected: Rejected) -> Iterator[tuple[str, str, Record]]:
        """(key, event, record) of some groups of files."""
        for group in unit:
            for record in group_records(group, self._matcher, self._index, rejected):
                if wanted(record.event_id):
                    place = "" if record.p_s is None else f".{record.p_s:.2f}"
                    yield f"{record.event_id}.{record.name}.{record.start}{place}", record.event_id, record

    @cached_property
    def _matcher(self) -> EventMatcher:
        return EventMatcher(self.events, self.files, self.longest_travel_s)

    @cached_property
    def _index(self) -> PickIndex:
        return PickIndex(self.picks)


def _event_or_self(row) -> str:
    """The event of a row of SeisBench's metadata; the trace's name where it has none."""
    return seisbench.event_of(row) or row["trace_name"]


def source_of(kind: str, folder: str | Path, events=None, picks=None, files=None):
    """The source for a folder of a kind of `folder_kinds.kind_of`."""
    from ..readers.event_table import read_events
    from ..waveforms.picks import as_picks

    if kind == "seisbench":
        return SeisbenchSource(str(folder))
    if kind == "norcia":
        return NorciaSource(str(folder))
    if kind == "waveforms" and events is not None:
        return EventSource(str(folder), read_events(events), as_picks(picks), dict(files or {}))
    received = f"{folder}, a folder of kind {kind}" + (" without events" if kind == "waveforms" else "")
    raise InputError("waveform files with an event table, SeisBench's or Norcia's layout", received, "give --events")
