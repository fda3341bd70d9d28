"""The log-likelihood of a space-time ETAS model, with its gradient and Fisher information.

    ln L = sum over the events j seen of ln lambda(t_j, x_j, y_j)  -  integral of lambda over the time and box watched

with lambda as in datasets/simulate/etas_parameters.py (Ogata 1998, equation 2.3). Both terms are exact: all earlier
events in the box are parents, at any distance and age, and the integral is that over the box itself.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from ....datasets.simulate.etas_background import box
from .observation import EtasObservation

NAMES = ("mu_per_day", "K", "alpha", "c_days", "p", "D_km2", "gamma", "q")
# The fit works on the logarithm of what a parameter exceeds these by.
OFFSETS = np.array([0, 0, 0, 0, 1, 0, 0, 1], dtype=np.float64)
THREADS = 2
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(16)


class Evaluation(NamedTuple):
    """The log-likelihood at a point: value, gradient (8,) and Fisher information (8, 8), both by theta."""

    value: float
    gradient: np.ndarray
    information: np.ndarray


def theta_of(values) -> np.ndarray:
    """The fit's own coordinates, logarithms, of the eight parameters in the order of `NAMES`.

    >>> values_of(theta_of([1, 0.2, 1.5, 0.01, 1.1, 1, 1, 1.8])).round(6).tolist()
    [1.0, 0.2, 1.5, 0.01, 1.1, 1.0, 1.0, 1.8]
    """
    return np.log(np.asarray(values, dtype=np.float64) - OFFSETS)


def values_of(theta) -> np.ndarray:
    """The eight parameters at a point of the fit's own coordinates."""
    return np.exp(theta) + OFFSETS


class EtasLikelihood:
    """The log-likelihood of an observation as a function of theta, for a given background density.

    Arguments:
        observation: the events.
        density: (targets,), u at the target events, per km2; it integrates to one over the observation's box.
    """

    def __init__(self, observation: EtasObservation, density: np.ndarray):
        self.observation, self.density = observation, np.asarray(density, dtype=np.float64)
        events = observation.x_km, observation.y_km
        self._r2, self._weight = edge_points(*events, box(observation.region))
        self._latest: tuple = (None, None)

    def triggered(self, values) -> tuple[np.ndarray, np.ndarray]:
        """Rate (targets,) per day and km2 that earlier events cause at the targets, and its slopes (targets, 7)."""
        from .pairs import triggered_rates

        o = self.observation
        _, K, alpha, c, p, D, gamma, q = values
        sigma = D * np.exp(gamma * o.excess)
        amplitude = K * np.exp(alpha * o.excess) * (p - 1) / c * (q - 1) / (np.pi * sigma)
        rate, slopes = np.empty(len(o.target)), np.empty((len(o.target), 7))
        arrays = (o.t_days, o.x_km, o.y_km, o.excess, 1 / sigma, amplitude, o.target, c, p, q)
        with ThreadPoolExecutor(THREADS) as pool:
            jobs = [pool.submit(triggered_rates, *arrays, k, THREADS, rate, slopes) for k in range(THREADS)]
            for job in jobs:
                job.result()
        return rate, slopes

    def expected(self, values) -> tuple[float, np.ndarray]:
        """Expected number of events in the time and box watched, and its gradient by theta."""
        from .pairs import inside_shares, observed_shares

        o = self.observation
        mu, K, alpha, c, p, D, gamma, q = values
        in_time, in_box = np.empty((len(o.t_days), 3)), np.empty((len(o.t_days), 3))
        with ThreadPoolExecutor(THREADS) as pool:
            sigma = D * np.exp(gamma * o.excess)
            jobs = [
                pool.submit(observed_shares, o.t_days, o.low, o.high, c, p, in_time),
                pool.submit(inside_shares, self._r2, self._weight, sigma, q, in_box),
            ]
            for job in jobs:
                job.result()
        productivity = K * np.exp(alpha * o.excess)
        offspring = productivity * in_time[:, 0] * in_box[:, 0]
        by_sigma = productivity * in_time[:, 0] * in_box[:, 1]
        gradient = [
            mu * o.days,
            offspring.sum(),
            alpha * (offspring @ o.excess),
            (productivity * in_time[:, 1]) @ in_box[:, 0],
            (p - 1) * ((productivity * in_time[:, 2]) @ in_box[:, 0]),
            by_sigma.sum(),
            gamma * (by_sigma @ o.excess),
            (q - 1) * ((productivity * in_time[:, 0]) @ in_box[:, 2]),
        ]
        return float(mu * o.days + offspring.sum()), np.array(gradient)

    def __call__(self, theta) -> Evaluation:
        """Value, gradient and the information as the sum of the events' squared scores (Ogata 1978, equation 3.3)."""
        values = values_of(theta)
        mu, _, alpha, _, p, _, gamma, q = values
        rate, slopes, expected, by_theta = self._at(values)
        background = mu * self.density
        total = background + rate
        scores = np.column_stack([background, slopes])
        # What the exponents' own normalisation adds: d ln(p - 1) / d ln(p - 1) = 1, and the same for q.
        scores[:, 4] = (p - 1) * slopes[:, 3] + rate
        scores[:, 7] = (q - 1) * slopes[:, 6] + rate
        scores[:, 2] *= alpha
        scores[:, 6] *= gamma
        scores /= total[:, None]
        return Evaluation(float(np.log(total).sum() - expected), scores.sum(0) - by_theta, scores.T @ scores)

    def background_probability(self, theta) -> np.ndarray:
        """Probability of each target to be a background event (Zhuang, Ogata and Vere-Jones 2002, equation 10)."""
        values = values_of(theta)
        background = values[0] * self.density
        return background / (background + self._at(values)[0])

    def log_rates(self, theta, density) -> float:
        """The first term of the log-likelihood, which alone depends on the background's density at the targets."""
        values = values_of(theta)
        return float(np.log(values[0] * density + self._at(values)[0]).sum())

    def _at(self, values) -> tuple:
        """All sums at a point; kept until the next, for a new background alone asks for the same again."""
        if self._latest[0] != values.tobytes():
            self._latest = (values.tobytes(), (*self.triggered(values), *self.expected(values)))
        return self._latest[1]


def edge_points(x_km, y_km, edges) -> tuple[np.ndarray, np.ndarray]:
    """Squared distances (n, 128) from points inside a box to points on its edge, and the angles they stand for / 2 pi.

    The integral of a density of r alone over the box is the sum of its share within each distance times the angle
    (Ogata 1998, section 2.3). Each edge is parted at the foot of the perpendicular, and
    tan(angle) = sinh(s) makes Gauss-Legendre's nodes crowd where the angle changes fast.
    """
    west, east, south, north = edges
    x, y = np.asarray(x_km, dtype=np.float64), np.asarray(y_km, dtype=np.float64)
    to_west, to_east, to_south, to_north = x - west, east - x, y - south, north - y
    sides = [(d, reach) for d in (to_west, to_east) for reach in (to_south, to_north)]
    sides += [(d, reach) for d in (to_south, to_north) for reach in (to_west, to_east)]
    r2, weight = [], []
    for distance, reach in sides:
        # A point on the edge itself sees it under no angle; a millimetre keeps the division finite.
        distance = np.maximum(distance, 1e-6)
        span = np.arcsinh(reach / distance)[:, None] / 2
        cosh = np.cosh(span * (1 + _NODE))
        r2.append((distance[:, None] * cosh) ** 2)
        weight.append(span * _WEIGHT / cosh / (2 * np.pi))
    return np.concatenate(r2, axis=1), np.concatenate(weight, axis=1)
