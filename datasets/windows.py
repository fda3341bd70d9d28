"""Windows: dense input windows and their labels, cut from sparse maps when a batch is wanted; NumPy only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .catalog import Catalog
from .errors import InputError
from .grid import Grid
from .labels import cell_labels, counts_in_circle
from .raster import SparseMaps, check_channels, sparse_days

# What ml-earthquake divides its three channels by, before clipping to [0, 1].
ML_EARTHQUAKE_SCALE = {"energy_magnitude": 10.0, "count": 100.0, "mean_depth": 500.0}


@dataclass(frozen=True)
class Circle:
    """A circle on the map: centre in degrees, radius in km."""

    latitude: float
    longitude: float
    radius_km: float


@dataclass(frozen=True)
class WindowSettings:
    """How windows and labels are cut from a catalogue.

    Arguments:
        days: input days before the issue day t: the window is [t - days, t).
        horizon: (a, b) days: the target is [t + a, t + b).
        min_magnitude: Mc, the magnitude of a target event.
        channels: names of `raster.CHANNELS`.
        scale: one divisor a channel, applied before clipping to [0, 1]; none leaves the physical values.
        circle: label one circle in place of every cell.
        count: label the number of events in place of whether there is one.
        each_day: label every day of the window with the forecast issued at its end, for networks that return sequences;
            with windows that follow each other (issue days every `days` days) a stateful pass sees each day once.
    """

    days: int
    horizon: tuple[int, int]
    min_magnitude: float
    channels: tuple[str, ...] = ("max_magnitude",)
    scale: tuple[float, ...] = ()
    circle: Circle | None = None
    count: bool = False
    each_day: bool = False

    def __post_init__(self):
        check_channels(self.channels)
        if self.days < 1:
            raise InputError("a window of at least one day", str(self.days), "lengthen it")
        if self.scale and (len(self.scale) != len(self.channels) or min(self.scale) <= 0):
            raise InputError(f"{len(self.channels)} positive scales, one a channel", str(self.scale), "mend the scale")

    @classmethod
    def ml_earthquake(cls, circle: Circle, min_magnitude: float, days: int = 15, horizon_days: int = 1):
        """The windows of the ml-earthquake recipes: three scaled channels, one circle, the days right after t."""
        channels, scale = tuple(ML_EARTHQUAKE_SCALE), tuple(ML_EARTHQUAKE_SCALE.values())
        return cls(days, (0, horizon_days), min_magnitude, channels, scale, circle)


class Windows:
    """Input windows and labels by issue day; nothing is dense before `batch` asks for it.

    Arguments:
        maps: the events by day; they must hold the window before the first issue day.
        settings: what a window and a label are.
        issue_days: (n,) `datetime64[D]`, ascending.
        catalog: needed for a circle, whose events may lie outside the grid.

    >>> catalog = Catalog(["2020-01-02", "2020-01-03"], [0.5, 0.5], [0.5, 0.5], [10, 10], [4.0, 5.0])
    >>> maps = sparse_days(catalog, Grid.degrees((0, 1), (0, 1), 1.0), "2020-01-01", "2020-01-04")
    >>> windows = Windows(maps, WindowSettings(2, (0, 1), 4.0), ["2020-01-03", "2020-01-04"])
    >>> x, y = windows.batch([0, 1])
    >>> x.shape, x.ravel().tolist(), y.ravel().tolist()
    ((2, 2, 1, 1, 1), [0.0, 4.0, 4.0, 5.0], [1.0, 0.0])
    """

    def __init__(self, maps: SparseMaps, settings: WindowSettings, issue_days, catalog: Catalog | None = None):
        self.maps, self.settings = maps, settings
        self.issue_days = np.atleast_1d(np.asarray(issue_days, dtype="datetime64[D]"))
        if not self.issue_days.size:
            raise InputError("at least one issue day", "none", "take a longer period")
        self._issue = maps.index(self.issue_days)
        if self._issue.min() - settings.days < 0 or self._issue.max() > maps.days:
            raise InputError(
                f"windows of {settings.days} days within {maps.first_day} to {maps.last_day}",
                f"issue days {self.issue_days.min()} to {self.issue_days.max()}",
                "issue later, or rasterise a longer period",
            )
        steps = np.arange(1 - settings.days, 1) if settings.each_day else np.zeros(1, np.int64)
        self._label_days, where = np.unique(self._issue[:, None] + steps, return_inverse=True)
        self._label_index = where.reshape(len(self), len(steps))
        label_days = maps.first_day + self._label_days
        if settings.circle is None:
            self._cell_labels = cell_labels(maps, label_days, settings.horizon, settings.min_magnitude)
            return
        if catalog is None:
            raise InputError("the catalogue beside the maps, for a circle", "none", "pass catalog=")
        if self._label_days[-1] + settings.horizon[1] > maps.days:
            raise InputError(f"horizons that end by {maps.last_day}", f"issue day {label_days[-1]}", "issue earlier")
        circle = settings.circle
        self._circle_labels = counts_in_circle(
            catalog,
            maps.grid,
            label_days,
            settings.horizon,
            settings.min_magnitude,
            (circle.latitude, circle.longitude),
            circle.radius_km,
        )

    @classmethod
    def from_catalog(cls, catalog: Catalog, grid: Grid, settings: WindowSettings, period, every: int = 1) -> Windows:
        """Windows and horizons that all lie within a period (`period.Period`), one every `every` days.

        The period is what the catalogue covers; no window looks before it and no label beyond it.
        """
        issue_days = period.issue_days(settings.horizon, every, history_days=settings.days)
        maps = sparse_days(catalog, grid, period.first, period.last)
        if not len(maps.row):
            raise InputError(
                f"events in the grid from {period.first} to {period.last}",
                f"none among {len(catalog)}",
                "check the region and the period",
            )
        return cls(maps, settings, issue_days, catalog)

    def __len__(self) -> int:
        return len(self.issue_days)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(days, rows, columns, channels) of one window."""
        return (self.settings.days, *self.maps.grid.shape, len(self.settings.channels))

    @property
    def label_shape(self) -> tuple[int, ...]:
        """The shape of one label: ([days,] rows, columns, 1) by cell, ([days,] 1) by circle."""
        steps = (self.settings.days,) if self.settings.each_day else ()
        return (*steps, *(() if self.settings.circle else self.maps.grid.shape), 1)

    def batch(self, index) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (batch, *input_shape) and labels (batch, *label_shape) of the windows `index`, float32."""
        index = np.atleast_1d(index)
        return self.inputs(index), self.labels(index)

    def inputs(self, index) -> np.ndarray:
        """The input windows alone, float32."""
        settings, index = self.settings, np.atleast_1d(index)
        x = np.zeros((len(index), *self.input_shape), np.float32)
        for window, stop in zip(x, self._issue[index].tolist(), strict=True):
            self.maps.scatter(stop - settings.days, stop, settings.channels, window)
        if settings.scale:
            x /= np.asarray(settings.scale, np.float32)
            np.clip(x, 0.0, 1.0, out=x)
        return x

    def labels(self, index) -> np.ndarray:
        """The labels alone, float32: 0 or 1, or counts if the settings say so."""
        index = np.atleast_1d(index)
        where = self._label_index[index].ravel()
        y = self._cell_labels.dense(where) if self.settings.circle is None else self._circle_labels[where]
        return (y if self.settings.count else y > 0).astype(np.float32).reshape(len(index), *self.label_shape)

    def order(self, shuffle_seed: int | None = None, epoch: int = 0) -> np.ndarray:
        """The order of the windows in an epoch: chronological, or drawn from (seed, epoch) alone."""
        if shuffle_seed is None:
            return np.arange(len(self))
        return np.random.default_rng([shuffle_seed, epoch]).permutation(len(self))

    def batches(
        self, batch_size: int, shuffle_seed: int | None = None, epoch: int = 0, drop_remainder: bool = False
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """One epoch of (inputs, labels); the same arrays in the same order as `pipeline.tf_dataset` gives."""
        order = self.order(shuffle_seed, epoch)
        stop = len(order) - len(order) % batch_size if drop_remainder else len(order)
        for start in range(0, stop, batch_size):
            yield self.batch(order[start : start + batch_size])
