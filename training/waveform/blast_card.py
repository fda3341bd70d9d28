"""What the card of a blast ensemble says: where it failed, results beside baselines, the control, data and split."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...datasets.simulate.blast_scene import LABELS
from ...zoo.card import Control, Data, Result, Threshold
from ...zoo.card import Split as CardSplit
from ...zoo.waveform import screening
from ..outcome import first_line, scored
from ..scores.intervals import confusion_interval
from .blast_data import BEFORE_S, RATE_HZ, SHIFT_S, WINDOW_S, BlastRecords
from .blast_recipe import BlastOrQuake as Recipe
from .blast_scores import SCORES, event_vote, scores_of
from .blast_systems import GROUPS, Answer

EVEN_ODDS = "a half: in training either class weighs the same, so that a half is even odds whatever their shares"


@dataclass(frozen=True, eq=False)
class Tested:
    """What a training leaves for the card.

    Arguments:
        answers: of each system to the test records; the vote of all members is called "both, ...".
        records: of the test. groups: name -> mask, parts of the test to be scored apart.
        validation_vote, validation_label: (n,) of members that have not learnt from the record, calibrated.
        temperature: of the vote. known: records of the training, for the limits of the screening.
        sizes: train, validation and test in words.
    """

    answers: dict[str, Answer]
    records: BlastRecords
    groups: dict[str, np.ndarray]
    validation_vote: np.ndarray
    validation_label: np.ndarray
    temperature: float
    known: BlastRecords
    sizes: dict[str, str]


def card_of(recipe: Recipe, tested: Tested, sure: float) -> dict:
    """The card's fields that the training knows."""
    test = tested.records
    ours = next(name for name in tested.answers if name.startswith("both"))
    real = recipe.data == "pnw"
    results = _results(recipe.name, ours, tested)
    members, audit = int(ours.split()[-1]), _audit(tested)
    what = "records of the Pacific Northwest, five folds" if real else "simulated regions"
    return {
        "summary": _summary(recipe, what, real, results, *_missed(tested.answers[ours].vote, test)),
        "classes": LABELS,
        "settings": {
            "phase": "P",
            "before_s": BEFORE_S,
            "window_s": WINDOW_S,
            "sampling_rate_hz": RATE_HZ,
            "shift_s": SHIFT_S,
            "components": "Z",
            "nperseg": 64,
            "noverlap": 32,
            "members": members,
            "temperature": round(tested.temperature, 4),
            "sure_from": round(sure, 4),
            "screen": screening.limits(tested.known.centred(), RATE_HZ, BEFORE_S),
        },
        "threshold": Threshold(value=0.5, chosen=EVEN_ODDS if real else "even odds of the calibrated vote"),
        "data": _data(recipe, test),
        "split": CardSplit(
            method="five folds by event, every choice on the training's events; the kept weights are a sixth training, "
            "on all events"
            if real
            else "by event within each class and region",
            seed=recipe.data_seed,
            **tested.sizes,
        ),
        "results": results,
        "audit": audit,
        "fails": [*_fails(ours, tested, real, sure), *_behind(results), *_told_by_noise(audit)],
    }


def _summary(recipe: Recipe, what: str, real: bool, results: list[Result], missed, of) -> str:
    """The first line; parts of the ensemble are no rivals, but a vote that is no better than one of them says so.

    Arguments:
        missed, of: events voted wrongly and all, of earthquakes and of blasts.
    """
    headline = results[0]
    rivals = tuple(b for b in headline.baselines if not _is_part(b.model))
    parts = [b for b in headline.baselines if _is_part(b.model)]
    line = first_line(recipe.summary, what, not real, [headline.model_copy(update={"baselines": rivals})])
    best = max(parts, key=lambda b: b.value)
    if headline.ours.value <= best.value:
        line += f"; on {headline.score} no better than its part '{best.model}'"
    return f"MISSES {missed[1]} of {of[1]} blasts: {line}" if missed[1] > 0.5 * of[1] else line


def _share(test: BlastRecords) -> float:
    _, first = np.unique(test.event, return_index=True)
    return float(test.label[first].mean())


def _missed(probability: np.ndarray, test: BlastRecords) -> tuple[list[int], list[int]]:
    """(events voted wrongly, all events) of earthquakes and of blasts."""
    voted, truth, _ = event_vote(probability, test.label, test.event)
    wrong = (voted >= 0.5) != truth
    return [int(wrong[truth == c].sum()) for c in (0, 1)], [int((truth == c).sum()) for c in (0, 1)]


def _behind(results: list[Result]) -> list[str]:
    """On which scores a rival is at least as good, by rival."""
    found: dict[str, list[str]] = {}
    for result in results:
        for rival in result.baselines:
            behind = rival.value >= result.ours.value if result.higher_is_better else rival.value <= result.ours.value
            if behind and not _is_part(rival.model):
                found.setdefault(rival.model, []).append(result.score)
    return [f"no better than '{rival}' on {', '.join(scores)}" for rival, scores in found.items()]


def _told_by_noise(audit: list[Control]) -> list[str]:
    suspicious = [row for row in audit if row.verdict == "suspicious"]
    return [
        f"the noise before P alone tells the classes apart with a balanced accuracy of {row.value:.2f}: part of what "
        "it knows may be which stations record blasts"
        for row in suspicious
    ]


def _is_part(system: str) -> bool:
    return system.startswith(GROUPS)


