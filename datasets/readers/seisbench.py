"""SeisBench's data format: `metadata.csv` beside `waveforms.hdf5`, or a pair of them for each chunk.

A trace lies in the HDF5 file under data/NAME, or with many others in a block: `bucket3$17,:3,:6000` is data/bucket3 at
[17, :3, :6000]. The group data_format holds dimension_order, component_order and perhaps sampling_rate.
Reference: Woollam et al. 2022, SeisBench: a toolbox for machine learning in seismology; its page on the data format.
"""

from __future__ import annotations

import contextlib
import csv
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..record import COMPONENTS, Record
from ..waveforms.components import letters_for
from ..waveforms.float32_samples import in_float32
from ..waveforms.picks import utc
from ..waveforms.segments import Conflict

# First arrivals of their kind; a set has several of these columns where its agency told the phases apart.
_ARRIVAL = re.compile(r"trace_(?P<phase>[ps])(?:g|n|b|1)?_arrival_sample", re.IGNORECASE)
_SLICE = re.compile(r"(?P<start>\d*):(?P<stop>\d*)|(?P<index>\d+)")
_NAMED_TRACES = 20


class Chunk(NamedTuple):
    """One metadata table and its HDF5 file; `name` is "" in a set without chunks."""

    name: str
    metadata: Path
    waveforms: Path


class Trace(NamedTuple):
    """One record, the name that the set gives it, and its row of metadata."""

    name: str
    record: Record
    row: dict[str, str]


def is_seisbench(folder: str | os.PathLike) -> bool:
    """Whether a folder holds files of these names."""
    folder = Path(folder)
    return any(folder.glob("metadata*.csv")) and any(folder.glob("waveforms*.hdf5"))


def chunks_of(folder: str | os.PathLike) -> list[Chunk]:
    """The chunks of a set in order of their names: those that its file `chunks` lists, else those of the file names."""
    folder = Path(folder)
    listing = folder / "chunks"
    names = [line.strip() for line in listing.read_text().splitlines() if line.strip()] if listing.is_file() else []
    tables = {path.stem.removeprefix("metadata") for path in folder.glob("metadata*.csv")}
    files = {path.stem.removeprefix("waveforms") for path in folder.glob("waveforms*.hdf5")}
    wanted = sorted(names or tables | files)
    lacking = [f"metadata{name}.csv" for name in wanted if name not in tables]
    lacking += [f"waveforms{name}.hdf5" for name in wanted if name not in files]
    if not wanted or lacking:
        raise InputError(
            "a folder with metadata.csv and waveforms.hdf5, or a pair of them for each chunk",
            f"{folder} without {', '.join(lacking) or 'either'}",
            "download the missing file or take the chunk off the list in the file chunks",
        )
    return [Chunk(name, folder / f"metadata{name}.csv", folder / f"waveforms{name}.hdf5") for name in wanted]


def seisbench_records(
    folder: str | os.PathLike,
    rejected: list[tuple[str, str]],
    wanted: Callable[[Mapping[str, str]], bool] | None = None,
) -> Iterator[Record]:
    """The records of a set, one at a time in the order of its metadata.

    Arguments:
        folder: of the set.
        rejected: receives (name, reason) for a row that gave no record, and for a trace that no row names.
        wanted: row of metadata -> whether to read its trace; all are read without it.
    """
    for chunk in chunks_of(folder):
        for trace in read_chunk(chunk, rejected, wanted):
            yield trace.record


def read_chunk(
    chunk: Chunk,
    rejected: list[tuple[str, str]],
    wanted: Callable[[Mapping[str, str]], bool] | None = None,
    rows: range | None = None,
) -> Iterator[Trace]:
    """The traces of one chunk, one at a time; with `rows`, a part of its table, unnamed traces are not sought."""
    import h5py

    try:
        file = h5py.File(chunk.waveforms, "r")
    except OSError as error:
        raise _damaged(chunk, error) from error
    with file, open(chunk.metadata, newline="", encoding="utf-8-sig") as text:
        table = csv.DictReader(text)
        if "trace_name" not in (table.fieldnames or ()):
            received = f"{', '.join(table.fieldnames or ()) or 'no header'} in {chunk.metadata}"
            raise InputError("a column trace_name", received, "give a table in SeisBench's format")
        arrivals = {phase: _arrival_columns(table.fieldnames, phase) for phase in "ps"}
        form, data, used = _data_format(file, chunk), file.get("data"), {}
        if data is None:
            raise InputError("a group data", f"none in {chunk.waveforms}", "give a set in SeisBench's format")
        for number, row in enumerate(table):
            if rows is not None and number not in rows:
                if number >= rows.stop:
                    break
                continue
            name = row["trace_name"]
            try:
                place = _mark(data, name, used)
                if wanted is None or wanted(row):
                    yield Trace(name, _record(place, row, form, arrivals), row)
            except KeyError:
                rejected.append((name, f"in {chunk.metadata.name} but not in {chunk.waveforms.name}"))
            except (ValueError, Conflict) as error:
                rejected.append((name, str(error)))
            except OSError as error:
                raise _damaged(chunk, error) from error
        if rows is None:
            rejected.extend(_unnamed(data, used, chunk))


