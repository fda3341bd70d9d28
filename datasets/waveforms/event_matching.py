"""Which event of a catalogue a record shows: by a table of files, by the file's name, by its P, or by its time."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..catalog import Catalog
from ..errors import InputError
from .segments import Conflict, in_seconds, seconds

# P travels S - P over (Vp / Vs - 1) seconds; Vp / Vs is 1.73 in most rocks.
_P_TRAVEL_OVER_S_MINUS_P = 1 / 0.73
_SEPARATOR = re.compile(r"[^A-Za-z0-9]+")


class EventMatcher:
    """A catalogue that answers which of its events a file or a record belongs to.

    Arguments:
        events: with event ids; without any, origin times stand for them.
        files: file name to event id, where a table says it; it is believed without a look at the time.
        longest_travel_s: no P arrives later than this after the origin.

    >>> catalog = Catalog(["2020-01-01T00:00:00"], [42.7], [13.2], [8.0], [2.0], event_id=["ev17"])
    >>> matcher = EventMatcher(catalog)
    >>> start = np.datetime64("2020-01-01T00:00:05")
    >>> matcher.event_of("ev17_NRCA.mseed", start, start + np.timedelta64(30, "s"))
    'ev17'
    """

    def __init__(self, events: Catalog, files: Mapping[str, str] | None = None, longest_travel_s: float = 120.0):
        if not (events.event_id != "").any():
            # Origin times stand for the ids that the table does not give.
            events = replace(events, event_id=np.datetime_as_string(events.time, unit="ms"))
        if len(np.unique(events.event_id)) < len(events) or (events.event_id == "").any():
            received = f"{len(events)} events with {len(np.unique(events.event_id))} ids"
            raise InputError("an id of its own for each event", received, "add a column event_id")
        self.events, self.files, self.longest_travel_s = events, dict(files or {}), longest_travel_s
        # QuakeML ids are paths; their last part is what picks and files are named by.
        self._rows = {str(i).rsplit("/", 1)[-1]: row for row, i in enumerate(events.event_id)}
        self._rows |= {str(i): row for row, i in enumerate(events.event_id)}

    def row(self, event_id: str) -> int:
        """The row of an event in the catalogue; Conflict where there is none."""
        if event_id not in self._rows:
            raise Conflict(f"event {event_id} is not among the {len(self.events)} of the table")
        return self._rows[event_id]

    def kind(self, event_id: str) -> str:
        """The kind of an event, such as "earthquake"."""
        return str(self.events.kind[self.row(event_id)])

    def event_of(
        self,
        path: str | os.PathLike,
        start: np.datetime64,
        end: np.datetime64,
        p_s: float | None = None,
        s_s: float | None = None,
        named: str = "",
    ) -> str:
        """The id of the one event that fits; Conflict says why there is none or more than one.

        Arguments:
            path: of the file; parts of its name or of its folder's name that are event ids count if the time fits.
            start, end: of the record. p_s, s_s: arrivals in seconds after the start, None where unknown.
            named: the event that the record's picks name, "" where they name none.
        """
        path = Path(path)
        told = named or self.files.get(path.name, "")
        if told:
            return str(self.events.event_id[self.row(told)])
        possible = self._by_time(start, end, p_s)
        by_name = [row for row in self._by_name(path) if row in possible]
        if len(by_name) == 1:
            return str(self.events.event_id[by_name[0]])
        rows = by_name or possible
        if len(rows) > 1 and p_s is not None and s_s is not None:
            rows = self._by_distance(rows, start, p_s, s_s)
        if len(rows) == 1:
            return str(self.events.event_id[rows[0]])
        if not rows:
            since = start - seconds(self.longest_travel_s)
            also = "".join(
                f"; its name says {self.events.event_id[row]}, of {str(self.events.time[row])[:19]}"
                for row in self._by_name(path)[:1]
            )
            raise Conflict(f"no event from {str(since)[:19]} to {str(end)[:19]}{also}")
        names = ", ".join(str(self.events.event_id[row]) for row in rows[:4])
        raise Conflict(f"{len(rows)} events in its time: {names}; picks with event ids would tell which")

    def _by_time(self, start: np.datetime64, end: np.datetime64, p_s: float | None) -> list[int]:
        """Rows of the events whose P can be in the record, or can be its P."""
        if np.isnat(start):
            return []
        first, last = start, end
        if p_s is not None:
            first = last = start + seconds(p_s)
        time = self.events.time
        low = np.searchsorted(time, first - seconds(self.longest_travel_s), "left")
        return list(range(int(low), int(np.searchsorted(time, last, "right"))))

    def _by_name(self, path: Path) -> list[int]:
        """Rows of the events whose ids are parts of the file's name, or of its folder's where the name has none."""
        for text in (path.name, path.parent.name):
            starts = [0] + [found.end() for found in _SEPARATOR.finditer(text)]
            ends = [found.start() for found in _SEPARATOR.finditer(text)] + [len(text)]
            parts = {text[a:b] for a in starts for b in ends if a < b}
            longest = max((len(part) for part in parts if part in self._rows), default=0)
            if longest:
                return sorted({self._rows[part] for part in parts if len(part) == longest and part in self._rows})
        return []

    def _by_distance(self, rows: list[int], start: np.datetime64, p_s: float, s_s: float) -> list[int]:
        """Rows whose origin is where S - P puts it, within two seconds or a quarter of the travel time; else all."""
        travel_s = (s_s - p_s) * _P_TRAVEL_OVER_S_MINUS_P
        since_s = np.array([p_s - in_seconds(self.events.time[row] - start) for row in rows])
        fitting = np.flatnonzero(np.abs(since_s - travel_s) <= max(2.0, 0.25 * travel_s))
        return [rows[i] for i in fitting] if len(fitting) else rows
