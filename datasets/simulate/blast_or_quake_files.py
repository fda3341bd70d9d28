"""Simulated blasts and earthquakes as files: miniSEED, an event table, picks and the truth."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np

from ..atomic import replacing_folder
from ..errors import InputError
from ..progress import track
from .blast_or_quake import WINDOW, blast_or_quake_truth, records_of
from .blast_regions import BlastRegion
from .blast_scene import FOLDS, LABELS, BlastOrQuake, draw_scene
from .record_files import counts_of, own_folder, rows_to_keep, write_tables, write_waveforms

BATCH = 256
#: The classes in QuakeML's words.
KINDS = dict(zip(LABELS, ("earthquake", "quarry blast"), strict=True))


def settings_of_size(settings: BlastOrQuake, records: int) -> tuple[BlastOrQuake, np.ndarray]:
    """The smallest set with at least so many records, and the numbers of exactly so many of them."""
    high = settings.records_an_event[1]
    share = BlastRegion.named(settings.region).blast_share
    fewest = int(np.ceil(FOLDS / min(share, 1 - share)))
    if records < fewest * high:
        raise InputError(
            f"at least {fewest * high} records in region {settings.region}, for {FOLDS} events of its rarer class",
            f"{records}",
            "ask for more records",
        )
    # No event has more than `high` records, so fewer events cannot do.
    events = max(fewest, int(records / high))
    while True:
        sized = replace(settings, events=events)
        event_id = draw_scene(sized)["event_id"]
        if len(event_id) >= records:
            return sized, rows_to_keep(event_id, records, settings.seed)
        events += max(1, int((records - len(event_id)) / high))


def write_blast_or_quake(
    folder: str | os.PathLike, region: str = "A", records: int = 1000, seed: int = 1, **changes
) -> dict:
    """Simulate so many records of a region's blasts and earthquakes and write them as one folder, whole or not at all.

    `waveforms/EVENT.STATION.mseed` holds three Steim2-compressed channels of whole counts; `events.csv` is a Catalog
    with the kinds "earthquake" and "quarry blast"; `picks.csv` has station, phase, time and event_id; `records.csv` has
    a row a record with the file, the label, the split, the fold and all of the truth (see `blast_or_quake_truth`).

    Arguments:
        folder: created, or replaced if an earlier simulation stands there; any other full folder is refused.
        changes: further fields of BlastOrQuake.

    Returns:
        What was written: folder, region, seed, records, events, records by label and by split, events by label.
    """
    folder = own_folder(folder)
    settings, rows = settings_of_size(BlastOrQuake(region=region, seed=seed, **changes), records)
    truth = blast_or_quake_truth(settings)
    with replacing_folder(folder) as fresh:
        (fresh / "waveforms").mkdir()
        starts = []
        for first in track(range(0, len(rows), BATCH), "simulating"):
            batch = records_of(settings, truth, rows[first : first + BATCH])
            starts.append(write_waveforms(batch, fresh / "waveforms"))
        written = {name: values[rows] for name, values in truth.items()}
        kinds = np.array([KINDS[label] for label in written["label"].tolist()])
        write_tables(fresh, written, np.concatenate(starts), WINDOW.duration_s, kinds)
    _, one_an_event = np.unique(written["event_id"], return_index=True)
    return {
        "folder": str(folder),
        "region": region,
        "seed": seed,
        "records": len(rows),
        "events": len(one_an_event),
        **{name: counts_of(written[name]) for name in ("label", "split")},
        "events_by_label": counts_of(written["label"][one_an_event]),
    }
