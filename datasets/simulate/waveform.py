"""Stochastic point-source records with a known truth: the wave field of a small earthquake at one station.

The spectra are the physics (omega-square source, spreading, frequency-dependent Q, kappa, site; Boore 2003), the time
series is filtered noise behind a direct pulse. Travel times come from exact direct rays through flat layers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.fft

from . import noise, rayleigh, ripple
from .instrument import seismometer
from .path import LayeredCrust
from .scene import SCATTERED_P, SCATTERED_S, Window, body_wave_spectrum, complete_truth, noise_db
from .simulated_records import SimulatedRecords
from .wave_train import envelope, minimum_phase, train_spectrum

# A 24-bit digitiser.
FULL_SCALE_COUNTS = 2**23 - 1
# Records are shaped this many at a time, which keeps the work inside a few tens of MB.
BATCH = 128


def _anti_alias(frequency_hz: np.ndarray, rate: float) -> np.ndarray:
    """The digitiser's low-pass: a cosine taper from 0.8 of Nyquist to -60 dB at Nyquist."""
    along = np.clip((frequency_hz / (rate / 2) - 0.8) / 0.2, 0, 1)
    return 1e-3 + (1 - 1e-3) * np.cos(np.pi / 2 * along) ** 2


def _standard_normals(seed: int, rows: np.ndarray, count: int) -> np.ndarray:
    """float32 (n, count): each record's own stream, so a record does not depend on which others are made with it."""
    out = np.empty((len(rows), count), np.float32)
    for i, row in enumerate(rows):
        stream = np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, int(row)])))
        stream.standard_normal(dtype=np.float32, out=out[i])
    return out


def synthesise(
    truth: Mapping[str, np.ndarray],
    window: Window,
    seed: int,
    rows=None,
    with_noise: bool = True,
    quantise: bool = True,
) -> np.ndarray:
    """Counts of the records, float32, shape (n, 3, samples).

    Arguments:
        truth: from `complete_truth`. seed: any integer of at least 0.
        rows: the records' numbers, which choose their random streams; None for 0, 1, 2, ...
        with_noise: False leaves the background noise out.
        quantise: round to whole counts and clip at a 24-bit digitiser's full scale.
    """
    count = len(truth["magnitude"])
    rows = np.arange(count) if rows is None else np.asarray(rows)
    data = np.empty((count, 3, window.samples), np.float32)
    for first in range(0, count, BATCH):
        part = slice(first, first + BATCH)
        chunk = {name: values[part] for name, values in truth.items()}
        data[part] = _synthesise_batch(chunk, window, _random_parts(seed, rows[part], window), with_noise)
    return in_whole_counts(data) if quantise else data


def in_whole_counts(data: np.ndarray) -> np.ndarray:
    """Round to whole counts and clip at the digitiser's full scale, in place."""
    return np.clip(np.rint(data, out=data), -FULL_SCALE_COUNTS, FULL_SCALE_COUNTS, out=data)


def _random_parts(seed: int, rows: np.ndarray, window: Window) -> tuple[np.ndarray, ...]:
    """White noise for the background (complex spectrum), for P, for S and for the echoes of Rg."""
    frequencies, samples, n = window.nfft // 2 + 1, window.samples, len(rows)
    echoes = rayleigh.RANDOM_NUMBERS
    normals = _standard_normals(seed, rows, 6 * (frequencies + samples) + echoes)
    background = normals[:, : 6 * frequencies].reshape(n, 3, 2 * frequencies).view(np.complex64)
    trains = normals[:, 6 * frequencies : -echoes].reshape(n, 2, 3, samples)
    return background, trains[:, 0], trains[:, 1], normals[:, -echoes:]


def _motion_over_step(truth, frequency_hz: np.ndarray, rate: float, wave: str) -> np.ndarray:
    """The velocity spectrum over that of the difference of two samples, which is smooth and above 0 at zero frequency.

    The difference is put back with its exact phase: the logarithm of a spectrum that vanishes at zero frequency would
    leave energy before the onset.
    """
    # 1e-3 Hz stands for zero: there the ratio has its limit already.
    f = np.maximum(frequency_hz, 1e-3)
    return body_wave_spectrum(truth, f, wave) / (2 * np.sin(np.pi * f / rate))


