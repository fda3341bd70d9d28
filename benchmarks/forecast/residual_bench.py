"""Bench: what ideas for a residual network are tried on, a region's training and validation period; never the test."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...datasets.regions import Region
from ...training.forecast.baselines import Fits
from ...training.forecast.case import ForecastCase
from ...training.forecast.court import Court, Judged
from ...training.forecast.fitted_cache import fits_home
from ...training.forecast.protocol import Protocol
from ...training.forecast.recipe import Forecasting
from ...training.forecast.residual_fit import calibrated_rate, ratios_of, validation_court
from ...training.forecast.residual_material import Material
from ...training.forecast.residual_sample import ErrorSample
from ...training.recipe import read_recipe
from ...zoo.forecast.residual.ratios import Ratio
from .residual_channels import Activity, of_days, of_samples
from .residual_learners import Residual

FIELDS_KM, FIELDS_DAYS = (10.0, 30.0, 100.0), (7.0, 28.0, 91.0, 364.0, 1400.0)
# Weights of the smoothed rate of all the past where it is added to ETAS.
PAST_WEIGHTS = (0.01, 0.1, 1.0)
# The magnitude from which a catalogue is complete enough below m0 to look at.
BELOW = {"norcal": 1.5, "socal": 1.8}


@dataclass(frozen=True, eq=False)
class Bench:
    """A region's recipe with all channels that any idea looks at, and the court of its validation period.

    Arguments:
        groups: places of the channels by name; "recipe" are those of the recipe.
        samples: of the training period, one for each seed.
        log_etas, features: of the validation period, (issues, rows, columns) and the same with channels.
    """

    recipe: Forecasting
    fits: Fits
    groups: dict[str, list[int]]
    samples: list[ErrorSample]
    log_etas: np.ndarray
    features: np.ndarray
    court: Court
    calibrated: Judged

    @classmethod
    def of(cls, name: str, data: str | os.PathLike | None) -> Bench:
        """The material is made where it is not in the cache."""
        recipe = read_recipe(f"residual-etas-{name}")
        region = Region.named(recipe.region, data)
        case = ForecastCase.of(region, Protocol.of_window(recipe.window_days), recipe.split, recipe.magnitude, data)
        fits = Fits(case, recipe.fit.seeds[0], cache=fits_home())
        ratios = with_fields(ratios_of(recipe))
        material = Material.of(fits, ratios, recipe.fit.seeds, recipe.residual.negatives, Path(fits.cache))
        court = validation_court(case)
        calibrated = Judged("etas-calibrated", calibrated_rate(material.log_etas, court.counts), None)
        groups = groups_of(ratios, len(recipe.residual.errors))
        bench = cls(recipe, fits, groups, material.samples, material.log_etas, material.features, court, calibrated)
        return bench._with_activity(data)

    def _with_activity(self, data) -> Bench:
        """With the channels of past events."""
        case, samples, days = self.fits.case, self.samples, self.court.days
        activity, names = Activity.of_case(case), Activity.GROUPS
        sizes = dict(zip(names, Activity.SIZES, strict=True))
        bench = self.beside(of_samples(activity, names, samples), of_days(activity, names, days), sizes)
        bench = bench.beside(*bench._of_rates(), {"rate": 2, "past and ETAS": len(PAST_WEIGHTS)})
        if (m0 := BELOW.get(case.region.name)) is not None:
            activity = Activity.of_case(case, replace(case.region, m0=m0).catalog(data), m0)
            small = of_samples(activity, ("ages",), samples), of_days(activity, ("ages",), days)
            bench = bench.beside(*small, {"below m0": sizes["ages"]})
        return bench

    def beside(self, of_samples: list[np.ndarray], of_validation: np.ndarray, sizes: dict[str, int]) -> Bench:
        """With more channels, in groups of so many."""
        first, groups = self.features.shape[-1], dict(self.groups)
        for name, size in sizes.items():
            groups[name] = list(range(first, first + size))
            first += size
        samples = [
            sample._replace(x=np.column_stack([sample.x, more]))
            for sample, more in zip(self.samples, of_samples, strict=True)
        ]
        features = np.concatenate([self.features, of_validation], axis=-1)
        return replace(self, groups=groups, samples=samples, features=features)

    def _of_rates(self) -> tuple[list[np.ndarray], np.ndarray]:
        """Channels of the log ETAS rate of m0 itself, and of what the rate of all the past would add to it."""
        parameters = self.fits.model("etas").fit.parameters
        share = np.float32(np.log(parameters.share_above(self.fits.case.magnitude)))
        (past,) = self.groups["past"]

        def channels(log_etas, x):
            more = np.exp(np.minimum(x[..., past] - log_etas, 20.0))
            maps = [log_etas, log_etas**2, *(np.log1p(weight * more) for weight in PAST_WEIGHTS)]
            return np.stack(maps, axis=-1).astype(np.float32)

        return [channels(s.log_etas, s.x) for s in self.samples], channels(self.log_etas - share, self.features)

    def channel(self, width_km: float | None, decay_days: float) -> int:
        """The place of one of the recipe's errors."""
        return [(r.width_km, r.decay_days) for r in ratios_of(self.recipe)].index((width_km, decay_days))

    def answer(
        self,
        learner: Callable[[ErrorSample, int], Residual],
        channels: list[int] | None = None,
        samples: list[ErrorSample] | None = None,
    ) -> np.ndarray:
        """The validation period's residual by what a learner makes of some channels: the mean over samples.

        Arguments:
            learner: of a sample and its seed.
            channels: those of the recipe where None.
            samples: those of this region where None.
        """
        channels = self.groups["recipe"] if channels is None else channels
        total = np.zeros_like(self.log_etas)
        for seed, sample in zip(self.recipe.fit.seeds, samples or self.samples, strict=True):
            residual = learner(sample._replace(x=sample.x[:, channels]), seed)
            total += np.stack([residual(maps[..., channels]) for maps in self.features])
        return total / len(self.samples)

    def gain(self, residual: np.ndarray) -> tuple[float, float, float]:
        """Rescaled gain over ETAS calibrated on the same period, nats an event, with its interval."""
        return self.court.gain(self._judged(residual), self.calibrated, rescaled=True)[:3]

    def gain_over(self, residual: np.ndarray, other: np.ndarray) -> tuple[float, ...]:
        """Rescaled gain of one residual over another with its interval, and in the two halves of the period."""
        pair = self._judged(residual), self._judged(other)
        nats, events = self.court.gain_by_day(*pair, rescaled=True)
        middle = len(nats) // 2
        halves = (nats[part].sum() / events[part].sum() for part in (slice(None, middle), slice(middle, None)))
        return (*self.court.gain(*pair, rescaled=True)[:3], *halves)

    def _judged(self, residual: np.ndarray) -> Judged:
        return Judged("residual", np.exp(self.log_etas + residual).astype(np.float32), None)


def with_fields(ratios: tuple[Ratio, ...]) -> tuple[Ratio, ...]:
    """A recipe's errors and the fields that they lack."""
    known = {(ratio.width_km, ratio.decay_days) for ratio in ratios}
    fields = [Ratio(width, days, 1.0) for width in FIELDS_KM for days in FIELDS_DAYS]
    return (*ratios, *(field for field in fields if (field.width_km, field.decay_days) not in known))


def groups_of(ratios: tuple[Ratio, ...], errors: int) -> dict[str, list[int]]:
    """Places of the recipe's channels, those beside errors of 3 x 3 cells, and fields with the background's share."""
    share = len(ratios)
    places = {(ratio.width_km, ratio.decay_days): i for i, ratio in enumerate(ratios)}
    fields = [places[width, days] for width in FIELDS_KM for days in FIELDS_DAYS]
    recipe = [*range(errors), share]
    return {"recipe": recipe, "3 x 3": [*recipe, *fields[: len(FIELDS_DAYS)]], "fields": [*fields, share]}
