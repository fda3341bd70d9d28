"""Forecaster: a model that turns a catalogue and a day into a Forecast."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.grid import Grid
from ...datasets.raster import sparse_days
from ..model import Model
from .forecast import Forecast


class Forecaster(Model):
    """A forecasting network or baseline over day maps.

    The card's settings: `grid` (Grid.to_dict), `steps` (days of history), `channels`, `input_magnitude` (the smallest
    event shown to the network), `window_days` and `magnitude` of the target.
    """

    @cached_property
    def grid(self) -> Grid:
        """The cells of the forecast."""
        return Grid.from_dict(self.card.settings["grid"])

    def maps(self, catalog: Catalog, day) -> np.ndarray:
        """The network's input for a day of issue: float32 (steps, rows, columns, channels), the last map of day - 1."""
        settings = self.card.settings
        day = np.datetime64(day, "D")
        first, last = day - settings["steps"], day - 1
        sparse = sparse_days(catalog.above(settings["input_magnitude"]), self.grid, first, last)
        return sparse.dense(channels=tuple(settings["channels"]))

    def predict(self, catalog: Catalog, day) -> Forecast:
        """Forecast for the card's window after `day`, from events strictly before its midnight.

        Arguments:
            catalog: events of all magnitudes; those below the model's input magnitude are not used.
            day: "2011-03-12" or a datetime64; days are those of the grid's time zone.
        """
        day = _day(day)
        settings = self.card.settings
        start = self.grid.day_start(day)
        before = catalog.between(None, start)
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
        output = self.run(maps=self.maps(region, day)[None])
        recent = region.between(self.grid.day_start(day - settings["steps"]), None).above(settings["input_magnitude"])
        return Forecast(
            model=self.card.name,
            grid=self.grid,
            probability=output["probability"][0],
            day=day,
            window_days=tuple(settings["window_days"]),
            magnitude=settings["magnitude"],
            recent=recent,
        )


def _day(text) -> np.datetime64:
    try:
        return np.datetime64(text, "D")
    except ValueError as error:
        raise InputError("a day such as 2011-03-12", repr(text), "write year, month and day") from error
