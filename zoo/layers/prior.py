"""Log-odds of a cell: from two classes to one number, and the prior's share in it."""

import keras
import numpy as np
from keras import ops

from ...datasets.errors import InputError

register = keras.saving.register_keras_serializable("foreshock")


@register
class LogOdds(keras.layers.Layer):
    """Two-class logits (..., 2) -> log-odds of the second class (...); the sigmoid of these is the softmax of those."""

    def call(self, logits):
        """Second less first."""
        return logits[..., 1] - logits[..., 0]


@register
class PriorLogit(keras.layers.Layer):
    """Add a prior's log-odds to a network's: `gain * logits + log(p / (1 - p)) + c`, maps (batch, ..., rows, columns).

    The prior enters as log-odds rather than log(p): for the tiny p of most cells the two agree (they differ by
    p), and where p is large, as in an aftershock sequence, only with log-odds does a network that answers zero
    give back the prior itself. It is the two-class softmax over (log(1 - p), log p) of Kail et al. 2020, section IV.

    Arguments:
        c: constant added to the log-odds; a calibrated prior wants 0.
        gain: factor on the network's logits.
        learned: train both, starting from those values. Behind normalisation without scale, as in the published
            cell, the network's logits have unit variance, and these two are what lets it say much or little.
        floor: least probability of a cell; below it, 1 - floor the greatest. No cell is impossible.

    The prior is a weight (rows, columns) set by `set_prior`, or a second input of probabilities, (rows, columns) or
    (batch, rows, columns). Until it is set, the weight is even odds, which changes nothing.

    >>> layer = PriorLogit()
    >>> layer.build((None, 1, 2))
    >>> layer.set_prior([[0.2, 0.0]])
    1
    >>> np.asarray(keras.ops.sigmoid(layer(np.zeros((1, 1, 2)))), dtype=float).round(7).tolist()
    [[[0.2, 1e-07]]]
    """

    def __init__(self, c: float = 0.0, gain: float = 1.0, learned: bool = False, floor: float = 1e-7, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        if not 0 < floor < 0.5:
            raise InputError("a floor between 0 and 0.5", repr(floor), "1e-7 is far below any cell's rate")
        self.c, self.gain, self.learned, self.floor = float(c), float(gain), bool(learned), float(floor)

    def build(self, logits_shape, prior_shape=None):
        """Make the prior's weight, unless the prior is an input, and the two scalars."""
        if prior_shape is None:
            self.prior_logit = self.add_weight(
                name="prior_logit", shape=tuple(logits_shape[-2:]), initializer="zeros", trainable=False
            )
        if self.learned:
            self.learned_c = self.add_weight(name="c", shape=(), initializer=keras.initializers.Constant(self.c))
            self.learned_gain = self.add_weight(
                name="gain", shape=(), initializer=keras.initializers.Constant(self.gain)
            )

    def set_prior(self, probability) -> int:
        """Set the prior map (rows, columns), fitted on the training period; returns how many cells were floored."""
        probability = np.asarray(probability, dtype="float64")
        shape = tuple(self.prior_logit.shape)
        if probability.shape != shape:
            raise InputError(f"a prior of shape {shape}", f"{probability.shape}", "use the network's own grid")
        if not np.all((probability >= 0) & (probability < 1)):  # NaN fails too
            received = f"{probability.min():g} to {probability.max():g}"
            raise InputError("probabilities in [0, 1)", received, "turn rates into probabilities: 1 - exp(-rate)")
        floored = np.clip(probability, self.floor, 1 - self.floor)
        self.prior_logit.assign(np.log(floored) - np.log1p(-floored))
        return int(np.sum(floored != probability))

    def call(self, logits, prior=None):
        """Log-odds (batch, rows, columns), and a prior probability where it is an input -> log-odds."""
        if prior is None:
            prior_logit = self.prior_logit
        else:
            prior = ops.clip(prior, self.floor, 1 - self.floor)
            prior_logit = ops.log(prior) - ops.log1p(-prior)
        if self.learned:
            return self.learned_gain * logits + prior_logit + self.learned_c
        return self.gain * logits + prior_logit + self.c

    def compute_output_shape(self, logits_shape, prior_shape=None):
        """The logits' own."""
        return logits_shape

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {"c": self.c, "gain": self.gain, "learned": self.learned, "floor": self.floor}


@register
class Nothing(keras.layers.Layer):
    """Day maps (batch, steps, rows, columns, channels) -> zeros (batch, rows, columns), whatever the maps hold."""

    def call(self, maps):
        """Zeros of the batch's size."""
        return ops.zeros_like(maps[:, 0, :, :, 0])
