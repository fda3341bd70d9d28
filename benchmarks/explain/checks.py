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


def class_pointing(values: np.ndarray, label: np.ndarray, mask: np.ndarray) -> tuple[float, float, float]:
    """Share of |difference of the class means| inside a mask, over its share of the area; (value, low, high).

    What differs from record to record averages out, what tells the classes apart stays. The 95 % interval is the
    jackknife's, a record at a time (Efron 1982, chapter 3): a bootstrap would add noise to the means.

    Arguments:
        values: (n, frequencies, frames, components), a record an event. label: (n,) 0 and 1.
        mask: (frequencies, frames).

    >>> values = np.zeros((6, 2, 1, 1))
    >>> values[3:, 1] = 2.0
    >>> class_pointing(values, np.array([0, 0, 0, 1, 1, 1]), np.array([[False], [True]]))
    (2.0, 2.0, 2.0)
    """
    values, label = values.astype(np.float64), np.asarray(label)
    sums = {number: values[label == number].sum(axis=0) for number in (0, 1)}
    counts = {number: int((label == number).sum()) for number in (0, 1)}

    def score(left_out: int | None) -> float:
        means = []
        for number in (0, 1):
            without = left_out is not None and label[left_out] == number
            total = sums[number] - values[left_out] if without else sums[number]
            means.append(total / (counts[number] - without))
        inside, total = mass_inside((means[1] - means[0])[None], mask)
        return float(inside[0] / max(total[0], 1e-300) / mask.mean())

    value, parts = score(None), np.array([score(i) for i in range(len(label))])
    half = 1.96 * np.sqrt((len(parts) - 1) / len(parts) * ((parts - parts.mean()) ** 2).sum())
    return value, float(value - half), float(value + half)


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
