"""The numbers of README's tables of the seismic cycle, blasts and magnitudes are those of the committed results."""

import csv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
REGIONS = ("simulated region A", "simulated region B", "simulated region C", "Pacific Northwest")
FOREST = "forest on P/S and spectra"
# What README calls a row -> its regime and system in the CSV.
BLASTS = {
    "elsewhere (leave one region out): best single": ("not tuned", "waveform, best single"),
    "elsewhere: vote of ten": ("not tuned", "both, vote of 10"),
    "elsewhere: forest": ("not tuned", FOREST),
    "here: best single": ("from scratch", "waveform, best single"),
    "here: vote of ten": ("from scratch", "both, vote of 10"),
    "here: forest": ("from scratch", FOREST),
    "elsewhere, then here, front frozen: vote of ten": ("front frozen", "both, vote of 10"),
    "elsewhere, then here, all layers: vote of ten": ("all layers", "both, vote of 10"),
    "elsewhere and here: forest": ("all layers", f"{FOREST}, simulation too"),
}
MAGNITUDES = {
    "forest": "forest",
    "boosting": "boosting",
    "small network": "small network",
    "amplitude and distance": "amplitude and",
    "amplitude alone": "amplitude alone",
}
PLACES = ("simulated", "simulated, other stations", "Northern California")


CYCLE = {
    "FRAMAX log": "framax-log-simcycle",
    "FRAMAX PSD": "framax-psd-simcycle",
    "NRCA-13s": "nrca13s-simcycle",
    "P64": "p64-simcycle",
    "P32": "p32-simcycle",
    "S64": "s64-simcycle",
    "S32": "s32-simcycle",
    "Laurenti, raw waveform": "laurenti-simcycle",
    "logistic regression on mean spectra": "logistic on mean spectra, cause source",
    "P64, cause path": "p64-simcycle-path",
}


def rows_of(name):
    with open(RESULTS / name, encoding="utf-8") as file:
        file.readline()
        return list(csv.DictReader(file))


def cell(row, digits=2):
    return "{value:.{d}f} [{low:.{d}f}, {high:.{d}f}]".format(
        d=digits, **{name: float(row[name]) for name in ("value", "low", "high")}
    )


def blast_lines():
    found = {
        (row["region"], row["regime"], row["system"]): cell(row)
        for row in rows_of("discriminate.csv")
        if row["score"] == "event macro F1"
    }
    # On the real records the model of the zoo is what learnt elsewhere.
    found["Pacific Northwest", "not tuned", "both, vote of 10"] = found[
        "Pacific Northwest", "not tuned", "blast-ensemble-sim"
    ]
    for name, key in BLASTS.items():
        yield f"| {name} | " + " | ".join(found.get((region, *key), "") for region in REGIONS) + " |"


def magnitude_lines():
    rows = rows_of("magnitude.csv")
    for name, model in MAGNITUDES.items():
        cells = []
        for place in PLACES:
            for score in ("MAE", "coverage"):
                (row,) = (
                    r
                    for r in rows
                    if r["data"] == place
                    and r["score"] == score
                    and (r["model"] == model or (model.endswith(" and") and r["model"].startswith(model)))
                )
                cells.append(cell(row, 3) if score == "MAE" else f"{float(row['value']):.2f}")
        yield f"| {name} | " + " | ".join(cells) + " |"


def cycle_lines():
    rows = {(row["model"], row["score"]): row for row in rows_of("seismic-cycle.csv")}
    for name, model in CYCLE.items():
        record, event = (rows[model, f"accuracy by {kind}"] for kind in ("record", "event"))
        published = record["published_on_norcia"]
        yield f"| {name} | {published} | {cell(record, 3)} | {cell(event, 3)} |"


@pytest.mark.parametrize(
    "lines", [cycle_lines, blast_lines, magnitude_lines], ids=["seismic cycle", "blasts", "magnitudes"]
)
def test_readmes_numbers_are_the_committed_ones(lines):
    readme = (ROOT / "README.md").read_text().splitlines()
    missing = [line for line in lines() if line not in readme]
    assert not missing, "README lacks these lines:\n" + "\n".join(missing)
