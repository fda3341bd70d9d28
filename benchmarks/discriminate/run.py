"""`foreshock benchmark discriminate`: every experiment, one CSV, one picture."""

from __future__ import annotations

import platform
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from ...datasets.errors import InputError
from ...datasets.home import data_home
from ...datasets.readers.pnw import EVENTS as PNW_EVENTS
from .experiments import EVENTS, QUICK_EVENTS, REHEARSAL_EVENTS, SHARES, TARGETS, northwest, simulated
from .picture import plot_table
from .table import Table

RESULTS = Path(__file__).parents[1] / "results"


def run(
    data: Path | None = None,
    quick: bool = False,
    out: Path = Path("foreshock-benchmark"),
    results: Path | None = None,
    seed: int = 1,
    targets: str = TARGETS,
) -> Table:
    """Train what is missing, score it, write the CSV and the picture, and return the table.

    Arguments:
        data: the data folder; without waveforms/pnw_events.csv in it there are the simulated regions only.
        quick: one simulated region, few events and epochs; the CSV then goes to `out`.
        out: trainings and pictures lie here; what is there is not trained again.
        targets: letters of the simulated regions to transfer to; none leaves the real records.
    """
    folder = out / ("discriminate-quick" if quick else "discriminate")
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(simulated(folder, quick, seed, targets))
    if not quick and (data_home(data) / "waveforms" / PNW_EVENTS).is_file():
        rows += northwest(folder, data)
    if not rows:
        raise InputError("simulated targets or the real records", "neither", "name targets, or give --data")
    about = {
        "title": "Earthquake or blast from vertical records" + (", quick and meaningless" if quick else ""),
        "cases": {region: _cases(region, quick) for region in dict.fromkeys(row.region for row in rows)},
        "interval": "95 %, whole events resampled; a gain's in pairs over the same events; that of a calibration error "
        "may lie above it, as resampling adds to it",
        "decision": "a blast from even odds on, classes weighing the same in training; Brier and calibration at the "
        "training's share of blasts",
        "command": "foreshock benchmark discriminate"
        + (" --quick" if quick else " --data ../shared/data")
        + (f" --targets '{targets}'" if targets != TARGETS else ""),
        "seed": seed,
        "software": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("foreshock", "keras", "tensorflow", "scikit-learn", "numpy")},
        },
    }
    table = Table(tuple(rows), about)
    table.to_csv((results or (folder if quick else RESULTS)) / "discriminate.csv")
    picture = folder / "discriminate.png"
    plot_table(table, picture)
    return replace(table, pictures=(str(picture),))


def _cases(region: str, quick: bool) -> str:
    if region.startswith("simulated"):
        events = QUICK_EVENTS if quick else EVENTS
        return (
            f"simulated, {events} events; 'not tuned' is leave one region out: learnt on the two other regions; "
            f"{1 - SHARES[-1]:.0%} of its own events to learn from, the others test"
        )
    return (
        "real, hard cases chosen by their author; five folds by event; 'not tuned' has learnt on simulation only, "
        f"tuning sees {REHEARSAL_EVENTS} simulated events of each region again"
    )
