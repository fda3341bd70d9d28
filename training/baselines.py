"""Fits of the baselines: from a case to a RateModel; one way for the zoo's baselines and for the benchmark's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..datasets.errors import InputError
from ..zoo.forecast.rate_model import RateModel
from ..zoo.forecast.rates import choose_neighbours, historical_rate, smoothed_rate
from ..zoo.forecast.static import StaticRates
from .forecast_case import ONE_DAY, ForecastCase


def fit_baseline(name: str, case: ForecastCase, seed: int = 1) -> RateModel:
    """Fit a baseline of `BASELINES` on the training period; validation chooses, the test period is not looked at."""
    if name not in BASELINES:
        raise InputError(f"a baseline of {', '.join(BASELINES)}", repr(name), "choose from the list")
    return BASELINES[name](case, seed)


def _targets(case: ForecastCase):
    return case.trained.above(case.magnitude)


def _uniform(case: ForecastCase, seed: int) -> StaticRates:
    total = historical_rate(_targets(case), case.grid, case.split.train.days).sum()
    rate = np.full(case.grid.shape, total / (case.grid.rows * case.grid.columns))
    return StaticRates(case.grid, rate, case.magnitude)


def _rate(case: ForecastCase, seed: int) -> StaticRates:
    rate = historical_rate(_targets(case), case.grid, case.split.train.days)
    return StaticRates(case.grid, rate, case.magnitude)


def _smoothed(case: ForecastCase, seed: int) -> StaticRates:
    grid, train, validation = case.grid, case.split.train, case.split.validation
    total = float(historical_rate(_targets(case), grid, train.days).sum())
    period = grid.day_start(validation.first), grid.day_start(validation.last + ONE_DAY)
    later = case.seen.between(*period).above(case.magnitude)
    row, column, inside = grid.cells(later.latitude, later.longitude)
    cell = row[inside] * grid.columns + column[inside]
    counts = np.bincount(cell, minlength=grid.rows * grid.columns).reshape(grid.shape)
    # The many small events tell where the few large ones will be; their number is that of the large ones.
    neighbours = choose_neighbours(case.trained, grid, train.days, counts, total_per_day=total)
    return StaticRates(grid, smoothed_rate(case.trained, grid, train.days, neighbours, total), case.magnitude)


def _rate_leaky(case: ForecastCase, seed: int) -> StaticRates:
    """The published prior: the mean over all days, the test period included. Kept to show what that leak is worth."""
    split, grid = case.split, case.grid
    last = split.test.last + ONE_DAY
    events = case.catalog.between(grid.day_start(split.train.first), grid.day_start(last)).above(case.magnitude)
    rate = historical_rate(events, grid, int((last - split.train.first).astype(int)))
    return StaticRates(grid, rate, case.magnitude)


# In the order of the tables.
BASELINES: dict[str, Callable[[ForecastCase, int], RateModel]] = {
    "uniform": _uniform,
    "rate": _rate,
    "smoothed": _smoothed,
    "rate-leaky": _rate_leaky,
}
# Names that look at the test period, and say so wherever they are printed.
LEAKING = ("rate-leaky",)
