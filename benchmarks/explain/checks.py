"""Checks of SHAP maps: where their mass lies, whether they know the weights, whether methods agree."""

from __future__ import annotations

import numpy as np

ROUNDS_OF_STATISTICS = 40
"""Passes after which a moving average of momentum 0.9 has forgotten all but 1.5 % of where it began."""


def mass_inside(values: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(sum of |SHAP| inside a mask, sum of all), (n,) each.

    Arguments:
        values: (n, frequencies, frames, components). mask: (frequencies, frames).

    >>> inside, total = mass_inside(np.array([[[[1.0], [-3.0]]]]), np.array([[False, True]]))
    >>> inside.tolist(), total.tolist()
    ([3.0], [4.0])
    """
    size = np.abs(values).sum(axis=-1, dtype=np.float64)
    return (size * mask).sum(axis=(1, 2)), size.sum(axis=(1, 2))


def cause_mask(frequencies_hz: np.ndarray, times_s: np.ndarray, band_hz, after_p: bool) -> np.ndarray:
    """(frequencies, frames) where the planted cause shows.

    Arguments:
        times_s: centres of the frames, from P.
    """
    inside = (frequencies_hz >= band_hz[0]) & (frequencies_hz <= band_hz[1])
    return inside[:, None] & (times_s[None, :] >= (0.0 if after_p else -np.inf))


def before_p_mask(frequencies_hz: np.ndarray, times_s: np.ndarray, segment_s: float) -> np.ndarray:
    """(frequencies, frames) whose segments end before P."""
    return np.broadcast_to(times_s + segment_s / 2 <= 0, (len(frequencies_hz), len(times_s)))


def rank_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's correlation of two maps of each case, (n,), over the bins in which either is ever more than zero."""
    from scipy.stats import rankdata

    flat = [v.reshape(len(v), -1) for v in (a, b)]
    used = (flat[0] != 0).any(axis=0) & (flat[1] != 0).any(axis=0)
    ranks = [rankdata(v[:, used], axis=1) for v in flat]
    ranks = [r - r.mean(axis=1, keepdims=True) for r in ranks]
    norms = [np.sqrt((r**2).sum(axis=1)) for r in ranks]
    return (ranks[0] * ranks[1]).sum(axis=1) / np.maximum(norms[0] * norms[1], 1e-300)


def randomised_network(network, waveform: np.ndarray, seed: int):
    """A copy of a network with random kernels, He's variance, and nothing else changed (Adebayo et al. 2018).

    Normalisations take their statistics anew from some waveforms. Kernels in random order will not do: where their mean
    is below zero, a whole layer of ReLUs falls silent.
    """
    import keras

    copy = keras.models.clone_model(network)
    rng = np.random.default_rng(seed)
    copy.set_weights(
        [
            w if w.ndim < 2 else rng.normal(size=w.shape) * np.sqrt(2 / np.prod(w.shape[:-1]))
            for w in network.get_weights()
        ]
    )
    if any(isinstance(layer, keras.layers.BatchNormalization) for layer in copy.layers):
        for _ in range(ROUNDS_OF_STATISTICS):
            copy({"waveform": waveform}, training=True)
    return copy


def rolled(values: np.ndarray, seed: int) -> np.ndarray:
    """Maps shifted around by chance in frequency and time, components in random order: as smooth, but not there."""
    rng = np.random.default_rng(seed)
    return np.stack(
        [
            np.roll(v, (rng.integers(v.shape[0]), rng.integers(v.shape[1])), axis=(0, 1))[
                ..., rng.permutation(v.shape[2])
            ]
            for v in values
        ]
    )


def at_random(values: np.ndarray, seed: int) -> np.ndarray:
    """Maps with their bins in random order."""
    return np.random.default_rng(seed).permuted(values.reshape(len(values), -1), axis=1).reshape(values.shape)
