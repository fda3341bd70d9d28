"""ComCat's CSV (earthquake.usgs.gov), with all its columns or only the first few."""

from __future__ import annotations

from .delimited import header_names, header_of, read_named
from .ledger import Ledger
from .rows import Rows

NAME = "comcat"
COLUMNS = {
    "time": "time",
    "latitude": "latitude",
    "longitude": "longitude",
    "depth": "depth",
    "magnitude": "mag",
    "kind": "type",
    "id": "id",
}


def recognises(head: bytes) -> bool:
    """Whether a file begins as this format does.

    >>> recognises(b"time,latitude,longitude,depth,mag,type\\n")
    True
    """
    return {"time", "latitude", "longitude", "mag"} <= set(header_names(header_of(head)[1]))


def read(data: bytes, ledger: Ledger, timezone: str | None = None) -> Rows:
    """The rows of a file; times without a zone are UTC, ComCat's standard."""
    return read_named(data, ledger, *header_of(data), COLUMNS, timezone or "UTC")
