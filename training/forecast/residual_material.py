"""All that a residual network is fitted and chosen on, made once a case and kept: samples, and maps of validation."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...zoo.forecast.residual.ratios import Ratio
from .baselines import Fits
from .fitted_cache import code_hash
from .residual_sample import ErrorSample, Fold, cross_fitted, fold_samples, joined, period_maps

SOURCES = (
    "zoo/forecast/residual/account.py",
    "zoo/forecast/residual/ratios.py",
    "zoo/forecast/etas/*.py",
    "zoo/forecast/history.py",
    "training/forecast/residual_sample.py",
    "training/forecast/etas_baseline.py",
)


@dataclass(frozen=True, eq=False)
class Material:
    """What fits and choices of a case rest on; nothing of it is later than the validation period.

    Arguments:
        samples: of the training period, one for each seed.
        log_etas, features: of the validation period, (issues, rows, columns) and the same with channels.
        seconds: that ETAS's three fits and the features took when they were made.
    """

    samples: list[ErrorSample]
    log_etas: np.ndarray
    features: np.ndarray
    seconds: float

    @classmethod
    def of(
        cls, fits: Fits, ratios: tuple[Ratio, ...], seeds: tuple[int, ...], negatives: int, cache: Path | None = None
    ) -> Material:
        """Made from a case, piece by piece; what lies in the folder `cache` from before is read."""
        key, seconds = _key(fits, ratios, seeds, negatives), []

        def piece(name: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
            path = None if cache is None else Path(cache) / f"{fits.case.region.name}-residual-{key}-{name}.npz"
            arrays = _read_or_made(path, make)
            seconds.append(float(arrays.pop("seconds")))
            return arrays

        def half(number: int, fold: Fold) -> dict[str, np.ndarray]:
            found = fold_samples(fits.case, fold, number, ratios, seeds, negatives)
            return {f"{i} {name}": v for i, sample in enumerate(found) for name, v in sample._asdict().items()}

        folds = cross_fitted(fits)
        halves = [piece(f"half-{i + 1}", lambda i=i, fold=fold: half(i, fold)) for i, fold in enumerate(folds)]
        samples = [
            joined([ErrorSample(*(arrays[f"{i} {name}"] for name in ErrorSample._fields)) for arrays in halves])
            for i in range(len(seeds))
        ]

        etas = fits.model("etas").fit

        def validation() -> dict[str, np.ndarray]:
            log_etas, features = period_maps(fits.case, etas, "validation", ratios)
            return {"log_etas": log_etas, "features": features}

        later = piece("validation", validation)
        seconds += [fit.seconds for fit in (etas, *(fold.fit for fold in folds))]
        return cls(samples, **later, seconds=sum(seconds))


def _read_or_made(path: Path | None, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    if path is not None and path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    began = time.monotonic()
    arrays = make()
    arrays["seconds"] = np.array(time.monotonic() - began)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays)
    return arrays


def _key(fits: Fits, ratios, seeds, negatives) -> str:
    case = fits.case
    decided = {
        "code": code_hash(SOURCES),
        "region": case.region.to_toml(),
        "split": {k: (str(p.first), str(p.last)) for k, p in vars(case.split).items()},
        "magnitude": case.magnitude,
        "protocol": (case.protocol.window_days, case.protocol.every_days),
        "data": case.data_sha256,
        "ratios": [list(ratio) for ratio in ratios],
        "seeds": list(seeds),
        "negatives": negatives,
    }
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:12]
