"""The published networks, each by its recipe, on the test records of the same cycle."""

from __future__ import annotations

import fnmatch
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...datasets.errors import InputError
from ...training.recipe import read_recipe
from ...training.waveform.calibration import calibrate
from ...training.waveform.classifier_fit import fitted
from ...training.waveform.cycle_card import brier, calibration, event_accuracy, record_accuracy
from ...training.waveform.cycle_data import CycleData, cycle_data
from ...training.waveform.recipe import SeismicCycle as Recipe
from ...training.waveform.seismic_cycle import answer_by_model, answer_of, baselines_of
from ...zoo import registry
from ...zoo.waveform import networks
from .table import Row

# Recipe -> accuracy by record as published, split by record, on the real data of all stations (for NRCA-13s, of NRCA).
PUBLISHED = {
    "framax-log-simcycle": 0.9575,
    "framax-psd-simcycle": 0.8837,
    "nrca13s-simcycle": 0.9966,
    "p64-simcycle": None,
    "p32-simcycle": None,
    "s64-simcycle": None,
    "s32-simcycle": None,
    "laurenti-simcycle": None,
}
OTHER_CAUSES = ("p64-simcycle-path",)
SCORES = {
    "accuracy by record": record_accuracy,
    "accuracy by event": event_accuracy,
    "Brier score": brier,
    "calibration error": calibration,
}


@dataclass(frozen=True)
class Contestant:
    """A trained model of a recipe: its answer, where its weights come from, and the seconds of its training."""

    answer: object
    parameters: int
    weights: str
    fit_s: float | None


def contestant(recipe: Recipe, data: CycleData, folder: Path, use_zoo: bool) -> Contestant:
    """The zoo's model of the recipe where there is one, else one trained here; begun trainings go on.

    Arguments:
        folder: for checkpoints.
        use_zoo: False for data that the zoo's models have not been trained on.
    """
    if use_zoo and recipe.name in registry.folders():
        model = registry.load(recipe.name)
        return Contestant(answer_by_model(model, recipe), model.card.parameters, "zoo", None)
    began = time.monotonic()
    work = folder / recipe.name
    trials = [
        fitted(recipe.architecture, data.sets, recipe.fit, seed, work / f"seed-{seed}", True)
        for seed in recipe.fit.seeds
    ]
    network = min(trials, key=lambda trial: trial[0])[2]
    held = data.sets["validation"]
    calibrate(network, held.windows(networks.window_of(recipe.architecture)), held.label)
    parameters = int(sum(np.prod(w.shape) for w in network.trainable_weights))
    return Contestant(answer_of(recipe, network), parameters, "trained here", time.monotonic() - began)


def variant_rows(data_folder: Path | None, quick: bool, folder: Path, models: str = "*") -> list[Row]:
    """A row for each network and score, the baselines of the first one among them.

    Arguments:
        data_folder: with files in the Norcia layout, those are the data; else the recipes' simulated cycle.
        quick: a small cycle and one epoch for what is not in the zoo.
        models: a wildcard over the recipes.
    """
    names = fnmatch.filter((*PUBLISHED, *OTHER_CAUSES), models)
    if not names:
        raise InputError(f"a wildcard over {', '.join((*PUBLISHED, *OTHER_CAUSES))}", repr(models), "name others")
    rows, told = [], set()
    for name in names:
        recipe = read_recipe(name, QUICK if quick else None)
        data = cycle_data(recipe, data_folder)
        if not data.about.simulated and name in OTHER_CAUSES:
            continue
        test = data.sets["test"]
        made = contestant(recipe, data, folder, use_zoo=data.about.simulated)
        answers = {name: made.answer(test)}
        cases = f"{len(test)} records of {test.events} events, {data.about.name}"
        if data.about.name not in told:
            told.add(data.about.name)
            cause = "" if not data.about.simulated else f", cause {recipe.cause}"
            answers |= {f"{k}{cause}": v for k, v in baselines_of(recipe, data, folder / recipe.name).items()}
        for model, probability in answers.items():
            ours = model == name
            about = (made.parameters, made.weights, made.fit_s) if ours else (None, "", None)
            for score, of in SCORES.items():
                published = PUBLISHED.get(model) if score == "accuracy by record" else None
                rows.append(Row(model, "all", "all", score, cases, of(probability, test), published, *about))
    return rows


QUICK = {"events": "60", "fit.epochs": "1", "fit.seeds": "[1]", "fit.precision": "float32"}
