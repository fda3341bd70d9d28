"""Recipe: all that decides a training, in one TOML file."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..datasets.errors import InputError
from ..zoo.card import NAME_PATTERN

RECIPES = Path(__file__).parent / "recipes"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fit(_Section):
    """How the one training loop runs."""

    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    batch: int = Field(32, ge=1)
    epochs: int = Field(10, ge=0)
    patience: int = Field(3, ge=1, description="epochs without a better validation score before stopping")
    seeds: tuple[int, ...] = Field((1,), min_length=1, description="one training each; validation picks the one kept")


class SeismicCycle(_Section):
    """Foreshock or aftershock from one record."""

    name: str = Field(pattern=NAME_PATTERN)
    task: Literal["seismic-cycle"]
    summary: str
    architecture: str = Field(description="a variant of foreshock.zoo.waveform")
    cause: Literal["source", "path", "noise", "none"] = Field(description="what differs in the simulated cycle")
    events: int = Field(1600, ge=20)
    data_seed: int = 1
    fit: Fit


class Forecasting(_Section):
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


Recipe = SeismicCycle | Forecasting
SCHEMAS = {"seismic-cycle": SeismicCycle, "forecast": Forecasting}


def names() -> list[str]:
    """The recipes that come with the package.

    >>> "p64-simcycle" in names()
    True
    """
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read_recipe(name_or_path: str | Path, changes: dict[str, str] | None = None) -> Recipe:
    """A recipe by the name of one in the package or the path of a TOML file, with values changed.

    >>> read_recipe("p64-simcycle", {"fit.epochs": "2"}).fit.epochs
    2
    """
    path = RECIPES / f"{name_or_path}.toml"
    if not path.is_file():
        path = Path(name_or_path)
    if path.suffix != ".toml" or not path.is_file():
        near = difflib.get_close_matches(str(name_or_path), names(), n=3, cutoff=0.3) or names()
        raise InputError(
            "the name of a recipe or a TOML file", repr(str(name_or_path)), f"nearest recipes: {', '.join(near)}"
        )
    try:
        values = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("a recipe in TOML", f"{path} ({error})", "mend the file") from error
    for key, value in (changes or {}).items():
        _change(values, key, value)
    schema = SCHEMAS.get(values.get("task"))
    if schema is None:
        raise InputError(f"a task of {', '.join(SCHEMAS)}", repr(values.get("task")), f"mend task in {path}")
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"a valid recipe, {key}: {first['msg']}", f"{str(first['input'])[:60]} in {path.name}", "mend the value"
        ) from error


def _change(values: dict[str, Any], key: str, text: str) -> None:
    """Set a dotted key to a value written as in TOML; what is not TOML is taken as a text."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = key.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
    values[last] = value
