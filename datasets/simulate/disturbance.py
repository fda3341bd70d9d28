"""Gaps and glitches planted in simulated records, and the truth about them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .scene import Window

GAP_S = (0.5, 3.0)
# A glitch jumps by this many times the record's largest sample and dies away as an electronic step does.
GLITCH_OVER_PEAK = (0.5, 5.0)
GLITCH_DECAY_S = 0.15


def draw_disturbances(count: int, window: Window, gaps: float, glitches: float, rng) -> dict[str, np.ndarray]:
    """Where gaps and glitches go; the class has no say in it.

    Arguments:
        gaps, glitches: share of the records that get one.

    Returns:
        gap_start_s and gap_end_s (seconds after the first sample), glitch_s, glitch_over_peak and glitch_component
        (0 to 2 for E, N, Z); NaN, and -1 for the component, where there is none.
    """
    rate = window.sampling_rate_hz
    length_s = rng.uniform(*GAP_S, count)
    # The ends stay, so that a gap is one.
    start_s = rng.uniform(1.0, np.maximum(window.duration_s - length_s - 1.0, 1.0), count)
    start_s, end_s = np.round(start_s * rate) / rate, np.round((start_s + length_s) * rate) / rate
    gap = rng.random(count) < gaps
    glitch = rng.random(count) < glitches
    sign = rng.choice([-1.0, 1.0], count)
    return {
        "gap_start_s": np.where(gap, start_s, np.nan),
        "gap_end_s": np.where(gap, end_s, np.nan),
        "glitch_s": np.where(glitch, np.round(rng.uniform(0, 0.98, count) * window.samples) / rate, np.nan),
        "glitch_over_peak": np.where(glitch, sign * rng.uniform(*GLITCH_OVER_PEAK, count), np.nan),
        "glitch_component": np.where(glitch, rng.integers(0, 3, count), -1),
    }


def disturb(data: np.ndarray, truth: Mapping[str, np.ndarray], window: Window) -> None:
    """Plant what the truth declares into counts of shape (n, 3, samples), in place; a gap is filled with zeros.

    >>> columns = {"gap_start_s": np.array([1.0]), "gap_end_s": np.array([1.5]), "glitch_s": np.array([np.nan])}
    >>> data = np.ones((1, 3, 300), np.float32)
    >>> disturb(data, columns, Window(100.0, 3.0, 0.5))
    >>> np.flatnonzero(data[0, 2] == 0)[[0, -1]].tolist()
    [100, 149]
    """
    rate = window.sampling_rate_hz
    for row in np.flatnonzero(np.isfinite(truth["glitch_s"])):
        first, component = round(truth["glitch_s"][row] * rate), int(truth["glitch_component"][row])
        peak = max(np.abs(data[row, component]).max(), 1.0)
        fading = np.exp(-np.arange(data.shape[2] - first) / (GLITCH_DECAY_S * rate))
        data[row, component, first:] += np.rint(truth["glitch_over_peak"][row] * peak * fading)
    for row in np.flatnonzero(np.isfinite(truth["gap_start_s"])):
        first, last = (round(truth[name][row] * rate) for name in ("gap_start_s", "gap_end_s"))
        data[row, :, first:last] = 0
