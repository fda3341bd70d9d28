"""Contestants from the zoo: models of a case's cells, window and magnitude that have not seen its test."""

from __future__ import annotations

import fnmatch

import numpy as np

from ...datasets.grid import Grid
from ...training.forecast.baselines import BASELINES
from ...training.forecast.case import ForecastCase
from ...zoo import registry
from ...zoo.card import Card


def from_zoo(case: ForecastCase, pattern: str) -> tuple[list[str], dict[str, str]]:
    """Names that take part, and names that were left out with the reason.

    A baseline of the zoo takes part where the pattern is more than "*": the benchmark fits its own.
    """
    taken, left_out = [], {}
    for card in registry.cards():
        if card.task != "forecast" or not fnmatch.fnmatch(card.name, pattern):
            continue
        if Grid.from_dict(card.settings["grid"]) != case.grid or (pattern == "*" and card.architecture in BASELINES):
            continue
        reason = _unfit(card, case)
        if reason:
            left_out[card.name] = reason
        else:
            taken.append(card.name)
    return taken, left_out


def _unfit(card: Card, case: ForecastCase) -> str:
    """Why a model of the same grid cannot be compared; "" if it can."""
    a, b = case.protocol.window_days
    windows = [list(card.settings["window_days"]), *card.settings.get("other_windows", [])]
    if [a, b] not in windows:
        return f"it forecasts days {windows}, not {a} to {b}"
    if card.settings["magnitude"] != case.magnitude:
        return f"it forecasts M >= {card.settings['magnitude']:g}, not {case.magnitude:g}"
    last = np.datetime64(card.split.validation.split(" to ")[-1])
    if not last < case.split.test.first:
        return f"it has seen events to {last}, and the test begins on {case.split.test.first}"
    return ""
