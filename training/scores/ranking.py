"""Scores of order: ROC and precision-recall areas and curves, exact with ties, for tens of millions of cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...datasets.errors import InputError
from .cases import selected


@dataclass(frozen=True, eq=False)
class Ranking:
    """How the scores of positives lie among those of the background, at every distinct score of a positive.

    Only the background is sorted, so that 50 million cell-days with a few thousand positives take seconds. Between two
    distinct scores of positives nothing but false alarms changes, so that the areas below are exact.

    Arguments, arrays in order of falling threshold:
        threshold: the distinct scores of the positives.
        hits: weight of the positives with score >= threshold.
        alarms: weight of the background with score >= threshold.
        alarms_above: weight of the background with score > threshold.
        positives, background: the total weights.

    >>> ranking = Ranking.of([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> ranking.threshold.tolist(), ranking.hits.tolist(), ranking.alarms.tolist()
    ([0.8, 0.35], [1.0, 2.0], [0.0, 1.0])
    """

    threshold: np.ndarray
    hits: np.ndarray
    alarms: np.ndarray
    alarms_above: np.ndarray
    positives: float
    background: float

    @classmethod
    def of(cls, score, label, weight=None, mask=None) -> Ranking:
        """Positives against negatives; weight and mask broadcast to the scores (see `cases.selected`)."""
        score, label, weight = selected(score, label, weight, mask)
        positive = None if weight is None else weight[label]
        return cls.between(score[label], score[~label], positive, None if weight is None else weight[~label])

    @classmethod
    def between(cls, positive, background, positive_weight=None, background_weight=None) -> Ranking:
        """The scores of positives against those of a background, each with its weights."""
        if not positive.size or not background.size:
            raise InputError(
                "at least one positive and one case of the background",
                f"{positive.size} and {background.size}",
                "take a longer period, a larger region or a lower magnitude",
            )
        threshold, which = np.unique(positive, return_inverse=True)
        hits = np.bincount(which, weights=positive_weight, minlength=threshold.size).astype(np.float64)
        # A positive of no weight is no positive, and would leave a precision of 0 / 0.
        threshold, hits = threshold[hits > 0], hits[hits > 0]
        # Sorting values alone is several times faster than sorting their order, which only weights need.
        if background_weight is None:
            ordered, below = np.sort(background), None
            total = float(background.size)
        else:
            order = np.argsort(background)
            ordered, below = background[order], np.concatenate([[0.0], np.cumsum(background_weight[order])])
            total = float(below[-1])
        under = [np.searchsorted(ordered, threshold, side=side) for side in ("left", "right")]
        at_least, above = (total - (count if below is None else below[count]) for count in under)
        if not (hits.sum() > 0 and total > 0):
            raise InputError(
                "positives and a background of some weight", f"{hits.sum():g} and {total:g}", "mend the weights"
            )
        hits = np.cumsum(hits[::-1])
        return cls(threshold[::-1], hits, at_least[::-1] * 1.0, above[::-1] * 1.0, float(hits[-1]), total)

    @property
    def gained(self) -> np.ndarray:
        """The weight of the positives at each threshold."""
        return np.diff(self.hits, prepend=0.0)

    @property
    def roc_auc(self) -> float:
        """Area under the hit rate as a function of the false alarm rate; ties count half (Mann and Whitney 1947)."""
        beaten = self.background - (self.alarms + self.alarms_above) / 2
        return float(self.gained @ beaten / (self.positives * self.background))

    @property
    def pr_auc(self) -> float:
        """Average precision: the sum of precision times gain in recall, without interpolation."""
        return float(self.gained @ (self.hits / (self.hits + self.alarms)) / self.positives)

    def roc_curve(self, points: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """False alarm rate and hit rate, each rising from 0 to 1, thinned to about `points` of them."""
        hits_above = self.hits - self.gained
        false = np.concatenate([[0.0], np.column_stack([self.alarms_above, self.alarms]).ravel(), [self.background]])
        hit = np.concatenate([[0.0], np.column_stack([hits_above, self.hits]).ravel(), [self.positives]])
        return _thin(false / self.background, hit / self.positives, points)

    def pr_curve(self, points: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Recall and precision at each threshold, recall rising; to be drawn as steps."""
        return _thin(self.hits / self.positives, self.hits / (self.hits + self.alarms), points)


def roc_auc(score, label, weight=None, mask=None) -> float:
    """Area under the ROC curve: the chance that a positive outranks a negative, ties counting half.

    Mann and Whitney (1947); Hanley and McNeil (1982). Within active cells: `mask` of shape (rows, columns).

    Of the four pairs below the positives win three, .35 against .4 being the one lost.

    >>> roc_auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    >>> roc_auc([0.5, 0.5], [0, 1])
    0.5
    """
    return Ranking.of(score, label, weight, mask).roc_auc


def pr_auc(score, label, weight=None, mask=None) -> float:
    """Average precision, AP = sum_k (R_k - R_(k-1)) P_k over falling thresholds, as scikit-learn has it.

    No interpolation: a straight line between two points of the curve promises too much (Davis and Goadrich 2006).

    Recall 1/2 at precision 1, then recall 1 at precision 2/3: 1/2 + 1/2 x 2/3.

    >>> round(pr_auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 6)
    0.833333
    """
    return Ranking.of(score, label, weight, mask).pr_auc


def roc_curve(score, label, weight=None, mask=None, points: int | None = 400) -> tuple[np.ndarray, np.ndarray]:
    """False alarm rate and hit rate of the ROC curve, thinned to about `points` for a picture.

    >>> false, hit = roc_curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], points=None)
    >>> false.tolist(), hit.tolist()
    ([0.0, 0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.0, 0.5, 0.5, 1.0, 1.0])
    """
    return Ranking.of(score, label, weight, mask).roc_curve(points)


def pr_curve(score, label, weight=None, mask=None, points: int | None = 400) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision, recall rising, thinned to about `points` for a picture.

    >>> recall, precision = pr_curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], points=None)
    >>> recall.tolist(), precision.round(3).tolist()
    ([0.5, 1.0], [1.0, 0.667])
    """
    return Ranking.of(score, label, weight, mask).pr_curve(points)


def _thin(x: np.ndarray, y: np.ndarray, points: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Points of a curve at about equal distances along it, both ends kept."""
    if points is None or x.size <= points:
        return x, y
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    keep = np.unique(np.searchsorted(along, np.linspace(0.0, along[-1], points - 1)))
    keep = np.union1d(keep, [0, x.size - 1])
    return x[keep], y[keep]
