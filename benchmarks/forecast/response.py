"""What a forecaster answers to: one planted earthquake in a quiet catalogue, by distance and time, beside ETAS.

It is planted alone, without the aftershocks of a real one: who counts events and not magnitudes answers little.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.grid import Grid
from ...datasets.progress import track
from ...datasets.simulate.etas import simulate_etas
from ...datasets.simulate.etas_intensity import EtasIntensity
from ...datasets.simulate.etas_region import simulated_grid, simulated_model
from ...training.city.baselines import circle_weights
from ...zoo import registry
from ...zoo.forecast.city import CityForecaster
from ...zoo.forecast.forecaster import Forecaster
from ...zoo.model import Model

AGES_DAYS = (1, 3, 10, 30, 100)
RINGS_KM = (0.0, 10.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0)
# Forecasters that are the same every day answer to nothing.
STATIC = ("uniform", "rate", "smoothed")
PLACES = 3
APART_KM, EDGE_KM = 100.0, 60.0
HISTORY_DAYS = 1461
# Background events of the quiet years end so far above the smallest: none has a sequence of its own to speak of.
MAGNITUDES_ABOVE = 1.0
# Directions in which a city's earthquakes are planted.
DIRECTIONS = 8


@dataclass(frozen=True, eq=False)
class Response:
    """Forecast after an earthquake over the forecast without it.

    Arguments:
        name: the forecaster's.
        window_days, magnitude: of its target.
        distance_km: (rings,) the middle of each.
        ratio, etas: (ages, rings).
        of_circle: the distance is that from a circle's centre, else that of a cell from the earthquake.
    """

    name: str
    window_days: tuple[int, int]
    magnitude: float
    distance_km: np.ndarray
    ratio: np.ndarray
    etas: np.ndarray
    of_circle: bool = False

    def rows(self) -> list[dict]:
        """One row an age and distance."""
        return [
            {
                "model": self.name,
                "window_days": "{}-{}".format(*self.window_days),
                "target_magnitude": self.magnitude,
                "distance_from": "circle" if self.of_circle else "earthquake",
                "age_days": age,
                "distance_km": float(distance),
                "ratio": float(f"{self.ratio[i, j]:.4g}"),
                "etas_ratio": float(f"{self.etas[i, j]:.4g}"),
            }
            for i, age in enumerate(AGES_DAYS)
            for j, distance in enumerate(self.distance_km)
        ]


@dataclass(frozen=True, eq=False)
class Stage:
    """A quiet catalogue around a grid and the day of the planted earthquake.

    Arguments:
        quiet: background events alone, of the ETAS of these cells.
        places: (latitude, longitude) of the earthquakes, each planted by itself.
        etas: (catalogue, days, window, magnitude) -> expected events (issues, rows, columns).
    """

    grid: Grid
    quiet: Catalog
    day: np.datetime64
    places: list[tuple[float, float]]
    etas: Callable[..., np.ndarray]

    def planted(self, latitude: float, longitude: float, magnitude: float) -> Catalog:
        """The quiet catalogue with an earthquake at noon of the day."""
        noon = self.grid.day_start(self.day) + np.timedelta64(12, "h")
        return Catalog.joined([self.quiet, Catalog([str(noon)], [latitude], [longitude], [10.0], [magnitude])])

    @property
    def days(self) -> np.ndarray:
        """Days of issue."""
        return self.day + np.array(AGES_DAYS)


def run(names: list[str], magnitude: float = 6.0, seed: int = 1) -> tuple[list[Response], dict[str, str]]:
    """The responses of models of the zoo, and which could not take part, with the reason.

    Arguments:
        names: of models; every forecaster that is not the same every day where empty, and then none may be unfit.
    """
    stages: dict[Grid, Stage] = {}
    left_out: dict[str, str] = {}
    responses = []
    for model in track([registry.load(name) for name in names or _answering()], "responses"):
        try:
            responses.append(_response(model, stages, magnitude, seed))
        except InputError as error:
            if names:
                raise
            left_out[model.card.name] = str(error)
    if not responses:
        raise InputError("a forecaster in the zoo that can be asked", f"{left_out or 'none'}", "name one")
    return responses, left_out


def _answering() -> list[str]:
    tasks = ("forecast", "city-forecast")
    return [card.name for card in registry.cards() if card.task in tasks and card.architecture not in STATIC]


def _response(model: Model, stages: dict[Grid, Stage], magnitude: float, seed: int) -> Response:
    if not isinstance(model, (Forecaster, CityForecaster)):
        raise InputError(
            "a forecaster", f"{model.card.name}, which is for {model.card.task}", "foreshock models lists the tasks"
        )
    of_circle = isinstance(model, CityForecaster)
    grid = model.area.grid if of_circle else model.grid
    if grid not in stages:
        stages[grid] = stage_of(grid, seed)
    return (
        circle_response(model, stages[grid], magnitude) if of_circle else map_response(model, stages[grid], magnitude)
    )


def stage_of(grid: Grid, seed: int) -> Stage:
    """Four quiet years of the background of the ETAS that the zoo has for these cells, or of the simulator's own."""
    if _same_cells(grid, simulated_grid()):
        parameters, background = simulated_model()
        day = np.datetime64("2015-01-01")

        def etas(catalog, days, window_days, target):
            a, b = (np.timedelta64(n, "D") for n in window_days)
            truth = EtasIntensity(parameters, background, catalog, catalog.time[0], day + 400, padding_km=0.0)
            return truth.expected_counts(grid, days + a, days + b, issued=days, magnitude=target)

    else:
        fitted = next(
            (card.name for card in registry.cards() if card.architecture == "etas" and _same_cells(_grid(card), grid)),
            None,
        )
        if fitted is None:
            raise InputError(f"a model whose cells the zoo has an ETAS for, not {grid}", "none", "choose another model")
        model = registry.load(fitted)
        fit = model.rate_model.fit
        parameters, background = fit.parameters, fit.background
        day = np.datetime64(fit.period[1], "D") + 1
        etas = model.rates

    calm = replace(parameters, K=0.0, m_max=parameters.m0 + MAGNITUDES_ABOVE)
    first = day - HISTORY_DAYS
    quiet = simulate_etas(calm, background, first, day + max(AGES_DAYS) + 1, seed).catalog
    return Stage(grid, quiet, day, places_of(quiet, grid, np.random.default_rng([seed, 1])), etas)


