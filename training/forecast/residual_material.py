"""All that a residual network is fitted and chosen on, made once a case and kept: samples, and maps of validation."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...zoo.forecast.residual.ratios import Ratio
from .baselines import Fits
from .fitted_cache import code_hash
from .residual_sample import ErrorSample, cross_fitted, error_samples, period_maps

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
    """

    samples: list[ErrorSample]
    log_etas: np.ndarray
    features: np.ndarray

    @classmethod
    def of(
        cls, fits: Fits, ratios: tuple[Ratio, ...], seeds: tuple[int, ...], negatives: int, cache: Path | None = None
    ) -> Material:
        """Made from a case, or read from the folder `cache` if it was made before."""
        if cache is None:
            return cls._made(fits, ratios, seeds, negatives)
        path = Path(cache) / f"{fits.case.region.name}-residual-{_key(fits, ratios, seeds, negatives)}.npz"
        if path.is_file():
            with np.load(path, allow_pickle=False) as kept:
                samples = [
                    ErrorSample(*(kept[f"{i} {name}"] for name in ErrorSample._fields)) for i in range(len(seeds))
                ]
                return cls(samples, kept["log_etas"], kept["features"])
        made = cls._made(fits, ratios, seeds, negatives)
        arrays = {f"{i} {name}": v for i, s in enumerate(made.samples) for name, v in s._asdict().items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, log_etas=made.log_etas, features=made.features, **arrays)
        return made

    @classmethod
    def _made(cls, fits: Fits, ratios, seeds, negatives) -> Material:
        samples = error_samples(fits.case, cross_fitted(fits), ratios, seeds, negatives)
        return cls(samples, *period_maps(fits.case, fits.model("etas").fit, "validation", ratios))


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
