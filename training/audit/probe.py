"""Probes: plain classifiers of mean spectra, quick enough to be fitted again for every control."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..waveform.records import Records

# An answer gives the probability of each class, (n, classes); a fit makes one from training and validation records.
Answer = Callable[[Records], np.ndarray]
Fit = Callable[[Records, Records], Answer]

NPERSEG, NOVERLAP = 64, 32
FLOOR = 1e-10
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)
CHUNK = 512


def mean_spectra(records: Records, side: str = "both", longest_s: float = 20.0, before_s: float = 5.0) -> np.ndarray:
    """Mean log10 power spectrum of each component before P, behind P, or of both one after the other, (n, features).

    Arguments:
        side: "before", "behind" or "both"; frames lie wholly on their side.
        longest_s: how far behind P frames are taken; before_s: how far before it.
    """
    from scipy.signal import spectrogram

    rate, features = records.sampling_rate_hz, []
    for i in range(0, len(records), CHUNK):
        part = records.waveform[i : i + CHUNK]
        *_, power = spectrogram(part, rate, nperseg=NPERSEG, noverlap=NOVERLAP, axis=1)
        image = np.log10(power + FLOOR)  # (n, frequencies, components, frames)
        begin = np.arange(image.shape[-1]) * (NPERSEG - NOVERLAP)
        p = records.p[i : i + CHUNK, None]
        sides = {
            "before": (begin + NPERSEG <= p) & (begin >= p - before_s * rate - 1),
            "behind": (begin >= p) & (begin + NPERSEG <= p + longest_s * rate),
        }
        means = []
        for mask in sides.values() if side == "both" else [sides[side]]:
            mean = np.einsum("nfct,nt->ncf", image, mask) / np.maximum(mask.sum(1), 1)[:, None, None]
            means.append(mean.reshape(len(part), -1))
        features.append(np.concatenate(means, axis=1))
    return np.concatenate(features).astype(np.float64)


def linear(features: Callable[[Records], np.ndarray], strengths=STRENGTHS) -> Fit:
    """A logistic regression on standardised features, its strength chosen by the log loss on validation."""

    def fit(train: Records, validation: Records) -> Answer:
        regression = regress((features(train), train.label), (features(validation), validation.label), strengths)
        return lambda records: regression.predict_proba(features(records))

    return fit


def regress(train, validation, strengths=STRENGTHS):
    """The logistic regression of (features, labels) of lowest log loss on validation, standardised by training."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def fitted(strength: float):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300)).fit(*train)
        return model, log_loss(validation[1], model.predict_proba(validation[0]), labels=model.classes_)

    return min((fitted(strength) for strength in strengths), key=lambda trial: trial[1])[0]


def nearest(features: np.ndarray, label: np.ndarray):
    """The class of the nearest training record: a model that only remembers, so that events in two parts show."""
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(features, label)
