"""Training and scoring of foreshock-or-aftershock classifiers, with their baselines and their audit."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from ...zoo.explain.background import chosen_background
from ...zoo.waveform import networks, screening
from ...zoo.waveform.logistic import SIDES
from ..audit.audit import audit
from ..audit.subject import Subject
from ..outcome import Outcome
from .calibration import calibrate
from .classifier_fit import BATCH, fitted, probabilities, refit_of
from .cycle_card import card_of, elsewhere, faintest, record_accuracy, results_of
from .cycle_data import CycleData, cycle_data, other_stations
from .recipe import SeismicCycle as Recipe
from .records import Records

BASELINE = "logistic"
QUICK_EVENTS = 300


def train(recipe: Recipe, data: Path | None, folder: Path, resume: bool) -> Outcome:
    """Build, fit and score one classifier, its baselines and its controls.

    Arguments:
        data: the data folder; files in the Norcia layout in it are trained on in place of the simulated cycle.
    """
    found = cycle_data(recipe, data)
    trials = [
        fitted(recipe.architecture, found.sets, recipe.fit, seed, folder / f"seed-{seed}", resume)
        for seed in recipe.fit.seeds
    ]
    _, kept, network = min(trials, key=lambda trial: trial[0])
    seeds = {
        str(seed): round(record_accuracy(answer_of(recipe, other)(found.sets["test"]), found.sets["test"]).value, 4)
        for _, seed, other in trials
    }
    return outcome_of(recipe, found, network, folder, {"test_accuracy_by_seed": seeds, "seed_kept": kept})


def outcome_of(recipe: Recipe, data: CycleData, network, folder: Path, settings: dict) -> Outcome:
    """Calibrate a trained network on validation, score and audit it on the test.

    Arguments:
        settings: further ones for the card.
    """
    variant = networks.window_of(recipe.architecture)
    train, held, test = (data.sets[part] for part in ("train", "validation", "test"))
    calibrated = calibrate(network, held.windows(variant), held.label)
    calibrated["screen"] = screening.limits(train.windows(variant), train.sampling_rate_hz, variant.before_s)

    ours = answer_of(recipe, network)
    answers = {recipe.name: ours(test), **baselines_of(recipe, data, folder)}
    results = results_of(recipe.name, answers, test, data, calibrated["sure_from"])
    rows = []
    if data.cycle is not None:
        other = other_stations(data.cycle, recipe.architecture)
        rows = [elsewhere(ours(other), other, data.stations)]
    controls = audit(subject_of(recipe, data, ours))
    weak = faintest(answers[recipe.name], test, recipe.architecture)
    golden = test.select(slice(None, None, max(1, len(test) // 3))).windows(variant)[:3]
    card = card_of(recipe, data, results, controls, rows, {**calibrated, **settings}, weak)
    background = chosen_background(train.windows(variant), train.label, train.event)
    return Outcome(network, {"waveform": golden}, card, background=background)


def answer_of(recipe: Recipe, network):
    """Records -> probability of each class, by a network of the recipe's architecture."""
    variant = networks.window_of(recipe.architecture)
    return lambda records: probabilities(network, records.windows(variant))


def answer_by_model(model, recipe: Recipe):
    """Records -> probability of each class, by a zoo.model.Model of the recipe's architecture."""
    window = networks.window_of(recipe.architecture)

    def answer(records: Records) -> np.ndarray:
        windows = records.windows(window)
        parts = [model.run(waveform=windows[i : i + BATCH]) for i in range(0, len(windows), BATCH)]
        return np.concatenate([part["probability"] for part in parts])

    return answer


def subject_of(recipe: Recipe, data: CycleData, answer, refitted: str | None = None) -> Subject:
    """A trained model of a recipe as an audit sees it.

    Arguments:
        answer: Records -> probability of each class.
        refitted: the architecture that the audit trains again; the recipe's where None.
    """
    return Subject(recipe.name, data.sets, answer, *refit_of(refitted or recipe.architecture, recipe.fit, recipe.audit))


def audited(recipe: Recipe, data: Path | None, model=None, quick: bool = False) -> Subject:
    """What `foreshock audit` examines: a model of the zoo, or where there is none the recipe's, trained for it.

    Arguments:
        model: a zoo.model.Model with the recipe's architecture.
        quick: a small simulated cycle (at the same stations), a short training, and logistic regression in place of
            the network where the audit trains again.
    """
    if quick:
        recipe = recipe.model_copy(
            update={
                "events": min(recipe.events, QUICK_EVENTS),
                "fit": recipe.fit.model_copy(
                    update={"epochs": min(recipe.fit.epochs, 2), "seeds": recipe.fit.seeds[:1]}
                ),
            }
        )
    found, refitted = cycle_data(recipe, data), BASELINE if quick else None
    if model is not None:
        return subject_of(recipe, found, answer_by_model(model, recipe), refitted)
    with tempfile.TemporaryDirectory() as folder:
        trials = [
            fitted(recipe.architecture, found.sets, recipe.fit, s, Path(folder) / str(s), False)
            for s in recipe.fit.seeds
        ]
    network = min(trials, key=lambda trial: trial[0])[2]
    return subject_of(recipe, found, answer_of(recipe, network), refitted)


def baselines_of(recipe: Recipe, data: CycleData, folder: Path) -> dict[str, np.ndarray]:
    """Name -> probabilities of the test records: a logistic regression on mean spectra, and the larger class."""
    test, found = data.sets["test"], {}
    if recipe.architecture not in SIDES:
        window = networks.window_of(BASELINE)
        # Around S records are cut otherwise; what has no whole window around P gets even odds.
        holds = {part: records.select(records.holds(window)) for part, records in data.sets.items()}
        network = fitted(BASELINE, holds, recipe.fit, 1, folder, False)[2]
        found["logistic on mean spectra"] = _where(test.holds(window), test, network, window)
    share = np.bincount(data.sets["train"].label, minlength=2) / len(data.sets["train"])
    found["majority class"] = np.tile(np.eye(2)[share.argmax()], (len(test), 1))
    return found


def _where(holds: np.ndarray, test: Records, network, window) -> np.ndarray:
    probability = np.full((len(test), 2), 0.5)
    probability[holds] = probabilities(network, test.select(holds).windows(window))
    return probability
