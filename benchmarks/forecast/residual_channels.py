"""Activity: what a residual network might see beside ETAS's errors; past events by age and size, and what they hide."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ...datasets.progress import track
from ...training.forecast.case import ForecastCase
from ...training.forecast.residual_sample import ErrorSample
from ...zoo.forecast.history import History
from ...zoo.forecast.residual.ratios import kernel_cells

# Ages in days between which events are counted, in even steps of the logarithm.
AGES_DAYS = (0, 1, 3, 10, 30, 100, 300, 1000)
WIDTHS_KM = (10.0, 30.0, 100.0)
# The part of each width in the smoothed rate of all the past.
PAST_PARTS = (0.6, 0.3, 0.1)
MAGNITUDE_DAYS = (7, 28, 364)
# Cells across of the squares in which the largest magnitude is looked for.
SQUARES = (3, 11)
# Days, and cells across, in which large events may hide small ones.
HIDING_DAYS, HIDING_CELLS = 28, 7
# Events that must be there before their mean magnitude moves half of its way.
SHRINK = 5.0


class Activity:
    """Channels of a day of issue from the events before it alone, one method a group, (rows, columns, channels) each.

    Arguments:
        history: events of m0 and more.
        m0: the smallest magnitude in it.
        mean_excess: their mean magnitude above m0.
        days: of the target window.
    """

    GROUPS = ("ages", "magnitudes", "completeness", "past")
    SIZES = ((len(AGES_DAYS) - 1) * len(WIDTHS_KM), len(MAGNITUDE_DAYS) * len(SQUARES), 3, 1)

    def __init__(self, history: History, m0: float, mean_excess: float, days: int):
        self.history, self.m0, self.mean_excess, self.days = history, m0, mean_excess, days
        self.first = int(history.day.min())

    @classmethod
    def of_case(cls, case: ForecastCase, catalog=None, m0: float | None = None) -> Activity:
        """That of a case's events, or of a catalogue with smaller ones."""
        m0 = case.region.m0 if m0 is None else m0
        history = History(case.catalog if catalog is None else catalog, case.grid, m0, case.region.padding_km)
        mean_excess = float(case.trained.above(case.region.m0).magnitude.mean() - case.region.m0)
        return cls(history, m0, mean_excess, case.protocol.days)

    def of(self, day, groups: tuple[str, ...]) -> np.ndarray:
        """The channels of some groups, float32."""
        return np.concatenate([getattr(self, group)(day) for group in groups], axis=-1).astype(np.float32)

    def ages(self, day) -> np.ndarray:
        """log(1 + events) of each stretch of age, counted by Gaussians of several widths."""
        until = [self._count(day, days) if days else np.zeros(self.history.shape, np.float32) for days in AGES_DAYS]
        counts = np.stack([older - younger for younger, older in pairwise(until)])
        blurred = np.stack([self._around(counts, width) for width in WIDTHS_KM], axis=1)
        return np.moveaxis(np.log1p(blurred).reshape(-1, *self.history.grid.shape), 0, -1)

    def magnitudes(self, day) -> np.ndarray:
        """The largest magnitude above m0 of the last days in squares of cells."""
        from scipy.ndimage import maximum_filter

        largest = [self._largest(day, days, lambda age, m: m - self.m0) for days in MAGNITUDE_DAYS]
        return np.stack([self.history.inner(maximum_filter(one, size)) for one in largest for size in SQUARES], axis=-1)

    def completeness(self, day) -> np.ndarray:
        """How far large events of four weeks lifted the magnitude of completeness, nearby and anywhere, and a trace.

        After an event of M nothing below M - 4.5 - 0.75 log10(days) is complete (Helmstetter, Kagan and Jackson 2006).
        What is missing lifts the mean magnitude of what is there.
        """
        from scipy.ndimage import maximum_filter

        # A day's events are half a day old, in the mean; one magnitude below m0 is where the channel begins.
        hiding = self._largest(day, HIDING_DAYS, lambda age, m: m - 4.5 - 0.75 * np.log10(age - 0.5) - self.m0 + 1.0)
        near = self.history.inner(maximum_filter(hiding, HIDING_CELLS))
        excess = self.history.summed(day, lambda age, m: m - self.m0, last_days=HIDING_DAYS)
        excess, count = self._around(np.stack([excess, self._count(day, HIDING_DAYS)]), WIDTHS_KM[-1])
        mean = np.log((excess + SHRINK * self.mean_excess) / ((count + SHRINK) * self.mean_excess))
        return np.stack([near, np.full_like(near, hiding.max()), mean], axis=-1)

    def past(self, day) -> np.ndarray:
        """log of the events in a window by the smoothed rate of all the past."""
        count = self._count(day, None)
        rate = sum(part * self.history.blurred(count, w) for part, w in zip(PAST_PARTS, WIDTHS_KM, strict=True))
        elapsed = max(int(np.datetime64(day, "D").astype(np.int64)) - self.first, 1)
        return np.log(np.maximum(rate / elapsed * self.days, 1e-9))[..., None]

    def _count(self, day, days: int | None) -> np.ndarray:
        return self.history.summed(day, lambda age, m: np.ones_like(m), last_days=days)

    def _around(self, maps: np.ndarray, width_km: float) -> np.ndarray:
        """Events that a Gaussian counts together around each cell."""
        grid = self.history.grid
        cell_km2 = grid.cell_x * grid.cell_y * self.history.km_per_unit**2
        return self.history.blurred(maps, width_km) * kernel_cells(width_km, cell_km2)

    def _largest(self, day, days: int, value) -> np.ndarray:
        """The largest value of age and magnitude in each cell of the last days, 0 where none is above it."""
        history, number = self.history, int(np.datetime64(day, "D").astype(np.int64))
        part = slice(*np.searchsorted(history.day, [number - days, number]))
        largest = np.zeros(history.shape[0] * history.shape[1])
        values = value((number - history.day[part]).astype(np.float64), history.magnitude[part])
        np.maximum.at(largest, history.cell[part], values)
        return largest.reshape(history.shape)


def of_samples(activity: Activity, groups: tuple[str, ...], samples: list[ErrorSample]) -> list[np.ndarray]:
    """The channels of samples' cells and days, (n, channels) each."""
    cells = activity.history.grid.shape[0] * activity.history.grid.shape[1]
    orders = [np.argsort(sample.day, kind="stable") for sample in samples]
    days = np.unique(np.concatenate([sample.day for sample in samples]))
    parts: list[list] = [[] for _ in samples]
    for day in track(days, "activity"):
        maps = activity.of(np.datetime64(int(day), "D"), groups).reshape(cells, -1)
        for sample, order, part in zip(samples, orders, parts, strict=True):
            first, last = np.searchsorted(sample.day, [day, day + 1], sorter=order)
            part.append(maps[sample.cell[order[first:last]]])
    found = []
    for order, part in zip(orders, parts, strict=True):
        whole = np.concatenate(part)
        back = np.empty_like(whole)
        back[order] = whole
        found.append(back)
    return found


def of_days(activity: Activity, groups: tuple[str, ...], days) -> np.ndarray:
    """The channels of all cells on days of issue, (issues, rows, columns, channels)."""
    return np.stack([activity.of(day, groups) for day in track(days, "activity")])
