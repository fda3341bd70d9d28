"""ForecastCase: a region's catalogue, split and protocol; the same cells, days and labels for every forecaster."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.labels import counts_by_cell
from ...datasets.period import Split
from ...datasets.raster import SparseMaps, sparse_days
from ...datasets.regions import Region
from .protocol import Protocol

ONE_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class ForecastCase:
    """What a forecaster is fitted on and judged by.

    Arguments:
        catalog: the region's events (`Region.select`), warm-up before the training period included.
        split: which of the region's.
        magnitude: the smallest target.
        simulated: the simulator's answer where the truth is known.
    """

    region: Region
    catalog: Catalog
    split: Split
    protocol: Protocol
    magnitude: float
    simulated: object | None = None

    @classmethod
    def of(cls, region: Region, protocol: Protocol, split="hard", magnitude=None, data=None) -> ForecastCase:
        """The case of a region, its catalogue read from the data folder or simulated."""
        simulated = region.simulated() if region.source.simulator else None
        catalog = region.select(simulated.catalog) if simulated else region.catalog(data)
        magnitude = region.mc[0] if magnitude is None else float(magnitude)
        return cls(region, catalog, region.split(split), protocol, magnitude, simulated)

    @property
    def grid(self):
        """The cells."""
        return self.region.grid

    @cached_property
    def seen(self) -> Catalog:
        """All events before the test period: what a fit may look at, validation included."""
        return self.catalog.between(None, self.grid.day_start(self.split.test.first))

    @cached_property
    def trained(self) -> Catalog:
        """The events of the training period."""
        train = self.split.train
        return self.catalog.between(self.grid.day_start(train.first), self.grid.day_start(train.last + ONE_DAY))

    @cached_property
    def maps(self) -> SparseMaps:
        """The events in the cells by day, from the first of the training to the last of the test period."""
        return sparse_days(self.catalog, self.grid, self.split.train.first, self.split.test.last)

    def issue_days(self, period: str) -> np.ndarray:
        """Days of issue in the period "train", "validation" or "test"."""
        return self.protocol.issue_days(getattr(self.split, period))

    def counts(self, period: str) -> np.ndarray:
        """Target events, int32 of shape (issues, rows, columns)."""
        return counts_by_cell(self.maps, self.issue_days(period), self.protocol.window_days, self.magnitude)

    @cached_property
    def active(self) -> np.ndarray:
        """(rows, columns) whether a cell had a target event in the training period."""
        targets = self.trained.above(self.magnitude)
        row, column, inside = self.grid.cells(targets.latitude, targets.longitude)
        active = np.zeros(self.grid.shape, bool)
        active[row[inside], column[inside]] = True
        return active

    def truth(self, days: np.ndarray) -> np.ndarray | None:
        """Expected target events (issues, rows, columns) by a simulated region's own intensity; None for real data."""
        if self.simulated is None:
            return None
        a, b = (np.timedelta64(n, "D") for n in self.protocol.window_days)
        return self.simulated.expected_counts(self.grid, days + a, days + b, issued=days, magnitude=self.magnitude)

    @cached_property
    def data_sha256(self) -> str:
        """The hash of the events used: times, places and magnitudes."""
        digest = hashlib.sha256()
        for name in ("time", "latitude", "longitude", "magnitude"):
            values = getattr(self.catalog, name)
            digest.update(np.ascontiguousarray(values.astype("<i8" if name == "time" else "<f8")).tobytes())
        return digest.hexdigest()
