"""Records with known magnitudes as features: simulated ones, and those of Northern California joined by inference."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...datasets.errors import InputError
from ...datasets.readers.phasenet_npz import read_npz
from ...datasets.simulate.scene import Window
from ...datasets.simulate.seismic_cycle import SeismicCycle, seismic_cycle_batches
from ...datasets.splits import PARTS
from ...datasets.waveforms.features import channel_features, feature_names
from ...datasets.waveforms.windowing import aligned_window

RATE_HZ, WINDOW_S, BEFORE_S = 100.0, 25.0, 5.0
NAMES = tuple(feature_names())
#: What the published forest saw beside the waveform: the event's fingerprint.
COORDINATES = ("source_depth_km", "source_latitude", "source_longitude", "p_travel_s")
JOIN = "ncedc_magnitudes.csv"
# P travels S - P over (Vp / Vs - 1) seconds; outside these ratios the joined event is not the record's.
TRAVEL_OVER_S_MINUS_P = (0.7, 2.0)


@dataclass(frozen=True, eq=False)
class MagnitudeRecords:
    """Features and magnitudes.

    Arguments:
        features: (n, 69). coordinates: (n, 4), for comparison with the published forest only.
        magnitude, distance_km: (n,). event, station: (n,) names; band: (n,) codes of instruments, "" where simulated.
        left_out: (name, reason).
    """

    features: np.ndarray
    coordinates: np.ndarray
    magnitude: np.ndarray
    distance_km: np.ndarray
    event: np.ndarray
    station: np.ndarray
    band: np.ndarray
    left_out: tuple[tuple[str, str], ...] = field(default=())

    def __len__(self) -> int:
        return len(self.magnitude)

    def select(self, rows) -> MagnitudeRecords:
        """The records of an index or mask."""
        names = ("features", "coordinates", "magnitude", "distance_km", "event", "station", "band")
        return MagnitudeRecords(*(getattr(self, name)[rows] for name in names), self.left_out)

    def seen(self, coordinates: bool) -> np.ndarray:
        """What a model sees, float32 (n, 69 or 73)."""
        parts = [self.features, self.coordinates] if coordinates else [self.features]
        return np.concatenate(parts, axis=1).astype(np.float32)

    @property
    def events(self) -> int:
        """How many events."""
        return len(np.unique(self.event))


def simulated_magnitudes(events: int, seed: int) -> dict[str, MagnitudeRecords]:
    """train, validation and test by event: earthquakes of M 2 to 4.5 at nine stations, nothing else changing."""
    cycle = SeismicCycle(cause="none", events=events, seed=seed)
    sets = {}
    for split in PARTS:
        parts = [_of_batch(batch) for batch in seismic_cycle_batches(cycle, split, Window(RATE_HZ, WINDOW_S, BEFORE_S))]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        sets[split] = MagnitudeRecords(*columns)
    return sets


def _of_batch(batch) -> tuple[np.ndarray, ...]:
    truth = batch.truth
    features = channel_features(batch.data, RATE_HZ).reshape(len(batch), -1)
    place = np.stack([truth[n] for n in ("depth_km", "latitude", "longitude", "p_travel_s")], axis=1)
    return (
        features,
        place,
        truth["magnitude"],
        truth["distance_km"],
        batch.event_id,
        batch.station,
        np.full(len(batch), ""),
    )


def ncedc_magnitudes(folder: Path) -> MagnitudeRecords:
    """The records of Northern California with the magnitudes that a join by time and S - P gave them.

    Left out and named: stations without horizontals, and rows whose event does not fit the record's arrivals. Distance
    is that of S - P at 8 km a second.
    """
    folder = Path(folder)
    if not (folder / JOIN).is_file():
        raise InputError(f"the table {JOIN}", f"nothing at {folder / JOIN}", "put it into the folder")
    with open(folder / JOIN, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kept, left_out = [], []
    for row in rows:
        try:
            record = read_npz(folder / "ncedc" / row["file"])
            origin = np.datetime64(row["origin"].replace("/", "-").replace(" ", "T"), "us")
            travel_s = (record.start - origin) / np.timedelta64(1, "us") * 1e-6 + record.p_s
            s_minus_p_s = float(row["s_minus_p_s"])
            low, high = (ratio * s_minus_p_s for ratio in TRAVEL_OVER_S_MINUS_P)
            if not low <= travel_s <= high:
                raise InputError(f"P {low:.1f} to {high:.1f} s after the origin", f"{travel_s:.1f} s", "leave it out")
            window = aligned_window(record, "P", BEFORE_S, WINDOW_S, RATE_HZ)
        except InputError as error:
            left_out.append((row["file"], str(error)))
            continue
        place = [float(row["depth_km"]), float(row["lat"]), float(row["lon"]), travel_s]
        kept.append((window.data, place, float(row["mag"]), 8.0 * s_minus_p_s, row["ncedc_event_id"], record))
    if not kept:
        raise InputError("records with magnitudes", f"none of {len(rows)}", "check the folder")
    data, place, magnitude, distance_km, event, records = zip(*kept, strict=True)
    return MagnitudeRecords(
        channel_features(np.stack(data), RATE_HZ).reshape(len(data), -1),
        np.array(place),
        np.array(magnitude),
        np.array(distance_km),
        np.array(event),
        np.array([f"{r.network}.{r.station}" for r in records]),
        np.array([r.band for r in records]),
        tuple(left_out),
    )


def join_check(records: MagnitudeRecords, seed: int = 0, permutations: int = 500) -> dict[str, float]:
    """Whether amplitudes know the joined magnitudes: log amplitude on magnitude, log distance and instrument.

    A right join has a slope near 1 a magnitude; permuted magnitudes tell what chance gives. Returns slope, its largest
    permuted value, the slope with log distance, and the standard deviation of what is left, in decades.
    """
    amplitude = np.log10(records.features[:, [NAMES.index(f"{c}_std") for c in "ENZ"]].max(axis=1))
    distance = np.log10(np.maximum(records.distance_km, 1.0))
    kind = (records.band[:, None] == np.unique(records.band)).astype(np.float64)

    def fitted(magnitude):
        x = np.column_stack([kind, magnitude, distance])
        solution = np.linalg.lstsq(x, amplitude, rcond=None)[0]
        return solution, amplitude - x @ solution

    solution, rest = fitted(records.magnitude)
    rng = np.random.default_rng(seed)
    chance = [fitted(rng.permutation(records.magnitude))[0][-2] for _ in range(permutations)]
    degrees = len(records) - len(solution)
    return {
        "slope": float(solution[-2]),
        "largest_permuted_slope": float(max(chance)),
        "distance_slope": float(solution[-1]),
        "scatter": float(np.sqrt((rest**2).sum() / degrees)),
    }
