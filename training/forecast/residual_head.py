"""The linear head of a residual network: Newton's method on the penalised likelihood of counts, levels left free."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...zoo.forecast.residual.network import REACH
from .residual_sample import ErrorSample


class Scale(NamedTuple):
    """Mean and spread (channels,) of features in the cells where events are expected, by their rate."""

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, sample: ErrorSample) -> Scale:
        """Those of a sample."""
        rate = sample.weight * np.exp(sample.log_etas.astype(np.float64))
        rate /= rate.sum()
        mean = rate @ sample.x
        return cls(mean, np.sqrt(rate @ (sample.x - mean) ** 2) + 1e-6)

    def applied(self, x: np.ndarray) -> np.ndarray:
        """Features as the network's linear layer sees them."""
        return np.clip((x - self.mean) / self.spread, -REACH, REACH)


def fit_head(x: np.ndarray, sample: ErrorSample, ridge: float, steps: int = 50, dispersion: float = 0.0) -> np.ndarray:
    """Coefficients (channels,) that maximise the sample's likelihood less ridge / 2 times their squares.

    Each fold has a level of its own, which is not penalised and is dropped.

    Arguments:
        x: (n, channels), standardised.
        ridge: in events; 100 weighs as much as a hundred events that speak against any correction.
        dispersion: counts of mean m have the variance m + dispersion m^2, negative-binomial; Poisson where 0.

    Twice the events where x is 1, with a level for all: the coefficient is ln 2.

    >>> none = np.zeros(2, int)
    >>> sample = ErrorSample(np.zeros((2, 1)), np.zeros(2), np.array([1, 2]), np.ones(2), none, none, none)
    >>> fit_head(np.array([[0.0], [1.0]]), sample, 1e-9).round(4).tolist()
    [0.6931]
    """
    levels = np.eye(int(sample.fold.max()) + 1)[sample.fold]
    z = np.column_stack([levels, x]).astype(np.float64)
    penalty = np.r_[np.zeros(levels.shape[1]), np.full(x.shape[1], float(ridge))]
    count, weight, offset = (v.astype(np.float64) for v in (sample.count, sample.weight, sample.log_etas))

    def loss_of(beta):
        eta = np.clip(offset + z @ beta, -40.0, 40.0)
        rate = np.exp(eta)
        # (1 / a + n) log(1 + a m), which is m where a is 0.
        spent = np.log1p(dispersion * rate) * (1 / dispersion + count) if dispersion else rate
        return float(weight @ (spent - count * eta) + 0.5 * penalty @ beta**2), rate

    beta = np.zeros(z.shape[1])
    loss, rate = loss_of(beta)
    for _ in range(steps):
        trust = weight / (1 + dispersion * rate)
        gradient = z.T @ (trust * (rate - count)) + penalty * beta
        step = np.linalg.solve((z.T * (trust * rate)) @ z + np.diag(penalty + 1e-9), gradient)
        if gradient @ step < 1e-9 * max(abs(loss), 1.0):
            break
        for _ in range(40):
            new, new_rate = loss_of(beta - step)
            if new <= loss:
                break
            step = step / 2
        else:
            break
        beta, loss, rate = beta - step, new, new_rate
    return beta[levels.shape[1] :]
