"""Regression of the logarithm of a rate on features, for counts (Poisson) or for whether anything happens."""

from __future__ import annotations

import numpy as np

from ...datasets.errors import InputError

# Keeps features that are the same everywhere from taking any coefficient; a thousandth of an event's information.
RIDGE = 1e-3


def loss_terms(eta: np.ndarray, count: np.ndarray, likelihood: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Negative log-likelihood of a log rate, its slope and its expected curvature, a case.

    Poisson: exp(eta) - n eta. Bernoulli with p = 1 - exp(-exp(eta)), the complementary log-log link (McCullagh and
    Nelder 1989, section 4.3).

    >>> [float(v.round(4)[0]) for v in loss_terms(np.zeros(1), np.ones(1), "bernoulli")]
    [0.4587, -0.582, 0.582]
    """
    rate = np.exp(np.clip(eta, -40.0, 40.0))
    if likelihood == "poisson":
        return rate - count * eta, rate - count, rate
    hit = count > 0
    # rate exp(-rate) / (1 - exp(-rate)) without loss of digits where the rate is small.
    ratio = rate / np.expm1(np.minimum(rate, 700.0))
    # log p = log(1 - exp(-rate)), which is eta itself where the rate is small.
    log_p = np.log(-np.expm1(-np.maximum(rate, 1e-300)))
    return np.where(hit, -log_p, rate), np.where(hit, -ratio, rate), rate * ratio


def fit_log_rate(x: np.ndarray, count: np.ndarray, weight: np.ndarray, likelihood: str) -> np.ndarray:
    """Intercept and coefficients (1 + features,) of maximum weighted likelihood, by Newton steps that never go uphill.

    Arguments:
        x: (n, features).
        count, weight: (n,).

    Half an event a case at x = 0 and two at x = 1: the intercept is ln 1/2 and the slope ln 4.

    >>> x, n = np.array([[0.0], [0.0], [1.0]]), np.array([0, 1, 2])
    >>> fit_log_rate(x, n, np.ones(3), "poisson").round(2).tolist()
    [-0.69, 1.39]
    """
    if not (weight * count).sum() > 0:
        raise InputError("at least one event in the training period", "none", "lower the magnitude")
    mean, spread = np.average(x, axis=0, weights=weight), x.std(axis=0) + 1e-12
    z = np.column_stack([np.ones(len(x)), (x - mean) / spread]).astype(np.float64)
    events = count if likelihood == "poisson" else count > 0
    beta = np.zeros(z.shape[1])
    beta[0] = np.log((weight * events).sum() / weight.sum())
    ridge = np.full(z.shape[1], RIDGE)
    ridge[0] = 0.0

    def total(beta):
        value, slope, curvature = loss_terms(z @ beta, count, likelihood)
        gradient = z.T @ (weight * slope) + ridge * beta
        return weight @ value + 0.5 * ridge @ beta**2, gradient, (z.T * (weight * curvature)) @ z + np.diag(ridge)

    loss, gradient, hessian = total(beta)
    for _ in range(100):
        step = np.linalg.solve(hessian, gradient)
        if gradient @ step < 1e-9 * abs(loss):
            break
        for _ in range(40):
            new = total(beta - step)
            if new[0] <= loss:
                break
            step = step / 2
        else:
            break
        beta = beta - step
        loss, gradient, hessian = new
    coefficients = beta[1:] / spread
    return np.concatenate([[beta[0] - coefficients @ mean], coefficients])
