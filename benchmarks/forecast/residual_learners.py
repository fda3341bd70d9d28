"""Learners of a residual from a sample: linear heads, small networks, trees; and a ridge chosen within the training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...training.forecast.boosting_fit import SETTINGS
from ...training.forecast.log_rate import loss_terms
from ...training.forecast.residual_head import Scale, fit_head
from ...training.forecast.residual_sample import ErrorSample

# (..., channels) -> what is added to the log ETAS rate, (...).
Residual = Callable[[np.ndarray], np.ndarray]
HIDDEN, STEPS = 6, 80
TREES, DEPTH = 60, 3
TREE_SETTINGS = {"max_depth": DEPTH, "lambda": 20.0, "min_child_weight": 50.0, "max_delta_step": 1.0}
RIDGES = (30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0)
# Stretches of time of each half of the training period, of which each is left out once.
BLOCKS = 2


def head(sample: ErrorSample, ridge: float, dispersion: float = 0.0) -> Residual:
    """The linear head of the recipes."""
    scale = Scale.of(sample)
    beta = fit_head(scale.applied(sample.x), sample, ridge, dispersion=dispersion)
    return lambda x: scale.applied(x) @ beta


def dispersion_of(sample: ErrorSample) -> float:
    """The dispersion of the counts about the ETAS rates, of maximum likelihood (see `fit_head`)."""
    from scipy.optimize import minimize_scalar
    from scipy.special import gammaln

    count, weight = (v.astype(np.float64) for v in (sample.count, sample.weight))
    rate = np.exp(sample.log_etas.astype(np.float64))

    def loss(log_dispersion: float) -> float:
        a = np.exp(log_dispersion)
        hits = gammaln(count + 1 / a) - gammaln(1 / a) + count * np.log(a * rate / (1 + a * rate))
        return float(weight @ (np.log1p(a * rate) / a - hits))

    return float(np.exp(minimize_scalar(loss, bounds=(-6.0, 6.0), method="bounded").x))


def networks(sample: ErrorSample, ridge: float, seeds: range) -> Residual:
    """The mean of networks with hidden units beside a head, by L-BFGS from the head's coefficients.

    Each half's level is free, as the head's is. The ridge holds every weight to where it begins: the head's and the
    units' answers at zero, the units themselves at random directions.
    """
    scale = Scale.of(sample)
    z = scale.applied(sample.x)
    linear = fit_head(z, sample, ridge)
    fitted = [_network(z, sample, ridge, linear, np.random.default_rng(seed)) for seed in seeds]

    def residual(x: np.ndarray) -> np.ndarray:
        z = scale.applied(x)
        return np.mean([z @ b + np.tanh(z @ w + c) @ v for b, w, c, v in fitted], axis=0)

    return residual


def _network(z: np.ndarray, sample: ErrorSample, ridge: float, linear: np.ndarray, rng: np.random.Generator):
    from scipy.optimize import minimize

    channels = z.shape[1]
    shapes = ((channels,), (channels, HIDDEN), (HIDDEN,), (HIDDEN,))
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    units = rng.normal(0, channels**-0.5, shapes[1])
    held = np.concatenate([np.zeros(channels), units.ravel(), np.zeros(2 * HIDDEN)])
    first = np.concatenate([linear, units.ravel(), rng.normal(0, 0.3, HIDDEN), rng.normal(0, 0.01, HIDDEN)])
    weight, count, offset = (v.astype(np.float64) for v in (sample.weight, sample.count, sample.log_etas))
    events = np.bincount(sample.fold, weight * count)

    def split(all_weights):
        return [part.reshape(shape) for part, shape in zip(np.split(all_weights, ends[:-1]), shapes, strict=True)]

    def loss(all_weights):
        b, w, c, v = split(all_weights)
        hidden = np.tanh(z @ w + c)
        residual = z @ b + hidden @ v
        rate = weight * np.exp(np.clip(offset + residual, -40.0, 40.0))
        total = np.bincount(sample.fold, rate)
        away = all_weights - held
        value = events @ np.log(total) - (weight * count) @ residual + 0.5 * ridge * away @ away
        slope = rate * (events / total)[sample.fold] - weight * count
        back = slope[:, None] * v * (1 - hidden**2)
        gradient = np.concatenate([z.T @ slope, (z.T @ back).ravel(), back.sum(0), hidden.T @ slope])
        return value, gradient + ridge * away

    return split(minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x)


def trees(sample: ErrorSample, seed: int) -> Residual:
    """Boosted trees of the Poisson likelihood on top of ETAS."""
    import xgboost

    def objective(margin, matrix):
        _, slope, curvature = loss_terms(margin.astype(np.float64), matrix.get_label(), "poisson")
        weight = matrix.get_weight()
        return weight * slope, np.maximum(weight * curvature, 1e-9)

    settings = {**SETTINGS, **TREE_SETTINGS, "base_score": 0.0, "disable_default_eval_metric": 1, "nthread": 1}
    data = xgboost.DMatrix(sample.x, label=sample.count, weight=sample.weight, base_margin=sample.log_etas)
    booster = xgboost.train({**settings, "seed": seed}, data, TREES, obj=objective, verbose_eval=False)

    def residual(x: np.ndarray) -> np.ndarray:
        flat = x.reshape(-1, x.shape[-1])
        matrix = xgboost.DMatrix(flat, base_margin=np.zeros(len(flat)))
        return booster.predict(matrix, output_margin=True).reshape(x.shape[:-1])

    return residual


def chosen_ridge(sample: ErrorSample) -> float:
    """The ridge whose heads gain most in the stretches of the training period that they are not fitted on."""
    stretch = np.zeros(len(sample.day), int)
    for fold in np.unique(sample.fold):
        part = sample.fold == fold
        days = sample.day[part]
        edges = np.linspace(days.min(), days.max() + 1, BLOCKS + 1)[1:-1]
        stretch[part] = fold * BLOCKS + np.searchsorted(edges, days, side="right")
    rate = sample.weight * np.exp(sample.log_etas.astype(np.float64))
    events = sample.weight * sample.count

    def gain(ridge: float) -> float:
        total = 0.0
        for one in np.unique(stretch):
            out = stretch == one
            residual = head(ErrorSample(*(v[~out] for v in sample)), ridge)(sample.x[out])
            level = np.log(rate[out] @ np.exp(residual) / rate[out].sum())
            total += events[out] @ (residual - level)
        return total

    return max(RIDGES, key=gain)
