"""The three simulated regions in which blasts are to be told from earthquakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .path import LayeredCrust


@dataclass(frozen=True)
class BlastRegion:
    """What distinguishes a region; all of it holds for both classes.

    Arguments:
        crust: velocities; first arrivals may be head waves.
        q_s_1_hz, q_exponent: Q of S is q_s_1_hz f^q_exponent.
        q_p_over_s: Q of P over Q of S, which kappa follows; below 1 where gas is in the rock. It moves P over S of both
            classes, so that what is learnt in one region does not quite hold in another.
        kappa_s: lowest and highest over the stations.
        distance_km: epicentral, lowest and highest.
        noise_level, noise_slope: lowest and highest over the stations, see `noise.acceleration_psd_db`.
        blast_share: of the events.
        magnitude: lowest and highest, Gutenberg-Richter between them with b = 1.
        quake_depth_km: median; the natural logarithm scatters by 0.6, no earthquake lies above 1 km.
        short_period: share of stations with a 1 Hz geophone in place of a broadband seismometer, which is flat.
        rg_velocity_km_s: group velocities at 0.5 and at 2 Hz. rg_q: of Rg.
        latitude, longitude: the region's middle.
        network_seed: of stations and places, which belong to the region and not to a simulation.
    """

    name: str
    title: str
    crust: LayeredCrust
    q_s_1_hz: float
    q_exponent: float
    q_p_over_s: float
    kappa_s: tuple[float, float]
    distance_km: tuple[float, float]
    noise_level: tuple[float, float]
    noise_slope: tuple[float, float]
    blast_share: float
    magnitude: tuple[float, float]
    quake_depth_km: float
    short_period: float
    rg_velocity_km_s: tuple[float, float]
    rg_q: float
    latitude: float
    longitude: float
    network_seed: int
    stations: int = 16
    places: int = 12

    @staticmethod
    def named(name: str) -> BlastRegion:
        """The region A, B or C."""
        if name not in BLAST_REGIONS:
            raise InputError(f"a region among {', '.join(BLAST_REGIONS)}", f"{name!r}", "choose one of them")
        return BLAST_REGIONS[name]


BLAST_REGIONS = {
    region.name: region
    for region in (
        BlastRegion(
            name="A",
            title="an active orogen: middling Q and noise, distances of 10 to 90 km, classes equally frequent",
            crust=LayeredCrust((0.0, 1.5, 5.0, 12.0), (4.0, 5.2, 5.9, 6.4), head_waves=True),
            q_s_1_hz=120.0,
            q_exponent=0.6,
            q_p_over_s=1.5,
            kappa_s=(0.015, 0.035),
            distance_km=(10.0, 90.0),
            noise_level=(0.25, 0.55),
            noise_slope=(-0.08, 0.12),
            blast_share=0.5,
            magnitude=(1.4, 3.4),
            quake_depth_km=6.0,
            short_period=0.3,
            rg_velocity_km_s=(2.8, 2.0),
            rg_q=35.0,
            latitude=46.8,
            longitude=8.2,
            network_seed=101,
        ),
        BlastRegion(
            name="B",
            title="a shield: high Q, low noise, hard rock, distances of 25 to 160 km, blasts in the majority",
            crust=LayeredCrust((0.0, 1.0, 10.0, 25.0), (5.4, 6.1, 6.4, 6.8), vp_vs=1.73, head_waves=True),
            q_s_1_hz=400.0,
            q_exponent=0.4,
            q_p_over_s=2.0,
            kappa_s=(0.004, 0.014),
            distance_km=(25.0, 160.0),
            noise_level=(0.10, 0.40),
            noise_slope=(-0.12, 0.05),
            blast_share=0.65,
            magnitude=(1.4, 3.4),
            quake_depth_km=8.0,
            short_period=0.1,
            rg_velocity_km_s=(3.1, 2.6),
            rg_q=80.0,
            latitude=62.0,
            longitude=26.0,
            network_seed=102,
        ),
        BlastRegion(
            name="C",
            title="a volcanic province: low Q, soft sites, much noise, distances of 4 to 60 km, blasts rare",
            crust=LayeredCrust((0.0, 2.0, 6.0, 15.0), (3.2, 4.9, 5.9, 6.5), vp_vs=1.8, head_waves=True),
            q_s_1_hz=60.0,
            q_exponent=0.8,
            q_p_over_s=0.9,
            kappa_s=(0.025, 0.055),
            distance_km=(4.0, 60.0),
            noise_level=(0.35, 0.65),
            noise_slope=(0.0, 0.15),
            blast_share=0.1,
            magnitude=(1.6, 3.6),
            quake_depth_km=4.0,
            short_period=0.6,
            rg_velocity_km_s=(2.2, 1.4),
            rg_q=25.0,
            latitude=37.7,
            longitude=15.0,
            network_seed=103,
        ),
    )
}


def draw_network(region: BlastRegion) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The region's stations, and the places (east_km, north_km) near which both classes happen."""
    rng = np.random.default_rng(region.network_seed)

    def inside(count: int, radius_km: float) -> tuple[np.ndarray, np.ndarray]:
        # Sunflower points, moved a little, cover a disc evenly.
        number = np.arange(count) + 0.5
        radius = radius_km * np.sqrt(number / count) * rng.uniform(0.85, 1.15, count)
        angle = np.pi * (3 - np.sqrt(5)) * number + rng.uniform(-0.3, 0.3, count)
        return radius * np.sin(angle), radius * np.cos(angle)

    n = region.stations
    east, north = inside(n, 0.7 * region.distance_km[1])
    stations = {
        "station": np.array([f"{region.name}{i + 1:02d}" for i in range(n)]),
        "east_km": east,
        "north_km": north,
        "site_hz": np.exp(rng.uniform(np.log(1.5), np.log(12.0), n)),
        "site_gain": rng.uniform(1.2, 2.5, n),
        "kappa_s": rng.uniform(*region.kappa_s, n),
        "noise_level": rng.uniform(*region.noise_level, n),
        "noise_slope": rng.uniform(*region.noise_slope, n),
        # 750 to 1500 V s/m behind 2**23 counts at 20 V.
        "gain_counts_s_m": np.exp(rng.uniform(np.log(3.1e8), np.log(6.3e8), n)),
        "instrument_hz": np.where(rng.permutation(n) < round(region.short_period * n), 1.0, 0.0),
    }
    east, north = inside(region.places, 0.6 * region.distance_km[1])
    return stations, {"east_km": east, "north_km": north}
