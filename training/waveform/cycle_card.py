"""What the card of a foreshock-or-aftershock classifier says: results, data, split, and where it fails."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...datasets.simulate.seismic_cycle import LABELS
from ...zoo.card import Control, Result, Score, Threshold
from ...zoo.card import Split as CardSplit
from ...zoo.waveform import networks, screening
from ..audit.audit import Audit
from ..outcome import first_line, scored
from ..scores.classification import accuracy_of
from ..scores.intervals import Interval, calibration_interval, confusion_interval, ratio_interval
from .cycle_data import SHIFT_S, CycleData
from .recipe import SeismicCycle as Recipe
from .records import Records


def vote(probability: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Soft vote: (mean probability of each event, index of its first record)."""
    _, first, number = np.unique(event, return_index=True, return_inverse=True)
    total = np.stack([np.bincount(number, column) for column in probability.T], axis=1)
    return total / np.bincount(number)[:, None], first


def record_accuracy(probability: np.ndarray, test: Records) -> Interval:
    """Accuracy by record, its interval from whole events."""
    return confusion_interval(test.label, probability.argmax(1), test.event, np.random.default_rng(0), accuracy_of)


def event_accuracy(probability: np.ndarray, test: Records) -> Interval:
    """Accuracy of the soft votes of events."""
    mean, first = vote(probability, test.event)
    rng = np.random.default_rng(0)
    return confusion_interval(test.label[first], mean.argmax(1), test.event[first], rng, accuracy_of)


def brier(probability: np.ndarray, test: Records) -> Interval:
    """Brier score by record."""
    squared = (probability[:, 1] - test.label) ** 2
    return ratio_interval(squared, np.ones(len(squared)), test.event, np.random.default_rng(0))


def calibration(probability: np.ndarray, test: Records) -> Interval:
    """Expected calibration error by record."""
    return calibration_interval(probability[:, 1], test.label, test.event, np.random.default_rng(0))


def results_of(
    name: str, answers: Mapping[str, np.ndarray], test: Records, data: CycleData, sure_from: float
) -> list[Result]:
    """Accuracy by record, by event and of the sure answers, Brier score and calibration; intervals from events.

    Arguments:
        answers: model -> probabilities (n, 2) of the test records, `name` first, then the baselines.
        sure_from: the confidence from which the model counts as sure.
    """
    kind = "simulated " if data.about.simulated else ""
    sure = answers[name].max(axis=1) >= sure_from

    def sure_accuracy(probability, test: Records) -> Interval:
        return record_accuracy(probability[sure], test.select(sure))

    top = None
    if data.ceiling is not None:
        known = round(data.ceiling, 4)
        top = Score(model="true cause known", value=known, low=known, high=known)
    records = f"{len(test)} {kind}records of {test.events} events"
    told = f"{sure.mean():.0%} of {records}, those of confidence {sure_from:.2f} and more"
    rows = []
    for score, cases, of, better, bound in (
        ("accuracy by record", records, record_accuracy, True, top),
        ("accuracy by event, soft vote", f"{test.events} {kind}events", event_accuracy, True, None),
        ("accuracy where the model is sure", told, sure_accuracy, True, None),
        ("Brier score by record", records, brier, False, None),
        ("expected calibration error by record", records, calibration, False, None),
    ):
        ours, *others = (scored(model, of(probability, test)) for model, probability in answers.items())
        rows.append(
            Result(score=score, cases=cases, ours=ours, baselines=tuple(others), ceiling=bound, higher_is_better=better)
        )
    return rows


def elsewhere(probability: np.ndarray, other: Records, stations: int) -> Control:
    """Accuracy on a cycle of the same cause at stations that no model has seen, as a row of the audit."""
    score = scored("", record_accuracy(probability, other))
    return Control(
        control=f"{len(other)} records of {stations} other stations",
        score="accuracy",
        value=score.value,
        low=score.low,
        high=score.high,
        honest="the accuracy by record, if the network learned the source and not its stations",
        verdict="for information",
    )


def faintest(probability: np.ndarray, test: Records, architecture: str) -> str:
    """Words on the quarter of the test records whose arrival stands least above what precedes it."""
    variant = networks.window_of(architecture)
    onset_db = screening.statistics(test.windows(variant), test.sampling_rate_hz, variant.before_s)["onset_db"]
    weak = onset_db <= np.quantile(onset_db, 0.25)
    score = scored("", record_accuracy(probability[weak], test.select(weak)))
    told = f"less than {onset_db[weak].max():.0f} dB above what precedes it"
    return f"records whose {variant.phase} stands {told}, a quarter of the test: accuracy {score} there"


def card_of(
    recipe: Recipe, data: CycleData, results: list[Result], found: Audit, rows: list[Control], settings: dict, weak: str
) -> dict:
    """The fields of the card that this task knows.

    Arguments:
        rows: further rows of the audit, such as `elsewhere`.
        weak: words of `faintest`.
    """
    variant = networks.window_of(recipe.architecture)
    fails = [f"audit, {found.verdict.verdict}: {found.verdict.words}"]
    fails += [
        f"at other stations than the {data.stations} of its training: accuracy {row.value:.3f} "
        f"[{row.low:.3f}, {row.high:.3f}] there"
        for row in rows
    ]
    fails.append(weak)
    if data.about.simulated:
        fails.append("it has seen simulated records only: on real ones its answer means nothing until trained on them")
    fails += [f"not trained or scored on {number} records: {reason}" for reason, number in data.left_out.items()]
    sizes = {name: f"{records.events} events, {len(records)} records" for name, records in data.sets.items()}
    summary = f"audit {found.verdict.verdict}; {recipe.summary}"
    return {
        "summary": first_line(summary, data.place, data.about.simulated, results),
        "classes": LABELS,
        "settings": {
            "phase": variant.phase,
            "before_s": variant.before_s,
            "window_s": variant.window_s,
            "sampling_rate_hz": 100.0,
            "shift_s": SHIFT_S,
            "nperseg": variant.nperseg,
            "noverlap": variant.noverlap,
            **settings,
        },
        "threshold": Threshold(value=0.5, chosen="even odds: foreshocks and aftershocks count alike"),
        "data": data.about,
        "split": CardSplit(
            method="by event, the test a block of time in each class",
            seed=None if data.cycle is None else data.cycle.seed,
            **sizes,
        ),
        "results": results,
        "audit": [*found.rows, *rows],
        "fails": fails,
    }
