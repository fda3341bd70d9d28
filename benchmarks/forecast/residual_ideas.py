"""What each idea for a network on an ETAS forecast gives in the validation period; the test is never looked at."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.regions import Region
from ...training.forecast.baselines import Fits
from ...training.forecast.boosting_fit import SETTINGS
from ...training.forecast.case import ForecastCase
from ...training.forecast.court import Court
from ...training.forecast.fitted_cache import fits_home
from ...training.forecast.log_rate import loss_terms
from ...training.forecast.protocol import Protocol
from ...training.forecast.recipe import Forecasting
from ...training.forecast.residual_fit import fit_residual, mean_residual, ratios_of, validated_gain, validation_court
from ...training.forecast.residual_head import Scale, fit_head
from ...training.forecast.residual_material import Material
from ...training.forecast.residual_sample import ErrorSample, joined
from ...training.recipe import read_recipe

REGIONS = ("japan", "norcal", "socal")
TREES, DEPTH = 60, 3
TREE_SETTINGS = {"max_depth": DEPTH, "lambda": 20.0, "min_child_weight": 50.0, "max_delta_step": 1.0}
HIDDEN = 6
LOOP = {"epochs": 8, "batch": 8192, "learning_rate": 0.003, "patience": 3}
COLUMNS = ("region", "split", "idea", "gain", "low", "high", "seeds")


@dataclass(frozen=True, eq=False)
class Bench:
    """A region's recipe with the material of its case and the court of its validation period."""

    recipe: Forecasting
    fits: Fits
    material: Material
    court: Court
    smoothed: np.ndarray

    @classmethod
    def of(cls, name: str, data: str | os.PathLike | None) -> Bench:
        """The material is made where it is not in the cache."""
        recipe = read_recipe(f"residual-etas-{name}")
        region = Region.named(recipe.region, data)
        protocol = Protocol.of_window(recipe.window_days)
        case = ForecastCase.of(region, protocol, recipe.split, recipe.magnitude, data)
        fits = Fits(case, recipe.fit.seeds[0], cache=fits_home())
        settings = recipe.residual
        material = Material.of(fits, ratios_of(recipe), recipe.fit.seeds, settings.negatives, fits.cache)
        return cls(recipe, fits, material, validation_court(case), fits.smoothed)

    def channel(self, width_km: float | None, decay_days: float) -> int:
        """The place of an error among the features."""
        return [(r.width_km, r.decay_days) for r in ratios_of(self.recipe)].index((width_km, decay_days))

    def head(self, channels: list[int], samples: list[ErrorSample] | None = None) -> np.ndarray:
        """The validation period's residual by linear heads on some channels, the seeds' mean."""
        answers = []
        for sample in samples or self.material.samples:
            part = sample._replace(x=sample.x[:, channels])
            scale = Scale.of(part)
            beta = fit_head(scale.applied(part.x), part, self.recipe.residual.ridge)
            answers.append(scale.applied(self.material.features[..., channels]) @ beta)
        return np.mean(answers, axis=0)


