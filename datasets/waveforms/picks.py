"""Picks: phase arrivals from a dict, a CSV table or a QuakeML event, and which record each belongs to."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

import numpy as np

from ..errors import InputError

PHASES = ("P", "S")
_OFFSET = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")


@dataclass(frozen=True)
class Pick:
    """One phase arrival.

    Arguments:
        station: "STA", "NET.STA", "NET.STA.LOC", "NET.STA.LOC.CHA" (channel with or without its component), or "*".
        phase: "P" or "S".
        time: UTC, `datetime64[us]`; or None.
        after_start_s: seconds after the start of the station's data, where `time` is None.
        event_id: the event it belongs to, "" where unknown.

    >>> Pick("IV.NRCA", "P", np.datetime64("2016-10-30T06:40:20")).fits("IV", "NRCA", "", "HH")
    True
    """

    station: str
    phase: str
    time: np.datetime64 | None = None
    after_start_s: float | None = None
    event_id: str = ""

    def __post_init__(self):
        if self.phase not in PHASES:
            raise InputError("a phase P or S", f"{self.phase!r} for {self.station}", "rename or remove the pick")
        if (self.time is None) == (self.after_start_s is None):
            raise InputError("a pick with a time or seconds after the start", f"{self}", "give one of the two")

    def __str__(self) -> str:
        when = f"{self.after_start_s:g} s after the start" if self.time is None else f"{str(self.time)[:22]} UTC"
        return f"{self.phase} pick of {self.station} at {when}"

    def fits(self, network: str, station: str, location: str, band: str) -> bool:
        """Whether the pick is of this station; the parts that the pick does not name fit any."""
        if self.station == "*":
            return True
        parts = self.station.split(".")
        if len(parts) == 1:
            return parts[0] == station
        codes = (network, station, location, band)
        named = (*parts[:3], parts[3][: len(band)]) if len(parts) > 3 else tuple(parts)
        return named == codes[: len(named)]


def utc(value) -> np.datetime64:
    """A time as `datetime64[us]` in UTC; an offset such as +02:00 is converted, no offset means UTC.

    >>> utc("2009-08-24T02:20:07.7+02:00")
    np.datetime64('2009-08-24T00:20:07.700000')
    """
    text = str(value).strip().replace("/", "-").replace(" ", "T", 1)
    offset = _OFFSET.search(text) if "T" in text else None
    if offset:
        text = text[: offset.start()]
    try:
        time = np.datetime64(text, "us")
    except ValueError as error:
        raise InputError("a UTC time such as 2016-10-30T06:40:17.3", f"{value!r}", "mend the pick") from error
    if np.isnat(time):
        raise InputError("a UTC time such as 2016-10-30T06:40:17.3", f"{value!r}", "mend the pick")
    if offset and offset.group() != "Z":
        sign, hours, minutes = offset.group()[0], offset.group()[1:3], offset.group()[-2:]
        shift = np.timedelta64(int(hours) * 60 + int(minutes), "m")
        time = time - shift if sign == "+" else time + shift
    return time


def as_picks(source, phase: str = "P") -> tuple[Pick, ...]:
    """Picks from whatever a user has.

    Arguments:
        source: None; a number (seconds after the start, for every station); a dict of station to a time, to seconds
            after the start, or to a dict of phase to one of these; a path to CSV or QuakeML; an obspy Event or Catalog;
            or picks.
        phase: the phase of numbers and of dicts that name none.

    >>> [str(pick) for pick in as_picks({"NRCA": 5.0})]
    ['P pick of NRCA at 5 s after the start']
    """
    if source is None:
        return ()
    if isinstance(source, Pick):
        return (source,)
    if isinstance(source, Real) and not isinstance(source, bool):
        return (_pick("*", phase, source),)
    if isinstance(source, (str, os.PathLike)):
        return read_picks(source)
    # An obspy Event is a mapping too, so that it is asked for first.
    if hasattr(source, "picks"):
        return _from_events([source])
    if isinstance(source, Mapping):
        return tuple(
            _pick(str(station), kind, time)
            for station, value in source.items()
            for kind, time in (value.items() if isinstance(value, Mapping) else ((phase, value),))
        )
    if isinstance(source, Iterable):
        items = tuple(source)
        if all(isinstance(item, Pick) for item in items):
            return items
        if all(hasattr(item, "picks") for item in items):
            return _from_events(items)
    raise InputError("picks as seconds, dict, CSV, QuakeML or Pick objects", f"{type(source).__name__}", "see as_picks")


def read_picks(path: str | os.PathLike) -> tuple[Pick, ...]:
    """Picks of a file: QuakeML, or CSV with columns `station` (or `id`), `phase`, `time`, and perhaps `event_id`.

    `time` is UTC or a number of seconds after the start of the station's data.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("a file of picks", f"{path}, which does not exist", "check the path")
    head = path.read_bytes()[:200].lstrip()
    if not head:
        raise InputError("a file of picks", f"{path}, which is empty", "write the picks again")
    if head.startswith(b"<") or head.startswith(b"\xef\xbb\xbf<"):
        from obspy import read_events

        try:
            return _from_events(read_events(str(path)))
        except InputError:
            raise
        except Exception as error:  # obspy's readers raise whatever their parsing runs into
            raise InputError("a QuakeML file of picks", f"{path} ({error})", "export it again") from error
    return _from_csv(path)


