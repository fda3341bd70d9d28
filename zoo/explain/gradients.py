"""Expected gradients of a network in one compiled graph, and the exact values of a linear one."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from ...datasets.progress import track
from .explanation import TOLERANCE
from .network_graph import NetworkGraph

ROUND = 64
"""Points on the paths of a record in one go: enough for most records, few enough to stay in the processor's cache."""


class Attribution(NamedTuple):
    """Values (n, ...), base values and outputs (n,), range of the output, samples of the slowest record, seconds."""

    values: np.ndarray
    base_value: np.ndarray
    output: np.ndarray
    output_range: float
    samples: int
    seconds: float


def expected_gradients(
    graph: NetworkGraph,
    arrays: np.ndarray,
    background: np.ndarray,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    time_limit_s: float = 60.0,
    most: int = 4096,
) -> Attribution:
    """Mean over background b and a of (x - b) times the margin's gradient at b + a (x - b) (Erion et al. 2021, eq. 3).

    Each round takes every background record equally often and one a from each of its equal parts of [0, 1]; rounds
    follow until the values add up to within the tolerance, or the record's share of the time is over.

    Arguments:
        arrays: (n, ...) what is explained. background: (m, ...).
        tolerance: of the additivity error, in parts of the output's range.
        most: points a record.
    """
    import tensorflow as tf

    began = time.monotonic()
    outputs, reference = graph.margins(arrays), graph.margins(background)
    base, extent = reference.mean(), float(np.ptp(np.concatenate([outputs, reference])))
    held = tf.constant(background, tf.float32)
    rng = np.random.default_rng(seed)
    points = -(-ROUND // len(background)) * len(background)
    values = np.zeros(arrays.shape, np.float32)
    samples = 0
    for i, array in enumerate(track(arrays, "explaining", total=len(arrays))):
        total, rounds, until = 0.0, 0, began + time_limit_s * (i + 1) / len(arrays)
        tensor = tf.constant(array, tf.float32)
        while True:
            chosen, alpha = _round(points, len(background), rng)
            total = total + graph.path_gradients(tensor, held, tf.constant(chosen), tf.constant(alpha)).numpy()
            rounds += 1
            error = abs(base + total.sum(dtype=np.float64) / (rounds * points) - outputs[i]) / max(extent, 1e-12)
            if error <= tolerance or (rounds + 1) * points > most or time.monotonic() > until:
                break
        values[i] = total / (rounds * points)
        samples = max(samples, rounds * points)
    seconds = time.monotonic() - began
    return Attribution(values, np.full(len(arrays), base), outputs, extent, samples, seconds)


def linear_values(graph: NetworkGraph, arrays: np.ndarray, background: np.ndarray) -> Attribution:
    """Exact SHAP values of a weighted sum: weight times (x - mean of the background) (Lundberg and Lee 2017)."""
    import tensorflow as tf

    began = time.monotonic()
    outputs, reference = graph.margins(arrays), graph.margins(background)
    mean = background.mean(axis=0, dtype=np.float64)
    with tf.GradientTape() as tape:
        point = tf.constant(mean[None], tf.float32)
        tape.watch(point)
        margin = graph.margin(point)
    weight = tape.gradient(margin, point).numpy()
    values = weight * (arrays - mean)
    extent = float(np.ptp(np.concatenate([outputs, reference])))
    base = np.full(len(arrays), reference.mean())
    return Attribution(values, base, outputs, extent, 1, time.monotonic() - began)


def _round(points: int, background: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Every background record equally often, its points spread evenly over [0, 1] up to chance.

    >>> chosen, alpha = _round(8, 4, np.random.default_rng(0))
    >>> np.bincount(chosen).tolist(), sorted((alpha * 8).astype(int).tolist())
    ([2, 2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7])
    """
    times = points // background
    # Slot k * background + j of [0, 1] falls to the j-th record of a random order drawn for each k.
    chosen = np.concatenate([rng.permutation(background) for _ in range(times)])
    alpha = (np.arange(points) + rng.random(points)) / points
    return chosen.astype(np.int32), alpha.astype(np.float32)
