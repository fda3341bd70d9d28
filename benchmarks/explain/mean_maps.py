"""Means of SHAP maps over records, with standard errors over whole events."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class MeanMap(NamedTuple):
    """Mean map and its standard error, both (frequencies, frames, components), and how many events stand behind it."""

    mean: np.ndarray
    standard_error: np.ndarray
    events: int

    def known(self) -> np.ndarray:
        """The mean, 0 where it is less than two standard errors from nothing."""
        return np.where(np.abs(self.mean) >= 2 * self.standard_error, self.mean, 0.0)


def event_means(values: np.ndarray, event: np.ndarray) -> np.ndarray:
    """(events, ...) mean over each event's records.

    >>> event_means(np.array([1.0, 3.0, 5.0]), np.array(["a", "a", "b"])).tolist()
    [2.0, 5.0]
    """
    names, number = np.unique(event, return_inverse=True)
    sums = np.zeros((len(names), *values.shape[1:]))
    np.add.at(sums, number, values)
    return sums / np.bincount(number).reshape(-1, *[1] * (values.ndim - 1))


def class_mean(values: np.ndarray, chosen: np.ndarray, event: np.ndarray) -> MeanMap:
    """Mean over the chosen records, each event counting once."""
    each = event_means(values[chosen], event[chosen])
    return MeanMap(each.mean(axis=0), each.std(axis=0, ddof=1) / np.sqrt(len(each)), len(each))


def profile(values: np.ndarray, kept: int, event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean along one axis of the maps and half of its 95 % interval.

    Arguments:
        values: (n, frequencies, frames, components). kept: the axis, 1 or 2.
    """
    each = event_means(values.mean(axis=tuple(axis for axis in (1, 2, 3) if axis != kept)), event)
    return each.mean(axis=0), 1.96 * each.std(axis=0, ddof=1) / np.sqrt(len(each))
