"""Samples as float32, with what the conversion costs, and clipping."""

import numpy as np

from .segments import Conflict


def in_float32(data: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Samples as float32, and notes on what that cost and on clipping.

    float32 holds integers up to 2**24 exactly. Where the rounding would exceed a thousandth of the standard deviation,
    because a small signal rides on a large offset, the mean is taken off first.

    >>> in_float32(np.array([2**30, 2**30 + 1, 2**30 + 3]))[1]
    ['mean of 1073741825 taken off, since float32 would round the signal']
    """
    notes = []
    runs = clipped_samples(data)
    if runs:
        notes.append(f"clipped: {runs} samples stay at the extreme value {np.abs(data.astype(float)).max():g}")
    exact = data.astype(np.float64)
    if np.abs(exact).max(initial=0.0) > np.finfo(np.float32).max:
        raise Conflict(f"samples up to {np.abs(exact).max():g} do not fit into float32")
    rounded = data.astype(np.float32)
    if np.abs(rounded - exact).max(initial=0.0) > 1e-3 * exact.std():
        offset = np.round(exact.mean())
        if exact.std() and offset:
            rounded = (exact - offset).astype(np.float32)
            notes.append(f"mean of {offset:.0f} taken off, since float32 would round the signal")
    return rounded, notes


def clipped_samples(data: np.ndarray, run: int = 3) -> int:
    """Samples in runs of `run` or more at the largest or smallest value, which is how a saturated recorder looks.

    Quiet records of few distinct values reach their extremes often; with under 100 distinct values nothing is counted.
    """
    if len(data) < run:
        return 0
    count = 0
    for extreme in (data.max(), data.min()):
        at = np.concatenate(([False], data == extreme, [False])).astype(np.int8)
        lengths = np.diff(np.flatnonzero(np.diff(at)).reshape(-1, 2), axis=1)
        count += int(lengths[lengths >= run].sum())
    return count if count and len(np.unique(data)) >= 100 else 0


def longest_constant_run(data: np.ndarray) -> int:
    """Samples in the longest stretch of one value, which is how a filled gap looks.

    >>> longest_constant_run(np.array([1, 0, 0, 0, 2, 2]))
    3
    """
    changes = np.flatnonzero(np.diff(data)) + 1
    return int(np.diff(np.concatenate(([0], changes, [len(data)]))).max(initial=0))
