"""Records of earthquakes and blasts as the networks take them: three simulated regions and the Pacific Northwest."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...datasets.errors import InputError
from ...datasets.simulate.blast_or_quake import WINDOW, blast_or_quake_batches
from ...datasets.simulate.blast_scene import LABELS, BlastOrQuake
from ...datasets.splits import PARTS, event_folds

# What the networks see; the same numbers stand in zoo/waveform/blast_networks.py, which needs Keras.
RATE_HZ, WINDOW_S, BEFORE_S = 50.0, 40.0, 5.0
SAMPLES = round(WINDOW_S * RATE_HZ)
# BlastRecords reach this much beyond the window on either side; training shifts its windows within it, as picks err.
SHIFT_S = 0.5
FOLDS, FOLD_SEED = 5, 1


@dataclass(frozen=True, eq=False)
class BlastRecords:
    """Vertical records with P in its place and SHIFT_S to spare on either side.

    Arguments:
        waveform: float32 (n, samples, 1), counts. label: (n,) 0 earthquake, 1 blast.
        event: (n,) ids. station: (n,) names.
        left_out: (name, reason) of what could not be used.
        weight: (n,) or (n, members) in the loss of a training; None where all weigh one.
    """

    waveform: np.ndarray
    label: np.ndarray
    event: np.ndarray
    station: np.ndarray
    left_out: tuple[tuple[str, str], ...] = field(default=())
    weight: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.label)

    def select(self, rows) -> BlastRecords:
        """The records of an index or mask."""
        return BlastRecords(self.waveform[rows], self.label[rows], self.event[rows], self.station[rows])

    def centred(self) -> np.ndarray:
        """(n, SAMPLES, 1), P in its place."""
        spare = round(SHIFT_S * RATE_HZ)
        return self.waveform[:, spare : spare + SAMPLES]

    @property
    def events(self) -> int:
        """How many events."""
        return len(np.unique(self.event))

    def some_events(self, number: int, seed: int, least: int = 1) -> BlastRecords:
        """The records of `number` events drawn at random, with at least so many events of either class."""
        rng = np.random.default_rng([seed, number])
        names, first = np.unique(self.event, return_index=True)
        label = self.label[first]
        order = rng.permutation(len(names))
        # The first of either class come to the front.
        front = [i for c in (0, 1) for i in order[label[order] == c][:least]]
        chosen = [*front, *(i for i in order if i not in front)][:number]
        return self.select(np.isin(self.event, names[chosen]))

    def folds(self) -> np.ndarray:
        """(n,) 0 to FOLDS - 1, all records of an event in one, each class divided evenly."""
        return event_folds(self.event, FOLD_SEED, FOLDS, stratum=self.label)


def joined(parts: list[BlastRecords]) -> BlastRecords:
    """Several sets as one; event ids are taken to differ between them."""
    return BlastRecords(
        *(np.concatenate([getattr(p, n) for p in parts]) for n in ("waveform", "label", "event", "station"))
    )


def simulated_region(
    region: str, events: int, seed: int, shares: tuple[float, float, float] = (0.7, 0.15, 0.15)
) -> dict[str, BlastRecords]:
    """train, validation and test of a simulated region, by event.

    >>> {name: len(part.waveform[0]) for name, part in simulated_region("A", 20, 1).items()}
    {'train': 2050, 'validation': 2050, 'test': 2050}
    """
    first = round((WINDOW.p_s - BEFORE_S - SHIFT_S) * RATE_HZ)
    last = first + SAMPLES + round(2 * SHIFT_S * RATE_HZ)
    settings = BlastOrQuake(region=region, events=events, seed=seed, shares=shares)
    sets = {}
    for split in PARTS:
        batches = list(blast_or_quake_batches(settings, split))
        waveform = np.concatenate([np.ascontiguousarray(b.data[:, 2, first:last, None]) for b in batches])
        label, event, station = (
            np.concatenate([getattr(b, n) for b in batches]) for n in ("label", "event_id", "station")
        )
        sets[split] = BlastRecords(waveform, (label == LABELS[1]).astype(np.int64), event, station)
    return sets


def pacific_northwest(folder: Path) -> BlastRecords:
    """The records of the Pacific Northwest collection in which P was found and the window lies within the record."""
    from ...datasets.readers.pnw import pnw_records

    rejected: list[tuple[str, str]] = []
    rows = []
    for record in pnw_records(folder, rejected):
        picked = record.picked()
        try:
            waveform = picked.aligned(BEFORE_S + SHIFT_S, WINDOW_S + 2 * SHIFT_S, RATE_HZ)
        except InputError as error:
            rejected.append((record.key, str(error)))
            continue
        rows.append((waveform, LABELS.index(record.label), record.event_id, f"{record.network}.{record.station}"))
    if not rows:
        raise InputError(f"records with P in {folder}", f"none of {len(rejected)}", "check the folder")
    waveform, label, event, station = zip(*rows, strict=True)
    return BlastRecords(
        np.stack(waveform)[:, :, None],
        np.array(label, np.int64),
        np.array(event),
        np.array(station),
        tuple(rejected),
    )
