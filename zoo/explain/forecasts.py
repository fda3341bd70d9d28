"""SHAP values of a forecast: what past seismicity raised or lowered the rate of one cell."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ..forecast.forecaster import RECENT_DAYS, Forecaster, issue_day
from .coalitions import LEAST_ROUNDS, player_values
from .coalitions import METHODS as PLAYER_METHODS
from .event_groups import AGE_NAMES, EventGroups, grouped
from .explanation import TOLERANCE, Axis, Explanation

METHODS = (*PLAYER_METHODS, "tree")
# Coarser tiles are taken until so many rounds fit into the time.
_ROUNDS_WANTED = LEAST_ROUNDS
_GROWTHS = (2.0, 3.0, 6.0, 20.0, 200.0)
_LEAST_RATE = 1e-30


class Game(NamedTuple):
    """Log rate of the cell as a function of the groups of events that are present, and those groups."""

    outcome: Callable[[np.ndarray, int], np.ndarray]
    groups: EventGroups
    tolerance: float = TOLERANCE
    counted: str = "events"


def explain_forecast(
    model: Forecaster,
    catalog: Catalog,
    method: str | None = None,
    *,
    day=None,
    cell: tuple[float, float] | None = None,
    cells: int = 0,
    seed: int = 0,
    tolerance: float | None = None,
    time_limit_s: float = 60.0,
) -> Explanation:
    """What raised and what lowered the log rate of a cell, by groups of past events or, of trees, by features.

    Arguments:
        catalog: events of all magnitudes; those before the day are used.
        method: "permutation" or "kernel" on groups of events (cells x days), "tree" on the features of boosted trees;
            "tree" for these and "permutation" for all others where None.
        day: of issue; the day after the last event where None.
        cell: latitude and longitude in degrees; the cell of the highest probability where None.
        tolerance: of the standard errors, in parts of the output's range; where None, 0.05, or 0.01 where a coalition
            costs nothing (ETAS).
        cells: of method "tree", so many cells of the highest probability are explained after that one.
    """
    if method not in (None, *METHODS):
        raise InputError(f"a method of {', '.join(METHODS)}", repr(method), "choose one of them")
    if day is None and not len(catalog):
        raise InputError("a catalogue with events", "none", "give another file")
    day = model.grid.days(catalog.time[-1:])[0] + 1 if day is None else issue_day(day)
    forecast = model.predict(catalog, day)
    place = _place(model, forecast, cell)
    past = catalog.between(None, model.grid.day_start(day))
    trees = _boosting(model)
    if method == "tree" and trees is None:
        raise InputError("boosted trees for method tree", model.card.architecture, "use method=permutation")
    latitude, longitude = (float(v[place]) for v in model.grid.centres())
    first, end = forecast.period
    common = {
        "model": model.card.name,
        "target": f"log rate of M >= {model.magnitude:g} in [{first}, {end}) at {latitude:.2f}, {longitude:.2f}",
        "unit": "nats",
        "seed": seed,
    }
    details = {
        "day": str(day),
        "cell": [latitude, longitude],
        "row_column": [int(part) for part in place],
        "probability": float(forecast.probability[place]),
    }
    if trees is not None and method in (None, "tree"):
        from .boosted import boosted_explanation

        likeliest = np.argsort(forecast.probability, axis=None)[::-1][:cells]
        if cells:
            common["target"] += f" and in the {cells} likeliest cells"
        numbers = np.concatenate([[np.ravel_multi_index(place, model.grid.shape)], likeliest])
        return boosted_explanation(trees, past, day, model.window_days, numbers, seed, details, common)
    if cells:
        raise InputError("further cells for method tree", f"{cells} for {method or 'permutation'}", "leave cells out")
    began = time.monotonic()
    game = _game(model, past, day, place, time_limit_s)
    spent = time.monotonic() - began
    found = player_values(
        game.outcome,
        game.groups.players,
        method or "permutation",
        seed,
        game.tolerance if tolerance is None else tolerance,
        max(time_limit_s - spent, 1.0),
    )
    groups, grid = game.groups, model.grid
    row, column = ((edges[:-1] + edges[1:]) / 2 for edges in (groups.row_edges, groups.column_edges))
    error = found.standard_error.max(initial=0.0) / max(found.output_range, 1e-12)
    days = model.card.settings["steps"] if game.counted != "events" else RECENT_DAYS
    recent = past.between(grid.day_start(day - days), None)
    # The model's own answer: what the game does not reproduce of it shows as additivity error.
    output = np.log(np.maximum(model.rates(past, day)[0][place].astype(np.float64), _LEAST_RATE))
    return Explanation(
        **common,
        method=method or "permutation",
        samples=found.samples,
        values=groups.on_tiles(found.values)[None],
        base_value=np.array([found.base_value]),
        output=np.array([output]),
        output_range=found.output_range,
        axes=(
            Axis("latitude", "degrees", grid.points(row, place[1] + 0.5)[0]),
            Axis("longitude", "degrees", grid.points(place[0] + 0.5, column)[1]),
            Axis("days before", "", np.array(AGE_NAMES)),
        ),
        seconds=time.monotonic() - began,
        sampling_error=np.array([error]),
        inputs=groups.on_tiles(groups.size)[None],
        details={
            **details,
            "grid": grid,
            "row_edges": groups.row_edges,
            "column_edges": groups.column_edges,
            "standard_error": groups.on_tiles(found.standard_error),
            "counted": game.counted,
            "recent": recent.above(model.card.settings["input_magnitude"]),
        },
    )


def _place(model: Forecaster, forecast, cell) -> tuple[int, int]:
    if cell is None:
        return tuple(int(i) for i in np.unravel_index(forecast.probability.argmax(), model.grid.shape))
    row, column, inside = model.grid.cells(*cell)
    if not inside:
        south, north, west, east = model.grid.bounds()
        raise InputError(
            f"a cell in {south:.1f} to {north:.1f} N, {west:.1f} to {east:.1f} E",
            "{:g}, {:g}".format(*cell),
            "give a latitude and a longitude inside",
        )
    return int(row), int(column)


def _boosting(model: Forecaster):
    """The boosted trees of a model; None where it has none."""
    from ..forecast.boosting import Boosting

    rates = getattr(model, "rate_model", None) if "model.json" in model.card.files else None
    return rates if isinstance(rates, Boosting) else None


def _game(model: Forecaster, past: Catalog, day, place: tuple[int, int], time_limit_s: float) -> Game:
    """The fastest way to the model's answer without some of the events."""
    if "model.json" in model.card.files:
        from ..forecast.calibrated import Calibrated
        from ..forecast.etas.model import Etas

        rates, line = model.rate_model, (0.0, 1.0)
        if isinstance(rates, Calibrated):
            rates, line = rates.model, rates.heads[model.window_days]
        if isinstance(rates, Etas):
            return _etas_game(model, rates.fit, line, past, day, place)
    elif _maps_only(model):
        return _map_game(model, past, day, place, time_limit_s)
    return _catalog_game(model, past, day, place, time_limit_s)


