"""Recalibration: the one straight line that turns any forecaster's rates into probabilities, fitted on validation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...datasets.errors import InputError
from .cases import PIECE, selected

# More steps than any fit to real data took by far (4 to 12).
MOST_STEPS = 100


class Recalibration(NamedTuple):
    """p = 1 - exp(-exp(a + b ln max(rate, floor))), the Bernoulli link of protocol P1.

    >>> float(Recalibration(a=0.0, b=1.0, floor=None).apply([np.log(2.0)])[0])
    0.5
    """

    a: float
    b: float
    floor: float | None

    def apply(self, rate) -> np.ndarray:
        """Probabilities in float64 of rates of any shape."""
        rate = np.asarray(rate)
        return -np.expm1(-np.exp(self.a + self.b * _log_rate(rate, self.floor)))


def recalibrate(rate, label, floor: float | None = None, mask=None) -> Recalibration:
    """Fit a and b of p = 1 - exp(-exp(a + b ln rate)) by maximum likelihood on validation rates and labels.

    Fisher scoring with halved steps for the complementary log-log link (McCullagh and Nelder 1989, section 4.3). Where
    all rates are equal, or those of positives and negatives do not overlap, no finite slope fits: b is 1, and a matches
    the number of positives.

    Arguments:
        rate: not negative, any positive unit; the forecasts of the validation period.
        label: 0 and 1, the same shape.
        floor: the least rate, to be declared where rates of 0 occur.

    One positive of two at rate 1 and three of four at rate 2: both frequencies are met by exp(a) = ln 2 and b = 1, as
    ln 4 = 2 ln 2.

    >>> fit = recalibrate([1.0, 1.0, 2.0, 2.0, 2.0, 2.0], [0, 1, 0, 1, 1, 1])
    >>> round(fit.a, 6), round(fit.b, 6)
    (-0.366513, 1.0)
    """
    rate, label, _ = selected(rate, label, mask=mask)
    x = _log_rate(rate, floor)
    positives = int(label.sum())
    if not 0 < positives < label.size:
        raise InputError(
            "positives and negatives in the validation period",
            f"{positives} positives of {label.size}",
            "take a longer validation period or a lower magnitude",
        )
    low, high = float(x.min()), float(x.max())
    base = float(np.log(-np.log1p(-positives / label.size)))
    if high - low < 1e-9:
        return Recalibration(base - low, 1.0, floor)
    hit, quiet = x[label], x[~label]
    if hit.min() >= quiet.max() or hit.max() <= quiet.min():
        return Recalibration(_level(x, positives), 1.0, floor)
    # Centring keeps the two parameters from trading places; scaling makes one step size do.
    centre, scale = float(hit.mean()), float(x.std())
    x -= centre
    x /= scale
    a, b = base, 0.0
    likelihood, gradient, information = _derivatives(x, label, a, b)
    for _ in range(MOST_STEPS):
        step = np.linalg.solve(information, gradient)
        # The Newton decrement estimates how far the likelihood lies below its maximum.
        if gradient @ step < 1e-12 * max(1.0, abs(likelihood)):
            break
        for _ in range(40):
            new = _derivatives(x, label, a + step[0], b + step[1])
            if new[0] >= likelihood:
                break
            step = step / 2
        else:
            break
        a, b = a + step[0], b + step[1]
        likelihood, gradient, information = new
    else:
        raise InputError(
            f"a fit within {MOST_STEPS} steps",
            f"a = {a:g}, b = {b:g} still moving",
            "look at the rates of the positives",
        )
    b = b / scale
    return Recalibration(float(a - b * centre), float(b), floor)


def _level(x: np.ndarray, positives: int) -> float:
    """The a at which, with b = 1, as many positives are expected as there were."""
    from scipy.optimize import brentq

    def excess(a: float) -> float:
        return float(-np.expm1(-np.exp(np.clip(a + x.astype(np.float64), -700.0, 700.0))).sum()) - positives

    return brentq(excess, -700.0 - float(x.max()), 700.0 - float(x.min()))


def _derivatives(x: np.ndarray, label: np.ndarray, a: float, b: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood, gradient and expected information at (a, b), piece by piece."""
    likelihood, gradient, information = 0.0, np.zeros(2), np.zeros((2, 2))
    for start in range(0, x.size, PIECE):
        piece, hit = x[start : start + PIECE].astype(np.float64), label[start : start + PIECE]
        # exp(700) is about the largest double; a step that far is halved by its infinite loss.
        mu = np.exp(np.clip(a + b * piece, -700.0, 700.0))
        p = -np.expm1(-mu)
        slope = np.where(hit, mu * np.exp(-mu) / p, -mu)
        weight = mu**2 * np.exp(-mu) / p
        weight[~np.isfinite(weight)] = 0.0
        with np.errstate(divide="ignore"):
            likelihood += float(np.log(p[hit]).sum() - mu[~hit].sum())
        gradient += [slope.sum(), slope @ piece]
        first = weight @ piece
        information += [[weight.sum(), first], [first, weight @ piece**2]]
    return likelihood, gradient, information


def _log_rate(rate: np.ndarray, floor: float | None) -> np.ndarray:
    if not (rate >= 0).all() or np.isinf(rate).any():
        raise InputError("rates that are finite and not negative", "others among them", "mend the forecast")
    if floor is not None:
        if not floor > 0:
            raise InputError("a floor above 0", f"{floor}", "give the least rate to believe in, such as 1e-9")
        rate = np.maximum(rate, floor)
    elif (rate == 0).any():
        raise InputError(
            "rates above 0, or a floor", f"{int((rate == 0).sum())} rates of 0", "declare a floor such as floor=1e-9"
        )
    return np.log(rate, dtype=np.float64)
