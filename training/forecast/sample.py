"""A weighted sample of cell-days: all cells with an event, and a few of the many without, standing for the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...datasets.progress import track
from ...zoo.forecast.features import decaying_counts
from ...zoo.forecast.history import History
from .case import ForecastCase

# Cell-days of the training period kept besides those with an event.
NEGATIVES = 300_000
# Days of issue that are looked at: of daily forecasts through eighteen years, every fifth or so.
MOST_DAYS = 1500
# Half of the cell-days without an event are drawn evenly, half where something happened lately: there a forecast
# differs from its neighbours.
LATELY = {"decay_days": (20.0,), "widths_km": (15.0,)}
# A year of past before the first forecast that is learnt from, where the catalogue allows.
WARM_UP_DAYS = 365


class Sample(NamedTuple):
    """Cell-days: features (n, features), expected events by the smoothed rate (n,), counts and weights."""

    x: np.ndarray
    base: np.ndarray
    count: np.ndarray
    weight: np.ndarray


def samples_of(
    case: ForecastCase, history: History, features, smoothed: np.ndarray, seed: int
) -> tuple[Sample, Sample]:
    """Weighted cell-days of the training and of the validation period; arguments as of `sampled`."""
    rng = np.random.default_rng([seed, 4])
    train = sampled(case, "train", history, features, smoothed, rng, warm_up_days=WARM_UP_DAYS)
    return train, sampled(case, "validation", history, features, smoothed, rng)


def sampled(
    case: ForecastCase,
    period: str,
    history: History,
    features: Callable[[np.datetime64], np.ndarray],
    rate_per_day: np.ndarray,
    rng: np.random.Generator,
    negatives: int = NEGATIVES,
    warm_up_days: int = 0,
) -> Sample:
    """Draw cell-days of a period; sums over the sample, weighted, are unbiased for those over all of its cell-days.

    Each cell without an event is kept with a probability of its own and weighs its inverse (Horvitz and Thompson 1952).

    Arguments:
        features: day -> (features, rows, columns).
        rate_per_day: smoothed rate, (rows, columns).
        warm_up_days: days of the catalogue's beginning on which no forecast is issued, its past being unknown.
    """
    days, counts = case.issue_days(period), case.counts(period)
    if len(history.day):
        known_since = np.datetime64(int(history.day[0]), "D") + warm_up_days
        late = days >= known_since
        # A short catalogue is used as a whole: half a past is better than none.
        if late.sum() >= len(days) / 2:
            days, counts = days[late], counts[late]
    every = -(-len(days) // MOST_DAYS)
    days, counts = days[::every], counts[::every]
    share = negatives / len(days) / 2
    parts = []
    for day, count in track(zip(days, counts, strict=True), "features", total=len(days)):
        lately = decaying_counts(history, day, **LATELY)[0].ravel()
        chance = share / lately.size + (share * lately / lately.sum() if lately.any() else 0.0)
        chance = np.minimum(np.where(count.ravel() > 0, 1.0, chance), 1.0)
        kept = np.flatnonzero(rng.random(chance.size) < chance)
        x = features(day).reshape(-1, chance.size)[:, kept].T
        expected = rate_per_day.ravel()[kept] * case.protocol.days
        parts.append((x, expected, count.ravel()[kept], 1.0 / chance[kept]))
    x, base, count, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Sample(x.astype(np.float32), base, count, weight)
