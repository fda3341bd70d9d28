"""Magnitudes of the exponential distribution between two ends."""

import numpy as np


def magnitudes(rng: np.random.Generator, low: float, high: float, b_value: float, count: int) -> np.ndarray:
    """`count` magnitudes between `low` and `high`, 10^(-b M) of them above M (Gutenberg and Richter 1944), cut off.

    >>> drawn = magnitudes(np.random.default_rng(0), 2.0, 9.0, 1.0, 100_000)
    >>> float((drawn > 3.0).mean().round(2)), bool(drawn.min() >= 2.0)
    (0.1, True)
    """
    rate = b_value * np.log(10)
    return low - np.log1p(-rng.random(count) * -np.expm1(-rate * (high - low))) / rate