def _grid(card) -> Grid:
    return Grid.from_dict(card.settings["grid"])


def _same_cells(a: Grid, b: Grid) -> bool:
    return replace(a, timezone="UTC") == replace(b, timezone="UTC")


def places_of(quiet: Catalog, grid: Grid, rng: np.random.Generator, number: int = PLACES) -> list[tuple[float, float]]:
    """Middles of the cells of some quiet events, drawn evenly, apart from each other and from the edge."""
    row, column, inside = grid.cells(quiet.latitude, quiet.longitude)
    order = rng.permutation(np.flatnonzero(inside))
    y, x = (row[order] + 0.5) * grid.cell_y, (column[order] + 0.5) * grid.cell_x
    margin = np.minimum(np.minimum(y, grid.rows * grid.cell_y - y), np.minimum(x, grid.columns * grid.cell_x - x))
    chosen: list[int] = []
    for i in np.flatnonzero(margin >= EDGE_KM):
        if all(np.hypot(y[i] - y[j], x[i] - x[j]) >= APART_KM for j in chosen):
            chosen.append(i)
        if len(chosen) == number:
            break
    at = order[chosen]
    latitude, longitude = grid.points(row[at] + 0.5, column[at] + 0.5)
    return list(zip(latitude.tolist(), longitude.tolist(), strict=True))


