"""Information: log-likelihoods of rate and probability forecasts, and gains over a reference in nats an event."""

from __future__ import annotations

import numpy as np

from ...datasets.errors import InputError
from .cases import boolean, is_probability, not_nan, summed


def poisson_log_likelihood(rate, count, mask=None, by_day: bool = False):
    """Joint log-likelihood sum [n ln r - r - ln n!] of independent Poisson cells, in nats (Schorlemmer et al. 2007).

    Minus infinity where events fall into a cell of rate 0.

    Arguments:
        rate: expected events a case, such as (days, rows, columns).
        count: events, the same shape.
        by_day: one sum for each entry of the first axis.

    -1/2 for the empty cell, 2 ln 2 - 2 - ln 2 for the other.

    >>> round(float(poisson_log_likelihood([0.5, 2.0], [0, 2])), 6)
    -1.806853
    """
    from scipy.special import gammaln

    def terms(rate, count):
        rate, count = _rates(rate), _counts(count)
        return _times_log(count, rate) - rate - gammaln(count + 1.0)

    return summed(terms, rate, count, mask=mask, by_day=by_day)


def bernoulli_log_likelihood(probability, label, mask=None, by_day: bool = False):
    """Joint log-likelihood sum [y ln p + (1 - y) ln(1 - p)] of independent cells that are hit or not, in nats.

    ln .5 + ln .75.

    >>> round(float(bernoulli_log_likelihood([0.5, 0.25], [1, 0])), 6)
    -0.980829
    """

    def terms(probability, label):
        probability, label = np.asarray(probability, dtype=np.float64), boolean(label)
        is_probability(probability)
        with np.errstate(divide="ignore"):
            return np.where(label, np.log(probability), np.log1p(-probability))

    return summed(terms, probability, label, mask=mask, by_day=by_day)


def poisson_gain(rate, reference, count, mask=None, rescaled: bool = False) -> float:
    """Information gain per event, [sum n ln(r / r0) - (R - R0)] / N (Rhoades et al. 2011, eq. 17), in nats.

    Arguments:
        rate, reference: expected events a case, one shape.
        count: events, the same shape.
        rescaled: multiply both forecasts to expect N events in all first, so that only where and when is scored.

    The rate at the one event doubles (ln 2) and the total rises by half an event; rescaled, 1/2 stands against 1/3.

    >>> round(poisson_gain([1.0, 1.0], [0.5, 1.0], [1, 0]), 6)
    0.193147
    >>> round(poisson_gain([1.0, 1.0], [0.5, 1.0], [1, 0], rescaled=True), 6)
    0.405465
    """
    gain, events = poisson_gain_by_day(rate, reference, count, mask, rescaled)
    return float(gain.sum() / _some(events.sum()))


