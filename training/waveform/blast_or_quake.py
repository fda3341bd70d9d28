"""Training of the blast ensembles: on three simulated regions, or fine-tuned on the Pacific Northwest in five folds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...datasets.home import data_home
from ...zoo import registry
from ...zoo.explain.background import chosen_background
from ..outcome import Outcome
from .blast_card import Tested, card_of
from .blast_data import BlastRecords, joined, pacific_northwest, simulated_region
from .blast_folds import by_fold, cross_validated
from .blast_recipe import BlastOrQuake as Recipe
from .blast_systems import FOREST, MAJORITY, Answer, forest, majority, references, systems, unseen_vote
from .blast_tuning import ANEW, FROZEN, SETTINGS, WHOLE, Tuning
from .calibration import sure_from, temperature_of
from .ensemble import logits_of, train_members, vote


def train(recipe: Recipe, data: Path | None, folder: Path, resume: bool) -> Outcome:
    """Fit and score one ensemble, its baselines and its control."""
    network, tested = (simulated if recipe.data == "simulated" else northwest)(recipe, data, folder, resume)
    probability = tested.validation_vote
    network.get_layer("temperature").set(tested.temperature)
    sure = sure_from(np.stack([1 - probability, probability], axis=1), tested.validation_label)
    # Golden cases are simulated for either ensemble: the collection's records are not ours to hand on.
    golden = simulated_region(recipe.regions[0], 20, recipe.data_seed)["test"].centred()[:3]
    return Outcome(
        network, {"waveform": golden}, card_of(recipe, tested, sure), background=background_of(recipe, tested)
    )


def background_of(recipe: Recipe, tested: Tested) -> dict[str, np.ndarray]:
    """What explanations compare with: training records, simulated ones where the training's are not ours to hand on."""
    simulated_ones = recipe.data == "simulated"
    known = tested.known if simulated_ones else simulated_region(recipe.regions[0], 60, recipe.data_seed)["train"]
    return chosen_background(known.centred(), known.label, known.event)


def simulated(recipe: Recipe, data: Path | None, folder: Path, resume: bool):
    """One ensemble for all regions: (network, what the card needs)."""
    by_region = [simulated_region(region, recipe.events, recipe.data_seed) for region in recipe.regions]
    sets = {split: joined([region[split] for region in by_region]) for split in by_region[0]}
    network, _ = train_members(sets["train"], sets["validation"], recipe.fit, folder / "members", resume)
    validation, test = (logits_of(network, sets[name]) for name in ("validation", "test"))
    answers = systems(validation, sets["validation"], test, even=False)
    known = joined([sets["train"], sets["validation"]])
    temperature = temperature_of(validation, sets["validation"].label)
    answers |= {FOREST: forest(known, sets["test"]), MAJORITY: majority(known, sets["test"])}
    regions = {
        region: (np.isin(sets["test"].event, part["test"].event))
        for region, part in zip(recipe.regions, by_region, strict=True)
    }
    return network, Tested(
        answers=answers,
        records=sets["test"],
        groups={f"region {name}": mask for name, mask in regions.items()},
        validation_vote=vote(validation, temperature),
        validation_label=sets["validation"].label,
        temperature=temperature,
        known=sets["train"],
        sizes={name: _size(part) for name, part in sets.items()},
    )


def northwest(recipe: Recipe, data: Path | None, folder: Path, resume: bool):
    """Scores from five folds; the weights that are kept are a sixth training, on all events in the same way."""
    records = pacific_northwest(data_home(data) / "waveforms")
    start = registry.load(recipe.start, "keras").keras if recipe.start else None
    regime = ANEW if start is None else FROZEN if recipe.frozen else WHOLE
    tuning = Tuning(
        start,
        records,
        folder / "trainings",
        rehearsal_of(recipe.regions, recipe.rehearsal, recipe.data_seed) if recipe.rehearsal else None,
        {**SETTINGS, regime: recipe.fit},
        resume,
    )
    answers = {name: answer for name, (answer, _) in cross_validated(tuning, regime).items()}
    if start is not None:
        temperature = float(np.asarray(start.get_layer("temperature").temperature))
        answers[f"{recipe.start}, nothing seen of here"] = Answer(vote(logits_of(start, records), temperature))
    elsewhere = elsewhere_of(recipe.regions, recipe.events, recipe.data_seed)
    answers |= {name: answer for name, (answer, _) in references_by_fold(records, elsewhere).items()}
    answers[f"{FOREST}, simulation only"] = replace(forest(elsewhere, records), share=0.5, event_share=0.5)
    every = np.arange(len(records))
    network = tuning.network("kept", regime, every)
    unseen, temperature = unseen_vote(logits_of(network, records), records.label, tuning.held(regime, every))
    return network, Tested(
        answers=answers,
        records=records,
        groups={},
        validation_vote=unseen,
        validation_label=records.label,
        temperature=temperature,
        known=records,
        sizes={
            "train": f"in each fold four fifths of {_size(records)}; each member learns from four fifths of these",
            "validation": "of each member, the fifth of the training's events that it left out",
            "test": "a fifth of the events; each is tested once",
        },
    )


def references_by_fold(records: BlastRecords, elsewhere: BlastRecords, events: int | None = None):
    """Forests that learnt here, or here and elsewhere, and the class shares, as `cross_validated`."""

    def of(known: np.ndarray, test: np.ndarray, fold: int) -> dict[str, Answer]:
        sets = records.select(known), records.select(test)
        return references(*sets, elsewhere)

    return by_fold(records, of, events)


def elsewhere_of(regions, events: int, seed: int) -> BlastRecords:
    """What a simulated ensemble has seen: training and validation records of every region."""
    sets = [simulated_region(region, events, seed) for region in regions]
    return joined([region[split] for region in sets for split in ("train", "validation")])


def rehearsal_of(regions, events: int, seed: int) -> BlastRecords:
    """Simulated records of so many events a region."""
    return joined([part for region in regions for part in simulated_region(region, events, seed).values()])


def _size(records: BlastRecords) -> str:
    blasts = len(np.unique(records.event[records.label == 1]))
    return f"{records.events} events ({blasts} blasts), {len(records)} records"