def ring_ratio(after: np.ndarray, before: np.ndarray, distance_km: np.ndarray) -> np.ndarray:
    """Expected events with the earthquake over those without, ring by ring of `RINGS_KM`: (ages, rings).

    Arguments:
        after, before: (ages, rows, columns).
        distance_km: (rows, columns).

    >>> after, before = np.array([[[4.0, 1.0]]]), np.array([[[2.0, 1.0]]])
    >>> ring_ratio(after, before, np.array([[5.0, 15.0]]))[0, :2].tolist()
    [2.0, 1.0]
    """
    ring = np.digitize(distance_km, RINGS_KM) - 1
    ratios = np.full((len(after), len(RINGS_KM) - 1), np.nan)
    for number in range(len(RINGS_KM) - 1):
        cells = ring == number
        if cells.any():
            ratios[:, number] = after[:, cells].sum(axis=1) / before[:, cells].sum(axis=1)
    return ratios


def map_response(model: Forecaster, stage: Stage, magnitude: float) -> Response:
    """The response of a map, the geometric mean over the stage's places."""
    grid, days, window = stage.grid, stage.days, model.window_days
    x, y = grid.projection.forward(*grid.centres())
    before = model.rates(stage.quiet, days), stage.etas(stage.quiet, days, window, model.magnitude)
    found = []
    for latitude, longitude in stage.places:
        catalog = stage.planted(latitude, longitude, magnitude)
        at = grid.projection.forward(latitude, longitude)
        distance = np.hypot(x - at[0], y - at[1])
        after = model.rates(catalog, days), stage.etas(catalog, days, window, model.magnitude)
        found.append([ring_ratio(*pair, distance) for pair in zip(after, before, strict=True)])
    ours, etas = np.exp(np.mean(np.log(found), axis=0))
    middle = (np.array(RINGS_KM[1:]) + np.array(RINGS_KM[:-1])) / 2
    return Response(model.card.name, window, model.magnitude, middle, ours, etas)


def circle_response(model: CityForecaster, stage: Stage, magnitude: float) -> Response:
    """The response of a circle to earthquakes all around it, at the middle of each ring from its centre.

    The number expected is -log(1 - p) of the network's probability, and ETAS's own in the circle.
    """
    circle, days = model.circle, stage.days
    window = (0, model.card.settings["window_days"][1])
    target = float(model.card.settings["magnitude"])
    share = circle_weights(stage.grid, circle)

    def expected(catalog: Catalog) -> np.ndarray:
        etas = np.tensordot(stage.etas(catalog, days, window, target), share, 2)
        return np.stack([-np.log1p(-model.probabilities(catalog, days)), etas])

    before = expected(stage.quiet)
    middle = (np.array(RINGS_KM[1:]) + np.array(RINGS_KM[:-1])) / 2
    x0, y0 = stage.grid.projection.forward(circle.latitude, circle.longitude)
    ratios = []
    for distance in middle:
        angle = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
        around = stage.grid.projection.inverse(x0 + distance * np.sin(angle), y0 + distance * np.cos(angle))
        after = [expected(stage.planted(float(p), float(q), magnitude)) for p, q in zip(*around, strict=True)]
        ratios.append(np.exp(np.mean(np.log(after / before), axis=0)))
    ours, etas = np.stack(ratios, axis=-1)
    return Response(model.card.name, window, target, middle, ours, etas, of_circle=True)


def to_text(responses: list[Response]) -> str:
    """The nearest ring and that around 60 km, the day after and a month after: model and ETAS."""
    lines = [
        "expected events after a planted earthquake, alone and without aftershocks, over those without it; ETAS in "
        "brackets",
        f"{'model':28s} {'target':>18s}   near, 1 day        near, 30 days      60 km, 1 day       60 km, 30 days",
    ]
    for r in responses:
        near, far = 0, int(np.argmin(np.abs(r.distance_km - 62.5)))
        day, month = AGES_DAYS.index(1), AGES_DAYS.index(30)
        cells = [f"{r.ratio[i, j]:7.3g} ({r.etas[i, j]:.3g})" for j in (near, far) for i in (day, month)]
        target = f"M {r.magnitude:g}, {r.window_days[0]}-{r.window_days[1]} d"
        lines.append(f"{r.name:28s} {target:>18s}   {'  '.join(f'{cell:17s}' for cell in cells)}")
    return "\n".join(lines)


def write_csv(responses: list[Response], path: Path) -> None:
    """Write all ratios, one row a model, age and distance."""
    rows = [row for response in responses for row in response.rows()]
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
