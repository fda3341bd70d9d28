"""Reading: any earthquake list, file or folder, as one catalogue with an account of every row that did not fit."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..catalog import Catalog
from ..check.duplicates import repeated_rows
from ..errors import InputError
from ..progress import track
from .ledger import Ledger, Rejected
from .rows import Rows, concatenate, sift
from .sources import content_of, files_of

# In the order in which they are asked; "columns" needs a map and is never guessed.
FORMATS = ("quakeml", "own", "fdsn_text", "ncedc_dd", "isc_gem", "scedc", "jma", "comcat")
HEAD_BYTES = 20_000
SAME_ROW = "the same row again"
REPLACED = "replaced by a later row with the same id"


class FileRead(NamedTuple):
    """One file: its path, its format, the rows in it and the events kept of them before duplicates."""

    path: Path
    format: str
    rows: int
    events: int


@dataclass(frozen=True)
class Reading:
    """What was read.

    Arguments:
        catalog: the events.
        files: one entry a file.
        counts: rejected rows by reason, all of them.
        rejected: the first rows of each reason by name: file, line, reason, received.
        notes: what was changed or passed over without losing an event, with how often.
    """

    catalog: Catalog
    files: tuple[FileRead, ...]
    counts: dict[str, int]
    rejected: tuple[Rejected, ...]
    notes: dict[str, int]

    @property
    def rejected_rows(self) -> int:
        """How many rows are not in the catalogue."""
        return sum(self.counts.values())

    @property
    def summary(self) -> str:
        """One line: events, files, formats, period, rejected rows by reason."""
        formats = ", ".join(sorted({file.format for file in self.files}))
        where = f"{len(self.files)} files" if len(self.files) > 1 else self.files[0].path.name
        period = ""
        if len(self.catalog):
            period = ", " + " to ".join(str(self.catalog.time[i].astype("datetime64[D]")) for i in (0, -1))
        reasons = "; ".join(f"{count} {reason}" for reason, count in self.counts.items())
        rejected = f"{self.rejected_rows} rows rejected ({reasons})" if reasons else "no row rejected"
        return f"{len(self.catalog)} events from {where} ({formats}){period}; {rejected}"

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return {
            "events": len(self.catalog),
            "files": [{**file._asdict(), "path": str(file.path)} for file in self.files],
            "rejected": dict(self.counts),
            "rejected_named": [{**row._asdict(), "why": row.why} for row in self.rejected],
            "notes": dict(self.notes),
        }


def read_catalog(
    source: str | os.PathLike | Iterable[str | os.PathLike],
    format: str | None = None,
    strict: bool = False,
    columns: Mapping | None = None,
    timezone: str | None = None,
) -> Reading:
    """Read earthquake lists into one catalogue.

    Arguments:
        source: a file, a folder, a glob, or a list of these; gzipped or not.
        format: one of `FORMATS`; recognised from the content where None.
        strict: raise InputError at the first bad row of a file.
        columns: for any other table, the map of `columns.read`.
        timezone: whose clock the times without a zone show. A known format's own standard (UTC) holds where None; a
            column map has none, so there such times are refused.

    A bad row is counted, named and left out. Equal rows are kept once; of rows with one id and different solutions
    the last one read is kept (files in order of name), both counted as rejected without stopping a strict reading.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.csv"
    >>> header = "time,latitude,longitude,depth,mag\\n"
    >>> _ = path.write_text(header + "2016-08-24T01:36:32Z,42.7,13.2,8,6.0\\nnever,1,2,3,4\\n")
    >>> reading = read_catalog(path)
    >>> reading.summary
    '1 events from a.csv (comcat), 2016-08-24 to 2016-08-24; 1 rows rejected (1 time not understood)'
    >>> reading.rejected[0].why
    "time not understood: 'never'"
    """
    if format is not None and format not in FORMATS:
        raise InputError(
            f"a catalogue format of {', '.join(FORMATS)}", repr(format), "leave it out to have it recognised"
        )
    paths, from_folder = files_of(source)
    ledger, parts, files = Ledger(), [], []
    for path in track(paths, "reading"):
        ledger.open(path.name)
        data = content_of(path)
        reader = _reader(path, data, format, columns, skip=from_folder)
        if reader is None:
            ledger.note(f"{path.name} passed over, no catalogue format", 1)
            continue
        refused_before = sum(ledger.counts.values())
        rows = _rows(reader, data, ledger, columns, timezone)
        good = sift(rows, ledger)
        if strict:
            ledger.raise_first()
        if not len(good) and (len(rows) or ledger.first is not None or len(paths) == 1):
            raise InputError(
                "at least one good event",
                f"none in {path} ({ledger.first or 'no rows after the header'})",
                "check the file and its format",
            )
        refused = sum(ledger.counts.values()) - refused_before
        parts.append(good)
        files.append(FileRead(path, reader.NAME, len(good) + refused, len(good)))
    if not files or not any(len(part) for part in parts):
        raise InputError(
            f"a catalogue in one of the formats {', '.join(FORMATS)}",
            f"{source} with {len(paths)} files and no event",
            'give the files, or columns={"time": ..., "latitude": ..., "longitude": ..., "magnitude": ...}',
        )
    catalog = _joined(parts, files, ledger)
    return Reading(catalog, tuple(files), dict(ledger.counts), tuple(ledger.rows), dict(ledger.notes))


def _joined(parts: list[Rows], files: list[FileRead], ledger: Ledger) -> Catalog:
    """One catalogue of all files, repeated rows left out and accounted for."""
    rows = concatenate(parts)
    numbers = [rows.latitude, rows.longitude, rows.depth_km, rows.magnitude]
    same, replaced, reused = repeated_rows(rows.time, rows.event_id, numbers)
    ledger.note("ids that name events more than an hour apart, all kept", reused)
    if same.any() or replaced.any():
        file = np.repeat(np.arange(len(files)), [len(part) for part in parts])
        for reason, mask in ((SAME_ROW, same), (REPLACED, replaced)):
            for number in np.unique(file[mask]):
                which = mask & (file == number)
                ids = rows.event_id[which] if not isinstance(rows.event_id, str) else None
                ledger.reject(reason, rows.line[which], ids, file=files[number].path.name)
        rows = rows.take(~(same | replaced))
    return Catalog.unsorted(
        rows.time, rows.latitude, rows.longitude, rows.depth_km, rows.magnitude, rows.kind, rows.event_id
    )


def _reader(path: Path, data: bytes, format: str | None, columns, skip: bool):
    """The module that reads this file; None for a stranger in a folder."""
    if columns is not None:
        return import_module(".columns", __package__)
    if format is not None:
        return import_module(f".{format}", __package__)
    head = data[:HEAD_BYTES]
    for name in FORMATS:
        reader = import_module(f".{name}", __package__)
        if reader.recognises(head):
            return reader
    if skip:
        return None
    first = next(iter(head.decode("utf-8", "replace").strip().splitlines()), "")[:80]
    raise InputError(
        f"a catalogue in one of the formats {', '.join(FORMATS)}",
        f"{path} beginning with {first!r}",
        'give columns={"time": ..., "latitude": ..., "longitude": ..., "magnitude": ...}',
    )


def _rows(reader, data: bytes, ledger: Ledger, columns, timezone: str | None) -> Rows:
    if reader.NAME == "columns":
        return reader.read(data, ledger, columns, timezone)
    if not getattr(reader, "FIXED_TIMES", False):
        return reader.read(data, ledger, timezone)
    if timezone is not None:
        raise InputError(
            f"no time zone for the format {reader.NAME}, whose standard says it", repr(timezone), "leave it out"
        )
    return reader.read(data, ledger)
