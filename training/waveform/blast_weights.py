"""Weights of records in a training: classes that weigh the same, and events that a member of an ensemble leaves out.

Where blasts are rare a network without weights learns that they are, and then hardly ever says blast. With either class
at half the weight its odds are even odds, a half is where to decide, and `at_share` brings a known share back in.
"""

from __future__ import annotations

import numpy as np

from .ensemble import MEMBERS


def balanced(label: np.ndarray, total: float | None = None) -> np.ndarray:
    """Weights (n,) that give either class the same sum, `total` in all; n where it is None.

    >>> balanced(np.array([0, 0, 0, 1])).round(3).tolist()
    [0.667, 0.667, 0.667, 2.0]
    """
    counts = np.bincount(label, minlength=2)
    total = len(label) if total is None else total
    return (total / np.count_nonzero(counts) / np.maximum(counts, 1))[label]


def held_parts(event: np.ndarray, label: np.ndarray, seed: int, parts: int = MEMBERS) -> np.ndarray:
    """The part (n,) of each record, 0 to parts - 1, all records of an event in one, either class divided evenly.

    >>> held_parts(np.array(["a", "a", "b", "c"]), np.array([0, 0, 0, 1]), 1, 3).tolist()
    [0, 0, 1, 2]
    """
    names, first, number = np.unique(event, return_index=True, return_inverse=True)
    rng = np.random.default_rng([seed, len(names)])
    order = rng.permutation(len(names))
    order = order[np.argsort(label[first][order], kind="stable")]
    part = np.empty(len(names), np.int64)
    part[order] = np.arange(len(names)) % parts
    return part[number]


def left_out(label: np.ndarray, held: np.ndarray, other: np.ndarray | None = None):
    """Weights (n, MEMBERS) of training and of validation: member m learns from all but part m, which validates it.

    A cross-validation ensemble (Krogh and Vedelsby 1995): no record is lost for the training, every one validates.

    Arguments:
        held: (n,) of `held_parts`. other: labels of records from elsewhere that follow them, which all members learn
            from; they weigh as much as the first ones together and validate nothing.
    """
    mine = held[:, None] == np.arange(MEMBERS)
    weight = balanced(label)[:, None]
    train, validation = weight * ~mine, weight * mine
    if other is not None:
        more = np.repeat(balanced(other, len(label))[:, None], MEMBERS, axis=1)
        train = np.concatenate([train, more])
    # A mean weight of one keeps the learning rate's meaning.
    return [(weight / weight.mean()).astype(np.float32) for weight in (train, validation)]


def at_share(probability: np.ndarray, share: float) -> np.ndarray:
    """What a probability at even odds is where the class has this share of the cases.

    >>> at_share(np.array([0.5, 0.8]), 0.2).round(3).tolist()
    [0.2, 0.5]
    """
    yes = share * probability
    return yes / (yes + (1 - share) * (1 - probability))
