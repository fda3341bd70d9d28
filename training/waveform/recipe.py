"""What a recipe of a waveform model holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...zoo.card import NAME_PATTERN
from ..section import Fit, Section


class Refit(Section):
    """How far an audit trains the architecture again on what should tell it nothing."""

    records: int = Field(2000, ge=60, description="of training, at most")
    epochs: int = Field(4, ge=1)


class SeismicCycle(Section):
    """Foreshock or aftershock from one record."""

    name: str = Field(pattern=NAME_PATTERN)
    task: Literal["seismic-cycle"]
    summary: str
    architecture: str = Field(description="a variant of foreshock.zoo.waveform")
    cause: Literal["source", "path", "noise", "none"] = Field(description="what differs in the simulated cycle")
    events: int = Field(1600, ge=20, description="of the simulated cycle; a folder with real records has its own")
    data_seed: int = 1
    fit: Fit
    audit: Refit = Refit()
