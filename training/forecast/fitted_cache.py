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
_STATIC = (
    "training/forecast/static_fit.py",
    *(f"zoo/forecast/{name}.py" for name in ("rates", "rate_model", "static")),
    "datasets/labels.py",
    "datasets/raster.py",
)
_LEARNT = (*_STATIC, *(f"training/forecast/{name}.py" for name in ("sample", "log_rate")))
_LEARNT = (*_LEARNT, "zoo/forecast/history.py", "zoo/forecast/features.py")
_TREES = (*_LEARNT, "training/forecast/boosting_fit.py", "zoo/forecast/boosting.py", "zoo/forecast/rtl.py")
_ETAS = (*_STATIC, "training/forecast/etas_baseline.py", "zoo/forecast/etas/*.py", "datasets/simulate/etas_*.py")
SOURCES = {
    **dict.fromkeys(("uniform", "rate", "smoothed", "rate-leaky"), _STATIC),
    "recency": (*_LEARNT, "training/forecast/recency_fit.py", "zoo/forecast/recency.py"),
    **dict.fromkeys(("indicator-boosting", "rtl-boosting", "boosting", "rtl-classic-boosting"), _TREES),
    "etas": _ETAS,
    "etas-calibrated": (
        *_ETAS,
        "training/forecast/log_rate.py",
        "training/scores/recalibration.py",
        "zoo/forecast/calibrated.py",
    ),
}
# A baseline that is not named above hangs on all of it.
EVERYTHING = ("training/forecast/*.py", "zoo/forecast/**/*.py")
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
        "code": code_hash(SOURCES.get(name, EVERYTHING)),
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
def code_hash(patterns: tuple[str, ...]) -> str:
    """The hash of the code of modules below the package; comments and layout do not change it."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in PACKAGE.glob(pattern)):
        digest.update(f"{path.relative_to(PACKAGE)} {ast.dump(ast.parse(path.read_text()))}".encode())
    return digest.hexdigest()
