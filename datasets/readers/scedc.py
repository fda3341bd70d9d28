"""The yearly catalogues of Southern California (SCEDC, doi 10.7909/C3WD3xH1): fixed columns, typed eq, qb, ..."""

from __future__ import annotations

import re

import numpy as np

from .delimited import utc_times
from .fixed_columns import FixedColumns
from .kinds import quakeml_kinds
from .ledger import Ledger
from .rows import Rows

NAME = "scedc"
FIXED_TIMES = True
# Event types of the format description, revised 2019-12-12, and those its data base has besides.
KINDS = {
    "eq": "earthquake",
    "qb": "quarry blast",
    "sn": "sonic boom",
    "nt": "nuclear explosion",
    "ex": "explosion",
    "sh": "controlled explosion",
    "th": "thunder",
    "ls": "landslide",
    "rs": "rockslide",
    "av": "avalanche",
    "st": "not reported",
    "uk": "not reported",
    "ot": "other event",
}
RECORD = re.compile(rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d\d [a-z]{2}  ?[lrt] ")


def recognises(head: bytes) -> bool:
    """Whether a file begins as this format does.

    >>> recognises(b"#YYY/MM/DD ...\\n1932/01/02 16:42:43.68 eq  l 2.73 l    33.903 -117.645   6.0 C  3358387")
    True
    """
    for line in head.split(b"\n")[:40]:
        if line.strip() and not line.startswith(b"#"):
            return RECORD.match(line) is not None
    return b"SCEDC-format" in head


def read(data: bytes, ledger: Ledger) -> Rows:
    """The rows of a file; times are UTC. Magnitude 0.00 of type n (none) is no magnitude."""
    table = FixedColumns(data, width=71)
    table = table.take(table.matrix[:, 0] != ord("#"))
    faults: list[tuple] = []
    short = table.length < 62
    if short.any():
        faults.append(("a line shorter than its fields", short, table.texts()))
    magnitude = table.number("magnitude", 29, 33, faults)
    untyped = np.isin(table.matrix[:, 34:36].copy().view("S2")[:, 0], [b"n ", b"un", b"  "])
    magnitude = np.where(untyped & (magnitude == 0.0), np.nan, magnitude)
    ledger.note("magnitudes without a type kept", (untyped & (magnitude > 0.0)).sum())
    return Rows(
        line=table.line,
        time=utc_times(table.text(0, 22), faults, ledger, "UTC"),
        latitude=table.number("latitude", 38, 45, faults),
        longitude=table.number("longitude", 46, 54, faults),
        depth_km=table.number("depth", 55, 60, faults),
        magnitude=magnitude,
        kind=quakeml_kinds(table.text(23, 25), KINDS, ledger),
        event_id=table.strings(63, 71),
        faults=faults,
    )
