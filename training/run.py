"""From a recipe to a model's folder: train, score, convert, write the card."""

from __future__ import annotations

import json
import platform
import shutil
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from ..datasets.atomic import replacing, replacing_folder
from ..datasets.file_hash import sha256_of
from ..zoo.card import Card, File
from ..zoo.explain.background import FILE as BACKGROUND
from ..zoo.explain.background import write_background
from .model_files import write_files
from .outcome import Outcome
from .recipe import Recipe
from .workers import joined

# The module that trains and scores each task: `train(recipe, data, folder, resume) -> Outcome`.
TASKS = {
    "seismic-cycle": ".waveform.seismic_cycle",
    "forecast": ".forecast.train",
    "city-forecast": ".city.train",
    "blast-or-quake": ".waveform.blast_or_quake",
    "magnitude": ".waveform.magnitude",
}
CITATION = "foreshock developers (2026): foreshock, a Keras model zoo for earthquake science, version {version}"


def train_recipe(
    recipe: Recipe, out: Path, data: Path | None = None, resume: bool = False, command: str | None = None
) -> Path:
    """Train the recipe and write OUT/NAME whole; checkpoints lie in OUT/.NAME.training until then.

    Arguments:
        data: the data folder.
        resume: go on from the checkpoints; their time counts on the card.
        command: what the card names as its maker.
    """
    workers = joined()
    out = workers.folder(out) if workers else out
    work = out / f".{recipe.name}.training"
    if not resume:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    with replacing(work / "recipe.json") as temporary:
        temporary.write_text(recipe.model_dump_json(indent=1))
    earlier_s = sum(json.loads(path.read_text())["seconds"] for path in work.glob("*/course.json"))
    began = time.monotonic()
    outcome = import_module(TASKS[recipe.task], __package__).train(recipe, data, work, resume)
    folder = out / recipe.name
    with replacing_folder(folder) as temporary:
        write_model(temporary, recipe, outcome, earlier_s + time.monotonic() - began, command)
    for name, fill in outcome.folders.items():
        with replacing_folder(out / name) as temporary:
            fill(temporary)
    shutil.rmtree(work)
    return folder


def write_model(folder: Path, recipe: Recipe, outcome: Outcome, seconds: float, command: str | None) -> None:
    """Fill a folder with the model's files, golden.npz and the card that holds their hashes."""
    written = write_files(outcome.model, outcome.golden, outcome.card["settings"], folder)
    if outcome.background is not None:
        write_background(folder / BACKGROUND, **outcome.background)
    if outcome.etas is not None:
        outcome.etas.save(folder)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    fields = {
        "name": recipe.name,
        "version": "1.0",
        "task": recipe.task,
        "architecture": recipe.architecture,
        "parameters": written.parameters,
        "files": {
            path.relative_to(folder).as_posix(): File(
                sha256=sha256_of(path),
                bytes=path.stat().st_size,
                arrays=written.shared if path.name == "model.onnx" else (),
            )
            for path in paths
        },
        "inputs": written.inputs,
        "outputs": written.outputs,
        "hyperparameters": recipe.model_dump(mode="json", exclude={"name", "task", "summary", "architecture"}),
        "seeds": recipe.fit.seeds,
        "software": {"python": platform.python_version(), **{name: version(name) for name in written.libraries}},
        "wall_time_s": round(seconds, 1),
        "cite": CITATION.format(version=version("foreshock")),
        "licence": "Apache-2.0",
        "command": command or f"foreshock train {recipe.name}",
    }
    Card.model_validate({**fields, **outcome.card}).write(folder / "card.json")
