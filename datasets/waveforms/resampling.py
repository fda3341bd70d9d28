"""Samples at another rate, filtered against aliasing."""

from fractions import Fraction

import numpy as np

SAME_RATE = 1e-4  # relative; headers carry rates such as 99.9999 Hz for 100 Hz


def same_rate(one_hz: float, other_hz: float) -> bool:
    """Whether two sampling rates are the same but for the rounding of headers.

    >>> same_rate(100.0, 99.9995), same_rate(100.0, 99.0)
    (True, False)
    """
    return abs(one_hz - other_hz) <= SAME_RATE * max(one_hz, other_hz)


def resample(data: np.ndarray, from_hz: float, to_hz: float) -> np.ndarray:
    """Samples along the last axis at another rate, by scipy.signal.resample_poly; float64.

    The first sample keeps its time. The ends are continued along the line through the first and the last sample.
    """
    from scipy.signal import resample_poly

    ratio = Fraction(to_hz / from_hz).limit_denominator(1000)
    return resample_poly(np.asarray(data, float), ratio.numerator, ratio.denominator, axis=-1, padtype="line")