def poisson_gain_by_day(rate, reference, count, mask=None, rescaled: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Gain in nats and events of each entry of the first axis: the two sums to be resampled by blocks.

    >>> gain, events = poisson_gain_by_day([[1.0], [1.0]], [[0.5], [1.0]], [[1], [0]])
    >>> gain.round(4).tolist(), events.tolist()
    ([0.1931, 0.0], [1.0, 0.0])
    """
    events = summed(_counts, count, mask=mask, by_day=True)
    scale = (1.0, 1.0)
    if rescaled:
        total = _some(events.sum())
        scale = tuple(total / _some(summed(_rates, r, mask=mask), "expected events") for r in (rate, reference))

    def terms(rate, reference, count):
        rate, reference, count = _rates(rate) * scale[0], _rates(reference) * scale[1], _counts(count)
        if (reference[count > 0] == 0).any():
            raise InputError("a reference above 0 where events occur", "0", "give the reference a floor")
        return _times_log(count, rate) - _times_log(count, reference) - (rate - reference)

    return summed(terms, rate, reference, count, mask=mask, by_day=True), events


def bernoulli_gain(probability, reference, label, mask=None, rescaled: bool = False) -> float:
    """Log-likelihood gain over a reference per positive case, in nats.

    Arguments:
        probability, reference: of one shape; recalibrate both on validation first (`recalibration.recalibrate`).
        label: 0 and 1, the same shape.
        rescaled: move both to the observed number of positives first (`rescaled_probability`).

    ln 2.

    >>> round(bernoulli_gain([0.5, 0.5], [0.25, 0.5], [1, 0]), 6)
    0.693147
    """
    gain, positives = bernoulli_gain_by_day(probability, reference, label, mask, rescaled)
    return float(gain.sum() / _some(positives.sum(), "positives"))


def bernoulli_gain_by_day(
    probability, reference, label, mask=None, rescaled: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Gain in nats and positives of each entry of the first axis: the two sums to be resampled by blocks.

    >>> gain, positives = bernoulli_gain_by_day([[0.5], [0.5]], [[0.25], [0.5]], [[1], [0]])
    >>> gain.round(4).tolist(), positives.tolist()
    ([0.6931, 0.0], [1.0, 0.0])
    """
    positives = summed(lambda label: boolean(label).astype(np.float64), label, mask=mask, by_day=True)
    if rescaled:
        total = float(_some(positives.sum(), "positives"))
        probability, reference = (rescaled_probability(p, total, mask) for p in (probability, reference))
    bar = bernoulli_log_likelihood(reference, label, mask, by_day=True)
    if np.isneginf(bar).any():
        raise InputError("a reference that allows what happens", "a probability of 0 or 1", "give it a floor")
    return bernoulli_log_likelihood(probability, label, mask, by_day=True) - bar, positives


def rescaled_probability(probability, total: float, mask=None) -> np.ndarray:
    """Probabilities 1 - (1 - p)^s with the s that makes their sum `total`: every rate -ln(1 - p) times one number.

    >>> rescaled_probability([0.5, 0.75], 0.5 + 0.75).round(6).tolist()
    [0.5, 0.75]
    >>> rescaled_probability([0.5, 0.5], 1.5).round(6).tolist()
    [0.75, 0.75]
    """
    from scipy.optimize import brentq

    probability = np.asarray(probability)
    is_probability(probability)
    most = float(summed(lambda p: p > 0, probability, mask=mask))
    least = float(summed(lambda p: p == 1, probability, mask=mask))
    if not least < total < most:
        raise InputError(
            f"a total between {least:g} and {most:g}, the cases certain and possible",
            f"{total:g}",
            "give the forecast a floor",
        )

    def excess(log_scale: float) -> float:
        def terms(p):
            return _scaled(p, np.exp(log_scale))

        return float(summed(terms, probability, mask=mask)) - total

    high = 1.0
    while excess(high) < 0:
        high *= 2
    low = -1.0
    while excess(low) > 0:
        low *= 2
    # The result takes the memory of one float64 array; the search goes piece by piece.
    return _scaled(probability, np.exp(brentq(excess, low, high, xtol=1e-12)))


def _scaled(probability: np.ndarray, scale: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return -np.expm1(scale * np.log1p(-np.asarray(probability, dtype=np.float64)))


def _times_log(count: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Count times ln rate, 0 where nothing happened whatever the rate."""
    result = np.zeros(rate.shape)
    happened = count > 0
    with np.errstate(divide="ignore"):
        result[happened] = count[happened] * np.log(rate[happened])
    return result


def _rates(rate) -> np.ndarray:
    rate = np.asarray(rate, dtype=np.float64)
    not_nan(rate=rate)
    if not ((rate >= 0) & (rate < np.inf)).all():
        raise InputError("rates that are finite and not negative", f"{rate.min():g} to {rate.max():g}", "mend them")
    return rate


def _counts(count) -> np.ndarray:
    count = np.asarray(count, dtype=np.float64)
    if not ((count >= 0) & (count == np.floor(count))).all():
        not_nan(count=count)
        raise InputError("whole numbers of events", f"{count.min():g} to {count.max():g}", "count events a cell")
    return count


def _some(total: float, what: str = "events") -> float:
    if not total > 0:
        raise InputError(f"at least one of the {what}", f"{total:g}", "take a longer period or a lower magnitude")
    return total
