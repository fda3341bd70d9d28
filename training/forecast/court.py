"""Scores of forecasts on a case: areas, information gains, Brier skill, with intervals from blocks of days."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..scores.area_intervals import auc_interval
from ..scores.information import bernoulli_gain_by_day, poisson_gain_by_day
from ..scores.intervals import Interval, ratio_interval, time_blocks
from ..scores.probabilities import brier_by_day
from ..scores.recalibration import Recalibration, recalibrate
from .case import ForecastCase
from .protocol import Protocol

BLOCK_DAYS = 30
SEED = 0


@dataclass(frozen=True, eq=False)
class Judged:
    """One forecaster's test forecasts: expected counts as it gave them, and the probabilities they are judged by.

    Arguments:
        rate, probability: float32 of shape (issues, rows, columns).
        recalibration: the line from one to the other, where the protocol has one.
    """

    name: str
    rate: np.ndarray
    probability: np.ndarray
    recalibration: Recalibration | None = None


def judged(name: str, protocol: Protocol, rate, validation_rate=None, validation_counts=None) -> Judged:
    """Turn rates into probabilities as the protocol says: recalibrated on validation, or 1 - exp(-rate)."""
    if not protocol.recalibrated:
        return Judged(name, rate, -np.expm1(-np.asarray(rate)))
    line = recalibrate(validation_rate, validation_counts > 0)
    return Judged(name, rate, line.apply(rate).astype(np.float32), line)


@dataclass(frozen=True, eq=False)
class Court:
    """The test period in which all forecasters are compared.

    Arguments:
        days: (issues,) days of issue.
        counts: (issues, rows, columns) target events.
        active: (rows, columns) cells with a target event in training.
    """

    protocol: Protocol
    days: np.ndarray
    counts: np.ndarray
    active: np.ndarray

    @classmethod
    def of(cls, case: ForecastCase) -> Court:
        """The test period of a case."""
        return cls(case.protocol, case.issue_days("test"), case.counts("test"), case.active)

    @cached_property
    def label(self) -> np.ndarray:
        """(issues, rows, columns) whether the cell is hit."""
        return self.counts > 0

    @cached_property
    def block(self) -> np.ndarray:
        """(issues,) the block of days of each issue; blocks are what the bootstrap draws."""
        return time_blocks(self.days, BLOCK_DAYS)

    @property
    def unit(self) -> str:
        """What a gain is divided by."""
        return "a hit cell" if self.protocol.likelihood == "bernoulli" else "an event"

    def cases(self) -> str:
        """The size of the test in words."""
        rows, columns = self.counts.shape[1:]
        return (
            f"{len(self.days)} windows of {rows * columns} cells, {int(self.counts.sum())} events in "
            f"{int(self.label.sum())} cells hit, from {self.days[0]} to {self.days[-1]}"
        )

    def roc_auc(self, forecast: Judged, active: bool = False) -> Interval:
        """ROC area over all cells, or over the active ones."""
        return self._area(forecast, "roc", self.active if active else None)

    def pr_auc(self, forecast: Judged) -> Interval:
        """Average precision over all cells."""
        return self._area(forecast, "pr", None)

    def _area(self, forecast: Judged, curve: str, mask) -> Interval:
        return auc_interval(forecast.rate, self.label, self.block, self._rng(), curve, mask)

    def gain_by_day(self, forecast: Judged, over: Judged, rescaled: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Nats gained and events (or cells hit), a day of issue."""
        if self.protocol.likelihood == "bernoulli":
            return bernoulli_gain_by_day(forecast.probability, over.probability, self.label, rescaled=rescaled)
        return poisson_gain_by_day(forecast.rate, over.rate, self.counts, rescaled=rescaled)

    def gain(self, forecast: Judged, over: Judged, rescaled: bool = False) -> Interval:
        """Information gain in nats an event; `rescaled`, after both were moved to the observed total."""
        return ratio_interval(*self.gain_by_day(forecast, over, rescaled), self.block, self._rng())

    def share_of_gain(self, forecast: Judged, best: Judged, over: Judged) -> Interval:
        """The gain over a reference as a share of what the best possible forecast gains, both on the same blocks."""
        ours, _ = self.gain_by_day(forecast, over)
        possible, _ = self.gain_by_day(best, over)
        return ratio_interval(ours, possible, self.block, self._rng())

    def brier(self, forecast: Judged) -> Interval:
        """Mean squared error of the probabilities."""
        squared = brier_by_day(forecast.probability, self.label)
        return ratio_interval(squared, np.full(len(self.days), self.label[0].size), self.block, self._rng())

    def brier_skill(self, forecast: Judged, over: Judged) -> Interval:
        """1 - BS / BS of the reference."""
        ours, theirs = (brier_by_day(f.probability, self.label) for f in (forecast, over))
        return ratio_interval(theirs - ours, theirs, self.block, self._rng())

    @staticmethod
    def _rng() -> np.random.Generator:
        # The same draws for every model and score, so that rows of a table differ by the models alone.
        return np.random.default_rng(SEED)
