"""What a recipe of a magnitude model holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...zoo.card import NAME_PATTERN
from ..section import Fit, Section


class Magnitude(Section):
    """Magnitude from one record, by trees on waveform features."""

    name: str = Field(pattern=NAME_PATTERN)
    task: Literal["magnitude"]
    summary: str
    architecture: Literal["magnitude-forest"]
    data: Literal["simulated"]
    events: int = Field(1600, ge=60, description="of the simulated set")
    data_seed: int = 1
    trees: int = Field(100, ge=1)
    leaves: int = Field(200, ge=2, description="of a tree, at most: they decide the size of the file")
    coordinates: bool = Field(False, description="source depth, place and P travel time too, as published")
    fit: Fit = Field(
        Fit(seeds=(42,)), description="of the small network beside the trees; the first seed is theirs too"
    )
