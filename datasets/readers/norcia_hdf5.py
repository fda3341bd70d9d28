"""The Norcia 2016 layout: `STA_waveforms_{pre,post}.hdf5` beside `STA_attributes_{pre,post}.csv`.

One HDF5 data set a trace, (3, samples) in the order E, N, Z at 100 Hz, P at 5 s; one row of attributes a trace. A trace
name is STATION.NETWORK.EVENT.
Reference: Laurenti et al. 2024, Probing the evolution of fault properties during the seismic cycle with deep learning.
"""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..record import Record
from ..waveforms.picks import utc

LABELS = {"pre": "before", "post": "after"}
SAMPLING_RATE_HZ = 100.0
P_S = 5.0
_WAVEFORMS, _ATTRIBUTES = "_waveforms_", "_attributes_"
_NEEDED = ("trace_name", "trace_start_time", "network_code", "receiver_name", "source_id")


def norcia_records(
    folder: str | os.PathLike, rejected: list[tuple[str, str]], stations: tuple[str, ...] = ()
) -> Iterator[Record]:
    """The records of a folder, one at a time: station by station, before and after, in the order of the attributes.

    Arguments:
        folder: with the HDF5 and CSV files.
        rejected: receives (name, reason) for a file, row or trace that gave no record.
        stations: only these; all where empty.
    """
    for path in files_of(folder, rejected, stations):
        yield from records_of_file(path, rejected)


def files_of(folder: str | os.PathLike, rejected: list[tuple[str, str]], stations: tuple[str, ...] = ()) -> list[Path]:
    """The HDF5 files of a folder, station by station; one that is neither pre nor post goes to `rejected`."""
    paths = sorted(Path(folder).glob(f"*{_WAVEFORMS}*.hdf5"))
    found = {path.name.split(_WAVEFORMS)[0] for path in paths}
    unknown = [station for station in stations if station not in found]
    if not paths or unknown:
        raise InputError(
            f"files STATION{_WAVEFORMS}pre.hdf5 and {_WAVEFORMS[1:]}post.hdf5 for {', '.join(unknown) or 'a station'}",
            f"{', '.join(sorted(found)) or 'none'} in {folder}",
            "download the data set into this folder",
        )
    kept = []
    for path in paths:
        station, side = path.stem.split(_WAVEFORMS)
        if stations and station not in stations:
            continue
        if side in LABELS:
            kept.append(path)
        else:
            rejected.append((path.name, f"neither pre nor post: {side}"))
    return kept


def label_of(path: Path) -> str:
    """The class of the records in an HDF5 file, from its name."""
    return LABELS[path.stem.split(_WAVEFORMS)[1]]


def events_of(path: Path) -> dict[str, np.datetime64]:
    """Event to the start of its first record, from the attributes beside an HDF5 file; empty without them."""
    table, events = _table_of(path), {}
    if not table.is_file():
        return events
    with open(table, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            # A row that cannot be read is told with its trace.
            with contextlib.suppress(KeyError, InputError):
                time = utc(row["trace_start_time"])
                events[row["source_id"]] = min(time, events.get(row["source_id"], time))
    return events


def _table_of(path: Path) -> Path:
    return path.with_name(path.name.replace(_WAVEFORMS, _ATTRIBUTES)).with_suffix(".csv")


def records_of_file(
    path: Path, rejected: list[tuple[str, str]], wanted: Callable[[Mapping[str, str]], bool] | None = None
) -> Iterator[Record]:
    """The records of one HDF5 file; an attribute row without a trace, and a trace without a row, are named.

    Arguments:
        wanted: row of attributes -> whether to read its trace; all are read without it.
    """
    import h5py

    label, table = label_of(path), _table_of(path)
    if not table.is_file():
        rejected.append((path.name, f"no attributes {table.name} beside it"))
        return
    try:
        waveforms = h5py.File(path, "r")
    except OSError as error:
        rejected.append((path.name, f"no whole HDF5 file: {str(error).splitlines()[0]}"))
        return
    with waveforms, open(table, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        lacking = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
        if lacking:
            rejected.append((table.name, f"no column {', '.join(lacking)}"))
            return
        seen = set()
        for row in rows:
            name = row["trace_name"]
            if name in seen:
                rejected.append((name, f"twice in {table.name}"))
            elif name not in waveforms:
                rejected.append((name, f"in {table.name} but not in {path.name}"))
            elif wanted is None or wanted(row):
                try:
                    yield _record(waveforms[name], row, label)
                except (ValueError, OSError) as error:
                    rejected.append((name, str(error)))
            seen.add(name)
        rejected.extend((name, f"in {path.name} but not in {table.name}") for name in waveforms if name not in seen)


def _record(trace, row: dict[str, str], label: str) -> Record:
    """One record from its data set and its row; a negative or missing S is left out and told."""
    data = np.asarray(trace)
    still = [letter for letter, channel in zip("ENZ", data, strict=False) if np.ptp(channel) == 0]
    if still:
        raise InputError("three live components", f"constant {', '.join(still)}", "leave the trace out")
    s_s, history = None, ()
    text = (row.get("p_s_diff_sec") or "").strip()
    if text:
        difference = float(text)
        if difference > 0:
            s_s = P_S + difference
        else:
            history = (f"S left out: {difference:g} s after P",)
    return Record(
        data,
        SAMPLING_RATE_HZ,
        utc(row["trace_start_time"]),
        row["network_code"],
        row["receiver_name"],
        band=(row.get("receiver_type") or "").strip(),
        p_s=P_S,
        s_s=s_s,
        event_id=row["source_id"],
        label=label,
        history=history,
    )


class Source(NamedTuple):
    """What the attributes say of a record's event: magnitude and P travel time, NaN where they do not."""

    magnitude: float
    p_travel_s: float


def sources_of(path: Path) -> dict[tuple[str, str], Source]:
    """(event, station) to its source, from the attributes beside an HDF5 file; empty without them."""
    table, sources = _table_of(path), {}
    if not table.is_file():
        return sources
    with open(table, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            values = (_number(row.get(name)) for name in ("source_magnitude", "p_travel_sec"))
            sources[row.get("source_id", ""), row.get("receiver_name", "")] = Source(*values)
    return sources


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
