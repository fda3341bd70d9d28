"""The forecast benchmark: every forecaster on the same cells, days and labels, in one table."""

from __future__ import annotations

import fnmatch
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ...datasets.errors import InputError
from ...datasets.period import Split
from ...datasets.regions import Region
from ...training.forecast.baselines import BASELINES, LEAKING, OPTIONAL, Fits
from ...training.forecast.case import ForecastCase
from ...training.forecast.court import Court, Judged, judged
from ...training.forecast.fitted_cache import fits_home
from ...training.forecast.protocol import Protocol
from ...zoo import registry
from .contestants import from_zoo
from .table import Row, Table
from .verdicts import consistent, paired

RESULTS = Path(__file__).parents[1] / "results"
REFERENCE, BAR, TRUTH = "smoothed", "etas", "truth"
LIBRARIES = ("foreshock", "numpy", "scipy", "xgboost", "numba", "onnxruntime")


def run(
    region: str = "simulated",
    protocol: str = "P1",
    models: str = "*",
    data: Path | None = None,
    quick: bool = False,
    out: Path = Path("foreshock-benchmark"),
    split: str = "hard",
    magnitude: float | None = None,
    results: Path | None = None,
    pictures: bool = True,
) -> Table:
    """Fit what is missing, score it on the test period, write the CSV and the pictures, and return the table.

    Arguments:
        region, protocol, split: names; "P2" is P2-7d.
        models: a wildcard over baselines and the zoo's forecasters of this region; the references always run.
        data: the data folder.
        quick: a quarter of the simulated region's cells and eight of its years.
        out: pictures go into a folder in it.
        magnitude: the smallest target; the region's own where None.
        results: the folder of the CSV; `out` when quick, else the package's benchmarks/results.
    """
    where = Region.named(region, data)
    if quick:
        where = quick_region(where)
    case = ForecastCase.of(where, Protocol.named(protocol), split, magnitude, data)
    name = "-".join([where.name, case.protocol.name, *([split] if split != "hard" else [])])
    name += f"-m{case.magnitude:g}" if case.magnitude != where.mc[0] else ""
    folder = out / f"forecast-{name}"
    court, forecasts, seconds = forecast_all(case, models)
    rows = tuple(score_all(case, court, forecasts, seconds))
    command = f"foreshock benchmark forecast --region {region} --protocol {protocol}"
    command += "".join(
        f" --{key} {value}"
        for key, value, usual in (("models", models, "*"), ("split", split, "hard"), ("magnitude", magnitude, None))
        if value != usual
    )
    table = Table(rows, about(case, court, split, command + (" --quick" if quick else "")))
    table.to_csv((results or (folder if quick else RESULTS)) / f"forecast-{name}.csv")
    if pictures:
        from .pictures import draw_all

        table = replace(table, pictures=tuple(draw_all(case, court, forecasts, folder)))
    return table


def quick_region(region: Region) -> Region:
    """The simulated region cut to its middle 16 x 16 cells and to eight years."""
    if not region.source.simulator:
        raise InputError("--quick with a simulated region", f"region {region.name}", "leave --quick out")
    grid = region.grid
    rows, columns = grid.rows // 2, grid.columns // 2
    x0 = grid.x0 + grid.cell_x * (grid.columns - columns) // 2
    y0 = grid.y0 + grid.cell_y * (grid.rows - rows) // 2
    first = int(str(region.period()[0])[:4])
    years = [(first, first + 4), (first + 5, first + 5), (first + 6, first + 7)]
    split = Split(*((f"{a}-01-01", f"{b}-12-31") for a, b in years))
    return replace(
        region,
        name=f"{region.name}-quick",
        grid=replace(grid, rows=rows, columns=columns, x0=x0, y0=y0),
        splits=(("hard", split), ("late", split)),
    )


def forecast_all(case: ForecastCase, models: str) -> tuple[Court, dict[str, Judged], dict]:
    """The test forecasts of all contestants by name, and (seconds of the fit, seconds of the test forecasts)."""
    court = Court.of(case)
    validation_days, validation_counts = case.issue_days("validation"), case.counts("validation")
    wanted = [name for name in BASELINES if name in (REFERENCE, BAR) or fnmatch.fnmatch(name, models)]
    wanted += [name for name in OPTIONAL if name == models]
    fits, forecasts, seconds = Fits(case, cache=fits_home()), {}, {}

    def enter(name: str, rates: Callable[[np.ndarray], np.ndarray], fit_s: float) -> None:
        _say(f"{name}: forecast {len(court.days)} days")
        began = time.monotonic()
        test = rates(court.days)
        seconds[name] = fit_s, time.monotonic() - began
        validation = rates(validation_days) if case.protocol.recalibrated else None
        forecasts[name] = judged(name, case.protocol, test, validation, validation_counts)

    def of(model):
        return lambda days: model.rates(case.catalog, days, case.protocol.window_days, case.magnitude)

    for name in wanted:
        _say(f"{name}: fit")
        model = fits.model(name)
        enter(name, of(model), fits.seconds[name])
    taken, left_out = from_zoo(case, models)
    for name in taken:
        model = registry.load(name)
        enter(name, of(model), model.card.wall_time_s)
    for name, reason in left_out.items():
        print(f"{name} takes no part: {reason}", file=sys.stderr)
    if case.simulated is not None:
        enter(TRUTH, lambda days: case.truth(days).astype(np.float32), 0.0)
    return court, forecasts, seconds


def score_all(case: ForecastCase, court: Court, forecasts: dict[str, Judged], seconds: dict):
    """A row a forecaster, in the order given."""
    smoothed, etas, truth = (forecasts.get(name) for name in (REFERENCE, BAR, TRUTH))
    for name, forecast in forecasts.items():
        _say(f"{name}: score")
        scores = {
            "roc_auc": court.roc_auc(forecast),
            "roc_auc_active": court.roc_auc(forecast, active=True),
            "pr_auc": court.pr_auc(forecast),
            "gain_smoothed": court.gain(forecast, smoothed),
            "gain_smoothed_rescaled": court.gain(forecast, smoothed, rescaled=True),
        }
        if etas:
            scores["gain_etas"] = court.gain(forecast, etas)
            scores["gain_etas_rescaled"] = court.gain(forecast, etas, rescaled=True)
        scores["brier_skill"] = court.brier_skill(forecast, smoothed)
        if truth:
            scores["gain_truth"] = court.gain(forecast, truth)
            scores["share"] = court.share_of_gain(forecast, truth, smoothed)
        note = ""
        if forecast.recalibration:
            a, b, _ = forecast.recalibration
            note = f"recalibrated on validation with a = {a:.3f}, b = {b:.3f}"
        tests = (paired(court, forecast, etas) if etas else {}) | consistent(case, court, forecast)
        yield Row(name, scores, *seconds[name], leaks=name in LEAKING, note=note, tests=tests)


def about(case: ForecastCase, court: Court, split: str, command: str) -> dict:
    """Where a table's numbers come from."""
    return {
        "title": f"{case.region.title}: protocol {case.protocol.name}, M >= {case.magnitude:g}, split {split}",
        "cases": court.cases(),
        "gain": f"nats {court.unit}",
        "interval": "95 %, block bootstrap of 30 days",
        "split": {name: f"{p.first} to {p.last}" for name, p in vars(case.split).items()},
        "data_sha256": case.data_sha256,
        "events": len(case.catalog),
        "command": command,
        "software": {
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
    }


def _say(text: str) -> None:
    """A line about what is running, on stderr and only where a person looks."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)
