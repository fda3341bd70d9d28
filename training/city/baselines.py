"""What a city's network must beat: the circle's historical rate, its recency, and ETAS; on the same days."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.grid import Grid
from ...datasets.labels import haversine_km
from ...datasets.period import Split
from ...datasets.projection import LocalPlane
from ...datasets.regions import Region
from ...datasets.windows import Circle
from ...zoo.forecast.etas.forecast import EtasForecasts
from ..forecast.baselines import Fits
from ..forecast.case import ForecastCase
from ..forecast.fitted_cache import fits_home
from ..forecast.protocol import Protocol
from .case import CityCase

PERIODS = ("train", "validation", "test")
DECAY_DAYS = (1.0, 5.0, 20.0, 100.0)
# Events within the circle, and within twice its radius.
RADII = (1.0, 2.0)
# Around a circle outside any grid in km, ETAS is fitted to so much of its surroundings.
MARGIN_KM, CELL_KM = 300.0, 10.0
# A cell at the circle's edge counts by the share of so many points a side that lie inside.
POINTS = 5


def rate_probability(case: CityCase) -> float:
    """The share of training days with a target event."""
    return float((case.counts("train") > 0).mean())


def decaying_sums(catalog: Catalog, grid: Grid, days: np.ndarray, circle: Circle) -> np.ndarray:
    """log(1 + sum of exp(-age / tau)) of the events before each day, a column for each radius and decay.

    Arguments:
        days: (n,) `datetime64[D]` of issue, ascending; an event of the day before has age 1.

    One event two days before the day of issue, at a decay of one day: log(1 + exp(-2)).

    >>> event = Catalog(["2020-01-01"], [0.0], [0.0], [10], [5.0])
    >>> days = np.array(["2020-01-03"], "datetime64[D]")
    >>> decaying_sums(event, Grid.world(), days, Circle(0.0, 0.0, 100.0))[0, 0].round(4)
    np.float64(0.1269)
    """
    from scipy.signal import lfilter

    when = grid.days(catalog.time)
    first = min([days[0], *when[:1]])
    length = int((days[-1] - first).astype(int)) + 1
    distance = haversine_km(catalog.latitude, catalog.longitude, circle.latitude, circle.longitude)
    columns = []
    for radius in RADII:
        near = (distance <= radius * circle.radius_km) & (when <= days[-1])
        daily = np.bincount((when[near] - first).astype(int), minlength=length).astype(float)
        for tau in DECAY_DAYS:
            keep = np.exp(-1.0 / tau)
            # x[t] = keep (x[t - 1] + n[t - 1]): what is known at the beginning of day t.
            columns.append(lfilter([0.0, keep], [1.0, -keep], daily)[(days - first).astype(int)])
    return np.log1p(np.stack(columns, axis=1))


def recency_probability(case: CityCase) -> dict[str, np.ndarray]:
    """A logistic regression on `decaying_sums`, its strength chosen on validation: period to probabilities."""
    from ..waveform.logistic_fit import best_regression

    x = {period: decaying_sums(case.catalog, case.grid, case.issue_days(period), case.circle) for period in PERIODS}
    train, validation = ((x[p], (case.counts(p) > 0).astype(np.int64)) for p in ("train", "validation"))
    regression, _ = best_regression(train, validation)
    return {period: regression.predict_proba(x[period])[:, 1] for period in PERIODS}


def circle_weights(grid: Grid, circle: Circle) -> np.ndarray:
    """(rows, columns) share of each cell that lies in the circle."""
    at = (np.arange(POINTS) + 0.5) / POINTS
    row = (np.arange(grid.rows)[:, None] + at).ravel()
    column = (np.arange(grid.columns)[:, None] + at).ravel()
    latitude, longitude = grid.points(row[:, None], column[None, :])
    inside = haversine_km(latitude, longitude, circle.latitude, circle.longitude) <= circle.radius_km
    return inside.reshape(grid.rows, POINTS, grid.columns, POINTS).mean(axis=(1, 3))


def etas_region(case: CityCase) -> Region:
    """The region whose ETAS answers for the circle: the case's own if it is a plane, else the circle's surroundings."""
    if isinstance(case.region.grid.projection, LocalPlane):
        return case.region
    place, reach = case.circle, case.circle.radius_km + MARGIN_KM
    cells = int(np.ceil(2 * reach / CELL_KM))
    grid = Grid.local(
        place.latitude,
        place.longitude,
        cells,
        cells,
        CELL_KM,
        -cells * CELL_KM / 2,
        -cells * CELL_KM / 2,
        case.grid.timezone,
    )
    return replace(case.region, grid=grid, padding_km=100.0)


@dataclass(frozen=True)
class DailyMaps:
    """What decides ETAS's daily maps; cities of one region ask for the same.

    Arguments:
        data: the hash of the catalogue.
        case: where the maps come from, told apart by the rest.
    """

    region: Region
    split: Split
    horizon: tuple[int, int]
    magnitude: float
    data: str
    cache: Path
    case: ForecastCase = field(compare=False)


@lru_cache(maxsize=1)
def daily_maps(wanted: DailyMaps) -> tuple[Grid, np.datetime64, np.ndarray]:
    """The ETAS of the training period on all days of validation and test: cells, first day, (days, rows, columns)."""
    case = wanted.case
    fit = Fits(case, cache=wanted.cache).model("etas").fit
    cells = fit.background.region
    validation, test = case.split.validation, case.split.test
    days = np.arange(validation.first, test.last + 2 - wanted.horizon[1])
    counts = EtasForecasts(fit, case.catalog, cells, wanted.horizon, days).counts(days, wanted.magnitude)
    return cells, validation.first, counts


def etas_counts(case: CityCase, cache: Path | None = None) -> dict[str, np.ndarray]:
    """Expected target events in the circle by an ETAS fitted on the training period, for validation and test.

    Arguments:
        cache: folder of fits, the shared one where None; cities of one region have one fit.
    """
    region = etas_region(case)
    protocol = Protocol("city", case.horizon, 1, "bernoulli")
    around = ForecastCase(region, region.select(case.catalog), case.split, protocol, case.magnitude)
    place = fits_home() if cache is None else cache
    wanted = DailyMaps(region, case.split, case.horizon, case.magnitude, around.data_sha256, place, around)
    cells, first, maps = daily_maps(wanted)
    total = np.tensordot(maps, circle_weights(cells, case.circle), 2)
    return {p: total[(case.issue_days(p) - first).astype(int)] for p in ("validation", "test")}
