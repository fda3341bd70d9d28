"""Earthquake or blast from the vertical component around P: two small networks, each an ensemble in one graph.

After Kong et al. 2022 (raw waveforms beside a branch of P/S ratios) and Linville et al. 2019 (spectrograms); sizes are
our own. 40 s at 50 Hz with P at 5 s, in counts or any unit: no answer changes when a record is multiplied by a number.
"""

import keras
from keras import ops

from ...datasets.errors import InputError
from ..layers.members import (
    ByRecord,
    MemberConvolution,
    MemberDense,
    MemberFlatten,
    MemberNorm,
    MemberPooling,
    SoftVote,
    ToMembers,
)
from ..layers.phase_ratios import PhaseRatios
from ..layers.scaling import LogPower, MinMax
from ..layers.spectrogram import Spectrogram

RATE_HZ, WINDOW_S, BEFORE_S = 50.0, 40.0, 5.0
SAMPLES = round(WINDOW_S * RATE_HZ)
NPERSEG, NOVERLAP = 64, 32
# Rows of the spectrogram from 0.8 to 19.5 Hz: above lie the anti-alias filters of slower stations.
ROWS = (1, 26)
ARCHITECTURES = ("blast-spectrogram", "blast-waveform", "blast-both")


register = keras.saving.register_keras_serializable("foreshock")


@register
class HighPass(keras.layers.Layer):
    """Take slow motion off and bring each stream to mean square 1: (batch, samples, streams) -> the same.

    Less its running mean over a second, twice: what lies below 0.5 Hz, where microseisms are, loses 12 dB and more.
    """

    def __init__(self, sampling_rate_hz: float = RATE_HZ, **kwargs):
        super().__init__(**kwargs)
        self.sampling_rate_hz = float(sampling_rate_hz)

    def call(self, waveform):
        """Filter and scale; a constant gives zeros."""
        waveform = waveform - waveform[:, :1]
        peak = ops.max(ops.abs(waveform), axis=1, keepdims=True)
        waveform = waveform / ops.where(peak > 0, peak, 1.0)
        for _ in range(2):
            waveform = waveform - ops.average_pool(waveform, round(self.sampling_rate_hz) | 1, 1, padding="same")
        return waveform * ops.rsqrt(ops.mean(ops.square(waveform), axis=1, keepdims=True) + 1e-14)

    def get_config(self):
        """What the constructor takes."""
        return super().get_config() | {"sampling_rate_hz": self.sampling_rate_hz}


@register
class Compress(keras.layers.Layer):
    """asinh(10 x) / 3: weak onsets are seen beside strong coda. Any shape."""

    def call(self, values):
        """Compress each value."""
        return ops.arcsinh(10.0 * values) / 3.0


def spectrogram_member(waveform, members: int, dropout: float):
    """Features (members, batch, 24) from the log spectrogram."""
    image = Spectrogram(NPERSEG, NOVERLAP, RATE_HZ, name="spectrogram")(waveform)
    image = keras.layers.Cropping2D(((ROWS[0], NPERSEG // 2 + 1 - ROWS[1]), (0, 0)), name="band")(image)
    image = MinMax("component", name="range")(LogPower("log10", floor=1e-8, name="power")(image))
    image = ToMembers(name="image_members")(image)
    for index, (filters, kernel, strides) in enumerate(
        [(12, (4, 4), (2, 2)), (24, (4, 4), (2, 2)), (32, (2, 2), (2, 1))]
    ):
        image = MemberConvolution(filters, kernel, strides, members, name=f"image_convolution_{index + 1}")(image)
        image = MemberNorm(name=f"image_norm_{index + 1}")(image)
    features = MemberFlatten(name="image_flatten")(MemberPooling(2, name="image_pooling")(image))
    features = keras.layers.Dropout(dropout, name="image_dropout")(features)
    return MemberDense(24, members, name="image_dense")(features)


def waveform_member(waveform, members: int, dropout: float):
    """Features (members, batch, 40) from the samples, and from the P/S ratios beside them."""
    trace = ToMembers(name="trace_members")(Compress(name="compress")(waveform))
    for index, (filters, kernel, stride) in enumerate([(12, 16, 4), (24, 8, 4), (32, 6, 2), (32, 4, 2)]):
        trace = MemberConvolution(filters, (kernel,), (stride,), members, name=f"trace_convolution_{index + 1}")(trace)
        trace = MemberNorm(name=f"trace_norm_{index + 1}")(trace)
    features = MemberFlatten(name="trace_flatten")(MemberPooling(4, name="trace_pooling")(trace))
    features = keras.layers.Dropout(dropout, name="trace_dropout")(features)
    features = MemberDense(24, members, name="trace_dense")(features)
    ratios = MemberDense(16, members, name="ratio_dense")(PhaseRatios(RATE_HZ, BEFORE_S, name="phase_ratios")(waveform))
    return keras.layers.Concatenate(name="branches")([features, ratios])


def build(architecture: str, members: int = 5, streams: int = 1, dropout: float = 0.3) -> keras.Model:
    """An untrained ensemble: waveform (2000, streams) -> {"logits": (members, 2), "probability": (2,)}.

    Arguments:
        members: of each architecture; "blast-both" has as many of either.
        streams: 1, or `members` in training, where each member sees records in an order of its own.

    >>> build("blast-waveform").output["logits"].shape
    (None, 5, 2)
    """
    if architecture not in ARCHITECTURES:
        raise InputError(f"an architecture of {', '.join(ARCHITECTURES)}", repr(architecture), "choose one of them")
    waveform = keras.Input((SAMPLES, streams), name="waveform")
    centred = HighPass(name="high_pass")(waveform)
    logits = []
    if architecture != "blast-waveform":
        features = spectrogram_member(centred, members, dropout)
        logits.append(MemberDense(2, members, relu=False, name="image_logits")(features))
    if architecture != "blast-spectrogram":
        features = waveform_member(centred, members, dropout)
        logits.append(MemberDense(2, members, relu=False, name="trace_logits")(features))
    joined = ByRecord(name="logits")(logits)
    return keras.Model(
        {"waveform": waveform},
        {"logits": joined, "probability": SoftVote(name="temperature")(joined)},
        name=architecture,
    )
