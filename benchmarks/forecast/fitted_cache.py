"""Fitted baselines kept in a work folder, each under the hash of all that decided it."""

from __future__ import annotations

import hashlib
import json
import time
from importlib.metadata import version
from pathlib import Path

from ...datasets.atomic import replacing_folder
from ...training.forecast.baselines import ANY_WINDOW, BUILT_ON, Fits
from ...zoo.forecast.rate_model import RateModel, load_rate_model

# Raised when a fit or its file changes, so that no older one is taken for it.
FITS_VERSION = 2


def fitted(name: str, fits: Fits, folder: Path) -> tuple[RateModel, float]:
    """A baseline, and the seconds that its fit took without what it is built on; read from `folder` if it is there."""
    for other in BUILT_ON.get(name, ()):
        if other not in fits.known:
            fitted(other, fits, folder)
    place = folder / f"{name}-{_key(name, fits)}"
    if (place / "fit.json").is_file():
        fits.known[name] = load_rate_model(place)
        return fits.known[name], float(json.loads((place / "fit.json").read_text())["seconds"])
    began = time.monotonic()
    model = fits.model(name)
    seconds = time.monotonic() - began
    with replacing_folder(place) as temporary:
        model.save(temporary)
        (temporary / "fit.json").write_text(json.dumps({"seconds": round(seconds, 2)}))
    return model, seconds


def _key(name: str, fits: Fits) -> str:
    case = fits.case
    decided = {
        "name": name,
        "version": (version("foreshock"), FITS_VERSION),
        "region": case.region.to_toml(),
        "split": {k: (str(p.first), str(p.last)) for k, p in vars(case.split).items()},
        "magnitude": case.magnitude,
        "data": case.data_sha256,
        "seed": fits.seed,
    }
    if name not in ANY_WINDOW:
        decided["protocol"] = (case.protocol.window_days, case.protocol.every_days, case.protocol.likelihood)
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:12]
