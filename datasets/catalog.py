"""Catalog: one earthquake table, sorted by time, every value checked."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

import numpy as np

from .atomic import replacing
from .errors import InputError

COLUMNS = ("time", "latitude", "longitude", "depth_km", "magnitude", "kind", "event_id")
# Ranges a catalogue value can have; depths above sea level are negative.
LIMITS = {
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 180.0),
    "depth_km": (-10.0, 1000.0),
    "magnitude": (-5.0, 10.0),
}


@dataclass(frozen=True, eq=False, repr=False)
class Catalog:
    """Earthquakes in order of time; immutable.

    Arguments, each an array of one entry an event (`kind` and `event_id` may be one string for all):
        time: UTC, `datetime64[us]`, ascending.
        latitude, longitude: degrees; longitude in [-180, 180].
        depth_km: kilometres below sea level; NaN where unknown.
        magnitude: as the agency gives it.
        kind: "earthquake", "quarry blast", "explosion", ...
        event_id: the agency's identifier, or "".

    >>> times = ["2016-08-24T01:36:32", "2016-10-30T06:40:17"]
    >>> catalog = Catalog(times, [42.70, 42.84], [13.23, 13.11], [8, 9], [6.0, 6.5])
    >>> catalog
    Catalog(2 events, 2016-08-24 to 2016-10-30, M 6.0 to 6.5)
    >>> len(catalog.above(6.2)), catalog.between("2016-08-01", "2016-09-01").magnitude.tolist()
    (1, [6.0])
    """

    time: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    depth_km: np.ndarray
    magnitude: np.ndarray
    kind: np.ndarray | str = "earthquake"
    event_id: np.ndarray | str = ""

    def __post_init__(self):
        time = _utc(self.time)
        columns = {"time": time}
        for name in LIMITS:
            columns[name] = np.array(getattr(self, name), dtype=np.float64)
        for name in ("kind", "event_id"):
            value = np.asarray(getattr(self, name), dtype=np.str_)
            columns[name] = np.broadcast_to(value, time.shape) if value.ndim == 0 else value.copy()
        for name, column in columns.items():
            if column.shape != time.shape or column.ndim != 1:
                raise InputError(
                    f"a column {name} with one entry an event, shape {time.shape}",
                    f"shape {column.shape}",
                    "give every column the same length",
                )
        _check(columns)
        for name, column in columns.items():
            column.flags.writeable = False
            object.__setattr__(self, name, column)

    @classmethod
    def unsorted(cls, time, latitude, longitude, depth_km, magnitude, kind="earthquake", event_id="") -> Catalog:
        """A catalogue from rows in any order; rows of equal time keep theirs.

        >>> Catalog.unsorted(["2020-01-02", "2020-01-01"], [1, 2], [0, 0], [5, 5], [3, 4]).magnitude.tolist()
        [4.0, 3.0]
        """
        time = _utc(time)
        order = np.argsort(time, kind="stable")
        columns = (latitude, longitude, depth_km, magnitude, kind, event_id)
        return cls(time[order], *(c if isinstance(c, str) else np.asarray(c)[order] for c in columns))

    @classmethod
    def joined(cls, catalogs: list[Catalog]) -> Catalog:
        """All events of several catalogues, in order of time."""
        return cls.unsorted(*(np.concatenate([getattr(c, name) for c in catalogs]) for name in COLUMNS))

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, selection) -> Catalog:
        """The events a mask, slice or ascending index array selects.

        Values were checked when this catalogue was made, so only the order is looked at again.
        """
        if isinstance(selection, (int, np.integer)):
            selection = slice(selection, selection + 1 or None)
        return self._trusted(**{name: getattr(self, name)[selection] for name in COLUMNS})

    @classmethod
    def _trusted(cls, **columns: np.ndarray) -> Catalog:
        if np.any(np.diff(columns["time"]) < np.timedelta64(0)):
            raise InputError("a selection in ascending order of time", "another order", "sort the index")
        catalog = object.__new__(cls)
        for name, column in columns.items():
            column.flags.writeable = False
            object.__setattr__(catalog, name, column)
        return catalog

    def __eq__(self, other) -> bool:
        if not isinstance(other, Catalog):
            return NotImplemented
        return len(self) == len(other) and all(
            np.array_equal(getattr(self, f.name), getattr(other, f.name), equal_nan=f.name == "depth_km")
            for f in fields(self)
        )

    __hash__ = None

    def __repr__(self) -> str:
        if not len(self):
            return "Catalog(0 events)"
        first, last = (str(self.time[i].astype("datetime64[D]")) for i in (0, -1))
        low, high = self.magnitude.min(), self.magnitude.max()
        return f"Catalog({len(self)} events, {first} to {last}, M {low:.1f} to {high:.1f})"

    def between(self, start, end) -> Catalog:
        """Events with start <= time < end (UTC); None leaves a side open."""
        low = 0 if start is None else np.searchsorted(self.time, _utc(start), "left")
        high = len(self) if end is None else np.searchsorted(self.time, _utc(end), "left")
        return self[int(low) : int(high)]

    def above(self, magnitude: float) -> Catalog:
        """Events of at least this magnitude."""
        return self[self.magnitude >= magnitude]

    def within(self, latitude: tuple[float, float], longitude: tuple[float, float]) -> Catalog:
        """Events in a box of degrees, edges included; over the date line the west edge lies above the east."""
        (south, north), (west, east) = latitude, longitude
        inside = (self.latitude >= south) & (self.latitude <= north)
        if west <= east:
            inside &= (self.longitude >= west) & (self.longitude <= east)
        else:
            inside &= (self.longitude >= west) | (self.longitude <= east)
        return self[inside]

    def of_kind(self, *kinds: str) -> Catalog:
        """Events of these kinds."""
        return self[np.isin(self.kind, kinds)]

    def to_arrow(self):
        """The same table as a `pyarrow.Table`."""
        import pyarrow as pa

        return pa.table({name: pa.array(getattr(self, name)) for name in COLUMNS})

    @classmethod
    def from_arrow(cls, table) -> Catalog:
        """A catalogue from a `pyarrow.Table` with the columns of `COLUMNS`; kind and event_id may be missing."""
        missing = [name for name in COLUMNS[:5] if name not in table.column_names]
        if missing:
            raise InputError(
                f"columns {', '.join(COLUMNS[:5])}", f"{', '.join(table.column_names)}", f"add {', '.join(missing)}"
            )
        present = [name for name in COLUMNS if name in table.column_names]
        return cls.unsorted(**{name: table[name].to_numpy() for name in present})

    def to_csv(self, path: str | os.PathLike) -> None:
        """Write the catalogue's own CSV: the columns of `COLUMNS`, times in ISO 8601 with a Z."""
        import pyarrow as pa
        from pyarrow import csv

        table = self.to_arrow()
        times = pa.array(np.char.add(np.datetime_as_string(self.time, unit="us"), "Z"))
        with replacing(path) as temporary:
            csv.write_csv(table.set_column(0, "time", times), temporary, csv.WriteOptions(quoting_style="needed"))

    def to_parquet(self, path: str | os.PathLike) -> None:
        """Write a Parquet file with the columns of `COLUMNS`."""
        from pyarrow import parquet

        with replacing(path) as temporary:
            parquet.write_table(self.to_arrow(), temporary)

    @classmethod
    def from_parquet(cls, path: str | os.PathLike) -> Catalog:
        """Read what `to_parquet` wrote."""
        from pyarrow import ArrowInvalid, parquet

        try:
            return cls.from_arrow(parquet.read_table(path))
        except ArrowInvalid as error:
            raise InputError("a Parquet file", f"{path} ({error})", "check that the file is whole") from error

    def to_obspy(self):
        """The same events as an `obspy.core.event.Catalog`."""
        from obspy import UTCDateTime
        from obspy.core import event as quakeml

        events = []
        for i in range(len(self)):
            depth = self.depth_km[i]
            origin = quakeml.Origin(
                time=UTCDateTime(str(self.time[i])),
                latitude=self.latitude[i],
                longitude=self.longitude[i],
                depth=None if np.isnan(depth) else depth * 1000.0,
            )
            identity = str(self.event_id[i])
            events.append(
                quakeml.Event(
                    resource_id=quakeml.ResourceIdentifier(identity) if identity else None,
                    origins=[origin],
                    magnitudes=[quakeml.Magnitude(mag=self.magnitude[i])],
                    event_type=str(self.kind[i]),
                )
            )
        return quakeml.Catalog(events=events)


