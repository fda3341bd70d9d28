"""Projections: degrees to the plane of a grid, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# The radius of Kail et al. (2020), kept so that their cells are ours to the metre.
EARTH_RADIUS_KM = 6373.0
KM_PER_DEGREE = np.pi / 180 * EARTH_RADIUS_KM


def longitude_difference(longitude, longitude0: float) -> np.ndarray:
    """Degrees east of `longitude0`, in [-180, 180), over the date line too.

    >>> float(longitude_difference(-179.0, 179.0))
    2.0
    """
    return (np.asarray(longitude, dtype=np.float64) - longitude0 + 180.0) % 360.0 - 180.0


@dataclass(frozen=True)
class LocalPlane:
    """Sinusoidal plane in km around an origin; areas are true (Kail et al. 2020, section 3).

    >>> x, y = LocalPlane(127, 27).forward(27 + 180 / 3.141592653589793 / 6373, 127)
    >>> float(x), round(float(y), 9)
    (0.0, 1.0)
    """

    longitude0: float
    latitude0: float
    unit = "km"

    def forward(self, latitude, longitude) -> tuple[np.ndarray, np.ndarray]:
        """Plane coordinates (x, y) of points in degrees."""
        latitude = np.asarray(latitude, dtype=np.float64)
        x = longitude_difference(longitude, self.longitude0) * KM_PER_DEGREE * np.cos(np.radians(latitude))
        return x, (latitude - self.latitude0) * KM_PER_DEGREE

    def inverse(self, x, y) -> tuple[np.ndarray, np.ndarray]:
        """Latitude and longitude of points in the plane."""
        latitude = np.asarray(y, dtype=np.float64) / KM_PER_DEGREE + self.latitude0
        longitude = np.asarray(x, dtype=np.float64) / (KM_PER_DEGREE * np.cos(np.radians(latitude))) + self.longitude0
        return latitude, (longitude + 180.0) % 360.0 - 180.0


@dataclass(frozen=True)
class Degrees:
    """The map in degrees itself, rolled so that `longitude0` lies in its middle: x in [-180, 180), y the latitude."""

    longitude0: float = 0.0
    unit = "degrees"

    def forward(self, latitude, longitude) -> tuple[np.ndarray, np.ndarray]:
        """Plane coordinates (x, y) of points in degrees."""
        return longitude_difference(longitude, self.longitude0), np.asarray(latitude, dtype=np.float64)

    def inverse(self, x, y) -> tuple[np.ndarray, np.ndarray]:
        """Latitude and longitude of points in the plane."""
        longitude = np.asarray(x, dtype=np.float64) + self.longitude0
        return np.asarray(y, dtype=np.float64), (longitude + 180.0) % 360.0 - 180.0


PROJECTIONS = {"local": LocalPlane, "degrees": Degrees}
