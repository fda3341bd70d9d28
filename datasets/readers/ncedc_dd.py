"""The double-difference catalogue of Northern California (doi 10.7932/NCEDC), comma-separated."""

from __future__ import annotations

from .delimited import header_names, header_of, read_named
from .ledger import Ledger
from .rows import Rows

NAME = "ncedc_dd"
COLUMNS = {
    "time": "DateTime",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "depth": "Depth",
    "magnitude": "Magnitude",
    "id": "EventID",
}


def recognises(head: bytes) -> bool:
    """Whether a file begins as this format does.

    >>> recognises(b"DateTime,Latitude,Longitude,Depth,Magnitude,MagType,NbStations\\n")
    True
    """
    return {"DateTime", "Latitude", "Longitude", "Magnitude"} <= set(header_names(header_of(head)[1]))


def read(data: bytes, ledger: Ledger, timezone: str | None = None) -> Rows:
    """The rows of a file; times are UTC. The catalogue relocates earthquakes and names no other kind."""
    return read_named(data, ledger, *header_of(data), COLUMNS, timezone or "UTC")
