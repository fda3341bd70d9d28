"""Foreshock's own files: the CSV of `Catalog.to_csv` and the Parquet file of `Catalog.to_parquet`."""

from __future__ import annotations

import numpy as np

from ..catalog import COLUMNS as NAMES
from ..errors import InputError
from .delimited import header_names, header_of, read_named, utc_times
from .kinds import quakeml_kinds
from .ledger import Ledger
from .rows import Rows
from .text import to_str

NAME = "own"
COLUMNS = {name: name for name in ("time", "latitude", "longitude", "magnitude", "kind")} | {
    "depth": "depth_km",
    "id": "event_id",
}
PARQUET = b"PAR1"


def recognises(head: bytes) -> bool:
    """Whether a file begins as one of the two formats does.

    >>> recognises(b"time,latitude,longitude,depth_km,magnitude,kind,event_id\\n")
    True
    """
    return head.startswith(PARQUET) or set(NAMES[:5]) <= set(header_names(header_of(head)[1]))


def read(data: bytes, ledger: Ledger, timezone: str | None = None) -> Rows:
    """The rows of a file; times without a zone are UTC, as foreshock writes them."""
    if data.startswith(PARQUET):
        return _parquet(data, ledger, timezone or "UTC")
    return read_named(data, ledger, *header_of(data), COLUMNS, timezone or "UTC")


def _parquet(data: bytes, ledger: Ledger, timezone: str) -> Rows:
    """A Parquet table with foreshock's columns; kind and event_id may be missing, "lines" are rows from 1."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(pa.BufferReader(data)).combine_chunks()
    except (pa.ArrowException, OSError) as error:
        raise InputError("a Parquet file", f"{ledger.file} ({error})", "check that the file is whole") from error
    missing = [name for name in NAMES[:5] if name not in table.column_names]
    if missing:
        raise InputError(
            f"columns {', '.join(NAMES[:5])}",
            f"{', '.join(table.column_names)} in {ledger.file}",
            f"add {', '.join(missing)} or give a column map",
        )
    faults: list[tuple] = []

    def column(name: str, kind):
        try:
            chunks = table[name].cast(kind, safe=False)
        except pa.ArrowException as error:
            raise InputError(
                f"{kind} values in the column {name}", f"{table.schema.field(name).type} in {ledger.file}", "convert it"
            ) from error
        return chunks.combine_chunks() if chunks.num_chunks != 1 else chunks.chunk(0)

    def text(name: str):
        return column(name, pa.string()).fill_null("")

    if pa.types.is_timestamp(table.schema.field("time").type):
        time = column("time", pa.timestamp("us")).to_numpy(zero_copy_only=False).astype("datetime64[us]")
    else:
        time = utc_times(text("time"), faults, ledger, timezone)
    numbers = [column(name, pa.float64()).to_numpy(zero_copy_only=False) for name in NAMES[1:5]]
    return Rows(
        np.arange(1, len(table) + 1),
        time,
        *(np.asarray(values, dtype=np.float64) for values in numbers),
        kind=quakeml_kinds(text("kind"), ledger=ledger) if "kind" in table.column_names else "earthquake",
        event_id=to_str(text("event_id")) if "event_id" in table.column_names else "",
        faults=faults,
    )
