"""Vertical records of earthquakes and explosions beside an event table, as in the Pacific Northwest collection.

The layout: `pnw_events.csv` with event_id, event_type, time, magnitude ..., and `pnw/EVENT_NET.STA.CHA.TIME.mseed` with
vertical channels, mostly one each. Of a file's name only the event counts: station, channel, rate and time come from
the headers.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..vertical_record import VerticalRecord
from ..waveforms.float32_samples import in_float32
from ..waveforms.segments import Conflict, Segment, in_seconds, join, without_holes
from .kinds import quakeml_kinds
from .miniseed import read_stream

EVENTS, WAVEFORMS = "pnw_events.csv", "pnw"
#: QuakeML's words for the classes; events of other kinds are refused.
CLASS_OF_KIND = {
    "earthquake": "earthquake",
    **dict.fromkeys(("explosion", "quarry blast", "mining explosion", "industrial explosion"), "blast"),
}
# Slower channels (LH, VH) hold nothing of the band in which blasts and earthquakes differ.
LOWEST_RATE_HZ = 40.0
SHORTEST_S = 30.0


def read_events(path: str | os.PathLike) -> dict[str, dict]:
    """event_id -> {"label", "kind", "origin" (datetime64[us], UTC), "magnitude"} of the event table."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"the event table {EVENTS}", f"nothing at {path}", "put it into the folder")
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    missing = {"event_id", "event_type", "time", "magnitude"} - set(rows[0] if rows else ())
    if missing:
        raise InputError("columns event_id, event_type, time and magnitude", f"{path} without {sorted(missing)}", "add")
    events = {}
    for line, (row, kind) in enumerate(zip(rows, quakeml_kinds([r["event_type"] for r in rows]), strict=True), 2):
        if row["event_id"] in events:
            raise InputError("each event once", f"{row['event_id']} again in line {line} of {path}", "drop one")
        try:
            origin = np.datetime64(row["time"].removesuffix("Z"), "us")
            magnitude = float(row["magnitude"] or "nan")
        except ValueError as error:
            raise InputError("a UTC time and a magnitude", f"{error} in line {line} of {path}", "mend it") from error
        events[row["event_id"]] = {
            "label": CLASS_OF_KIND.get(str(kind), ""),
            "kind": str(kind),
            "origin": origin,
            "magnitude": magnitude,
        }
    return events


def pnw_records(folder: str | os.PathLike, rejected: list[tuple[str, str]]) -> Iterator[VerticalRecord]:
    """The vertical records of a folder, one at a time in order of the files' names.

    Arguments:
        folder: holds pnw_events.csv and pnw/. rejected: receives (file, reason) for what is left out.
    """
    folder = Path(folder)
    events = read_events(folder / EVENTS)
    paths = sorted((folder / WAVEFORMS).glob("*.mseed"))
    if not paths:
        raise InputError("a folder of miniSEED files", f"none in {folder / WAVEFORMS}", "check the folder")
    seen = set()
    for path in paths:
        try:
            event_id, event, traces = _open(path, events)
        except InputError as error:
            rejected.append((path.name, str(error)))
            continue
        for name in sorted({trace.id for trace in traces}):
            try:
                record = _vertical([trace for trace in traces if trace.id == name], event_id, event, path)
                if record.key in seen:
                    raise InputError("a channel once an event", f"{record.key} again", "drop one of the files")
            except (InputError, Conflict) as error:
                rejected.append((f"{path.name} {name}", str(error)))
                continue
            seen.add(record.key)
            yield record


def _open(path: Path, events: dict[str, dict]) -> tuple[str, dict, list]:
    """The event of a file and its traces."""
    event_id = path.stem.partition("_")[0]
    event = events.get(event_id)
    if event is None:
        raise InputError("an event of the table", f"{event_id!r}", "add it to the table")
    if not event["label"]:
        raise InputError("an earthquake or an explosion", f"{event['kind']}", "leave it out")
    return event_id, event, list(read_stream(path))


def _vertical(traces: list, event_id: str, event: dict, path: Path) -> VerticalRecord:
    """The longest part without a gap of one channel's traces."""
    named = path.stem.partition("_")[2]
    stats = traces[0].stats
    if stats.channel[-1:] != "Z":
        raise InputError("a vertical channel", f"{traces[0].id}", "leave it out")
    if stats.sampling_rate < LOWEST_RATE_HZ:
        raise InputError(f"at least {LOWEST_RATE_HZ:g} Hz", f"{stats.sampling_rate:g} Hz", "leave it out")
    pieces = []
    for trace in traces:
        data, mask = trace.data, np.ma.getmaskarray(trace.data) if np.ma.isMaskedArray(trace.data) else None
        start = np.datetime64(str(trace.stats.starttime).removesuffix("Z"), "us")
        pieces += without_holes(Segment(start, float(trace.stats.sampling_rate), np.ma.getdata(data)), mask)
    parts, history = join(pieces)
    if not parts:
        raise InputError("finite samples", "none", "leave it out")
    longest = max(parts, key=lambda part: len(part.data))
    duration_s = len(longest.data) / longest.rate_hz
    if len(parts) > 1:
        history.append(f"the longest of {len(parts)} parts between gaps, {duration_s:g} s")
    if duration_s < SHORTEST_S:
        raise InputError(f"{SHORTEST_S:g} s without a gap", f"{duration_s:g} s", "leave it out")
    if np.ptp(longest.data) == 0:
        raise InputError("a live channel", f"{duration_s:g} s of one value", "leave it out")
    if not named.startswith(f"{stats.network}.{stats.station}."):
        history.append(f"the file's name says {named}, its header {traces[0].id}")
    samples, remarks = in_float32(longest.data)
    return VerticalRecord(
        samples,
        longest.rate_hz,
        longest.start,
        stats.network,
        stats.station,
        stats.location,
        stats.channel,
        event_id=event_id,
        label=event["label"],
        origin_s=in_seconds(event["origin"] - longest.start),
        magnitude=event["magnitude"],
        history=(*history, *remarks),
    )
