"""What is trained on crops: the network's own layers on a stretch of days, its state carried from batch to batch."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from ...zoo.forecast.recurrent import HEAD, answer_of
from ...zoo.layers.recurrent import RecurrentMaps, conv_blocks


class CarriedRecurrent(keras.layers.Layer):
    """A `RecurrentMaps` that begins each batch with the state in which the last one ended, cut off from its gradient.

    Arguments:
        recurrent: the network's own layer.

    Call with (embedded, fresh): a lane whose `fresh` is 1 begins with zeros.
    """

    def __init__(self, recurrent: RecurrentMaps, **kwargs):
        super().__init__(**kwargs)
        self.recurrent = recurrent

    def build(self, embedded_shape, fresh_shape=None):
        """Make the state of a fixed number of lanes."""
        shape = (embedded_shape[0], *embedded_shape[2:4], self.recurrent.hidden)
        self.h = self.add_weight(name="h", shape=shape, initializer="zeros", trainable=False)
        self.c = self.add_weight(name="c", shape=shape, initializer="zeros", trainable=False)

    def call(self, embedded, fresh, training=None):
        """Every h of the stretch."""
        keep = ops.reshape(1.0 - fresh, (-1, 1, 1, 1))
        every, h, c = self.recurrent(embedded, self.h * keep, self.c * keep, training=training)
        self.h.assign(ops.stop_gradient(h))
        self.c.assign(ops.stop_gradient(c))
        return every

    def compute_output_shape(self, embedded_shape, fresh_shape=None):
        """(lanes, days, rows, columns, hidden)."""
        return (*embedded_shape[:-1], self.recurrent.hidden)


def stretch_view(network: keras.Model, lanes: int, label_days: int) -> keras.Model:
    """`maps`, `prior` and `fresh` of a stretch -> logits (lanes, answers, rows, columns).

    Arguments:
        network: a `cnn_lstm` of the tile's size and the stretch's days, its prior an input if it has one; or any other
            network of maps, which answers once, for the day after its window.
        label_days: a recurrent network answers after every so many days.
    """
    _, steps, rows, columns, channels = network.get_layer("maps").output.shape
    maps = keras.Input((steps, rows, columns, channels), batch_size=lanes, name="maps")
    prior = keras.Input((rows, columns), batch_size=lanes, name="prior")
    fresh = keras.Input((), batch_size=lanes, name="fresh")
    every_prior = keras.layers.Reshape((1, rows, columns))(prior)
    names = {layer.name for layer in network.layers}
    if "recurrent" in names:
        embedded = network.get_layer("embedding_2")(network.get_layer("embedding_1")(maps))
        every = CarriedRecurrent(network.get_layer("recurrent"), name="carried")(embedded, fresh)
        answered = keras.layers.Identity(name="answered")(every[:, label_days - 1 :: label_days])
        logits = answer_of(network, answered, every_prior)
    else:
        inputs = {"maps": maps, "prior": prior} if "prior" in names else {"maps": maps}
        logits = keras.layers.Reshape((1, rows, columns))(network(inputs)["logits"])
    return keras.Model({"maps": maps, "prior": prior, "fresh": fresh}, logits, name="stretch")


def settle(network: keras.Model, view: keras.Model, batches, memory_days: float = 0.0) -> None:
    """Take the normalisations' statistics from these batches and keep them for good.

    Arguments:
        memory_days: see `remember`; the head's statistics are then those of a state that remembers.
    """
    batches = list(batches)
    blocks = conv_blocks(network)
    _take(view, batches)
    if memory_days:
        for name, block in blocks.items():
            block.norm.trainable = name in HEAD
        remember(network.get_layer("recurrent"), memory_days)
        _take(view, batches)
    for block in blocks.values():
        block.norm.trainable = False


def remember(recurrent: RecurrentMaps, longest_days: float) -> None:
    """Shift the settled forget and input gates so that channels forget over 2 days to `longest_days`.

    A forget gate's bias of log(tau - 1) keeps a state for tau days, and the input gate's negative keeps its size
    (Tallec and Ollivier 2018, arXiv 1804.11188). The published cell has no biases: its settled means serve as such.
    """
    gates = recurrent.cell.gates
    bias = np.log(np.geomspace(2.0, longest_days, recurrent.hidden) - 1.0)
    shift = np.concatenate([bias, -bias, np.zeros(2 * recurrent.hidden)])
    spread = np.sqrt(np.asarray(gates.norm.moving_variance) + gates.norm.epsilon)
    gates.norm.moving_mean.assign(np.asarray(gates.norm.moving_mean) - shift * spread)


def _take(view: keras.Model, batches: list) -> None:
    for inputs, *_ in batches:
        view(inputs, training=True)
