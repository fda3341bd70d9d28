"""Sections of a recipe that several tasks share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A checked part of a recipe: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fit(Section):
    """How the one training loop runs."""

    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: float = Field(1e-3, gt=0)
    learning_rate_decay: float = Field(0.0, ge=0, description="d of learning_rate / (1 + d step)")
    weight_decay: float = Field(0.0, ge=0)
    batch: int = Field(32, ge=1)
    epochs: int = Field(10, ge=0)
    patience: int = Field(3, ge=1, description="epochs without a better validation score before stopping")
    precision: Literal["float32", "float16", "int8"] = Field(
        "float32",
        description="of weights on disk, rounded after the last epoch: float16, or int8 for the largest of them",
    )
    settle: int = Field(
        0,
        ge=0,
        description="batches over which the statistics of normalisations are taken anew after each epoch; "
        "0 keeps their moving averages",
    )
    seeds: tuple[int, ...] = Field((1,), min_length=1, description="one training each; validation picks the one kept")
