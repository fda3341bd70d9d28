"""Numbers that describe waveforms: 23 features a channel, S-P times, spectral amplitudes free of noise.

The 23 are those of the published magnitude forest on the Norcia records (amplitude statistics, Welch spectrum, shape),
here with the sampling rate given to Welch's method, so that frequencies are in Hz.
"""

from __future__ import annotations

import numpy as np

from ..errors import InputError

FEATURES = (
    *("max", "min", "mean", "std", "median", "peak_to_peak", "energy", "rms", "mean_absolute"),
    *("max_psd", "max_psd_hz", "mean_psd", "spectral_entropy", "spectral_flatness"),
    *("sign_changes", "peaks", "kurtosis", "skewness", "variance", "interquartile_range"),
    *("index_of_max", "samples_after_max", "range"),
)
SEGMENT = 256
# Records are taken this many at a time, which keeps the spectra inside the processor's cache.
_BATCH = 16


def channel_features(data: np.ndarray, sampling_rate_hz: float) -> np.ndarray:
    """The FEATURES of every channel, float64 of shape (n, channels, 23).

    Standard deviation and variance are those of the population; kurtosis is Fisher's, and like skewness not corrected
    for bias; Welch's method has Hann segments of 256 samples that overlap by half, the mean taken off each; entropy is
    in nats; a peak is higher than its neighbours, a flat one counts once. A constant channel has no kurtosis,
    skewness, entropy and flatness: NaN, as in scipy.

    Arguments:
        data: (n, channels, samples), finite, at least 256 samples.
        sampling_rate_hz: of all records.

    >>> tone = np.sin(2 * np.pi * 12.5 * np.arange(2500) / 100.0)
    >>> values = channel_features(tone[None, None, :], 100.0)[0, 0]
    >>> round(float(values[FEATURES.index("max_psd_hz")]), 1)
    12.5
    """
    data = _checked(data, SEGMENT)
    n, channels, samples = data.shape
    rows = data.reshape(n * channels, samples)
    out = np.empty((len(rows), len(FEATURES)))
    for first in range(0, len(rows), 3 * _BATCH):
        part = slice(first, first + 3 * _BATCH)
        out[part] = _of_rows(rows[part], sampling_rate_hz)
    return out.reshape(n, channels, len(FEATURES))


def feature_names(channels: str = "ENZ") -> list[str]:
    """Names of the columns of `channel_features(...).reshape(n, -1)`.

    >>> feature_names()[0], len(feature_names())
    ('E_max', 69)
    """
    return [f"{channel}_{name}" for channel in channels for name in FEATURES]


def s_minus_p_s(records) -> np.ndarray:
    """S-P times of records in seconds, NaN where a pick is missing.

    >>> from ..record import Record
    >>> s_minus_p_s([Record(np.ones((3, 9)), 1.0, "2020-01-01", p_s=2.0, s_s=5.5)]).tolist()
    [3.5]
    """
    return np.array([np.nan if r.p_s is None or r.s_s is None else r.s_s - r.p_s for r in records], dtype=np.float64)


