"""The fits of ETAS and of its calibrated sister."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...zoo.forecast.calibrated import Calibrated
from ...zoo.forecast.rate_model import RateModel
from ..scores.recalibration import recalibrate
from .log_rate import fit_log_rate

if TYPE_CHECKING:
    from .baselines import Fits


def fit_etas_baseline(fits: Fits) -> RateModel:
    """Space-time ETAS of the training period by maximum likelihood."""
    from ...zoo.forecast.etas.estimation import fit_etas
    from ...zoo.forecast.etas.model import Etas

    case = fits.case
    return Etas(case.grid, fit_etas(case.seen, case.region, case.split.train))


def fit_etas_calibrated(fits: Fits) -> Calibrated:
    """ETAS with a scale and a slope of its log rate, fitted on validation: the fairest bar."""
    case, etas = fits.case, fits.model("etas")
    window = case.protocol.window_days
    rate = etas.rates(case.seen, case.issue_days("validation"), window, case.magnitude)
    counts = case.counts("validation")
    if case.protocol.likelihood == "bernoulli":
        a, b, _ = recalibrate(rate, counts > 0)
    else:
        x, n = np.log(rate.reshape(-1, 1)), counts.reshape(-1)
        a, b = (float(v) for v in fit_log_rate(x, n, np.ones(n.size), "poisson"))
    return Calibrated(etas, {window: (a, b)})
