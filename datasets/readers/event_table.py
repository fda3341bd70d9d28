"""The event table that lies beside waveforms: a catalogue in any known format, or a CSV with the usual column names."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path

from ..catalog import Catalog
from ..errors import InputError
from .delimited import header_names, header_of, separator_of
from .reading import read_catalog
from .sources import content_of

# Names under which tables give what a catalogue needs, in the order of preference.
_USUAL = {
    "time": ("time", "origin_time", "datetime", "origin"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "long"),
    "depth": ("depth", "depth_km"),
    "magnitude": ("magnitude", "mag"),
    "kind": ("event_type", "type", "kind", "source_type"),
    "id": ("event_id", "id", "evid"),
}


def read_events(source, columns: Mapping | None = None, timezone: str | None = None) -> Catalog:
    """The events of a table.

    Arguments:
        source: a Catalog, or what `reading.read_catalog` takes; a CSV of unknown format is read by its column names.
        columns, timezone: see `reading.read_catalog`.
    """
    if isinstance(source, Catalog):
        return source
    try:
        return read_catalog(source, columns=columns, timezone=timezone).catalog
    except InputError:
        found = None if columns else _usual_columns(source)
        if found is None:
            raise
    return read_catalog(source, columns=found, timezone=timezone).catalog


def find_beside(folder: str | os.PathLike, what: str) -> Path | None:
    """The table `what` (.csv, .xml, .parquet) of a folder: in it, or beside it and named for it; None without one.

    >>> import pathlib, tempfile
    >>> home = pathlib.Path(tempfile.mkdtemp())
    >>> (home / "pnw").mkdir()
    >>> _ = (home / "pnw_events.csv").write_text("time")
    >>> find_beside(home / "pnw", "events").name
    'pnw_events.csv'
    """
    folder = Path(folder)
    places = [folder / what, folder.parent / f"{folder.name}_{what}"]
    if folder.name == "waveforms":
        places.append(folder.parent / what)
    for place in places:
        for suffix in (".csv", ".xml", ".parquet"):
            if (path := place.with_name(place.name + suffix)).is_file():
                return path
    return None


def read_file_table(path: str | os.PathLike) -> dict[str, str]:
    """File name to event id from a CSV table with columns `file` and `event_id`."""
    with open(path, newline="", encoding="utf-8-sig") as text:
        rows = csv.DictReader(text)
        if not {"file", "event_id"} <= set(rows.fieldnames or ()):
            received = f"{', '.join(rows.fieldnames or ()) or 'none'} in {path}"
            raise InputError("columns file and event_id", received, "rename them")
        return {Path(row["file"]).name: row["event_id"] for row in rows}


def _usual_columns(source) -> dict[str, str] | None:
    """The column map of a delimited file with usual names; None where one that is needed has none of them."""
    if not isinstance(source, (str, os.PathLike)) or not Path(source).is_file():
        return None
    header = header_of(content_of(Path(source)))[1]
    names = header_names(header, separator_of(header))
    found = {
        key: next(name for name in usual if name in names)
        for key, usual in _USUAL.items()
        if any(name in names for name in usual)
    }
    return found if {"time", "latitude", "longitude", "magnitude"} <= found.keys() else None
