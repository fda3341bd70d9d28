"""Training of a network on fixed windows of the whole map, for small regions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...datasets.period import Period
from ...datasets.windows import Windows, WindowSettings
from ...zoo.forecast.rates import window_probability
from .baselines import Fits
from .case import ForecastCase
from .network import CHANNELS, network_of, weighted_loss
from .recipe import Forecasting


def windows_of(case: ForecastCase, recipe: Forecasting, days: np.ndarray) -> Windows:
    """Input windows and labels, 0 or 1, of days of issue."""
    settings = WindowSettings(recipe.steps, recipe.window_days, case.magnitude, CHANNELS)
    return Windows(case.maps, settings, days)


def fit_on_windows(recipe: Forecasting, fits: Fits, folder: Path, resume: bool):
    """The recipe's network with its weights, and the seed that validation chose."""
    import keras

    from ...datasets.pipeline import tf_dataset
    from ..fit import fit

    case = fits.case
    # No input of validation and no target of training touch: the gap is the longer of the two windows.
    split = case.split.with_gap(max(recipe.steps, recipe.window_days[1]))

    def windows(period: Period, every: int) -> Windows:
        # Only the first period of all has no history to look back on.
        history = recipe.steps if period.first == case.maps.first_day else 0
        return windows_of(case, recipe, period.issue_days(recipe.window_days, every, history))

    train = windows(split.train, recipe.train_every_days)
    validation = windows(split.validation, case.protocol.days)

    trials = []
    for seed in recipe.fit.seeds:
        keras.utils.set_random_seed(seed)
        network = network_of(recipe, *case.grid.shape)
        network.get_layer("logits").set_prior(window_probability(fits.smoothed, case.protocol.days))
        place = folder / f"seed-{seed}"
        place.mkdir(exist_ok=True)

        def epoch_of(epoch: int, seed=seed):
            return tf_dataset(train, recipe.fit.batch, shuffle_seed=seed, first_epoch=epoch)

        loss = weighted_loss(recipe.positive_weight)
        course = fit(network, loss, epoch_of, tf_dataset(validation, 16), recipe.fit, seed, place, resume)
        trials.append((course.best_loss, seed, network))
    _, seed, network = min(trials, key=lambda trial: trial[0])
    return network, seed
