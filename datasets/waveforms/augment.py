"""Augmentation of waveform windows: gain, real noise, a missing component, a gap; all drawn from one generator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError


@dataclass(frozen=True, eq=False)
class Augmentation:
    """What is done to windows in training, each record by its own lot.

    Arguments:
        gain_db: largest change of the amplitude, up or down.
        noise: (m, at least the window's samples, components) of real noise, such as what lies before P in other
            records; scaled to a signal-to-noise ratio drawn from `noise_snr_db`, by standard deviation. None adds none.
        noise_share: of the windows that get noise.
        noise_snr_db: lowest and highest ratio.
        drop_share: of the windows that lose a component, which becomes zero.
        gap_share: of the windows with a gap, which is zero on all components; gap_s: its shortest and longest length.
        sampling_rate_hz: of the windows, for the gap.

    >>> windows = np.ones((2, 100, 3), np.float32)
    >>> [round(float(value), 2) for value in Augmentation(gain_db=6.0)(windows, np.random.default_rng(0))[:, 0, 0]]
    [1.21, 0.73]
    """

    gain_db: float = 0.0
    noise: np.ndarray | None = None
    noise_share: float = 0.5
    noise_snr_db: tuple[float, float] = (0.0, 20.0)
    drop_share: float = 0.0
    gap_share: float = 0.0
    gap_s: tuple[float, float] = (0.1, 2.0)
    sampling_rate_hz: float = 100.0

    def __post_init__(self):
        for name in ("noise_share", "drop_share", "gap_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} from 0 to 1", f"{getattr(self, name)}", "give a share")
        for name in ("noise_snr_db", "gap_s"):
            low, high = getattr(self, name)
            if not low <= high:
                raise InputError(f"{name} from low to high", f"{low}, {high}", "swap them")
        if self.noise is not None and (self.noise.ndim != 3 or not len(self.noise)):
            raise InputError("noise of shape (records, samples, components)", f"{self.noise.shape}", "stack it so")

    def __call__(self, windows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Augmented copies of windows (n, samples, components), float32; noise is added without its mean.

        The number of draws does not depend on the shares, so that one setting can change and the others stay.
        """
        n, samples, components = windows.shape
        gain = 10.0 ** (rng.uniform(-self.gain_db, self.gain_db, n) / 20.0)
        snr_db = rng.uniform(*self.noise_snr_db, n)
        lots = rng.random((3, n))
        component = rng.integers(components, size=n)
        gap_s, place = rng.uniform(*self.gap_s, n), rng.random(n)
        out = windows.astype(np.float32, copy=True)
        if self.noise is not None:
            self._add_noise(out, np.flatnonzero(lots[0] < self.noise_share), snr_db, rng)
        out *= gain[:, None, None].astype(np.float32)
        dropped = np.flatnonzero(lots[1] < self.drop_share)
        out[dropped, :, component[dropped]] = 0.0
        for row in np.flatnonzero(lots[2] < self.gap_share):
            length = min(round(gap_s[row] * self.sampling_rate_hz), samples)
            first = int(place[row] * (samples - length + 1))
            out[row, first : first + length] = 0.0
        return out

    def _add_noise(self, out: np.ndarray, rows: np.ndarray, snr_db: np.ndarray, rng: np.random.Generator) -> None:
        """Noise of a random place in a random record, at the wanted ratio to each window."""
        samples, components = out.shape[1:]
        spare = self.noise.shape[1] - samples
        if spare < 0 or self.noise.shape[2] != components:
            raise InputError(
                f"noise of at least {samples} samples and {components} components", f"{self.noise.shape}", "give more"
            )
        which, first = rng.integers(len(self.noise), size=len(rows)), rng.integers(spare + 1, size=len(rows))
        for row, record, start in zip(rows, which, first, strict=True):
            noise = self.noise[record, start : start + samples]
            noise = noise - noise.mean(axis=0)
            level = noise.std()
            if level > 0:
                out[row] += noise * np.float32(out[row].std() / level * 10.0 ** (-snr_db[row] / 20.0))


def noise_before_p(waveform: np.ndarray, p_sample: np.ndarray, samples: int, margin: int = 50) -> np.ndarray:
    """Windows (m, samples, components) that end `margin` samples before P, of the records that are long enough.

    Arguments:
        waveform: (n, length, components). p_sample: (n,) sample of P, NaN where unknown.
    """
    last = np.asarray(p_sample, dtype=np.float64) - margin
    rows = np.flatnonzero(last >= samples)
    if not len(rows):
        raise InputError(f"records with {samples + margin} samples before P", "none", "ask for shorter noise")
    return np.stack([waveform[row, int(last[row]) - samples : int(last[row])] for row in rows])


def balanced_order(label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Indices in random order with equally many of each class: of larger classes a random part, another one each time.

    >>> label = np.array([0, 0, 0, 0, 1, 1])
    >>> np.bincount(label[balanced_order(label, np.random.default_rng(0))]).tolist()
    [2, 2]
    """
    label = np.asarray(label)
    classes, counts = np.unique(label, return_counts=True)
    least = counts.min()
    chosen = [rng.permutation(np.flatnonzero(label == name))[:least] for name in classes]
    return rng.permutation(np.concatenate(chosen))
