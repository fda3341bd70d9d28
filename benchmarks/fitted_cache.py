"""Fitted baselines kept in a work folder, each under the hash of all that decided it."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

from .. import __version__
from ..datasets.atomic import replacing_folder
from ..training.baselines import fit_baseline
from ..training.forecast_case import ForecastCase
from ..zoo.forecast.rate_model import RateModel, load_rate_model


def fitted(name: str, case: ForecastCase, folder: Path, seed: int = 1) -> tuple[RateModel, float]:
    """The baseline of this name fitted on the case, and the seconds its fit took; read from `folder` if it is there."""
    place = folder / f"{name}-{_key(name, case, seed)}"
    if (place / "fit.json").is_file():
        return load_rate_model(place), float(json.loads((place / "fit.json").read_text())["seconds"])
    began = time.monotonic()
    model = fit_baseline(name, case, seed)
    seconds = time.monotonic() - began
    with replacing_folder(place) as temporary:
        model.save(temporary)
        (temporary / "fit.json").write_text(json.dumps({"seconds": round(seconds, 2)}))
    return model, seconds


def _key(name: str, case: ForecastCase, seed: int) -> str:
    decided = {
        "name": name,
        "version": __version__,
        "region": case.region.to_toml(),
        "split": {k: (str(p.first), str(p.last)) for k, p in vars(case.split).items()},
        "protocol": (case.protocol.window_days, case.protocol.every_days, case.protocol.likelihood),
        "magnitude": case.magnitude,
        "data": case.data_sha256,
        "seed": seed,
    }
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:12]
