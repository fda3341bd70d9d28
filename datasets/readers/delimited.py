"""Delimited tables: any separator, quotes, blank and broken lines, read by pyarrow with their line numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .ledger import Ledger
from .rows import Rows
from .text import text_matrix, to_number, to_str
from .times import DOUBTFUL, parse_times, to_utc

SEPARATORS = (",", ";", "\t", "|")


@dataclass
class Table:
    """The columns of one file as trimmed text, with the line of each row."""

    columns: dict
    line: np.ndarray
    separator: str

    def __len__(self) -> int:
        return len(self.line)

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def text(self, name: str):
        """A column as a pyarrow text array."""
        return self.columns[name]

    def strings(self, name: str) -> np.ndarray:
        """A column as NumPy text."""
        return to_str(self.columns[name])

    def number(self, name: str, faults: list) -> np.ndarray:
        """A column of numbers, NaN where empty; what is no number becomes a fault."""
        values, bad = to_number(self.columns[name], decimal_comma=self.separator != ",")
        if bad.any():
            faults.append((f"{name} is not a number", bad, self.columns[name].to_pylist()))
        return values

    def time(self, name: str, faults: list, ledger: Ledger, timezone: str | None = "UTC") -> np.ndarray:
        """A column of times in UTC; those without a zone are of `timezone`, and refused where it is None."""
        return utc_times(self.columns[name], faults, ledger, timezone)


def utc_times(column, faults: list, ledger: Ledger, timezone: str | None) -> np.ndarray:
    """UTC of a pyarrow column of time texts; what is not understood becomes a fault."""
    matrix = text_matrix(column)
    time, zoned = parse_times(matrix)
    blank = (matrix == 32).all(axis=1)
    bad = np.isnat(time) & ~blank
    if bad.any():
        faults.append(("time not understood", bad, column.to_pylist()))
    ledger.note("times with 60 seconds carried to the next minute", _sixty(matrix, ~bad & ~blank))
    ledger.note(
        "dates without a time of day taken as midnight", (~(matrix == ord(":")).any(axis=1) & ~bad & ~blank).sum()
    )
    naive = ~zoned & ~bad & ~blank
    if not naive.any() or timezone == "UTC":
        return time
    if timezone is None:
        row = int(naive.argmax())
        raise InputError(
            "times with a zone (2016-08-24T01:36:32Z or +09:00) or the zone by name",
            f"{column[row].as_py()!r} in {ledger.file}",
            'give timezone="UTC" or another of the IANA list, such as "Asia/Tokyo"',
        )
    time[naive], doubt = to_utc(time[naive], timezone)
    ledger.note(DOUBTFUL, doubt.sum())
    return time


def _sixty(matrix: np.ndarray, good: np.ndarray) -> int:
    if matrix.shape[1] < 19:
        return 0
    return int((good & (matrix[:, 17] == ord("6")) & (matrix[:, 18] == ord("0")) & (matrix[:, 16] == ord(":"))).sum())


def separator_of(header: str) -> str:
    """The separator that cuts a header line into the most pieces.

    >>> separator_of("time;latitude;longitude")
    ';'
    """
    return max(SEPARATORS, key=header.count)


def header_names(header: str, separator: str | None = None) -> list[str]:
    """The names of a header line, trimmed, without quotes or a leading #; repeated ones numbered.

    >>> header_names("# date , lat, q, q")
    ['date', 'lat', 'q', 'q.2']
    """
    separator = separator_of(header) if separator is None else separator
    names, seen = [], {}
    for name in header.strip().lstrip("#").split(separator):
        name = name.strip().strip('"').strip()
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return names


def read_table(data: bytes, ledger: Ledger, header_line: int, names: list[str], separator: str, wanted=None) -> Table:
    """The rows after a header line.

    Arguments:
        data: the whole file, UTF-8.
        header_line: its line, from 1; 0 where there is none.
        names: the columns' names; `wanted` limits what is kept.
    Rows with another number of fields are refused by name; blank lines are passed over.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    wanted = [name for name in names if wanted is None or name in wanted]
    quoted = separator != "|" and b'"' in data  # FDSN's text has no quoting.
    data = _without_open_quotes(data, ledger, header_line) if quoted else data
    invalid: list[int] = []
    refused: dict[str, tuple[list, list]] = {}

    def broken(row) -> str:
        invalid.append(row.number)
        if row.text.strip() and not row.text.lstrip().startswith("#"):
            lines, texts = refused.setdefault(f"not {row.expected_columns} fields", ([], []))
            lines.append(row.number)
            texts.append(row.text)
        return "skip"

    try:
        table = csv.read_csv(
            pa.BufferReader(data),
            csv.ReadOptions(use_threads=False, skip_rows=header_line, column_names=names),
            csv.ParseOptions(
                delimiter=separator,
                quote_char='"' if quoted else False,
                invalid_row_handler=broken,
                ignore_empty_lines=False,
            ),
            csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
            ),
        ).combine_chunks()
        rows = len(table)
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            raise InputError(
                "a table of text", f"{ledger.file} ({str(error).splitlines()[0]})", "check the file"
            ) from error
        table, rows = None, 0
    for reason, (lines, texts) in refused.items():
        ledger.reject(reason, lines, texts)
    if table is None:
        return Table({name: pa.array([], pa.string()) for name in wanted}, np.zeros(0, np.int64), separator)
    line = np.arange(header_line + 1, header_line + 1 + rows + len(invalid))
    if invalid:
        line = np.delete(line, np.array(invalid) - header_line - 1)
    columns = {}
    for name in wanted:
        column = table[name].chunk(0) if table[name].num_chunks else pa.array([], pa.string())
        columns[name] = pc.utf8_trim_whitespace(column)
    # A blank line has no text in any wanted column.
    blank = None
    for column in columns.values():
        empty = pc.equal(column, "")
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return Table(columns, line, separator)
    filled = pc.invert(blank)
    return Table(
        {name: column.filter(filled) for name, column in columns.items()},
        line[filled.to_numpy(zero_copy_only=False)],
        separator,
    )


