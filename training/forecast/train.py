"""Training of forecasters: static rates, fitted baselines and networks with a prior, judged like in the benchmark."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...datasets.period import Period
from ...datasets.regions import Region
from ...datasets.windows import Windows, WindowSettings
from ...zoo.forecast.baseline_forecaster import array_of_catalog
from ...zoo.forecast.rate_model import RateModel
from ...zoo.forecast.rates import window_probability
from ..outcome import Outcome
from ..scores.recalibration import recalibrate
from .baselines import ANY_WINDOW, BASELINES, Fits
from .card import card_fields
from .case import ForecastCase
from .fitted_cache import fits_home
from .protocol import Protocol
from .recipe import Forecasting
from .rivals import judged_by, rates_of, rivals_of

CHANNELS = ("max_magnitude",)
# Maps that a network without weights can hold, and so be exported and served.
STATIC = ("uniform", "rate", "smoothed")
# Events of each golden case of a baseline.
GOLDEN_EVENTS = 400


def train(recipe: Forecasting, data: Path | None, folder: Path, resume: bool) -> Outcome:
    """Build, fit and score one forecaster."""
    protocol = Protocol.of_window(recipe.window_days)
    region = Region.named(recipe.region, data)
    rivals = rivals_of(region, protocol, recipe.split, recipe.magnitude, data, recipe.fit.seeds[0], fits_home())
    case, fits = rivals.case, rivals.fits
    fit_s = None
    if recipe.architecture in BASELINES and recipe.architecture not in STATIC:
        model, recalibration, fit_s = fit_windows(recipe, fits)
        rates = rates_of(model, case)
        golden, extra = golden_cases(case), {"steps": 1, "recalibration": recalibration}
        extra["other_windows"] = [list(window) for window in recipe.other_windows]
    else:
        model, rates, golden, extra = _network_like(recipe, fits, folder, resume)

    ours = judged_by(recipe.name, case, rates)
    if ours.recalibration and "recalibration" not in extra:
        extra["recalibration"] = {_key(protocol.window_days): list(ours.recalibration[:2])}
    results = rivals.results(ours, _beside(recipe))
    fields = card_fields(recipe, case, results, extra)
    if recipe.architecture in BASELINES:
        # Whatever the cache and the rivals had a part in.
        fields["wall_time_s"] = round(fits.seconds_of(recipe.architecture) if fit_s is None else fit_s, 1)
    return Outcome(model, golden, fields)


def _beside(recipe: Forecasting) -> list[str]:
    """The baselines of the card, without the model itself."""
    return [name for name in recipe.baselines if name != recipe.architecture]


def _key(window_days) -> str:
    return "{}-{}".format(*window_days)


def fit_windows(recipe: Forecasting, fits: Fits) -> tuple[RateModel, dict[str, list[float]], float]:
    """The recipe's baseline for all its windows, the recalibration of those that have one, and the fits' seconds."""
    case, models, lines, seconds = fits.case, [], {}, 0.0
    for window in (recipe.window_days, *recipe.other_windows):
        protocol = Protocol.of_window(window)
        if protocol == case.protocol:
            here = fits
        else:
            known = {name: model for name, model in fits.known.items() if name in ANY_WINDOW}
            here = Fits(replace(case, protocol=protocol), fits.seed, known, fits.cache)
        models.append(here.model(recipe.architecture))
        seconds += here.seconds_of(recipe.architecture)
        if protocol.recalibrated:
            rates = rates_of(models[-1], here.case)(here.case.issue_days("validation"))
            line = recalibrate(rates, here.case.counts("validation") > 0)
            lines[_key(protocol.window_days)] = [line.a, line.b]
    return models[0].joined(models[1:]), lines, seconds


def golden_cases(case: ForecastCase) -> dict[str, np.ndarray]:
    """Two days of the test period with the last events before each, as arrays."""
    days = case.issue_days("test")[[0, -1]]
    tables = [array_of_catalog(case.catalog, case.grid.day_start(day))[-GOLDEN_EVENTS:] for day in days]
    events = np.full((len(days), GOLDEN_EVENTS, tables[0].shape[1]), np.nan, np.float32)
    for padded, table in zip(events, tables, strict=True):
        padded[: len(table)] = table
    return {"day": days.astype(np.int64).astype(np.float32), "events": events}


def _network_like(recipe: Forecasting, fits: Fits, folder: Path, resume: bool):
    """A network or a static map: (keras.Model, days -> rates, golden inputs, settings)."""
    from ...zoo.forecast.constant import constant

    case = fits.case
    grid, days = case.grid, case.protocol.days
    extra = {"steps": recipe.steps, "channels": list(CHANNELS)}
    test = windows_of(case, recipe, case.issue_days("test"))
    golden = {"maps": test.inputs([0, len(test) // 2])}
    if recipe.architecture in STATIC:
        fitted = fits.model(recipe.architecture)
        network = constant(grid.rows, grid.columns)
        network.get_layer("logits").set_prior(window_probability(fitted.rate_per_day, days))
        return network, rates_of(fitted, case), golden, extra
    network, seed = _trained(recipe, fits, folder, resume)

    def rates(days):
        probability = predict(network, windows_of(case, recipe, days))
        return -np.log1p(-np.minimum(probability, 1 - 1e-7)).astype(np.float32)

    return network, rates, golden, {**extra, "seed_kept": seed}


def windows_of(case: ForecastCase, recipe: Forecasting, days: np.ndarray) -> Windows:
    """Input windows and labels, 0 or 1, of days of issue."""
    settings = WindowSettings(recipe.steps, recipe.window_days, case.magnitude, CHANNELS)
    return Windows(case.maps, settings, days)


def predict(network, windows: Windows, batch: int = 16) -> np.ndarray:
    """Probabilities (issues, rows, columns) of all windows."""
    parts = [
        np.asarray(
            network({"maps": windows.inputs(np.arange(i, min(i + batch, len(windows))))}, training=False)["probability"]
        )
        for i in range(0, len(windows), batch)
    ]
    return np.concatenate(parts).astype(np.float64)


def _trained(recipe: Forecasting, fits: Fits, folder: Path, resume: bool):
    """The recipe's network with its weights, and the seed that validation chose."""
    import keras
    from keras import ops

    from ...datasets.pipeline import tf_dataset
    from ...zoo.forecast.recurrent import cnn_lstm
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

    def loss(label, logit):
        label = ops.reshape(label, ops.shape(logit))
        weight = 1.0 + (recipe.positive_weight - 1.0) * label
        return ops.mean(weight * ops.binary_crossentropy(label, logit, from_logits=True))

    trials = []
    for seed in recipe.fit.seeds:
        keras.utils.set_random_seed(seed)
        network = cnn_lstm(
            case.grid.rows,
            case.grid.columns,
            recipe.steps,
            recipe.prior_shift,
            embedding=recipe.embedding,
            hidden=recipe.hidden,
            learned=True,
        )
        network.get_layer("logits").set_prior(window_probability(fits.smoothed, case.protocol.days))
        place = folder / f"seed-{seed}"
        place.mkdir(exist_ok=True)

        def epoch_of(epoch: int, seed=seed):
            return tf_dataset(train, recipe.fit.batch, shuffle_seed=seed, first_epoch=epoch)

        course = fit(network, loss, epoch_of, tf_dataset(validation, 16), recipe.fit, seed, place, resume)
        trials.append((course.best_loss, seed, network))
    _, seed, network = min(trials, key=lambda trial: trial[0])
    return network, seed
