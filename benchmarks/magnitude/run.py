"""`foreshock benchmark magnitude`: simulated records and the real ones of Northern California, one CSV, one picture."""

from __future__ import annotations

import platform
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ...datasets.home import data_home
from ...datasets.splits import event_folds
from ...training.trees import forest_graph
from ...training.waveform.magnitude import AMPLITUDE, AMPLITUDE_DISTANCE
from ...training.waveform.magnitude_data import (
    JOIN,
    MagnitudeRecords,
    join_check,
    ncedc_magnitudes,
    simulated_magnitudes,
)
from ...training.waveform.magnitude_fits import (
    fit_amplitude,
    fit_boosting,
    fit_forest,
    fit_mean,
    fit_network,
)
from ...training.waveform.magnitude_scores import (
    conformal_half_width,
    coverage_interval,
    event_median,
    residuals_by,
    scores_of,
)
from .picture import plot_table
from .table import Residual, Row, Table

RESULTS = Path(__file__).parents[1] / "results"
EVENTS, QUICK_EVENTS, OTHER_EVENTS = 1600, 120, 200
LEAVES, TREES, SEED, FOLDS = 400, 100, 42, 5
SIMULATED, OTHER, REAL = "simulated", "simulated, other stations", "Northern California"
MAGNITUDE_EDGES = (2.0, 2.5, 3.0, 3.5, 4.0, 4.6)
DISTANCE_EDGES = (0.0, 10.0, 20.0, 30.0, 40.0, 60.0, 200.0)


def run(
    data: Path | None = None,
    quick: bool = False,
    out: Path = Path("foreshock-benchmark"),
    results: Path | None = None,
    seed: int = 1,
) -> Table:
    """Fit every model, score it by event, write the CSV and the picture, and return the table.

    Arguments:
        data: the data folder; without waveforms/ncedc_magnitudes.csv in it there are simulated records only.
        quick: few events; the CSV then goes to `out`.
    """
    folder = out / ("magnitude-quick" if quick else "magnitude")
    folder.mkdir(parents=True, exist_ok=True)
    events = QUICK_EVENTS if quick else EVENTS
    sets = simulated_magnitudes(events, seed)
    rows, residuals = simulated(sets, simulated_magnitudes(OTHER_EVENTS // (4 if quick else 1), seed + 1000)["train"])
    cases = {
        SIMULATED: f"{len(sets['test'])} records of {sets['test'].events} events, M 2 to 4.5, split by event",
        OTHER: "nine stations that no model has seen",
    }
    notes = []
    if (data_home(data) / "waveforms" / JOIN).is_file():
        records = ncedc_magnitudes(data_home(data) / "waveforms")
        rows += real(records)
        cases[REAL] = f"{len(records)} records of {records.events} events, five folds; real, instruments of many gains"
        notes = what_the_join_is(records)
    about = {
        "title": "Magnitude from one record" + (", quick and meaningless" if quick else ""),
        "cases": cases,
        "notes": notes,
        "interval": "95 %, whole events resampled",
        "command": "foreshock benchmark magnitude" + (" --quick" if quick else " --data ../shared/data"),
        "software": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("foreshock", "scikit-learn", "xgboost", "numpy")},
        },
    }
    table = Table(tuple(rows), tuple(residuals), about)
    table.to_csv((results or (folder if quick else RESULTS)) / "magnitude.csv")
    picture = folder / "magnitude.png"
    plot_table(table, picture)
    return replace(table, pictures=(str(picture),))


