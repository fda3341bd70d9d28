"""What a recipe of a forecaster holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...zoo.card import NAME_PATTERN
from ..section import Fit, Section


class Forecasting(Section):
    """Probability of an event in each cell of a grid."""

    name: str = Field(pattern=NAME_PATTERN)
    task: Literal["forecast"]
    summary: str
    architecture: Literal[
        "uniform",
        "rate",
        "smoothed",
        "recency",
        "indicator-boosting",
        "rtl-boosting",
        "boosting",
        "etas",
        "etas-calibrated",
        "cnn-lstm-prior",
    ]
    region: str
    split: str = "hard"
    magnitude: float = Field(description="the smallest magnitude of the target")
    window_days: tuple[int, int] = Field((0, 7), description="target of day t, [t + a, t + b); names the protocol")
    other_windows: tuple[tuple[int, int], ...] = Field((), description="windows that a baseline answers for besides")
    baselines: tuple[str, ...] = Field(("uniform", "rate", "smoothed", "recency"), description="beside it on the card")
    steps: int = Field(1, ge=1, description="days of history that the network sees")
    embedding: int = Field(16, ge=1, description="filters of the embedding; 16 as published")
    hidden: int = Field(32, ge=1, description="channels of the recurrent state; 32 as published")
    train_every_days: int = Field(1, ge=1, description="days between two days of issue in training")
    positive_weight: float = Field(1.0, gt=0, description="weight of cells with an event in the loss")
    prior_shift: float = Field(0.0, description="the constant c beside the prior's log-odds")
    fit: Fit = Fit(epochs=0)
