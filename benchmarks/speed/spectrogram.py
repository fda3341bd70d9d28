"""Records per second of the spectrogram layer beside scipy's own function, in one run."""

import time
from collections.abc import Callable

import numpy as np

SETTINGS = ((64, 48), (64, 32), (32, 25), (64, 51))
"""Segment length and overlap of the published images."""


def records_per_second(work: Callable[[], object], records: int, rounds: int = 9) -> float:
    """Median rate of `work`, which treats so many records, after two rounds of warming up."""
    seconds = []
    for _ in range(rounds + 2):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return records / float(np.median(seconds[2:]))


def run(records: int = 256, samples: int = 2500, rounds: int = 9, seed: int = 0) -> list[dict]:
    """A row for each setting: records/s of scipy (float32) and of the layer (compiled), and their largest difference.

    The difference is that of a bin in parts of its segment's largest one, from scipy in float64.
    """
    import tensorflow as tf
    from scipy.signal import spectrogram

    from ...zoo.layers.spectrogram import Spectrogram

    waveform = np.random.default_rng(seed).standard_normal((records, samples, 3)).astype("float32")
    tensor, rows = tf.constant(waveform), []
    for nperseg, noverlap in SETTINGS:
        graph = tf.function(Spectrogram(nperseg, noverlap, 100.0), autograph=False)
        options = {"fs": 100.0, "nperseg": nperseg, "noverlap": noverlap, "axis": 1}
        exact = spectrogram(waveform.astype("float64"), **options)[2].transpose(0, 1, 3, 2)
        difference = np.abs(graph(tensor).numpy() - exact) / exact.max(axis=1, keepdims=True)
        scipy_rate = records_per_second(lambda o=options: spectrogram(waveform, **o), records, rounds)
        layer_rate = records_per_second(lambda g=graph: g(tensor).numpy(), records, rounds)
        rows.append(
            {
                "nperseg": nperseg,
                "noverlap": noverlap,
                "scipy_records_per_s": scipy_rate,
                "layer_records_per_s": layer_rate,
                "ratio": layer_rate / scipy_rate,
                "difference": float(difference.max()),
            }
        )
    return rows