def _without_open_quotes(data: bytes, ledger: Ledger, header_line: int) -> bytes:
    """Blank the lines with an odd number of quotes: each would swallow the good lines after it."""
    array = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(array == 10)
    quotes = np.searchsorted(ends, np.flatnonzero(array == ord('"')))
    odd = np.flatnonzero(np.bincount(quotes, minlength=1) % 2)
    odd = odd[odd >= header_line]
    if not len(odd):
        return data
    lines = data.split(b"\n")
    ledger.reject("a quote without its end", odd + 1, [lines[i].decode("utf-8", "replace") for i in odd])
    for i in odd:
        lines[i] = b""
    return b"\n".join(lines)


def read_named(
    data: bytes, ledger: Ledger, header_line: int, header: str, columns: dict[str, str], timezone, kinds=None
) -> Rows:
    """Rows of a table with a header line whose columns have known names.

    Arguments:
        columns: the file's names for time, latitude, longitude, depth, magnitude and, where it has them, kind and id.
        timezone: whose clock the times without a zone show.
        kinds: the agency's words for kinds, as `quakeml_kinds` takes them.
    """
    from .kinds import SYNONYMS, quakeml_kinds

    separator = separator_of(header)
    names = header_names(header, separator)
    missing = [key for key in ("time", "latitude", "longitude", "magnitude") if columns.get(key) not in names]
    if missing:
        raise InputError(
            "a header with the columns of its format",
            f"{header[:80]!r} in {ledger.file}, without {', '.join(missing)}",
            "leave the format out or give columns={...}",
        )
    table = read_table(data, ledger, header_line, names, separator, wanted=set(columns.values()))
    faults: list[tuple] = []
    numbers = {
        key: table.number(columns[key], faults) if columns.get(key) in table else np.full(len(table), np.nan)
        for key in ("latitude", "longitude", "depth", "magnitude")
    }
    kind, event_id = columns.get("kind"), columns.get("id")
    return Rows(
        line=table.line,
        time=table.time(columns["time"], faults, ledger, timezone),
        latitude=numbers["latitude"],
        longitude=numbers["longitude"],
        depth_km=numbers["depth"],
        magnitude=numbers["magnitude"],
        kind=quakeml_kinds(table.text(kind), kinds or SYNONYMS, ledger) if kind in table else "earthquake",
        event_id=table.strings(event_id) if event_id in table else "",
        faults=faults,
    )


def header_of(data: bytes) -> tuple[int, str]:
    """The first line with text, with its number.

    >>> header_of(b"\\n\\ntime,mag\\n")
    (3, 'time,mag')
    """
    number, start = 1, 0
    while True:
        end = data.find(b"\n", start)
        line = data[start : len(data) if end < 0 else end].decode("utf-8", "replace").strip()
        if line or end < 0:
            return number, line
        number, start = number + 1, end + 1
