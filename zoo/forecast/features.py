"""Features of a cell's past: counts, energies and decays in windows of space and time, and daily indicators.

Every function takes a history and a day, looks at events before that day only, and returns float32 maps of shape
(features, rows, columns). `FEATURES` names them for the files of fitted models.
"""

from __future__ import annotations

import numpy as np

from ...datasets.errors import InputError
from ...datasets.raster import ENERGY_SLOPE
from .history import History
from .rtl import rtl

# Beyond so many decay times an exponential's weight is below 1e-5.
DECAYS = 12


def decaying_counts(history: History, day, decay_days=(2.0, 30.0), widths_km=(5.0, 25.0)) -> np.ndarray:
    """Events in a cell, spread by Gaussians and forgotten exponentially; decays vary slowest."""
    maps = [
        history.summed(day, lambda age, m, t=t: np.exp(-(age - 0.5) / t), last_days=int(np.ceil(DECAYS * t)))
        for t in decay_days
    ]
    return np.stack([history.blurred(counts, width) for counts in maps for width in widths_km])


def counts(history: History, day, windows_days=(1, 3, 10, 30, 100, 365), widths_km=(0.0, 10.0, 30.0, 100.0)):
    """Logarithm of 1 + events of the last days, spread by Gaussians; windows vary slowest."""
    maps = [history.summed(day, lambda age, m: np.ones_like(m), last_days=window) for window in windows_days]
    return np.log1p(np.stack([history.blurred(events, width) for events in maps for width in widths_km]))


def energies(history: History, day, windows_days=(3, 30, 365), widths_km=(10.0, 50.0)) -> np.ndarray:
    """Magnitude of the summed energy of the last days, spread by Gaussians; 0 where there is next to none."""
    maps = [history.summed(day, lambda age, m: 10.0 ** (ENERGY_SLOPE * m), last_days=window) for window in windows_days]
    energy = np.stack([history.blurred(joule, width) for joule in maps for width in widths_km])
    return np.log10(np.maximum(energy, 1.0)) / ENERGY_SLOPE


def indicators(history: History, day, days=20) -> np.ndarray:
    """1 where a cell had an event, for each of the last days, yesterday first (Kail et al. 2020, section IV)."""
    maps = [
        history.summed(np.datetime64(day, "D") - ago, lambda age, m: np.ones_like(m), last_days=1)
        for ago in range(days)
    ]
    return (history.inner(np.stack(maps)) > 0).astype(np.float32)


FEATURES = {
    "decaying_counts": decaying_counts,
    "counts": counts,
    "energies": energies,
    "indicators": indicators,
    "rtl": rtl,
}


def stacked(history: History, day, wanted: list[dict]) -> np.ndarray:
    """All wanted features of a day, (features, rows, columns); each entry is {"name": ..., its arguments}."""
    parts = []
    for entry in wanted:
        arguments = dict(entry)
        name = arguments.pop("name")
        if name not in FEATURES:
            raise InputError(f"features of {', '.join(FEATURES)}", repr(name), "choose from the list")
        parts.append(FEATURES[name](history, day, **arguments))
    return np.concatenate(parts)
