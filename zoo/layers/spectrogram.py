"""The power spectrogram as a layer: scipy's, as one matrix product, with gradients and an export."""

import keras
import numpy as np
from keras import ops

from ...datasets.errors import InputError


def kernels(nperseg: int, sampling_rate_hz: float) -> np.ndarray:
    """Cosine rows, then sine rows, that make a segment's one-sided spectrum: (2 * frequencies, nperseg), float64.

    A row holds Fourier kernel times Tukey(0.25) window times the square root of the density scale, less the row's
    own mean. Removing a segment's mean is linear, so removing it from the kernels is the same thing: each row
    sums to zero and a constant segment gives nothing.
    Reference: Welch 1967, section III (density: 1 / (fs sum w^2), doubled where two sides fold into one).

    >>> rows = kernels(64, 100.0)
    >>> rows.shape, bool(abs(rows.sum(axis=1)).max() < 1e-12)
    ((66, 64), True)
    """
    from scipy.signal import get_window

    window = get_window(("tukey", 0.25), nperseg)
    frequency = np.arange(nperseg // 2 + 1)
    sides = np.full(frequency.size, 2.0)
    sides[0] = 1.0
    if nperseg % 2 == 0:
        sides[-1] = 1.0
    gain = np.sqrt(sides / (sampling_rate_hz * np.sum(window**2)))
    angle = 2.0 * np.pi * np.outer(frequency, np.arange(nperseg)) / nperseg
    rows = np.concatenate([gain[:, None] * np.cos(angle), gain[:, None] * np.sin(angle)]) * window
    return rows - rows.mean(axis=1, keepdims=True)


@keras.saving.register_keras_serializable("foreshock")
class Spectrogram(keras.layers.Layer):
    """Power spectral density, equal to `scipy.signal.spectrogram` with its defaults.

    Input (batch, samples, components), output (batch, frequencies, frames, components), frequency ascending, in input
    unit squared per Hz. Tukey(0.25) window, constant detrend of each segment, one-sided, density.

    The record is cut into blocks of one step, so that overlapping segments are shifted views of the same blocks and
    a product with the kernels transforms them all; any overlap goes this way. The kernels annul a segment's
    mean, but in float32 a large mean would cost digits first: the mean of the segment's blocks is taken off beforehand.
    """

    def __init__(self, nperseg: int, noverlap: int, sampling_rate_hz: float = 100.0, **kwargs):
        kwargs.setdefault("dtype", "float32")  # powers span more decades than half precision has
        super().__init__(**kwargs)
        if not 0 <= noverlap < nperseg:
            raise InputError("an overlap from 0 to nperseg - 1", f"{noverlap} of {nperseg}", "shorten the overlap")
        self.nperseg, self.noverlap = int(nperseg), int(noverlap)
        self.sampling_rate_hz = float(sampling_rate_hz)
        self.step = self.nperseg - self.noverlap
        self.blocks = -(-self.nperseg // self.step)  # blocks that cover a segment
        padded = np.zeros((2 * (self.nperseg // 2 + 1), self.blocks * self.step))
        padded[:, : self.nperseg] = kernels(self.nperseg, self.sampling_rate_hz)
        self._cosine, self._sine = np.split(padded.astype("float32"), 2)

    @property
    def frequencies_hz(self) -> np.ndarray:
        """Frequency of each row of the output, (frequencies,)."""
        return np.fft.rfftfreq(self.nperseg, 1.0 / self.sampling_rate_hz)

    def frames(self, samples: int) -> int:
        """How many segments fit into a record of so many samples."""
        return (samples - self.noverlap) // self.step

    @property
    def times_s(self) -> np.ndarray:
        """Centre of each segment, seconds from the record's first sample, (frames,); known once the layer is built."""
        return (np.arange(self.frames(self._samples)) * self.step + self.nperseg / 2) / self.sampling_rate_hz

    def build(self, input_shape):
        """Check that the record's length is known and holds a segment, and keep it."""
        if len(input_shape) != 3 or input_shape[1] is None or input_shape[1] < self.nperseg:
            raise InputError(
                f"records (batch, samples, components) of a fixed length of at least {self.nperseg} samples",
                f"shape {tuple(input_shape)}",
                "fix the number of samples in the model's Input, or lengthen the record",
            )
        self._samples = int(input_shape[1])

    def call(self, waveform):
        """(batch, samples, components) -> (batch, frequencies, frames, components)."""
        _, samples, components = waveform.shape
        frames = self.frames(samples)
        blocks = frames - 1 + self.blocks
        wanted = blocks * self.step
        if wanted > samples:  # the kernels are zero there
            waveform = ops.pad(waveform, ((0, 0), (0, wanted - samples), (0, 0)))
        block = ops.transpose(ops.reshape(waveform[:, :wanted], (-1, blocks, self.step, components)), (0, 2, 1, 3))
        block_mean = ops.mean(block, axis=1, keepdims=True)
        whole = self.nperseg // self.step  # blocks that lie inside a segment, so never the padding
        segment_mean = sum(block_mean[:, :, i : i + frames] for i in range(whole)) / whole
        segment = ops.concatenate([block[:, :, i : i + frames] - segment_mean for i in range(self.blocks)], axis=1)
        segment = ops.reshape(segment, (-1, self.blocks * self.step, frames * components))
        # Two products in place of one and a split: at large batches the copies cost more than the arithmetic.
        power = ops.square(ops.matmul(self._cosine, segment)) + ops.square(ops.matmul(self._sine, segment))
        return ops.reshape(power, (-1, self.nperseg // 2 + 1, frames, components))

    def compute_output_shape(self, input_shape):
        """(batch, frequencies, frames, components)."""
        batch, samples, components = input_shape
        return batch, self.nperseg // 2 + 1, self.frames(samples), components

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {
            "nperseg": self.nperseg,
            "noverlap": self.noverlap,
            "sampling_rate_hz": self.sampling_rate_hz,
        }
