"""Fine-tuning behind a frozen front: the dense layers learn from what the convolutions gave once for every record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...zoo.layers.members import member_weights, set_member_weights
from ...zoo.waveform import blast_networks
from ..fit import fit
from ..section import Fit
from .blast_data import SAMPLES, BlastRecords
from .ensemble import MEMBERS

# What the dense layers of an ensemble read.
FRONT = ("image_flatten", "trace_flatten", "phase_ratios")
# Each record is seen with P at so many places, SHIFT_S before to SHIFT_S after its own.
PLACES = 5


@dataclass(frozen=True, eq=False)
class FrontFeatures:
    """What the convolutions of an ensemble give for records.

    Arguments:
        parts: of each layer of FRONT (places, n, members, features); one member where all see the same.
        label: (n,). weight: (n, members) in the loss.
    """

    parts: tuple[np.ndarray, ...]
    label: np.ndarray
    weight: np.ndarray | None = None

    @staticmethod
    def of(network, records: BlastRecords, batch: int = 128) -> FrontFeatures:
        """Of a network "blast-both"."""
        import keras

        front = keras.Model(network.input, [network.get_layer(name).output for name in FRONT])
        spare, count = records.waveform.shape[1] - SAMPLES, len(records)
        found: list[list[np.ndarray]] = [[] for _ in FRONT]
        for first in np.linspace(0, spare, PLACES).round().astype(int):
            windows = records.waveform[:, first : first + SAMPLES]
            pieces = [front({"waveform": windows[i : i + batch]}, training=False) for i in range(0, count, batch)]
            for part, of_batches in zip(found, zip(*pieces, strict=True), strict=True):
                whole = np.concatenate([keras.ops.convert_to_numpy(piece) for piece in of_batches], axis=1)
                part.append(whole.transpose(1, 0, 2))
        return FrontFeatures(tuple(np.stack(part) for part in found), records.label)

    def __len__(self) -> int:
        return len(self.label)

    def select(self, rows) -> FrontFeatures:
        """The records of an index or mask, without weights."""
        return FrontFeatures(tuple(part[:, rows] for part in self.parts), self.label[rows])

    def and_also(self, other: FrontFeatures | None) -> FrontFeatures:
        """With the records of another set behind, without weights."""
        if other is None:
            return self
        parts = tuple(np.concatenate(pair, axis=1) for pair in zip(self.parts, other.parts, strict=True))
        return FrontFeatures(parts, np.concatenate([self.label, other.label]))

    def weighing(self, weight: np.ndarray) -> FrontFeatures:
        """The same with weights (n, members)."""
        return replace(self, weight=weight)


def head_of(network):
    """The dense layers of a network as a keras.Model of their own: FRONT (records, members, features) -> logits."""
    import keras

    layer = network.get_layer
    inputs = [keras.Input((MEMBERS, layer(name).output.shape[-1]), name=name) for name in FRONT]
    image, trace, ratios = (keras.ops.transpose(values, (1, 0, 2)) for values in inputs)
    image = layer("image_dense")(layer("image_dropout")(image))
    trace = layer("trace_dense")(layer("trace_dropout")(trace))
    trace = layer("branches")([trace, layer("ratio_dense")(ratios)])
    return keras.Model(inputs, layer("logits")([layer("image_logits")(image), layer("trace_logits")(trace)]))


def train_heads(start, train: FrontFeatures, validation: FrontFeatures, settings: Fit, folder: Path, resume=False):
    """A network with the convolutions of `start`, its dense layers trained on from theirs; as `train_members`."""
    import keras

    seed = settings.seeds[0]
    seeds = [1000 * seed + member for member in range(MEMBERS)]
    network = blast_networks.build("blast-both", MEMBERS)
    set_member_weights(network, [values for _, values in member_weights(start)])
    folder.mkdir(parents=True, exist_ok=True)
    course = fit(
        network,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        lambda epoch: head_batches(train, settings.batch, seeds, epoch),
        head_batches(validation, 512, seeds),
        settings,
        seed,
        folder,
        resume,
        view=head_of(network),
    )
    return network, course.seconds


def head_batches(features: FrontFeatures, batch: int, seeds, epoch: int | None = None):
    """Batches of (FRONT, labels (batch, 2 members), weights) in the manner of `member_batches`."""
    import keras

    count, members = len(features), len(seeds)
    orders = np.tile(np.arange(count)[:, None], members)
    places = np.full_like(orders, PLACES // 2)
    if epoch is not None:
        rngs = [np.random.default_rng([seed, epoch]) for seed in seeds]
        orders = np.stack([rng.permutation(count) for rng in rngs], axis=-1)
        places = np.stack([rng.integers(PLACES, size=count) for rng in rngs], axis=-1)
    member = np.arange(members)
    weight = np.ones((count, members), np.float32) if features.weight is None else features.weight

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return -(-count // batch)

        def __getitem__(self, number):
            cut = slice(number * batch, (number + 1) * batch)
            rows, at = orders[cut], places[cut]
            inputs = tuple(part[at, rows, member if part.shape[2] > 1 else 0] for part in features.parts)
            return inputs, np.tile(features.label[rows], (1, 2)), np.tile(weight[rows, member], (1, 2))

    return Batches()
