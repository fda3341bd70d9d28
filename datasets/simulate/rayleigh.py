"""Rg: the short-period surface wave that shallow sources send along the uppermost crust."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.fft

from . import noise
from .path import spreading_distance_km
from .scene import Window, noise_db

#: Where Rg is seen.
BAND_HZ = (0.5, 2.0)
# Shoulders of the band, in octaves; beyond 4 of them nothing is computed.
_SHOULDER = 0.4
# The dilatation of a Rayleigh wave in a Poisson solid falls off as exp(-.8475 k z) (Aki and Richards 2002, chapter
# 5), and by reciprocity so does what an explosion at depth z excites. Earthquakes are given the same fall-off.
DEPTH_DECAY = 0.8475
PHASE_VELOCITY_KM_S = 2.5
# Ground motion at the free surface of a Poisson solid: horizontal over vertical.
ELLIPTICITY = 0.68
# Where P's level and Rg's are compared.
REFERENCE_KM = 10.0
_ECHOES = 4
#: Standard normals that a record needs: strength and delay of the echoes on each component.
RANDOM_NUMBERS = 3 * _ECHOES * 2


def depth_factor(frequency_hz, depth_km):
    """How much of a surface source's Rg a source at depth excites.

    >>> depth_factor(1.0, np.array([0.0, 0.3, 8.0])).round(3).tolist()
    [1.0, 0.528, 0.0]
    """
    return np.exp(-DEPTH_DECAY * 2 * np.pi * frequency_hz * depth_km / PHASE_VELOCITY_KM_S)


def group_velocity_km_s(frequency_hz, fast_km_s, slow_km_s):
    """Normal dispersion: from the fast velocity at 0.5 Hz to the slow one at 2 Hz, linear in the octaves between.

    >>> group_velocity_km_s(np.array([0.25, 0.5, 1.0, 2.0, 4.0]), 3.0, 2.0).tolist()
    [3.0, 3.0, 2.5, 2.0, 2.0]
    """
    octaves = np.log2(np.maximum(frequency_hz, 1e-3) / BAND_HZ[0]) / np.log2(BAND_HZ[1] / BAND_HZ[0])
    return fast_km_s + np.clip(octaves, 0, 1) * (slow_km_s - fast_km_s)


def rg_truth(truth: Mapping[str, np.ndarray], window: Window) -> dict[str, np.ndarray]:
    """The truth with Rg's: arrivals, level and strength.

    Adds rg_s and rg_end_s (arrival of the fastest and of the slowest group after the first sample, perhaps behind the
    record's end), rg_level_m_s (displacement of a surface source's Rg), rg_snr_db (power of Rg over that of the noise
    in its band and time), rg_band_low_hz and rg_band_high_hz.

    Arguments:
        truth: from `complete_truth`, with rg_over_p (Rg's displacement over P's, both at 10 km, for a source at the
            surface), rg_fast_km_s, rg_slow_km_s and rg_q.
    """
    truth = dict(truth)
    distance = truth["epicentral_km"]
    origin_s = truth["p_s"] - truth["p_travel_s"]
    truth["rg_s"] = origin_s + distance / truth["rg_fast_km_s"]
    truth["rg_end_s"] = origin_s + distance / truth["rg_slow_km_s"]
    # Body waves spread as 1 / R within the crossover, surface waves as 1 / sqrt(R).
    p_at_reference = truth["p_level_m_s"] * spreading_distance_km(truth["distance_km"]) / REFERENCE_KM
    truth["rg_level_m_s"] = truth["rg_over_p"] * p_at_reference * np.sqrt(REFERENCE_KM / np.maximum(distance, 0.5))
    frequency = np.arange(BAND_HZ[0], BAND_HZ[1] + 0.01, 0.125)
    lasts_s = np.maximum(truth["rg_end_s"] - truth["rg_s"], 2.0)
    power = 2 * (amplitude(truth, frequency) ** 2).sum(1) / lasts_s
    truth["rg_snr_db"] = 10 * np.log10(power / noise.velocity_psd(frequency, noise_db(truth, frequency)).sum(1) + 1e-30)
    count = len(distance)
    truth["rg_band_low_hz"], truth["rg_band_high_hz"] = np.full(count, BAND_HZ[0]), np.full(count, BAND_HZ[1])
    return truth


def amplitude(truth: Mapping[str, np.ndarray], frequency_hz: np.ndarray) -> np.ndarray:
    """Fourier amplitude of Rg's vertical ground velocity (m), without ripple firing; shape (n, f)."""
    level, depth, distance, q, fast, slow = (
        truth[name][:, None]
        for name in ("rg_level_m_s", "depth_km", "epicentral_km", "rg_q", "rg_fast_km_s", "rg_slow_km_s")
    )
    octaves = np.log2(np.maximum(frequency_hz, 1e-3))
    low, high = np.log2(BAND_HZ)
    outside = np.maximum(np.maximum(low - octaves, octaves - high), 0) / _SHOULDER
    travel_s = distance / group_velocity_km_s(frequency_hz, fast, slow)
    lost = np.exp(-np.pi * frequency_hz * travel_s / q - outside**2)
    return 2 * np.pi * frequency_hz * level * depth_factor(frequency_hz, depth) * lost


