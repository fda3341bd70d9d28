"""Ripple firing: a blast as a row of shots, each a fixed delay after the one before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def shot_times_s(delay_ms: float, shots: int, jitter: float, seed: int) -> np.ndarray:
    """Seconds after the first shot; every detonator errs by `jitter` (standard deviation) times the delay.

    >>> shot_times_s(50.0, 4, 0.0, seed=1).round(3).tolist()
    [0.0, 0.05, 0.1, 0.15]
    """
    errors = np.random.default_rng([int(seed), 7]).normal(0, jitter, int(shots))
    times = 1e-3 * delay_ms * (np.arange(int(shots)) + errors)
    return np.maximum(times - times[0], 0)


def comb(truth: Mapping[str, np.ndarray], frequency_hz: np.ndarray) -> np.ndarray:
    """What the shots together make of one shot's spectrum, complex, 1 at zero frequency; shape (n, f).

    The mean of exp(-2 pi i f t) over the shots' times t: back to its full size at multiples of 1 / delay, weak between
    them (Smith 1989). A record with one shot is left as it is.

    Arguments:
        truth: delay_ms, shots, delay_jitter and shot_seed, each of shape (n,).

    >>> columns = {"delay_ms": [100.0], "shots": [5], "delay_jitter": [0.0], "shot_seed": [1]}
    >>> abs(comb(columns, np.array([0.0, 2.0, 10.0]))).round(3).tolist()
    [[1.0, 0.0, 1.0]]
    """
    names = ("delay_ms", "shots", "delay_jitter", "shot_seed")
    keys, where = np.unique(
        np.stack([np.asarray(truth[name], float) for name in names], 1), axis=0, return_inverse=True
    )
    step = 2j * np.pi * np.asarray(frequency_hz, float)
    out = np.ones((len(keys), len(frequency_hz)), np.complex64)
    for row, (delay_ms, shots, jitter, seed) in enumerate(keys):
        if shots > 1:
            out[row] = np.exp(-step[:, None] * shot_times_s(delay_ms, shots, jitter, seed)).mean(1)
    return out[where.reshape(-1)]
