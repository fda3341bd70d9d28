"""Fits of the maps that are the same every day: uniform, historical and smoothed rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...zoo.forecast.rates import choose_neighbours, historical_rate, smoothed_rate
from ...zoo.forecast.static import StaticRates

if TYPE_CHECKING:
    from .baselines import Fits
    from .case import ForecastCase

# Shares of the historical rate that are spread evenly, to choose from.
RATE_FLOORS = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9)
ONE_DAY = np.timedelta64(1, "D")


def fit_uniform(fits: Fits) -> StaticRates:
    """The historical rate's total, the same in every cell."""
    case = fits.case
    total = fits.model("rate").rate_per_day.sum()
    return StaticRates(
        case.grid, np.full(case.grid.shape, total / (case.grid.rows * case.grid.columns)), case.magnitude
    )


def fit_rate(fits: Fits) -> StaticRates:
    """Each cell's own count, with the evenly spread share under which the validation period's events are likeliest."""
    case = fits.case
    targets, later = case.trained.above(case.magnitude), validation_counts(case)

    def rate(share: float) -> np.ndarray:
        return historical_rate(targets, case.grid, case.split.train.days, share)

    best = max(RATE_FLOORS, key=lambda share: float((later * np.log(rate(share))).sum()))
    return StaticRates(case.grid, rate(best), case.magnitude)


def fit_smoothed(fits: Fits) -> StaticRates:
    """Adaptive Gaussians around the training period's events, their bandwidth chosen on validation."""
    case = fits.case
    grid, days = case.grid, case.split.train.days
    total = float(fits.model("rate").rate_per_day.sum())
    # The many small events tell where the few large ones will be; their number is that of the large ones.
    neighbours = choose_neighbours(case.trained, grid, days, validation_counts(case), total_per_day=total)
    return StaticRates(grid, smoothed_rate(case.trained, grid, days, neighbours, total), case.magnitude)


def validation_counts(case: ForecastCase) -> np.ndarray:
    """(rows, columns) target events of the validation period."""
    grid, validation = case.grid, case.split.validation
    later = case.seen.between(grid.day_start(validation.first), grid.day_start(validation.last + ONE_DAY))
    later = later.above(case.magnitude)
    row, column, inside = grid.cells(later.latitude, later.longitude)
    cell = row[inside] * grid.columns + column[inside]
    return np.bincount(cell, minlength=grid.rows * grid.columns).reshape(grid.shape)


def fit_rate_leaky(fits: Fits) -> StaticRates:
    """The published prior: the mean over all days, the test period included. Kept to show what that leak is worth."""
    case = fits.case
    split, grid = case.split, case.grid
    last = split.test.last + ONE_DAY
    events = case.catalog.between(grid.day_start(split.train.first), grid.day_start(last)).above(case.magnitude)
    rate = historical_rate(events, grid, int((last - split.train.first).astype(int)))
    return StaticRates(grid, rate, case.magnitude)
