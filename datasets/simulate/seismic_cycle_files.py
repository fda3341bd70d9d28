"""A simulated seismic cycle as files: miniSEED, an event table, picks and the truth."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..atomic import replacing_folder
from ..catalog import Catalog
from ..errors import InputError
from ..progress import track
from .cycle_scene import SeismicCycle, draw_scene
from .path import LayeredCrust
from .scene import Window, complete_truth
from .seismic_cycle import records_of
from .simulated_records import SimulatedRecords

BATCH = 256


def scene_of_size(cycle: SeismicCycle, records: int) -> tuple[SeismicCycle, dict[str, np.ndarray], np.ndarray]:
    """The smallest cycle with at least so many records, its scene, and the numbers of exactly so many of them.

    What is too much is taken by lot from events that have several records.
    """
    low, high = cycle.records_an_event
    if records < 6 * high:
        raise InputError(f"at least {6 * high} records, for 6 events", f"{records}", "ask for more records")
    # An even number of events keeps the classes equal.
    events = max(6, 2 * round(records / (low + high)))
    while True:
        sized = replace(cycle, events=events)
        scene = draw_scene(sized)
        surplus = len(scene["label"]) - records
        if surplus >= 0:
            break
        events += 2
    spare = np.flatnonzero(np.concatenate([[False], scene["event_id"][1:] == scene["event_id"][:-1]]))
    dropped = np.random.default_rng([cycle.seed, 3]).permutation(spare)[:surplus]
    return sized, scene, np.setdiff1d(np.arange(len(scene["label"])), dropped)


def write_seismic_cycle(
    folder: str | os.PathLike, cause: str = "source", records: int = 1000, seed: int = 1, **changes
) -> dict:
    """Simulate a cycle of so many records and write it as one folder, whole or not at all.

    `waveforms/EVENT.STATION.mseed` holds three Steim2-compressed channels of whole counts; `events.csv` is a Catalog;
    `picks.csv` has station, phase, time and event_id; `records.csv` has a row a record with the file, the label, the
    split, start and arrivals (UTC) and all of the truth (see `scene.complete_truth`).

    Arguments:
        folder: created, or replaced if an earlier simulation stands there; any other full folder is refused.
        changes: further fields of SeismicCycle.

    Returns:
        What was written: folder, cause, seed, records, events, records by label and by split, ceiling accuracy.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / "records.csv").is_file())):
        raise InputError(
            "a new folder, an empty one or one of an earlier simulation",
            f"{folder}, which holds something else",
            "choose another folder",
        )
    cycle, scene, rows = scene_of_size(SeismicCycle(cause=cause, seed=seed, **changes), records)
    truth = {name: values[rows] for name, values in complete_truth(scene, LayeredCrust(), Window()).items()}
    with replacing_folder(folder) as fresh:
        (fresh / "waveforms").mkdir()
        starts = []
        for first in track(range(0, len(rows), BATCH), "simulating"):
            part = slice(first, first + BATCH)
            batch = records_of(cycle, {name: values[part] for name, values in truth.items()}, rows[part])
            starts += [_write_record(batch, row, fresh / "waveforms") for row in range(len(batch))]
        _write_tables(fresh, truth, np.array(starts, dtype="datetime64[us]"))
    counts = {
        name: dict(zip(*(values.tolist() for values in np.unique(truth[name], return_counts=True)), strict=True))
        for name in ("label", "split")
    }
    return {
        "folder": str(folder),
        "cause": cause,
        "seed": seed,
        "records": len(rows),
        "events": len(np.unique(truth["event_id"])),
        **counts,
        "ceiling_accuracy": round(cycle.ceiling_accuracy(), 4),
    }


def _file_name(event_id, station) -> str:
    return f"{event_id}.{station}.mseed"


def _write_record(batch: SimulatedRecords, row: int, folder: Path) -> np.datetime64:
    record = batch.record(row)
    stream = record.to_obspy()
    for trace in stream:
        # The samples are whole counts already: Steim2 stores them without loss.
        trace.data = trace.data.astype(np.int32)
    path = folder / _file_name(record.event_id, record.station)
    stream.write(str(path), format="MSEED", encoding="STEIM2", reclen=512)
    return record.start


def _utc_text(times: np.ndarray) -> np.ndarray:
    return np.char.add(np.datetime_as_string(times.astype("datetime64[us]"), unit="us"), "Z")


def _write_tables(folder: Path, truth: dict[str, np.ndarray], start: np.ndarray) -> None:
    _, first = np.unique(truth["event_id"], return_index=True)
    columns = ("latitude", "longitude", "depth_km", "magnitude", "event_id")
    event = {name: truth[name][first] for name in columns}
    Catalog.unsorted(truth["origin_time"][first], kind="earthquake", **event).to_csv(folder / "events.csv")

    arrival = {
        phase: start + np.round(truth[column] * 1e6).astype("timedelta64[us]")
        for phase, column in (("P", "p_s"), ("S", "s_s"))
    }
    # S of a distant event may come after the record's end; nobody could have picked it.
    seen = {"P": np.ones(len(start), bool), "S": truth["s_s"] < Window().duration_s}
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
