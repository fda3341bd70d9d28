"""Audit a model of the zoo, or train a recipe's and audit that."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ...datasets.errors import InputError
from ...training.audit.audit import Audit, audit, table
from ...training.recipe import SCHEMAS, Recipe, names, read_recipe
from ...zoo import registry
from ...zoo.card import Card, Control

# task -> module of training with `audited(recipe, data, model, quick) -> Subject`.
AUDITED = {"seismic-cycle": "waveform.seismic_cycle"}


@dataclass(frozen=True)
class Report:
    """An audit, and the rows that the model's card holds; none for a recipe without a model."""

    audit: Audit
    card_rows: tuple[Control, ...] = ()

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return {**self.audit.to_dict(), "on_the_card": [row.model_dump() for row in self.card_rows]}

    def to_text(self) -> str:
        """The audit, and below it what the card says."""
        lines = [self.audit.to_text()]
        if self.card_rows:
            lines += ["", "On the card", *table(self.card_rows)]
        return "\n".join(lines)

    def plot(self, path: str | os.PathLike):
        """Picture of all rows; returns the Figure."""
        from .picture import plot_audit

        return plot_audit(self.audit, path)


def run(name: str, data: Path | None = None, quick: bool = False) -> Report:
    """Audit by name: a model of the zoo as it is, else the recipe's, trained for it.

    Arguments:
        name: of a model or a recipe, or a recipe's TOML file.
        data: the data folder.
        quick: fewer events, records and epochs.
    """
    if name in registry.folders():
        model = registry.load(name)
        recipe, rows = recipe_of(model.card), model.card.audit
    else:
        if name not in names() and not Path(name).is_file():
            known = sorted({*registry.folders(), *names()})
            near = [k for k in known if k.split("-")[-1] == name.split("-")[-1]] or known
            raise InputError("the name of a model or a recipe", repr(name), f"try one of {', '.join(near[:6])}")
        model, recipe, rows = None, read_recipe(name), ()
    if recipe.task not in AUDITED:
        raise InputError(f"a model for {', '.join(AUDITED)}", f"{name}, for {recipe.task}", "audit a classifier")
    module = import_module(f"...training.{AUDITED[recipe.task]}", __package__)
    return Report(audit(module.audited(recipe, data, model, quick)), rows)


def recipe_of(card: Card) -> Recipe:
    """The recipe that a card's model was made by."""
    values = {"name": card.name, "task": card.task, "summary": card.summary, "architecture": card.architecture}
    return SCHEMAS[card.task].model_validate({**card.hyperparameters, **values})