def _results(name: str, ours: str, tested: Tested) -> list[Result]:
    test = tested.records
    where = f"{len(test)} records of {test.events} events"
    scores = {system: scores_of(answer, test.label, test.event) for system, answer in tested.answers.items()}
    order = ["event macro F1", *(score for score in SCORES if score != "event macro F1")]
    return [
        Result(
            score=score,
            cases=where,
            ours=scored(name, scores[ours][score]),
            baselines=tuple(scored(s, found[score]) for s, found in scores.items() if s != ours),
            higher_is_better=SCORES[score],
        )
        for score in order
    ]


def _data(recipe: Recipe, test: BlastRecords) -> Data:
    if recipe.data == "pnw":
        return Data(
            name="blast_or_quake_pnw",
            version="1.0.0",
            source="PNSN and ComCat, vertical records chosen by their author because a forest misclassified them",
            licence="MIT (the collection)",
            simulated=False,
            period="2018 to 2022",
            completeness=None,
            events=test.events,
            records=len(test),
        )
    return Data(
        name=f"blast_or_quake_simulated/{''.join(recipe.regions)}",
        version="1.0.0",
        source=f"foreshock data simulate blast-or-quake, seed {recipe.data_seed}",
        licence="Apache-2.0",
        simulated=True,
        period="five simulated years",
        completeness=None,
        events=recipe.events * len(recipe.regions),
        records=None,
    )


def _fails(ours: str, tested: Tested, real: bool, sure: float) -> list[str]:
    """Where it failed, in numbers of the test."""
    test, probability = tested.records, tested.answers[ours].vote
    wrong = (probability >= 0.5) != test.label
    missed, of = _missed(probability, test)
    lines = [
        f"events of the test voted wrongly: {missed[0]} of {of[0]} earthquakes, {missed[1]} of {of[1]} blasts",
        f"single records wrong: {wrong.mean():.0%}; of blasts {wrong[test.label == 1].mean():.0%}",
    ]
    for name, mask in tested.groups.items():
        lines.append(
            f"{name}: {wrong[mask].mean():.0%} of records wrong, {wrong[mask & (test.label == 1)].mean():.0%} of blasts"
        )
    confident = np.maximum(probability, 1 - probability) >= sure
    share = f"{1 - confident.mean():.0%} of the records"
    lines.append(f"'unsure' below {sure:.2f}: {share}" if sure >= 0.505 else "no answer is called unsure for its odds")
    if real:
        lines += [
            f"{len(test.left_out)} of {len(test) + len(test.left_out)} channels have no answer: no P found, too short, "
            "or below 40 Hz",
            f"{test.events} events are few: the intervals are wide, and the kept weights were trained on all of them, "
            "so that they know these events; elsewhere than in this network nothing is known",
            f"probabilities are at even odds; where a share s of the events are blasts (here {_share(test):.2f}), "
            "multiply the odds by s / (1 - s): Brier and calibration scores are of these",
        ]
    else:
        lines.append("it has seen simulated records only: on real ones see blast-ensemble-pnw's card, 'nothing seen'")
    return lines


def _audit(tested: Tested) -> list[Control]:
    rows = [before_p(tested.records)]
    if tested.groups:
        why = "0.5 within a region; over all of them noise tells the region, and they differ in their share of blasts"
        rows = [rows[0].model_copy(update={"honest": why, "verdict": "for information"})]
        rows += [before_p(tested.records.select(mask), f", {name}") for name, mask in tested.groups.items()]
    return rows


def before_p(test: BlastRecords, where: str = "") -> Control:
    """A forest on the spectrum of the four seconds before P, which should not tell the classes apart."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import cross_val_predict

    folds = test.folds()
    splits = [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(folds.max() + 1)]
    model = RandomForestClassifier(200, min_samples_leaf=3, class_weight="balanced", random_state=0, n_jobs=1)
    guess = cross_val_predict(model, noise_spectra(test.centred()[:, :, 0]), test.label, cv=splits)
    # Balanced accuracy is a half by any guess that does not know the class, whatever the shares.
    found = confusion_interval(test.label, guess, test.event, np.random.default_rng(0), _balanced, classes=2)
    score = scored("forest", found)
    return Control(
        control=f"forest on the spectrum of the 4 s before P, five folds by event{where}",
        score="balanced accuracy",
        value=score.value,
        low=score.low,
        high=score.high,
        honest="0.5",
        verdict="clear" if score.low <= 0.5 else "suspicious",
    )


def _balanced(table: np.ndarray) -> np.ndarray:
    right = np.diagonal(table, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (right / table.sum(axis=-1)).mean(axis=-1)


def noise_spectra(data: np.ndarray) -> np.ndarray:
    """Shape of the spectrum before P: log power of nine bands up to 19 Hz less their mean, (n, 9)."""
    count = round((BEFORE_S - SHIFT_S) * RATE_HZ)
    window = data[:, :count] - data[:, :count].mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(window * np.hanning(count), axis=1)) ** 2
    frequency = np.fft.rfftfreq(count, 1 / RATE_HZ)
    edges = np.array([0.5, 1, 2, 3, 5, 7, 9, 12, 15, 19])
    bands = [(frequency >= low) & (frequency < high) for low, high in pairwise(edges)]
    level = np.log(np.stack([power[:, band].mean(axis=1) for band in bands], axis=1) + 1e-12 * power.max() + 1e-30)
    return level - level.mean(axis=1, keepdims=True)
