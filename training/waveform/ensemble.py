"""Training of an ensemble's members side by side: each from its own seed, on its own order of the records."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...zoo.layers.members import member_weights, seed_members, set_member_weights
from ...zoo.waveform import blast_networks
from ..fit import fit
from ..section import Fit
from .blast_data import SAMPLES, BlastRecords

MEMBERS = 5


def vote(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Probability of the second class: mean over members of softmax(logits / T), (n,).

    >>> float(vote(np.array([[[0.0, 0.0], [0.0, np.log(3.0)]]]), 1.0)[0])
    0.625
    """
    from scipy.special import expit

    return expit((logits[..., 1] - logits[..., 0]) / temperature).mean(axis=1)


def log_loss_of(probability: np.ndarray, label: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Mean negative log-likelihood in nats, of cases that weigh (n,) or the same."""
    right = np.where(label == 1, probability, 1 - probability)
    return float(-np.average(np.log(np.maximum(right, 1e-7)), weights=weight))


def train_members(
    train: BlastRecords,
    validation: BlastRecords,
    settings: Fit,
    folder: Path,
    resume: bool = False,
    start=None,
    architecture: str = "blast-both",
):
    """Train all members at once: the sum of their losses has the gradients of trainings one by one.

    Members share nothing but the epoch that is kept, that of the lowest mean validation loss. Returns a keras.Model
    waveform (2000, 1) -> logits (members, 2) and probability, and the seconds it took.

    Arguments:
        start: a trained network of this architecture, to be fine-tuned; None starts anew.
    """
    import keras

    seed = settings.seeds[0]
    seeds = [1000 * seed + member for member in range(MEMBERS)]
    own = blast_networks.build(architecture, MEMBERS, streams=MEMBERS)
    if start is None:
        seed_members(own, seeds)
    else:
        set_member_weights(own, [values for _, values in member_weights(start)])
    folder.mkdir(parents=True, exist_ok=True)
    groups = own.output["logits"].shape[1] // MEMBERS

    def epoch_of(epoch: int):
        return member_batches(train, settings.batch, seeds, groups, epoch)

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    course = fit(own, loss, epoch_of, member_batches(validation, 256, seeds, groups), settings, seed, folder, resume)
    network = blast_networks.build(architecture, MEMBERS)
    set_member_weights(network, [values for _, values in member_weights(own)])
    return network, course.seconds


def kept(path: Path, train, resume: bool = True):
    """The blast ensemble whose weights lie at `path` (npz); where none lie there `train()` gives it, to be kept."""
    if resume and path.is_file():
        network = blast_networks.build("blast-both", MEMBERS)
        with np.load(path) as file:
            set_member_weights(network, [file[str(i)] for i in range(len(file.files))])
        return network
    network = train()
    weights = [values for _, values in member_weights(network)]
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **{str(i): values for i, values in enumerate(weights)})
    return network


def member_batches(records: BlastRecords, batch: int, seeds, groups: int = 1, epoch: int | None = None):
    """Batches of (windows (batch, samples, members), labels (batch, groups * members)), on any of Keras's backends.

    Where records have weights, those (batch, groups * members) come third. With an epoch each member has records in an
    order and with shifts of its own, the same for the same (seed, epoch); without one all have them in order and in
    their places. The members of each group (architecture) see the same.
    """
    import keras

    spare = records.waveform.shape[1] - SAMPLES
    count = len(records)
    if epoch is None:
        orders = [np.arange(count)] * len(seeds)
        firsts = [np.full(count, spare // 2)] * len(seeds)
    else:
        rngs = [np.random.default_rng([seed, epoch]) for seed in seeds]
        orders = [rng.permutation(count) for rng in rngs]
        firsts = [rng.integers(spare + 1, size=count) for rng in rngs]

    weight_of = None
    if records.weight is not None:
        weight_of = np.broadcast_to(records.weight.reshape(count, -1), (count, len(seeds))).T

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return -(-count // batch)

        def __getitem__(self, number):
            part = slice(number * batch, (number + 1) * batch)
            windows = [
                np.stack(
                    [records.waveform[i, f : f + SAMPLES, 0] for i, f in zip(order[part], first[part], strict=True)]
                )
                for order, first in zip(orders, firsts, strict=True)
            ]
            labels = np.stack([records.label[order[part]] for order in orders], axis=-1)
            batch_of = np.stack(windows, axis=-1), np.tile(labels, (1, groups))
            if records.weight is None:
                return batch_of
            weights = np.stack([weight[order[part]] for weight, order in zip(weight_of, orders, strict=True)], axis=-1)
            return *batch_of, np.tile(weights, (1, groups))

    return Batches()


def logits_of(network, records: BlastRecords, batch: int = 256) -> np.ndarray:
    """(n, members, 2)."""
    import keras

    waveform = records.centred()
    parts = [network({"waveform": waveform[i : i + batch]}, training=False) for i in range(0, len(waveform), batch)]
    return np.concatenate([keras.ops.convert_to_numpy(part["logits"]) for part in parts])
