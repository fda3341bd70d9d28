"""The numbers of README's tables of blasts and magnitudes are those of the card and of the committed results."""

import csv
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOREST = "forest on P/S and spectra"
# What README calls a row -> its name on the card.
BLASTS = {
    "ten networks, tuned: `blast-ensemble-pnw`": "blast-ensemble-pnw",
    "the best waveform network of them": "waveform, best single",
    "ten networks that saw simulation only": "blast-ensemble-sim, nothing seen of here",
    "forest that saw simulation only": f"{FOREST}, simulation only",
    "forest that saw the real records": FOREST,
    "forest that saw both": f"{FOREST}, simulation too",
    "always earthquake": "class shares of the training",
}
SCORES = ("event macro F1", "event accuracy", "station accuracy", "event Brier")
MAGNITUDES = ("forest", "boosting", "small network", "amplitude alone", "amplitude and")
PLACES = ("simulated", "simulated, other stations", "Northern California")


def cell(row, digits=2):
    return f"{float(row['value']):.{digits}f} [{float(row['low']):.{digits}f}, {float(row['high']):.{digits}f}]"


def blast_lines():
    card = json.loads((ROOT / "zoo" / "weights" / "blast-ensemble-pnw" / "card.json").read_text())
    found = {
        (row["model"], result["score"]): cell(row)
        for result in card["results"]
        for row in (result["ours"], *result["baselines"])
    }
    for name, model in BLASTS.items():
        yield f"| {name} | " + " | ".join(found[model, score] for score in SCORES) + " |"


def magnitude_lines():
    with open(ROOT / "benchmarks" / "results" / "magnitude.csv", encoding="utf-8") as file:
        file.readline()
        rows = {(row["data"], row["model"], row["score"]): row for row in csv.DictReader(file)}
    for model in MAGNITUDES:
        cells = []
        for place in PLACES:
            name = model
            if model == "amplitude and":
                name += " distance by S - P" if place == PLACES[-1] else " true distance"
            cells.append(cell(rows[place, name, "MAE"], 3))
            cells.append(f"{float(rows[place, name, 'coverage']['value']):.2f}")
        yield f"| {model.replace(' and', ' and distance')} | " + " | ".join(cells) + " |"


@pytest.mark.parametrize("lines", [blast_lines, magnitude_lines], ids=["blasts", "magnitudes"])
def test_readmes_numbers_are_the_measured_ones(lines):
    readme = (ROOT / "README.md").read_text().splitlines()
    missing = [line for line in lines() if line not in readme]
    assert not missing, "README lacks these lines:\n" + "\n".join(missing)