def spectral_amplitudes(
    data: np.ndarray,
    sampling_rate_hz: float,
    p_s: np.ndarray,
    bands_hz: tuple[tuple[float, float], ...] = ((1, 2), (2, 4), (4, 8), (8, 16), (16, 32)),
    noise_s: float = 4.0,
    signal_s: float = 16.0,
    floor: float = 0.05,
) -> np.ndarray:
    """Decimal logarithms of amplitude spectral densities after P, freed of the noise before it; (n, channels, bands).

    The density (Welch, Hann segments of `noise_s` that overlap by half) of the `signal_s` from P on, less that of the
    `noise_s` before P, averaged over each band; where noise is nearly all there is, `floor` times the noise stands for
    the rest, so that the logarithm stays finite. Values are log10 of the root: unit of the data per square root of Hz.

    Arguments:
        data: (n, channels, samples); p_s: (n,) seconds from the first sample to P.
        bands_hz: lower and upper frequencies, below Nyquist.
    """
    p_s = np.asarray(p_s, dtype=np.float64)
    length, count = round(noise_s * sampling_rate_hz), round(signal_s * sampling_rate_hz)
    data = _checked(data, length + count)
    first = np.round(p_s * sampling_rate_hz)
    bad = ~((first >= length) & (first + count <= data.shape[2]))
    if p_s.shape != (len(data),) or bad.any():
        received = f"{np.count_nonzero(bad)} of {len(data)} records with less" if p_s.ndim else f"shape {p_s.shape}"
        raise InputError(f"{noise_s:g} s before P and {signal_s:g} s after it", received, "choose other records")
    if max(high for _, high in bands_hz) > sampling_rate_hz / 2:
        raise InputError(f"bands below {sampling_rate_hz / 2:g} Hz", f"{bands_hz}", "leave the highest out")
    starts = np.arange(0, count - length + 1, length // 2)
    # Noise first, then the segments of the signal.
    offsets = np.concatenate([[-length], starts])
    windows = np.lib.stride_tricks.sliding_window_view(data, length, axis=2)
    at = first.astype(np.int64)[:, None] + offsets
    segments = windows[np.arange(len(data))[:, None], :, at].astype(np.float64)  # (n, segments, channels, length)
    density = _densities(segments, sampling_rate_hz)
    noise, signal = density[:, 0], density[:, 1:].mean(axis=1)
    frequency = np.fft.rfftfreq(length, 1 / sampling_rate_hz)
    bands = [(frequency >= low) & (frequency < high) for low, high in bands_hz]
    if not all(band.any() for band in bands):
        raise InputError(f"bands of at least {1 / noise_s:g} Hz", f"{bands_hz}", "widen them or noise_s")
    power = np.stack([(signal - noise)[..., band].mean(axis=-1) for band in bands], axis=-1)
    least = np.stack([noise[..., band].mean(axis=-1) for band in bands], axis=-1) * floor
    return 0.5 * np.log10(np.maximum(np.maximum(power, least), np.finfo(np.float64).tiny))


def _checked(data: np.ndarray, shortest: int) -> np.ndarray:
    data = np.asarray(data)
    if data.dtype.kind != "f":
        data = data.astype(np.float64)
    if data.ndim != 3 or data.shape[2] < shortest:
        raise InputError(
            f"(n, channels, samples) of at least {shortest} samples", f"{data.shape}", "give longer records"
        )
    if not np.isfinite(data).all():
        raise InputError("finite samples", "NaN or infinity", "leave out or mend these records")
    return np.ascontiguousarray(data)


def _hann(length: int) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def _densities(segments: np.ndarray, sampling_rate_hz: float) -> np.ndarray:
    """One-sided power spectral densities of segments along the last axis: Hann, mean taken off."""
    import scipy.fft

    window = _hann(segments.shape[-1])
    spectrum = scipy.fft.rfft((segments - segments.mean(axis=-1, keepdims=True)) * window)
    density = (spectrum.real**2 + spectrum.imag**2) / (sampling_rate_hz * (window**2).sum())
    density[..., 1 : -1 if segments.shape[-1] % 2 == 0 else None] *= 2
    return density


def _of_rows(rows: np.ndarray, sampling_rate_hz: float) -> np.ndarray:
    """The features of rows, (rows, 23)."""
    import scipy.fft

    from .feature_loops import powers, segments_of, statistics

    out = np.empty((len(rows), len(FEATURES)))
    window = _hann(SEGMENT)
    spectrum = scipy.fft.rfft(segments_of(rows, window), overwrite_x=True)
    powers(spectrum, 1.0 / (sampling_rate_hz * (window**2).sum()), sampling_rate_hz / SEGMENT, out)
    statistics(rows, np.sort(rows, axis=1), out)
    return out
