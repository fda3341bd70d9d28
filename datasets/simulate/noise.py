"""Seismic background noise between Peterson's (1993) low and high noise models."""

from __future__ import annotations

import functools

import numpy as np


@functools.cache
def _peterson_models() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """log10 of the frequency in Hz, and the low and the high model in dB of (m/s^2)^2/Hz there."""
    from obspy.signal.spectral_estimation import get_nhnm, get_nlnm

    low_period, low = get_nlnm()
    high_period, high = get_nhnm()
    log_frequency = np.linspace(-5, 1, 1201)
    return (
        log_frequency,
        np.interp(-log_frequency, np.log10(low_period[::-1]), low[::-1]),
        np.interp(-log_frequency, np.log10(high_period[::-1]), high[::-1]),
    )


def peterson_db(frequency_hz) -> tuple[np.ndarray, np.ndarray]:
    """Peterson's new low and new high noise model, dB of (m/s^2)^2/Hz; above 10 Hz held at their last value.

    >>> [round(float(model), 1) for model in peterson_db(1.0)]
    [-166.4, -116.9]
    """
    log_frequency, low, high = _peterson_models()
    wanted = np.log10(np.maximum(frequency_hz, 1e-5))
    return np.interp(wanted, log_frequency, low), np.interp(wanted, log_frequency, high)


def acceleration_psd_db(frequency_hz, level, slope=0.0, excess_db=0.0, excess_band_hz=(1.0, 20.0)) -> np.ndarray:
    """Power spectral density of the noise in dB of (m/s^2)^2/Hz, never outside Peterson's models.

    Arguments:
        frequency_hz: shape (f,).
        level: position between the low (0) and the high model (1) at 5 Hz; shape (n, 1) or scalar.
        slope: change of the level a decade of frequency.
        excess_db: added inside `excess_band_hz`, with shoulders of half an octave.
    """
    low, high = peterson_db(frequency_hz)
    octaves = np.log2(np.maximum(frequency_hz, 1e-3))
    first, last = np.log2(excess_band_hz)
    inside = np.clip(1 - np.maximum(first - octaves, octaves - last) / 0.5, 0, 1)
    tilted = level + slope * np.log10(np.maximum(frequency_hz, 1e-3) / 5.0)
    db = low + tilted * (high - low) + excess_db * inside
    return np.clip(db, low, high)


def velocity_psd(frequency_hz, acceleration_db) -> np.ndarray:
    """Power spectral density of ground velocity in (m/s)^2/Hz; 0 at zero frequency."""
    omega = 2 * np.pi * np.asarray(frequency_hz)
    return np.where(omega > 0, 10 ** (acceleration_db / 10) / np.maximum(omega, 1e-12) ** 2, 0)
