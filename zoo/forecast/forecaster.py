"""Forecaster: a model that turns a catalogue and days of issue into expected counts, and one day into a Forecast."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.grid import Grid
from ..model import Model
from .forecast import Forecast
from .rate_model import Window

# Shown on the picture of a model that looks back on all of the past.
RECENT_DAYS = 30


class Forecaster(Model):
    """A forecasting network or baseline.

    The card's settings: `grid` (Grid.to_dict), `input_magnitude` (the smallest event that is looked at), `window_days`
    and `magnitude` of the target, `recalibration` (window as "10-50" to [a, b]: p = 1 - exp(-exp(a + b log rate))).
    """

    @cached_property
    def grid(self) -> Grid:
        """The cells of the forecast."""
        return Grid.from_dict(self.card.settings["grid"])

    @property
    def window_days(self) -> Window:
        """The target window that is meant where none is named."""
        return tuple(self.card.settings["window_days"])

    @property
    def magnitude(self) -> float:
        """The smallest target."""
        return float(self.card.settings["magnitude"])

    @property
    def recent_days(self) -> int:
        """Days whose events are drawn on a forecast's picture: those that a network sees."""
        return self.card.settings.get("steps", RECENT_DAYS)

    @abstractmethod
    def rates(
        self, catalog: Catalog, days, window_days: Window | None = None, magnitude: float | None = None
    ) -> np.ndarray:
        """Expected events of many days of issue, float32 of shape (issues, rows, columns).

        Arguments:
            catalog: events of all magnitudes; for each day only those before its midnight are used.
            days: `datetime64[D]`.
            window_days, magnitude: the card's own where None.
        """

    def probability(self, rates: np.ndarray, window_days: Window | None = None) -> np.ndarray:
        """The probability of at least one event; see `probability_of`."""
        return probability_of(rates, self.card.settings, window_days or self.window_days)

    def predict(self, catalog: Catalog, day, window_days: Window | None = None) -> Forecast:
        """Forecast for a window after `day`, from events strictly before its midnight.

        Arguments:
            catalog: events of all magnitudes; those below the model's input magnitude are not used.
            day: "2011-03-12" or a datetime64; days are those of the grid's time zone.
            window_days: the card's own where None; not every model knows another.
        """
        day = issue_day(day)
        window_days = tuple(window_days or self.window_days)
        before = catalog.between(None, self.grid.day_start(day))
        if not len(before):
            period = f"{str(catalog.time[0])[:10]} to {str(catalog.time[-1])[:10]}" if len(catalog) else "no event"
            raise InputError(
                f"a catalogue with events before {day}", f"one of {period}", "choose a later day or a longer catalogue"
            )
        south, north, west, east = self.grid.bounds()
        region = before.within((south, north), (west, east))
        if not len(region):
            raise InputError(
                f"events in the model's region, {south:.1f} to {north:.1f} N, {west:.1f} to {east:.1f} E",
                f"{len(before)} events elsewhere",
                "use a model of the catalogue's region",
            )
        rates = self.rates(before, day, window_days)
        since = self.grid.day_start(day - self.recent_days)
        return Forecast(
            model=self.card.name,
            grid=self.grid,
            probability=self.probability(rates, window_days)[0],
            day=day,
            window_days=window_days,
            magnitude=self.magnitude,
            recent=region.between(since, None).above(self.card.settings["input_magnitude"]),
        )


def probability_of(rates: np.ndarray, settings: dict, window_days: Window) -> np.ndarray:
    """The probability of at least one event: recalibrated where the settings say how, else that of a Poisson process.

    >>> settings = {"recalibration": {"10-50": [0.0, 2.0]}}
    >>> rate = np.array([0.5])
    >>> [round(float(probability_of(rate, settings, window)[0]), 4) for window in ((0, 7), (10, 50))]
    [0.3935, 0.2212]
    """
    line = settings.get("recalibration", {}).get("{}-{}".format(*window_days))
    rates = np.asarray(rates, dtype=np.float64)
    return -np.expm1(-rates if line is None else -np.exp(line[0] + line[1] * np.log(rates)))


def issue_day(text) -> np.datetime64:
    """A day of issue from text or datetime64."""
    try:
        return np.datetime64(text, "D")
    except ValueError as error:
        raise InputError("a day such as 2011-03-12", repr(text), "write year, month and day") from error
