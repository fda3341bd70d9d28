"""From a recipe to a model's folder: train, score, convert, write the card."""

from __future__ import annotations

import platform
import shutil
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ..datasets.atomic import replacing, replacing_folder
from ..zoo.card import Card, File, Tensor, sha256_of
from ..zoo.golden import write_golden
from ..zoo.onnx_graph import write_onnx
from .outcome import Outcome
from .recipe import Recipe

# The module that trains and scores each task: `train(recipe, data, folder, resume) -> Outcome`.
TASKS = {"seismic-cycle": ".seismic_cycle", "forecast": ".forecasting"}
UNITS = {
    "waveform": "counts, E N Z",
    "maps": "largest magnitude of the day and cell, 0 where none",
    "logits": "log-odds",
    "probability": "1",
}
CITATION = "foreshock developers (2026): foreshock, a Keras model zoo for earthquake science, version {version}"


def train_recipe(
    recipe: Recipe, out: Path, data: Path | None = None, resume: bool = False, command: str | None = None
) -> Path:
    """Train the recipe and write OUT/NAME whole; checkpoints lie in OUT/.NAME.training until then.

    Arguments:
        data: the data folder.
        resume: go on from the checkpoints; the card's time is then that of the last stretch.
        command: what the card names as its maker.
    """
    work = out / f".{recipe.name}.training"
    if not resume:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    with replacing(work / "recipe.json") as temporary:
        temporary.write_text(recipe.model_dump_json(indent=1))
    began = time.monotonic()
    outcome = import_module(TASKS[recipe.task], __package__).train(recipe, data, work, resume)
    folder = out / recipe.name
    with replacing_folder(folder) as temporary:
        write_model(temporary, recipe, outcome, time.monotonic() - began, command)
    shutil.rmtree(work)
    return folder


def write_model(folder: Path, recipe: Recipe, outcome: Outcome, seconds: float, command: str | None) -> None:
    """Fill a folder with model.keras, model.onnx, golden.npz and the card that holds their hashes."""
    network = outcome.network
    network.save(folder / "model.keras")
    write_onnx(network, folder / "model.onnx")
    inputs = {name: np.asarray(values, np.float32) for name, values in outcome.golden.items()}
    write_golden(folder / "golden.npz", inputs, network(inputs, training=False))
    files = {path.name: File(sha256=sha256_of(path), bytes=path.stat().st_size) for path in sorted(folder.iterdir())}
    fields = {
        "name": recipe.name,
        "version": "1.0",
        "task": recipe.task,
        "architecture": recipe.architecture,
        "parameters": int(sum(np.prod(w.shape) for w in network.trainable_weights)),
        "files": files,
        "inputs": [_tensor(t.name, t.shape) for t in network.inputs],
        "outputs": [_tensor(name, t.shape) for name, t in network.output.items()],
        "hyperparameters": recipe.model_dump(mode="json", exclude={"name", "task", "summary", "architecture"}),
        "seeds": recipe.fit.seeds,
        "software": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("foreshock", "keras", "tensorflow", "numpy", "onnx", "tf2onnx")},
        },
        "wall_time_s": round(seconds, 1),
        "cite": CITATION.format(version=version("foreshock")),
        "licence": "Apache-2.0",
        "command": command or f"foreshock train {recipe.name}",
    }
    Card.model_validate({**fields, **outcome.card}).write(folder / "card.json")


def _tensor(name: str, shape: tuple) -> Tensor:
    return Tensor(name=name, shape=tuple(shape), unit=UNITS[name])
