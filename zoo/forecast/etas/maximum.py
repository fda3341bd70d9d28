"""The maximum of the ETAS likelihood within declared bounds, and the standard errors there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .likelihood import NAMES, OFFSETS, Evaluation, theta_of, values_of

# Least and most of each parameter. p from above one: K counts all offspring ever. D from 0.01 km2: locations are no
# better than 100 m. The others only keep the search from places where nothing can be learned.
BOUNDS = {
    "mu_per_day": (1e-6, 1e4),
    "K": (1e-4, 1e3),
    "alpha": (0.05, 4.0),
    "c_days": (1e-4, 1.0),
    "p": (1.005, 3.0),
    "D_km2": (0.01, 1e4),
    "gamma": (0.01, 3.0),
    "q": (1.05, 5.0),
}
LOW = theta_of([BOUNDS[name][0] for name in NAMES])
HIGH = theta_of([BOUNDS[name][1] for name in NAMES])
# No step changes a parameter by more than a factor of e.
LONGEST = 1.0
# Expected gain of the next step, in nats, at which the maximum is reached: a hundredth of a standard error.
TOLERANCE = 1e-4


class Maximum(NamedTuple):
    """Where a search ended: theta (8,), what the likelihood is there, the steps it took, whether it was done."""

    theta: np.ndarray
    at: Evaluation
    steps: int
    converged: bool


def maximise(likelihood, theta, most_steps: int = 100, tolerance: float = TOLERANCE) -> Maximum:
    """Fisher scoring with Levenberg and Marquardt's damping, within the bounds.

    The information is the sum of squared scores, which costs nothing beside the gradient; a parameter that is pressed
    against its bound stays there (Bertsekas 1982, SIAM J. Control Optim. 20, 221-246).

    Arguments:
        likelihood: theta -> Evaluation.
        theta: (8,), the start.
    """
    theta = np.clip(theta, LOW, HIGH)
    at = likelihood(theta)
    damping, steps = 1e-3, 0
    while steps < most_steps:
        free = ~pressed(theta, at.gradient)
        gradient, information = at.gradient[free], at.information[np.ix_(free, free)]
        scale = np.diag(np.diag(information) + 1e-9)
        if gradient @ np.linalg.solve(information + 1e-9 * scale, gradient) / 2 < tolerance:
            return Maximum(theta, at, steps, True)
        while True:
            step = np.zeros(len(theta))
            step[free] = np.linalg.solve(information + damping * scale, gradient)
            new_theta = np.clip(theta + np.clip(step, -LONGEST, LONGEST), LOW, HIGH)
            new = likelihood(new_theta)
            steps += 1
            if new.value > at.value:
                damping = max(damping / 10, 1e-9)
                break
            damping = max(damping * 10, 1e-3)
            if damping > 1e8 or steps >= most_steps:
                return Maximum(theta, at, steps, False)
        theta, at = new_theta, new
    return Maximum(theta, at, steps, False)


def pressed(theta, gradient) -> np.ndarray:
    """Which parameters lie at a bound that the likelihood would have them cross."""
    return ((theta <= LOW + 1e-9) & (gradient <= 0)) | ((theta >= HIGH - 1e-9) & (gradient >= 0))


def standard_errors(likelihood, maximum: Maximum, step: float = 1e-3) -> dict[str, float | None]:
    """Standard errors of the parameters, from the observed information by central differences of the gradient.

    A parameter at its bound has none (None), and the others' hold given its value. The background's own uncertainty is
    not in them.
    """
    free = np.flatnonzero(~pressed(maximum.theta, maximum.at.gradient))
    rows = []
    for k in free:
        shift = np.zeros(len(maximum.theta))
        shift[k] = step
        above, below = likelihood(maximum.theta + shift).gradient, likelihood(maximum.theta - shift).gradient
        rows.append((below - above)[free] / (2 * step))
    information = (np.array(rows) + np.array(rows).T) / 2
    variance = np.diag(np.linalg.pinv(information, hermitian=True))
    slope = values_of(maximum.theta) - OFFSETS
    errors = dict.fromkeys(NAMES)
    for k, v in zip(free, variance, strict=True):
        errors[NAMES[k]] = float(slope[k] * np.sqrt(v)) if v > 0 else None
    return errors
