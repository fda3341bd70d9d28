"""Blasts and earthquakes of a simulated region: records whose truth says what tells them apart, where and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from ..errors import InputError
from ..splits import PARTS
from .blast_regions import BlastRegion
from .blast_scene import LABELS, BlastOrQuake, draw_scene
from .disturbance import disturb, draw_disturbances
from .measured_noise import MeasuredNoise
from .rayleigh import rg_truth
from .scene import Window, body_wave_spectrum, complete_truth
from .simulated_records import SimulatedRecords
from .waveform import in_whole_counts, synthesise

#: 60 s at 50 Hz with P at 10 s: room for noise, P, S and Rg.
WINDOW = Window(sampling_rate_hz=50.0, duration_s=60.0, p_s=10.0)
#: Where P over S tells the classes apart; the upper end is lower where the sampling rate demands it.
P_OVER_S_BAND_HZ = (10.0, 20.0)


def blast_or_quake_truth(settings: BlastOrQuake, window: Window = WINDOW) -> dict[str, np.ndarray]:
    """Everything about every record but the samples: see `draw_scene`, `complete_truth`, `rg_truth`.

    Adds the columns of `draw_disturbances`, p_over_s (expected ratio of the spectral amplitudes of P and S, all
    components, 10 to 20 Hz), scallop_hz (1 / delay, NaN for one shot) and the cause: cause_band_low_hz,
    cause_band_high_hz, cause_start_s and cause_end_s, where P over S tells the classes apart. Rg's own band and time
    are rg_band_low_hz, rg_band_high_hz, rg_s and rg_end_s.
    """
    region = BlastRegion.named(settings.region)
    truth = rg_truth(complete_truth(draw_scene(settings), region.crust, window), window)
    low, high = P_OVER_S_BAND_HZ[0], min(P_OVER_S_BAND_HZ[1], 0.4 * window.sampling_rate_hz)
    if high <= low:
        raise InputError(f"a sampling rate above {low / 0.4:g} Hz", f"{window.sampling_rate_hz:g} Hz", "raise the rate")
    frequency = np.arange(low, high + 0.01, 0.5)
    p, s = (np.sqrt((body_wave_spectrum(truth, frequency, wave) ** 2).mean(1)) for wave in "ps")
    count = len(truth["label"])
    rng = np.random.default_rng([settings.seed, region.network_seed, 3])
    # The direct S train is over after about as long again as S comes after P.
    s_end_s = np.minimum(truth["s_s"] + np.maximum(0.5 * (truth["s_s"] - truth["p_s"]), 3.0), window.duration_s)
    return {
        **truth,
        **draw_disturbances(count, window, settings.gaps, settings.glitches, rng),
        "p_over_s": p / s,
        "scallop_hz": 1e3 / truth["delay_ms"],
        "cause_band_low_hz": np.full(count, low),
        "cause_band_high_hz": np.full(count, high),
        "cause_start_s": truth["p_s"].copy(),
        "cause_end_s": s_end_s,
    }


def records_of(
    settings: BlastOrQuake,
    truth: Mapping[str, np.ndarray],
    rows: np.ndarray,
    window: Window = WINDOW,
    noise: MeasuredNoise | None = None,
) -> SimulatedRecords:
    """The waveforms to a part of the truth; `rows` are its numbers in the whole set.

    Arguments:
        noise: takes the place of the simulated noise; the truth then has noise_window, the number of each record's
            window (-1 where the noise is simulated), and signal-to-noise ratios of that noise.
    """
    part = {name: values[rows] for name, values in truth.items()}
    # Waveforms draw from streams of their own: apart from the scene's, the seismic cycle's and the other regions'.
    seed = settings.seed + 2**32 * BlastRegion.named(settings.region).network_seed
    if noise is None:
        data = synthesise(part, window, seed, rows)
        part["noise_window"] = np.full(len(rows), -1)
    else:
        data = synthesise(part, window, seed, rows, with_noise=False, quantise=False)
        part = noise.add(data, part, window, seed, rows)
    disturb(data, part, window)
    return SimulatedRecords(in_whole_counts(data), part, window)


def blast_or_quake_batches(
    settings: BlastOrQuake,
    split: str | None = None,
    window: Window = WINDOW,
    noise: MeasuredNoise | None = None,
    size: int = 512,
) -> Iterator[SimulatedRecords]:
    """The records of a split (None for all), `size` at a time: memory stays constant."""
    truth = blast_or_quake_truth(settings, window)
    rows = np.arange(len(truth["label"])) if split is None else np.flatnonzero(truth["split"] == split)
    if not len(rows):
        raise InputError(f"a split among {', '.join(PARTS)}", f"{split!r}", "choose one of them")
    for first in range(0, len(rows), size):
        yield records_of(settings, truth, rows[first : first + size], window, noise)


def simulate_blast_or_quake(
    settings: BlastOrQuake | None = None,
    split: str | None = None,
    window: Window = WINDOW,
    noise: MeasuredNoise | None = None,
    **changes,
) -> SimulatedRecords:
    """All records of a set, or of one split; `changes` are fields of BlastOrQuake.

    >>> simulate_blast_or_quake(region="B", events=20, records_an_event=(2, 2))
    SimulatedRecords(40 records of 20 events, 3000 samples)
    """
    batches = list(blast_or_quake_batches(replace(settings or BlastOrQuake(), **changes), split, window, noise))
    truth = {name: np.concatenate([batch.truth[name] for batch in batches]) for name in batches[0].truth}
    return SimulatedRecords(np.concatenate([batch.data for batch in batches]), truth, window)


def blast_or_quake_arrays(region: str = "A", events: int = 800, seed: int = 1, **changes) -> dict[str, dict]:
    """What a trainer needs, by split.

    Returns:
        split -> {"waveform": float32 (n, samples, 3) in counts, components E, N, Z; "label": int64 (n,), 0 earthquake,
        1 blast; and every column of the truth but the label}.
    """
    arrays = {}
    for split in PARTS:
        records = simulate_blast_or_quake(region=region, events=events, seed=seed, split=split, **changes)
        arrays[split] = {
            **{name: values for name, values in records.truth.items() if name not in ("label", "split")},
            "waveform": np.ascontiguousarray(records.data.transpose(0, 2, 1)),
            "label": (records.label == LABELS[1]).astype(np.int64),
        }
    return arrays
