"""PickIndex: a large table of picks, asked for those around a record, and at the end for those never asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from .pick_assignment import local_time_hint
from .picks import Pick
from .segments import in_seconds, seconds

_NAMED = 20


class PickIndex:
    """Picks by station and time.

    >>> index = PickIndex([Pick("IV.NRCA", "P", np.datetime64("2016-10-30T06:40:20"))])
    >>> start = np.datetime64("2016-10-30T06:40:00")
    >>> len(index.around("NRCA", start, start + np.timedelta64(30, "s"))), index.unasked()
    (1, [])
    """

    def __init__(self, picks: Iterable[Pick]):
        self.picks = tuple(dict.fromkeys(picks))
        of_station = defaultdict(list)
        for number, pick in enumerate(self.picks):
            parts = pick.station.split(".")
            of_station[parts[0] if len(parts) == 1 else parts[1]].append(number)
        self._stations = {}
        for station, numbers in of_station.items():
            # NaT, of the picks in seconds after the start, sorts to the end.
            times = np.array([np.datetime64(self.picks[i].time or "NaT", "us") for i in numbers])
            order = np.argsort(times, kind="stable")
            self._stations[station] = (np.array(numbers)[order], times[order])
        self._asked = np.zeros(len(self.picks), bool)
        self._spans: dict[str, tuple[np.datetime64, float]] = {}

    def around(self, station: str, start: np.datetime64, end: np.datetime64) -> list[Pick]:
        """The picks of a station from `start` to `end`, and those that count from the start of its data."""
        self._spans.setdefault(station, (start, in_seconds(end - start)))
        found = []
        for name in (station, "*"):
            numbers, times = self._stations.get(name, (np.empty(0, int), np.empty(0, "datetime64[us]")))
            inside = ((times >= start) & (times < end + seconds(1e-6))) | np.isnat(times)
            found.extend(numbers[inside].tolist())
        self._asked[found] = True
        return [self.picks[i] for i in sorted(found)]

    def unasked(self) -> list[tuple[str, str]]:
        """(pick, reason) of the picks that lie in no record that was asked for: some by name, the rest counted."""
        rest = np.flatnonzero(~self._asked)
        rows = [(str(self.picks[i]), self._why(self.picks[i])) for i in rest[:_NAMED]]
        if len(rest) > _NAMED:
            rows.append((f"{len(rest) - _NAMED} more picks", "in no record"))
        return rows

    def _why(self, pick: Pick) -> str:
        parts = pick.station.split(".")
        span = self._spans.get(parts[0] if len(parts) == 1 else parts[1])
        if span is None:
            return "no record of this station"
        start, duration_s = span
        hint = "" if pick.time is None else local_time_hint(in_seconds(pick.time - start), duration_s)
        return f"in no record of this station{hint}"
