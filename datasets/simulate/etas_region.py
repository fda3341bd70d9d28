"""The simulated region of the benchmark: a box of 320 x 320 km with one bent fault, and a truth that is known."""

from __future__ import annotations

import numpy as np

from ..grid import Grid
from .etas import SimulatedCatalog, simulate_etas
from .etas_background import MixtureBackground
from .etas_parameters import EtasParameters

START = np.datetime64("2000-01-01", "us")
# An event has brought forth four fifths of all its offspring by then (omori_fraction of the law below).
BURN_IN_DAYS = 365.0


def simulated_grid() -> Grid:
    """32 x 32 cells of 10 km, in the open North Pacific so that nobody takes its earthquakes for real ones."""
    return Grid.local(latitude0=38, longitude0=-150, rows=32, columns=32, cell_km=10, x0_km=-160)


def simulated_model() -> tuple[EtasParameters, MixtureBackground]:
    """Some seven events a day with m >= 2.5; half of the direct offspring of an m0 event lies within 0.8 km.

    >>> parameters, background = simulated_model()
    >>> round(parameters.branching_ratio(), 2)
    0.6
    """
    parameters = EtasParameters(
        mu_per_day=3.5,
        K=0.121,
        alpha=1.9,
        c_days=0.01,
        p=1.15,
        D_km2=0.4,
        gamma=1.1,
        q=1.7,
        b=1.0,
        m0=2.5,
        m_max=7.5,
    )
    # Three segments along a bent fault, a short one across it, and a floor over the whole box.
    segments = [
        # share, x, y (km), length, width (standard deviations, km), strike (degrees east of north)
        (0.35, -70.0, 75.0, 38.0, 6.0, 35.0),
        (0.25, 0.0, 165.0, 32.0, 5.0, 42.0),
        (0.15, 80.0, 245.0, 30.0, 7.0, 52.0),
        (0.10, 45.0, 105.0, 18.0, 5.0, 125.0),
        (0.15, 0.0, 160.0, 120.0, 120.0, 0.0),
    ]
    share, x, y, length, width, strike = np.array(segments).T
    along = np.stack([np.sin(np.radians(strike)), np.cos(np.radians(strike))], axis=1)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1)
    covariance = sum(
        deviation[:, None, None] ** 2 * direction[:, :, None] * direction[:, None, :]
        for deviation, direction in ((length, along), (width, across))
    )
    return parameters, MixtureBackground(simulated_grid(), share, np.stack([x, y], axis=1), covariance)


def simulated_catalog(days: float, seed: int) -> SimulatedCatalog:
    """A catalogue of the simulated region from 2000-01-01 on, after a burn-in of a year.

    >>> simulated_catalog(days=30, seed=1).catalog.magnitude.min() >= 2.5
    np.True_
    """
    end = START + np.timedelta64(round(days * 86_400_000_000), "us")
    return simulate_etas(*simulated_model(), START, end, seed, burn_in_days=BURN_IN_DAYS)
