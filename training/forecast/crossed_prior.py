"""The smoothed rate of each part of the training period from the events of all other parts."""

from __future__ import annotations

import numpy as np

from ...datasets.period import Period
from ...zoo.forecast.rates import choose_neighbours, smoothed_rate, window_probability
from .baselines import Fits
from .static_fit import validation_counts


def crossed_prior(fits: Fits, period: Period, folds: int, reach_days: int) -> np.ndarray:
    """Probabilities of the window (folds, rows, columns), each fold of a period without its own targets.

    Over a prior that has smoothed the very events that it is asked for, a network learns to say little: recent activity
    adds nothing to a map that holds what followed it.

    Arguments:
        reach_days: how far a forecast that begins in a fold looks ahead.
    """
    case, grid = fits.case, fits.case.grid
    total = float(fits.model("rate").rate_per_day.sum())
    days = case.split.train.days
    neighbours = choose_neighbours(case.trained, grid, days, validation_counts(case), total_per_day=total)
    edges = period.first + np.arange(folds + 1) * period.days // folds
    maps = []
    for first, end in zip(edges[:-1], edges[1:] + reach_days, strict=True):
        time = case.trained.time
        others = case.trained[(time < grid.day_start(first)) | (time >= grid.day_start(end))]
        rate = smoothed_rate(others, grid, days, neighbours, total)
        maps.append(window_probability(rate, case.protocol.days))
    return np.stack(maps)
