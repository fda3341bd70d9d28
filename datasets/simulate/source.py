"""The omega-square source: seismic moment, corner frequency and stress drop, and back."""

from __future__ import annotations

import numpy as np

# Brune (1970): corner frequency = 2.34 shear velocity / (2 pi radius).
BRUNE_CONSTANT = 2.34 / (2 * np.pi)
# The P corner lies above the S corner; Madariaga (1976) found a ratio of 1.5 for circular ruptures.
P_OVER_S_CORNER = 1.5
# Root-mean-square radiation over the focal sphere (Boore and Boatwright 1984).
RADIATION_P, RADIATION_S = 0.52, 0.63


def seismic_moment(magnitude):
    """Seismic moment in N m of a moment magnitude (Hanks and Kanamori 1979).

    >>> float(round(seismic_moment(4.0) / 1e15, 3))
    1.259
    """
    return 10 ** (1.5 * np.asarray(magnitude, dtype=np.float64) + 9.1)


def corner_frequency_hz(magnitude, stress_drop_mpa, shear_velocity_km_s=3.3):
    """Corner frequency of S (Brune 1970; Eshelby 1957 for the stress drop of a circular crack).

    >>> float(round(corner_frequency_hz(3.0, 3.0), 2))
    6.84
    """
    radius_m = (7 * seismic_moment(magnitude) / (16e6 * np.asarray(stress_drop_mpa))) ** (1 / 3)
    return BRUNE_CONSTANT * 1e3 * np.asarray(shear_velocity_km_s) / radius_m


def stress_drop_mpa(magnitude, corner_s_hz, shear_velocity_km_s=3.3):
    """Stress drop in MPa of an S corner frequency: the inverse of `corner_frequency_hz`.

    >>> float(round(stress_drop_mpa(3.0, corner_frequency_hz(3.0, 5.0)), 6))
    5.0
    """
    radius_m = BRUNE_CONSTANT * 1e3 * np.asarray(shear_velocity_km_s) / np.asarray(corner_s_hz)
    return 7 * seismic_moment(magnitude) / (16 * radius_m**3) / 1e6


def omega_square(frequency_hz, corner_hz):
    """Displacement spectrum of unit level at zero frequency (Aki 1967, Brune 1970)."""
    return 1 / (1 + (frequency_hz / corner_hz) ** 2)


def far_field_level(moment, velocity_km_s, density_kg_m3, distance_km, radiation, free_surface=2.0):
    """Displacement level at zero frequency in m s: one body wave of a point source (Aki and Richards 2002)."""
    velocity, distance = 1e3 * np.asarray(velocity_km_s), 1e3 * np.asarray(distance_km)
    return free_surface * radiation * moment / (4 * np.pi * density_kg_m3 * velocity**3 * distance)
