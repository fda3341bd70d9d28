"""What a recipe of a city's forecast holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...zoo.card import NAME_PATTERN
from ..section import Fit, Section


class Place(Section):
    """The circle that the forecast is about."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    radius_km: float = Field(gt=0)


class Resampling(Section):
    """A method of imbalanced-learn with its arguments."""

    name: Literal[
        "RandomUnderSampler",
        "SMOTE",
        "NearMiss",
        "TomekLinks",
        "CondensedNearestNeighbour",
        "EditedNearestNeighbours",
        "AllKNN",
        "NeighbourhoodCleaningRule",
    ]
    args: dict[str, float | int | str] = Field(default_factory=dict)


class Published(Section):
    """What the recipe of ml-earthquake said, where it said it; kept beside what is used here."""

    threshold_mag: float
    learning_rate: float | None = None
    decay: float | None = None
    epochs: int | None = None
    test_ratio: float | None = None


class CityForecasting(Section):
    """Probability of at least one earthquake in a circle within the next days."""

    name: str = Field(pattern=NAME_PATTERN)
    task: Literal["city-forecast"]
    summary: str
    architecture: Literal["conv-lstm"] = "conv-lstm"
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="names the folder of summary.json")
    display_name: dict[str, str]
    region: str = Field("japan", description="whose catalogue is read")
    circle: Place
    magnitude: float | None = Field(
        None, description="the smallest target; the published one, raised to the region's m0, where not given"
    )
    published: Published
    window_days: int = Field(15, ge=1, description="days that the network sees")
    predict_range_days: int = Field(1, ge=1)
    rows: int = Field(20, ge=2)
    columns: int = Field(30, ge=2)
    validation_ratio: float = Field(0.1, gt=0, lt=1, description="share of the region's days before the test")
    test_ratio: float = Field(0.25, gt=0, lt=1, description="share of the region's days, the last ones")
    dropout: float = Field(0.3, ge=0, lt=1)
    norm_momentum: float = Field(0.99, gt=0, lt=1, description="of the batch normalisation's statistics")
    resampling: tuple[Resampling, ...] = ()
    samples_per_epoch: int | None = Field(None, ge=1, description="of the resampled days; all of them where not given")
    fit: Fit
