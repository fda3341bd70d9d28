"""Training of forecasters: static rates, fitted baselines and networks with a prior, judged like in the benchmark."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...datasets.regions import Region
from ...zoo.forecast.baseline_forecaster import array_of_catalog
from ...zoo.forecast.rate_model import RateModel
from ...zoo.forecast.rates import window_probability
from ..outcome import Outcome
from ..scores.recalibration import recalibrate
from .baselines import ANY_WINDOW, BASELINES, Fits
from .card import card_fields
from .case import ForecastCase
from .crop_fit import fit_on_crops
from .fitted_cache import fits_home
from .network import CHANNELS, RECURRENT, cost_of, days_of, rates_of_network
from .protocol import Protocol
from .recipe import Forecasting
from .rivals import judged_by, rates_of, rivals_of
from .window_fit import fit_on_windows

# Maps that a network without weights can hold, and so be exported and served.
STATIC = ("uniform", "rate", "smoothed")
# Events of each golden case of a baseline.
GOLDEN_EVENTS = 400
# Numbers of an input that is large.
LARGE = 40_000


def train(recipe: Forecasting, data: Path | None, folder: Path, resume: bool) -> Outcome:
    """Build, fit and score one forecaster."""
    protocol = Protocol.of_window(recipe.window_days)
    region = Region.named(recipe.region, data)
    rivals = rivals_of(region, protocol, recipe.split, recipe.magnitude, data, recipe.fit.seeds[0], fits_home())
    case, fits = rivals.case, rivals.fits
    if recipe.architecture == "residual-etas":
        from .residual_card import residual_outcome
        from .residual_fit import finished

        return residual_outcome(recipe, rivals, time.monotonic(), *finished(recipe, fits, folder, resume))
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
    """Two days of the test period, one where the map is large, with the last events before each, as arrays."""
    days = case.issue_days("test")[[-1] if case.grid.rows * case.grid.columns > LARGE else [0, -1]]
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
    issued = case.maps.index(case.issue_days("test"))
    # One case of a large map: the tests run each case many times.
    kept = (
        (issued[len(issued) // 2],)
        if recipe.steps * grid.rows * grid.columns > LARGE
        else issued[[0, len(issued) // 2]]
    )
    golden = {"maps": np.stack([days_of(case, i - recipe.steps, i) for i in kept])}
    if recipe.architecture in STATIC:
        fitted = fits.model(recipe.architecture)
        network = constant(grid.rows, grid.columns)
        network.get_layer("logits").set_prior(window_probability(fitted.rate_per_day, days))
        return network, rates_of(fitted, case), golden, extra
    if recipe.crops is None:
        network, seed = fit_on_windows(recipe, fits, folder, resume)
    else:
        network, seed = fit_on_crops(recipe, fits, folder, resume)
        if recipe.architecture in RECURRENT:
            extra |= {"warm_up_days": recipe.crops.warm_up_days, "hidden": recipe.hidden}
    return (
        network,
        rates_of_network(network, recipe, case),
        golden,
        {**extra, "seed_kept": seed, "cost": cost_of(folder)},
    )
