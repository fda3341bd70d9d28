"""Tables I, II and III of Kail, Zaytsev and Burnaev 2020, without their leaks: same cells, days and labels for all."""

from __future__ import annotations

import fnmatch
import platform
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ...datasets.errors import InputError
from ...datasets.regions import Region
from ...training.forecast.case import ForecastCase
from ...training.forecast.court import Judged
from ...training.forecast.fitted_cache import fits_home
from ...training.forecast.protocol import Protocol
from ...training.forecast.rivals import Rivals
from ...zoo.forecast.rates import window_probability
from ..forecast.run import RESULTS, quick_region
from .contestants import QUICK, judged_once, network_forecast, recipe_of, trained
from .table import TITLES, Row, Tables

PUBLISHED = tomllib.loads((Path(__file__).parent / "published.toml").read_text(encoding="utf-8"))
BASELINES = ("rate", "indicator-boosting", "rtl-boosting")
NETWORKS = ("cnn", "cnn-lstm", "cnn-prior", "cnn-lstm-prior")
IN_TABLE_THREE = ("cnn-lstm-prior", "rate")
# Not in the paper's table, but without them no number in it can be read.
BESIDE = ("smoothed", "etas")
WEIGHTS = (1, 10, 1000, 100_000, 10_000_000)
THRESHOLDS = (0.0001, 0.1, 0.99)
# Table I is about an order, not about the best each weight can do: a part of the full training.
SMALL = {"fit.epochs": "2", "crops.passes": "3", "crops.validation_passes": "1"}
CHANGED = {
    "rate": "rates of the training days alone, a share of them spread evenly, so that no cell is impossible",
    "indicator-boosting": "probabilities of all cells; the paper ranked hard 0/1 answers of another set of cells",
    "rtl-boosting": "probabilities of all cells; the paper ranked hard 0/1 answers of another set of cells",
    "cnn": "days 10 to 50 as for all others; the paper's CNN was asked for days 0 to 40",
    "unet": "in the paper without a number; no prior, and briefly trained on tiles",
    "cnn-lstm": "gradients run through 16 days and the loss takes logits; the paper cut the state at every day",
}


def run(
    region: str = "simulated",
    data: Path | None = None,
    quick: bool = False,
    out: Path = Path("foreshock-benchmark"),
    results: Path | None = None,
    unet: bool = False,
    tables: tuple[str, ...] = ("I", "II", "III"),
    networks: str = "*",
) -> Tables:
    """Fit or load every method, score it on the test period of the hard split, write the CSV, return the tables.

    Arguments:
        quick: a quarter of the simulated region, with small networks trained for seconds.
        out: trained networks are kept in it, and the CSV when quick.
        results: the folder of the CSV; the package's benchmarks/results where None.
        unet: train the U-Net too; its 31 million parameters are not in the zoo.
        tables: which of the three; the third needs the second.
        networks: a wildcard over the table's networks.
    """
    where = Region.named(region, data)
    changes = {}
    if quick:
        where, changes = quick_region(where), QUICK
    case = ForecastCase.of(where, Protocol.named("P1"), "hard", None, data)
    rivals = Rivals(case, cache=fits_home())
    key = f"{case.magnitude:g}" if f"{case.magnitude:g}" in PUBLISHED["methods"] else "5"
    kept = out / f"kail-{where.name}"
    if unknown := set(tables) - set(TITLES):
        raise InputError(f"tables of {', '.join(TITLES)}", ", ".join(sorted(unknown)), "choose from the list")
    wanted = [name for name in (*NETWORKS, *(("unet",) if unet else ())) if fnmatch.fnmatch(name, networks)]
    rows = []
    if {"II", "III"} & set(tables):
        rows, forecasts = table_two(rivals, changes, kept, key, wanted)
    if "III" in tables:
        rows += table_three(rivals, forecasts, key)
    if "I" in tables:
        rows = [*table_one(rivals, changes, kept, key), *rows]
    options = [f"--tables {','.join(tables)}"] if len(tables) < len(TITLES) else []
    options += [f"--networks {networks!r}"] if networks != "*" else []
    result = Tables(tuple(rows), _about(rivals, region, [*options, *(["--quick"] if quick else [])], key))
    result.to_csv((results or (kept if quick else RESULTS)) / f"kail-{where.name}.csv")
    return result


def table_one(rivals: Rivals, changes: dict, kept: Path, key: str) -> Iterator[Row]:
    """CNN+LSTM by the weight of cells with an event."""
    published = PUBLISHED["weights"].get(key, {})
    for weight in WEIGHTS:
        _say(f"Table I: weight {weight:g}")
        recipe = recipe_of("cnn-lstm", rivals, SMALL | changes | {"positive_weight": f"{float(weight)}"})
        rates, place, seconds = trained(recipe, rivals, kept)
        forecast = judged_once(recipe.name, rivals.case, rates, place)
        days = recipe.crops.stretch_days
        note = f"trained for {seconds:.0f} s on tiles, not to the end; gradients run through {days} days"
        yield from areas(rivals, "I", f"weight {weight:g}", forecast, published.get(str(weight)), note)


