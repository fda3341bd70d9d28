"""QuakeML and SeisComP XML through obspy, and obspy's own catalogues."""

from __future__ import annotations

import io

import numpy as np

from ..catalog import Catalog
from ..errors import InputError
from .kinds import quakeml_kinds
from .ledger import Ledger
from .rows import Rows, sift

NAME = "quakeml"
FIXED_TIMES = True
MARKS = (b"<q:quakeml", b":quakeml", b"<quakeml", b"<seiscomp")


def recognises(head: bytes) -> bool:
    """Whether a file begins as this format does.

    >>> recognises(b'<?xml version="1.0"?><q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">')
    True
    """
    return head.lstrip()[:1] == b"<" and any(mark in head[:4000].lower() for mark in MARKS)


def read(data: bytes, ledger: Ledger) -> Rows:
    """The events of a file; the "line" of an event is its place in the file, from 1."""
    import warnings

    from obspy import read_events

    try:
        with warnings.catch_warnings():
            # obspy warns about values that it cannot read; here such events are refused by name.
            warnings.simplefilter("ignore")
            events = read_events(io.BytesIO(data))
    except Exception as error:  # obspy raises whatever its XML reader meets.
        raise InputError(
            "QuakeML or SeisComP XML",
            f"{ledger.file} ({type(error).__name__}: {error})",
            "check that the file is whole",
        ) from error
    return rows_of(events, ledger)


def from_obspy(obspy_catalog) -> Catalog:
    """A catalogue from an `obspy.core.event.Catalog`: preferred origin and magnitude, else the first ones.

    An event without an origin time, a place or a magnitude raises InputError; `read_catalog` refuses such events by
    name and goes on.

    >>> catalog = Catalog(["2016-08-24T01:36:32"], [42.7], [13.23], [8.0], [6.0], event_id="smi:local/a")
    >>> from_obspy(catalog.to_obspy()) == catalog
    True
    """
    ledger = Ledger()
    ledger.open("obspy catalog")
    rows = sift(rows_of(obspy_catalog, ledger), ledger)
    if ledger.first is not None:
        raise InputError(
            "an origin time, a place and a magnitude for every event",
            f"{sum(ledger.counts.values())} events without, the first {ledger.first}",
            "leave such events out",
        )
    return Catalog.unsorted(
        rows.time, rows.latitude, rows.longitude, rows.depth_km, rows.magnitude, rows.kind, rows.event_id
    )


def rows_of(events, ledger: Ledger) -> Rows:
    """The events of an obspy catalogue as rows, NaN and NaT where something is missing."""
    nat = np.datetime64("NaT", "us")
    columns = {name: [] for name in ("time", "latitude", "longitude", "depth", "magnitude", "kind", "id")}
    for event in events:
        origin = event.preferred_origin() or (event.origins[0] if event.origins else None)
        magnitude = event.preferred_magnitude() or (event.magnitudes[0] if event.magnitudes else None)
        time = getattr(origin, "time", None)
        columns["time"].append(nat if time is None else np.datetime64((time.ns + 500) // 1000, "us"))
        for name in ("latitude", "longitude", "depth"):
            columns[name].append(_value(getattr(origin, name, None)))
        columns["magnitude"].append(_value(getattr(magnitude, "mag", None)))
        columns["kind"].append(str(event.event_type or ""))
        columns["id"].append(str(event.resource_id.id) if event.resource_id else "")
    return Rows(
        line=np.arange(1, len(events) + 1),
        time=np.array(columns["time"], dtype="datetime64[us]"),
        latitude=np.array(columns["latitude"], dtype=np.float64),
        longitude=np.array(columns["longitude"], dtype=np.float64),
        depth_km=np.array(columns["depth"], dtype=np.float64) / 1000.0,
        magnitude=np.array(columns["magnitude"], dtype=np.float64),
        kind=quakeml_kinds(columns["kind"], ledger=ledger),
        event_id=np.array(columns["id"], dtype=np.str_),
    )


def _value(number) -> float:
    return np.nan if number is None else float(number)