def _maps_only(model) -> bool:
    """Whether the graph takes nothing but day maps that are zero where nothing happened.

    Of a network with a memory that is the graph of its last `steps` days.
    """
    inputs = [tensor.name for tensor in model.card.inputs]
    return inputs == ["maps"] and "days_since_last" not in model.card.settings.get("channels", ())


def _etas_game(model, fit, line: tuple[float, float], past: Catalog, day, place) -> Game:
    """An ETAS rate is a sum over events: any coalition is a product with what each group adds.

    Arguments:
        line: (a, b) of a calibration, a + b log rate.
    """
    from ..forecast.etas.contributions import contributions
    from ..forecast.etas.forecast import EtasForecasts

    forecasts = EtasForecasts(fit, past, model.grid, model.window_days, day)
    parts = contributions(forecasts, day, *place, model.magnitude)
    groups = grouped(parts.row, parts.column, parts.age_days, place, model.grid.shape)
    each = np.bincount(groups.player, parts.event, groups.players)
    a, b = line
    return Game(lambda present, _: a + b * np.log(parts.background + present @ each), groups, tolerance=0.01)


def _map_game(model, past: Catalog, day, place, time_limit_s: float) -> Game:
    """Cells of day maps without events are zero in every channel: absent groups are zeros."""
    maps = model.maps(past, day)
    step, row, column = np.nonzero(maps.any(axis=-1))
    age_days = len(maps) - step - 0.5
    batch = max(1, int(2e6 // maps.size))

    def game(growth: float) -> Game:
        groups = grouped(row, column, age_days, place, model.grid.shape, growth)
        player = np.full(maps.shape[:3], groups.players)
        player[step, row, column] = groups.player

        def outcome(present: np.ndarray, _: int) -> np.ndarray:
            present = np.concatenate([present, np.ones((len(present), 1), bool)], axis=1)
            parts = [
                model.run(maps=maps * present[i : i + batch][:, player][..., None])["probability"]
                for i in range(0, len(present), batch)
            ]
            probability = np.concatenate([part[:, place[0], place[1]] for part in parts]).astype(np.float64)
            return np.log(np.maximum(-np.log1p(-np.minimum(probability, 1 - 1e-7)), _LEAST_RATE))

        return Game(outcome, groups, counted="cells x days")

    return _affordable(game, time_limit_s)


def _catalog_game(model, past: Catalog, day, place, time_limit_s: float) -> Game:
    """The model's rates from the catalogue without the absent groups, one coalition after the other."""
    events = past.above(model.card.settings["input_magnitude"])
    row, column, _ = model.grid.cells(events.latitude, events.longitude)
    age_days = (model.grid.day_start(day) - events.time) / np.timedelta64(1, "D")

    def game(growth: float) -> Game:
        groups = grouped(row, column, age_days, place, model.grid.shape, growth)

        def outcome(present: np.ndarray, _: int) -> np.ndarray:
            rates = [model.rates(events[keep[groups.player]], day)[0][place] for keep in present]
            return np.log(np.maximum(np.array(rates, np.float64), _LEAST_RATE))

        return Game(outcome, groups)

    return _affordable(game, time_limit_s)


def _affordable(game: Callable[[float], Game], time_limit_s: float) -> Game:
    """The finest tiles with which some rounds of permutations fit into the time."""
    for growth in _GROWTHS:
        tried = game(growth)
        present = np.ones((2, tried.groups.players), bool)
        tried.outcome(present, 0)  # the first call warms up
        began = time.monotonic()
        tried.outcome(present, 0)
        each_s = (time.monotonic() - began) / 2
        if each_s * (2 * tried.groups.players + 1) * _ROUNDS_WANTED <= time_limit_s:
            break
    return tried
