"""The waveform classifier of Laurenti et al. 2024: one-dimensional convolutions on the normalised record."""

import keras

from ..layers.scaling import Demean, UnitNorm
from .spectrogram_cnn import class_outputs, normalisation

LAYERS = ((32, 7, 1), (64, 7, 2), (64, 5, 1), (64, 5, 1), (128, 5, 1), (256, 3, 1), (256, 3, 1))
"""Filters, kernel and stride of the seven convolutions."""
PARAMETERS = 394_946
"""Trained parameters as published; the statistics of the normalisation are not among them."""


def laurenti(samples: int = 2500, components: int = 3, classes: int = 2) -> keras.Model:
    """The network, untrained: waveform (samples, components) -> {"logits", "probability"}, both (classes,).

    The mean goes out before the norm, as the offset of raw counts would otherwise be all that the norm sees.

    >>> laurenti().output["logits"].shape
    (None, 2)
    """
    waveform = keras.Input((samples, components), name="waveform")
    features = UnitNorm(name="unit_norm")(Demean(name="demean")(waveform))
    for index, (filters, kernel, stride) in enumerate(LAYERS, 1):
        features = keras.layers.Conv1D(filters, kernel, stride, padding="same", name=f"convolution_{index}")(features)
        features = normalisation(f"norm_{index}")(features)
        features = keras.layers.MaxPooling1D(3, strides=1, padding="same", name=f"maximum_{index}")(features)
        features = keras.layers.ReLU(name=f"relu_{index}")(features)
    features = keras.layers.GlobalAveragePooling1D(name="average")(features)
    features = keras.layers.Dropout(0.3, name="dropout")(features)
    return keras.Model({"waveform": waveform}, class_outputs(features, classes), name="laurenti")
