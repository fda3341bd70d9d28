"""Any delimited file by a map of its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from ..errors import InputError
from .delimited import SEPARATORS, header_names, header_of, read_table, separator_of, utc_times
from .kinds import quakeml_kinds
from .ledger import Ledger
from .rows import Rows
from .text import to_number
from .times import DOUBTFUL, SECOND, assemble, to_utc

NAME = "columns"
KEYS = ("time", "latitude", "longitude", "depth", "magnitude", "kind", "id")
NEEDED = ("time", "latitude", "longitude", "magnitude")
ALIASES = {"depth_km": "depth", "event_id": "id"}


def read(data: bytes, ledger: Ledger, columns: Mapping, timezone: str | None = None) -> Rows:
    """The rows of a file whose columns are named by the caller.

    Arguments:
        columns: from `KEYS` to the file's names, as in {"time": "origin", "latitude": "lat", ...}; depth, kind and id
            may be left out. A time may be two columns (date and time of day) or three to six (year, month, day, hour,
            minute, second). Whole numbers in place of names are positions from 0 in a file without a header line.
        timezone: whose clock the times without a zone show; without it such times are refused.
    Commas, semicolons, tabs, bars and runs of blanks are told apart by the header line; a decimal comma is read where
    the comma does not separate.
    """
    columns = _checked(columns)
    wanted = [name for value in columns.values() for name in (value if isinstance(value, tuple) else (value,))]
    line, header = header_of(data)
    if not any(mark in header for mark in SEPARATORS):
        data = re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t\r]+$", b"", data))
        header = header_of(data)[1]
    separator = separator_of(header)
    if all(isinstance(name, int) for name in wanted):
        names = [str(i) for i in range(header.count(separator) + 1)]
        line -= 1
    else:
        names = header_names(header, separator)
    missing = [str(name) for name in wanted if str(name) not in names]
    if missing:
        raise InputError(
            f"the columns {', '.join(map(str, wanted))}",
            f"{', '.join(names)} in {ledger.file}",
            f"mend the map for {', '.join(missing)}",
        )
    table = read_table(data, ledger, line, names, separator, wanted=set(map(str, wanted)))
    faults: list[tuple] = []

    def number(key: str) -> np.ndarray:
        return table.number(str(columns[key]), faults) if key in columns else np.full(len(table), np.nan)

    return Rows(
        line=table.line,
        time=_time(table, columns["time"], faults, ledger, timezone),
        latitude=number("latitude"),
        longitude=number("longitude"),
        depth_km=number("depth"),
        magnitude=number("magnitude"),
        kind=quakeml_kinds(table.text(str(columns["kind"])), ledger=ledger) if "kind" in columns else "earthquake",
        event_id=table.strings(str(columns["id"])) if "id" in columns else "",
        faults=faults,
    )


def _checked(columns: Mapping) -> dict:
    """The map with foreshock's keys, time columns as a tuple where there are several."""
    columns = {ALIASES.get(key, key): value for key, value in columns.items()}
    wrong = [key for key in columns if key not in KEYS] + [key for key in NEEDED if key not in columns]
    if wrong:
        raise InputError(
            f"a column map with {', '.join(NEEDED)} and perhaps depth, kind, id",
            f"the keys {', '.join(columns) or 'none'}",
            f"mend {', '.join(wrong)}",
        )
    if not isinstance(columns["time"], (str, int)):
        columns["time"] = tuple(columns["time"])
        if not 2 <= len(columns["time"]) <= 6:
            raise InputError(
                "one to six columns for a time",
                f"{len(columns['time'])}",
                "give date and time of day, or year to second",
            )
    return columns


def _time(table, names, faults: list, ledger: Ledger, timezone: str | None) -> np.ndarray:
    """UTC from one column, from date and time of day, or from year, month, day, hour, minute, second."""
    import pyarrow.compute as pc

    if not isinstance(names, tuple):
        return utc_times(table.text(str(names)), faults, ledger, timezone)
    parts = [table.text(str(name)) for name in names]
    if len(parts) == 2:
        return utc_times(pc.utf8_trim_whitespace(pc.binary_join_element_wise(*parts, " ")), faults, ledger, timezone)
    if timezone is None:
        raise InputError(
            "the time zone of times given as numbers",
            f"none for the columns {', '.join(map(str, names))}",
            'give timezone="UTC" or another of the IANA list, such as "Asia/Tokyo"',
        )
    values = [to_number(part, table.separator != ",")[0] for part in parts]
    unknown = np.isnan(values).any(axis=0)
    values = [np.where(unknown, 1, value) for value in values] + [np.zeros(len(table))] * (6 - len(parts))
    fractional = np.any([value != np.floor(value) for value in values[:5]], axis=0)
    whole = [np.floor(value).astype(np.int64) for value in values[:5]]
    time = assemble(*whole, np.round(values[5] * SECOND).astype(np.int64))
    bad = unknown | fractional | np.isnat(time)
    if bad.any():
        received = [" ".join(row) for row in zip(*(part.to_pylist() for part in parts), strict=True)]
        faults.append(("time not understood", bad, received))
    time[bad] = np.datetime64("NaT")
    utc, doubt = to_utc(time, timezone)
    ledger.note(DOUBTFUL, doubt.sum())
    return utc
