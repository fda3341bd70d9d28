"""The background of a waveform model's explanations: training records of every class, kept beside its weights."""

from __future__ import annotations

import os

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.errors import InputError
from ..model import Model

FILE = "background_records.npz"
EACH = 16


def chosen_background(waveform, label, event, each: int = EACH, seed: int = 0) -> dict[str, np.ndarray]:
    """Records of `each` events of every class, chosen by chance from the training data and from nothing else.

    It is one record an event, and the same in whichever order the records lie.

    Arguments:
        waveform: (n, samples, components), the network's windows. label: (n,) numbers of classes. event: (n,) ids.

    >>> chosen = chosen_background(np.zeros((6, 4, 3)), [0, 0, 0, 1, 1, 1], list("aabcdd"), each=2)
    >>> chosen["waveform"].shape, chosen["label"].tolist()
    ((4, 4, 3), [0, 0, 1, 1])
    """
    rng = np.random.default_rng(seed)
    label, event = np.asarray(label), np.asarray(event)
    rows = []
    for number in np.unique(label):
        members = np.flatnonzero(label == number)
        ids = np.unique(event[members])
        for name in rng.choice(ids, min(each, len(ids)), replace=False):
            own = members[event[members] == name]
            # Records of an event are told apart by their loudness, whatever the order on disk.
            loudness = [np.abs(waveform[i]).max() for i in own]
            rows.append(own[np.argsort(loudness, kind="stable")[rng.integers(len(own))]])
    return {"waveform": np.asarray(waveform)[rows], "label": label[rows].astype(np.int64)}


def write_background(path: str | os.PathLike, **arrays: np.ndarray) -> None:
    """Write what `chosen_background` gave, or `features`; whole counts take half the room as integers."""
    if "waveform" in arrays:
        waveform = np.asarray(arrays["waveform"], np.float32)
        if np.array_equal(waveform, np.rint(waveform)) and np.abs(waveform).max(initial=0) < 2**24:
            waveform = waveform.astype(np.int32)
        arrays = {**arrays, "waveform": waveform}
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def read_background(model: Model, against: str | None = None) -> np.ndarray:
    """The model's background, float32: waveforms (n, samples, components), or (n, features).

    Arguments:
        against: the name of a class, to take only its records; of all classes equally many where None.
    """
    if FILE not in model.card.files:
        raise InputError(
            f"a model with {FILE} beside its weights",
            f"{model.card.name} without",
            "train it again, or give background=waveforms of its training data",
        )
    with np.load(model.file(FILE), allow_pickle=False) as stored:
        if "features" in stored.files:
            return stored["features"].astype(np.float32)
        waveform, label = stored["waveform"].astype(np.float32), stored["label"]
    if against is None:
        return waveform
    if against not in model.card.classes:
        raise InputError(f"a class of {', '.join(model.card.classes)}", repr(against), "choose one of them")
    return waveform[label == model.card.classes.index(against)]