def write_catalog(catalog: Catalog, path: str | os.PathLike) -> None:
    """Write a catalogue as its suffix says: .csv or .parquet."""
    suffix = os.path.splitext(path)[1]
    if suffix == ".parquet":
        catalog.to_parquet(path)
    elif suffix == ".csv":
        catalog.to_csv(path)
    else:
        raise InputError("a file named *.csv or *.parquet", f"{path}", "change the suffix")


def _utc(time) -> np.ndarray:
    """Times as a fresh `datetime64[us]` array; a text with any zone but Z is refused by NumPy's own rule."""
    if isinstance(time, np.ndarray) and time.dtype.kind == "M":
        return time.astype("datetime64[us]")
    text = np.char.rstrip(np.asarray(time, dtype=np.str_), "Z")
    try:
        return text.astype("datetime64[us]")
    except ValueError as error:
        raise InputError("UTC times in ISO 8601", str(error), "write times as 2016-08-24T01:36:32Z") from error


def _check(columns: dict[str, np.ndarray]) -> None:
    """Raise InputError at the first row that is out of order or out of range."""
    time = columns["time"]
    if np.isnat(time).any():
        raise InputError("a time in every row", f"none in row {np.isnat(time).argmax()}", "drop or mend the row")
    backwards = np.diff(time) < np.timedelta64(0)
    if backwards.any():
        row = int(backwards.argmax()) + 1
        raise InputError("rows in order of time", f"row {row} before row {row - 1}", "use Catalog.unsorted")
    for name, (low, high) in LIMITS.items():
        value = columns[name]
        bad = ~((value >= low) & (value <= high))
        if name == "depth_km":
            bad &= ~np.isnan(value)
        if bad.any():
            row = int(bad.argmax())
            raise InputError(f"{name} from {low:g} to {high:g}", f"{value[row]:g} in row {row}", "drop or mend the row")
