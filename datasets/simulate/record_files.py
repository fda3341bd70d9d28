"""Simulated records as a folder: miniSEED, an event table, picks, and a table of all that is true of them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from ..catalog import Catalog
from ..errors import InputError
from .simulated_records import SimulatedRecords


def own_folder(folder) -> Path:
    """The folder as a path, if a simulation may be written there: new, empty or of an earlier simulation."""
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / "records.csv").is_file())):
        raise InputError(
            "a new folder, an empty one or one of an earlier simulation",
            f"{folder}, which holds something else",
            "choose another folder",
        )
    return folder


def rows_to_keep(event_id: np.ndarray, count: int, seed: int) -> np.ndarray:
    """`count` of the rows, ascending; what is too much is taken by lot from events that have several rows.

    Arguments:
        event_id: of each row, the rows of an event together.

    >>> rows_to_keep(np.array(["a", "a", "a", "b"]), 2, seed=1).tolist()
    [0, 3]
    """
    spare = np.flatnonzero(np.concatenate([[False], event_id[1:] == event_id[:-1]]))
    dropped = np.random.default_rng([seed, 3]).permutation(spare)[: len(event_id) - count]
    return np.setdiff1d(np.arange(len(event_id)), dropped)


def counts_of(values: np.ndarray) -> dict:
    """How often each value occurs."""
    return dict(zip(*(part.tolist() for part in np.unique(values, return_counts=True)), strict=True))


def write_waveforms(records: SimulatedRecords, folder: Path) -> np.ndarray:
    """Write one miniSEED file a record, EVENT.STATION.mseed, and return the starts (UTC).

    A planted gap (truth gap_start_s and gap_end_s) is a gap in the file too.
    """
    return np.array([_write_record(records, row, folder) for row in range(len(records))], dtype="datetime64[us]")


def _file_name(event_id, station) -> str:
    return f"{event_id}.{station}.mseed"


def _write_record(records: SimulatedRecords, row: int, folder: Path) -> np.datetime64:
    record = records.record(row)
    stream = record.to_obspy()
    for trace in stream:
        # The samples are whole counts already: Steim2 stores them without loss.
        trace.data = trace.data.astype(np.int32)
    gap_s = [records.truth.get(name, np.full(len(records), np.nan))[row] for name in ("gap_start_s", "gap_end_s")]
    if np.isfinite(gap_s).all():
        first, last = np.round(np.multiply(gap_s, record.sampling_rate_hz)).astype(int)
        begin, step = stream[0].stats.starttime, stream[0].stats.delta
        before = stream.slice(begin, begin + (first - 1) * step)
        stream = before + stream.slice(begin + last * step)
    path = folder / _file_name(record.event_id, record.station)
    stream.write(str(path), format="MSEED", encoding="STEIM2", reclen=512)
    return record.start


def _utc_text(times: np.ndarray) -> np.ndarray:
    return np.char.add(np.datetime_as_string(times.astype("datetime64[us]"), unit="us"), "Z")


def write_tables(
    folder: Path, truth: dict[str, np.ndarray], start: np.ndarray, duration_s: float, kind="earthquake"
) -> None:
    """Write events.csv (a Catalog), picks.csv (station, phase, time, event_id) and records.csv (all of the truth).

    Arguments:
        truth: from `complete_truth`. start: UTC of the first samples. duration_s: of a record.
        kind: of each record's event in QuakeML's words, or one for all.
    """
    _, first = np.unique(truth["event_id"], return_index=True)
    columns = ("latitude", "longitude", "depth_km", "magnitude", "event_id")
    event = {name: truth[name][first] for name in columns}
    kinds = np.broadcast_to(np.asarray(kind, dtype=np.str_), start.shape)[first]
    Catalog.unsorted(truth["origin_time"][first], kind=kinds, **event).to_csv(folder / "events.csv")

    arrival = {
        phase: start + np.round(truth[column] * 1e6).astype("timedelta64[us]")
        for phase, column in (("P", "p_s"), ("S", "s_s"))
    }
    # S of a distant event may come after the record's end; nobody could have picked it.
    seen = {"P": np.ones(len(start), bool), "S": truth["s_s"] < duration_s}
    with open(folder / "picks.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["station", "phase", "time", "event_id"])
        for phase, rows in seen.items():
            names, times = np.char.add("SY.", truth["station"][rows]), _utc_text(arrival[phase][rows])
            table.writerows(zip(names, [phase] * len(names), times, truth["event_id"][rows], strict=True))

    files = [f"waveforms/{_file_name(*key)}" for key in zip(truth["event_id"], truth["station"], strict=True)]
    columns = {
        "file": files,
        "start": _utc_text(start),
        **{f"{k.lower()}_time": _utc_text(v) for k, v in arrival.items()},
    }
    for name, values in truth.items():
        columns[name] = _utc_text(values) if values.dtype.kind == "M" else values.tolist()
    with open(folder / "records.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        table.writerows(zip(*columns.values(), strict=True))
