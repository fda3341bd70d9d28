"""What a recipe of a forecaster holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ...zoo.card import NAME_PATTERN
from ..section import Fit, Section


class Crops(Section):
    """Training on tiles of the map, each through a pass of days cut into stretches.

    A recurrent network's state is carried from stretch to stretch of a pass, and gradients run through each stretch;
    any other network sees one window of `steps` days a pass.
    """

    tile: int = Field(32, ge=8, description="rows and columns of a tile")
    lanes: int = Field(8, ge=1, description="tiles side by side in a batch")
    stretch_days: int = Field(16, ge=1, description="days that gradients run through")
    stretches: int = Field(8, ge=1, description="stretches of a pass")
    label_days: int = Field(4, ge=1, description="days between two answers in a stretch; its last day is one")
    passes: int = Field(8, ge=1, description="passes of all lanes in an epoch")
    validation_passes: int = Field(4, ge=1)
    warm_up_days: int = Field(128, ge=0, description="days from an empty state to the first forecast that counts")
    norm: Literal["batch", "settled"] = Field(
        "batch", description="statistics of each batch, or those of the first batches throughout"
    )
    memory_days: float = Field(
        0.0, ge=0, description="the longest memory of a settled recurrent state at the start; 0 as the weights have it"
    )
    readout_passes: int = Field(
        0, ge=0, description="the last block of a recurrent network over a prior begins as a regression on so many"
    )
    prior_folds: int = Field(
        1, ge=1, description="parts of the training period, each learnt from over a prior of the others' events"
    )
    shortcut: str = Field("", description="what training on tiles cost in score on validation, for the card")

    @model_validator(mode="after")
    def _answers_fill_the_stretch(self):
        if self.stretch_days % self.label_days:
            raise ValueError(f"label_days {self.label_days} do not divide stretch_days {self.stretch_days}")
        return self


class RecentError(Section):
    """Observed over expected events of the past, as zoo/forecast/residual/ratios.py has it."""

    width_km: float | None = Field(
        None, ge=0, description="of the Gaussian; 0 the cell alone, left out the whole region"
    )
    decay_days: float = Field(gt=0)
    shrink: float = Field(gt=0, description="events expected before the ratio moves half of its way")


class Residual(Section):
    """A network on an ETAS forecast and its recent errors, learnt from forecasts of each half by a fit to the other."""

    errors: tuple[RecentError, ...] = Field(min_length=1)
    hidden: int = Field(0, ge=0, description="units beside the linear head")
    ridge: float = Field(100.0, gt=0, description="of the linear head, in events")
    negatives: int = Field(300, ge=1, description="cells without an event that are drawn a week")


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
        "cnn",
        "cnn-prior",
        "cnn-lstm",
        "cnn-lstm-prior",
        "unet",
        "residual-etas",
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
    crops: Crops | None = Field(None, description="train on tiles; on windows of the whole map if left out")
    residual: Residual | None = Field(None, description="what a residual network looks at")
    fit: Fit = Fit(epochs=0)

    @model_validator(mode="after")
    def _residual_networks_say_what_they_see(self):
        if (self.architecture == "residual-etas") != (self.residual is not None):
            raise ValueError("architecture residual-etas and a section [residual] belong together")
        return self
