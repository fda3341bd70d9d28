"""Training on several processes or machines: each takes its share of every batch, gradients are summed over all.

The processes find each other by TensorFlow's own variable TF_CONFIG, the same command is started in each, and
MultiWorkerMirroredStrategy carries the sums. Weights start equal, for the seed is the same, and stay equal.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.errors import InputError


@dataclass(frozen=True)
class Workers:
    """The processes of one training, seen from one of them.

    Arguments:
        rank: the number of this one.
        count: how many there are.
        strategy: tf.distribute.MultiWorkerMirroredStrategy, whose collectives are used.
    """

    rank: int
    count: int
    strategy: Any

    def folder(self, out: Path) -> Path:
        """Where this process writes: the first one the result, the others a copy each that may be thrown away."""
        return out if self.rank == 0 else out / f".worker-{self.rank}"

    def summed(self, tensors: list) -> list:
        """The sum over all processes of each tensor; every process must ask for it."""
        import tensorflow as tf

        def replica(values):
            # Within the strategy tensors have a device, which the collective asks for.
            placed = [tf.identity(value) for value in values]
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, placed)

        return list(self.strategy.run(replica, args=(tensors,)))

    def agreed(self, value: float) -> float:
        """The mean of a number over all processes, so that none of them stops alone."""
        import tensorflow as tf

        return float(tf.function(self.summed)([tf.constant(value, tf.float64)])[0]) / self.count

    def epoch(self, view, batches) -> float:
        """Train a compiled Keras model for an epoch on this process's share; the mean loss over all of each batch.

        Arguments:
            batches: (inputs, labels) as for `view.fit`, the same in every process.
        """
        import tensorflow as tf

        @tf.function
        def step(x, y, weight):
            with tf.GradientTape() as tape:
                loss = weight * view.compute_loss(x=x, y=y, y_pred=view(x, training=True), training=True)
            gradients = tape.gradient(loss, view.trainable_variables)
            *gradients, loss = self.summed([*gradients, loss])
            view.optimizer.apply(gradients, view.trainable_variables)
            return loss

        losses, sizes = [], []
        for x, y in batches:
            size = int(np.shape(y)[0])
            share = len(range(self.rank, size, self.count))
            # A process without a row of a last small batch takes one that counts nothing: it must join the sum.
            rows = slice(self.rank, None, self.count) if share else slice(0, 1)
            x, y = tf.nest.map_structure(lambda tensor, rows=rows: tensor[rows], (x, y))
            losses.append(float(step(x, y, tf.constant(share / size, tf.float32))))
            sizes.append(size)
        return float(np.average(losses, weights=sizes))


@lru_cache(maxsize=1)
def joined() -> Workers | None:
    """The processes that TF_CONFIG names, None where it names no other; waits until all of them are there.

    TensorFlow wants this called before anything else is computed.
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        return None
    try:
        config = json.loads(text)
        count, rank = len(config["cluster"]["worker"]), int(config["task"]["index"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            'TF_CONFIG as {"cluster": {"worker": [HOST:PORT, ...]}, "task": {"type": "worker", "index": N}}',
            text[:80],
            "mend or unset it",
        ) from error
    if not 0 <= rank < count:
        raise InputError(f"a worker's index from 0 to {count - 1} in TF_CONFIG", str(rank), "mend it")
    if count == 1:
        return None
    import tensorflow as tf

    return Workers(rank, count, tf.distribute.MultiWorkerMirroredStrategy())
