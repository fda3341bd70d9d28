"""From source to station: direct rays through a layered crust, and attenuation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import InputError


class Ray(NamedTuple):
    """Direct rays, one a record: travel time, angle from the vertical at the surface, velocity at the source."""

    travel_s: np.ndarray
    incidence_rad: np.ndarray
    source_velocity_km_s: np.ndarray


@dataclass(frozen=True)
class LayeredCrust:
    """Flat layers of constant velocity; the last one is a half-space.

    Arguments:
        tops_km: depth of each layer's top, ascending from 0.
        p_velocity_km_s: one a layer.
        vp_vs: ratio of the velocities of P and S in every layer.
        density_kg_m3: density at the sources.
        head_waves: whether `first` looks at waves along the tops of deeper layers too.

    >>> halfspace = LayeredCrust((0.0,), (6.0,), vp_vs=2.0)
    >>> float(halfspace.direct([30.0], [40.0], "S").travel_s[0].round(6))
    16.666667
    """

    tops_km: tuple[float, ...] = (0.0, 1.5, 5.0, 12.0)
    p_velocity_km_s: tuple[float, ...] = (4.0, 5.2, 5.9, 6.4)
    vp_vs: float = 1.75
    density_kg_m3: float = 2700.0
    head_waves: bool = False

    def __post_init__(self):
        tops, velocities = np.asarray(self.tops_km), np.asarray(self.p_velocity_km_s)
        if tops.shape != velocities.shape or tops[0] != 0 or (np.diff(tops) <= 0).any() or (velocities <= 0).any():
            raise InputError(
                "tops ascending from 0 km and one positive velocity a layer",
                f"tops {self.tops_km}, velocities {self.p_velocity_km_s}",
                "describe the crust from the surface down",
            )

    def direct(self, epicentral_km, depth_km, wave: str = "P") -> Ray:
        """Exact direct (upgoing) rays to a receiver at the surface; head waves and reflections are left out.

        The take-off angle is found by bisection on the horizontal distance, which grows with the angle.

        Arguments:
            epicentral_km: shape (n,). depth_km: shape (n,), above 0. wave: "P" or "S".
        """
        distance, depth = np.broadcast_arrays(np.asarray(epicentral_km, float), np.asarray(depth_km, float))
        if (depth <= 0).any() or (distance < 0).any():
            raise InputError(
                "sources below the surface at distances of 0 km or more",
                f"depth {depth.min():g} km, distance {distance.min():g} km",
                "place the sources inside the crust",
            )
        tops = np.asarray(self.tops_km)
        bottoms = np.append(tops[1:], np.inf)
        velocity = np.asarray(self.p_velocity_km_s) / (1.0 if wave == "P" else self.vp_vs)
        thickness = np.clip(depth[:, None] - tops, 0, bottoms - tops)
        fastest = np.where(thickness > 0, velocity, 0).max(1)
        ratio = velocity / fastest[:, None]
        low, high = np.zeros(distance.shape), np.full(distance.shape, np.pi / 2)
        for _ in range(60):
            middle = (low + high) / 2
            sine = np.where(thickness > 0, ratio * np.sin(middle)[:, None], 0)
            short = (thickness * sine / np.sqrt(np.maximum(1 - sine**2, 1e-30))).sum(1) < distance
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        sine = np.where(thickness > 0, ratio * np.sin(low)[:, None], 0)
        travel = (thickness / (velocity * np.sqrt(np.maximum(1 - sine**2, 1e-30)))).sum(1)
        layer = np.searchsorted(tops, depth, side="right") - 1
        return Ray(travel, np.arcsin(sine[:, 0]), velocity[layer])

    def first(self, epicentral_km, depth_km, wave: str = "P") -> Ray:
        """The rays that arrive first: direct ones, or with `head_waves` those along the top of a deeper layer.

        A head wave along velocity v takes x / v + sum of h sqrt(1 / u^2 - 1 / v^2) over all layers of velocity u that
        it crosses, down and up (Shearer 2009, chapter 4); it exists beyond the distance where it leaves the source.

        >>> two_layers = LayeredCrust((0.0, 2.0), (4.0, 5.0), head_waves=True)
        >>> float(two_layers.first([40.0], [0.001]).travel_s[0].round(3))  # 40 / 5 + 4 sqrt(1 / 16 - 1 / 25)
        8.6
        """
        first = self.direct(epicentral_km, depth_km, wave)
        if not self.head_waves:
            return first
        travel, incidence, source_velocity = first
        distance, depth = np.broadcast_arrays(np.asarray(epicentral_km, float), np.asarray(depth_km, float))
        tops = np.asarray(self.tops_km)
        velocity = np.asarray(self.p_velocity_km_s) / (1.0 if wave == "P" else self.vp_vs)
        for refractor in range(1, len(tops)):
            above, fast = velocity[:refractor], velocity[refractor]
            if fast <= above.max():
                continue
            thickness = np.diff(tops[: refractor + 1])
            down = np.clip(tops[1 : refractor + 1] - np.maximum(tops[:refractor], depth[:, None]), 0, None)
            crossed = thickness + down
            cosine = np.sqrt(1 - (above / fast) ** 2)
            leaves = (crossed * (above / fast) / cosine).sum(1)
            head = distance / fast + (crossed * cosine / above).sum(1)
            earlier = (depth < tops[refractor]) & (distance >= leaves) & (head < travel)
            travel = np.where(earlier, head, travel)
            incidence = np.where(earlier, np.arcsin(velocity[0] / fast), incidence)
        return Ray(travel, incidence, source_velocity)


def spreading_distance_km(distance_km, crossover_km=60.0):
    """The distance whose inverse is the geometrical spreading: body waves 1/R, beyond the crossover 1/sqrt(R).

    The crossover follows Malagnini et al. (2000) for Italy, simplified to two segments.

    >>> spreading_distance_km(np.array([10.0, 240.0])).tolist()
    [10.0, 120.0]
    """
    distance = np.asarray(distance_km, float)
    return np.where(distance < crossover_km, distance, np.sqrt(distance * crossover_km))


def attenuation(frequency_hz, travel_s, q_at_1_hz, q_exponent, kappa_s):
    """Amplitude left over after anelastic losses with Q(f) = q_at_1_hz f^exponent and the site's kappa.

    exp(-pi f t / Q(f)) exp(-pi kappa f) (Anderson and Hough 1984 for kappa); below 1 Hz Q stays at its value at 1 Hz.
    """
    q = q_at_1_hz * np.maximum(frequency_hz, 1.0) ** q_exponent
    return np.exp(-np.pi * frequency_hz * (travel_s / q + kappa_s))
