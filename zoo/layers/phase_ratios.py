"""P against what follows it, band by band, inside the graph: the classical discriminant of explosions."""

import keras
import numpy as np
from keras import ops

from ...datasets.errors import InputError
from .spectrogram import Spectrogram

BANDS_HZ = ((1.0, 2.0), (2.0, 4.0), (4.0, 8.0), (8.0, 13.0), (13.0, 19.0))
#: Seconds after the arrival that count as P, and until when the largest second counts as S.
P_S, LAST_S = 1.5, 25.0
# What is left of power once that of the noise is off: at least this part of the noise.
FLOOR = 0.1


@keras.saving.register_keras_serializable("foreshock")
class PhaseRatios(keras.layers.Layer):
    """log10 of amplitude ratios in bands, P over noise, S over noise, P over S: waveform -> (streams, batch, 3 bands).

    Power is that of a spectrogram of 0.64 s segments. Noise is the mean over the segments that end before the arrival,
    P that over the segments that start within P_S after it, S the largest mean over four segments in a row (1.1 s)
    between P and LAST_S: S where it is seen, the strongest coda elsewhere. No ratio changes when a record is multiplied
    by a number. Reference: Walter et al. 1995 (P/S as a discriminant).

    Arguments:
        before_s: seconds of the window before P.
    """

    def __init__(self, sampling_rate_hz: float = 50.0, before_s: float = 5.0, **kwargs):
        super().__init__(**kwargs)
        if sampling_rate_hz / 2 < BANDS_HZ[-1][1]:
            raise InputError(f"at least {2 * BANDS_HZ[-1][1]:g} Hz", f"{sampling_rate_hz:g} Hz", "raise the rate")
        self.sampling_rate_hz, self.before_s = float(sampling_rate_hz), float(before_s)
        nperseg = round(0.64 * sampling_rate_hz)
        self.spectrogram = Spectrogram(nperseg, 3 * nperseg // 4, sampling_rate_hz)
        frequency = self.spectrogram.frequencies_hz
        rows = np.array([(frequency >= low) & (frequency < high) for low, high in BANDS_HZ], np.float32)
        self._mean = rows / rows.sum(axis=1, keepdims=True)

    def build(self, input_shape):
        """Find the frames of noise, P and S."""
        self.spectrogram.build(input_shape)
        begin = self.spectrogram.times_s - 0.32 - self.before_s
        self._noise = np.flatnonzero(begin + 0.64 <= -0.3)
        self._p = np.flatnonzero((begin >= -0.2) & (begin <= P_S - 0.64))
        later = np.flatnonzero((begin >= P_S) & (begin <= LAST_S))
        self._later = int(later[0]), int(later[-1]) + 1

    def call(self, waveform):
        """(batch, samples, streams) -> (streams, batch, 3 * bands)."""
        power = self.spectrogram(waveform - waveform[:, :1])
        power = ops.einsum("bf,nftc->cnbt", self._mean, power)
        scale = ops.maximum(ops.max(power, axis=(2, 3), keepdims=True), 1e-30)
        power = power / scale
        noise = ops.mean(power[..., : int(self._noise[-1]) + 1], axis=-1)
        p = ops.mean(power[..., int(self._p[0]) : int(self._p[-1]) + 1], axis=-1)
        first, last = self._later
        runs = sum(power[..., first + i : last - 3 + i] for i in range(4)) / 4
        s = ops.max(runs, axis=-1)
        least = FLOOR * noise + 1e-12
        p, s = ops.maximum(p - noise, least), ops.maximum(s - noise, least)
        noise = noise + 1e-12
        logs = [ops.log(p / noise), ops.log(s / noise), ops.log(p / s)]
        return ops.concatenate(logs, axis=-1) * (0.5 / np.log(10.0))

    def compute_output_shape(self, input_shape):
        """(streams, batch, 3 * bands)."""
        return input_shape[2], input_shape[0], 3 * len(BANDS_HZ)

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {"sampling_rate_hz": self.sampling_rate_hz, "before_s": self.before_s}