def unnamed_traces(chunk: Chunk) -> list[tuple[str, str]]:
    """(name, reason) for the traces of a chunk that no row of its metadata names, without reading their samples."""
    import h5py

    used: dict = {}
    try:
        with h5py.File(chunk.waveforms, "r") as file, open(chunk.metadata, newline="", encoding="utf-8-sig") as text:
            for row in csv.DictReader(text):
                # A row that names no trace is told where it is read.
                with contextlib.suppress(KeyError, InputError):
                    _mark(file["data"], row["trace_name"], used)
            return _unnamed(file["data"], used, chunk)
    except OSError as error:
        raise _damaged(chunk, error) from error


def event_of(row: Mapping[str, str]) -> str:
    """The event of a row of metadata, "" where it has none."""
    return _text(row, "source_id") or _text(row, "event_id")


def time_of(row: Mapping[str, str]) -> np.datetime64:
    """The origin time of a row's event, without one the start of its trace; NaT where neither can be read."""
    for column in ("source_origin_time", "trace_start_time"):
        # A time that cannot be read is told with its trace.
        with contextlib.suppress(InputError):
            if text := _text(row, column):
                return utc(text)
    return np.datetime64("NaT", "us")


def label_of(row: Mapping[str, str]) -> str:
    """The class of a row: the type of its source, or where there is none, that of the trace, such as "noise"."""
    return _text(row, "source_type") or _text(row, "trace_category")


def _damaged(chunk: Chunk, error: OSError) -> InputError:
    what = f"{chunk.waveforms} ({str(error).splitlines()[0]})"
    return InputError("a whole HDF5 file", what, "download it again")


def _data_format(file, chunk: Chunk) -> dict:
    """The order of dimensions and components and the sampling rate, with the format's defaults."""
    group = file.get("data_format", {})
    form = {"dimension_order": "CW", "component_order": "ZNE", "sampling_rate": None}
    for key in form:
        if key in group:
            value = group[key][()]
            parts = np.atleast_1d(value).tolist()
            if key == "sampling_rate":
                form[key] = float(parts[0])
            else:
                form[key] = "".join(part.decode() if isinstance(part, bytes) else str(part) for part in parts)
    if sorted(form["dimension_order"].replace("N", "")) != ["C", "W"]:
        received = f"{form['dimension_order']} in {chunk.waveforms}"
        raise InputError("dimensions C (components) and W (samples)", received, "arrays of instruments are not read")
    return form


def _mark(data, name: str, used: dict) -> tuple:
    """(data set, index) of a trace, noted as used; KeyError where there is none."""
    block, _, where = name.partition("$")
    trace = data[block]
    if not hasattr(trace, "shape"):
        raise KeyError(name)
    if not where:
        used[block] = None
        return trace, ()
    index = tuple(_index(part, name) for part in where.replace(" ", "").split(","))
    if not isinstance(index[0], int):
        used[block] = None
        return trace, index
    if block not in used:
        used[block] = np.zeros(trace.shape[0], bool)
    if index[0] >= trace.shape[0]:
        raise KeyError(name)
    if used[block] is not None:
        used[block][index[0]] = True
    return trace, index


def _index(part: str, name: str):
    """An index or slice from its text.

    >>> _index(":6000", ""), _index("17", "")
    (slice(None, 6000, None), 17)
    """
    found = _SLICE.fullmatch(part)
    if found is None:
        raise InputError("a trace name BLOCK$index,:components,:samples", repr(name), "mend the metadata")
    if found["index"] is not None:
        return int(found["index"])
    return slice(*(int(found[side]) if found[side] else None for side in ("start", "stop")))


