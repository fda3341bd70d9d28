"""Training of the blast ensembles: on three simulated regions, or fine-tuned on the Pacific Northwest in five folds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...datasets.home import data_home
from ...zoo import registry
from ...zoo.explain.background import chosen_background
from ..outcome import Outcome
from .blast_card import Tested, card_of
from .blast_data import BlastRecords, joined, pacific_northwest, simulated_region
from .blast_folds import cross_validated, fold_parts, references_by_fold, systems_by_fold
from .blast_recipe import BlastOrQuake as Recipe
from .blast_systems import FOREST, MAJORITY, forest, majority, systems
from .calibration import sure_from, temperature_of
from .ensemble import logits_of, train_members, vote


def train(recipe: Recipe, data: Path | None, folder: Path, resume: bool) -> Outcome:
    """Fit and score one ensemble, its baselines and its control."""
    network, tested = (simulated if recipe.data == "simulated" else northwest)(recipe, data, folder, resume)
    probability = vote(tested.validation_logits, tested.temperature)
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
    answers = {name: p for name, (p, _) in systems(validation, sets["validation"].label, test).items()}
    answers[FOREST], answers[MAJORITY] = (of(*sets.values())[0] for of in (forest, majority))
    regions = {
        region: (np.isin(sets["test"].event, part["test"].event))
        for region, part in zip(recipe.regions, by_region, strict=True)
    }
    return network, Tested(
        answers=answers,
        records=sets["test"],
        groups={f"region {name}": mask for name, mask in regions.items()},
        validation_logits=validation,
        validation_label=sets["validation"].label,
        temperature=temperature_of(validation, sets["validation"].label),
        known=sets["train"],
        sizes={name: _size(part) for name, part in sets.items()},
    )


def northwest(recipe: Recipe, data: Path | None, folder: Path, resume: bool):
    """Scores from five folds; the weights that are kept are a sixth training, whose validation is the first fold."""
    records = pacific_northwest(data_home(data) / "waveforms")
    start = registry.load(recipe.start, "keras").keras if recipe.start else None
    test, validation = cross_validated(records, recipe.fit, folder / "folds", start, recipe.frozen)
    answers = {name: p for name, (p, _) in systems_by_fold(records, test, validation).items()}
    if start is not None:
        logits = logits_of(start, records)
        answers[f"{recipe.start}, nothing seen of here"] = vote(
            logits, float(np.asarray(start.get_layer("temperature").temperature))
        )
    answers |= {name: p for name, (p, _) in references_by_fold(records).items()}
    regions = [simulated_region(region, recipe.events, recipe.data_seed) for region in recipe.regions]
    known = [joined([region[split] for region in regions]) for split in ("train", "validation")]
    answers[f"{FOREST}, simulation only"] = forest(*known, records)[0]
    held = records.folds() == 0
    parts = records.select(~held), records.select(held)
    network, _ = train_members(*parts, recipe.fit, folder / "kept", resume, start, recipe.frozen)
    sizes = {name: f"in each fold about {_size(records.select(rows))}" for name, rows in fold_parts(records, 0).items()}
    return network, Tested(
        answers=answers,
        records=records,
        groups={},
        # Every record was once one of validation, of a model that had not learned from it.
        validation_logits=validation,
        validation_label=records.label,
        temperature=temperature_of(validation, records.label),
        known=records,
        sizes=sizes,
    )


def _size(records: BlastRecords) -> str:
    blasts = len(np.unique(records.event[records.label == 1]))
    return f"{records.events} events ({blasts} blasts), {len(records)} records"
