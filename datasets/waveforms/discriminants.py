"""Numbers by which seismologists tell blasts from earthquakes: P over S in bands, and the shape of the spectrum."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from .features import spectral_amplitudes

BANDS_HZ = ((1.0, 2.0), (2.0, 4.0), (4.0, 8.0), (8.0, 13.0), (13.0, 19.0))
#: Seconds after the arrival that count as P, and until when the strongest second counts as S.
P_S, LAST_S = 1.5, 25.0
# What is left of power once that of the noise is off: at least this part of the noise.
FLOOR = 0.1
# Delays between the shots of a blast that a cepstrum is searched for.
DELAYS_S = (0.04, 0.16)
SIGNAL_S, NOISE_S = 16.0, 4.0


def phase_ratios(data: np.ndarray, sampling_rate_hz: float, before_s: float) -> np.ndarray:
    """log10 of amplitude ratios in BANDS_HZ, P over noise, S over noise, P over S: (n, samples) -> (n, 3 bands).

    Power is that of segments of 0.64 s. Noise is the mean over the segments that end before the arrival, P that over
    the segments within P_S after it, S the largest mean over four segments in a row between P and LAST_S: S where it
    stands out, the strongest coda elsewhere. Reference: Walter et al. 1995.

    Arguments:
        data: vertical records. before_s: seconds before P.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.standard_normal((1, 2000)); x[:, 250:325] *= 100; x[:, 500:600] *= 10
    >>> phase_ratios(x, 50.0, 5.0)[0, 10:].round(0).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    from scipy.signal import spectrogram

    length = round(0.64 * sampling_rate_hz)
    frequency, middle, power = spectrogram(data, sampling_rate_hz, nperseg=length, noverlap=3 * length // 4)
    begin = middle - 0.5 * length / sampling_rate_hz - before_s
    bands = [(frequency >= low) & (frequency < high) for low, high in BANDS_HZ]
    power = np.stack([power[:, band].mean(axis=1) for band in bands], axis=1)
    noise = power[..., begin + 0.64 <= -0.3].mean(axis=-1)
    p = power[..., (begin >= -0.2) & (begin <= P_S - 0.64)].mean(axis=-1)
    later = power[..., (begin >= P_S) & (begin <= LAST_S)]
    s = np.lib.stride_tricks.sliding_window_view(later, 4, axis=-1).mean(axis=-1).max(axis=-1)
    tiny = 1e-12 * power.max(axis=(1, 2))[:, None] + 1e-30
    p, s = (np.maximum(part - noise, FLOOR * noise + tiny) for part in (p, s))
    noise = noise + tiny
    return 0.5 * np.log10(np.concatenate([p / noise, s / noise, p / s], axis=1))


def discriminants(data: np.ndarray, sampling_rate_hz: float, before_s: float) -> tuple[np.ndarray, list[str]]:
    """Features of vertical records, (n, features), and their names; none changes when a record is multiplied.

    Beside the phase ratios: the spectrum behind P, freed of noise, as amplitudes of bands over their mean; low against
    high frequencies late in the record, where Rg is; and the highest cepstral peak with its delay, for ripple firing.

    Arguments:
        data: (n, samples). before_s: seconds before P, NOISE_S at least.
    """
    data = np.asarray(data, np.float64)
    if data.ndim != 2:
        raise InputError("vertical records (n, samples)", f"shape {data.shape}", "give one component")
    ratios = phase_ratios(data, sampling_rate_hz, before_s)
    arrival = np.full(len(data), before_s)
    scaled = data - data[:, :1]
    scaled = scaled / np.maximum(np.abs(scaled).max(axis=1, keepdims=True), 1e-30)
    level = spectral_amplitudes(scaled[:, None], sampling_rate_hz, arrival, BANDS_HZ, NOISE_S, SIGNAL_S)[:, 0]
    shape = level - level.mean(axis=1, keepdims=True)
    late = arrival + 5.0
    rg = spectral_amplitudes(scaled[:, None], sampling_rate_hz, late, ((0.5, 2.0), (4.0, 8.0)), NOISE_S, SIGNAL_S)[:, 0]
    peak, delay = _cepstral_peak(scaled, sampling_rate_hz, before_s)
    names = [
        f"{kind}_{low:g}_{high:g}_hz" for kind in ("p_over_noise", "s_over_noise", "p_over_s") for low, high in BANDS_HZ
    ]
    names += [f"spectrum_{low:g}_{high:g}_hz" for low, high in BANDS_HZ]
    names += ["late_low_over_high", "cepstral_peak", "cepstral_delay_s"]
    return np.column_stack([ratios, shape, rg[:, 0] - rg[:, 1], peak, delay]), names


def _cepstral_peak(data: np.ndarray, rate: float, before_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Height and place of the highest peak of the cepstrum of the signal, 1 to 20 Hz, among DELAYS_S."""
    first, count = round(before_s * rate), round(SIGNAL_S * rate)
    window = data[:, first : first + count] * np.hanning(count)
    power = np.abs(np.fft.rfft(window, axis=1)) ** 2
    frequency = np.fft.rfftfreq(count, 1 / rate)
    kept = (frequency >= 1.0) & (frequency <= 20.0)
    x = frequency[kept]
    spectrum = np.log(power[:, kept] + 1e-20)
    # What is smooth is source and path, the rest is scalloping.
    basis = np.polynomial.legendre.legvander(2 * (x - x[0]) / (x[-1] - x[0]) - 1, 3)
    spectrum = spectrum - spectrum @ np.linalg.pinv(basis).T @ basis.T
    delay = np.linspace(*DELAYS_S, 61)
    cosine = np.cos(2 * np.pi * np.outer(x, delay)) * 2 / len(x)
    cepstrum = spectrum @ cosine
    place = cepstrum.argmax(axis=1)
    return cepstrum[np.arange(len(data)), place], delay[place]
