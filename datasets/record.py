"""Record: one three-component waveform with its sampling rate, picks, event, and what was done to it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace

import numpy as np

from .atomic import replacing
from .errors import InputError
from .waveforms.resampling import resample

COMPONENTS = "ENZ"


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """A three-component seismogram; immutable.

    Arguments:
        data: float32, shape (3, samples), components in the order E, N, Z, in counts or any unit; finite.
        sampling_rate_hz: samples a second.
        start: UTC of the first sample, `datetime64[us]`.
        network, station, location, band: codes; `band` is the channel code without its component, such as "HH".
        p_s, s_s: arrivals in seconds after `start`; None where unknown.
        event_id: what ties the records of one earthquake together; "" where unknown.
        label: the class, "" where unknown.
        history: what was done to the samples since they were read, in order.

    >>> record = Record(np.zeros((3, 2500)), 100.0, "2016-10-30T06:40:17", "IV", "NRCA", band="HH", p_s=5.0)
    >>> record
    Record(IV.NRCA..HH, 25 s at 100 Hz from 2016-10-30T06:40:17, P 5.00 s)
    >>> record.window(2.0, 1.0).data.shape
    (3, 100)
    """

    data: np.ndarray
    sampling_rate_hz: float
    start: np.datetime64
    network: str = ""
    station: str = ""
    location: str = ""
    band: str = ""
    p_s: float | None = None
    s_s: float | None = None
    event_id: str = ""
    label: str = ""
    history: tuple[str, ...] = field(default=())

    def __post_init__(self):
        data = self.data
        # A copy that changes only the header shares the samples; anything that could still be written to is copied.
        frozen = isinstance(data, np.ndarray) and data.dtype == np.float32 and data.flags.owndata
        if not frozen or data.flags.writeable:
            data = np.array(data, dtype=np.float32)
        if data.ndim != 2 or data.shape[0] != len(COMPONENTS) or data.shape[1] < 1:
            raise InputError(
                "samples of shape (3, n): components E, N, Z", f"shape {data.shape}", "stack three components"
            )
        if not np.isfinite(data).all():
            component, sample = np.argwhere(~np.isfinite(data))[0]
            raise InputError(
                "finite samples",
                f"{data[component, sample]} at sample {sample} of component {COMPONENTS[component]}",
                "cut the gap out or fill it before making a record",
            )
        if not (np.isfinite(self.sampling_rate_hz) and self.sampling_rate_hz > 0):
            raise InputError("a positive sampling rate in Hz", f"{self.sampling_rate_hz}", "read it from the header")
        data.flags.writeable = False
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "sampling_rate_hz", float(self.sampling_rate_hz))
        object.__setattr__(self, "start", np.datetime64(self.start, "us"))
        for name in ("p_s", "s_s"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, float(value))
        if self.p_s is not None and self.s_s is not None and self.s_s <= self.p_s:
            raise InputError("an S arrival after P", f"P {self.p_s:g} s, S {self.s_s:g} s", "mend the picks")
        object.__setattr__(self, "history", tuple(self.history))

    @property
    def samples(self) -> int:
        """Samples a component."""
        return self.data.shape[1]

    @property
    def duration_s(self) -> float:
        """Length in seconds: samples over rate."""
        return self.samples / self.sampling_rate_hz

    @property
    def name(self) -> str:
        """network.station.location.band"""
        return f"{self.network}.{self.station}.{self.location}.{self.band}"

    def __repr__(self) -> str:
        picks = "".join(f", {p} {t:.2f} s" for p, t in (("P", self.p_s), ("S", self.s_s)) if t is not None)
        when = str(self.start)[:22].rstrip("0").rstrip(".")
        return f"Record({self.name}, {self.duration_s:g} s at {self.sampling_rate_hz:g} Hz from {when}{picks})"

    def __eq__(self, other) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return np.array_equal(self.data, other.data) and self.header() == other.header()

    __hash__ = None

    def header(self) -> dict:
        """Everything but the samples, as plain values for JSON."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "data"}
        return {**values, "start": str(self.start), "history": list(self.history)}

    def done(self, what: str, data: np.ndarray | None = None, **changes) -> Record:
        """A changed copy that remembers in its history what was done."""
        return replace(self, data=self.data if data is None else data, history=(*self.history, what), **changes)

    def window(self, start_s: float, duration_s: float) -> Record:
        """The part from `start_s` after the first sample, `duration_s` long; it must lie inside the record."""
        first = round(start_s * self.sampling_rate_hz)
        count = round(duration_s * self.sampling_rate_hz)
        if first < 0 or count < 1 or first + count > self.samples:
            raise InputError(
                f"a window inside the record of {self.duration_s:g} s",
                f"{start_s:g} s to {start_s + duration_s:g} s",
                "use a longer record or another pick",
            )
        offset_s = first / self.sampling_rate_hz
        picks = {
            name: None if getattr(self, name) is None else getattr(self, name) - offset_s for name in ("p_s", "s_s")
        }
        start = self.start + np.timedelta64(round(offset_s * 1e6), "us")
        return replace(self, data=self.data[:, first : first + count], start=start, **picks)

    def resampled(self, sampling_rate_hz: float) -> Record:
        """The record at another rate, polyphase-filtered against aliasing (scipy.signal.resample_poly)."""
        if sampling_rate_hz == self.sampling_rate_hz:
            return self
        data = resample(self.data, self.sampling_rate_hz, sampling_rate_hz)
        what = f"resampled from {self.sampling_rate_hz:g} to {sampling_rate_hz:g} Hz"
        return self.done(what, data, sampling_rate_hz=sampling_rate_hz)

    def to_obspy(self):
        """An `obspy.Stream` of three traces; picks, event and history do not fit into it."""
        from obspy import Stream, Trace, UTCDateTime

        header = {
            "network": self.network,
            "station": self.station,
            "location": self.location,
            "sampling_rate": self.sampling_rate_hz,
            "starttime": UTCDateTime(str(self.start)),
        }
        traces = [
            Trace(self.data[i].copy(), {**header, "channel": (self.band or "HH") + COMPONENTS[i]}) for i in range(3)
        ]
        return Stream(traces)

    def to_parquet(self, path: str | os.PathLike) -> None:
        """Write columns E, N, Z with the header in the file's metadata."""
        import pyarrow as pa
        from pyarrow import parquet

        table = pa.table({name: self.data[i] for i, name in enumerate(COMPONENTS)})
        with replacing(path) as temporary:
            parquet.write_table(table.replace_schema_metadata({"foreshock": json.dumps(self.header())}), temporary)

    @classmethod
    def from_parquet(cls, path: str | os.PathLike) -> Record:
        """Read what `to_parquet` wrote."""
        from pyarrow import parquet

        table = parquet.read_table(path)
        metadata = (table.schema.metadata or {}).get(b"foreshock")
        if metadata is None:
            raise InputError("a Parquet file written by Record.to_parquet", f"{path}", "write it with foreshock")
        return cls(np.stack([table[name].to_numpy() for name in COMPONENTS]), **json.loads(metadata))

    def to_csv(self, path: str | os.PathLike) -> None:
        """Write one row a sample, E,N,Z, under a first line that holds the header as a JSON comment."""
        with replacing(path) as temporary, open(temporary, "w") as file:
            file.write(f"# {json.dumps(self.header())}\n{','.join(COMPONENTS)}\n")
            # Nine significant digits give every float32 back.
            np.savetxt(file, self.data.T, fmt="%.9g", delimiter=",")

    @classmethod
    def from_csv(cls, path: str | os.PathLike) -> Record:
        """Read what `to_csv` wrote."""
        with open(path) as file:
            first = file.readline()
            if not first.startswith("# {"):
                raise InputError("a CSV written by Record.to_csv", f"{path}", "write it with foreshock")
            header = json.loads(first[2:])
            file.readline()
            data = np.loadtxt(file, delimiter=",", dtype=np.float32, ndmin=2)
        return cls(data.T, **header)
