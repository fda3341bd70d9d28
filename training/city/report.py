"""summary.json, validations.json and a detail file a day, with the keys of ml-earthquake."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...datasets.labels import haversine_km
from ...datasets.progress import track
from ...datasets.windows import Windows
from ...zoo.forecast.city import FULL_SCALE
from ...zoo.forecast.city_files import date, detail, detail_name, dump, span
from ..fit import Course
from ..scores.classification import best_threshold
from ..scores.ranking import roc_auc
from .case import CityCase


def decisions(probability: np.ndarray, hit: np.ndarray, threshold: float) -> dict:
    """acc, auc, f1, precision, recall, tp, fn, fp, tn of a threshold; what is undefined is None, with a note.

    >>> found = decisions(np.array([0.1, 0.2, 0.3]), np.array([False, True, False]), 0.5)
    >>> found["precision"], found["recall"], found["tn"], found["notes"]
    (None, 0.0, 2, {'precision': 'undefined: no day was called positive'})
    """
    called = probability >= threshold
    tp, fn = int((called & hit).sum()), int((~called & hit).sum())
    fp, tn = int((called & ~hit).sum()), int((~called & ~hit).sum())
    notes = {}

    def share(name: str, part: int, whole: int, why: str) -> float | None:
        if whole:
            return part / whole
        notes[name] = f"undefined: {why}"
        return None

    scores = {
        "acc": (tp + tn) / len(hit),
        "auc": float(roc_auc(probability, hit)) if 0 < hit.sum() < len(hit) else None,
        "f1": share("f1", 2 * tp, 2 * tp + fp + fn, "no day had an event and none was called positive"),
        "precision": share("precision", tp, tp + fp, "no day was called positive"),
        "recall": share("recall", tp, tp + fn, "no day had an event"),
        **{"tp": tp, "fn": fn, "fp": fp, "tn": tn},
    }
    if scores["auc"] is None:
        notes["auc"] = "undefined: days of one class only"
    return {**scores, "notes": notes}


def summary_of(case: CityCase, course: Course, probability: dict[str, np.ndarray], hit: np.ndarray) -> dict:
    """The content of summary.json: scores on the test at the threshold of best F1 on validation, losses, dates."""
    chosen = best_threshold(probability["validation"], case.counts("validation") > 0, by="f1")
    scores = decisions(probability["test"], hit, chosen.value)
    train, test = case.issue_days("train"), case.issue_days("test")
    before, after = case.recipe.window_days, case.recipe.predict_range_days
    return {
        "scores": scores,
        "threshold": chosen.value,
        "loss": [row["loss"] for row in course.history],
        "val_loss": [row["validation_loss"] for row in course.history],
        "train_start_date": date(train[0] - before),
        "train_end_date": date(train[-1] + after),
        "test_start_date": date(test[0] - before),
        "test_end_date": date(test[-1] + after),
    }


def write_report(folder: Path, case: CityCase, test: Windows, probability: np.ndarray, summary: dict) -> None:
    """Write the files into a folder."""
    rest = {key: value for key, value in summary.items() if key != "scores"}
    dump({**summary["scores"], **rest}, folder / "summary.json")
    place, range_days = case.circle, case.recipe.predict_range_days
    far = haversine_km(case.catalog.latitude, case.catalog.longitude, place.latitude, place.longitude)
    near = case.catalog[far <= place.radius_km]
    day = case.grid.days(near.time)
    hit = case.counts("test") > 0
    rows = []
    for i, issue in track(list(enumerate(test.issue_days)), "detail files"):
        events = near[(day >= issue) & (day < issue + range_days)]
        scaled = np.clip(test.inputs(i)[0] / FULL_SCALE, 0.0, 1.0)
        name = detail_name(issue, range_days)
        seen = detail(scaled, issue, range_days, place, case.magnitude, case.grid, events)
        dump(seen, folder / name)
        row = span(issue, case.recipe.window_days, range_days)
        largest = float(events.magnitude.max()) if len(events) else 0.0
        outcome = {"prediction": float(probability[i]), "fact": float(hit[i]), "max_mag": largest, "detail": name}
        rows.append({**row, **outcome})
    dump({"validations": rows}, folder / "validations.json")
