"""Scaling layers, so that a model takes the raw record and nothing is left for its user to reproduce."""

import keras
import numpy as np
from keras import ops

from ...datasets.errors import InputError

register = keras.saving.register_keras_serializable("foreshock")


@register
class Demean(keras.layers.Layer):
    """Take each component's mean off: (batch, samples, components) -> the same shape."""

    def call(self, waveform):
        """Subtract the first sample before the mean, so that a constant gives exact zeros in float32."""
        waveform = waveform - waveform[:, :1]
        return waveform - ops.mean(waveform, axis=1, keepdims=True)


@register
class UnitNorm(keras.layers.Layer):
    """Divide each component by its L2 norm: (batch, samples, components) -> the same shape. Zero stays zero.

    The largest amplitude goes out first: squares of ground motion in metres per second would underflow in float32.
    """

    def call(self, waveform):
        """Scale each component of each record by itself."""
        peak = ops.max(ops.abs(waveform), axis=1, keepdims=True)
        waveform = waveform / ops.where(peak > 0, peak, 1.0)
        energy = ops.sum(ops.square(waveform), axis=1, keepdims=True)  # at least 1, or exactly 0
        return waveform * ops.rsqrt(ops.maximum(energy, 1.0))


@register
class LogPower(keras.layers.Layer):
    """Compress power: `log10(power + floor)`, `log1p(power)`, or `none`; any shape."""

    KINDS = ("log10", "log1p", "none")

    def __init__(self, kind: str = "log10", floor: float = 1e-10, **kwargs):
        super().__init__(**kwargs)
        if kind not in self.KINDS:
            raise InputError(f"a kind among {', '.join(self.KINDS)}", repr(kind), "choose one of them")
        if not floor > 0:
            raise InputError("a floor above zero", repr(floor), "silence would give minus infinity")
        self.kind, self.floor = kind, float(floor)

    def call(self, power):
        """Compress each value."""
        if self.kind == "log10":
            return ops.log10(power + self.floor)
        return _log1p(power) if self.kind == "log1p" else power

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {"kind": self.kind, "floor": self.floor}


def _log1p(power):
    """log(1 + power) from operations that ONNX has: through the inverse hyperbolic tangent where it is small."""
    small = ops.minimum(power, 1.0)  # so that the branch not taken has a finite gradient
    return ops.where(power < 1.0, 2.0 * ops.arctanh(small / (2.0 + small)), ops.log(1.0 + power))


@register
class MinMax(keras.layers.Layer):
    """Scale each image (batch, rows, columns, components) to [0, 1]; a constant one gives zeros.

    Constant is what varies by less than a hundred-thousandth of its size: that is rounding, which every runtime does in
    its own way, and stretching it to [0, 1] would make an answer of it.

    over="record": one range for all components together, which keeps their ratio; over="component": one for each.
    """

    def __init__(self, over: str = "record", **kwargs):
        super().__init__(**kwargs)
        if over not in ("record", "component"):
            raise InputError("over='record' or over='component'", repr(over), "choose one of them")
        self.over = over

    def call(self, image):
        """Subtract the least, divide by the range."""
        axes = tuple(range(1, len(image.shape) - (self.over == "component")))
        least = ops.min(image, axis=axes, keepdims=True)
        greatest = ops.max(image, axis=axes, keepdims=True)
        extent = greatest - least
        varies = extent > 1e-5 * ops.maximum(ops.abs(least), ops.abs(greatest))
        return ops.where(varies, (image - least) / ops.where(varies, extent, 1.0), 0.0)

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {"over": self.over}


@register
class Temperature(keras.layers.Layer):
    """Divide logits by a temperature that is set after training, so that their softmax is calibrated; any shape.

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
        """Divide."""
        return logits / self.temperature


@register
class Standardise(keras.layers.Layer):
    """Subtract the training data's mean and divide by its standard deviation, channel by channel (the last axis).

    Mean and variance are weights that no optimiser touches: zero and one until `adapt` or the constructor sets them.

    >>> layer = Standardise()
    >>> layer.adapt([np.array([[1.0, 10.0], [3.0, 10.0]])])
    >>> np.asarray(layer(np.array([[3.0, 11.0]]))).tolist()  # a channel without variance is only centred
    [[1.0, 1.0]]
    """

    def __init__(self, mean=None, variance=None, **kwargs):
        super().__init__(**kwargs)
        self._initial_mean = None if mean is None else np.asarray(mean, dtype="float64")
        self._initial_variance = None if variance is None else np.asarray(variance, dtype="float64")

    def build(self, input_shape):
        """Make the two weights."""
        shape = (input_shape[-1],)
        self.mean = self.add_weight(name="mean", shape=shape, initializer="zeros", trainable=False)
        self.variance = self.add_weight(name="variance", shape=shape, initializer="ones", trainable=False)
        if self._initial_mean is not None:
            self.mean.assign(np.broadcast_to(self._initial_mean, shape))
        if self._initial_variance is not None:
            self.variance.assign(np.broadcast_to(self._initial_variance, shape))

    def adapt(self, batches):
        """Take mean and variance from `batches`, an iterable of arrays (..., channels). Give it training data only.

        One pass in float64; batches merge by the update of Chan, Golub and LeVeque 1983, equation 1.3.
        """
        count, mean, squares = 0, 0.0, 0.0
        for batch in batches:
            values = np.asarray(batch, dtype="float64")
            values = values.reshape(-1, values.shape[-1])
            if not len(values):
                continue
            delta = values.mean(axis=0) - mean
            total = count + len(values)
            mean = mean + delta * len(values) / total
            squares = (
                squares + ((values - values.mean(axis=0)) ** 2).sum(axis=0) + delta**2 * count * len(values) / total
            )
            count = total
        if not count or not np.all(np.isfinite(squares)):
            raise InputError("at least one finite training sample", f"{count} samples", "check the training data")
        if not self.built:
            self.build((None, mean.size))
        variance = squares / count
        resolved = variance > (np.finfo("float32").eps * mean) ** 2  # less is the rounding of a constant
        self.mean.assign(mean)
        self.variance.assign(np.where(resolved, variance, 0.0))

    def call(self, values):
        """Standardise each channel; one without variance is only centred."""
        variance = ops.convert_to_tensor(self.variance)
        variance = ops.where(variance > 0, variance, 1.0)
        return (values - self.mean) / ops.sqrt(variance)

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {
            "mean": None if self._initial_mean is None else self._initial_mean.tolist(),
            "variance": None if self._initial_variance is None else self._initial_variance.tolist(),
        }