def simulated(sets: dict[str, MagnitudeRecords], other: MagnitudeRecords) -> tuple[list[Row], list[Residual]]:
    """Every model on the test events and at other stations; the residuals of the forest that the zoo has."""
    known, held, test = sets.values()
    forest, shipped = fit_forest(known, TREES, LEAVES, SEED)
    whole, unlimited = fit_forest(known, TREES, None, SEED)
    megabytes = {"forest": len(forest_graph(forest)) / 1e6, "forest, leaves unlimited": len(forest_graph(whole)) / 1e6}
    models = {
        "forest": shipped,
        "forest, leaves unlimited": unlimited,
        "forest, with source coordinates": fit_forest(known, TREES, LEAVES, SEED, coordinates=True)[1],
        "boosting": fit_boosting(known, held, SEED),
        "small network": fit_network(known, held, SEED),
        AMPLITUDE: fit_amplitude(known, False),
        AMPLITUDE_DISTANCE: fit_amplitude(known, True),
        "mean of the training": fit_mean(known),
    }
    rows = []
    for name, predict in models.items():
        half = conformal_half_width(predict(held) - held.magnitude)
        note = f"{megabytes[name]:.1f} MB" if name in megabytes else ""
        for where, part in ((SIMULATED, test), (OTHER, other)):
            rows.append(_row(where, name, predict(part), part, half, note))
    rows.append(published(sets))
    predicted, columns = shipped(test), (test.magnitude, test.distance_km)
    bins = zip(("magnitude", "distance_km"), columns, (MAGNITUDE_EDGES, DISTANCE_EDGES), strict=True)
    residuals = [
        Residual(by=by, **found)
        for by, values, edges in bins
        for found in residuals_by(values, edges, predicted, test.magnitude, test.event)
    ]
    return rows, residuals


def published(sets: dict[str, MagnitudeRecords]) -> Row:
    """As published: a fifth of the records drawn at random, so that events are on both sides, coordinates seen."""
    from sklearn.model_selection import train_test_split

    names = ("features", "coordinates", "magnitude", "distance_km", "event", "station", "band")
    every = MagnitudeRecords(*(np.concatenate([getattr(part, name) for part in sets.values()]) for name in names))
    known, asked = train_test_split(np.arange(len(every)), test_size=0.2, random_state=SEED)
    _, predict = fit_forest(every.select(known), TREES, LEAVES, SEED, coordinates=True)
    test = every.select(asked)
    return _row(SIMULATED, "forest as published: coordinates, by record (leaks)", predict(test), test, None, "")


def real(records: MagnitudeRecords) -> list[Row]:
    """Five folds by event on the real records; a fifth of each fold's training events sets the intervals."""
    fold = event_folds(records.event, 1, FOLDS)
    fits = {
        "forest": lambda known, held: fit_forest(known, TREES, LEAVES, SEED)[1],
        "boosting": lambda known, held: fit_boosting(known, held, SEED),
        "small network": lambda known, held: fit_network(known, held, SEED),
        AMPLITUDE: lambda known, held: fit_amplitude(known, False),
        "amplitude and distance by S - P": lambda known, held: fit_amplitude(known, True),
        "mean of the training": lambda known, held: fit_mean(known),
    }
    rows = []
    for name, fit in fits.items():
        predicted, inside = np.empty(len(records)), np.empty(len(records))
        for k in range(FOLDS):
            test, held = fold == k, fold == (k + 1) % FOLDS
            predict = fit(records.select(~test & ~held), records.select(held))
            half = conformal_half_width(predict(records.select(held)) - records.magnitude[held])
            predicted[test] = predict(records.select(test))
            inside[test] = np.abs(predicted[test] - records.magnitude[test]) <= half
        row = _row(REAL, name, predicted, records, None, "")
        # Each fold has its own width: what counts is whether the interval held the truth.
        row.scores["coverage"] = coverage_interval(1 - inside, np.zeros(len(records)), records.event, 0.5)
        rows.append(row)
    return rows


def what_the_join_is(records: MagnitudeRecords) -> list[str]:
    """What was found when the join by inference was checked."""
    found = join_check(records)
    vertical = sum("live components" in reason for _, reason in records.left_out)
    rest = len(records.left_out) - vertical
    return [
        f"join checked: log amplitude grows by {found['slope']:.2f} a magnitude (permuted magnitudes: "
        f"{found['largest_permuted_slope']:.2f} at most) and by {found['distance_slope']:.2f} a decade of distance, "
        f"scatter {found['scatter']:.2f} decades within an instrument type: the join holds",
        f"left out: {vertical} records of stations without horizontals, {rest} whose event does not fit or whose "
        "window is short",
    ]


def _row(where: str, name: str, predicted, part: MagnitudeRecords, half: float | None, note: str) -> Row:
    scores = scores_of(predicted, part.magnitude, part.event)
    if half is not None:
        scores["coverage"] = coverage_interval(predicted, part.magnitude, part.event, half)
        note = ", ".join(filter(None, (note, f"90 % interval +- {half:.2f}")))
    median, truth, _ = event_median(predicted, part.magnitude, part.event)
    return Row(where, name, scores, note, median, truth)
