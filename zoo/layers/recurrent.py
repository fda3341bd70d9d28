"""The convolutional cell of Kail, Zaytsev and Burnaev 2020 (arXiv 2004.09140), its four gates in one convolution."""

import keras
from keras import ops

from ...datasets.errors import InputError

register = keras.saving.register_keras_serializable("foreshock")


@register
class ConvBlock(keras.layers.Layer):
    """Convolution 3 x 3 without bias, batch normalisation without scale and shift, maximum over 3 x 3 at stride 1.

    (batch, rows, columns, channels) -> (batch, rows, columns, filters); sequences (batch, steps, rows, ...) go step by
    step, normalised together. Outside training the normalisation folds into the kernel, which spares two passes over
    the maps: half of the cell's time. The published cell spent most of its time in the maximum; the backends' own
    costs a third of the convolution here, less than two one-dimensional ones or shifted maps.

    `precision`, if set, is what the convolution and the maximum compute in, whatever the layer takes and gives; it
    belongs to the computation, not to the model, and is not stored.
    """

    precision: str | None = None

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        self.filters = int(filters)
        # PyTorch's defaults, which the published networks had: its momentum .1 is Keras's .9.
        self.norm = keras.layers.BatchNormalization(
            momentum=0.9, epsilon=1e-5, center=False, scale=False, name="norm", dtype=self.dtype_policy
        )

    def build(self, input_shape):
        """Make the kernel (3, 3, channels, filters) and the moving statistics."""
        self.kernel = self.add_weight(name="kernel", shape=(3, 3, input_shape[-1], self.filters))
        self.norm.build((None, *input_shape[-3:-1], self.filters))

    def call(self, maps, training=None):
        """Convolve, normalise, take the maximum."""
        leading, shape = maps.shape[1:-3], maps.shape[-3:]  # leading: the steps, if any
        maps = ops.reshape(maps, (-1, *shape)) if leading else maps
        if training and self.norm.trainable:
            maps = self._convolved(maps, self.kernel)
            scale, shift = self._normalising(maps)
        else:
            scale = ops.rsqrt(self.norm.moving_variance + self.norm.epsilon)
            shift = -self.norm.moving_mean * scale
            maps, scale = self._convolved(maps, self.kernel * ops.cast(scale, self.compute_dtype)), None
        # A positive scale and a shift may wait until the maximum is taken.
        maps = ops.cast(ops.max_pool(maps, 3, strides=1, padding="same"), self.compute_dtype)
        maps = maps if scale is None else maps * ops.cast(scale, self.compute_dtype)
        maps = maps + ops.cast(shift, self.compute_dtype)
        return ops.reshape(maps, (-1, *leading, *shape[:2], self.filters)) if leading else maps

    def _convolved(self, maps, kernel):
        precision = self.precision or self.compute_dtype
        return ops.conv(ops.cast(maps, precision), ops.cast(kernel, precision), padding="same")

    def _normalising(self, maps):
        """Scale and shift by which `norm` normalises in training: one product and one sum a cell."""
        mean, variance = ops.moments(ops.cast(maps, self.compute_dtype), axes=(0, 1, 2))
        norm, keep = self.norm, self.norm.momentum
        for moving, now in ((norm.moving_mean, mean), (norm.moving_variance, variance)):
            moving.assign(keep * moving + (1 - keep) * ops.cast(ops.stop_gradient(now), moving.dtype))
        scale = ops.rsqrt(variance + norm.epsilon)
        return scale, -mean * scale

    def compute_output_shape(self, input_shape):
        """The input's, with `filters` channels."""
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {"filters": self.filters}


@register
class GatedConvCell(keras.layers.Layer):
    """One step of the recurrent network: gates f, i, o (sigmoid) and g (tanh), c' = f c + i g, h = o tanh c'.

    The gates are four ConvBlocks of the input beside the hidden state; here they are one block of four times the
    filters, which computes the same. State (batch, rows, columns, hidden) goes in and comes out.
    """

    def __init__(self, hidden: int = 32, **kwargs):
        super().__init__(**kwargs)
        self.hidden = int(hidden)
        self.gates = ConvBlock(4 * self.hidden, name="gates", dtype=self.dtype_policy)

    def build(self, maps_shape, h_shape=None, c_shape=None):
        """Make the gates for the input's channels."""
        self.gates.build((*maps_shape[:-1], maps_shape[-1] + self.hidden))

    def call(self, maps, h, c, training=None):
        """(maps, h, c) -> the new (h, c)."""
        gates = self.gates(ops.concatenate([maps, h], axis=-1), training=training)
        # Four parts, not a slice of three and one of one: the gradient of split is one concatenation.
        forget, enter, leave, update = ops.split(gates, 4, axis=-1)
        c = ops.sigmoid(forget) * c + ops.sigmoid(enter) * ops.tanh(update)
        return ops.sigmoid(leave) * ops.tanh(c), c

    def compute_output_shape(self, maps_shape, h_shape=None, c_shape=None):
        """Twice (batch, rows, columns, hidden)."""
        state = (*maps_shape[:-1], self.hidden)
        return state, state

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {"hidden": self.hidden}


@register
class RecurrentMaps(keras.layers.Layer):
    """The cell along a sequence of fixed length: (batch, steps, rows, columns, channels) -> (every h, last h, last c).

    Every h is (batch, steps, rows, columns, hidden). The state starts at zero, or at the h and c given. Steps are
    unrolled: the graph has no loop, so that it runs at full speed in ONNX Runtime, and each step's normalisation
    updates its statistics on every backend.
    """

    def __init__(self, hidden: int = 32, **kwargs):
        super().__init__(**kwargs)
        self.hidden = int(hidden)
        self.cell = GatedConvCell(self.hidden, name="cell", dtype=self.dtype_policy)

    def build(self, maps_shape, h_shape=None, c_shape=None):
        """Make the cell; the number of steps must be known."""
        if maps_shape[1] is None:
            raise InputError("a fixed number of steps", f"shape {tuple(maps_shape)}", "fix it in the model's Input")
        self.cell.build((maps_shape[0], *maps_shape[2:]))

    def call(self, maps, h=None, c=None, training=None):
        """Run the cell over the steps."""
        if h is None:
            _, _, rows, columns, _ = maps.shape
            h = c = ops.zeros((ops.shape(maps)[0], rows, columns, self.hidden), dtype=self.compute_dtype)
        every = []
        for step in range(maps.shape[1]):
            h, c = self.cell(maps[:, step], h, c, training=training)
            every.append(h)
        return ops.stack(every, axis=1), h, c

    def compute_output_shape(self, maps_shape, h_shape=None, c_shape=None):
        """Every h, the last h and the last c."""
        state = (maps_shape[0], *maps_shape[2:4], self.hidden)
        return (state[0], maps_shape[1], *state[1:]), state, state

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {"hidden": self.hidden}


def conv_blocks(network: keras.Model) -> dict[str, ConvBlock]:
    """The blocks of a network of these layers by the names of their layers, the gates under that of `RecurrentMaps`."""
    found = {layer.name: layer.cell.gates if isinstance(layer, RecurrentMaps) else layer for layer in network.layers}
    return {name: layer for name, layer in found.items() if isinstance(layer, ConvBlock)}


def convolve_in(network: keras.Model, precision: str | None) -> None:
    """Let all blocks of a network, and of all models on its layers, compute in this precision from now on.

    "bfloat16" halves the time of a convolution where the processor has instructions for it; weights, statistics and
    the memory stay as they are. Functions that were traced before keep what they have.
    """
    for block in conv_blocks(network).values():
        block.precision = precision
