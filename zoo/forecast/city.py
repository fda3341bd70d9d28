"""CityForecaster: a network that sees the days before and says whether an earthquake comes within a circle."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.grid import Grid
from ...datasets.raster import sparse_days
from ...datasets.readers.reading import read_catalog
from ...datasets.regions import Region, Source
from ...datasets.windows import ML_EARTHQUAKE_SCALE, Circle
from ..model import Model
from .city_forecast import CityAnswer, CityForecast
from .forecaster import probability_of
from .rate_model import checked_days

BATCH = 16
CHANNELS, FULL_SCALE = tuple(ML_EARTHQUAKE_SCALE), np.array(list(ML_EARTHQUAKE_SCALE.values()), np.float32)


class CityForecaster(Model):
    """The network of a city.

    The card's settings: `grid` of the maps, `area` (whose events it was trained on: grid, padding_km, kinds),
    `input_magnitude`, `steps`, `knows_depth`, `circle`, `window_days` (0, n), `magnitude`, `recalibration`, `id`,
    `display_name`, `historical_probability` and `summary` (scores on its test).
    """

    @cached_property
    def grid(self) -> Grid:
        """The cells of the maps."""
        return Grid.from_dict(self.card.settings["grid"])

    @cached_property
    def area(self) -> Region:
        """Where the events come from that the network was trained on; the rest of the world was empty to it."""
        area, m0 = self.card.settings["area"], float(self.card.settings["input_magnitude"])
        return Region(
            name=area["name"],
            title=area["name"],
            grid=Grid.from_dict(area["grid"]),
            m0=m0,
            mc=(m0,),
            padding_km=float(area["padding_km"]),
            splits=(),
            source=Source(kinds=tuple(area["kinds"])),
        )

    @property
    def circle(self) -> Circle:
        """The place."""
        return Circle(**self.card.settings["circle"])

    def maps(self, catalog: Catalog, days) -> np.ndarray:
        """The network's inputs: float32 (issues, steps, rows, columns, 3) in magnitudes, counts and km of depth.

        Only events that could have been in its training are shown to it: of its area and magnitudes, and without
        depths if it knew none.
        """
        days, steps = checked_days(days), self.card.settings["steps"]
        sparse = sparse_days(self.area.select(catalog), self.grid, days.min() - steps, days.max() - 1)
        first = sparse.index(days) - steps
        maps = np.stack([sparse.dense(i, i + steps, CHANNELS) for i in first.tolist()])
        if not self.card.settings["knows_depth"]:
            maps[..., CHANNELS.index("mean_depth")] = 0.0
        return maps

    def probabilities(self, catalog: Catalog, days) -> np.ndarray:
        """Probability of a target event, float64 (issues,); for each day only events before its midnight are used."""
        days = checked_days(days)
        parts = [
            self.run(maps=self.maps(catalog, days[i : i + BATCH]))["probability"][:, 0]
            for i in range(0, len(days), BATCH)
        ]
        return calibrated(np.concatenate(parts), self.card.settings)

    def predict(self, catalog: Catalog, day) -> CityForecast:
        """Forecast for the days from `day` on, from events strictly before its midnight in the grid's time zone.

        Arguments:
            catalog: events of all magnitudes; see `maps` for those that are used.
            day: "2011-03-12" or a datetime64.
        """
        settings = self.card.settings
        try:
            day = np.datetime64(day, "D")
        except ValueError as error:
            raise InputError("a day such as 2011-03-12", repr(day), "write year, month and day") from error
        before = catalog.between(None, self.grid.day_start(day))
        if not len(before):
            period = f"{str(catalog.time[0])[:10]} to {str(catalog.time[-1])[:10]}" if len(catalog) else "no event"
            raise InputError(
                f"a catalogue with events before {day}", f"one of {period}", "choose a later day or a longer catalogue"
            )
        seen = self.area.select(before)
        maps = self.maps(before, day)
        return CityForecast(
            model=self.card.name,
            id=settings["id"],
            display_name=settings["display_name"],
            circle=self.circle,
            day=day,
            range_days=settings["window_days"][1],
            magnitude=float(settings["magnitude"]),
            probability=float(calibrated(self.run(maps=maps)["probability"][:, 0], settings)[0]),
            historical=float(settings["historical_probability"]),
            scores=settings["summary"],
            scaled=np.clip(maps[0] / FULL_SCALE, 0.0, 1.0),
            grid=self.grid,
            recent=seen.between(self.grid.day_start(day - settings["steps"]), None),
        )


def calibrated(probability: np.ndarray, settings: dict) -> np.ndarray:
    """The network's probability on balanced days turned into that on real ones, by the line fitted on validation."""
    # A float32 of 1 is a probability that it rounded up, one of 0 a probability that it rounded down.
    rate = -np.log1p(-np.clip(np.asarray(probability, np.float64), 1e-12, 1 - 1e-7))
    return probability_of(rate, settings, tuple(settings["window_days"]))


def city_forecast_of_files(
    model: CityForecaster, inputs: list[Path], day: str | None, picks: Path | None
) -> CityAnswer:
    """Read one catalogue from files and forecast for a day, the one after its last event where none is given."""
    if picks is not None:
        raise InputError(f"a catalogue for the forecaster {model.card.name}", "--picks", "leave --picks out")
    reading = read_catalog(inputs)
    if day is None:
        day = model.grid.days(reading.catalog.time[-1:])[0] + 1
    return CityAnswer(model.predict(reading.catalog, day), reading.summary, reading.rejected_rows)