def add_rg(data: np.ndarray, truth, window: Window, normals: np.ndarray, recorder: np.ndarray) -> None:
    """Add Rg to counts of shape (n, 3, samples), in place; nothing is added up to P.

    Arguments:
        truth: from `rg_truth`. normals: standard normals, shape (n, RANDOM_NUMBERS).
        recorder: counts per ground velocity, with all that else shapes the source, shape (n, f) or (1, f).
    """
    rate, nfft = window.sampling_rate_hz, window.nfft
    every = np.fft.rfftfreq(nfft, 1 / rate)
    bins = int(np.searchsorted(every, BAND_HZ[1] * 2 ** (4 * _SHOULDER)))
    frequency = every[:bins]
    truth = {name: truth[name] for name in truth if truth[name].dtype.kind == "f"}
    size = amplitude(truth, frequency)
    # Less than a thousandth of a count at its strongest sample stays below every digitiser's step.
    shaped = size * np.abs(np.broadcast_to(recorder, (len(size), len(every)))[:, :bins])
    rows = np.flatnonzero(2 * shaped.sum(1) * rate / nfft > 1e-3)
    if not len(rows):
        return
    part = {name: values[rows] for name, values in truth.items()}
    distance, fast, slow = (part[name][:, None] for name in ("epicentral_km", "rg_fast_km_s", "rg_slow_km_s"))
    slowness = 1 / group_velocity_km_s(frequency, fast, slow)
    step = frequency[1]
    # The phase whose derivative is the group delay.
    phase = 2 * np.pi * step * distance * (np.cumsum(slowness, 1) - slowness / 2)
    phase = phase + 2 * np.pi * frequency * (part["p_s"] - part["p_travel_s"])[:, None]
    wave = size[rows] * np.exp(-1j * phase) * np.broadcast_to(recorder, (len(size), len(every)))[rows, :bins] * rate
    azimuth = np.radians(part["back_azimuth_deg"])
    # Retrograde: the horizontal motion leads the vertical by a quarter of a period; the wave runs away from the source.
    horizontal = 1j * ELLIPTICITY
    polarisation = np.stack([-horizontal * np.sin(azimuth), -horizontal * np.cos(azimuth), np.ones(len(rows))], axis=1)
    spectrum = np.zeros((len(rows), 3, len(every)), np.complex64)
    spectrum[:, :, :bins] = wave[:, None] * (polarisation[:, :, None] * _echoes(normals[rows], distance, frequency))
    rg = scipy.fft.irfft(spectrum, n=nfft, axis=2)[:, :, : window.samples]
    first = np.round(part["p_s"] * rate)[:, None]
    ramp = np.maximum(np.round(part["rg_s"] * rate)[:, None] - first, rate)
    since = np.clip((np.arange(window.samples) - first) / ramp, 0, 1)
    data[rows] += rg * (np.sin(np.pi / 2 * since) ** 2)[:, None, :]


def _echoes(normals: np.ndarray, distance_km: np.ndarray, frequency_hz: np.ndarray) -> np.ndarray:
    """Complex (n, 3, f): the direct wave and what other paths bring after it, more and later with distance."""
    strength, delay = np.moveaxis(normals.reshape(len(normals), 3, _ECHOES, 2).astype(float), 3, 0)
    reach = (distance_km / (distance_km + 40.0))[:, :, None]
    delay_s = 0.5 + (0.5 + 0.08 * distance_km[:, :, None]) * np.abs(delay)
    turned = np.exp(-2j * np.pi * delay_s[..., None] * frequency_hz)
    return 1 + ((0.4 * reach * strength)[..., None] * turned).sum(2)
