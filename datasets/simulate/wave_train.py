"""One wave's train of arrivals, shaped by a spectrum, in the frequency domain; vectorised over records."""

from __future__ import annotations

import numpy as np
import scipy.fft


def minimum_phase(amplitude: np.ndarray) -> np.ndarray:
    """The causal response of an amplitude spectrum: nothing arrives before its onset.

    By the folded cepstrum (Oppenheim and Schafer 2010, section 13.5).

    Arguments:
        amplitude: shape (n, f), f = nfft // 2 + 1 with nfft even, above 0.

    >>> response = minimum_phase(np.abs(np.fft.rfft([1.0, 0.5, 0, 0, 0, 0, 0, 0]))[None])
    >>> np.fft.irfft(response[0]).round(2).tolist()[:2]
    [1.0, 0.5]
    """
    nfft = 2 * (amplitude.shape[1] - 1)
    cepstrum = scipy.fft.irfft(np.log(amplitude), axis=1)
    cepstrum[:, 1 : nfft // 2] *= 2
    cepstrum[:, nfft // 2 + 1 :] = 0
    return np.exp(scipy.fft.rfft(cepstrum, axis=1))


def envelope(samples, first_sample, sampling_rate_hz, decay_s, coda_decay_s, coda_energy, rise_s=0.04) -> np.ndarray:
    """Envelope of a train's scattered part: a fast direct decay over a slow coda; its square sums to 1.

    Each of the two is Saragoni and Hart's (1974) rise times an exponential, with the exponent of the rise fixed at 1/2.

    Arguments:
        samples: length of the record. first_sample: onset, shape (n,).
        decay_s, coda_decay_s: amplitude decay times, shape (n,) or scalar. coda_energy: share of the energy in it.
    """
    after_s = (np.arange(samples, dtype=np.float32) - np.asarray(first_sample)[:, None]) / np.float32(sampling_rate_hz)
    arrived = after_s >= 0
    after_s = np.maximum(after_s, 0)
    rise = after_s / (after_s + np.float32(rise_s))

    def energy(decay):
        power = rise * np.exp(-2 * after_s / np.reshape(decay, (-1, 1)).astype(np.float32)) * arrived
        return power / np.maximum(power.sum(1, keepdims=True), 1e-30)

    share = np.reshape(coda_energy, (-1, 1)).astype(np.float32)
    return np.sqrt((1 - share) * energy(np.asarray(decay_s)) + share * energy(np.asarray(coda_decay_s)))


def train_spectrum(white, first_sample, shape, direct, scattered, response, direct_energy) -> np.ndarray:
    """Spectrum (n, 3, f) of a train: a direct pulse, then independent scattered waves on each component.

    The expected amplitude spectrum, over all components together, is that of `response` (Boore 1983, 2003).

    Arguments:
        white: standard normal, shape (n, 3, samples). first_sample: onset, shape (n,).
        shape: the envelope, shape (n, samples).
        direct: polarisation of the direct pulse on E, N, Z, a unit vector a record, shape (n, 3).
        scattered: share of the scattered amplitude on E, N, Z, squares sum to 1, shape (3,).
        response: complex spectrum, shape (n, f). direct_energy: share of the pulse in the energy, shape (n,).
    """
    nfft = 2 * (response.shape[1] - 1)
    share = np.reshape(direct_energy, (-1, 1))
    amplitude = np.sqrt(1 - share)[..., None] * np.asarray(scattered)[None, :, None]
    train = white * shape[:, None, :] * amplitude.astype(np.float32)
    inside = np.asarray(first_sample) < train.shape[2]
    rows = np.flatnonzero(inside)
    train[rows, :, np.asarray(first_sample)[rows]] += (np.sqrt(share) * direct).astype(np.float32)[rows]
    return scipy.fft.rfft(train, n=nfft, axis=2) * response[:, None, :]