def table_two(
    rivals: Rivals, changes: dict, kept: Path, key: str, networks: list[str]
) -> tuple[list[Row], dict[str, Judged]]:
    """All methods, and their test forecasts by name."""
    rows, forecasts, published = [], {}, PUBLISHED["methods"][key]
    for name in (*BASELINES, *BESIDE):
        _say(f"Table II: {name}")
        forecasts[name] = rivals.judged(name)
        note = CHANGED.get(name, "not in the paper: without it no other number can be read")
        rows += areas(rivals, "II", name, forecasts[name], published.get(name), note)
        if name.endswith("boosting"):
            hard = hard_answers(forecasts[name])
            rows += areas(rivals, "II", f"{name}, hard answers", hard, None, "the paper's way: 1 where p > .5, else 0")
    for name in networks:
        _say(f"Table II: {name}")
        forecasts[name], source = network_forecast(name, rivals, changes, kept, name in IN_TABLE_THREE)
        changed = CHANGED.get(name, "the prior is the smoothed rate of the training days, as a probability")
        rows += areas(rivals, "II", name, forecasts[name], published.get(name), f"{changed}; {source}")
        if name.endswith("-prior"):
            leak = leaked(rivals, forecasts[name])
            note = "the paper's leak: the prior is the mean over all days, the test's included"
            rows += areas(rivals, "II", f"{name}, leaking prior", leak, None, note)
    return rows, forecasts


def table_three(rivals: Rivals, forecasts: dict[str, Judged], key: str) -> Iterator[Row]:
    """False negatives and false positives by threshold, of the residual network and of the historical rate."""
    label = rivals.court.label
    for name in (name for name in IN_TABLE_THREE if name in forecasts):
        known = {row[0]: row[1:] for row in PUBLISHED["errors"][key][name]}
        for threshold in sorted({*THRESHOLDS, *known}):
            missed, alarms = errors(forecasts[name].probability, label, threshold)
            note = (
                f"{label.sum() / 1e3:.2f} thousand hits of {label.size / 1e6:.2f} million cell-days in our test; "
                "ours are probabilities, the paper's were inflated by the weight in the loss"
            )
            for score, value, theirs in zip(
                ("FN", "FP"), (missed, alarms), known.get(threshold, (None, None)), strict=True
            ):
                yield Row("III", f"{name}, p > {threshold:g}", score, value / 1e3, published=theirs, note=note)


def errors(probability: np.ndarray, label: np.ndarray, threshold: float) -> tuple[int, int]:
    """False negatives and false positives where p > threshold is an alarm.

    >>> errors(np.array([0.1, 0.6, 0.7]), np.array([True, False, True]), 0.5)
    (1, 1)
    """
    alarm = probability > threshold
    return int((label & ~alarm).sum()), int((alarm & ~label).sum())


def hard_answers(forecast: Judged) -> Judged:
    """1 where the probability exceeds .5, else 0, as rates to rank by."""
    answer = (forecast.probability > 0.5).astype(np.float32)
    return Judged(f"{forecast.name}, hard", answer, answer)


def leaked(rivals: Rivals, forecast: Judged) -> Judged:
    """The same network's answer with the mean over all days, the test included, in the place of its prior."""
    days = rivals.case.protocol.days
    honest, leak = (
        _log_odds(window_probability(rivals.fits.model(name).rate_per_day, days)) for name in ("smoothed", "rate-leaky")
    )
    # exp(rate) - 1 are the odds of 1 - exp(-rate).
    odds = np.expm1(forecast.rate.astype(np.float64)) * np.exp(leak - honest)
    rate = np.log1p(odds)
    return Judged(f"{forecast.name}, leaking", rate.astype(np.float32), -np.expm1(-rate))


def _log_odds(p: np.ndarray) -> np.ndarray:
    return np.log(p) - np.log1p(-p)


def areas(rivals: Rivals, table: str, case: str, forecast: Judged, published, note: str) -> list[Row]:
    """ROC and PR area of a forecast with their intervals."""
    court, rows = rivals.court, []
    for score, interval, theirs in zip(
        ("ROC AUC", "PR AUC"), (court.roc_auc(forecast), court.pr_auc(forecast)), published or (None, None), strict=True
    ):
        rows.append(Row(table, case, score, *(float(v) for v in interval[:3]), theirs, note))
    return rows


def _about(rivals: Rivals, region: str, options: list[str], key: str) -> dict:
    case = rivals.case
    simulated = "SIMULATED data, " if case.simulated is not None else ""
    return {
        "title": f"Kail et al. 2020 without leaks: {simulated}{case.region.title}, M >= {case.magnitude:g}, days 10-50",
        "cases": rivals.court.cases(),
        "published": f"{PUBLISHED['citation']}, M >= {key}",
        "command": " ".join([f"foreshock benchmark kail --region {region}", *options]),
        "data_sha256": case.data_sha256,
        "software": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("foreshock", "numpy", "keras", "tensorflow", "xgboost")},
        },
    }


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)
