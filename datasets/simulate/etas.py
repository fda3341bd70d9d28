"""ETAS catalogues with a known truth: every event's parent, and the intensity at any time and place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..catalog import Catalog
from ..errors import InputError
from ..grid import Grid
from .etas_background import MapBackground, MixtureBackground, box
from .etas_cascade import Cascade, continued
from .etas_intensity import EtasIntensity
from .etas_parameters import EtasParameters

Background = MapBackground | MixtureBackground
# A seismogenic layer without structure: depths carry no information, and say so.
DEPTH_RANGE_KM = (2.0, 16.0)
BACKGROUND = -1
BEFORE_START = -2
_US_PER_DAY = 86_400_000_000


@dataclass(frozen=True, eq=False, repr=False)
class SimulatedCatalog:
    """A simulated catalogue and the truth behind it.

    Arguments:
        catalog: the events with start <= time < end.
        parent: (events,), the index of the event that triggered it; -1 for a background event, -2 for a parent before
            `start`.
        generation: (events,), 0 for a background event, its parent's plus one otherwise.
        history: the events of the burn-in, before `start`.
        start, end: UTC, the period.
        parameters, background: the model.
        padding_km: offspring further than this outside the region was dropped, with all its descendants.
        dropped_outside: how many were, their descendants not counted.
        seed: what it was drawn with.
    """

    catalog: Catalog
    parent: np.ndarray
    generation: np.ndarray
    history: Catalog
    start: np.datetime64
    end: np.datetime64
    parameters: EtasParameters
    background: Background
    padding_km: float
    dropped_outside: int
    seed: int

    def __len__(self) -> int:
        return len(self.catalog)

    def __repr__(self) -> str:
        return f"Simulated{self.catalog!r}"[:-1] + f", {self.background_share:.0%} background, seed {self.seed})"

    @property
    def background_share(self) -> float:
        """Share of background events in the catalogue."""
        return float(np.mean(self.parent == BACKGROUND)) if len(self) else 0.0

    @cached_property
    def truth(self) -> EtasIntensity:
        """The true intensity, which knows the burn-in too."""
        events = Catalog.joined([self.history, self.catalog])
        first = min(self.start, self.history.time[0]) if len(self.history) else self.start
        return EtasIntensity(self.parameters, self.background, events, first, self.end, self.padding_km)

    def intensity(self, time, latitude, longitude) -> np.ndarray:
        """True events with m >= m0 per day and km2 at times and places, given all events strictly before each time."""
        return self.truth.intensity(time, latitude, longitude)

    def expected_counts(self, grid: Grid, start, end, issued=None, magnitude=None, **options) -> np.ndarray:
        """True expected events per cell and window; see `EtasIntensity.expected_counts`, which has all options."""
        return self.truth.expected_counts(grid, start, end, issued, magnitude, **options)

    def simulated_counts(self, grid: Grid, start, end, issued=None, magnitude=None, *, copies: int, seed: int):
        """Events per cell in `copies` continuations drawn from the truth; see `simulated_counts`."""
        return simulated_counts(self.truth, grid, start, end, issued, magnitude, copies=copies, seed=seed)


def simulate_etas(
    parameters: EtasParameters,
    background: Background,
    start,
    end,
    seed: int,
    *,
    burn_in_days: float = 0.0,
    padding_km: float = 100.0,
    depth_range_km: tuple[float, float] = DEPTH_RANGE_KM,
) -> SimulatedCatalog:
    """Draw the catalogue of a period.

    Arguments:
        parameters, background: the model; background events fall in the background's region only.
        start, end: UTC.
        seed: of all that is random; the same seed gives the same catalogue.
        burn_in_days: how long the process runs before `start`; without it, the first events have no past.
        padding_km: offspring is kept up to this far outside the region, and dropped with all its descendants beyond, so
            that the true intensity inside depends on listed events only.
        depth_range_km: depths are uniform between these.

    >>> from foreshock.datasets.simulate.etas_region import simulated_model
    >>> simulated = simulate_etas(*simulated_model(), "2000-01-01", "2000-07-01", seed=1)
    >>> bool((simulated.parent < np.arange(len(simulated))).all())
    True
    """
    start, end, run_in, limits = _period(background, start, end, burn_in_days, padding_km, depth_range_km)
    length = (end - start).astype(np.int64) / _US_PER_DAY
    _check_duration(parameters, length + burn_in_days)
    rng = np.random.default_rng(seed)
    events = continued(Cascade.empty(), parameters, background, -run_in, length, limits, rng)
    return _simulated(events, parameters, background, start, end, padding_km, depth_range_km, seed, rng)


def simulate_events(
    parameters: EtasParameters,
    background: Background,
    events: int,
    seed: int,
    start="2000-01-01",
    *,
    burn_in_days: float = 0.0,
    padding_km: float = 100.0,
    depth_range_km: tuple[float, float] = DEPTH_RANGE_KM,
) -> SimulatedCatalog:
    """Draw the first `events` events from `start` on; the period ends a microsecond after the last of them.

    The process is continued until it has brought forth enough, and cut at exactly that number: `end` says where. The
    model must have a background and a branching ratio below one. The other arguments are those of `simulate_etas`.
    """
    if isinstance(events, bool) or not isinstance(events, (int, np.integer)) or events < 1:
        raise InputError("a whole number of events above 0", repr(events), "ask for at least one event")
    if not parameters.mu_per_day > 0:
        raise InputError("mu_per_day above 0", "0", "give the model a background, or nothing will ever happen")
    daily = parameters.mu_per_day / (1 - parameters.branching_ratio())
    one_day = np.datetime64(start, "us") + np.timedelta64(1, "D")
    start, _, run_in, limits = _period(background, start, one_day, burn_in_days, padding_km, depth_range_km)
    rng = np.random.default_rng(seed)
    drawn, low = Cascade.empty(), 0.0
    if run_in > 0:
        drawn = continued(drawn, parameters, background, -run_in, 0.0, limits, rng)
    known = len(drawn)
    while len(drawn) - known < events:
        missing = events - (len(drawn) - known)
        # Two standard deviations of a Poisson number more than needed: one step mostly does.
        high = low + (missing + 2 * np.sqrt(missing) + 1) / daily
        drawn = continued(drawn, parameters, background, low, high, limits, rng)
        low = high
    last = np.partition(drawn.t_days, known + events - 1)[known + events - 1]
    end = start + np.timedelta64(int(np.floor(last * _US_PER_DAY)) + 1, "us")
    count = known + events
    return _simulated(drawn, parameters, background, start, end, padding_km, depth_range_km, seed, rng, limit=count)


def simulated_counts(
    model: EtasIntensity, grid: Grid, start, end, issued=None, magnitude=None, *, copies: int, seed: int
) -> np.ndarray:
    """Events per cell with start <= time < end in each of `copies` simulated continuations of a catalogue.

    All that happened strictly before `issued` (the window's start if not given) is known; the rest is drawn. The mean
    over copies estimates `expected_counts`, the share of copies with an event the probability of one, clusters and
    all. Events of at least `magnitude` that fall into the grid are counted. Returns shape (copies, rows, columns).
    """
    if copies < 1:
        raise InputError("at least one copy", f"{copies}", "ask for more")
    (issue,), (low,), (high,) = model.window_days(start, end, issued)
    past = slice(0, int(np.searchsorted(model.t_days, issue, "left")))
    known = Cascade.known(*(a[past] for a in (model.t_days, model.x_km, model.y_km, model.magnitude)))
    rng = np.random.default_rng(seed)
    drawn = continued(known, model.parameters, model.background, issue, high, model.box, rng, copies)
    row, column, inside = grid.cells(*model.projection.inverse(drawn.x_km, drawn.y_km))
    inside &= (drawn.copy >= 0) & (drawn.t_days >= low)
    if magnitude is not None:
        inside &= drawn.magnitude >= magnitude
    cell = (drawn.copy[inside] * grid.rows + row[inside]) * grid.columns + column[inside]
    return np.bincount(cell, minlength=copies * grid.rows * grid.columns).reshape(copies, *grid.shape)


def _period(background, start, end, burn_in_days, padding_km, depth_range_km):
    """Checked start and end, burn-in in days and the box that events stay in."""
    start, end = np.datetime64(start, "us"), np.datetime64(end, "us")
    if not start < end:
        raise InputError("a start before the end", f"{start} to {end}", "give a longer period")
    if not (0 <= burn_in_days < np.inf and 0 <= padding_km < np.inf):
        raise InputError(
            "burn_in_days and padding_km of at least 0", f"{burn_in_days:g} and {padding_km:g}", "raise them to 0"
        )
    low, high = depth_range_km
    if not -10 <= low <= high <= 1000:
        raise InputError("depths from -10 to 1000 km", f"{low:g} to {high:g}", "mend depth_range_km")
    limits = box(background.region, padding_km)
    west, east, south, north = limits
    plane = background.region.projection
    corner_x, corner_y = np.array([west, west, east, east]), np.array([south, north, south, north])
    back = plane.forward(*plane.inverse(corner_x, corner_y))
    latitude = plane.inverse(corner_x, corner_y)[0]
    if abs(latitude).max() >= 90 or not np.allclose(back, [corner_x, corner_y], atol=1e-6):
        raise InputError("a padded region within the plane", f"{limits} km", "lower padding_km or move the region")
    return start, end, float(burn_in_days), limits


def _check_duration(parameters: EtasParameters, days: float) -> None:
    ratio = parameters.branching_ratio(days)
    if ratio >= 1:
        raise InputError(
            f"a branching ratio below 1 within {days:g} days",
            f"{ratio:.3f}",
            "lower K or alpha, raise b, or shorten the period",
        )


def _simulated(
    events: Cascade, parameters, background, start, end, padding_km, depth_range_km, seed, rng, limit=None
) -> SimulatedCatalog:
    """The events in order of time, as a catalogue with parents; only the first `limit` of them where given."""
    microseconds = np.floor(events.t_days * _US_PER_DAY).astype(np.int64)
    # Within a microsecond a parent still comes before its offspring.
    order = np.lexsort((events.generation, microseconds))[:limit]
    place = np.empty(len(events), np.int64)
    place[order] = np.arange(len(order))
    before = int(np.searchsorted(microseconds[order], 0, "left"))
    parent = events.parent[order]
    parent = np.where(parent < 0, BACKGROUND, place[parent] - before)
    parent = np.where((events.parent[order] >= 0) & (parent < 0), BEFORE_START, parent)
    x, y = events.x_km[order], events.y_km[order]
    latitude, longitude = background.region.projection.inverse(x, y)
    number = np.char.zfill((np.arange(len(order)) - before).clip(0).astype(np.str_), 7)
    identity = np.where(np.arange(len(order)) < before, "", np.char.add(f"etas-{seed}-", number))
    catalog = Catalog(
        start + microseconds[order].astype("timedelta64[us]"),
        latitude,
        longitude,
        rng.uniform(*depth_range_km, len(order)),
        events.magnitude[order],
        event_id=identity,
    )
    return SimulatedCatalog(
        catalog=catalog[before:],
        parent=parent[before:],
        generation=events.generation[order][before:],
        history=catalog[:before],
        start=start,
        end=end,
        parameters=parameters,
        background=background,
        padding_km=float(padding_km),
        dropped_outside=events.dropped_outside,
        seed=seed,
    )
