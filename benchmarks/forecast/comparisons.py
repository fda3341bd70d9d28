"""Comparisons: is one forecast better than another by more than chance? Paired T, Wilcoxon W, Diebold-Mariano."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...datasets.errors import InputError
from ...training.scores.cases import not_nan, same_shape


class PairedT(NamedTuple):
    """Information gain per event in nats, its interval, Student's t and the two-sided p-value."""

    gain: float
    low: float
    high: float
    t: float
    p_value: float
    events: int


def paired_t_test(rate_at_events, reference_at_events, total, reference_total, confidence: float = 0.95) -> PairedT:
    """Paired T test of two rate forecasts (Rhoades et al. 2011, eqs. 17 and 18).

    It takes the events as independent: in a sequence they are not, and the block bootstrap is the sterner judge.

    Arguments:
        rate_at_events, reference_at_events: each forecast's rate in the cell of each event.
        total, reference_total: the events each forecast expects in all.

    The log ratios are ln 2 and ln 4, the totals equal: the gain is 1.5 ln 2, the standard deviation ln 2 / sqrt 2.

    >>> test = paired_t_test([2.0, 4.0], [1.0, 1.0], 5.0, 5.0)
    >>> round(test.gain, 6), round(test.t, 6), round(test.p_value, 6)
    (1.039721, 3.0, 0.204833)
    """
    from scipy.special import stdtrit
    from scipy.stats import t as student

    ratio = _log_ratio(rate_at_events, reference_at_events)
    events = ratio.size
    if events < 2:
        raise InputError("at least two events", f"{events}", "take a longer period or a lower magnitude")
    gain = float((ratio.sum() - (total - reference_total)) / events)
    error = float(ratio.std(ddof=1) / np.sqrt(events))
    half = float(-stdtrit(events - 1, (1 - confidence) / 2)) * error
    if error == 0:
        raise InputError("forecasts that differ from event to event", "one ratio at all of them", "compare others")
    t = gain / error
    return PairedT(gain, gain - half, gain + half, t, float(2 * student.sf(abs(t), events - 1)), events)


class WilcoxonW(NamedTuple):
    """Normal deviate, positive where the forecast is the better one, two-sided p-value, and the events not tied."""

    z: float
    p_value: float
    events: int


def w_test(rate_at_events, reference_at_events, total, reference_total) -> WilcoxonW:
    """Wilcoxon signed-rank test that the median log ratio is (R - R0) / N (Rhoades et al. 2011, section 3).

    Normal approximation with the correction for ties and none for continuity; from about ten events on it is good.
    Arguments as for `paired_t_test`.

    Ranks 1, 2 and 3 of the differences +, + and +: W- is 0, its mean 3 and its variance 3.5.

    >>> test = w_test([2.0, 4.0, 8.0], [1.0, 1.0, 1.0], 5.0, 5.0)
    >>> round(test.z, 6), round(test.p_value, 6)
    (1.603567, 0.108809)
    """
    from scipy.special import ndtr
    from scipy.stats import rankdata

    ratio = _log_ratio(rate_at_events, reference_at_events)
    difference = ratio - (total - reference_total) / ratio.size
    difference = difference[difference != 0]
    n = difference.size
    if n < 1:
        raise InputError("forecasts that differ at some event", "no difference", "compare others")
    rank = rankdata(np.abs(difference))
    above = float(rank[difference > 0].sum())
    _, tied = np.unique(rank, return_counts=True)
    variance = (n * (n + 1) * (2 * n + 1) - (tied**3 - tied).sum() / 2) / 24
    z = float((above - n * (n + 1) / 4) / np.sqrt(variance))
    return WilcoxonW(z, float(2 * ndtr(-abs(z))), n)


class DieboldMariano(NamedTuple):
    """Mean loss difference (negative where the first forecast is better), its statistic, p-value, periods and lags."""

    difference: float
    statistic: float
    p_value: float
    periods: int
    lags: int


def diebold_mariano(loss, reference_loss, lags: int | None = None) -> DieboldMariano:
    """Test of equal expected loss for losses that depend from period to period (Diebold and Mariano 1995).

    The variance of the mean is that of Newey and West (1987): autocovariances up to `lags` with Bartlett's weights; the
    statistic is taken as Student's with periods - 1 degrees of freedom (Harvey et al. 1997).

    Arguments:
        loss, reference_loss: the loss of each issue day, such as a Brier score or a negative log-likelihood.
        lags: None for 4 (n / 100)^(2/9) of Newey and West (1994). Give at least the number of later issue days whose
            target window overlaps: 3 in protocol P1, whose windows of 40 days begin every 10.

    Differences 1, 2, 3, 4 without lags: mean 2.5, variance 1.25 (over n), standard error sqrt(1.25 / 4).

    >>> test = diebold_mariano([1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0], lags=0)
    >>> test.difference, round(test.statistic, 6)
    (2.5, 4.472136)
    """
    from scipy.stats import t as student

    loss, reference_loss = np.asarray(loss, dtype=np.float64), np.asarray(reference_loss, dtype=np.float64)
    same_shape(loss=loss, reference_loss=reference_loss)
    difference = (loss - reference_loss).reshape(-1)
    not_nan(loss_difference=difference)
    n = difference.size
    lags = int(4 * (n / 100) ** (2 / 9)) if lags is None else lags
    if not 0 <= lags < n - 1:
        raise InputError(f"lags from 0 to {n - 2} for {n} issue days", f"{lags}", "take a longer period")
    if not np.isfinite(difference).all():
        raise InputError("finite losses", "an infinite one", "declare a floor for both forecasts")
    centred = difference - difference.mean()
    covariance = np.array([centred[lag:] @ centred[: n - lag] for lag in range(lags + 1)]) / n
    weights = 1 - np.arange(1, lags + 1) / (lags + 1)
    variance = float(covariance[0] + 2 * weights @ covariance[1:]) / n
    if not variance > 0:
        raise InputError("losses that differ from day to day", "one difference on all of them", "compare others")
    statistic = float(difference.mean() / np.sqrt(variance))
    return DieboldMariano(float(difference.mean()), statistic, float(2 * student.sf(abs(statistic), n - 1)), n, lags)


def _log_ratio(rate, reference) -> np.ndarray:
    rate, reference = (np.asarray(r, dtype=np.float64).reshape(-1) for r in (rate, reference))
    same_shape(rate_at_events=rate, reference_at_events=reference)
    not_nan(rate_at_events=rate, reference_at_events=reference)
    if not ((rate > 0).all() and (reference > 0).all()):
        low = int((rate <= 0).sum() + (reference <= 0).sum())
        raise InputError("rates above 0 at every event", f"{low} of 0 or less", "give the forecasts a floor")
    return np.log(rate / reference)