def _from_csv(path: Path) -> tuple[Pick, ...]:
    """The rows of a CSV table of picks."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
            columns = rows[0].keys() if rows else ()
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError("a CSV or QuakeML file of picks", f"{path} ({error})", "check the file") from error
    names = {str(column).strip().lower(): column for column in columns}
    station = names.get("id", names.get("station"))
    if not rows or station is None or "phase" not in names or "time" not in names:
        received = f"columns {', '.join(map(str, names)) or 'none'} and {len(rows)} rows in {path}"
        raise InputError("columns station (or id), phase, time and at least one row", received, "add what is missing")
    picks = []
    for number, row in enumerate(rows, start=2):
        try:
            event = str(row.get(names.get("event_id"), "") or "").strip()
            picks.append(_pick(row[station] or "", row[names["phase"]] or "", row[names["time"]] or "", event))
        except InputError as error:
            raise InputError(error.expected, f"{error.received} in line {number} of {path}", error.remedy) from error
    return tuple(picks)


def _from_events(events) -> tuple[Pick, ...]:
    """The P and S picks of obspy events; other phases, and picks without one, are left out."""
    picks = []
    for event in events:
        phases = {
            str(arrival.pick_id): arrival.phase
            for origin in event.origins
            for arrival in origin.arrivals
            if arrival.phase
        }
        event_id = str(event.resource_id or "").rsplit("/", 1)[-1]
        for pick in event.picks:
            hint = (pick.phase_hint or phases.get(str(pick.resource_id)) or "").strip()
            # Pg, Pn, PcP: only the direct and head waves are first arrivals of their kind.
            kind = {"P": "P", "Pg": "P", "Pn": "P", "Pb": "P", "S": "S", "Sg": "S", "Sn": "S", "Sb": "S"}.get(hint)
            codes = pick.waveform_id
            if kind is None or codes is None or not codes.station_code:
                continue
            name = f"{codes.network_code}.{codes.station_code}" if codes.network_code else codes.station_code
            picks.append(_pick(name, kind, pick.time, event_id))
    if not picks:
        raise InputError("an event with P or S picks of named stations", "none", "export the picks with the event")
    return tuple(picks)


def _pick(station: str, phase: str, time, event_id: str = "") -> Pick:
    """A pick from a UTC time or a number of seconds after the start."""
    station, phase = station.strip(), phase.strip().upper()
    if not station:
        raise InputError("a station code", "none", "fill in the pick's station")
    try:
        after_start_s = float(time)
    except (TypeError, ValueError):
        return Pick(station, phase, utc(time), None, event_id)
    if type(time).__name__ == "UTCDateTime":
        # float() of obspy's time is a time stamp.
        return Pick(station, phase, utc(time), None, event_id)
    if not np.isfinite(after_start_s):
        raise InputError("a time or seconds after the start", f"{time!r}", "mend the pick")
    return Pick(station, phase, None, after_start_s, event_id)
