"""The seismometer between the ground's velocity and the digitiser."""

from __future__ import annotations

import numpy as np

DAMPING = 0.7


def seismometer(corner_hz, frequency_hz, damping: float = DAMPING) -> np.ndarray:
    """Complex response (n, f) of a damped pendulum to ground velocity: f^2 / (f^2 - f0^2 - 2 i h f0 f).

    The sign is that of exp(+i omega t), numpy's transform; a corner of 0 stands for a flat response. Scherbaum (2001,
    chapter 4), in units of its gain above the corner.

    Arguments:
        corner_hz: natural frequency f0, shape (n,). frequency_hz: shape (f,).

    >>> abs(seismometer([1.0, 0.0], np.array([1.0]))).round(4).ravel()  # 1 / (2 h) at the corner
    array([0.7143, 1.    ], dtype=float32)
    """
    corner = np.asarray(corner_hz, float)[:, None]
    f = np.asarray(frequency_hz, float)[None]
    below = corner**2 - f**2 + 2j * damping * corner * f
    return np.where(corner > 0, -(f**2) / np.where(corner > 0, below, 1), 1).astype(np.complex64)
