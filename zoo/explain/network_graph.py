"""A network cut in two at its scaled spectrogram, so that the second part can be explained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...datasets.errors import InputError

PLACES = ("spectrogram", "waveform")
# What follows a convolution-free chain of these is a weighted sum of what went in.
LINEAR_LAYERS = (
    "AveragePooling1D",
    "AveragePooling2D",
    "Cropping1D",
    "Cropping2D",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "InputLayer",
    "Permute",
    "Reshape",
    "Softmax",
    "Standardise",
)
SCALINGS = ("LogPower", "MinMax", "Standardise")
BATCH = 256


@dataclass(frozen=True)
class NetworkGraph:
    """The network from what is explained to the margin of one class.

    Arguments:
        front: waveform -> what is explained; None where that is the waveform itself.
        back: what is explained -> logits (n, classes), or probabilities of an ensemble that votes.
        target: number of the class.
        place: "spectrogram" or "waveform".
        frequencies_hz, times_s: axes of the spectrogram, times after the record's first sample.
        of_probability: whether `back` gives probabilities; their log-odds are explained.
    """

    front: object
    back: object
    target: int
    place: str
    frequencies_hz: np.ndarray | None = None
    times_s: np.ndarray | None = None
    of_probability: bool = False

    def margin(self, tensor):
        """Log-odds of the class against all others, (n,): z - log sum exp of the other logits."""
        import tensorflow as tf

        logits = self.back(tensor, training=False)
        if self.of_probability:
            logits = tf.math.log(tf.maximum(logits, 1e-7))
        others = [i for i in range(logits.shape[-1]) if i != self.target]
        return logits[:, self.target] - tf.reduce_logsumexp(tf.gather(logits, others, axis=1), axis=1)

    @cached_property
    def _compiled(self):
        import tensorflow as tf

        # XLA was slower on each processor on which it was tried.
        signature = [tf.TensorSpec((None, *self.shape), tf.float32)]
        return tf.function(self.margin, signature, autograph=False, jit_compile=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what is explained of one record."""
        return tuple(self.back.inputs[0].shape[1:])

    def margins(self, arrays: np.ndarray) -> np.ndarray:
        """`margin` of many arrays, float64 (n,)."""
        parts = [self._compiled(_tensor(arrays[i : i + BATCH])) for i in range(0, len(arrays), BATCH)]
        return np.concatenate([part.numpy() for part in parts]).astype(np.float64)

    @cached_property
    def path_gradients(self):
        """(x, background, chosen, alpha) -> sum over points b + alpha (x - b) of (x - b) times the margin's gradient.

        b is background[chosen]; one graph, traced at its first use.
        """
        import tensorflow as tf

        def step(array, background, chosen, alpha):
            reference = tf.gather(background, chosen)
            difference = array[None] - reference
            point = reference + tf.reshape(alpha, (-1, *[1] * len(self.shape))) * difference
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(point)
                total = tf.reduce_sum(self.margin(point))
            return tf.reduce_sum(difference * tape.gradient(total, point), axis=0)

        batch = tf.TensorSpec((None, *self.shape), tf.float32)
        places = tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None,), tf.float32)
        signature = [tf.TensorSpec(self.shape, tf.float32), batch, *places]
        return tf.function(step, signature, autograph=False, jit_compile=False)

    def prepared(self, waveform: np.ndarray) -> np.ndarray:
        """What is explained of each waveform (n, samples, components)."""
        waveform = np.ascontiguousarray(waveform, np.float32)
        if self.front is None:
            return waveform
        parts = [self.front(waveform[i : i + BATCH], training=False) for i in range(0, len(waveform), BATCH)]
        return np.concatenate([np.asarray(part) for part in parts])

    @property
    def linear(self) -> bool:
        """Whether the back is one weighted sum: then its SHAP values are exact."""
        return all(
            type(layer).__name__ in LINEAR_LAYERS or (type(layer).__name__ == "Dense" and layer.name == "logits")
            for layer in self.back.layers
        ) and not any(getattr(layer, "data_format", None) == "channels_first" for layer in self.back.layers)


def _tensor(array):
    import tensorflow as tf

    return tf.convert_to_tensor(array, tf.float32)


def cut(network, target: int, place: str | None = None) -> NetworkGraph:
    """Cut a network at the last scaling of its spectrogram, or take it whole, on the waveform.

    Arguments:
        network: keras.Model of one waveform input (samples, components), with logits among its outputs.
        target: number of the class.
        place: "spectrogram", "waveform", or None: the spectrogram where there is one.
    """
    import keras

    if place not in (None, *PLACES):
        raise InputError(f"a place of {', '.join(PLACES)}", repr(place), "choose one of them")
    if len(network.inputs) != 1 or "logits" not in network.output:
        raise InputError(
            "a network of one waveform input with logits among its outputs",
            f"inputs {[t.name for t in network.inputs]}, outputs {list(network.output)}",
            "explain it with method=permutation on features, or name its logits",
        )
    # The logits of an ensemble are those of its members; the log-odds of their vote are explained.
    votes = len(network.output["logits"].shape) != 2
    answer = network.output["probability" if votes else "logits"]
    found = None if place == "waveform" else scaled_spectrogram(network)
    if found is not None:
        layer, frequencies_hz, times_s = found
        try:
            parts = keras.Model(network.inputs[0], layer.output), keras.Model(layer.output, answer)
            return NetworkGraph(*parts, target, "spectrogram", frequencies_hz, times_s, votes)
        except ValueError:  # the answer hangs on the waveform by another way too
            pass
    if place == "spectrogram":
        raise InputError(
            "a network with one spectrogram and no other way around it", network.name, "explain its waveform"
        )
    return NetworkGraph(None, keras.Model(network.inputs[0], answer), target, "waveform", of_probability=votes)


def _spectrograms(network) -> list:
    return [layer for layer in network.layers if type(layer).__name__ == "Spectrogram"]


def scaled_spectrogram(network):
    """The last layer of the chain of scalings behind the one spectrogram, and its axes; None where there is none.

    A crop is part of the chain where a scaling follows it.

    Returns:
        (layer, frequencies_hz, times_s)
    """
    found = _spectrograms(network)
    if len(found) != 1:
        return None
    layer = best = found[0]
    axes = best_axes = (layer.frequencies_hz, layer.times_s)
    while True:
        followers = [other for other in network.layers if getattr(other, "input", None) is layer.output]
        kind = type(followers[0]).__name__ if len(followers) == 1 else ""
        if kind not in ("Cropping2D", *SCALINGS):
            return best, *best_axes
        layer = followers[0]
        if kind == "Cropping2D":
            axes = tuple(
                values[low : len(values) - high] for values, (low, high) in zip(axes, layer.cropping, strict=True)
            )
        else:
            best, best_axes = layer, axes
