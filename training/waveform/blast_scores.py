"""Scores of earthquake or blast by station and by event, with intervals from whole events."""

from __future__ import annotations

import numpy as np

from ..scores.classification import accuracy_of, macro_f1_of
from ..scores.intervals import (
    RESAMPLES,
    Interval,
    calibration_interval,
    confusion_interval,
    numbered,
    ratio_interval,
    resampled,
)
from .blast_systems import Answer
from .blast_weights import at_share

SCORES = {
    "station accuracy": True,
    "event accuracy": True,
    "station macro F1": True,
    "event macro F1": True,
    "station Brier": False,
    "event Brier": False,
    "station calibration error": False,
    "event calibration error": False,
}
"""Name -> whether higher is better."""
GAINS = ("station accuracy", "event accuracy", "station macro F1", "event macro F1")


def event_vote(probability: np.ndarray, label: np.ndarray, event: np.ndarray):
    """Soft vote: (mean probability, label, id) of each event.

    >>> [v.tolist() for v in event_vote(np.array([0.2, 0.6, 0.9]), np.array([0, 0, 1]), np.array(["a", "a", "b"]))]
    [[0.4, 0.9], [0, 1], ['a', 'b']]
    """
    names, first, number = np.unique(event, return_index=True, return_inverse=True)
    return np.bincount(number, probability) / np.bincount(number), label[first], names


def scores_of(answer: Answer, label: np.ndarray, event: np.ndarray) -> dict[str, Interval]:
    """Every score of SCORES; a vote of a half or more is a blast, Brier and calibration are at the training's shares.

    Arguments:
        label: (n,) 0 or 1. event: (n,) ids.
    """
    found = {}
    for level, (voted, truth, group, share) in _levels(answer, label, event).items():
        guess, probability = (voted >= 0.5).astype(np.int64), at_share(voted, share)
        for score, of in (("accuracy", accuracy_of), ("macro F1", macro_f1_of)):
            found[f"{level} {score}"] = confusion_interval(truth, guess, group, _rng(), of, classes=2)
        found[f"{level} Brier"] = ratio_interval((probability - truth) ** 2, np.ones(len(truth)), group, _rng())
        found[f"{level} calibration error"] = calibration_interval(probability, truth, group, _rng())
    return {name: found[name] for name in SCORES}


def gains_of(better: Answer, worse: Answer, label: np.ndarray, event: np.ndarray) -> dict[str, Interval]:
    """By how much one answer beats another, every score of GAINS, in pairs over the same resampled events."""
    found = {}
    levels = zip(_levels(better, label, event).items(), _levels(worse, label, event).values(), strict=True)
    for (level, (first, truth, group, _)), (second, *_) in levels:
        number, groups = numbered(group, len(truth))
        cells = [(number * 2 + truth) * 2 + (voted >= 0.5) for voted in (first, second)]
        tables = np.concatenate(
            [np.bincount(cell, minlength=4 * groups).reshape(groups, 4).astype(np.float64) for cell in cells], axis=1
        )
        for score, of in (("accuracy", accuracy_of), ("macro F1", macro_f1_of)):

            def gain(counts, of=of, tables=tables):
                summed = (counts @ tables).reshape(-1, 2, 2, 2)
                return of(summed[:, 0]) - of(summed[:, 1])

            found[f"{level} {score}"] = resampled(gain, groups, 8, _rng(), RESAMPLES, 0.95)
    return {name: found[name] for name in GAINS}


def _levels(answer: Answer, label, event):
    """level -> (vote, truth, group, share) of stations' records and of events."""
    voted, truth, names = event_vote(answer.vote, label, event)
    share = event_vote(np.broadcast_to(answer.event_share, len(label)), label, event)[0]
    return {"station": (answer.vote, label, event, answer.share), "event": (voted, truth, names, share)}


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)
