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


def envelope(
    samples, first_sample, sampling_rate_hz, decay_s, coda_decay_s, coda_energy, lapse_s, rise_s=0.04
) -> np.ndarray:
    """Envelope of a train's scattered part: a fast direct decay over a slow coda; shape (n, samples).

    The direct part rises and decays in Saragoni and Hart's (1974) way, the coda falls off as exp(-t / decay) / t with
    the lapse time t (Aki and Chouet 1975). The squares over a record's length from the onset on sum to 1.

    Arguments:
        samples: length of the record. first_sample: onset, shape (n,), at least 0.
        decay_s, coda_decay_s: amplitude decay times, shape (n,). coda_energy: share of the energy in the coda.
        lapse_s: from origin to onset, shape (n,).

    >>> onset = np.array([10])
    >>> shape = envelope(4000, onset, 100.0, np.array([0.5]), np.array([10.0]), 1.0, np.array([4.0]))
    >>> round(float(shape[0, 810] / shape[0, 410]), 3)  # exp(-4 / 10) (4 + 4) / (4 + 8), after the rise
    0.448
    """
    after_s = np.arange(samples, dtype=np.float32) / np.float32(sampling_rate_hz)
    rise = after_s / (after_s + np.float32(rise_s))
    decay, coda_decay, lapse = (np.reshape(x, (-1, 1)).astype(np.float32) for x in (decay_s, coda_decay_s, lapse_s))
    direct = rise * np.exp(-2 * after_s / decay)
    coda = rise * np.exp(-2 * after_s / coda_decay) * (lapse / (lapse + after_s)) ** 2
    direct, coda = (power / power.sum(1, keepdims=True) for power in (direct, coda))
    shape = np.sqrt((1 - np.float32(coda_energy)) * direct + np.float32(coda_energy) * coda)
    since = np.arange(samples) - np.asarray(first_sample)[:, None]
    return np.where(since >= 0, np.take_along_axis(shape, np.maximum(since, 0), axis=1), 0)


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