def _record(place: tuple, row: Mapping[str, str], form: dict, arrivals: dict[str, list[str]]) -> Record:
    """One record from its place and its row."""
    trace, index = place
    data = np.asarray(trace[index])
    order = form["dimension_order"].replace("N", "")
    if data.ndim != 2:
        raise InputError("a trace of components and samples", f"shape {data.shape}", "mend the trace name")
    if order == "WC":
        data = data.T
    codes = _text(row, "trace_component_order") or form["component_order"]
    if len(codes) != len(data):
        raise InputError(f"{len(codes)} components {codes}", f"{len(data)}", "mend trace_component_order")
    band = _text(row, "trace_channel") or _text(row, "station_channel")
    letters, history = letters_for(codes, band[:2])
    rows = []
    for letter in letters:
        row_data, remarks = in_float32(data[codes.index(letter)])
        rows.append(row_data)
        history += [f"{band[:2]}{letter}: {remark}" for remark in remarks]
    data = np.stack(rows)
    still = [letter for letter, channel in zip(COMPONENTS, data, strict=True) if np.ptp(channel) == 0]
    if still:
        raise InputError("three live components", f"constant {', '.join(still)}", "leave the trace out")
    rate_hz = _number(row, "trace_sampling_rate_hz")
    if rate_hz is None and (step_s := _number(row, "trace_dt_s")):
        rate_hz = 1.0 / step_s
    rate_hz = form["sampling_rate"] if rate_hz is None else rate_hz
    if rate_hz is None or rate_hz <= 0:
        received = "none" if rate_hz is None else f"{rate_hz:g} Hz"
        raise InputError("a positive sampling rate in the row or in data_format", received, "mend the metadata")
    start = _text(row, "trace_start_time")
    if not start:
        history.append("start unknown")
    p_s, s_s = (_arrival_s(row, arrivals[phase], rate_hz, data.shape[1], history) for phase in "ps")
    if p_s is not None and s_s is not None and s_s <= p_s:
        history.append(f"S left out: {s_s - p_s:g} s after P")
        s_s = None
    return Record(
        data,
        rate_hz,
        utc(start) if start else np.datetime64("NaT"),
        _text(row, "station_network_code"),
        _text(row, "station_code"),
        _text(row, "station_location_code"),
        band[:2],
        p_s=p_s,
        s_s=s_s,
        event_id=event_of(row),
        label=label_of(row),
        history=tuple(history),
    )


def _arrival_columns(columns, phase: str) -> list[str]:
    return [name for name in columns if (found := _ARRIVAL.fullmatch(name)) and found["phase"].lower() == phase]


def _arrival_s(row, columns: list[str], rate_hz: float, samples: int, history: list[str]) -> float | None:
    """The first arrival among the columns in seconds; None where all are empty, and told where it is outside."""
    found = [value for column in columns if (value := _number(row, column)) is not None]
    inside = [value for value in found if 0 <= value < samples]
    if found and not inside:
        history.append(f"{columns[0].split('_')[1].upper()[0]} left out: at sample {min(found):g} of {samples}")
    return min(inside) / rate_hz if inside else None


def _text(row: Mapping[str, str], column: str) -> str:
    text = (row.get(column) or "").strip()
    return "" if text.lower() in ("nan", "none", "<na>") else text


def _number(row: Mapping[str, str], column: str) -> float | None:
    text = _text(row, column)
    try:
        value = float(text) if text else math.nan
    except ValueError as error:
        raise InputError(f"a number in {column}", repr(text), "mend the metadata") from error
    return value if math.isfinite(value) else None


def _unnamed(data, used: dict, chunk: Chunk) -> list[tuple[str, str]]:
    """(name, reason) for the traces that no row names: the first of them by name, the rest in one line."""
    names: list[str] = []
    count = 0

    def look(name, item):
        nonlocal count
        if not hasattr(item, "shape"):
            return
        if name not in used:
            spare = [name]
        elif used[name] is None:
            return
        else:
            spare = [f"{name}${i}" for i in np.flatnonzero(~used[name])]
        count += len(spare)
        names.extend(spare[: max(_NAMED_TRACES - len(names), 0)])

    data.visititems(look)
    reason = f"in {chunk.waveforms.name} but not in {chunk.metadata.name}"
    rows = [(name, reason) for name in names]
    if count > len(names):
        rows.append((f"{count - len(names)} more traces", reason))
    return rows
