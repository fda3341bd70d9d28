"""EtasIntensity: what an ETAS model expects at any time and place, given a catalogue."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..catalog import Catalog
from ..errors import InputError
from ..grid import Grid
from ..progress import track
from .etas_background import MapBackground, MixtureBackground, box, overlap
from .etas_cells import box_share, cell_share
from .etas_generations import DelaySums, spreading
from .etas_parameters import EtasParameters

# Numbers held at a time in a product of events and points: 32 MB.
CHUNK = 4_000_000
# Cells around the forecast grid in which later generations are followed.
MARGIN_CELLS = 3
_US_PER_DAY = 86_400_000_000


class EtasIntensity:
    """The conditional intensity of an ETAS model given the events of a catalogue, and its integrals.

    Arguments:
        parameters, background: the model.
        catalog: all events that have happened since `start`, as far as they are known.
        start, end: the period in which the catalogue is complete; nothing is told of times outside it.
        padding_km: the model lives in the background's region widened by this much, and is zero beyond.
    """

    def __init__(
        self,
        parameters: EtasParameters,
        background: MapBackground | MixtureBackground,
        catalog: Catalog,
        start,
        end,
        padding_km: float,
    ):
        self.parameters, self.background = parameters, background
        self.start, self.end = np.datetime64(start, "us"), np.datetime64(end, "us")
        if len(catalog) and not (self.start <= catalog.time[0] and catalog.time[-1] < self.end):
            raise InputError(
                f"events from {self.start} to {self.end}",
                f"{catalog.time[0]} to {catalog.time[-1]}",
                "give the period that the catalogue covers",
            )
        self.box = box(background.region, padding_km)
        self.projection = background.region.projection
        self.t_days = self._days(catalog.time)
        self.x_km, self.y_km = self.projection.forward(catalog.latitude, catalog.longitude)
        self.magnitude = catalog.magnitude
        self.productivity = parameters.utsu_productivity(catalog.magnitude)
        self.sigma_km2 = parameters.sigma_km2(catalog.magnitude)

    def _days(self, time) -> np.ndarray:
        return (np.asarray(time, "datetime64[us]") - self.start).astype(np.int64) / _US_PER_DAY

    def _known_days(self, time) -> np.ndarray:
        """Days since the start, of times at which the history is known."""
        days = self._days(time)
        if days.size and not (days.min() >= 0 and days.max() <= self._days(self.end)):
            raise InputError(
                f"times from {self.start} to {self.end}",
                f"{days.min():.6g} to {days.max():.6g} days after {self.start}",
                "ask within the catalogue's period",
            )
        return days

    def intensity(self, time, latitude, longitude) -> np.ndarray:
        """Events with m >= m0 per day and km2 at times and places, given all events strictly before each time.

        The arguments broadcast against each other, times of shape (days, 1, 1) against the centres of a grid, say.
        """
        x, y = self.projection.forward(latitude, longitude)
        days, x, y = np.broadcast_arrays(self._known_days(time), x, y)
        shape, days, x, y = days.shape, days.ravel(), x.ravel(), y.ravel()
        total = self.parameters.mu_per_day * self.background.density(x, y)
        step = max(1, CHUNK // max(1, len(self.t_days)))
        for part in (slice(i, i + step) for i in range(0, len(days), step)):
            total[part] += self._triggered(days[part], x[part], y[part])
        west, east, south, north = self.box
        inside = (x >= west) & (x < east) & (y >= south) & (y < north)
        return np.where(inside, total, 0.0).reshape(shape)

    def _triggered(self, days, x, y) -> np.ndarray:
        past = np.searchsorted(self.t_days, days.max(), "left")
        age = days[:, None] - self.t_days[:past]
        # An event has no effect at its own instant, where g would be at its largest.
        rate = np.where(age > 0, self.parameters.omori_density(age), 0.0) * self.productivity[:past]
        r2 = (x[:, None] - self.x_km[:past]) ** 2 + (y[:, None] - self.y_km[:past]) ** 2
        return (rate * self.parameters.space_density(r2, self.sigma_km2[:past])).sum(1)

    def compensator(self, time) -> np.ndarray:
        """Integral of the intensity over the whole box, from `start` to each time: transformed time (Ogata 1988)."""
        days = self._known_days(time)
        weight = self.productivity * self._in_box
        flat = days.ravel()
        total = self.parameters.mu_per_day * flat
        step = max(1, CHUNK // max(1, len(self.t_days)))
        for part in (slice(i, i + step) for i in range(0, len(flat), step)):
            total[part] += self.parameters.omori_fraction(flat[part, None] - self.t_days) @ weight
        return total.reshape(days.shape)

    @cached_property
    def _in_box(self) -> np.ndarray:
        """Share of each event's offspring that stays in the box."""
        events = (self.x_km, self.y_km, self.sigma_km2)
        parts = [
            box_share(*(a[i : i + CHUNK // 100] for a in events), self.parameters.q, self.box)
            for i in range(0, len(self.t_days), CHUNK // 100)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def expected_counts(
        self,
        grid: Grid,
        start,
        end,
        issued=None,
        magnitude: float | None = None,
        indirect: bool = True,
        subcells: int = 2,
    ) -> np.ndarray:
        """Expected number of events per cell with start <= time < end, given the events strictly before `issued`.

        The direct offspring of known events is integrated exactly in time and, near an event, exactly over cells. The
        offspring of events yet to come is its mean, computed as if each of them could lie anywhere in its subcell.

        Arguments:
            grid: on the plane of the model's region.
            start, end: UTC; one window, or arrays of n windows, which cost little more than one.
            issued: when the forecast is made, at the start of the window if not given.
            magnitude: count events of at least this magnitude; m0 if not given.
            indirect: whether to count offspring of the events between `issued` and `end`.
            subcells: into how many a cell is divided each way, 1 or 2. In the simulated region forecasts of up to 50
                days are within 0.001 nats an event of simulation with one, and within 0.0001 with two.
        Returns: shape (rows, columns), or (n, rows, columns).
        """
        issue, low, high = self.window_days(start, end, issued)
        if subcells not in (1, 2):
            raise InputError("one or two subcells", f"{subcells}", "give 1 or 2")
        lattice = _Lattice(grid, self, subcells)
        sums = DelaySums(self.parameters, float((high - issue).max())) if indirect and self.parameters.K > 0 else ()
        kernel = spreading(self.parameters, *lattice.shape, lattice.width, lattice.height) if len(sums) else None
        block = max(1, 8 * CHUNK // (lattice.background.size * (1 + len(sums))))
        total = np.empty((low.size, *grid.shape))
        for first in range(0, low.size, block):
            windows = slice(first, first + block)
            counts = self._generations(lattice, sums, issue[windows], low[windows], high[windows])
            total[windows] = lattice.followed(counts, kernel, sums)
        if magnitude is not None:
            total *= self.parameters.share_above(magnitude)
        return total if max(np.ndim(start), np.ndim(end), np.ndim(issued)) else total[0]

    def _generations(self, lattice, sums, issue, low, high) -> np.ndarray:
        """Direct and later offspring before it is spread, shape (windows, 1 + generations, cells)."""
        leads, lead = np.unique(np.stack([low - issue, high - issue], axis=1), axis=0, return_inverse=True)
        later = _Later(self.parameters, sums, leads, lead.ravel(), float(self._days(self.end)))
        arriving = np.concatenate([(high - low)[:, None], later.of_background()], axis=1)
        counts = arriving[..., None] * self.parameters.mu_per_day * lattice.background
        past = int(np.searchsorted(self.t_days, issue.max(), "left"))
        step = max(1, CHUNK // max(lattice.background.size, arriving.size))
        fraction = self.parameters.omori_fraction
        for part in track([slice(i, min(i + step, past)) for i in range(0, past, step)], "integrating"):
            t = self.t_days[part]
            direct = fraction(high[:, None] - t) - fraction(low[:, None] - t)
            weight = np.concatenate([direct[None], later.of_events(issue[:, None] - t)])
            weight *= (t < issue[:, None]) * self.productivity[part]
            born = weight.reshape(-1, len(t)).astype(np.float32) @ lattice.shares(part)
            counts += born.reshape(-1, len(low), born.shape[1]).swapaxes(0, 1)
        return counts

    def window_days(self, start, end, issued=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Days since the catalogue's start at which windows are forecast, begin and end; each of shape (n,)."""
        issued = start if issued is None else issued
        issue, low, high = (np.atleast_1d(a) for a in (self._known_days(issued), self._days(start), self._days(end)))
        issue, low, high = np.broadcast_arrays(issue, low, high)
        if not ((issue <= low) & (low < high)).all():
            raise InputError("issued <= start < end", f"{issued}, {start}, {end}", "order the window's times")
        return issue, low, high


class _Lattice:
    """A forecast grid, its cells divided, with a few cells around it; empty where the model's box does not reach."""

    def __init__(self, grid: Grid, model: EtasIntensity, subcells: int):
        if grid.projection != model.projection:
            raise InputError(
                f"a grid on the plane of the model, {model.projection}", f"{grid.projection}", "give both one origin"
            )
        self.model, self.subcells = model, subcells
        self.shape = tuple((count + 2 * MARGIN_CELLS) * subcells for count in grid.shape)
        self.width, self.height = grid.cell_x / subcells, grid.cell_y / subcells
        x_edges = grid.x0 - MARGIN_CELLS * grid.cell_x + np.arange(self.shape[1] + 1) * self.width
        y_edges = grid.y0 - MARGIN_CELLS * grid.cell_y + np.arange(self.shape[0] + 1) * self.height
        west, east, south, north = model.box
        in_rows, in_columns = overlap(y_edges, [south, north]), overlap(x_edges, [west, east])
        # The share of each cell in which the model lives.
        self.alive = in_rows * in_columns.T / (self.width * self.height)
        self.background = model.background.cell_shares(x_edges, y_edges).ravel()
        self.whole_edges = x_edges[::subcells], y_edges[::subcells]

    def shares(self, part: slice) -> np.ndarray:
        """Share of each event's offspring in each subcell, `float32` of shape (events, subcells)."""
        m = self.model
        events = [a[part] for a in (m.x_km, m.y_km, m.sigma_km2)]
        alive = self.alive.astype(np.float32)
        result = np.empty((len(events[0]), *self.shape), np.float32)
        # Batches that stay in the processor's cache take half the time.
        for batch in (slice(i, i + 64) for i in range(0, len(result), 64)):
            share = cell_share(*(a[batch] for a in events), m.parameters.q, *self.whole_edges, self.subcells)
            np.multiply(share, alive, out=result[batch])
        return result.reshape(len(result), -1)

    def followed(self, counts: np.ndarray, kernel: np.ndarray | None, sums: DelaySums | tuple) -> np.ndarray:
        """Sum over k of n^k counts[:, k] spread k times, n being the branching ratio, on the grid's own cells."""
        from scipy.signal import fftconvolve

        counts = counts.reshape(*counts.shape[:2], *self.shape)
        total = counts[:, -1]
        rows, columns = self.shape
        for k in range(len(sums) - 1, -1, -1):
            spread = fftconvolve(total, kernel[None], axes=(1, 2))
            spread = spread[:, rows - 1 : 2 * rows - 1, columns - 1 : 2 * columns - 1]
            # The Fourier transform leaves rounding errors of both signs where nothing falls.
            total = counts[:, k] + sums.n_total * np.maximum(spread, 0.0) * self.alive
        whole = total.reshape(-1, rows // self.subcells, self.subcells, columns // self.subcells, self.subcells)
        return whole.sum((2, 4))[:, MARGIN_CELLS:-MARGIN_CELLS, MARGIN_CELLS:-MARGIN_CELLS]


class _Later:
    """Later generations in windows of a few kinds: their share tabulated by the age of an event, and looked up."""

    def __init__(self, parameters: EtasParameters, sums, leads: np.ndarray, lead: np.ndarray, oldest_days: float):
        self.sums, self.leads, self.lead, self.c_days = sums, leads, lead, parameters.c_days
        # Even in log(age + c), in which an Omori law is close to a straight line.
        self.knots = np.linspace(np.log(self.c_days), np.log(oldest_days + 2 * self.c_days), 600)
        age = np.maximum(np.exp(self.knots) - self.c_days, 0.0)
        # A law that has ended leaves nothing; its logarithm must stay finite.
        self.tables = [np.log(np.maximum(self._between(sums.after, age, *pair), 1e-300)) for pair in leads if len(sums)]

    @staticmethod
    def _between(effect, age, start_days: float, end_days: float) -> np.ndarray:
        return effect(age, end_days) - (effect(age, start_days) if start_days > 0 else 0.0)

    def of_background(self) -> np.ndarray:
        """Shape (windows, generations)."""
        if not len(self.sums):
            return np.empty((len(self.lead), 0))
        return np.array([self.sums.of_background(b) - self.sums.of_background(a) for a, b in self.leads])[self.lead]

    def of_events(self, age_days: np.ndarray) -> np.ndarray:
        """Shape (generations, windows, events), for ages of shape (windows, events)."""
        result = np.empty((len(self.sums), *age_days.shape))
        if not len(self.sums):
            return result
        position = np.log(np.maximum(age_days, 0.0) + self.c_days) - self.knots[0]
        position /= self.knots[1] - self.knots[0]
        below = np.clip(position.astype(np.int64), 0, len(self.knots) - 2)
        rest = position - below
        for kind, table in enumerate(self.tables):
            windows = np.flatnonzero(self.lead == kind)
            for k, row in enumerate(table):
                at = below[windows]
                result[k, windows] = np.exp(row[at] + np.diff(row)[at] * rest[windows])
        return result
