"""Verdicts: each forecaster's paired tests against another one, and pyCSEP's tests of its whole period."""

from __future__ import annotations

import numpy as np

from ...training.forecast.case import ForecastCase
from ...training.forecast.court import Court, Judged
from .comparisons import diebold_mariano, paired_t_test, w_test
from .consistency import csep_tests

SIMULATIONS = 1000
SEED = 0
# Log ratios of rates that differ by less are those of one forecast written twice.
SAME = 1e-6


def apart(court: Court) -> np.ndarray:
    """Places of days of issue whose windows do not overlap: every fourth in P1, all in P2."""
    return np.arange(0, len(court.days), -(-court.protocol.days // court.protocol.every_days))


def judged_rates(court: Court, forecast: Judged) -> np.ndarray:
    """Rates (issues, rows, columns) that the protocol judges: of events, or of hits, -log(1 - p), where it asks so."""
    if court.protocol.likelihood == "poisson":
        return np.asarray(forecast.rate, dtype=np.float64)
    return -np.log1p(-np.minimum(forecast.probability.astype(np.float64), 1 - 1e-7))


def paired(court: Court, forecast: Judged, over: Judged) -> dict[str, tuple[float, ...]]:
    """Paired T and W tests on windows that do not overlap, Diebold-Mariano on the likelihoods of all windows.

    T and W look at every event, or at every cell hit where the protocol asks for hits.

    Empty where the two are the same or where one gives an event no chance at all. T and W take events as independent,
    which in a sequence they are not: the intervals from blocks of days are the sterner judges.

    Returns: `t_gain` with its interval (nats an event), p-values `t_p`, `w_p` and `dm_p`, and the statistics `w_z` and
    `dm`, both positive where the forecast is the better one.
    """
    kept = apart(court)
    ours, theirs = (judged_rates(court, f)[kept] for f in (forecast, over))
    target = (court.counts if court.protocol.likelihood == "poisson" else court.label)[kept]
    hit = target > 0
    number = target[hit].astype(np.int64)
    at, bar = (np.repeat(rates[hit], number) for rates in (ours, theirs))
    if at.size < 2 or not ((at > 0).all() and (bar > 0).all()) or np.ptp(np.log(at / bar)) < SAME:
        return {}
    t = paired_t_test(at, bar, ours.sum(), theirs.sum())
    w = w_test(at, bar, ours.sum(), theirs.sum())
    gained, _ = court.gain_by_day(forecast, over)
    # Later windows that overlap a window, or more where Newey and West say so.
    overlapping = -(-court.protocol.days // court.protocol.every_days) - 1
    lags = min(max(overlapping, int(4 * (gained.size / 100) ** (2 / 9))), gained.size - 2)
    dm = diebold_mariano(-gained, np.zeros_like(gained), lags=lags)
    return {
        "t_gain": (t.gain, t.low, t.high),
        "t_p": (t.p_value,),
        "w_z": (w.z,),
        "w_p": (w.p_value,),
        "dm": (-dm.statistic,),
        "dm_p": (dm.p_value,),
    }


def consistent(case: ForecastCase, court: Court, forecast: Judged) -> dict[str, tuple[float, ...]]:
    """pyCSEP's N, S and L tests of the events expected in all windows that do not overlap, against those in them.

    The rates are the forecaster's own, also where the protocol recalibrates them to probabilities of a hit.

    Returns: `n_observed`, `n_expected`, and the quantiles `n_at_least`, `n_at_most`, `s` and `l` of `Consistency`.
    """
    kept = apart(court)
    total = forecast.rate[kept].astype(np.float64).sum(axis=0)
    events = events_of(case, court.days[kept])
    result = csep_tests(total, case.grid, events, case.magnitude, SEED, simulations=SIMULATIONS)
    return {
        "n_observed": (float(result.events),),
        "n_expected": (result.expected,),
        "n_at_least": (result.at_least,),
        "n_at_most": (result.at_most,),
        "s": (result.spatial,),
        "l": (result.likelihood,),
    }


def events_of(case: ForecastCase, days: np.ndarray):
    """The target events in the windows of days of issue, a Catalog."""
    a, b = (np.timedelta64(n, "D") for n in case.protocol.window_days)
    targets = case.catalog.above(case.magnitude)
    day = case.grid.days(targets.time)
    issue = np.searchsorted(days, day - a, side="right") - 1
    inside = (issue >= 0) & (day - days[np.maximum(issue, 0)] < b)
    return targets[inside]
