"""The loops behind `features.channel_features`, compiled by numba: each row is passed over as few times as can be."""

import math

import numba
import numpy as np

_compiled = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})


@_compiled
def segments_of(rows: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Segments of the window's length that overlap by half, less their means, times the window: (rows, segments, n)."""
    length = len(window)
    step = length // 2
    count = (rows.shape[1] - length) // step + 1
    out = np.empty((len(rows), count, length))
    for r in range(len(rows)):
        for s in range(count):
            first = s * step
            mean = 0.0
            for i in range(length):
                mean += rows[r, first + i]
            mean /= length
            for i in range(length):
                out[r, s, i] = (rows[r, first + i] - mean) * window[i]
    return out


@_compiled
def powers(spectrum: np.ndarray, scale: float, step_hz: float, out: np.ndarray) -> None:
    """Welch's density from the segments' transforms (rows, segments, bins): its five features to columns 9 to 13."""
    _, segments, bins = spectrum.shape
    density = np.empty(bins)
    for r in range(len(spectrum)):
        density[:] = 0.0
        for s in range(segments):
            for k in range(bins):
                value = spectrum[r, s, k]
                density[k] += value.real * value.real + value.imag * value.imag
        total, highest = 0.0, 0
        for k in range(bins):
            # One-sided: all but zero frequency and Nyquist stand for two.
            density[k] *= scale / segments * (1.0 if k == 0 or k == bins - 1 else 2.0)
            total += density[k]
            if density[k] > density[highest]:
                highest = k
        logarithms, entropy, empty = 0.0, 0.0, False
        for k in range(bins):
            if density[k] > 0.0:
                logarithm = math.log(density[k])
                logarithms += logarithm
                entropy -= density[k] * logarithm
            else:
                empty = True
        out[r, 9] = density[highest]
        out[r, 10] = highest * step_hz
        out[r, 11] = total / bins
        if total > 0.0:
            # The entropy of d / t is log t less the mean logarithm of d, weighted by d.
            out[r, 12] = entropy / total + math.log(total)
            out[r, 13] = 0.0 if empty else math.exp(logarithms / bins) / (total / bins)
        else:
            out[r, 12] = np.nan
            out[r, 13] = np.nan


@_compiled
def statistics(rows: np.ndarray, ordered: np.ndarray, out: np.ndarray) -> None:
    """All features but the spectral ones; `ordered` holds the same rows, each sorted."""
    n = rows.shape[1]
    for r in range(len(rows)):
        total, energy, absolute = 0.0, 0.0, 0.0
        for i in range(n):
            value = np.float64(rows[r, i])
            total += value
            energy += value * value
            absolute += abs(value)
        mean = total / n
        second, third, fourth = 0.0, 0.0, 0.0
        for i in range(n):
            value = rows[r, i] - mean
            square = value * value
            second += square
            third += square * value
            fourth += square * square
        variance = second / n
        changes, peaks, highest = 0, 0, 0
        rising = False
        for i in range(1, n):
            before, value = rows[r, i - 1], rows[r, i]
            changes += (value > 0) != (before > 0) or (value < 0) != (before < 0)
            if value > before:
                rising = True
            elif value < before:
                # A flat top leaves `rising` as it was.
                peaks += rising
                rising = False
            if value > rows[r, highest]:
                highest = i
        lowest, top = np.float64(ordered[r, 0]), np.float64(ordered[r, n - 1])
        out[r, 0] = top
        out[r, 1] = lowest
        out[r, 2] = mean
        out[r, 3] = math.sqrt(variance)
        out[r, 4] = _quantile(ordered[r], 0.5)
        out[r, 5] = top - lowest
        out[r, 6] = energy
        out[r, 7] = math.sqrt(energy / n)
        out[r, 8] = absolute / n
        out[r, 14] = changes
        out[r, 15] = peaks
        out[r, 16] = fourth / n / variance**2 - 3.0 if top > lowest else np.nan
        out[r, 17] = third / n / variance**1.5 if top > lowest else np.nan
        out[r, 18] = variance
        out[r, 19] = _quantile(ordered[r], 0.75) - _quantile(ordered[r], 0.25)
        out[r, 20] = highest
        out[r, 21] = n - 1 - highest
        out[r, 22] = top - lowest


@_compiled
def _quantile(ordered: np.ndarray, part: float) -> float:
    """Linear interpolation between neighbours, as numpy's default."""
    place = (len(ordered) - 1) * part
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (np.float64(ordered[high]) - np.float64(ordered[low])) * (place - low)
