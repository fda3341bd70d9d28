"""Scores of earthquake or blast by station and by event, with intervals from whole events."""

from __future__ import annotations

import numpy as np

from ..scores.classification import accuracy_of, macro_f1_of
from ..scores.intervals import Interval, calibration_interval, confusion_interval, ratio_interval

SCORES = {
    "station accuracy": True,
    "event accuracy": True,
    "station macro F1": True,
    "event macro F1": True,
    "station Brier": False,
    "event Brier": False,
    "station calibration error": False,
}
"""Name -> whether higher is better."""


def event_vote(probability: np.ndarray, label: np.ndarray, event: np.ndarray):
    """Soft vote: (mean probability, label, id) of each event.

    >>> [v.tolist() for v in event_vote(np.array([0.2, 0.6, 0.9]), np.array([0, 0, 1]), np.array(["a", "a", "b"]))]
    [[0.4, 0.9], [0, 1], ['a', 'b']]
    """
    names, first, number = np.unique(event, return_index=True, return_inverse=True)
    return np.bincount(number, probability) / np.bincount(number), label[first], names


def scores_of(probability: np.ndarray, label: np.ndarray, event: np.ndarray) -> dict[str, Interval]:
    """Every score of SCORES; an answer is a blast from probability 0.5 on.

    Arguments:
        probability: of a blast, (n,). label: (n,) 0 or 1. event: (n,) ids.
    """
    voted, truth, names = event_vote(probability, label, event)
    found = {}
    for level, (p, y, group) in {"station": (probability, label, event), "event": (voted, truth, names)}.items():
        guess = (p >= 0.5).astype(np.int64)
        for score, of in (("accuracy", accuracy_of), ("macro F1", macro_f1_of)):
            found[f"{level} {score}"] = confusion_interval(y, guess, group, np.random.default_rng(0), of, classes=2)
        found[f"{level} Brier"] = ratio_interval((p - y) ** 2, np.ones(len(y)), group, np.random.default_rng(0))
    found["station calibration error"] = calibration_interval(probability, label, event, np.random.default_rng(0))
    return {name: found[name] for name in SCORES}
