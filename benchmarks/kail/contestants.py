"""The networks of the tables: those of the zoo where they fit the case, else trained here and kept."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...training.forecast.case import ForecastCase
from ...training.forecast.court import Judged
from ...training.forecast.crop_fit import fit_on_crops
from ...training.forecast.network import rates_of_network
from ...training.forecast.recipe import Forecasting
from ...training.forecast.rivals import Rivals, judged_by, rates_of
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


def network_forecast(
    architecture: str, rivals: Rivals, changes: dict[str, str], out: Path, probable: bool = False
) -> tuple[Judged, str]:
    """An architecture's test forecasts, and where the network comes from.

    Arguments:
        out: trained networks and their forecasts are kept in it.
        probable: recalibrated on validation too; areas do not ask for it, and days of large maps take minutes.
    """
    case, name = rivals.case, f"{architecture}-{rivals.case.region.name}"
    if not changes and from_zoo(case, name)[0]:
        model = registry.load(name)
        place = out / f"{name}-{model.card.files['model.onnx'].sha256[:10]}"
        rates = rates_of(model, case)
        note = f"{name} of the zoo, trained and scored in {model.card.wall_time_s:.0f} s"
    else:
        rates, place, seconds = trained(recipe_of(architecture, rivals, changes), rivals, out)
        note = f"trained here for {seconds:.0f} s, not in the zoo"
    return judged_once(architecture, case, rates, place, probable), note


def judged_once(name: str, case: ForecastCase, rates, place: Path, probable: bool = False) -> Judged:
    """Test forecasts of a function from days to rates, made once and kept in a folder."""

    def kept(days: np.ndarray) -> np.ndarray:
        path = place / f"rates-{days[0]}.npy"
        if not path.is_file():
            place.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary, open(temporary, "wb") as file:
                np.save(file, rates(days))
        return np.load(path)

    if probable:
        return judged_by(name, case, kept)
    rate = kept(case.issue_days("test"))
    return Judged(name, rate, -np.expm1(-rate))


def trained(recipe: Forecasting, rivals: Rivals, out: Path):
    """(days -> rates, folder, seconds) of a training; its checkpoints stay, so that the next run reads them."""
    decided = f"{recipe.model_dump_json()} {rivals.case.data_sha256}"
    place = out / f"{recipe.name}-{hashlib.sha256(decided.encode()).hexdigest()[:10]}"
    place.mkdir(parents=True, exist_ok=True)
    network, _ = fit_on_crops(recipe, rivals.fits, place, resume=True)
    seconds = sum(json.loads(path.read_text())["seconds"] for path in place.glob("*/course.json"))
    return rates_of_network(network, recipe, rivals.case), place, seconds
