"""Scores of magnitudes by record and by event, with intervals from whole events; conformal intervals of predictions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..scores.intervals import RESAMPLES, Interval, numbered, ratio_interval, resampled

COVERAGE = 0.9
SCORES = {"R2": True, "MAE": False, "RMSE": False, "event R2": True, "event MAE": False}
"""Name -> whether higher is better."""


def scores_of(predicted: np.ndarray, magnitude: np.ndarray, event: np.ndarray) -> dict[str, Interval]:
    """R2, mean absolute and root mean squared error by record; by event, of the median over its records."""
    found = {
        "R2": r2_interval(predicted, magnitude, event),
        "MAE": _mean(np.abs(predicted - magnitude), event),
        "RMSE": rmse_interval(predicted, magnitude, event),
    }
    median, truth, names = event_median(predicted, magnitude, event)
    found["event R2"] = r2_interval(median, truth, names)
    found["event MAE"] = _mean(np.abs(median - truth), names)
    return found


def event_median(predicted: np.ndarray, magnitude: np.ndarray, event: np.ndarray):
    """(median prediction, magnitude, id) of each event.

    >>> values = event_median(np.array([1.0, 2.0, 4.0]), np.array([2.0, 2.0, 2.0]), np.array(["a", "a", "a"]))
    >>> [v.tolist() for v in values]
    [[2.0], [2.0], ['a']]
    """
    names, first, number = np.unique(event, return_index=True, return_inverse=True)
    median = np.array([np.median(predicted[number == i]) for i in range(len(names))])
    return median, magnitude[first], names


def r2_interval(predicted, magnitude, event) -> Interval:
    """Interval of 1 - sum of squared errors over that about the resample's own mean.

    >>> truth = np.array([1.0, 2.0, 3.0, 4.0])
    >>> float(r2_interval(np.array([1.0, 2.0, 3.0, 3.0]), truth, np.arange(4)).value)
    0.8
    """
    number, groups = numbered(event, len(magnitude))
    terms = (np.ones(len(magnitude)), magnitude, magnitude**2, (predicted - magnitude) ** 2)
    sums = np.stack([np.bincount(number, term, groups) for term in terms], axis=1)

    def score(counts):
        n, first, second, error = (counts @ sums).T
        spread = second - first**2 / n
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(spread > 1e-9, 1 - error / spread, np.nan)

    return resampled(score, groups, 4, np.random.default_rng(0), RESAMPLES, 0.95)


def rmse_interval(predicted, magnitude, event) -> Interval:
    """Interval of the root mean squared error."""
    number, groups = numbered(event, len(magnitude))
    error = np.bincount(number, (predicted - magnitude) ** 2, groups)
    cases = np.bincount(number, minlength=groups).astype(np.float64)
    return resampled(
        lambda counts: np.sqrt((counts @ error) / (counts @ cases)),
        groups,
        1,
        np.random.default_rng(0),
        RESAMPLES,
        0.95,
    )


def conformal_half_width(error: np.ndarray, coverage: float = COVERAGE) -> float:
    """Half the width of an interval that holds a new case with at least this probability.

    The ceil((n + 1) coverage)-th smallest absolute error of validation (Vovk et al. 2005; Lei et al. 2018). Exact where
    cases are exchangeable; records of one event are not, so that coverage is tested.

    >>> conformal_half_width(np.arange(1.0, 10.0), 0.9)
    9.0
    """
    error = np.sort(np.abs(error))
    place = int(np.ceil((len(error) + 1) * coverage))
    return float(error[place - 1]) if place <= len(error) else float("inf")


def coverage_interval(predicted, magnitude, event, half_width: float) -> Interval:
    """How often the magnitude lies within the half width, with whole events resampled."""
    return _mean((np.abs(predicted - magnitude) <= half_width).astype(np.float64), event)


def _mean(values: np.ndarray, event: np.ndarray) -> Interval:
    return ratio_interval(values, np.ones(len(values)), event, np.random.default_rng(0))


def residuals_by(values: np.ndarray, edges, predicted, magnitude, event) -> list[dict]:
    """Mean residual (predicted less true) and mean absolute error, with intervals, in bins of a column.

    Bins with fewer than two events are left out.
    """
    rows = []
    for low, high in pairwise(edges):
        rows_in = (values >= low) & (values < high)
        if len(np.unique(event[rows_in])) < 2:
            continue
        error = (predicted - magnitude)[rows_in]
        rows.append(
            {
                "low": float(low),
                "high": float(high),
                "records": int(rows_in.sum()),
                "bias": _mean(error, event[rows_in]),
                "MAE": _mean(np.abs(error), event[rows_in]),
            }
        )
    return rows
