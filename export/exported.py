"""An exported folder: what was written, where the graph lies in it, and the way back to a model."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from ..datasets.errors import InputError
from ..datasets.file_hash import sha256_of
from ..zoo.card import Card, File
from ..zoo.forecast.baseline_forecaster import BaselineForecaster
from ..zoo.model import Model
from ..zoo.registry import class_of
from .metadata import software
from .parity import Parity
from .precision import Change

MANIFEST = "export.json"
# Written anew, or of use in training and explanation only.
NO_SIDE_FILES = ("model.keras", "model.onnx", "golden.npz", "background_records.npz")


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Arguments:
        folder: the model's folder.
        path: the graph in it, an ONNX file or a SavedModel's folder.
        parity: differences from the original.
        changes: differences of the scores of a float16 or int8 variant.
    """

    folder: Path
    path: Path
    parity: list[Parity]
    changes: list[Change] = field(default_factory=list)


class GraphForecaster(BaselineForecaster):
    """Fitted rates whose tensors go through the exported graph; catalogues are answered as before."""

    run = Model.run


def side_files(card: Card) -> list[str]:
    """What a model reads beside its graph, such as the ETAS model that a network corrects."""
    return [name for name in card.files if name not in NO_SIDE_FILES]


def write_manifest(folder: Path, card: Card, graph: Path, **how: str) -> None:
    """Write the card, and export.json with the graph's place, the format and every file's hash."""
    card.write(folder / "card.json")
    files = {
        path.relative_to(folder).as_posix(): {"sha256": sha256_of(path), "bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.stat().st_size
    }
    content = {"name": card.name, **how, "graph": graph.as_posix(), "software": software(), "files": files}
    (folder / MANIFEST).write_text(json.dumps(content, indent=1) + "\n")


def load_exported(folder: Path) -> Model:
    """The model of a folder that `foreshock export --format onnx` wrote, its graph's hash checked when it is run."""
    folder = Path(folder)
    try:
        content = json.loads((folder / MANIFEST).read_text())
        format, graph = content["format"], Path(content["graph"])
        files = {name: File(**entry) for name, entry in content["files"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"a folder written by foreshock export, with {MANIFEST}",
            f"{folder} ({type(error).__name__}: {error})",
            "export the model again",
        ) from error
    if format != "onnx" or graph.name != "model.onnx" or graph.is_absolute() or ".." in graph.parts:
        raise InputError(
            "an export in ONNX",
            f"{folder}, a {format}",
            "export with --format onnx, or serve it with TensorFlow Serving",
        )
    card = Card.read(folder / "card.json")
    kept = {name: files.get((graph.parent / name).as_posix()) for name in ["model.onnx", *side_files(card)]}
    if None in kept.values():
        lost = ", ".join(name for name, file in kept.items() if file is None)
        raise InputError(f"{lost} in {folder / MANIFEST}", "none", "export the model again")
    card = card.model_copy(update={"files": kept})
    kind = class_of(card)
    if issubclass(kind, BaselineForecaster):
        kind = GraphForecaster
    return kind(card, folder / graph.parent, "onnx")
