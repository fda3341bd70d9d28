"""Molchan diagram: events missed against the share of space-time alarmed, by area or by a reference forecast."""

from __future__ import annotations

import numpy as np

from ...datasets.errors import InputError
from ...training.scores.cases import not_nan, same_shape
from ...training.scores.ranking import Ranking


def alarm_ranking(score, count, weight=None, mask=None) -> Ranking:
    """The scores of the events against those of all space-time, both counted by weight.

    Arguments:
        score: alarm function, any shape such as (days, rows, columns); higher is alarmed earlier.
        count: events, the same shape.
        weight: what an alarm costs: a cell's area, or the rate of a reference forecast; equal where None.
        mask: boolean, broadcastable to the scores.
    """
    score, count = np.asarray(score), np.asarray(count)
    same_shape(score=score, count=count)
    if weight is not None:
        weight = np.broadcast_to(np.asarray(weight, dtype=np.float64), score.shape)
    if mask is not None:
        mask = np.broadcast_to(np.asarray(mask, dtype=bool), score.shape)
        score, count, weight = score[mask], count[mask], None if weight is None else weight[mask]
    score, count = score.reshape(-1), count.reshape(-1)
    weight = None if weight is None else weight.reshape(-1)
    not_nan(score=score)
    if not (count >= 0).all():
        raise InputError("numbers of events, 0 or more", f"{count.min()}", "count events a cell")
    if weight is not None and not ((weight >= 0) & (weight < np.inf)).all():
        raise InputError("weights that are finite and not negative", "others among them", "mend the weights")
    hit = count > 0
    return Ranking.between(score[hit], score, count[hit].astype(np.float64), weight)


def molchan_curve(score, count, weight=None, mask=None, points: int | None = 400) -> tuple[np.ndarray, np.ndarray]:
    """Share of space-time alarmed and share of events missed as the threshold falls (Molchan 1991).

    The event has the second highest of four scores: a quarter is alarmed in vain, the next quarter finds it.

    >>> alarmed, missed = molchan_curve([0.4, 0.3, 0.2, 0.1], [0, 1, 0, 0], points=None)
    >>> alarmed.tolist(), missed.tolist()
    ([0.0, 0.25, 0.5, 1.0], [1.0, 1.0, 0.0, 0.0])
    """
    alarmed, hit = alarm_ranking(score, count, weight, mask).roc_curve(points)
    return alarmed, 1.0 - hit


def area_skill(score, count, weight=None, mask=None) -> float:
    """Area above the Molchan curve, the area skill score: 1/2 is no better than the weight (Zechar and Jordan 2008).

    A cell that holds the event is alarmed with it, so that the curve falls on a slope and the area is 1 - (1/4 + 1/8).

    >>> area_skill([0.4, 0.3, 0.2, 0.1], [0, 1, 0, 0])
    0.625
    >>> round(area_skill([0.4, 0.3, 0.2, 0.1], [0, 1, 0, 0], weight=[0.4, 0.3, 0.2, 0.1]), 6)
    0.45
    """
    return alarm_ranking(score, count, weight, mask).roc_auc


def unskilled_bound(events: int, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """The least share alarmed at which chance finds h of N events, for one test at one threshold.

    The tau that solves 1 - confidence = P(at least h hits of N | tau), a binomial probability (Zechar and Jordan 2008),
    for h = 1 ... N, and the share missed, 1 - h / N. A curve below and left of it beats chance at that point; events
    that come in clusters need more.

    One event is found by chance in 1 of 20 trials when a twentieth is alarmed.

    >>> alarmed, missed = unskilled_bound(1)
    >>> alarmed.round(6).tolist(), missed.tolist()
    ([0.05], [0.0])
    """
    from scipy.special import betaincinv

    if events < 1:
        raise InputError("at least one event", f"{events}", "take a longer period")
    hits = np.arange(1, events + 1)
    return betaincinv(hits, events - hits + 1, 1 - confidence), 1 - hits / events
