"""Outcome: what a training hands over to become a model of the zoo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..zoo.card import Result, Score
from .scores.intervals import Interval


@dataclass(frozen=True)
class Outcome:
    """A trained model with the cases that pin it down and the card's fields that its task knows.

    Arguments:
        model: keras.Model, inputs named, outputs a dict; or a fitted RateModel.
        golden: name of input to array, a few real or simulated test cases.
        card: fields of Card: classes, settings, threshold, data, split, results, audit, fails, seeds, ...
        background: of a waveform model, what `zoo.explain.background.chosen_background` took from its training data.
        folders: what else is written beside the model: a folder's name to a function that fills it.
        etas: of a network that corrects an ETAS forecast, the fit, whose files stand with the network's.
    """

    model: Any
    golden: dict[str, np.ndarray]
    card: dict[str, Any]
    background: dict[str, np.ndarray] | None = None
    folders: dict[str, Callable[[Path], None]] = field(default_factory=dict)
    etas: Any = None


def scored(model: str, interval: Interval) -> Score:
    """An interval as a card keeps it, four digits behind the point."""
    value, low, high = (round(float(v), 4) for v in interval[:3])
    return Score(model=model, value=value, low=min(low, value), high=max(high, value))


def first_line(what: str, data: str, simulated: bool, results: list[Result]) -> str:
    """A card's summary: what the model does and on which data; a model that loses to a baseline says so before all."""
    headline = results[0]
    ours, best = headline.ours.value, headline.best_baseline
    behind = ours <= best.value if headline.higher_is_better else ours >= best.value
    lost = f"LOSES to {best.model} on {headline.score}: " if behind else ""
    return f"{lost}{what}; {'SIMULATED data, ' if simulated else ''}{data}"
