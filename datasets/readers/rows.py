"""Rows: what a reader found in one file, and the sieve that every format passes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..catalog import LIMITS
from .ledger import Ledger

# Agencies write -9, -9.9, -9.99, -99 ... for a magnitude that they do not have.
NO_MAGNITUDE = -9.0
# Depths that no earthquake has and that stand for "unknown" (-99, -999, 999, 9999).
NO_DEPTH_KM = (-99.0, 999.0)


@dataclass
class Rows:
    """Events of one file as they were read, before any check.

    Arguments, each of one entry an event:
        line: the line in the file, from 1.
        time: `datetime64[us]`, UTC; NaT where there is none.
        latitude, longitude, depth_km, magnitude: float64; NaN where there is none.
        kind, event_id: text, or one text for all.
        faults: (reason, mask, received texts or None), for what the numbers no longer tell.
    """

    line: np.ndarray
    time: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    depth_km: np.ndarray
    magnitude: np.ndarray
    kind: np.ndarray | str = "earthquake"
    event_id: np.ndarray | str = ""
    faults: list[tuple] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.line)

    def take(self, keep: np.ndarray) -> Rows:
        """The rows of a mask, without their faults."""
        columns = (self.line, self.time, self.latitude, self.longitude, self.depth_km, self.magnitude)
        return Rows(
            *(c[keep] for c in columns), *(c if isinstance(c, str) else c[keep] for c in (self.kind, self.event_id))
        )


def sift(rows: Rows, ledger: Ledger) -> Rows:
    """The good rows; every other goes to the ledger with its first fault.

    Longitudes from 180 to 360 are brought to -180 to 180 and depths that mean "unknown" become NaN; both are noted.
    """
    good = np.ones(len(rows), bool)

    def refuse(reason: str, mask: np.ndarray, received=None) -> None:
        mask = mask & good
        if mask.any():
            which = np.flatnonzero(mask)
            texts = None if received is None else [received[i] for i in which[:64]]
            texts = texts if texts is None or len(which) <= 64 else texts + [""] * (len(which) - 64)
            ledger.reject(reason, rows.line[which], texts)
            good[which] = False

    for reason, mask, received in rows.faults:
        refuse(reason, mask, received)
    refuse("no time", np.isnat(rows.time))
    refuse("no latitude", np.isnan(rows.latitude))
    refuse("no longitude", np.isnan(rows.longitude))
    refuse("no magnitude", np.isnan(rows.magnitude))
    refuse("no magnitude", rows.magnitude <= NO_MAGNITUDE, rows.magnitude)

    longitude = rows.longitude
    east = (longitude > 180.0) & (longitude <= 360.0)
    if east.any():
        longitude = np.where(east, np.round(longitude - 360.0, 9), longitude)
    depth = rows.depth_km
    unknown = (depth <= NO_DEPTH_KM[0]) | (depth >= NO_DEPTH_KM[1])
    if unknown.any():
        depth = np.where(unknown, np.nan, depth)
    for name, values in {"latitude": rows.latitude, "longitude": longitude, "magnitude": rows.magnitude}.items():
        low, high = LIMITS[name]
        refuse(f"{name} outside {low:g} to {high:g}", (values < low) | (values > high), values)
    low, high = LIMITS["depth_km"]
    refuse(f"depth outside {low:g} to {high:g} km", (depth < low) | (depth > high), depth)

    ledger.note("longitudes of 180 to 360 brought to -180 to 180", (east & good).sum())
    ledger.note("depths that mean unknown made empty", (unknown & good).sum())
    rows.longitude, rows.depth_km = longitude, depth
    return rows.take(good)


def concatenate(parts: list[Rows]) -> Rows:
    """All rows of several files, one after the other."""
    if len(parts) == 1:
        return parts[0]
    names = ("line", "time", "latitude", "longitude", "depth_km", "magnitude")
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    for name in ("kind", "event_id"):
        values = [getattr(part, name) for part in parts]
        if len({v if isinstance(v, str) else None for v in values}) == 1 and isinstance(values[0], str):
            columns[name] = values[0]
        else:
            columns[name] = np.concatenate(
                [np.broadcast_to(v, p.line.shape) for v, p in zip(values, parts, strict=True)]
            )
    return Rows(**columns)
