"""SHAP values of a forecast: what past seismicity raised or lowered the rate of one cell."""

from __future__ import annotations

import time

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ..forecast.forecaster import RECENT_DAYS, Forecaster, issue_day
from .coalitions import METHODS as PLAYER_METHODS
from .coalitions import player_values
from .event_groups import AGE_NAMES
from .explanation import Axis, Explanation
from .forecast_games import LEAST_RATE, game_of

METHODS = (*PLAYER_METHODS, "tree")


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
    game = game_of(model, past, day, place, time_limit_s)
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
    output = np.log(np.maximum(model.rates(past, day)[0][place].astype(np.float64), LEAST_RATE))
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
