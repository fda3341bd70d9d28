"""The truth about simulated records: what a scene declares, and the arrivals and spectra that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.fft

from ..errors import InputError
from . import noise, path, source

# Scattered energy of P favours the vertical, that of S the horizontals; squares sum to 1 over E, N, Z.
SCATTERED_P = np.sqrt([0.22, 0.22, 0.56])
SCATTERED_S = np.sqrt([0.39, 0.39, 0.22])

#: Where signal and noise are compared.
SNR_BAND_HZ = (1.0, 25.0)

#: What a scene must tell of each record; `complete_truth` adds what follows from it.
SCENE_COLUMNS = (
    "magnitude",
    "stress_drop_mpa",
    "epicentral_km",
    "depth_km",
    "back_azimuth_deg",
    "polarisation_deg",
    "radiation_p",
    "radiation_s",
    "q_s_1_hz",
    "q_exponent",
    "q_p_over_s",
    "kappa_s",
    "velocity_change",
    "site_hz",
    "site_gain",
    "noise_level",
    "noise_slope",
    "noise_excess_db",
    "gain_counts_s_m",
)


@dataclass(frozen=True)
class Window:
    """What is cut around P: `duration_s` at `sampling_rate_hz`, P arriving `p_s` after the first sample."""

    sampling_rate_hz: float = 100.0
    duration_s: float = 25.0
    p_s: float = 5.0

    def __post_init__(self):
        if not (0 <= self.p_s < self.duration_s and self.sampling_rate_hz > 0):
            raise InputError(
                "P inside a window of positive length and rate",
                f"P at {self.p_s:g} s of {self.duration_s:g} s at {self.sampling_rate_hz:g} Hz",
                "move P into the window",
            )

    @property
    def samples(self) -> int:
        """Samples a component."""
        return round(self.duration_s * self.sampling_rate_hz)

    @property
    def nfft(self) -> int:
        """Length of the transform: half as long again as the record, so that filters do not wrap around."""
        return 2 * scipy.fft.next_fast_len(int(self.samples * 0.75) + 1, real=True)


def complete_truth(scene: Mapping[str, np.ndarray], crust: path.LayeredCrust, window: Window) -> dict:
    """The scene with what follows from it.

    Adds distance_km (hypocentral), p_travel_s, s_travel_s, p_s, s_s (arrivals after the first sample, on a sample),
    corner_p_hz, corner_s_hz, moment_n_m, t_star_p_s and t_star_s_s (the path's, at 10 Hz, without kappa),
    p_incidence_rad, p_level_m_s and s_level_m_s (displacement spectrum at zero frequency), snr_db.

    A scene may hold p_over_s_corner (ratio of the corners) where it is not that of earthquakes.
    """
    missing = [name for name in SCENE_COLUMNS if name not in scene]
    if missing:
        raise InputError(f"the columns {' '.join(SCENE_COLUMNS)}", f"none called {' '.join(missing)}", "add them")
    truth = {name: np.asarray(values) for name, values in scene.items()}
    p = crust.first(truth["epicentral_km"], truth["depth_km"], "P")
    s = crust.first(truth["epicentral_km"], truth["depth_km"], "S")
    rate = window.sampling_rate_hz
    slowness = 1 / (1 + truth["velocity_change"])
    truth["distance_km"] = np.hypot(truth["epicentral_km"], truth["depth_km"])
    truth["p_travel_s"], truth["s_travel_s"] = p.travel_s * slowness, s.travel_s * slowness
    p_sample = round(window.p_s * rate)
    truth["p_s"] = np.full(len(slowness), p_sample / rate)
    truth["s_s"] = np.round(p_sample + (truth["s_travel_s"] - truth["p_travel_s"]) * rate) / rate
    truth["corner_s_hz"] = source.corner_frequency_hz(
        truth["magnitude"], truth["stress_drop_mpa"], s.source_velocity_km_s
    )
    truth["corner_p_hz"] = truth.get("p_over_s_corner", source.P_OVER_S_CORNER) * truth["corner_s_hz"]
    truth["moment_n_m"] = source.seismic_moment(truth["magnitude"])
    q_s_10_hz = truth["q_s_1_hz"] * 10.0 ** truth["q_exponent"]
    truth["t_star_p_s"] = truth["p_travel_s"] / (q_s_10_hz * truth["q_p_over_s"])
    truth["t_star_s_s"] = truth["s_travel_s"] / q_s_10_hz
    truth["p_incidence_rad"] = p.incidence_rad
    spread_km = path.spreading_distance_km(truth["distance_km"])
    for name, ray in (("p", p), ("s", s)):
        truth[f"{name}_level_m_s"] = source.far_field_level(
            truth["moment_n_m"], ray.source_velocity_km_s, crust.density_kg_m3, spread_km, truth[f"radiation_{name}"]
        )
    truth["snr_db"] = np.concatenate(
        [_snr_db({k: v[i : i + 1024] for k, v in truth.items()}) for i in range(0, len(slowness), 1024)]
    )
    return truth


def body_wave_spectrum(truth: Mapping[str, np.ndarray], frequency_hz: np.ndarray, wave: str) -> np.ndarray:
    """Fourier amplitude of ground velocity (m) at the station, all components together, shape (n, f).

    Arguments:
        truth: from `complete_truth`. wave: "p" or "s".
    """
    column = {name: values[:, None] for name, values in truth.items() if values.dtype.kind == "f"}
    # What P loses less than S it loses less both on the path and below the station.
    less = column["q_p_over_s"] if wave == "p" else 1.0
    q, kappa_s = column["q_s_1_hz"] * less, column["kappa_s"] / less
    site = 1 + (column["site_gain"] - 1) * np.exp(-((np.log(np.maximum(frequency_hz, 1e-3) / column["site_hz"])) ** 2))
    return (
        2
        * np.pi
        * frequency_hz
        * column[f"{wave}_level_m_s"]
        * source.omega_square(frequency_hz, column[f"corner_{wave}_hz"])
        * path.attenuation(frequency_hz, column[f"{wave}_travel_s"], q, column["q_exponent"], kappa_s)
        # The resonance of soft layers is that of shear waves; a third of it in dB reaches P.
        * (site ** (1 / 3) if wave == "p" else site)
    )


def noise_db(truth: Mapping[str, np.ndarray], frequency_hz: np.ndarray) -> np.ndarray:
    """Power spectral density of each record's noise in dB of (m/s^2)^2/Hz, shape (n, f)."""
    level, slope, excess = (truth[name][:, None] for name in ("noise_level", "noise_slope", "noise_excess_db"))
    return noise.acceleration_psd_db(frequency_hz, level, slope, excess)


def _snr_db(truth: Mapping[str, np.ndarray]) -> np.ndarray:
    """Expected power of P in its first 2 s over that of the noise, both 1 to 25 Hz, on one component."""
    frequency = np.arange(SNR_BAND_HZ[0], SNR_BAND_HZ[1] + 0.01, 0.5)
    # One-sided: the energy of a transient is twice the integral of its squared spectrum.
    power = 2 * (body_wave_spectrum(truth, frequency, "p") ** 2).sum(1) * SCATTERED_P[2] ** 2 / 2.0
    return 10 * np.log10(power / noise.velocity_psd(frequency, noise_db(truth, frequency)).sum(1))
