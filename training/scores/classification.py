"""Scores of decisions: confusion, accuracy, F1, thresholds, and the errors made at given thresholds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...datasets.errors import InputError
from .cases import same_shape, selected
from .ranking import Ranking


def confusion(truth, prediction, classes: int | None = None) -> np.ndarray:
    """Cases by true class (rows) and predicted class (columns), from class numbers 0, 1, ...

    >>> confusion([0, 0, 1, 1, 1], [0, 1, 1, 1, 0]).tolist()
    [[1, 1], [1, 2]]
    """
    truth, prediction = class_numbers(truth, "truth"), class_numbers(prediction, "prediction")
    same_shape(truth=truth, prediction=prediction)
    largest = int(max(truth.max(), prediction.max()))
    classes = max(largest + 1, 2) if classes is None else classes
    if largest >= classes:
        raise InputError(f"class numbers below {classes}", f"{largest}", "give the number of classes")
    return np.bincount(truth * classes + prediction, minlength=classes**2).reshape(classes, classes)


def accuracy(truth, prediction) -> float:
    """The share of cases with the right class.

    >>> accuracy([0, 0, 1, 1, 1], [0, 1, 1, 1, 0])
    0.6
    """
    return float(accuracy_of(confusion(truth, prediction)))


def f1(truth, prediction) -> float:
    """F1 of class 1, the harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN) (van Rijsbergen 1979).

    >>> round(f1([0, 0, 1, 1, 1], [0, 1, 1, 1, 0]), 6)
    0.666667
    """
    table = confusion(truth, prediction, classes=2)
    return float(_f1_by_class(table)[1])


def macro_f1(truth, prediction, classes: int | None = None) -> float:
    """The mean over classes of each class's F1; a class that neither occurs nor is predicted is left out.

    F1 is 1/2 for class 0 and 2/3 for class 1.

    >>> round(macro_f1([0, 0, 1, 1, 1], [0, 1, 1, 1, 0]), 6)
    0.583333
    """
    return float(macro_f1_of(confusion(truth, prediction, classes)))


def accuracy_of(table: np.ndarray) -> np.ndarray:
    """Accuracy of confusion tables of shape (..., classes, classes)."""
    return np.trace(table, axis1=-2, axis2=-1) / table.sum(axis=(-2, -1))


def macro_f1_of(table: np.ndarray) -> np.ndarray:
    """Macro F1 of confusion tables of shape (..., classes, classes).

    >>> float(macro_f1_of(np.array([[1, 0, 0], [0, 2, 0], [0, 0, 0]])))
    1.0
    """
    return np.nanmean(_f1_by_class(table), axis=-1)


def balanced_accuracy(truth, prediction) -> float:
    """The mean over the classes that occur of the share of them recognised.

    >>> round(balanced_accuracy([0, 0, 1, 1, 1], [0, 1, 1, 1, 0]), 6)
    0.583333
    """
    return float(balanced_accuracy_of(confusion(truth, prediction)))


def balanced_accuracy_of(table: np.ndarray) -> np.ndarray:
    """Balanced accuracy of confusion tables of shape (..., classes, classes); classes without cases are left out.

    >>> float(balanced_accuracy_of(np.array([[1, 1], [1, 2]])).round(6))
    0.583333
    """
    cases = table.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        recognised = np.where(cases > 0, np.diagonal(table, axis1=-2, axis2=-1) / np.maximum(cases, 1), np.nan)
    return np.nanmean(recognised, axis=-1)


class Threshold(NamedTuple):
    """A threshold (score >= value is called positive), what it was chosen by and the score reached there."""

    value: float
    by: str
    reached: float


def best_threshold(score, label, by: str = "f1", weight=None, mask=None) -> Threshold:
    """The threshold with the best F1 or the best hit rate minus false alarm rate (Youden 1950), from validation data.

    The best one is always the score of a positive; among equals the highest is taken.

    >>> best_threshold([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], by="f1")
    Threshold(value=0.35, by='f1', reached=0.8)
    >>> best_threshold([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], by="youden")
    Threshold(value=0.8, by='youden', reached=0.5)
    """
    ranking = Ranking.of(score, label, weight, mask)
    if by == "f1":
        reached = 2 * ranking.hits / (ranking.hits + ranking.alarms + ranking.positives)
    elif by == "youden":
        reached = ranking.hits / ranking.positives - ranking.alarms / ranking.background
    else:
        raise InputError("by = f1 or youden", repr(by), "choose one of the two")
    best = int(np.argmax(reached))
    return Threshold(float(ranking.threshold[best]), by, float(reached[best]))


class Errors(NamedTuple):
    """Counts at each threshold: positives below it, negatives at or above it."""

    threshold: np.ndarray
    missed: np.ndarray
    false_alarms: np.ndarray


def errors_at_thresholds(score, label, thresholds, mask=None) -> Errors:
    """Missed positives and false alarms when score >= threshold is an alarm (Kail et al. 2020, Table III).

    >>> errors = errors_at_thresholds([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], [0.2, 0.5])
    >>> errors.missed.tolist(), errors.false_alarms.tolist()
    ([0, 1], [1, 0])
    """
    score, label, _ = selected(score, label, mask=mask)
    thresholds = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    ascending = np.sort(thresholds)
    # Thresholds passed by each case, counted from the lowest one up.
    passed = np.searchsorted(ascending, score, side="right")
    by_class = [np.bincount(passed[chosen], minlength=ascending.size + 1) for chosen in (label, ~label)]
    place = np.searchsorted(ascending, thresholds)
    missed = np.cumsum(by_class[0])[place]
    false = (by_class[1].sum() - np.cumsum(by_class[1]))[place]
    return Errors(thresholds, missed, false)


def class_numbers(values, name: str) -> np.ndarray:
    """Class numbers as a flat integer array; anything but 0, 1, 2, ... raises."""
    values = np.asarray(values).reshape(-1)
    if values.dtype.kind not in "biuf" or not ((values >= 0) & (values == np.floor(values))).all():
        raise InputError(f"{name} as class numbers 0, 1, ...", f"{values.dtype} {values[:1]}", "give whole numbers")
    return values.astype(np.int64)


def _f1_by_class(table: np.ndarray) -> np.ndarray:
    right = np.diagonal(table, axis1=-2, axis2=-1)
    involved = table.sum(axis=-1) + table.sum(axis=-2)
    with np.errstate(invalid="ignore"):
        return np.where(involved > 0, 2 * right / np.maximum(involved, 1), np.nan)
