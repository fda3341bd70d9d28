"""Event text of FDSN web services (format=text), with | between the fields; SeisComP writes the same."""

from __future__ import annotations

from .delimited import header_names, header_of, read_named
from .ledger import Ledger
from .rows import Rows

NAME = "fdsn_text"
# FDSN Web Service Specifications 1.2, table of the event service's text; EventType came with 1.2.
FIELDS = {
    "time": "time",
    "latitude": "latitude",
    "longitude": "longitude",
    "depth": "depth/km",
    "magnitude": "magnitude",
    "kind": "eventtype",
    "id": "eventid",
}


def recognises(head: bytes) -> bool:
    """Whether a file begins as this format does.

    >>> recognises(b"#EventID | Time | Latitude | Longitude | Depth/km | Author | ... | Magnitude | ...\\n")
    True
    """
    header = header_of(head)[1]
    names = {name.lower() for name in header_names(header, "|")}
    return {"eventid", "time", "latitude", "longitude", "magnitude"} <= names


def read(data: bytes, ledger: Ledger, timezone: str | None = None) -> Rows:
    """The rows of a file; times without a zone are UTC, FDSN's standard."""
    line, header = header_of(data)
    written = {name.lower(): name for name in header_names(header, "|")}
    columns = {key: written[name] for key, name in FIELDS.items() if name in written}
    return read_named(data, ledger, line, header, columns, timezone or "UTC")
