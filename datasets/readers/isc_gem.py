"""Catalogues of the International Seismological Centre: its event catalogue as CSV, and ISC-GEM's main catalogue."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from .delimited import Table, header_names, read_named, read_table, utc_times
from .kinds import quakeml_kinds
from .ledger import Ledger
from .rows import Rows
from .text import to_number, to_str

NAME = "isc_gem"
GEM = {"time": "date", "latitude": "lat", "longitude": "lon", "depth": "depth", "magnitude": "mw", "id": "eventid"}
ISC = {"EVENTID", "DATE", "TIME", "LAT", "LON", "DEPTH"}
# Event types of the ISC: k for known, s for suspected; the second letter says what.
KINDS = {
    "uk": "not reported",
    "de": "earthquake",
    "fe": "earthquake",
    "ke": "earthquake",
    "se": "earthquake",
    "kr": "rock burst",
    "sr": "rock burst",
    "ki": "induced or triggered event",
    "si": "induced or triggered event",
    "km": "mining explosion",
    "sm": "mining explosion",
    "kh": "chemical explosion",
    "sh": "chemical explosion",
    "kx": "experimental explosion",
    "sx": "experimental explosion",
    "kn": "nuclear explosion",
    "sn": "nuclear explosion",
    "ls": "landslide",
}
# Of several magnitudes the one that saturates last, and ISC's own before another agency's of the same scale.
SCALES = ("mw", "ms", "mb", "ml")


def recognises(head: bytes) -> bool:
    """Whether a file begins as one of the two formats does.

    >>> recognises(b"#       date         ,   lat  ,    lon  , smajax, sminax, strike, q, depth, unc, q, mw\\n")
    True
    >>> recognises(b"DATA_TYPE EVENT_CATALOGUE\\n")
    True
    """
    return _gem_header(head) is not None or _isc_header(head) is not None or b"DATA_TYPE EVENT_CATALOGUE" in head


def read(data: bytes, ledger: Ledger, timezone: str | None = None) -> Rows:
    """The rows of a file; times are UTC. ISC-GEM holds earthquakes only and gives moment magnitudes."""
    gem = _gem_header(data[:20_000])
    if gem is not None:
        return read_named(data, ledger, *gem, GEM, timezone or "UTC")
    header = _isc_header(data)
    if header is None:
        raise InputError(
            f"a header line with {', '.join(sorted(ISC))}",
            f"none in {ledger.file}",
            "ask the ISC for an event catalogue",
        )
    return _isc(data, ledger, *header, timezone or "UTC")


def _gem_header(head: bytes) -> tuple[int, str] | None:
    """The last comment line with the columns of ISC-GEM."""
    found = None
    for number, line in enumerate(head.split(b"\n"), 1):
        if not line.startswith(b"#"):
            break
        text = line.decode("utf-8", "replace").strip()
        if {"date", "lat", "lon", "mw"} <= set(header_names(text, ",")):
            found = number, text
    return found


def _isc_header(data: bytes) -> tuple[int, str] | None:
    """The line EVENTID,[TYPE,]AUTHOR,DATE,TIME, ... of an event catalogue, which may stand inside a web page."""
    at = data.find(b"EVENTID")
    if at < 0:
        return None
    start = data.rfind(b"\n", 0, at) + 1
    end = data.find(b"\n", at)
    text = data[at : len(data) if end < 0 else end].decode("utf-8", "replace").strip()
    return (data.count(b"\n", 0, start) + 1, text) if set(header_names(text, ",")) >= ISC else None


def _isc(data: bytes, ledger: Ledger, header_line: int, header: str, timezone: str) -> Rows:
    """An event catalogue: one line an event, then author, scale and value of as many magnitudes as it has."""
    import pyarrow.compute as pc

    names = header_names(header, ",")
    place = names.index("DEPFIX") + 1 if "DEPFIX" in names else names.index("DEPTH") + 1
    lines = data.split(b"\n")
    for i in range(header_line, len(lines)):
        if lines[i].strip().startswith((b"STOP", b"</pre", b"No events")):
            lines = lines[:i]
            break
    # Lines of different length: fill them up with empty magnitudes.
    widest = max((line.count(b",") + 1 for line in lines[header_line:]), default=place)
    magnitudes = max(-(-(widest - place) // 3), 1)
    fields = place + 3 * magnitudes
    lines[header_line:] = [
        line.rstrip(b"\r, ") + b"," * (fields - 1 - line.rstrip(b"\r, ").count(b","))
        if line.count(b",") + 1 >= place - 1
        else line
        for line in lines[header_line:]
    ]
    labels = [f"{what}{i}" for i in range(magnitudes) for what in ("author", "scale", "value")]
    table = read_table(b"\n".join(lines), ledger, header_line, names[:place] + labels, ",")
    faults: list[tuple] = []
    stamp = pc.binary_join_element_wise(table.text("DATE"), table.text("TIME"), " ")
    magnitude, bad = _preferred(table, magnitudes)
    if bad.any():
        faults.append(("magnitude is not a number", bad, None))
    return Rows(
        line=table.line,
        time=utc_times(stamp, faults, ledger, timezone),
        latitude=table.number("LAT", faults),
        longitude=table.number("LON", faults),
        depth_km=table.number("DEPTH", faults),
        magnitude=magnitude,
        kind=quakeml_kinds(table.text("TYPE"), KINDS, ledger) if "TYPE" in names[:place] else "earthquake",
        event_id=table.strings("EVENTID"),
        faults=faults,
    )


def _preferred(table: Table, magnitudes: int) -> tuple[np.ndarray, np.ndarray]:
    """The preferred magnitude of each row, and the rows with a magnitude that is no number."""
    best = np.full(len(table), np.nan)
    rank = np.full(len(table), 99)
    broken = np.zeros(len(table), bool)
    for i in range(magnitudes):
        value, bad = to_number(table.text(f"value{i}"))
        scale = np.char.lower(to_str(table.text(f"scale{i}")).astype("U2"))
        own = to_str(table.text(f"author{i}")) == "ISC"
        score = np.full(len(table), 2 * len(SCALES))
        for place, name in enumerate(SCALES):
            score[scale == name] = 2 * place
        score = np.where(np.isnan(value), 99, score + ~own)
        better = score < rank
        best, rank = np.where(better, value, best), np.where(better, score, rank)
        broken |= bad
    return best, broken & np.isnan(best)
