"""The baselines: their fits by name, each made once a case; one way for the zoo's cards and for the benchmark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...datasets.errors import InputError
from ...zoo.forecast.history import History
from ...zoo.forecast.rate_model import RateModel
from .boosting_fit import fit_boosting, fit_indicator_boosting, fit_rtl_boosting, fit_rtl_classic
from .case import ForecastCase
from .etas_baseline import fit_etas_baseline, fit_etas_calibrated
from .fitted_cache import fit_or_read
from .recency_fit import fit_recency
from .sample import Sample, samples_of
from .static_fit import fit_rate, fit_rate_leaky, fit_smoothed, fit_uniform


class Fits:
    """The baselines of a case, each fitted once: on the training period, validation choosing, the test not looked at.

    Arguments:
        known: models fitted before, by name.
        cache: the folder of fits made before, by any process; none where None.
    """

    def __init__(
        self,
        case: ForecastCase,
        seed: int = 1,
        known: dict[str, RateModel] | None = None,
        cache: Path | None = None,
    ):
        self.case, self.seed, self.known, self.cache = case, seed, dict(known or {}), cache
        self.seconds: dict[str, float] = {}

    def model(self, name: str) -> RateModel:
        """The baseline of this name; `seconds` then holds what its fit took without those that it is built on."""
        fits = BASELINES | OPTIONAL
        if name not in fits:
            raise InputError(f"a baseline of {', '.join(fits)}", repr(name), "choose from the list")
        if name not in self.known:
            for other in BUILT_ON.get(name, ()):
                self.model(other)
            self.known[name], self.seconds[name] = fit_or_read(
                name, self.case, self.seed, name in ANY_WINDOW, self.cache, lambda: fits[name](self)
            )
        return self.known[name]

    def seconds_of(self, name: str) -> float:
        """Seconds of a fit with those of this case that it is built on."""
        self.model(name)
        return self.seconds.get(name, 0.0) + sum(self.seconds_of(other) for other in BUILT_ON.get(name, ()))

    @property
    def smoothed(self) -> np.ndarray:
        """The smoothed rate a day (rows, columns), on which others are built."""
        return self.model("smoothed").rate_per_day

    def history(self) -> History:
        """Events before the test period."""
        region = self.case.region
        return History(self.case.seen, self.case.grid, region.m0, region.padding_km)

    def samples(self, history: History, features) -> tuple[Sample, Sample]:
        """Weighted cell-days of the training and of the validation period."""
        return samples_of(self.case, history, features, self.smoothed, self.seed)


# In the order of the tables.
BASELINES: dict[str, Callable[[Fits], RateModel]] = {
    "uniform": fit_uniform,
    "rate": fit_rate,
    "smoothed": fit_smoothed,
    "recency": fit_recency,
    "indicator-boosting": fit_indicator_boosting,
    "rtl-boosting": fit_rtl_boosting,
    "boosting": fit_boosting,
    "etas": fit_etas_baseline,
    "etas-calibrated": fit_etas_calibrated,
    "rate-leaky": fit_rate_leaky,
}
# Offered beside, by name only.
OPTIONAL: dict[str, Callable[[Fits], RateModel]] = {"rtl-classic-boosting": fit_rtl_classic}
# What a fit is built on.
BUILT_ON = {
    "uniform": ("rate",),
    "smoothed": ("rate",),
    **dict.fromkeys(("recency", "indicator-boosting", "rtl-boosting", "boosting", *OPTIONAL), ("smoothed",)),
    "etas-calibrated": ("etas",),
}
# One fit for every window.
ANY_WINDOW = ("uniform", "rate", "smoothed", "etas", "rate-leaky")
# Names that look at the test period, and say so wherever they are printed.
LEAKING = ("rate-leaky",)
