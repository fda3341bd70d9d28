"""The residual network under any protocol and split: fitted, and scored beside ETAS and the smoothed rate."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from ...datasets.regions import Region
from ...training.forecast.baselines import Fits
from ...training.forecast.case import ForecastCase
from ...training.forecast.court import Court, judged
from ...training.forecast.fitted_cache import fits_home
from ...training.forecast.protocol import Protocol
from ...training.forecast.recipe import Forecasting
from ...training.forecast.residual_fit import Fitted, fit_residual, residual_of
from ...training.forecast.residual_material import Material
from ...training.forecast.residual_sample import period_maps
from ...training.recipe import read_recipe
from .run import BAR, REFERENCE, RESULTS, about, score_all
from .table import Table


def run(
    region: str = "norcal",
    protocol: str = "P1",
    split: str = "hard",
    data: Path | None = None,
    results: Path = RESULTS,
) -> Table:
    """Fit the recipe residual-etas-REGION to the training period of a split, score its test, write the CSV.

    The network learns from counts in the protocol's window. Where the protocol says so, its rates become probabilities
    as all others do, by a line fitted on validation. Targets are of the region's main magnitude.
    """
    recipe = read_recipe(f"residual-etas-{region}", {"split": split})
    case = ForecastCase.of(Region.named(region, data), Protocol.named(protocol), split, data=data)
    fits = Fits(case, recipe.fit.seeds[0], cache=fits_home())
    with tempfile.TemporaryDirectory() as folder:
        fitted, material = fit_residual(recipe, fits, Path(folder), resume=False)
    began = time.monotonic()
    test = period_maps(case, fitted.etas, "test", fitted.ratios)
    table = table_of(recipe, fits, fitted, material, test, time.monotonic() - began)
    table.to_csv(results / f"residual-etas-{region}-{case.protocol.name}-{split}.csv")
    return table


def table_of(
    recipe: Forecasting,
    fits: Fits,
    fitted: Fitted,
    material: Material,
    test: tuple[np.ndarray, np.ndarray],
    forecast_s: float,
) -> Table:
    """The scores of the smoothed rate, ETAS, the seeds' mean and each seed alone.

    Arguments:
        test: log ETAS rates (issues, rows, columns) and features of the test period.
        forecast_s: seconds that they took.
    """
    case = fits.case
    court, counts = Court.of(case), case.counts("validation")
    periods = test, (material.log_etas, material.features)
    smoothed = np.log(fits.smoothed * case.protocol.days)
    alone = [[residual_of(one, features) for _, features in periods] for one in fitted.networks]
    residuals = {
        REFERENCE: [smoothed - log_etas for log_etas, _ in periods],
        BAR: [0.0, 0.0],
        "residual-etas": [np.mean(part, axis=0) for part in zip(*alone, strict=True)],
        **{f"residual-etas, seed {seed}": one for seed, one in zip(recipe.fit.seeds, alone, strict=True)},
    }
    forecasts, seconds = {}, {}
    for name, both in residuals.items():
        rates = [np.exp(log_etas + r).astype(np.float32) for (log_etas, _), r in zip(periods, both, strict=True)]
        forecasts[name] = judged(name, case.protocol, *rates, counts)
        ours = name not in (REFERENCE, BAR)
        seconds[name] = (material.seconds, forecast_s) if ours else (fits.seconds_of(name), 0.0)
    command = f"foreshock benchmark residual --region {recipe.region} --protocol {case.protocol.name}"
    return Table(
        tuple(score_all(case, court, forecasts, seconds)),
        about(case, court, recipe.split, f"{command} --split {recipe.split}"),
    )
