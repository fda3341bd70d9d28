"""The names of the zoo: list by wildcard, load by name."""

from __future__ import annotations

import difflib
import fnmatch
import os
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..datasets.errors import InputError
from .card import NAME_PATTERN, Card

if TYPE_CHECKING:
    from .model import Model

WEIGHTS = Path(__file__).parent / "weights"
# Which class answers for which task; the modules are imported when a model of that task is loaded.
MODEL_CLASSES = {
    "seismic-cycle": (".waveform.classifier", "WaveformClassifier"),
    "forecast": (".forecast.network_forecaster", "NetworkForecaster"),
    "city-forecast": (".forecast.city", "CityForecaster"),
    "blast-or-quake": (".waveform.vertical_classifier", "VerticalClassifier"),
    "magnitude": (".waveform.magnitude_model", "MagnitudeModel"),
}
# Architectures that are no network have a class of their own.
_BASELINE = (".forecast.baseline_forecaster", "BaselineForecaster")
# Networks with a memory come with the graph of one day.
_RECURRENT = (".forecast.recurrent_forecaster", "RecurrentForecaster")
# An ETAS model whose forecasts a network corrects.
_RESIDUAL = (".forecast.residual.forecaster", "ResidualForecaster")
BASELINE_ARCHITECTURES = ("recency", "indicator-boosting", "rtl-boosting", "boosting", "etas", "etas-calibrated")


def folders() -> dict[str, Path]:
    """Every model's folder by name, in natural order; a folder of $FORESHOCK_ZOO hides one of the same name inside."""
    found: dict[str, Path] = {}
    extra = [Path(part) for part in os.environ.get("FORESHOCK_ZOO", "").split(os.pathsep) if part]
    for place in (WEIGHTS, *reversed(extra)):
        if place.is_dir():
            found |= {
                f.name: f for f in place.iterdir() if (f / "card.json").is_file() and re.match(NAME_PATTERN, f.name)
            }
    return dict(sorted(found.items(), key=lambda item: _natural(item[0])))


def _natural(name: str) -> list:
    """Sort key that puts p64 after p8."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]


def models(pattern: str = "*") -> list[str]:
    """Names of the zoo that match a shell wildcard.

    >>> models("*64-simcycle")
    ['p64-simcycle', 's64-simcycle']
    """
    return fnmatch.filter(folders(), pattern)


def cards(pattern: str = "*") -> list[Card]:
    """The cards of the models that match."""
    places = folders()
    return [Card.read(places[name] / "card.json") for name in models(pattern)]


def folder_of(name: str) -> Path:
    """The folder of a model; an unknown name raises with the nearest names."""
    known = folders()
    if name in known:
        return known[name]
    if not re.match(NAME_PATTERN, name):
        raise InputError(
            "a model name of small letters, digits, dots and hyphens",
            repr(name),
            "run `foreshock models` for the names",
        )
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or list(known)[:3]
    raise InputError(f"one of the {len(known)} models", repr(name), f"nearest names: {', '.join(near) or 'none'}")


def load(name: str, runtime: Literal["onnx", "keras"] = "onnx") -> Model:
    """Load a pretrained model by name.

    `runtime="onnx"` starts in a blink and never imports TensorFlow; "keras" runs the same weights through Keras.

    >>> load("p64-simcycle").card.task
    'seismic-cycle'
    """
    return from_folder(folder_of(name), runtime)


def from_folder(folder: str | os.PathLike, runtime: Literal["onnx", "keras"] = "onnx") -> Model:
    """Load a model from its folder (card.json and the files that the card lists)."""
    if runtime not in ("onnx", "keras"):
        raise InputError('runtime "onnx" or "keras"', repr(runtime), "choose one of the two")
    card = Card.read(Path(folder) / "card.json")
    return class_of(card)(card, Path(folder), runtime)


def class_of(card: Card) -> type[Model]:
    """Which class answers for a card."""
    if card.architecture in BASELINE_ARCHITECTURES:
        module, name = _BASELINE
    elif card.architecture == "residual-etas":
        module, name = _RESIDUAL
    else:
        module, name = _RECURRENT if "step.onnx" in card.files else MODEL_CLASSES[card.task]
    return getattr(import_module(module, __package__), name)
