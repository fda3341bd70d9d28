"""From station to station: a network trained on the records of one is tested on those of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...training.recipe import read_recipe
from ...training.scores.intervals import ratio_interval
from ...training.waveform.classifier_fit import fitted
from ...training.waveform.cycle_data import cycle_data
from ...training.waveform.records import Records
from ...training.waveform.seismic_cycle import answer_of
from .table import Row
from .variants import QUICK, contestant

# The network of the published table and its accuracies: NRCA's at NRCA and at all stations, that of all at all.
RECIPE = "framax-log-simcycle"
PUBLISHED = {("one", "itself"): 0.9957, ("one", "all"): 0.5019, ("all", "all"): 0.9575}
# Of one station's records there are few: more epochs than for all of them together.
EPOCHS, QUICK_STATIONS = 10, 3


def station_rows(data_folder: Path | None, quick: bool, folder: Path) -> list[Row]:
    """A row for each pair of stations, trained on and tested on; "all" is all records, "one" the mean of its networks.

    Arguments:
        data_folder: see `variants.variant_rows`.
        folder: for checkpoints.
    """
    recipe = read_recipe(RECIPE, QUICK if quick else {"fit.epochs": str(EPOCHS), "fit.precision": "float32"})
    data = cycle_data(recipe, data_folder)
    test = data.sets["test"]
    stations = sorted({name for records in data.sets.values() for name in records.station})
    stations = stations[:QUICK_STATIONS] if quick else stations
    everywhere = contestant(read_recipe(RECIPE, QUICK if quick else None), data, folder, data.about.simulated)
    right = {"all": everywhere.answer(test).argmax(axis=1) == test.label}
    for station in stations:
        sets = {part: records.select(records.station == station) for part, records in data.sets.items()}
        network = fitted(recipe.architecture, sets, recipe.fit, 1, folder / f"station-{station}", True)[2]
        right[station] = answer_of(recipe, network)(test).argmax(axis=1) == test.label
    at = {"all": np.ones(len(test), bool)} | {station: test.station == station for station in stations}
    rows = [
        _row(trained, tested, correct[at[tested]], at[tested], test, everywhere.weights if trained == "all" else "")
        for trained, correct in right.items()
        for tested in at
    ]
    # Each record counts once for each network of one station: of its own, of all, of all others.
    number = np.array([right[station] for station in stations], dtype=np.float64)
    own = np.array([at[station] for station in stations])
    for tested, counted in (("itself", own), ("all", np.ones_like(own)), ("others", ~own)):
        chosen = counted.any(axis=0)
        weight = counted.sum(axis=0)[chosen]
        rows.append(_row("one", tested, (number * counted).sum(axis=0)[chosen], chosen, test, "", weight))
    return rows


def _row(trained: str, tested: str, correct, chosen, test: Records, weights: str, times=None) -> Row:
    """A row of accuracy from right answers of the chosen records, each counted so many times."""
    part = test.select(chosen)
    times = np.ones(len(part)) if times is None else times
    found = ratio_interval(correct, times, part.event, np.random.default_rng(0))
    return Row(
        "framax-log",
        trained,
        tested,
        "accuracy by record",
        f"{len(part)} records of {part.events} events",
        found,
        PUBLISHED.get((trained, tested)),
        weights=weights or "trained here",
    )
