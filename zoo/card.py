"""Card: the checked record of a model, stored as card.json beside its weights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..datasets.atomic import replacing
from ..datasets.errors import InputError

NAME_PATTERN = r"^[a-z0-9]+(-[a-z0-9.]+)*$"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class File(_Part):
    """A file of the model's folder: its hash and size, and for a graph the large arrays that lie in model.keras."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)
    arrays: tuple[str, ...] = Field((), exclude_if=lambda names: not names)


class Tensor(_Part):
    """An input or output of the graph; None in a shape is any size."""

    name: str
    shape: tuple[int | None, ...]
    unit: str


class Score(_Part):
    """A score of one model on the result's cases, with its 95 % interval."""

    model: str
    value: float
    low: float
    high: float

    @model_validator(mode="after")
    def _interval_holds_value(self):
        if not self.low <= self.value <= self.high:
            raise ValueError(f"interval {self.low:g} to {self.high:g} does not hold {self.value:g}")
        return self

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


class Result(_Part):
    """One score of this model beside its baselines', all on the same cases."""

    score: str
    cases: str
    ours: Score
    baselines: tuple[Score, ...] = Field(min_length=1)
    ceiling: Score | None = Field(None, description="what a model that knows the simulated truth reaches")
    higher_is_better: bool = True

    @property
    def best_baseline(self) -> Score:
        """The baseline to beat."""
        pick = max if self.higher_is_better else min
        return pick(self.baselines, key=lambda b: b.value)


class Control(_Part):
    """A row of the audit: the same score under a condition in which an honest model has nothing to go by."""

    control: str
    score: str
    value: float
    low: float
    high: float
    honest: str
    verdict: Literal["clear", "suspicious", "convicted", "for information"]

    def __str__(self) -> str:
        interval = f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"
        return f"{self.control}: {self.score} {interval}, {self.verdict}; honest is {self.honest}"


class Data(_Part):
    """What the weights saw."""

    name: str
    version: str
    source: str
    licence: str
    simulated: bool
    period: str
    completeness: float | None = Field(description="magnitude of completeness")
    events: int = Field(ge=0)
    records: int | None = None


class Split(_Part):
    """How training, validation and test were told apart."""

    method: str
    train: str
    validation: str
    test: str
    seed: int | None = None


class Threshold(_Part):
    """The decision threshold and how it was chosen."""

    value: float
    chosen: str


class Card(_Part):
    """What a reader must know before believing a model; every field is checked when read.

    `settings` holds what the model's class needs to feed the graph (window, rate, grid), `results[0]` is the headline.
    """

    name: str = Field(pattern=NAME_PATTERN)
    version: str
    task: Literal["seismic-cycle", "forecast", "city-forecast", "blast-or-quake", "magnitude"]
    summary: str
    architecture: str
    parameters: int = Field(ge=0)
    files: dict[str, File]
    inputs: tuple[Tensor, ...] = Field(min_length=1)
    outputs: tuple[Tensor, ...] = Field(min_length=1)
    classes: tuple[str, ...] = ()
    settings: dict[str, Any]
    threshold: Threshold
    data: Data
    split: Split
    hyperparameters: dict[str, Any]
    seeds: tuple[int, ...]
    software: dict[str, str]
    wall_time_s: float
    results: tuple[Result, ...] = Field(min_length=1)
    audit: tuple[Control, ...] = ()
    fails: tuple[str, ...] = Field(min_length=1)
    cite: str
    licence: str
    command: str = Field(description="what makes this model and every number on its card")

    @property
    def headline(self) -> Result:
        """The result that stands for the model in a list."""
        return self.results[0]

    @property
    def bytes(self) -> int:
        """Size of all files of the model."""
        return sum(file.bytes for file in self.files.values())

    def write(self, path: Path) -> None:
        """Write card.json with its seal: the hash of its own content, so that a later edit is noticed."""
        content = self.model_dump(mode="json")
        with replacing(path) as temporary:
            temporary.write_text(json.dumps({**content, "seal": _seal(content)}, indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def read(cls, path: Path) -> Card:
        """Read and check a card.json."""
        try:
            content = json.loads(Path(path).read_text())
        except FileNotFoundError as error:
            raise InputError(
                "a card.json in the model's folder", f"none at {path}", "install the model again"
            ) from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise InputError("JSON in a card", f"{path} ({error})", "install the model again") from error
        seal = content.pop("seal", None) if isinstance(content, dict) else None
        try:
            card = cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the card"
            raise InputError(
                f"a valid card, {where}: {first['msg']}",
                f"{str(first['input'])[:60]} in {path}",
                "mend or reinstall it",
            ) from error
        if seal != _seal(content):
            raise InputError(
                "a card as it was written with its weights",
                f"{path}, changed since (its seal does not fit its content)",
                "restore the file or train the model again",
            )
        return card


def _seal(content: dict) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
