"""A simulated seismic cycle as files: miniSEED, an event table, picks and the truth."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np

from ..atomic import replacing_folder
from ..errors import InputError
from ..progress import track
from .cycle_scene import SeismicCycle, draw_scene
from .path import LayeredCrust
from .record_files import counts_of, own_folder, rows_to_keep, write_tables, write_waveforms
from .scene import Window, complete_truth
from .seismic_cycle import records_of

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
        if len(scene["label"]) >= records:
            break
        events += 2
    return sized, scene, rows_to_keep(scene["event_id"], records, cycle.seed)


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
    folder = own_folder(folder)
    cycle, scene, rows = scene_of_size(SeismicCycle(cause=cause, seed=seed, **changes), records)
    truth = {name: values[rows] for name, values in complete_truth(scene, LayeredCrust(), Window()).items()}
    with replacing_folder(folder) as fresh:
        (fresh / "waveforms").mkdir()
        starts = []
        for first in track(range(0, len(rows), BATCH), "simulating"):
            part = slice(first, first + BATCH)
            batch = records_of(cycle, {name: values[part] for name, values in truth.items()}, rows[part])
            starts.append(write_waveforms(batch, fresh / "waveforms"))
        write_tables(fresh, truth, np.concatenate(starts), Window().duration_s)
    return {
        "folder": str(folder),
        "cause": cause,
        "seed": seed,
        "records": len(rows),
        "events": len(np.unique(truth["event_id"])),
        **{name: counts_of(truth[name]) for name in ("label", "split")},
        "ceiling_accuracy": round(cycle.ceiling_accuracy(), 4),
    }
