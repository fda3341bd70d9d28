"""Records in disguise: only the noise before P, only a band of frequencies, without a component."""

from __future__ import annotations

import numpy as np

from ...datasets.errors import InputError
from ..waveform.records import Records

# Left out before P: picks are late by as much, and filters reach as far.
GUARD_S = 0.5
# White noise that is laid under a filtered record, as a share of its root mean square: a filter alone changes a
# log-spectrum by a constant, and what it was meant to take away would still be read from the last digits.
COVER = 1e-3
CHUNK = 512


def noise_only(records: Records, longest_s: float = 5.0) -> Records:
    """The same records with nothing of the event in them: the noise before P, to and fro, over the whole length.

    Arguments:
        longest_s: how much of it is taken, up to GUARD_S before P.
    """
    rate, length = records.sampling_rate_hz, records.waveform.shape[1]
    end = np.round(records.p - GUARD_S * rate).astype(np.int64)
    start = np.maximum(end - round(longest_s * rate), 0)
    if (end - start < rate).any():
        short = int((end - start < rate).sum())
        raise InputError("a second of noise before each P", f"{short} records with less", "cut longer windows")
    return records.with_waveform(
        np.concatenate(
            [
                to_and_fro(records.waveform[i : i + CHUNK], start[i : i + CHUNK], end[i : i + CHUNK], length)
                for i in range(0, len(records), CHUNK)
            ]
        )
    )


def to_and_fro(waveform: np.ndarray, start: np.ndarray, end: np.ndarray, length: int) -> np.ndarray:
    """Samples start to end of each record, run through forwards and backwards in turn until `length` is filled.

    >>> to_and_fro(np.arange(5.0).reshape(1, 5, 1), np.array([1]), np.array([4]), 7).ravel().tolist()
    [1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0]
    """
    last = (end - start - 1)[:, None]
    step = np.arange(length)[None] % (2 * last)
    place = start[:, None] + np.where(step <= last, step, 2 * last - step)
    return np.take_along_axis(waveform, place[:, :, None], axis=1)


def band(records: Records, low_hz: float = 0.0, high_hz: float = np.inf, seed: int = 0) -> Records:
    """The same records with the frequencies from low_hz to high_hz only, and a little white noise over the rest.

    The filter cuts in the spectrum of the whole record, so that nothing outside the band is left to be amplified.
    """
    rng = np.random.default_rng(seed)
    parts = [
        band_of(records.waveform[i : i + CHUNK], records.sampling_rate_hz, low_hz, high_hz, rng)
        for i in range(0, len(records), CHUNK)
    ]
    return records.with_waveform(np.concatenate(parts))


def band_of(waveform: np.ndarray, rate_hz: float, low_hz: float, high_hz: float, rng: np.random.Generator):
    """(n, samples, components) -> the same shape, float32; see `band`.

    >>> t = np.arange(1000) / 100
    >>> two = (np.sin(2 * np.pi * 0.5 * t) + np.sin(2 * np.pi * 10 * t)).reshape(1, -1, 1)
    >>> kept = band_of(two, 100.0, 0.0, 1.0, np.random.default_rng(0)).ravel()
    >>> bool(np.abs(kept - np.sin(2 * np.pi * 0.5 * t)).max() < 0.01)
    True
    """
    from scipy.fft import irfft, rfft

    centred = waveform - waveform.mean(axis=1, keepdims=True)
    frequency = np.fft.rfftfreq(waveform.shape[1], 1 / rate_hz)
    inside = (frequency >= low_hz) & (frequency <= high_hz)
    kept = irfft(rfft(centred, axis=1) * inside[None, :, None], waveform.shape[1], axis=1)
    size = np.sqrt((kept**2).mean(axis=(1, 2), keepdims=True))
    return (kept + COVER * size * rng.standard_normal(kept.shape, dtype=np.float32)).astype(np.float32)


def without(records: Records, component: int) -> Records:
    """The same records with one component silent."""
    waveform = records.waveform.copy()
    waveform[:, :, component] = 0.0
    return records.with_waveform(waveform)
