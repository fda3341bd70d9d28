"""Classifiers of one record by its spectrogram: FRAMAX and its descendants, one table and one function for all.

The problem, foreshock or aftershock from one record, is that of Laurenti et al. 2024. Each network takes the raw
waveform: spectrogram, logarithm and scaling are its first layers.
"""

from dataclasses import dataclass

import keras

from ...datasets.errors import InputError
from ..layers.scaling import LogPower, MinMax, Standardise, Temperature
from ..layers.spectrogram import Spectrogram


@dataclass(frozen=True)
class Variant:
    """What tells one network from another.

    Arguments:
        window_s, before_s: length of the record, and how much of it lies before the phase.
        phase: "P" or "S", the arrival that the window is cut around.
        power: LogPower's kind; over: MinMax's range.
        dropout: before each dense layer.
        second_stride: stride of the second convolution.
        parameters: trained ones, as published; the statistics of the normalisation are not among them.
    """

    window_s: float
    before_s: float
    phase: str
    nperseg: int
    noverlap: int
    power: str
    over: str
    dropout: float
    second_stride: int
    parameters: int

    def samples(self, sampling_rate_hz: float = 100.0) -> int:
        """Samples of the record."""
        return round(self.window_s * sampling_rate_hz)


# Of 80 % overlap of 32 samples, 25 are meant: 353 and 282 frames; with 26 there would be 412 and 329.
VARIANTS = {
    "framax-log": Variant(25, 5, "P", 64, 48, "log1p", "component", 0.0, 2, 1_339_266),
    "framax-psd": Variant(25, 5, "P", 64, 48, "none", "component", 0.0, 2, 1_339_266),
    "p64": Variant(25, 5, "P", 64, 32, "log10", "record", 0.1, 1, 2_584_450),
    "p32": Variant(25, 5, "P", 32, 25, "log10", "record", 0.1, 1, 5_861_250),
    "s64": Variant(20, 5, "S", 64, 32, "log10", "record", 0.1, 1, 2_060_162),
    "s32": Variant(20, 5, "S", 32, 25, "log10", "record", 0.1, 1, 4_681_602),
    "nrca-13s": Variant(13, 5, "P", 64, 51, "log10", "record", 0.1, 1, 3_239_810),
}


def spectrogram_cnn(
    variant: str | Variant, sampling_rate_hz: float = 100.0, components: int = 3, classes: int = 2
) -> keras.Model:
    """A network of the table, untrained: waveform (samples, components) -> {"logits", "probability"}, both (classes,).

    >>> spectrogram_cnn("p64").output["logits"].shape
    (None, 2)
    """
    if isinstance(variant, str):
        if variant not in VARIANTS:
            raise InputError(f"a variant among {', '.join(VARIANTS)}", repr(variant), "choose one of them")
        name, variant = variant, VARIANTS[variant]
    else:
        name = "spectrogram-cnn"
    waveform = keras.Input((variant.samples(sampling_rate_hz), components), name="waveform")
    image = Spectrogram(variant.nperseg, variant.noverlap, sampling_rate_hz, name="spectrogram")(waveform)
    image = LogPower(variant.power, name="power")(image)
    image = MinMax(variant.over, name="range")(image)
    image = Standardise(name="standardise")(image)
    for index, (filters, stride, pooled) in enumerate(
        [(32, 1, True), (64, variant.second_stride, True), (128, 1, False)], 1
    ):
        image = keras.layers.Conv2D(filters, 3, stride, padding="same", name=f"convolution_{index}")(image)
        image = normalisation(f"norm_{index}")(image)
        if pooled:
            image = keras.layers.MaxPooling2D(2, name=f"maximum_{index}")(image)
        image = keras.layers.ReLU(name=f"relu_{index}")(image)
    features = keras.layers.Flatten(name="flatten")(image)
    if variant.dropout:
        features = keras.layers.Dropout(variant.dropout, name="dropout_1")(features)
    features = keras.layers.Dense(128, "relu", name="dense")(features)
    if variant.dropout:
        features = keras.layers.Dropout(variant.dropout, name="dropout_2")(features)
    return keras.Model({"waveform": waveform}, class_outputs(features, classes), name=name)


def framax(power: str = "log") -> keras.Model:
    """CNN2D of FRAMAX on log1p of the power ("log") or on the power itself ("psd")."""
    return spectrogram_cnn(f"framax-{power}")


def fit_standardise(model: keras.Model, waveforms) -> None:
    """Set the Standardise layer from `waveforms`: batches (batch, samples, components) of training data only."""
    layer = model.get_layer("standardise")
    front = keras.Model(model.input, layer.input)
    layer.adapt(keras.ops.convert_to_numpy(front({"waveform": batch}, training=False)) for batch in waveforms)


def normalisation(name: str) -> keras.layers.BatchNormalization:
    """Batch normalisation as the published networks had it: PyTorch's momentum .1 is Keras's .9."""
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=name)


def class_outputs(features, classes: int) -> dict:
    """Logits, for the loss, and the probability of each class, calibrated by a temperature, beside them."""
    logits = keras.layers.Dense(classes, name="logits", dtype="float32")(features)
    cooled = Temperature(name="temperature", dtype="float32")(logits)
    return {"logits": logits, "probability": keras.layers.Softmax(name="probability", dtype="float32")(cooled)}
