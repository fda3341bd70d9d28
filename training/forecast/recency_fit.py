"""The fit of recency: six coefficients by maximum likelihood, and how far the past reaches in time and space."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from ...zoo.forecast.features import decaying_counts
from ...zoo.forecast.recency import Recency, transformed
from .log_rate import fit_log_rate, loss_terms

if TYPE_CHECKING:
    from .baselines import Fits

# What recency chooses from: how long the past counts depends on the window, how far on how well places are known, a
# few hundred metres in California and ten kilometres off Japan.
RECENCY_DAYS = ((1.0, 100.0), (5.0, 100.0), (20.0, 100.0))
RECENCY_WIDTHS_KM = ((3.0, 15.0), (6.0, 30.0), (6.0, 60.0), (12.0, 60.0))
RECENCY_LEAST = (0.1, 0.01)


def fit_recency(fits: Fits) -> Recency:
    """Decays, widths and least count of the best likelihood of training and validation together.

    Six coefficients are too few to fit chance, and a quiet validation period alone tells little of great sequences.
    """
    case, history = fits.case, fits.history()
    likelihood = case.protocol.likelihood
    decays, widths = (sorted({v for pair in pairs for v in pair}) for pairs in (RECENCY_DAYS, RECENCY_WIDTHS_KM))
    samples = fits.samples(history, lambda day: decaying_counts(history, day, decays, widths))
    trials = []
    for days, pair, least in itertools.product(RECENCY_DAYS, RECENCY_WIDTHS_KM, RECENCY_LEAST):
        # Decays vary slowest in the features.
        columns = [decays.index(t) * len(widths) + widths.index(w) for t in days for w in pair]
        train, later = (np.column_stack([np.log(s.base), transformed(s.x[:, columns], least)]) for s in samples)
        beta = fit_log_rate(train, samples[0].count, samples[0].weight, likelihood)
        loss = sum(
            float(s.weight @ loss_terms(beta[0] + x @ beta[1:], s.count, likelihood)[0])
            for s, x in zip(samples, (train, later), strict=True)
        )
        settings = {"decay_days": list(days), "widths_km": list(pair), "least_count": least}
        trials.append((loss, {"coefficients": [float(b) for b in beta], **settings}))
    _, head = min(trials, key=lambda trial: trial[0])
    m0, padding_km = case.region.m0, case.region.padding_km
    return Recency(case.grid, fits.smoothed, case.magnitude, m0, padding_km, {case.protocol.window_days: head})
