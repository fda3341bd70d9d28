"""The networks of the tables: those of the zoo where they fit the case, else trained here and kept."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ...training.forecast.crop_fit import fit_on_crops
from ...training.forecast.network import rates_of_network
from ...training.forecast.recipe import Forecasting
from ...training.forecast.rivals import Rivals, rates_of
from ...training.recipe import read_recipe
from ...zoo import registry
from ..forecast.contestants import from_zoo

# A recipe for regions without one of their own, and what makes it small enough for a test.
GENERAL = "norcal"
QUICK = {
    "steps": "8",
    "embedding": "4",
    "hidden": "6",
    "fit.epochs": "3",
    "fit.learning_rate": "2e-3",
    "crops.tile": "16",
    "crops.lanes": "4",
    "crops.stretch_days": "4",
    "crops.stretches": "4",
    "crops.passes": "6",
    "crops.validation_passes": "2",
    "crops.warm_up_days": "32",
}


def recipe_of(architecture: str, rivals: Rivals, changes: dict[str, str]) -> Forecasting:
    """The packaged recipe of the region, or the general one turned to the region."""
    case = rivals.case
    try:
        return read_recipe(f"{architecture}-{case.region.name}", changes)
    except ValueError:
        turned = {"name": f"{architecture}-{case.region.name}", "region": case.region.name}
        return read_recipe(f"{architecture}-{GENERAL}", turned | {"magnitude": f"{case.magnitude}"} | changes)


def network_rates(architecture: str, rivals: Rivals, changes: dict[str, str], out: Path):
    """(days -> rates, where the network comes from) of an architecture."""
    name = f"{architecture}-{rivals.case.region.name}"
    if not changes and from_zoo(rivals.case, name)[0]:
        model = registry.load(name)
        return rates_of(model, rivals.case), f"{name} of the zoo, trained and scored in {model.card.wall_time_s:.0f} s"
    network, recipe, seconds = trained(architecture, rivals, changes, out)
    note = f"trained here for {seconds:.0f} s, not in the zoo"
    return rates_of_network(network, recipe, rivals.case), note


def trained(architecture: str, rivals: Rivals, changes: dict[str, str], out: Path):
    """(network, recipe, seconds) of a training; its checkpoints stay, so that the next run reads them."""
    recipe = recipe_of(architecture, rivals, changes)
    decided = f"{recipe.model_dump_json()} {rivals.case.data_sha256}"
    place = out / f"{recipe.name}-{hashlib.sha256(decided.encode()).hexdigest()[:10]}"
    place.mkdir(parents=True, exist_ok=True)
    network, _ = fit_on_crops(recipe, rivals.fits, place, resume=True)
    seconds = sum(json.loads(path.read_text())["seconds"] for path in place.glob("*/course.json"))
    return network, recipe, seconds