def _synthesise_batch(truth, window: Window, random_parts, with_noise: bool) -> np.ndarray:
    rate, nfft = window.sampling_rate_hz, window.nfft
    frequency = np.fft.rfftfreq(nfft, 1 / rate)
    background, white_p, white_s, echoes = random_parts
    gain = truth["gain_counts_s_m"][:, None]
    anti_alias = _anti_alias(frequency, rate)
    instrument = seismometer(truth["instrument_hz"], frequency) if "instrument_hz" in truth else None
    shots = ripple.comb(truth, frequency) if "shots" in truth else None
    delay_s = truth["s_s"] - truth["p_s"]
    azimuth, polarisation = (np.radians(truth[f"{name}_deg"]) for name in ("back_azimuth", "polarisation"))
    incidence = truth["p_incidence_rad"]
    direct_p = np.stack(
        [np.sin(incidence) * np.sin(azimuth), np.sin(incidence) * np.cos(azimuth), np.cos(incidence)], 1
    )
    s_vertical = 0.3
    s_horizontal = np.sqrt(1 - s_vertical**2)
    direct_s = np.stack(
        [s_horizontal * np.sin(polarisation), s_horizontal * np.cos(polarisation), np.full(len(azimuth), s_vertical)], 1
    )
    # Coda decays as exp(-pi f t / Qc); with Q growing almost as f this is one time constant, taken at 6 Hz.
    coda_decay_s = truth["q_s_1_hz"] * 6.0 ** truth["q_exponent"] / (np.pi * 6.0)
    # The direct trains lengthen with distance (Herrmann 1985: 0.05 s a km), the pulse loses its share to scattering.
    spread_s = 0.15 + 0.02 * truth["distance_km"]
    nearby = np.exp(-truth["distance_km"] / 60.0)
    spectrum = np.zeros((len(gain), 3, nfft // 2 + 1), np.complex64)
    for wave, white, direct, scattered, pulse, decay_s, coda in (
        ("p", white_p, direct_p, SCATTERED_P, 0.35 * nearby, spread_s, 0.35),
        ("s", white_s, direct_s, SCATTERED_S, 0.12 * nearby, 1.5 * spread_s, 0.30),
    ):
        first = np.round(truth[f"{wave}_s"] * rate).astype(int)
        amplitude = _motion_over_step(truth, frequency, rate, wave) * gain * anti_alias * rate
        # A floor far below what can be recorded keeps the logarithm finite where losses are great.
        response = minimum_phase(np.maximum(amplitude, 1e-6 * amplitude.max(1, keepdims=True)))
        response *= -np.expm1(-2j * np.pi * frequency / rate)
        tail_s = np.maximum(decay_s, 0.5 * delay_s) if wave == "p" else coda_decay_s
        if shots is not None:
            response *= shots
        shape = envelope(window.samples, first, rate, decay_s, tail_s, coda, truth[f"{wave}_travel_s"])
        spectrum += train_spectrum(white, first, shape, direct, scattered, response.astype(np.complex64), pulse)
    if with_noise:
        psd = noise.velocity_psd(frequency, noise_db(truth, frequency))
        # Mean square of a transform of n samples: one-sided density times rate times n / 2, over two parts.
        scale = np.sqrt(psd * rate * nfft / 4) * gain * anti_alias
        background = background * scale[:, None, :].astype(np.float32)
        if shots is None and instrument is None:
            spectrum += background
            with_noise = False
    data = _in_time(spectrum, window, instrument)
    if shots is not None or instrument is not None:
        # Delays of parts of a sample ring a little ahead of themselves.
        data *= np.arange(window.samples) >= np.round(truth["p_s"] * rate)[:, None, None]
    if "rg_level_m_s" in truth:
        recorder = gain * anti_alias * (1 if instrument is None else instrument)
        rayleigh.add_rg(data, truth, window, echoes, recorder if shots is None else recorder * shots)
    return data + _in_time(background, window, instrument) if with_noise else data


def _in_time(spectrum: np.ndarray, window: Window, instrument: np.ndarray | None) -> np.ndarray:
    """The samples (n, 3, samples) of a spectrum, through the instrument if there is one."""
    if instrument is not None:
        spectrum = spectrum * instrument[:, None, :]
    return scipy.fft.irfft(spectrum, n=window.nfft, axis=2)[:, :, : window.samples]


def simulate_records(
    scene: Mapping[str, np.ndarray],
    seed: int,
    crust: LayeredCrust | None = None,
    window: Window | None = None,
    **how,
) -> SimulatedRecords:
    """Records of a scene, which has SCENE_COLUMNS and event_id, station, label and origin_time for every record.

    `how` goes to `synthesise`.
    """
    window = window or Window()
    truth = complete_truth(scene, crust or LayeredCrust(), window)
    return SimulatedRecords(synthesise(truth, window, seed, **how), truth, window)
