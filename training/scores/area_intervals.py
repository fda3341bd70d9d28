"""Bootstrap intervals of ROC areas and average precisions, exact in every resample, for any number of cases."""

from __future__ import annotations

import numpy as np

from ...datasets.errors import InputError
from .cases import same_shape, selected
from .intervals import HELD, RESAMPLES, Interval, numbered, resampled


def auc_interval(
    score,
    label,
    group,
    rng: np.random.Generator,
    curve: str = "roc",
    mask=None,
    reference=None,
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
) -> Interval:
    """Interval of the ROC area or of the average precision with whole groups resampled; every resample is exact.

    Arguments:
        score, label: (days, ...) or (records,); `mask` as in `roc_auc`.
        group: the block or event of each entry of the first axis.
        curve: "roc" or "pr".
        reference: another model's scores of the same cases; the result is then the paired difference of the areas.

    >>> score, label = [0.1, 0.4, 0.35, 0.8, 0.2, 0.7], [0, 0, 1, 1, 0, 1]
    >>> interval = auc_interval(score, label, [0, 1, 0, 1, 2, 2], np.random.default_rng(0))
    >>> round(interval.value, 4), interval.low <= interval.value <= interval.high
    (0.8889, True)
    """
    score, label = np.asarray(score), np.asarray(label)
    same_shape(score=score, label=label)
    group, groups = numbered(group, score.shape[0])
    full = np.broadcast_to(group.astype(np.int32).reshape(-1, *[1] * (score.ndim - 1)), score.shape)
    # The group travels as a weight would: masked and flattened with its cases.
    flat_group = full.reshape(-1) if mask is None else full[np.broadcast_to(np.asarray(mask, dtype=bool), score.shape)]
    if curve not in ("roc", "pr"):
        raise InputError("curve = roc or pr", repr(curve), "choose one of the two")
    areas, width = _areas(*selected(score, label, mask=mask)[:2], flat_group, groups, curve)
    if reference is None:
        return resampled(areas, groups, width, rng, resamples, confidence)
    bars, bar_width = _areas(*selected(reference, label, mask=mask)[:2], flat_group, groups, curve)
    return resampled(lambda c: areas(c) - bars(c), groups, max(width, bar_width), rng, resamples, confidence)


def _areas(score, label, group, groups: int, curve: str):
    """A function from draws to areas, and how many numbers it holds a draw."""
    positives = np.count_nonzero(label)
    if not 0 < positives < label.size:
        raise InputError(
            "at least one positive and one negative", f"{positives} positives of {label.size}", "take a longer period"
        )
    by = _areas_by_block if groups * positives <= HELD else _areas_by_case
    return by(score, label, group, groups, curve)


def _areas_by_block(score, label, group, groups: int, curve: str):
    """For few groups of very many cases: each block's background is sorted and counted at the positives' scores."""
    threshold, which = np.unique(score[label], return_inverse=True)
    of_block = np.bincount(group[label] * threshold.size + which, minlength=groups * threshold.size)
    hits = of_block.reshape(groups, threshold.size).astype(np.float64)
    below, at_most = np.empty_like(hits), np.empty_like(hits)
    size = np.empty(groups)
    background, home = score[~label], group[~label]
    order = None if (np.diff(home) >= 0).all() else np.argsort(home, kind="stable")
    if order is not None:
        background, home = background[order], home[order]
    ends = np.searchsorted(home, np.arange(groups + 1))
    for block in range(groups):
        ordered = np.sort(background[ends[block] : ends[block + 1]])
        below[block] = np.searchsorted(ordered, threshold, side="left")
        at_most[block] = np.searchsorted(ordered, threshold, side="right")
        size[block] = ordered.size
    if curve == "roc":
        # beaten[i, j]: pairs of a positive of block i and a negative of block j in the right order, ties half.
        beaten = hits @ ((below + at_most) / 2).T
        positives = hits.sum(axis=1)

        def areas(counts):
            with np.errstate(invalid="ignore"):
                return ((counts @ beaten) * counts).sum(axis=1) / ((counts @ positives) * (counts @ size))

        return areas, groups

    def precisions(counts):
        gained = (counts @ hits)[:, ::-1]
        alarms = (counts @ (size[:, None] - below))[:, ::-1]
        return _average_precision(gained, alarms)

    return precisions, 4 * threshold.size


def _areas_by_case(score, label, group, groups: int, curve: str):
    """For many groups of few cases: all cases are sorted once and carry the count of their event."""
    order = np.argsort(score, kind="stable")[::-1]
    score, label, group = score[order], label[order], group[order]
    starts = np.concatenate([[0], np.nonzero(np.diff(score))[0] + 1])

    def areas(counts):
        weight = counts[:, group]
        gained = np.add.reduceat(weight * label, starts, axis=1)
        false = np.add.reduceat(weight * ~label, starts, axis=1)
        alarms = np.cumsum(false, axis=1)
        if curve == "pr":
            return _average_precision(gained, alarms)
        total = alarms[:, -1:]
        with np.errstate(invalid="ignore"):
            return (gained * (total - alarms + false / 2)).sum(axis=1) / (gained.sum(axis=1) * total[:, 0])

    return areas, 4 * score.size


def _average_precision(gained: np.ndarray, alarms: np.ndarray) -> np.ndarray:
    """Average precision of rows of hits gained and of false alarms so far, thresholds falling."""
    hits = np.cumsum(gained, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(gained > 0, gained * hits / (hits + alarms), 0.0).sum(axis=1) / hits[:, -1]