def ideas_of(bench: Bench, all_samples: list[ErrorSample], folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Each idea with what it adds to the log ETAS rate of the validation period, (issues, rows, columns)."""
    features, errors = bench.material.features, bench.material.features.shape[-1] - 1
    everything = list(range(errors + 1))
    near, recent, wide = (bench.channel(*c) for c in ((15.0, 364.0), (30.0, 28.0), (None, 28.0)))
    yield "ETAS as it is", np.zeros_like(bench.material.log_etas)
    yield "ETAS times observed over expected of the whole region, a year", features[..., bench.channel(None, 364.0)]
    yield "share of the background alone", bench.head([errors])
    yield "one error: 15 km, a year", bench.head([near])
    yield "two errors: 15 km a year, 30 km four weeks", bench.head([near, recent])
    few = [near, recent, wide, bench.channel(0.0, 1400.0), bench.channel(150.0, 28.0)]
    yield "five errors, cell to region, four weeks to four years", bench.head(few)
    yield f"{errors} errors and the share of the background", bench.head(everything)
    yield "the same, one head for all regions", bench.head(everything, all_samples)
    yield "the same on the smoothed rate in the place of ETAS", _on_smoothed(bench, everything)
    yield f"the same beside {HIDDEN} hidden units", _with_hidden(bench, folder)
    yield f"the same features, {TREES} trees of depth {DEPTH}", _by_trees(bench)


def _on_smoothed(bench: Bench, channels: list[int]) -> np.ndarray:
    """The smoothed rate of the training period, corrected by the same features; as what it adds to the log ETAS rate.

    It has seen the weeks that its correction is learnt on, as every prior had that was published with a network.
    """
    log_rate = np.log(bench.smoothed * bench.fits.case.protocol.days).astype(np.float32)
    samples = [s._replace(log_etas=log_rate.ravel()[s.cell]) for s in bench.material.samples]
    return log_rate - bench.material.log_etas + bench.head(channels, samples)


def _with_hidden(bench: Bench, folder: Path) -> np.ndarray:
    residual = bench.recipe.residual.model_copy(update={"hidden": HIDDEN})
    fit = bench.recipe.fit.model_copy(update=LOOP)
    recipe = bench.recipe.model_copy(update={"residual": residual, "fit": fit})
    fitted, material = fit_residual(recipe, bench.fits, folder, resume=False)
    return mean_residual(fitted.networks, material.features)


def _by_trees(bench: Bench) -> np.ndarray:
    import xgboost

    def objective(margin, matrix):
        _, slope, curvature = loss_terms(margin.astype(np.float64), matrix.get_label(), "poisson")
        weight = matrix.get_weight()
        return weight * slope, np.maximum(weight * curvature, 1e-9)

    settings = {**SETTINGS, **TREE_SETTINGS, "base_score": 0.0, "disable_default_eval_metric": 1, "nthread": 1}
    x = bench.material.features.reshape(-1, bench.material.features.shape[-1])
    later = xgboost.DMatrix(x, base_margin=np.zeros(len(x)))
    answers = []
    for seed, sample in zip(bench.recipe.fit.seeds, bench.material.samples, strict=True):
        data = xgboost.DMatrix(sample.x, label=sample.count, weight=sample.weight, base_margin=sample.log_etas)
        booster = xgboost.train({**settings, "seed": seed}, data, TREES, obj=objective, verbose_eval=False)
        answers.append(booster.predict(later, output_margin=True))
    return np.mean(answers, axis=0).reshape(bench.material.log_etas.shape)


def run(data: str | os.PathLike | None = None, regions: tuple[str, ...] = REGIONS) -> list[dict]:
    """A row for each region and idea, in the columns of `COLUMNS`.

    The gain is that over ETAS calibrated on the same period, both rescaled to its events: calibrated ETAS has seen what
    it is judged by, the ideas have not. It is in nats an event, with the interval of blocks of 30 days.
    """
    benches = [Bench.of(name, data) for name in regions]
    seeds = benches[0].recipe.fit.seeds
    together = [_joined([bench.material.samples[i] for bench in benches]) for i in range(len(seeds))]
    rows = []
    for bench in benches:
        with tempfile.TemporaryDirectory() as folder:
            for idea, residual in ideas_of(bench, together, Path(folder)):
                gain = validated_gain(bench.court, bench.material.log_etas, residual)
                values = (f"{v:.4f}" for v in gain[:3])
                seeds_used = " ".join(str(seed) for seed in seeds)
                row = (bench.recipe.region, f"{bench.recipe.split} validation", idea, *values, seeds_used)
                rows.append(dict(zip(COLUMNS, row, strict=True)))
    return rows


def _joined(samples: list[ErrorSample]) -> ErrorSample:
    """One sample of several regions, each fold with a level of its own."""
    first, moved = 0, []
    for sample in samples:
        moved.append(sample._replace(fold=sample.fold + first))
        first += int(sample.fold.max()) + 1
    return joined(moved)


def write_csv(rows: list[dict], path: str | os.PathLike) -> None:
    """Write the table, whole or not at all."""
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def to_text(rows: list[dict]) -> str:
    """The table for people."""
    lines = ["rescaled gain over calibrated ETAS in the validation period, nats an event"]
    lines += [f"{r['region']:8s} {r['gain']:>8s} [{r['low']:>7s}, {r['high']:>7s}]  {r['idea']}" for r in rows]
    return "\n".join(lines)
