"""Which pick belongs to which record: the arrivals that records carry, and the picks that fit none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ..record import Record
from .picks import Pick
from .segments import in_seconds

SAME_ARRIVAL_S = 0.5
_HALF_HOUR_S = 1800.0


def assign(records: Sequence[Record], picks: Iterable[Pick]) -> tuple[list[Record], list[tuple[str, str]]]:
    """Give each record its P and S; returns the records and (pick, reason) for every pick that was not used.

    A record with several P picks is returned once for each, so that every event in it becomes a record of its own; they
    share the samples. An S pick goes to the P of its event, or without event ids to the last P before it. Records
    without a pick are returned as they are.
    """
    used: set[Pick] = set()
    reasons: dict[Pick, str] = {}
    picks = tuple(dict.fromkeys(picks))
    starts: dict[str, np.datetime64] = {}
    for record in records:
        starts[record.name] = min(record.start, starts.get(record.name, record.start))
    assigned = []
    for record in records:
        inside = []
        for pick in picks:
            if pick.fits(record.network, record.station, record.location, record.band):
                at = _seconds_into(record, pick, starts[record.name])
                if 0 <= at < record.duration_s:
                    inside.append((at, pick))
        assigned.extend(_with_arrivals(record, inside, used, reasons))
    unused = [(pick, reasons.get(pick) or _why_unused(pick, records, starts)) for pick in picks if pick not in used]
    return assigned, _told([item for item in unused if item[1]])


def _seconds_into(record: Record, pick: Pick, data_start: np.datetime64) -> float:
    """Seconds from the record's first sample to the pick."""
    if pick.time is None:
        return pick.after_start_s - in_seconds(record.start - data_start)
    return in_seconds(pick.time - record.start)


def _with_arrivals(record, inside, used, reasons) -> list[Record]:
    """The record once for each P among the picks inside it."""
    firsts = _distinct([item for item in inside if item[1].phase == "P"], reasons)
    seconds = _distinct([item for item in inside if item[1].phase == "S"], reasons)
    if not inside:
        return [record]
    if not firsts:
        for _, pick in seconds[1:]:
            reasons[pick] = "a second S pick in a record without P"
        used.add(seconds[0][1])
        event_id = seconds[0][1].event_id or record.event_id
        return [replace(record.done("S from the given picks"), s_s=seconds[0][0], event_id=event_id)]
    owners: dict[int, tuple[float, Pick]] = {}
    for at, pick in seconds:
        before = [i for i, (p_at, p) in enumerate(firsts) if p_at < at and _same_event(p, pick)]
        if not before:
            reasons[pick] = f"not after the P pick at {firsts[0][0]:.2f} s of {record.name}"
        elif before[-1] in owners:
            reasons[pick] = f"a second S pick for the P at {firsts[before[-1]][0]:.2f} s of {record.name}"
        else:
            owners[before[-1]] = (at, pick)
            used.add(pick)
    results = []
    for i, (at, pick) in enumerate(firsts):
        used.add(pick)
        s_at = owners[i][0] if i in owners else None
        what = "P and S from the given picks" if i in owners else "P from the given picks"
        results.append(replace(record.done(what), p_s=at, s_s=s_at, event_id=pick.event_id or record.event_id))
    return results


def _same_event(one: Pick, other: Pick) -> bool:
    """Whether two picks may be of one event."""
    return not one.event_id or not other.event_id or one.event_id == other.event_id


def _distinct(items: list[tuple[float, Pick]], reasons: dict[Pick, str]) -> list[tuple[float, Pick]]:
    """Arrivals in order of time, one of those that are the same: the pick that names its channel most fully."""
    kept: list[tuple[float, Pick]] = []
    for at, pick in sorted(items, key=lambda item: item[0]):
        if kept and at - kept[-1][0] < SAME_ARRIVAL_S and _same_event(pick, kept[-1][1]):
            loser = kept[-1][1] if pick.station.count(".") > kept[-1][1].station.count(".") else pick
            if loser is not pick:
                kept[-1] = (at, pick)
            reasons[loser] = f"the same arrival as the {kept[-1][1]}"
        else:
            kept.append((at, pick))
    return kept


def _why_unused(pick: Pick, records: Sequence[Record], starts: dict[str, np.datetime64]) -> str:
    """Why no record took the pick, with a hint where half hours are between them."""
    if pick.station == "*" and not records:
        return "no record"
    fitting = [r for r in records if pick.fits(r.network, r.station, r.location, r.band)]
    if not fitting:
        return "no record of this station"
    spans = ", ".join(f"{str(r.start)[:22]} for {r.duration_s:g} s" for r in fitting[:3])
    reason = f"outside its {len(fitting)} record(s): {spans}{', ...' if len(fitting) > 3 else ''}"
    if pick.time is None:
        return reason
    for record in fitting:
        if hint := local_time_hint(in_seconds(pick.time - record.start), record.duration_s):
            return reason + hint
    return reason


def local_time_hint(at_s: float, duration_s: float) -> str:
    """What to say of a pick so many seconds after a record's start if half hours would move it inside; else "".

    >>> local_time_hint(7207.5, 30.0)
    '; moved by -2 h it would be inside: is it local time? Picks are UTC'
    """
    shift = round((at_s - duration_s / 2) / _HALF_HOUR_S)
    if 0 < abs(shift) <= 28 and 0 <= at_s - shift * _HALF_HOUR_S < duration_s < _HALF_HOUR_S:
        return f"; moved by {-shift / 2:+g} h it would be inside: is it local time? Picks are UTC"
    return ""


def _told(unused: list[tuple[Pick, str]]) -> list[tuple[str, str]]:
    """(pick, reason) rows; picks of stations without a record in one row where there are many."""
    elsewhere = [pick for pick, reason in unused if reason == "no record of this station"]
    if len(elsewhere) <= 3:
        return [(str(pick), reason) for pick, reason in unused]
    stations = sorted({pick.station for pick in elsewhere})
    names = ", ".join(stations[:5]) + (f" and {len(stations) - 5} more" if len(stations) > 5 else "")
    rest = [(str(pick), reason) for pick, reason in unused if pick not in elsewhere]
    return [*rest, (f"{len(elsewhere)} picks", f"no record of their stations: {names}")]
