"""Rivals: the baselines that stand beside a forecaster on its card, each fitted, run and scored once a case."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path

from ...datasets.regions import Region
from ...zoo.card import Result
from .baselines import Fits
from .card import results_of
from .case import ForecastCase
from .court import Court, Judged, judged
from .protocol import Protocol


class Rivals:
    """A case with its court, the fits of its baselines, their test forecasts and scores."""

    def __init__(self, case: ForecastCase, seed: int = 1, cache: Path | None = None):
        self.case, self.fits, self.court = case, Fits(case, seed, cache=cache), Court.of(case)
        self._judged: dict[str, Judged] = {}
        self._scores: dict = {}

    def judged(self, name: str) -> Judged:
        """A baseline's test forecasts."""
        if name not in self._judged:
            self._judged[name] = judged_by(name, self.case, rates_of(self.fits.model(name), self.case))
        return self._judged[name]

    @cached_property
    def ceiling(self) -> Judged | None:
        """The truth's test forecasts, where it is known."""
        return None if self.case.simulated is None else judged_by("true intensity", self.case, self.case.truth)

    def results(self, ours: Judged, names: list[str]) -> list[Result]:
        """The scores of a card: a forecaster's beside those of the named baselines."""
        return results_of(self.court, ours, [self.judged(name) for name in names], self.ceiling, self._scores)


@lru_cache(maxsize=1)
def rivals_of(
    region: Region, protocol: Protocol, split: str, magnitude: float, data: Path | None, seed: int, cache: Path | None
) -> Rivals:
    """The rivals of a case; kept while trainings of the same case follow each other."""
    return Rivals(ForecastCase.of(region, protocol, split, magnitude, data), seed, cache)


def rates_of(model, case: ForecastCase):
    """A function from days to a model's rates of a case's window and magnitude."""
    return lambda days: model.rates(case.catalog, days, case.protocol.window_days, case.magnitude)


def judged_by(name: str, case: ForecastCase, rates) -> Judged:
    """Test forecasts of a function from days to rates, recalibrated on validation where the protocol says so."""
    validation = rates(case.issue_days("validation")) if case.protocol.recalibrated else None
    return judged(name, case.protocol, rates(case.issue_days("test")), validation, case.counts("validation"))
