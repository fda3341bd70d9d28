"""The recipe.json of ml-earthquake, read as it is: one of its entries becomes the values of our recipe."""

from __future__ import annotations

import json
from pathlib import Path

from ...datasets.errors import InputError

# Keys of theirs and of ours that mean the same.
SAME = {
    "window_days": "window_days",
    "predict_range_days": "predict_range_days",
    "lat_granularity": "rows",
    "lng_granularity": "columns",
    "test_ratio": "test_ratio",
    "dropout": "dropout",
    "resampling_methods": "resampling",
}
NEEDED = ("id", "predict_center_lat", "predict_center_lng", "predict_radius_meters", "threshold_mag")
KNOWN = {*SAME, *NEEDED, "displayName", "learning_rate", "decay", "epochs", "balanced_batch"}
# Their training's own value where a recipe names none.
LEARNING_RATE, EPOCHS = 5e-6, 50


def is_entry(text: str) -> bool:
    """Whether a recipe is asked for as FILE.json:ID.

    >>> is_entry("recipe.json:tokyo"), is_entry("tokyo")
    (True, False)
    """
    return text.rpartition(":")[0].endswith(".json")


def values_of_entry(text: str) -> dict:
    """The values of our recipe for FILE.json:ID."""
    path, _, wanted = text.rpartition(":")
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))["recipe"]
        by_id = {entry["id"]: entry for entry in entries}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            'a file of ml-earthquake, {"recipe": [{"id": ...}, ...]}', f"{path} ({error})", "name their recipe.json"
        ) from error
    if wanted not in by_id:
        raise InputError(f"an id of {', '.join(by_id)}", repr(wanted), f"write {path}:ID")
    return translated(by_id[wanted])


def translated(entry: dict) -> dict:
    """Our recipe's values for one entry of theirs; keys that nobody knows are refused.

    >>> circle = {"predict_center_lat": 35.7, "predict_center_lng": 139.8, "predict_radius_meters": 150000}
    >>> values = translated({"id": "tokyo", **circle, "threshold_mag": 4.0, "epochs": 50})
    >>> values["name"], values["circle"]["radius_km"], values["fit"]["learning_rate"]
    ('convlstm-tokyo', 150.0, 5e-06)
    """
    missing, unknown = set(NEEDED) - set(entry), set(entry) - KNOWN
    if missing or unknown:
        raise InputError(
            f"an entry with {', '.join(NEEDED)}, and besides only {', '.join(sorted(KNOWN - set(NEEDED)))}",
            f"missing {', '.join(sorted(missing)) or 'none'}, unknown {', '.join(sorted(unknown)) or 'none'}",
            "mend the entry",
        )
    names = entry.get("displayName") or {"en": entry["id"]}
    values = {ours: entry[theirs] for theirs, ours in SAME.items() if theirs in entry}
    # A generator of balanced batches draws as many days without an event as with one.
    if entry.get("balanced_batch"):
        values["resampling"] = [*values.get("resampling", []), {"name": "RandomUnderSampler"}]
    epochs = entry.get("epochs", EPOCHS)
    learning_rate = entry.get("learning_rate", LEARNING_RATE)
    return {
        "name": f"convlstm-{entry['id']}",
        "task": "city-forecast",
        "summary": f"Probability of an earthquake near {names.get('en', entry['id'])}",
        "id": entry["id"],
        "display_name": names,
        "circle": {
            "latitude": entry["predict_center_lat"],
            "longitude": entry["predict_center_lng"],
            "radius_km": entry["predict_radius_meters"] / 1000,
        },
        "published": {
            "threshold_mag": entry["threshold_mag"],
            "learning_rate": learning_rate,
            "decay": entry.get("decay"),
            "epochs": epochs,
            "test_ratio": entry.get("test_ratio"),
        },
        **values,
        # All epochs are run, as theirs were; validation still picks the one that is kept.
        "fit": {
            "learning_rate": learning_rate,
            "learning_rate_decay": entry.get("decay") or 0.0,
            "epochs": epochs,
            "patience": max(epochs, 1),
            "precision": "float16",
        },
    }
