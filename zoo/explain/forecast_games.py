"""A cell's log rate as a game: past events in groups that are present or absent, by the fastest way the model has."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...datasets.catalog import Catalog
from ..forecast.forecaster import Forecaster
from .coalitions import LEAST_ROUNDS
from .event_groups import EventGroups, grouped
from .explanation import TOLERANCE

# Coarser tiles are taken until so many rounds fit into the time.
_ROUNDS_WANTED = LEAST_ROUNDS
_GROWTHS = (2.0, 3.0, 6.0, 20.0, 200.0)
LEAST_RATE = 1e-30


class Game(NamedTuple):
    """Log rate of the cell as a function of the groups of events that are present, and those groups."""

    outcome: Callable[[np.ndarray, int], np.ndarray]
    groups: EventGroups
    tolerance: float = TOLERANCE
    counted: str = "events"


def game_of(model: Forecaster, past: Catalog, day, place: tuple[int, int], time_limit_s: float) -> Game:
    """The fastest way to the model's answer without some of the events."""
    if "model.json" in model.card.files:
        from ..forecast.calibrated import Calibrated
        from ..forecast.etas.model import Etas
        from ..forecast.recency import Recency

        rates, line = model.rate_model, (0.0, 1.0)
        if isinstance(rates, Calibrated):
            rates, line = rates.model, rates.heads[model.window_days]
        if isinstance(rates, Etas):
            return _etas_game(model, rates.fit, line, past, day, place)
        if isinstance(rates, Recency):
            return _recency_game(model, rates, line, past, day, place)
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


def _recency_game(model, rates, line: tuple[float, float], past: Catalog, day, place) -> Game:
    """Recency counts decaying events: each count is a sum over events, as ETAS is.

    Arguments:
        line: (a, b) of a calibration, a + b log rate.
    """
    from ..forecast.features import DECAYS
    from ..forecast.history import History
    from ..forecast.recency import head_of

    head, window = head_of(rates.heads, model.window_days), model.window_days
    history = History(past, rates.grid, rates.input_magnitude, rates.padding_km)
    row, column = np.divmod(history.cell, history.shape[1])
    age = np.datetime64(day, "D").astype(np.int64) - history.day
    counted = [np.exp(-(age - 0.5) / t) * (age <= np.ceil(DECAYS * t)) for t in head["decay_days"]]
    share = [history.share_in(*place, width)[row, column] for width in head["widths_km"]]
    groups = grouped(row - history.margin[0], column - history.margin[1], age - 0.5, place, rates.grid.shape)
    each = [np.bincount(groups.player, c * s, groups.players) for c in counted for s in share]
    b0, b1, *rest = head["coefficients"]
    base = b0 + b1 * np.log(rates.rate_per_day[place] * (window[1] - window[0]))
    (a, b), least = line, head["least_count"]

    def outcome(present: np.ndarray, _: int) -> np.ndarray:
        return a + b * (base + np.log1p(present @ np.stack(each, axis=1) / least) @ np.array(rest))

    return Game(outcome, groups, tolerance=0.01)


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
            return np.log(np.maximum(-np.log1p(-np.minimum(probability, 1 - 1e-7)), LEAST_RATE))

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
            return np.log(np.maximum(np.array(rates, np.float64), LEAST_RATE))

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
