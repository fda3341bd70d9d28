"""Scores of probabilities: Brier, logarithmic loss, reliability."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...datasets.errors import InputError
from .cases import boolean, counted, is_probability, selected, summed


def brier(probability, label, mask=None) -> float:
    """Mean squared error of probabilities, (1/n) sum (p - y)^2 (Brier 1950).

    (.1^2 + .4^2 + .65^2 + .2^2) / 4.

    >>> round(brier([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 6)
    0.158125
    """
    return _mean(_squared_error, probability, label, mask)


def brier_skill(probability, label, reference, mask=None) -> float:
    """1 - BS / BS_reference: 1 is perfect, 0 no better than the reference (Murphy 1973).

    Arguments:
        reference: probabilities of the same shape, or one number, such as the base rate of the training period.

    >>> round(brier_skill([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], reference=0.5), 6)
    0.3675
    """
    bar = brier(np.broadcast_to(reference, np.shape(label)), label, mask)
    if bar == 0:
        raise InputError("a reference that errs", "a Brier score of 0", "give the base rate of the training period")
    return 1.0 - brier(probability, label, mask) / bar


def log_loss(probability, label, floor: float | None = None, mask=None) -> float:
    """Mean negative log-likelihood, -(1/n) sum [y ln p + (1 - y) ln(1 - p)], in nats.

    Infinite when something happens that was given the probability 0, or fails to that was given 1. A `floor` declared
    by the caller, and to be printed beside the score, moves probabilities into [floor, 1 - floor].

    (.287682 + .693147) / 2.

    >>> round(log_loss([0.25, 0.5], [0, 1]), 6)
    0.490415
    >>> log_loss([0.0, 0.5], [1, 1]), round(log_loss([0.0, 0.5], [1, 1], floor=0.01), 6)
    (inf, 2.649159)
    """
    if floor is not None and not 0 < floor < 0.5:
        raise InputError("a floor between 0 and 0.5", f"{floor}", "give a small probability such as 1e-9")

    def loss(probability, label):
        probability, label = _checked(probability, label)
        if floor is not None:
            probability = np.clip(probability, floor, 1.0 - floor)
        with np.errstate(divide="ignore"):
            return -np.where(label, np.log(probability), np.log1p(-probability))

    return _mean(loss, probability, label, mask)


def brier_by_day(probability, label, mask=None) -> np.ndarray:
    """Sum of squared errors a day, shape (days,): the numerator of a Brier score to be resampled by blocks of days.

    >>> brier_by_day([[0.5, 0.0], [1.0, 0.0]], [[0, 0], [1, 1]]).tolist()
    [0.25, 1.0]
    """
    return summed(_squared_error, probability, label, mask=mask, by_day=True)


class Reliability(NamedTuple):
    """A reliability diagram's points, one a bin: what was forecast, what came, and how sure the latter is.

    `low` and `high` bound the frequency by the exact binomial interval of Clopper and Pearson (1934), which takes the
    cases of a bin as independent: clustered earthquakes are not, and the true interval is wider.
    """

    forecast: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    cases: np.ndarray
    positives: np.ndarray

    @property
    def calibration_error(self) -> float:
        """Expected calibration error, sum_b (n_b / n) |forecast_b - observed_b| (Naeini et al. 2015)."""
        return float(np.average(np.abs(self.forecast - self.observed), weights=self.cases))


def reliability(
    probability, label, bins: int = 10, equal: str = "cases", confidence: float = 0.95, mask=None
) -> Reliability:
    """Observed frequency against forecast probability in bins of equal count (Murphy and Winkler 1977).

    Arguments:
        equal: "cases", as many cases a bin; or "expected", as many expected positives a bin, which for rare events
            spreads the bins over the probabilities that matter. Cases of equal probability stay together, so that bins
            may be fewer.

    >>> points = reliability([0.1, 0.1, 0.3, 0.3], [0, 0, 0, 1], bins=2)
    >>> points.forecast.round(3).tolist(), points.observed.tolist(), round(points.calibration_error, 3)
    ([0.1, 0.3], [0.0, 0.5], 0.15)
    """
    from scipy.special import betaincinv

    probability, label, _ = selected(probability, label, mask=mask)
    is_probability(probability)
    edges = bin_edges(probability, bins, equal)
    place = np.searchsorted(edges, probability, side="right")
    cases = np.bincount(place, minlength=edges.size + 1)
    total = np.bincount(place, weights=probability, minlength=edges.size + 1)
    positives = np.bincount(place[label], minlength=edges.size + 1)
    filled = cases > 0
    cases, total, positives = cases[filled], total[filled], positives[filled]
    tail = (1 - confidence) / 2
    low = np.where(positives > 0, betaincinv(np.maximum(positives, 1), cases - positives + 1, tail), 0.0)
    high = np.where(positives < cases, betaincinv(positives + 1, np.maximum(cases - positives, 1), 1 - tail), 1.0)
    return Reliability(total / cases, positives / cases, low, high, cases, positives)


def expected_calibration_error(probability, label, bins: int = 10, equal: str = "cases", mask=None) -> float:
    """Expected calibration error over the bins of `reliability` (Naeini et al. 2015).

    >>> round(expected_calibration_error([0.1, 0.1, 0.3, 0.3], [0, 0, 0, 1], bins=2), 6)
    0.15
    """
    return reliability(probability, label, bins, equal, mask=mask).calibration_error


def bin_edges(probability: np.ndarray, bins: int, equal: str) -> np.ndarray:
    """Inner edges: a case belongs to the bin above an edge when it is not below the edge."""
    if bins < 1:
        raise InputError("at least one bin", f"{bins}", "give bins=10")
    ordered = np.sort(probability)
    shares = np.arange(1, bins) / bins
    if equal == "cases":
        at = np.ceil(shares * ordered.size).astype(np.int64)
    elif equal == "expected":
        running = np.cumsum(ordered, dtype=np.float64)
        at = np.searchsorted(running, shares * running[-1], side="right")
    else:
        raise InputError("equal = cases or expected", repr(equal), "choose one of the two")
    return np.unique(ordered[np.minimum(at, ordered.size - 1)])


def _mean(terms, probability, label, mask) -> float:
    return float(summed(terms, probability, label, mask=mask) / counted(np.shape(probability), mask))


def _squared_error(probability, label):
    probability, label = _checked(probability, label)
    return np.square(probability - label)


def _checked(probability, label) -> tuple[np.ndarray, np.ndarray]:
    probability = np.asarray(probability, dtype=np.float64)
    is_probability(probability)
    return probability, boolean(label)
