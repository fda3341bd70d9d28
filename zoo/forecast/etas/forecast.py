"""Forecasts of a fitted ETAS model: background, direct and indirect offspring, in the mean and in closed form."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ....datasets.catalog import Catalog
from ....datasets.errors import InputError
from ....datasets.grid import Grid
from ....datasets.progress import track
from ....datasets.simulate.etas_background import box
from ....datasets.simulate.etas_generations import DelaySums, spreading
from .fit import EtasFit
from .observation import US_PER_DAY

THREADS = 2
# Ages up to two centuries are tabulated: not up to the catalogue's last event, of which no forecast may depend.
OLDEST_DAYS = 73_050.0
# Offspring beyond an event's patch is placed as if the event lay in the middle of its cell, with sigma between these
# nodes (km2): a percent of a share that is itself a few percent.
_NODES_KM2 = (0.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0, 64000.0)


def expected_counts(
    fit: EtasFit, catalog: Catalog, grid: Grid, days, horizon: tuple[float, float], magnitude: float | None = None
) -> np.ndarray:
    """Expected events of at least `magnitude` per cell in [t + a, t + b) days, for each day of issue t.

    Each forecast is made at the beginning of its day, from the catalogue's events strictly before. They are the
    catalogue's own from m0 up; those before the fit's first parents are left out.

    Against the simulator's closed form with quartered cells a map loses up to 0.002 nats an event on the day after a
    mainshock and 0.0003 in a week's forecast, for later generations are spread as if their parents lay anywhere in
    their cell.

    Arguments:
        catalog: events of all magnitudes and places, of the region's kinds (`Region.select`); those below m0 or
            outside the padded region are not used.
        grid: the region's grid, or any block of cells of the fit's background map.
        days: `datetime64[D]` or text, one or many, in any order; many cost little more than a map each.
        horizon: (a, b) in days, 0 <= a < b.
        magnitude: m0 where None; above it the Gutenberg-Richter share of the training period.
    Returns: `float32`, (rows, columns) for one day, else (issues, rows, columns).
    """
    return EtasForecasts(fit, catalog, grid, horizon, days).counts(days, magnitude)


class EtasForecasts:
    """Forecasts of one horizon from one catalogue: what they share is prepared once.

    Arguments: as `expected_counts`; `until` is the latest day of issue, or an array of which the latest counts.
    """

    def __init__(self, fit: EtasFit, catalog: Catalog, grid: Grid, horizon: tuple[float, float], until):
        a, b = horizon
        if not 0 <= a < b:
            raise InputError("a horizon 0 <= a < b in days", f"({a}, {b})", "give (first day, day after the last)")
        self.fit, self.horizon = fit, (float(a), float(b))
        region = fit.background.region
        self.block = _block(region, grid)
        start = region.day_start(fit.period[0])
        self.origin = start - np.timedelta64(round(fit.settings["history_days"] * US_PER_DAY), "us")
        last = region.day_start(np.max(np.asarray(until, dtype="datetime64[D]")))
        events = catalog.between(self.origin, last).above(fit.parameters.m0)
        x, y = region.projection.forward(events.latitude, events.longitude)
        west, east, south, north = box(region)
        inside = (x >= west) & (x < east) & (y >= south) & (y < north)
        self.t_days = (events.time[inside] - self.origin).astype(np.int64) / US_PER_DAY
        self._place(x[inside], y[inside], events.magnitude[inside])
        self._prepare_generations()

    def _place(self, x, y, magnitude) -> None:
        from .patches import NEAR, REACH, SIDE, corner_table, fill_patches

        p, region = self.fit.parameters, self.fit.background.region
        self.productivity = p.utsu_productivity(magnitude)
        sigma = p.sigma_km2(magnitude)
        self.column = np.floor((x - region.x0) / region.cell_x).astype(np.int64)
        self.row = np.floor((y - region.y0) / region.cell_y).astype(np.int64)
        farthest = (NEAR + 1) * max(region.cell_x, region.cell_y) / np.sqrt(p.D_km2)
        table, spacing = corner_table(p.q, farthest)
        self.patches = np.empty((len(x), SIDE, SIDE), np.float32)
        cells = (region.x0, region.y0, region.cell_x, region.cell_y)
        arrays = (x, y, self.row, self.column, sigma, p.q, *cells, table, spacing)
        with ThreadPoolExecutor(THREADS) as pool:
            jobs = [pool.submit(fill_patches, *arrays, k, THREADS, self.patches) for k in range(THREADS)]
            for job in jobs:
                job.result()
        # As many nodes as the largest conceivable event asks for, whatever the catalogue holds.
        most = float(p.sigma_km2(10.0))
        count = max(2, 1 + int(np.searchsorted(_NODES_KM2, most, "left")))
        self.nodes = np.array(_NODES_KM2[:count])
        self.position = np.interp(sigma, self.nodes, np.arange(len(self.nodes)))
        self.far_weight = sigma ** (p.q - 1)
        dy, dx = (np.abs(d) for d in self._offsets())
        r2 = (dx * region.cell_x) ** 2 + (dy * region.cell_y) ** 2
        outside = (dy > REACH) | (dx > REACH)
        self._far = self._transform(np.where(outside, self.decay(r2), 0.0))

    def decay(self, r2_km2: np.ndarray) -> np.ndarray:
        """(nodes, ...) share of the offspring in a cell at a squared distance, but for sigma to the power q - 1."""
        p, region = self.fit.parameters, self.fit.background.region
        scale = (p.q - 1) / np.pi * region.cell_x * region.cell_y
        return np.stack([scale * np.maximum(r2_km2 + node, 1.0) ** -p.q for node in self.nodes])

    def _offsets(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns from the middle of the transform's kernel, around which it is laid: broadcastable arrays."""
        from scipy.fft import next_fast_len

        rows, columns = self.fit.background.region.shape
        self.size = tuple(next_fast_len(2 * n - 1, real=True) for n in (rows, columns))
        down, right = (np.minimum(np.arange(n), n - np.arange(n)) for n in self.size)
        return down[:, None], right[None, :]

    def _transform(self, maps: np.ndarray) -> np.ndarray:
        from scipy.fft import rfft2

        return rfft2(maps, self.size, workers=THREADS)

    def _back(self, transformed: np.ndarray) -> np.ndarray:
        from scipy.fft import irfft2

        rows, columns = self.fit.background.region.shape
        # Rounding leaves negative numbers where nothing falls.
        return np.maximum(irfft2(transformed, self.size, workers=THREADS)[:rows, :columns], 0.0)

    def _prepare_generations(self) -> None:
        """Later generations by the age of an event, their spreading, and the background with its offspring."""
        p, (a, b) = self.fit.parameters, self.horizon
        region = self.fit.background.region
        background = p.mu_per_day * self.fit.background.weight
        self.background = background * (b - a)
        self.sums = DelaySums(p, b) if p.K > 0 else ()
        if not len(self.sums):
            return
        self.knots = np.linspace(np.log(p.c_days), np.log(OLDEST_DAYS + p.c_days), 600)
        age = np.maximum(np.exp(self.knots) - p.c_days, 0.0)
        growth = self.sums.n_total ** np.arange(1, len(self.sums) + 1)
        later = self.sums.after(age, b) - (self.sums.after(age, a) if a > 0 else 0.0)
        self.later = growth[:, None] * later
        self.log_later = np.log(np.maximum(self.later.sum(0), 1e-300))
        spread = self._transform(self._spreading(region))
        self.powers = np.stack([spread ** (k + 1) for k in range(len(self.sums))])
        arriving = self.sums.of_background(b) - (self.sums.of_background(a) if a > 0 else 0.0)
        mixed = np.tensordot(growth * arriving, self.powers, 1)
        self.background = self.background + self._back(mixed * self._transform(background))

    def _spreading(self, region: Grid) -> np.ndarray:
        """Share of an average event's offspring in each cell around its own, laid out for the transform."""
        from .patches import REACH

        p = self.fit.parameters
        level, weight = np.polynomial.legendre.leggauss(16)
        sigma = p.sigma_km2(p.triggering_magnitude_at((1 + level) / 2))
        down, right = self._offsets()
        r2 = (right * region.cell_x) ** 2 + (down * region.cell_y) ** 2
        scale = (p.q - 1) / np.pi * region.cell_x * region.cell_y
        kernel = sum(w / 2 * scale * s ** (p.q - 1) * (r2 + s) ** -p.q for s, w in zip(sigma, weight, strict=True))
        near = spreading(p, REACH + 1, REACH + 1, region.cell_x, region.cell_y)
        place = np.arange(-REACH, REACH + 1)
        kernel[np.ix_(place, place)] = near
        return kernel

    def counts(self, days, magnitude: float | None = None) -> np.ndarray:
        """Expected events per cell, shape (issues, rows, columns), or (rows, columns) for a single day."""
        p, region = self.fit.parameters, self.fit.background.region
        if magnitude is not None and magnitude < p.m0:
            raise InputError(f"a magnitude of at least {p.m0:g}", f"{magnitude:g}", "fit a model with a lower m0")
        share = 1.0 if magnitude is None else float(p.share_above(magnitude))
        issues = np.atleast_1d(np.asarray(days, dtype="datetime64[D]"))
        rows, columns = self.block
        result = np.empty((len(issues), rows.stop - rows.start, columns.stop - columns.start), np.float32)
        for i, day in enumerate(track(issues, "forecasting")):
            issue = float((region.day_start(day) - self.origin).astype(np.int64) / US_PER_DAY)
            result[i] = share * self._map(issue)[rows, columns]
        return result[0] if np.ndim(days) == 0 else result

    def _map(self, issue: float) -> np.ndarray:
        """Expected events of m0 and more in each cell of the model's region."""
        from .patches import add_patches, add_points

        region, past = self.fit.background.region, self.past(issue)
        weight, position = self.weights(issue)
        row, column = self.row[:past], self.column[:past]
        near = np.zeros((2, *region.shape))
        add_patches(self.patches[:past], row, column, weight, near)
        far = np.zeros((len(self.nodes), *region.shape))
        # Far from its origin, offspring of offspring falls where direct offspring does.
        add_points(row, column, weight.sum(0) * self.far_weight[:past], self.position[:past], far)
        transformed = (self._transform(far) * self._far).sum(0)
        if len(self.sums) and past:
            transformed += self.mixture(position, past) * self._transform(near[1])
        return self.background + near[0] + self._back(transformed)

    def past(self, issue: float) -> int:
        """How many events lie before an issue, in days after the origin."""
        return int(np.searchsorted(self.t_days, issue, "left"))

    def weights(self, issue: float) -> tuple[np.ndarray, np.ndarray | None]:
        """(2, events) direct and later offspring of each event in the horizon, and the places of their ages."""
        p, (a, b), past = self.fit.parameters, self.horizon, self.past(issue)
        age = issue - self.t_days[:past]
        weight, position = np.zeros((2, past)), None
        weight[0] = p.omori_fraction(age + b) - p.omori_fraction(age + a)
        if len(self.sums):
            position = np.log(age + p.c_days)
            weight[1] = np.exp(np.interp(position, self.knots, self.log_later))
        return weight * self.productivity[:past], position

    def mixture(self, position, past: int) -> np.ndarray:
        """The spreading of later generations, each by its part in the whole."""
        place = (position - self.knots[0]) / (self.knots[1] - self.knots[0])
        at = np.bincount(np.round(place).astype(np.int64), self.productivity[:past], len(self.knots))
        generation = self.later @ at
        return np.tensordot(generation / generation.sum(), self.powers, 1)


def _block(region: Grid, grid: Grid) -> tuple[slice, slice]:
    """Where a grid's cells lie in the model's region."""
    column, row = (grid.x0 - region.x0) / region.cell_x, (grid.y0 - region.y0) / region.cell_y
    fits = (
        (grid.projection, grid.cell_x, grid.cell_y) == (region.projection, region.cell_x, region.cell_y)
        and abs(column - round(column)) < 1e-6
        and abs(row - round(row)) < 1e-6
        and 0 <= round(column) <= region.columns - grid.columns
        and 0 <= round(row) <= region.rows - grid.rows
    )
    if not fits:
        raise InputError(f"cells of {region}", f"{grid}", "give the grid that the model was fitted on, or a part of it")
    row, column = round(row), round(column)
    return slice(row, row + grid.rows), slice(column, column + grid.columns)
