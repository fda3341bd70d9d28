"""CityCase: a city's circle, its catalogue, split, days and labels; the same for every forecaster of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.grid import Grid
from ...datasets.labels import counts_in_circle
from ...datasets.period import Period, Split
from ...datasets.raster import SparseMaps, sparse_days
from ...datasets.regions import Region
from ...datasets.windows import ML_EARTHQUAKE_SCALE, Circle, Windows, WindowSettings
from .recipe import CityForecasting

# Days of all cities are those of the originals' time zone.
TIMEZONE = "Asia/Tokyo"
CHANNELS = tuple(ML_EARTHQUAKE_SCALE)


@dataclass(frozen=True, eq=False)
class CityCase:
    """What a city's forecasters are fitted on and judged by.

    Arguments:
        region: whose events are seen; its grid divides days as the city does.
        catalog: those events.
        split: training, validation and test, so far apart that no window of one reaches into another.
        grid: the world's cells around the city's longitude.
        magnitude: the smallest target.
    """

    recipe: CityForecasting
    region: Region
    catalog: Catalog
    split: Split
    grid: Grid
    magnitude: float

    @classmethod
    def of(cls, recipe: CityForecasting, data: Path | None = None, catalog: Catalog | None = None) -> CityCase:
        """The case of a recipe; its region's catalogue is read from the data folder if none is given."""
        region = Region.named(recipe.region, data)
        region = replace(region, grid=replace(region.grid, timezone=TIMEZONE))
        catalog = region.catalog(data) if catalog is None else region.select(catalog)
        magnitude = recipe.magnitude
        if magnitude is None:
            magnitude = max(recipe.published.threshold_mag, region.m0)
        if magnitude < region.m0:
            raise InputError(
                f"targets of at least {region.m0:g}, from where {region.title} is complete",
                f"magnitude {magnitude:g}",
                "raise the recipe's magnitude, or name another region",
            )
        gap = max(recipe.window_days, recipe.predict_range_days)
        split = Split.fractions(Period(*region.period()), recipe.validation_ratio, recipe.test_ratio).with_gap(gap)
        grid = Grid.world(recipe.rows, recipe.columns, recipe.circle.longitude, TIMEZONE)
        return cls(recipe, region, catalog, split, grid, float(magnitude))

    @property
    def circle(self) -> Circle:
        """The place."""
        return Circle(**self.recipe.circle.model_dump())

    @property
    def horizon(self) -> tuple[int, int]:
        """The target of day t is [t, t + range)."""
        return (0, self.recipe.predict_range_days)

    @property
    def knows_depth(self) -> bool:
        """Whether the catalogue has depths; a network trained without must never see any."""
        return bool(np.isfinite(self.catalog.depth_km).any())

    @cached_property
    def maps(self) -> SparseMaps:
        """The events by day and cell, from the first of the training to the last of the test period."""
        return sparse_days(self.catalog, self.grid, self.split.train.first, self.split.test.last)

    def issue_days(self, period: str) -> np.ndarray:
        """Every day of "train", "validation" or "test" whose target lies in it; in training, its window too."""
        history = self.recipe.window_days if period == "train" else 0
        return getattr(self.split, period).issue_days(self.horizon, history_days=history)

    def windows(self, period: str) -> Windows:
        """The network's inputs, in physical units, and labels of a period."""
        settings = WindowSettings(self.recipe.window_days, self.horizon, self.magnitude, CHANNELS, circle=self.circle)
        return Windows(self.maps, settings, self.issue_days(period), self.catalog)

    def counts(self, period: str) -> np.ndarray:
        """(days,) target events in the circle."""
        place = self.circle
        return counts_in_circle(
            self.catalog,
            self.grid,
            self.issue_days(period),
            self.horizon,
            self.magnitude,
            (place.latitude, place.longitude),
            place.radius_km,
        )
