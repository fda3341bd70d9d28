"""Layers of an ensemble whose members run side by side: one graph, a member axis, nothing shared between them.

Arrays are (members, batch, space ..., channels). A convolution is one batched matrix product over shifted views, so
that five members are one pass in place of five (Lakshminarayanan et al. 2017 for the ensembles).
"""

from itertools import product
from math import prod

import keras
import numpy as np
from keras import ops

from ...datasets.errors import InputError

register = keras.saving.register_keras_serializable("foreshock")


@register
class ToMembers(keras.layers.Layer):
    """(batch, space ..., streams) -> (streams, batch, space ..., 1): each stream of the input to a member of its own.

    One stream is seen by all members, as many as there are members give each its own, as in training.
    """

    def call(self, values):
        """Move the last axis to the front."""
        axes = (len(values.shape) - 1, *range(len(values.shape) - 1))
        return ops.expand_dims(ops.transpose(values, axes), -1)


@register
class MemberConvolution(keras.layers.Layer):
    """A convolution with zero padding and ReLU for every member: (members or 1, batch, space ..., channels).

    The record is cut into blocks of one stride, so that overlapping windows are shifted views of the same blocks.

    Arguments:
        filters: of each member. kernel, strides: one number a space axis, the first a multiple of the second.
        members: how many.
    """

    def __init__(self, filters: int, kernel, strides, members: int, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.members = int(filters), int(members)
        self.kernel_size, self.strides = tuple(kernel), tuple(strides)
        if len(self.kernel_size) != len(self.strides) or any(k % s for k, s in zip(kernel, strides, strict=False)):
            raise InputError("a kernel of whole strides on each axis", f"{kernel} and {strides}", "mend them")

    def build(self, input_shape):
        """Make the weights: (members, kernel * channels, filters) and (members, 1, filters)."""
        inputs = prod(self.kernel_size) * input_shape[-1]
        shape = (self.members, inputs, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=_he(inputs))
        self.bias = self.add_weight(name="bias", shape=(self.members, 1, self.filters), initializer="zeros")

    def call(self, values):
        """Shifted views side by side, times the kernels."""
        *space, channels = values.shape[2:]
        out = self._out(space)
        pads = [
            ((k - s) // 2, (o - 1) * s + k - n - (k - s) // 2)
            for k, s, n, o in zip(self.kernel_size, self.strides, space, out, strict=True)
        ]
        values = ops.pad(values, ((0, 0), (0, 0), *pads, (0, 0)))
        blocks = [n // s for n, s in zip(values.shape[2:], self.strides, strict=False)]
        cut = [size for pair in zip(blocks, self.strides, strict=True) for size in pair]
        values = ops.reshape(values, (values.shape[0], -1, *cut, channels))
        axes = len(blocks)
        order = (0, 1, *range(2, 2 + 2 * axes, 2), *range(3, 3 + 2 * axes, 2), 2 + 2 * axes)
        values = ops.transpose(values, order)
        values = ops.reshape(values, (values.shape[0], -1, *blocks, prod(self.strides) * channels))
        views = [
            values[(slice(None), slice(None), *(slice(o, o + n) for o, n in zip(offset, out, strict=True)))]
            for offset in product(*(range(k // s) for k, s in zip(self.kernel_size, self.strides, strict=True)))
        ]
        columns = ops.concatenate(views, axis=-1)
        columns = ops.reshape(columns, (columns.shape[0], -1, columns.shape[-1]))
        result = ops.relu(ops.matmul(columns, self.kernel) + self.bias)
        return ops.reshape(result, (self.members, -1, *out, self.filters))

    def _out(self, space) -> tuple[int, ...]:
        return tuple(-(-n // s) for n, s in zip(space, self.strides, strict=True))

    def compute_output_shape(self, input_shape):
        """(members, batch, space over strides, filters)."""
        return self.members, input_shape[1], *self._out(input_shape[2:-1]), self.filters

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {
            "filters": self.filters,
            "kernel": self.kernel_size,
            "strides": self.strides,
            "members": self.members,
        }


@register
class MemberNorm(keras.layers.Layer):
    """Each record's features of each member to mean 0 and variance 1, then scale and offset a channel (Wu and He 2018).

    Nothing is remembered between records, so that training and inference are the same thing.
    """

    def build(self, input_shape):
        """Make the weights, (members, 1 ..., channels)."""
        shape = (input_shape[0], *[1] * (len(input_shape) - 2), input_shape[-1])
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones")
        self.offset = self.add_weight(name="offset", shape=shape, initializer="zeros")

    def call(self, values):
        """Over space and channels together."""
        axes = tuple(range(2, len(values.shape)))
        centred = values - ops.mean(values, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=axes, keepdims=True)
        return centred * ops.rsqrt(variance + 1e-5) * self.scale + self.offset


@register
class MemberPooling(keras.layers.Layer):
    """Means over blocks along the last space axis; what is left over at its end is dropped."""

    def __init__(self, size: int, **kwargs):
        super().__init__(**kwargs)
        self.size = int(size)

    def call(self, values):
        """(members, batch, space ..., length, channels) -> the same with length // size."""
        members, _, *front, length, channels = values.shape
        count = length // self.size
        blocks = ops.reshape(values[..., : count * self.size, :], (members, -1, *front, count, self.size, channels))
        return ops.mean(blocks, axis=-2)

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {"size": self.size}


@register
class MemberFlatten(keras.layers.Layer):
    """(members, batch, space ..., channels) -> (members, batch, features)."""

    def call(self, values):
        """Join all axes behind the second."""
        return ops.reshape(values, (values.shape[0], -1, prod(values.shape[2:])))


@register
class MemberDense(keras.layers.Layer):
    """A dense layer for every member: (members or 1, batch, features) -> (members, batch, units)."""

    def __init__(self, units: int, members: int, relu: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.units, self.members, self.relu = int(units), int(members), bool(relu)

    def build(self, input_shape):
        """Make the weights: (members, features, units) and (members, 1, units)."""
        shape = (self.members, input_shape[-1], self.units)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=_he(input_shape[-1]))
        self.bias = self.add_weight(name="bias", shape=(self.members, 1, self.units), initializer="zeros")

    def call(self, values):
        """Times the kernels."""
        result = ops.matmul(values, self.kernel) + self.bias
        return ops.relu(result) if self.relu else result

    def compute_output_shape(self, input_shape):
        """(members, batch, units)."""
        return self.members, input_shape[1], self.units

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {"units": self.units, "members": self.members, "relu": self.relu}


@register
class ByRecord(keras.layers.Layer):
    """Groups of members, each (members, batch, classes), in one array by record: (batch, all members, classes)."""

    def call(self, groups):
        """Join the groups, then swap the first two axes."""
        return ops.transpose(ops.concatenate(groups, axis=0), (1, 0, 2))


@register
class SoftVote(keras.layers.Layer):
    """The mean over members of softmax(logits / T): (batch, members, classes) -> (batch, classes).

    The temperature is a weight that no optimiser touches, one until it is set.
    """

    def build(self, input_shape):
        """Make the weight."""
        self.temperature = self.add_weight(name="temperature", shape=(), initializer="ones", trainable=False)

    def set(self, temperature: float) -> None:
        """Set the temperature, above zero."""
        if not temperature > 0:
            raise InputError("a temperature above zero", repr(temperature), "fit it on validation logits")
        self.temperature.assign(temperature)

    def call(self, logits):
        """Soften, then vote."""
        return ops.mean(ops.softmax(logits / self.temperature, axis=-1), axis=1)


def _he(inputs: int):
    """He initialisation (He et al. 2015) by the inputs of one member; `seed_members` draws each member's own."""
    return keras.initializers.RandomNormal(stddev=float(np.sqrt(2.0 / inputs)))


def seed_members(network, seeds) -> None:
    """Draw the weights of every member from its own seed: they are those of a network of this member alone.

    Arguments:
        network: keras.Model of member layers. seeds: one a member.
    """
    layers = [layer for layer in network.layers if isinstance(layer, (MemberConvolution, MemberDense))]
    for place, layer in enumerate(layers):
        _, inputs, units = layer.kernel.shape
        draws = [np.random.default_rng([seed, place]).standard_normal((inputs, units)) for seed in seeds]
        layer.kernel.assign(np.stack(draws) * np.sqrt(2.0 / inputs))
        layer.bias.assign(np.zeros(layer.bias.shape))


def member_weights(network) -> list[tuple[str, np.ndarray]]:
    """(path, values) of the weights that have a leading member axis, in the network's order."""
    kinds = (MemberConvolution, MemberDense, MemberNorm)
    return [
        (w.path, keras.ops.convert_to_numpy(w))
        for layer in network.layers
        if isinstance(layer, kinds)
        for w in layer.weights
    ]


def set_member_weights(network, values) -> None:
    """Set what `member_weights` lists, from arrays of the same order and shapes."""
    kinds = (MemberConvolution, MemberDense, MemberNorm)
    weights = [w for layer in network.layers if isinstance(layer, kinds) for w in layer.weights]
    for weight, value in zip(weights, values, strict=True):
        weight.assign(value)
