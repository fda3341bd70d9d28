"""Batches of waveform windows as tf.data, each epoch shuffled and shifted by its own seed."""

from __future__ import annotations

import numpy as np


def shifted_windows(waveform: np.ndarray, samples: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """Windows (n, samples, components) of longer waveforms: from the middle, or from anywhere if `rng` is given.

    >>> shifted_windows(np.arange(6.0).reshape(1, 6, 1), 4).ravel().tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    spare = waveform.shape[1] - samples
    if rng is None:
        return waveform[:, spare // 2 : spare // 2 + samples]
    first = rng.integers(spare + 1, size=len(waveform))
    return np.stack([record[start : start + samples] for record, start in zip(waveform, first, strict=True)])


def shifted_batches(
    waveform: np.ndarray, label: np.ndarray, samples: int, batch: int, seed: int | None = None, epoch: int = 0
):
    """A `tf.data.Dataset` of (windows, labels): with a seed shuffled and shifted, the same for the same (seed, epoch).

    Arguments:
        waveform: (n, samples + spare, components); the arrival lies in its place in the middle window.
    """
    import tensorflow as tf

    def batches():
        rng = None if seed is None else np.random.default_rng([seed, epoch])
        order = np.arange(len(label)) if rng is None else rng.permutation(len(label))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            yield shifted_windows(waveform[chosen], samples, rng), label[chosen]

    options = tf.data.Options()
    # The autotuner cost small networks a quarter of their speed on two cores.
    options.autotune.enabled = False
    options.deterministic = True
    signature = (
        tf.TensorSpec((None, samples, waveform.shape[2]), tf.float32),
        tf.TensorSpec((None,), tf.int64),
    )
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    steps = -(-len(label) // batch)
    return dataset.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2).with_options(options)
