"""Screening: is a window like those that a classifier was trained on? What is not gets a doubt in words."""

from __future__ import annotations

import numpy as np

# Seconds after the arrival whose power is set against that before it, and what is left out before it for late picks.
ONSET_S, GUARD_S = 2.0, 0.5
# A component that varies by less than this part of its largest value is silent: the rest is rounding.
SILENT = 1e-6
# Limits are these quantiles of the training data, so that about one of its records in a hundred is doubted by each.
QUANTILES = (0.005, 0.995)
WORDS = {
    "live": "components that are not silent",
    "crest": "largest amplitude over root mean square",
    "onset_db": "dB of the arrival over what precedes it",
    "centroid_hz": "Hz, the mean frequency behind the arrival",
    "low_share": "of the power below 1 Hz",
}


def statistics(waveform: np.ndarray, sampling_rate_hz: float, before_s: float) -> dict[str, np.ndarray]:
    """What screening looks at, (windows,) each; no statistic changes when a window is multiplied by a number.

    Arguments:
        waveform: (windows, samples, components).
        before_s: seconds before the arrival.

    >>> noise = np.random.default_rng(0).standard_normal((1, 2500, 3))
    >>> noise[:, 500:] *= 10
    >>> [round(float(v[0])) for v in statistics(noise, 100.0, 5.0).values()][:4]
    [3, 4, 20, 25]
    """
    from scipy.fft import rfft

    # float32 throughout: annotating a day asks for twenty thousand windows. The first sample goes out before the mean,
    # so that large offsets cost no digits.
    x = np.asarray(waveform, np.float32)
    size = np.abs(x).max(axis=1)
    x = x - x[:, :1]
    live = (np.ptp(x, axis=1) > SILENT * size).sum(axis=1)
    x = x - x.mean(axis=1, keepdims=True)
    x = x / np.maximum(np.abs(x).max(axis=(1, 2), keepdims=True), np.finfo(np.float32).tiny)
    squares = x**2
    power = squares.sum(axis=2)
    arrival = round(before_s * sampling_rate_hz)
    behind = power[:, arrival : arrival + round(ONSET_S * sampling_rate_hz)].mean(axis=1)
    early = power[:, : arrival - round(GUARD_S * sampling_rate_hz)].mean(axis=1)
    transform = rfft(x[:, arrival:], axis=1)
    spectrum = (transform.real**2 + transform.imag**2).sum(axis=2)
    frequency = np.fft.rfftfreq(x.shape[1] - arrival, 1 / sampling_rate_hz).astype(np.float32)
    total = np.maximum(spectrum.sum(axis=1), 1e-30)
    # The loudest component has a largest amplitude of 1.
    loudest = np.maximum(squares.mean(axis=1).max(axis=1), 1e-30)
    return {
        "live": live.astype(np.float64),
        "crest": (np.abs(x).max(axis=(1, 2)) / np.sqrt(loudest)).astype(np.float64),
        "onset_db": 10 * np.log10(np.maximum(behind, 1e-20) / np.maximum(early, 1e-20), dtype=np.float64),
        "centroid_hz": (spectrum @ frequency / total).astype(np.float64),
        "low_share": (spectrum[:, frequency < 1.0].sum(axis=1) / total).astype(np.float64),
    }


def limits(waveform: np.ndarray, sampling_rate_hz: float, before_s: float) -> dict[str, list[float]]:
    """Lowest and highest value of each statistic that training data (windows, samples, components) vouch for."""
    found = statistics(waveform, sampling_rate_hz, before_s)
    return {
        # How many components are live is a whole number: its limits are what occurred.
        name: [
            float(f"{v:.4g}")
            for v in ((min(values), max(values)) if name == "live" else np.quantile(values, QUANTILES))
        ]
        for name, values in found.items()
    }


def doubts(waveform: np.ndarray, sampling_rate_hz: float, before_s: float, limits: dict) -> list[str]:
    """A reason for each window that lies outside the limits, "" for the others.

    >>> doubts(np.zeros((1, 2500, 3)), 100.0, 5.0, {"live": [3, 3]})
    ['0 components that are not silent, in training 3']
    """
    found = statistics(waveform, sampling_rate_hz, before_s)
    reasons = [[] for _ in waveform]
    for name, (low, high) in limits.items():
        values = found[name]
        for i in np.flatnonzero((values < low) | (values > high)):
            known = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            reasons[i].append(f"{values[i]:.3g} {WORDS[name]}, in training {known}")
    return ["; ".join(reason) for reason in reasons]
