"""Five-fold cross-validation by event: every event is tested once, by a model whose validation it was not part of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..section import Fit
from .blast_data import FOLDS, BlastRecords
from .blast_systems import FOREST, MAJORITY, forest, majority, systems
from .ensemble import logits_of, train_members


def fold_parts(records: BlastRecords, fold: int) -> dict[str, np.ndarray]:
    """Rows of train, validation and test: one fold tests, the next validates, the others train."""
    number = records.folds()
    held = (fold + 1) % FOLDS
    masks = {"train": (number != fold) & (number != held), "validation": number == held, "test": number == fold}
    return {name: np.flatnonzero(mask) for name, mask in masks.items()}


def cross_validated(
    records: BlastRecords, settings: Fit, folder: Path, start=None, frozen: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, members, 2) of every record: as a test record, and as one of validation.

    Arguments:
        start, frozen: as in `train_members`.
        folder: keeps the logits of finished folds.
    """
    test = validation = None
    for fold in range(FOLDS):
        parts = fold_parts(records, fold)
        kept = folder / f"fold-{fold}.npz"
        if kept.is_file():
            with np.load(kept) as file:
                found = {name: file[name] for name in ("validation", "test")}
        else:
            sets = [records.select(parts[name]) for name in ("train", "validation")]
            network, _ = train_members(*sets, settings, folder / f"fold-{fold}", start=start, frozen=frozen)
            found = {name: logits_of(network, records.select(parts[name])) for name in ("validation", "test")}
            folder.mkdir(parents=True, exist_ok=True)
            np.savez(kept, **found)
        if test is None:
            test = np.empty((len(records), *found["test"].shape[1:]), np.float32)
            validation = np.empty_like(test)
        test[parts["test"]], validation[parts["validation"]] = found["test"], found["validation"]
    return test, validation


def systems_by_fold(records: BlastRecords, test: np.ndarray, validation: np.ndarray):
    """`systems` of every fold put together: name -> (probability (n,), validation log loss by fold (FOLDS,))."""
    answers: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for fold in range(FOLDS):
        parts = fold_parts(records, fold)
        held = parts["validation"]
        found = systems(validation[held], records.label[held], test[parts["test"]])
        for name, (probability, loss) in found.items():
            whole, losses = answers.setdefault(name, (np.empty(len(records)), np.empty(FOLDS)))
            whole[parts["test"]], losses[fold] = probability, loss
    return answers


def references_by_fold(records: BlastRecords):
    """The forest and the class shares of every fold put together, as `systems_by_fold`."""
    answers = {name: (np.empty(len(records)), np.empty(FOLDS)) for name in (FOREST, MAJORITY)}
    for fold in range(FOLDS):
        parts = fold_parts(records, fold)
        sets = [records.select(parts[name]) for name in ("train", "validation", "test")]
        for name, of in ((FOREST, forest), (MAJORITY, majority)):
            probability, loss = of(*sets)
            answers[name][0][parts["test"]], answers[name][1][fold] = probability, loss
    return answers
