"""Training of the magnitude forest: fit, score by event beside what it must beat, and keep the trees as ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...zoo.card import Control, Data, Result, Score, Threshold
from ...zoo.card import Split as CardSplit
from ..outcome import Outcome, first_line, scored
from ..trees import Trees, forest_graph
from .magnitude_data import (
    BEFORE_S,
    COORDINATES,
    NAMES,
    RATE_HZ,
    WINDOW_S,
    MagnitudeRecords,
    simulated_magnitudes,
)
from .magnitude_fits import Predict, finite, fit_amplitude, fit_boosting, fit_forest, fit_mean, fit_network
from .magnitude_recipe import Magnitude as Recipe
from .magnitude_scores import (
    COVERAGE,
    SCORES,
    conformal_half_width,
    coverage_interval,
    event_median,
    residuals_by,
    scores_of,
)

OTHER_EVENTS = 200
# Training records with which explanations compare.
BACKGROUND_ROWS = 128
AMPLITUDE, AMPLITUDE_DISTANCE = "amplitude alone", "amplitude and true distance"


def train(recipe: Recipe, data: Path | None, folder: Path, resume: bool) -> Outcome:
    """Fit and score the forest and what stands beside it."""
    sets = simulated_magnitudes(recipe.events, recipe.data_seed)
    known, held, test = sets.values()
    seed = recipe.fit.seeds[0]
    forest, predict = fit_forest(known, recipe.trees, recipe.leaves, seed, recipe.coordinates)
    model = Trees(forest_graph(forest), sum(tree.get_n_leaves() for tree in forest.estimators_), forest.n_features_in_)
    answers: dict[str, Predict] = {
        recipe.name: predict,
        "boosting": fit_boosting(known, held, seed),
        "small network": fit_network(known, held, seed),
        AMPLITUDE: fit_amplitude(known, False),
        AMPLITUDE_DISTANCE: fit_amplitude(known, True),
        "mean of the training": fit_mean(known),
    }
    half_width = conformal_half_width(predict(held) - held.magnitude)
    voted, truth, _ = event_median(predict(held), held.magnitude, held.event)
    event_half_width = conformal_half_width(voted - truth)
    golden = finite(test.seen(recipe.coordinates))[:: max(1, len(test) // 3)][:3]
    card = _card(recipe, sets, answers, predict, half_width, event_half_width)
    drawn = np.random.default_rng(0).choice(len(known), min(BACKGROUND_ROWS, len(known)), replace=False)
    background = {"features": finite(known.seen(recipe.coordinates))[np.sort(drawn)]}
    return Outcome(model, {"features": golden}, card, background=background)


def _card(recipe, sets, answers: dict[str, Predict], predict: Predict, half: float, event_half: float) -> dict:
    test: MagnitudeRecords = sets["test"]
    cases = f"{len(test)} simulated records of {test.events} events"
    found = {name: scores_of(of(test), test.magnitude, test.event) for name, of in answers.items()}
    results = [
        Result(
            score=score,
            cases=cases,
            ours=scored(recipe.name, found[recipe.name][score]),
            baselines=tuple(scored(n, s[score]) for n, s in found.items() if n != recipe.name),
            higher_is_better=better,
        )
        for score, better in SCORES.items()
    ]
    predicted = predict(test)
    covered = coverage_interval(predicted, test.magnitude, test.event, half)
    voted, truth, names = event_median(predicted, test.magnitude, test.event)
    event_covered = coverage_interval(voted, truth, names, event_half)
    results += [_covered("record", cases, covered, half), _covered("event", cases, event_covered, event_half)]
    return {
        "summary": first_line(recipe.summary, "earthquakes of M 2 to 4.5 at nine stations", True, results),
        "settings": {
            "phase": "P",
            "before_s": BEFORE_S,
            "window_s": WINDOW_S,
            "sampling_rate_hz": RATE_HZ,
            "features": [*NAMES, *(COORDINATES if recipe.coordinates else ())],
            "coverage": COVERAGE,
            "half_width": round(half, 4),
            "event_half_width": round(event_half, 4),
        },
        "threshold": Threshold(value=0.0, chosen="none: the answer is a number"),
        "data": Data(
            name="seismic_cycle_simulated/none",
            version="1.0.0",
            source=f"foreshock data simulate seismic-cycle --cause none, seed {recipe.data_seed}",
            licence="Apache-2.0",
            simulated=True,
            period="simulated",
            completeness=2.0,
            events=recipe.events,
            records=sum(map(len, sets.values())),
        ),
        "split": CardSplit(
            method="by event, in order of time",
            seed=recipe.data_seed,
            **{name: f"{part.events} events, {len(part)} records" for name, part in sets.items()},
        ),
        "results": results,
        "audit": [_elsewhere(recipe, predict, half)],
        "fails": _fails(predicted, test, half),
    }


def _covered(level: str, cases: str, interval, half: float) -> Result:
    """Coverage as a result; its baseline is what was promised."""
    wanted = Score(model=f"promised, +- {half:.2f}", value=COVERAGE, low=COVERAGE, high=COVERAGE)
    return Result(
        score=f"coverage of the 90 % interval by {level}",
        cases=cases,
        ours=scored("conformal interval", interval),
        baselines=(wanted,),
    )


def _elsewhere(recipe: Recipe, predict: Predict, half: float) -> Control:
    """R2 at nine stations that the forest has not seen, with gains and noise of their own."""
    records = simulated_magnitudes(OTHER_EVENTS, recipe.data_seed + 1000)["train"]
    value = scored("", scores_of(predict(records), records.magnitude, records.event)["R2"])
    covered = coverage_interval(predict(records), records.magnitude, records.event, half)
    return Control(
        control=f"{len(records)} records of nine other stations (the 90 % interval holds {covered.value:.0%} there)",
        score="R2",
        value=value.value,
        low=value.low,
        high=value.high,
        honest="the R2 above, if the forest had not learned its stations' gains and noise",
        verdict="for information",
    )


def _fails(predicted: np.ndarray, test: MagnitudeRecords, half: float) -> list[str]:
    """Where it errs most, in numbers of the test."""
    by_magnitude = residuals_by(test.magnitude, [2.0, 2.5, 3.0, 3.5, 4.6], predicted, test.magnitude, test.event)
    by_distance = residuals_by(test.distance_km, [0, 15, 30, 50, 200], predicted, test.magnitude, test.event)
    worst = max(by_magnitude, key=lambda row: abs(row["bias"].value))
    far = max(by_distance, key=lambda row: row["MAE"].value)
    return [
        f"M {worst['low']:g} to {worst['high']:g}: off by {worst['bias'].value:+.2f} on average",
        f"at {far['low']:g} to {far['high']:g} km the mean error is {far['MAE'].value:.2f}",
        "no tree says more than the largest magnitude of its training, M 4.5, or less than the smallest, M 2",
        "it reads counts: another instrument's gain shifts the answer, a factor of ten by up to one magnitude",
        f"one width for all: +- {half:.2f} is too wide for clear records and too narrow for poor ones",
        "it has seen simulated records only; what features and trees do on real ones: `foreshock benchmark magnitude`",
    ]
