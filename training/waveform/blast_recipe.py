"""What a recipe of an earthquake-or-blast ensemble holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...zoo.card import NAME_PATTERN
from ..section import Fit, Section


class BlastOrQuake(Section):
    """Earthquake or blast from vertical records, by an ensemble of two architectures in one graph."""

    name: str = Field(pattern=NAME_PATTERN)
    task: Literal["blast-or-quake"]
    summary: str
    architecture: Literal["blast-both"]
    data: Literal["simulated", "pnw"]
    regions: tuple[str, ...] = Field(("A", "B", "C"), min_length=1, description="simulated ones")
    events: int = Field(400, ge=20, description="of each simulated region; for real data those of the forest beside")
    data_seed: int = 1
    start: str | None = Field(None, description="the model of the zoo that is fine-tuned; a new start where none")
    frozen: bool = Field(False, description="whether fine-tuning leaves the convolutions")
    rehearsal: int = Field(0, ge=0, description="events of each simulated region that fine-tuning sees again, or none")
    fit: Fit
