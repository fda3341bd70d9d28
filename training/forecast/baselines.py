"""Fits of the baselines: from a case to a RateModel; one way for the zoo's baselines and for the benchmark's."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from ...datasets.errors import InputError
from ...zoo.forecast.boosting import Boosting
from ...zoo.forecast.calibrated import Calibrated
from ...zoo.forecast.features import decaying_counts, stacked
from ...zoo.forecast.history import History
from ...zoo.forecast.rate_model import RateModel
from ...zoo.forecast.rates import choose_neighbours, historical_rate, smoothed_rate
from ...zoo.forecast.recency import Recency, transformed
from ...zoo.forecast.rtl import rtl_parts
from ...zoo.forecast.static import StaticRates
from ..scores.recalibration import recalibrate
from .case import ONE_DAY, ForecastCase
from .log_rate import fit_log_rate, loss_terms
from .sample import Sample, sampled

# A year of past before the first forecast that is learnt from, where the catalogue allows.
WARM_UP_DAYS = 365
# What recency chooses from: how long the past counts depends on the window, how far on how well places are known, a
# few hundred metres in California and ten kilometres off Japan.
RECENCY_DAYS = ((1.0, 100.0), (5.0, 100.0), (20.0, 100.0))
RECENCY_WIDTHS_KM = ((3.0, 15.0), (6.0, 30.0), (6.0, 60.0), (12.0, 60.0))
RECENCY_LEAST = (0.1, 0.01)


class Fits:
    """The baselines of a case, each fitted once: on the training period, validation choosing, the test not looked at.

    Arguments:
        known: models fitted before, by name.
    """

    def __init__(self, case: ForecastCase, seed: int = 1, known: dict[str, RateModel] | None = None):
        self.case, self.seed, self.known = case, seed, dict(known or {})

    def model(self, name: str) -> RateModel:
        """The baseline of this name."""
        fits = BASELINES | OPTIONAL
        if name not in fits:
            raise InputError(f"a baseline of {', '.join(fits)}", repr(name), "choose from the list")
        if name not in self.known:
            self.known[name] = fits[name](self)
        return self.known[name]

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
        rng = np.random.default_rng([self.seed, 4])
        train = sampled(self.case, "train", history, features, self.smoothed, rng, warm_up_days=WARM_UP_DAYS)
        return train, sampled(self.case, "validation", history, features, self.smoothed, rng)


def _uniform(fits: Fits) -> StaticRates:
    case = fits.case
    total = fits.model("rate").rate_per_day.sum()
    return StaticRates(
        case.grid, np.full(case.grid.shape, total / (case.grid.rows * case.grid.columns)), case.magnitude
    )


def _rate(fits: Fits) -> StaticRates:
    case = fits.case
    rate = historical_rate(case.trained.above(case.magnitude), case.grid, case.split.train.days)
    return StaticRates(case.grid, rate, case.magnitude)


def _smoothed(fits: Fits) -> StaticRates:
    case = fits.case
    grid, train, validation = case.grid, case.split.train, case.split.validation
    total = float(fits.model("rate").rate_per_day.sum())
    period = grid.day_start(validation.first), grid.day_start(validation.last + ONE_DAY)
    later = case.seen.between(*period).above(case.magnitude)
    row, column, inside = grid.cells(later.latitude, later.longitude)
    cell = row[inside] * grid.columns + column[inside]
    counts = np.bincount(cell, minlength=grid.rows * grid.columns).reshape(grid.shape)
    # The many small events tell where the few large ones will be; their number is that of the large ones.
    neighbours = choose_neighbours(case.trained, grid, train.days, counts, total_per_day=total)
    return StaticRates(grid, smoothed_rate(case.trained, grid, train.days, neighbours, total), case.magnitude)


def _rate_leaky(fits: Fits) -> StaticRates:
    """The published prior: the mean over all days, the test period included. Kept to show what that leak is worth."""
    case = fits.case
    split, grid = case.split, case.grid
    last = split.test.last + ONE_DAY
    events = case.catalog.between(grid.day_start(split.train.first), grid.day_start(last)).above(case.magnitude)
    rate = historical_rate(events, grid, int((last - split.train.first).astype(int)))
    return StaticRates(grid, rate, case.magnitude)


def _recency(fits: Fits) -> Recency:
    """Decays, widths and least count of the best likelihood of training and validation together.

    Six coefficients are too few to fit chance, and a quiet validation period alone tells little of great sequences.
    """
    case, history = fits.case, fits.history()
    likelihood = case.protocol.likelihood
    decays, widths = (sorted({v for pair in pairs for v in pair}) for pairs in (RECENCY_DAYS, RECENCY_WIDTHS_KM))
    samples = fits.samples(history, lambda day: decaying_counts(history, day, decays, widths))
    trials = []
    for days, pair, least in itertools.product(RECENCY_DAYS, RECENCY_WIDTHS_KM, RECENCY_LEAST):
        # Decays vary slowest in the features.
        columns = [decays.index(t) * len(widths) + widths.index(w) for t in days for w in pair]
        train, later = (np.column_stack([np.log(s.base), transformed(s.x[:, columns], least)]) for s in samples)
        beta = fit_log_rate(train, samples[0].count, samples[0].weight, likelihood)
        loss = sum(
            float(s.weight @ loss_terms(beta[0] + x @ beta[1:], s.count, likelihood)[0])
            for s, x in zip(samples, (train, later), strict=True)
        )
        settings = {"decay_days": list(days), "widths_km": list(pair), "least_count": least}
        trials.append((loss, {"coefficients": [float(b) for b in beta], **settings}))
    _, head = min(trials, key=lambda trial: trial[0])
    m0, padding_km = case.region.m0, case.region.padding_km
    return Recency(case.grid, fits.smoothed, case.magnitude, m0, padding_km, {case.protocol.window_days: head})


def _boosting(features: list[dict], residual: bool) -> Callable[[Fits], Boosting]:
    """A fit of trees on these features."""
    return lambda fits: _grown(fits, features, residual, {})


def _rtl_classic(fits: Fits) -> Boosting:
    """Trees on the standardised product: each part less its mean in the training period, over its deviation."""
    history = fits.history()
    parts = np.stack([rtl_parts(history, day) for day in fits.case.issue_days("train")[::3]])
    arrays = {"mean": parts.mean(axis=0), "deviation": parts.std(axis=0)}
    return _grown(fits, [{"name": "rtl", "mean": "@mean", "deviation": "@deviation"}], False, arrays)


def _grown(fits: Fits, features: list[dict], residual: bool, arrays: dict[str, np.ndarray]) -> Boosting:
    from .boosting_fit import grow

    case, history = fits.case, fits.history()
    model = Boosting(
        case.grid,
        fits.smoothed,
        case.magnitude,
        case.region.m0,
        case.region.padding_km,
        features,
        residual,
        heads={},
        arrays=arrays,
    )
    train, validation = fits.samples(history, lambda day: stacked(history, day, model.wanted))
    trees, leaves, offset = grow(train, validation, residual, case.protocol.likelihood, fits.seed)
    model.heads[case.protocol.window_days] = {"trees": trees, "leaves": leaves, "offset": offset}
    return model


def _etas(fits: Fits) -> RateModel:
    from ...zoo.forecast.etas.estimation import fit_etas
    from ...zoo.forecast.etas.model import Etas

    case = fits.case
    return Etas(case.grid, fit_etas(case.seen, case.region, case.split.train))


def _etas_calibrated(fits: Fits) -> Calibrated:
    case, etas = fits.case, fits.model("etas")
    window = case.protocol.window_days
    rate = etas.rates(case.seen, case.issue_days("validation"), window, case.magnitude)
    counts = case.counts("validation")
    if case.protocol.likelihood == "bernoulli":
        a, b, _ = recalibrate(rate, counts > 0)
    else:
        x, n = np.log(rate.reshape(-1, 1)), counts.reshape(-1)
        a, b = (float(v) for v in fit_log_rate(x, n, np.ones(n.size), "poisson"))
    return Calibrated(etas, {window: (a, b)})


# In the order of the tables.
BASELINES: dict[str, Callable[[Fits], RateModel]] = {
    "uniform": _uniform,
    "rate": _rate,
    "smoothed": _smoothed,
    "recency": _recency,
    "indicator-boosting": _boosting([{"name": "indicators"}], residual=False),
    "rtl-boosting": _boosting([{"name": "rtl"}], residual=False),
    "boosting": _boosting([{"name": "counts"}, {"name": "energies"}], residual=True),
    "etas": _etas,
    "etas-calibrated": _etas_calibrated,
    "rate-leaky": _rate_leaky,
}
# Offered beside, by name only.
OPTIONAL: dict[str, Callable[[Fits], RateModel]] = {"rtl-classic-boosting": _rtl_classic}
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
