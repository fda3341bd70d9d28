"""Account: what an ETAS model forecasts, and what the same model expected of past stretches of time."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from ....datasets.catalog import Catalog
from ....datasets.grid import Grid
from ..etas.fit import EtasFit
from ..etas.forecast import EtasForecasts
from ..etas.observation import US_PER_DAY
from ..rate_model import Window

# Maps of three years of weeks are kept: those of a weekly series are each asked for again and again.
KEPT = 160


class Account(EtasForecasts):
    """Forecasts of a fitted ETAS model and its expectation of the past, on all cells of its region with the padding.

    What was expected of a past stretch is the integral of the conditional intensity over it, each moment given all that
    had happened before (the compensator; Ogata 1988, section 3.2): background and direct offspring, in closed form.

    Arguments: as `EtasForecasts`; `since`, a datetime64, is when the catalogue begins: with its first event where None.
        Nothing is expected before.
    """

    def __init__(self, fit: EtasFit, catalog: Catalog, grid: Grid, horizon: Window, until, since=None):
        super().__init__(fit, catalog, grid, horizon, until)
        if since is None:
            known = catalog.above(fit.parameters.m0)
            since = known.time[0] if len(known) else self.origin
        self.since_days = self._days(max(np.datetime64(since, "us"), np.datetime64(self.origin, "us")))
        # By moment, in days after the origin: what was expected until then, and what is forecast for the window after.
        self._past: OrderedDict[float, np.ndarray] = OrderedDict()
        self._next: OrderedDict[float, np.ndarray] = OrderedDict()

    def _days(self, moment) -> float:
        return float((np.datetime64(moment, "us") - self.origin).astype(np.int64) / US_PER_DAY)

    def _issue(self, day) -> float:
        return self._days(self.fit.background.region.day_start(np.datetime64(day, "D")))

    def prepare(self, days, ago_days: tuple[int, ...]) -> None:
        """Make what `forecast` will be asked for days of issue, and `expected` so many days before: all in one pass.

        The kernels of all events are read from memory once, whatever the number of maps.
        """
        from ..etas.patches import add_patches

        issues = [v for v in dict.fromkeys(self._issue(day) for day in days) if v not in self._next]
        moments = [self._moment(np.datetime64(day, "D") - ago) for day in days for ago in ago_days]
        moments = [v for v in dict.fromkeys(moments) if v not in self._past]
        if not issues and not moments:
            return
        past = self.past(max(issues + moments))
        weight = np.zeros((2 * len(issues) + len(moments), past))
        positions = []
        for i, issue in enumerate(issues):
            both, position = self.weights(issue)
            weight[2 * i : 2 * i + 2, : both.shape[1]] = both
            positions.append(position)
        for i, moment in enumerate(moments, start=2 * len(issues)):
            weight[i] = self._weights_until(moment, past)
        near = np.zeros((len(weight), *self.fit.background.region.shape))
        add_patches(self.patches[:past], self.row[:past], self.column[:past], weight, near)
        for i, issue in enumerate(issues):
            transformed = self._far_transformed(weight[2 * i : 2 * i + 2].sum(0))
            if len(self.sums) and len(positions[i]):
                transformed += self.mixture(positions[i], len(positions[i])) * self._transform(near[2 * i + 1])
            _keep(self._next, issue, self.background + near[2 * i] + self._back(transformed))
        background = self.fit.parameters.mu_per_day * self.fit.background.weight
        for i, moment in enumerate(moments, start=2 * len(issues)):
            far = self._back(self._far_transformed(weight[i]))
            _keep(self._past, moment, background * (moment - self.since_days) + near[i] + far)

    def _weights_until(self, moment: float, past: int) -> np.ndarray:
        """Direct offspring that each event was expected to have from the beginning of the catalogue until a moment."""
        p, t = self.fit.parameters, self.t_days[:past]
        until, before = (p.omori_fraction(np.maximum(v - t, 0.0)) for v in (moment, self.since_days))
        return self.productivity[:past] * (until - before)

    def _far_transformed(self, weight: np.ndarray) -> np.ndarray:
        """The transform of what events cause beyond their patches."""
        from ..etas.patches import add_points

        past = len(weight)
        far = np.zeros((len(self.nodes), *self.fit.background.region.shape))
        row, column, position = self.row[:past], self.column[:past], self.position[:past]
        add_points(row, column, weight * self.far_weight[:past], position, far)
        # Nodes of events larger than any in the catalogue stay empty.
        some = far.any(axis=(1, 2))
        some[0] = True
        return (self._transform(far[some]) * self._far[some]).sum(0)

    def forecast(self, day) -> np.ndarray:
        """Expected events of m0 and more in the window after a day of issue, (padded rows, padded columns)."""
        self.prepare([day], ())
        return self._next[self._issue(day)]

    def expected(self, day, longest: int, shortest: int) -> np.ndarray:
        """Events of m0 and more expected from `longest` to `shortest` days before a day, (padded rows, columns).

        What reaches beyond the beginning of the catalogue is cut off there.
        """
        self.prepare([day], (longest, shortest))
        day = np.datetime64(day, "D")
        until, since = (self._past[self._moment(day - ago)] for ago in (shortest, longest))
        # Differences of large sums leave rounding errors below zero.
        return np.maximum(until - since, 0.0)

    def _moment(self, day) -> float:
        return max(self._issue(day), self.since_days)


def _keep(kept: OrderedDict, key: float, values: np.ndarray) -> None:
    kept[key] = values
    if len(kept) > KEPT:
        kept.popitem(last=False)
