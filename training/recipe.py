"""Recipe: all that decides a training, in one TOML file."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..datasets.errors import InputError
from .city.ml_earthquake import is_entry, values_of_entry
from .city.recipe import CityForecasting
from .forecast.recipe import Forecasting
from .waveform.blast_recipe import BlastOrQuake
from .waveform.magnitude_recipe import Magnitude
from .waveform.recipe import SeismicCycle

RECIPES = Path(__file__).parent / "recipes"


# The schema of each task stands beside its training.
SCHEMAS = {
    "seismic-cycle": SeismicCycle,
    "forecast": Forecasting,
    "city-forecast": CityForecasting,
    "blast-or-quake": BlastOrQuake,
    "magnitude": Magnitude,
}
Recipe = SeismicCycle | Forecasting | CityForecasting | BlastOrQuake | Magnitude


def names() -> list[str]:
    """The recipes that come with the package.

    >>> "p64-simcycle" in names()
    True
    """
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read_recipe(name_or_path: str | Path, changes: dict[str, str] | None = None) -> Recipe:
    """A recipe by the name of one in the package, as a TOML file, or as FILE.json:ID of ml-earthquake; values changed.

    >>> read_recipe("p64-simcycle", {"fit.epochs": "2"}).fit.epochs
    2
    """
    name, path = str(name_or_path), Path(name_or_path)
    values = values_of_entry(name) if is_entry(name) else _values_of_toml(name)
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


def _values_of_toml(name: str) -> dict[str, Any]:
    path = RECIPES / f"{name}.toml"
    if not path.is_file():
        path = Path(name)
    if path.suffix != ".toml" or not path.is_file():
        near = difflib.get_close_matches(name, names(), n=3, cutoff=0.3) or names()
        raise InputError(
            "the name of a recipe, a TOML file, or FILE.json:ID of ml-earthquake",
            repr(name),
            f"nearest recipes: {', '.join(near)}",
        )
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("a recipe in TOML", f"{path} ({error})", "mend the file") from error


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
