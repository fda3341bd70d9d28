"""What a residual network learns from: cells and weeks with out-of-sample ETAS forecasts and their recent errors."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...datasets.labels import counts_by_cell
from ...datasets.period import Period
from ...datasets.progress import track
from ...zoo.forecast.etas.fit import EtasFit
from ...zoo.forecast.residual.ratios import ErrorMaps, Ratio, error_maps
from .baselines import Fits
from .case import ONE_DAY, ForecastCase

# Of the first year of the training period no year of past is known.
WARM_UP_DAYS = 364
# Share of the cells without an event that is drawn evenly; the rest is drawn by the rate, where the events are.
EVENLY = 0.3


class Fold(NamedTuple):
    """An ETAS fit, the period that it has not seen and forecasts, and when its catalogue begins (None: by itself)."""

    fit: EtasFit
    period: Period
    since: np.datetime64 | None


class ErrorSample(NamedTuple):
    """Cells and weeks (n,): features (n, channels), log ETAS rate of targets, events, weight, fold, flat cell and day.

    Sums over a sample, weighted, are unbiased for those over all cells and weeks (Horvitz and Thompson 1952).
    """

    x: np.ndarray
    log_etas: np.ndarray
    count: np.ndarray
    weight: np.ndarray
    fold: np.ndarray
    cell: np.ndarray
    day: np.ndarray


def cross_fitted(fits: Fits) -> list[Fold]:
    """ETAS fitted on each half of the training period, to forecast the other one."""
    case = fits.case
    train = case.split.train
    middle = train.first + train.days // 2
    halves = Period(train.first, middle - ONE_DAY), Period(middle, train.last)
    known = train.first + WARM_UP_DAYS
    return [
        Fold(_fitted_on(fits, halves[1]), Period(known, halves[0].last), case.grid.day_start(train.first)),
        Fold(_fitted_on(fits, halves[0]), halves[1], None),
    ]


def _fitted_on(fits: Fits, half: Period) -> EtasFit:
    case = fits.case
    inner = Fits(replace(case, split=replace(case.split, train=half)), fits.seed, cache=fits.cache)
    fit = inner.model("etas").fit
    # Which events are parents is counted from the beginning of the whole period.
    train = case.split.train
    return replace(fit, period=(str(train.first), str(train.last)))


def maps_of(case: ForecastCase, fit: EtasFit, days, ratios: tuple[Ratio, ...], since=None) -> ErrorMaps:
    """The feature maps of a fit on a case's events."""
    region = case.region
    window = case.protocol.window_days
    return error_maps(
        fit, case.catalog, case.grid, days, window, region.m0, region.padding_km, ratios, case.magnitude, since
    )


def error_samples(
    case: ForecastCase, folds: list[Fold], ratios: tuple[Ratio, ...], seeds: tuple[int, ...], negatives: int
) -> list[ErrorSample]:
    """A sample of all folds for each seed; see `fold_samples`."""
    parts = [fold_samples(case, fold, i, ratios, seeds, negatives) for i, fold in enumerate(folds)]
    return [joined(list(part)) for part in zip(*parts, strict=True)]


def joined(samples: list[ErrorSample]) -> ErrorSample:
    """One sample of several, whose folds have numbers of their own."""
    return ErrorSample(*(np.concatenate(column) for column in zip(*samples, strict=True)))


def fold_samples(
    case: ForecastCase, fold: Fold, number: int, ratios: tuple[Ratio, ...], seeds: tuple[int, ...], negatives: int
) -> list[ErrorSample]:
    """A sample for each seed: all cells with an event of m0, and so many others a week.

    The level of the fold's forecasts is set to its events: what the two halves' fits differ in is not there in the
    forecasts that the network will be used on.
    """
    rngs = [np.random.default_rng([seed, number, 11]) for seed in seeds]
    days = case.protocol.issue_days(fold.period)
    counts = counts_by_cell(case.maps, days, case.protocol.window_days, case.region.m0)
    maps = maps_of(case, fold.fit, days, ratios, fold.since)
    parts: list[list] = [[] for _ in seeds]
    total = 0.0
    all_three = zip(days.astype(np.int64), maps.over(days), counts, strict=True)
    for day, (log_etas, features), count in track(all_three, f"half {number + 1} of 2", total=len(days)):
        rate, count = np.exp(log_etas.ravel().astype(np.float64)), count.ravel()
        total += rate.sum()
        chance = negatives * (EVENLY / rate.size + (1 - EVENLY) * rate / rate.sum())
        chance = np.where(count > 0, 1.0, np.minimum(chance, 1.0))
        for rng, part in zip(rngs, parts, strict=True):
            kept = np.flatnonzero(rng.random(chance.size) < chance)
            x = features.reshape(rate.size, -1)[kept]
            fold, issue = (np.full(len(kept), value) for value in (number, day))
            part.append((x, log_etas.ravel()[kept], count[kept], 1 / chance[kept], fold, kept, issue))
    level = np.log(counts.sum() / total)
    samples = [ErrorSample(*(np.concatenate(column) for column in zip(*part, strict=True))) for part in parts]
    return [sample._replace(log_etas=sample.log_etas + level) for sample in samples]


def period_maps(
    case: ForecastCase, fit: EtasFit, period: str, ratios: tuple[Ratio, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """(log ETAS rate (issues, rows, columns), features (issues, rows, columns, channels)) of a whole period."""
    days = case.issue_days(period)
    pairs = list(track(maps_of(case, fit, days, ratios).over(days), period, total=len(days)))
    return tuple(np.stack(column) for column in zip(*pairs, strict=True))
