"""Logistic regression on a record's mean spectrum: what a classifier must beat, and a probe of what precedes P."""

import keras
import numpy as np

from ..layers.scaling import LogPower, Standardise
from ..layers.spectrogram import Spectrogram
from .spectrogram_cnn import VARIANTS, class_outputs

# Which frames are averaged: those that lie wholly behind P, or wholly before it.
SIDES = {"logistic": "after", "logistic-noise": "before"}


def logistic(architecture: str, sampling_rate_hz: float = 100.0, components: int = 3, classes: int = 2) -> keras.Model:
    """Mean log spectrum of p64's window on one side of P, then one dense layer: waveform -> {"logits", "probability"}.

    >>> logistic("logistic").count_params() - 2 * 99 - 1  # less mean and variance of each feature, and temperature
    200
    """
    variant = VARIANTS["p64"]
    waveform = keras.Input((variant.samples(sampling_rate_hz), components), name="waveform")
    spectrogram = Spectrogram(variant.nperseg, variant.noverlap, sampling_rate_hz, name="spectrogram")
    image = LogPower("log10", name="power")(spectrogram(waveform))
    half_s = variant.nperseg / 2 / sampling_rate_hz
    behind = spectrogram.times_s - half_s >= variant.before_s
    before = spectrogram.times_s + half_s <= variant.before_s
    kept = np.flatnonzero(behind if SIDES[architecture] == "after" else before)
    crop = (int(kept[0]), len(spectrogram.times_s) - int(kept[-1]) - 1)
    image = keras.layers.Cropping2D(((0, 0), crop), name="frames")(image)
    image = keras.layers.AveragePooling2D((1, len(kept)), name="mean")(image)
    features = Standardise(name="standardise")(keras.layers.Flatten(name="flatten")(image))
    return keras.Model({"waveform": waveform}, class_outputs(features, classes), name=architecture)
