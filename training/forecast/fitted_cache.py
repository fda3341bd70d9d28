"""Fitted baselines kept in the cache, each under the hash of all that decided it; trainings and benchmarks share it."""

from __future__ import annotations

import ast
import hashlib
import json
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from ...datasets.atomic import replacing_folder
from ...datasets.home import cache_home
from ...zoo.forecast.rate_model import RateModel, load_rate_model
from .case import ForecastCase

PACKAGE = Path(__file__).parents[2]
# The modules that decide what is fitted and how it is kept; a change of the code in one of them makes new fits. Cells,
# events and labels are in the key by themselves.
SOURCES = (
    "training/forecast/static_fit.py",
    "training/forecast/recency_fit.py",
    "training/forecast/boosting_fit.py",
    "training/forecast/etas_baseline.py",
    "training/forecast/sample.py",
    "training/forecast/log_rate.py",
    "training/scores/recalibration.py",
    "datasets/labels.py",
    "datasets/raster.py",
    *(f"zoo/forecast/{name}.py" for name in ("rates", "history", "features", "rtl", "rate_model")),
    *(f"zoo/forecast/{name}.py" for name in ("static", "recency", "boosting", "calibrated")),
    "zoo/forecast/etas/*.py",
    "datasets/simulate/etas_*.py",
)
LIBRARIES = ("numpy", "scipy", "xgboost", "onnxmltools")


def fits_home() -> Path:
    """The folder of fits that trainings and benchmarks share; see `cache_home`."""
    return cache_home() / "fits"


def fit_or_read(
    name: str, case: ForecastCase, seed: int, any_window: bool, cache: Path | None, fit: Callable[[], RateModel]
) -> tuple[RateModel, float]:
    """A baseline and the seconds of its fit, read from the cache if it is there, else fitted and kept.

    Arguments:
        any_window: the fit is the same for every protocol.
        cache: a folder; nothing is kept where None.
    """
    if cache is None:
        return _timed(fit)
    place = Path(cache) / f"{case.region.name}-{name}-{_key(name, case, seed, any_window)}"
    if (place / "fit.json").is_file():
        return load_rate_model(place), float(json.loads((place / "fit.json").read_text())["seconds"])
    model, seconds = _timed(fit)
    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing_folder(place) as temporary:
        model.save(temporary)
        (temporary / "fit.json").write_text(json.dumps({"seconds": round(seconds, 2)}))
    return model, seconds


def _timed(fit: Callable[[], RateModel]) -> tuple[RateModel, float]:
    began = time.monotonic()
    return fit(), time.monotonic() - began


def _key(name: str, case: ForecastCase, seed: int, any_window: bool) -> str:
    decided = {
        "name": name,
        "code": code_hash(),
        "libraries": {library: version(library) for library in LIBRARIES},
        "region": case.region.to_toml(),
        "split": {k: (str(p.first), str(p.last)) for k, p in vars(case.split).items()},
        "magnitude": case.magnitude,
        "data": case.data_sha256,
        "seed": seed,
    }
    if not any_window:
        decided["protocol"] = (case.protocol.window_days, case.protocol.every_days, case.protocol.likelihood)
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:12]


@cache
def code_hash() -> str:
    """The hash of the code of `SOURCES`; comments and layout do not change it."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(PACKAGE.glob(pattern)):
            digest.update(f"{path.relative_to(PACKAGE)} {ast.dump(ast.parse(path.read_text()))}".encode())
    return digest.hexdigest()
