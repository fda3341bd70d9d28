"""Bootstrap intervals: over blocks of days for forecasts, over events for records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ...datasets.errors import InputError
from .cases import not_nan
from .classification import accuracy_of, confusion
from .probabilities import bin_edges

RESAMPLES = 2000
# Numbers held at once while resampling: 128 MB of float64.
HELD = 1 << 24


class Interval(NamedTuple):
    """A score, its interval and how it came: resamples drawn, and those of them that had no score (no positives)."""

    value: float
    low: float
    high: float
    confidence: float
    resamples: int
    failed: int

    def __str__(self) -> str:
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"


def time_blocks(days, length_days: float = 30) -> np.ndarray:
    """The number of the block of `length_days` that each issue day falls into, counted from the first.

    >>> time_blocks(np.array(["2011-01-01", "2011-01-30", "2011-01-31", "2011-04-01"], dtype="datetime64[D]")).tolist()
    [0, 0, 1, 3]
    """
    days = np.asarray(days)
    since = (days - days.min()) / (np.timedelta64(1, "D") if days.dtype.kind == "M" else 1)
    return np.floor(since / length_days).astype(np.int64)


def draws(groups: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each group occurs in each resample, shape (resamples, groups); every row sums to `groups`.

    >>> draws(3, 2, np.random.default_rng(0)).sum(axis=1).tolist()
    [3, 3]
    """
    if groups < 2:
        raise InputError(
            "at least two blocks or events to resample", f"{groups}", "take a longer period or shorter blocks"
        )
    chosen = rng.integers(groups, size=(resamples, groups)) + np.arange(resamples)[:, None] * groups
    return np.bincount(chosen.reshape(-1), minlength=resamples * groups).reshape(resamples, groups)


def ratio_interval(
    numerator, denominator, group, rng: np.random.Generator, resamples: int = RESAMPLES, confidence: float = 0.95
) -> Interval:
    """Interval of sum(numerator) / sum(denominator) with whole groups resampled (Kuensch 1989; Efron 1979).

    Fits every mean (denominator: the cases) and every gain per event (`information.poisson_gain_by_day`). The
    difference of two models on the same cases is one ratio, of the differences, and so is paired.

    Arguments:
        numerator, denominator: one number a day or a record.
        group: its block (`time_blocks`) or its event.

    >>> interval = ratio_interval([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], [0, 1, 2], np.random.default_rng(0))
    >>> interval.value, 1.0 <= interval.low < 2.0 < interval.high <= 3.0
    (2.0, True)
    """
    parts = np.stack([np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)])
    group, groups = numbered(group, parts.shape[1])
    not_nan(numerator=parts[0], denominator=parts[1])
    sums = np.stack([np.bincount(group, weights=part, minlength=groups) for part in parts], axis=1)

    def ratio(total):
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(total[:, 1] != 0, total[:, 0] / total[:, 1], np.nan)

    return resampled(lambda counts: ratio(counts @ sums), groups, 2, rng, resamples, confidence)


def confusion_interval(
    truth,
    prediction,
    group,
    rng: np.random.Generator,
    score: Callable[[np.ndarray], np.ndarray] = accuracy_of,
    classes: int | None = None,
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
) -> Interval:
    """Interval of a score of the confusion table (`accuracy_of`, `macro_f1_of`) with whole events resampled.

    >>> truth, prediction, event = [0, 0, 1, 1, 1], [0, 1, 1, 1, 0], [0, 0, 1, 1, 2]
    >>> interval = confusion_interval(truth, prediction, event, np.random.default_rng(0))
    >>> interval.value, interval.low < interval.value < interval.high
    (0.6, True)
    """
    truth, prediction = np.asarray(truth).reshape(-1), np.asarray(prediction).reshape(-1)
    classes = confusion(truth, prediction, classes).shape[0]
    group, groups = numbered(group, truth.size)
    cell = (group * classes + truth.astype(np.int64)) * classes + prediction.astype(np.int64)
    tables = np.bincount(cell, minlength=groups * classes**2).reshape(groups, classes**2).astype(np.float64)

    def scores(counts):
        return score((counts @ tables).reshape(-1, classes, classes))

    return resampled(scores, groups, classes**2, rng, resamples, confidence)


def calibration_interval(probability, label, group, rng: np.random.Generator, bins: int = 10) -> Interval:
    """Interval of the expected calibration error, in `bins` of as many cases each, with whole events resampled.

    >>> p, hit, event = np.array([0.1, 0.1, 0.3, 0.3]), np.array([0, 0, 0, 1]), np.arange(4)
    >>> round(calibration_interval(p, hit, event, np.random.default_rng(0), bins=2).value, 6)
    0.15
    """
    probability, label = np.asarray(probability, np.float64).reshape(-1), np.asarray(label).reshape(-1)
    group, groups = numbered(group, probability.size)
    # The edges are those of the sample: resamples differ in their cases, not in their bins.
    place = np.searchsorted(bin_edges(probability, bins, "cases"), probability, side="right")
    excess = np.zeros((groups, place.max() + 1))
    np.add.at(excess, (group, place), probability - label)
    cases = np.bincount(group, minlength=groups).astype(np.float64)

    def score(counts):
        return np.abs(counts @ excess).sum(axis=1) / (counts @ cases)

    return resampled(score, groups, excess.shape[1], rng, RESAMPLES, 0.95)


def resampled(score, groups: int, width: int, rng, resamples: int, confidence: float) -> Interval:
    """Percentile interval of `score(counts)`, widened for few groups, beside the score of the sample itself.

    A percentile interval from n groups is too narrow by sqrt((n - 1) / n) and takes the normal quantile in place of
    Student's; both are mended through its levels (Hesterberg 2015, the expanded percentile interval).
    """
    from scipy.special import ndtr, stdtrit

    if not 0 < confidence < 1 or resamples < 100:
        raise InputError(
            "a confidence in (0, 1) and at least 100 resamples", f"{confidence} and {resamples}", "mend them"
        )
    value = float(score(np.ones((1, groups)))[0])
    found = np.concatenate([score(counts.astype(np.float64)) for counts in _portions(groups, width, rng, resamples)])
    known = found[~np.isnan(found)]
    if not known.size:
        raise InputError("a resample with a score", "none with one", "take a longer period or more events")
    tail = ndtr(np.sqrt(groups / (groups - 1)) * stdtrit(groups - 1, (1 - confidence) / 2))
    low, high = np.quantile(known, [tail, 1 - tail])
    return Interval(value, float(low), float(high), confidence, resamples, int(found.size - known.size))


def _portions(groups: int, width: int, rng, resamples: int) -> Iterator[np.ndarray]:
    """The draws of all resamples, so many at a time that the score's arrays stay small."""
    at_once = max(1, HELD // max(groups, width))
    for start in range(0, resamples, at_once):
        yield draws(groups, min(at_once, resamples - start), rng)


def numbered(group, entries: int) -> tuple[np.ndarray, int]:
    """Groups as 0, 1, ... and their number; any labels will do."""
    group = np.asarray(group).reshape(-1)
    if group.size != entries:
        raise InputError(f"a group for each of {entries} entries", f"{group.size}", "give one block or event id each")
    names, number = np.unique(group, return_inverse=True)
    return number, names.size
