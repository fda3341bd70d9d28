"""What distinguishes simulated blasts from earthquakes, what does not, and all that is random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..splits import PARTS, by_event, event_folds
from .blast_regions import BlastRegion, draw_network
from .gutenberg_richter import magnitudes
from .source import P_OVER_S_CORNER, RADIATION_P, RADIATION_S

#: Class 0 and class 1.
LABELS = ("earthquake", "blast")
FOLDS = 5
FIRST_TIME = np.datetime64("2018-01-01T00:00:00", "us")


@dataclass(frozen=True)
class BlastOrQuake:
    """A simulated set of blasts and earthquakes of one region.

    Arguments:
        region: A, B or C.
        events: in all; the region says how many of them are blasts.
        seed: of everything random but the stations, which are the region's.
        records_an_event: lowest and highest; fewer where fewer stations lie at the region's distances.
        shares: of the events of either class that go to train, validation and test.
        ripple: share of blasts that are fired as a row of shots; the others are single shots.
        delay_ms: from shot to shot, lowest and highest, uniform. shots: lowest and highest.
        delay_jitter: standard deviation of a shot's time over the delay.
        blast_depth_km: lowest and highest, uniform.
        blast_s: S radiation of a blast, whose P radiation is BLAST_P in all directions.
        blast_s_spread: standard deviation of its natural logarithm from blast to blast.
        stress_drop_mpa: median of earthquakes and what stands for it in blasts, whose corners are lower.
        stress_drop_spread: standard deviation of its natural logarithm.
        rg_over_p: Rg's displacement over P's at 10 km from a source at the surface; median, and the standard deviation
            of its natural logarithm.
        gaps, glitches: share of the records that get one, whatever their class.
    """

    region: str = "A"
    events: int = 800
    seed: int = 1
    records_an_event: tuple[int, int] = (3, 8)
    shares: tuple[float, float, float] = (0.7, 0.15, 0.15)
    ripple: float = 0.8
    delay_ms: tuple[float, float] = (50.0, 140.0)
    shots: tuple[int, int] = (4, 16)
    delay_jitter: float = 0.04
    blast_depth_km: tuple[float, float] = (0.01, 0.5)
    blast_s: float = 0.14
    blast_s_spread: float = 0.6
    stress_drop_mpa: tuple[float, float] = (2.0, 0.8)
    stress_drop_spread: float = 0.7
    rg_over_p: tuple[float, float] = (30.0, 0.7)
    gaps: float = 0.0
    glitches: float = 0.0

    def __post_init__(self):
        BlastRegion.named(self.region)
        blasts = self.blasts
        if min(blasts, self.events - blasts) < FOLDS:
            raise InputError(
                f"at least {FOLDS} events of either class, one a fold",
                f"{self.events} events in region {self.region}, {blasts} of them blasts",
                "ask for more events",
            )
        low, high = self.records_an_event
        if not 1 <= low <= high:
            raise InputError("1 or more records an event, lowest first", f"{self.records_an_event}", "mend the counts")
        if not (0 < self.delay_ms[0] <= self.delay_ms[1] and 2 <= self.shots[0] <= self.shots[1]):
            raise InputError(
                "delays above 0 ms and 2 shots or more, lowest first",
                f"{self.delay_ms} ms, {self.shots} shots",
                "mend the delays or the shots",
            )
        if not 0 < self.blast_depth_km[0] <= self.blast_depth_km[1]:
            raise InputError("blasts below the surface", f"{self.blast_depth_km} km", "mend the depths")
        for name in ("ripple", "gaps", "glitches"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"a share of {name} from 0 to 1", f"{getattr(self, name)}", "mend it")

    @property
    def blasts(self) -> int:
        """How many of the events are blasts."""
        return round(BlastRegion.named(self.region).blast_share * self.events)


# P radiation of a blast. For equal magnitudes and at short distance its P then has about an earthquake's size, though
# the source lies in slower rock and radiates P to all sides.
BLAST_P = 0.25
# Fisk (2007): the S corner of an explosion lies below its P corner by the ratio of the velocities.
BLAST_P_OVER_S_CORNER = 1.75


def draw_scene(settings: BlastOrQuake) -> dict[str, np.ndarray]:
    """Every record's scene, by event: all that is random but the wiggles.

    Adds to scene.SCENE_COLUMNS: event_id, station, label, split, fold, place, origin_time, latitude, longitude,
    p_over_s_corner, delay_ms (NaN for one shot), shots, delay_jitter, shot_seed, rg_over_p, rg_fast_km_s, rg_slow_km_s,
    rg_q, instrument_hz.
    """
    region = BlastRegion.named(settings.region)
    stations, places = draw_network(region)
    where_rng, class_rng, record_rng = (
        np.random.default_rng([settings.seed, region.network_seed, part]) for part in range(3)
    )
    event = _draw_events(settings, region, places, where_rng, class_rng)
    n = settings.events

    east = stations["east_km"] - event["east_km"][:, None]
    north = stations["north_km"] - event["north_km"][:, None]
    distance = np.hypot(east, north)
    low, high = region.distance_km
    lot = np.where((distance >= low) & (distance <= high), record_rng.random(distance.shape), np.inf)
    counts = record_rng.integers(settings.records_an_event[0], settings.records_an_event[1] + 1, n)
    chosen = (lot.argsort(axis=1).argsort(axis=1) < counts[:, None]) & np.isfinite(lot)
    e, s = np.nonzero(chosen)
    count = len(e)

    blast = event["blast"]
    label = np.array(LABELS)[blast[e].astype(int)]
    scatter_p, scatter_s = np.exp(record_rng.normal(0, 0.4, count)), np.exp(record_rng.normal(0, 0.3, count))
    # An explosion pushes alike to all sides; what scatter is left comes from the rock around it.
    radiation_p = np.where(blast[e], BLAST_P * scatter_p**0.25, RADIATION_P * scatter_p)
    radiation_s = np.where(blast[e], event["blast_s"][e], RADIATION_S) * scatter_s
    event_id = np.array([f"{region.name}{settings.seed}-{i:06d}" for i in range(n)])[e]
    parts = by_event(event_id, settings.seed, settings.shares, stratum=label)
    split = np.empty(count, dtype="<U10")
    for name in PARTS:
        split[getattr(parts, name)] = name
    return {
        "event_id": event_id,
        "station": stations["station"][s],
        "label": label,
        "split": split,
        "fold": event_folds(event_id, settings.seed, FOLDS, stratum=label),
        "place": event["place"][e],
        "origin_time": event["origin_time"][e],
        "latitude": (region.latitude + event["north_km"] / 111.2)[e],
        "longitude": (region.longitude + event["east_km"] / (111.2 * np.cos(np.radians(region.latitude))))[e],
        "magnitude": event["magnitude"][e],
        "stress_drop_mpa": event["stress_drop_mpa"][e],
        "depth_km": event["depth_km"][e],
        "epicentral_km": distance[e, s],
        "back_azimuth_deg": np.degrees(np.arctan2(-east[e, s], -north[e, s])) % 360,
        "polarisation_deg": record_rng.uniform(0, 360, count),
        "radiation_p": radiation_p,
        "radiation_s": radiation_s,
        "p_over_s_corner": np.where(blast[e], BLAST_P_OVER_S_CORNER, P_OVER_S_CORNER),
        "q_s_1_hz": region.q_s_1_hz * np.exp(record_rng.normal(0, 0.15, count)),
        "q_exponent": np.full(count, region.q_exponent),
        "q_p_over_s": np.full(count, region.q_p_over_s),
        "kappa_s": stations["kappa_s"][s] * np.exp(record_rng.normal(0, 0.1, count)),
        "velocity_change": np.zeros(count),
        "site_hz": stations["site_hz"][s],
        "site_gain": stations["site_gain"][s],
        "noise_level": stations["noise_level"][s] + record_rng.normal(0, 0.05, count),
        "noise_slope": stations["noise_slope"][s] + record_rng.normal(0, 0.02, count),
        "noise_excess_db": record_rng.normal(0, 2.0, count),
        "gain_counts_s_m": stations["gain_counts_s_m"][s],
        "instrument_hz": stations["instrument_hz"][s],
        "delay_ms": event["delay_ms"][e],
        "shots": event["shots"][e],
        "delay_jitter": np.full(count, settings.delay_jitter),
        "shot_seed": event["shot_seed"][e],
        "rg_over_p": event["rg_over_p"][e],
        "rg_fast_km_s": np.full(count, region.rg_velocity_km_s[0]),
        "rg_slow_km_s": np.full(count, region.rg_velocity_km_s[1]),
        "rg_q": np.full(count, region.rg_q),
    }


def _draw_events(settings: BlastOrQuake, region: BlastRegion, places, where_rng, rng) -> dict[str, np.ndarray]:
    """The events in order of time; place and magnitude are drawn before the class, and so share distributions."""
    n = settings.events
    place = where_rng.integers(0, region.places, n)
    offset = where_rng.normal(0, 0.03 * region.distance_km[1], (2, n))
    magnitude = magnitudes(where_rng, *region.magnitude, 1.0, n)
    day_us = np.sort(where_rng.integers(0, 5 * 365, n)) * np.int64(86400 * 10**6)

    blast = rng.permutation(n) < settings.blasts
    # Blasts are fired by day, as they are; no model may see the clock.
    hour = np.where(blast, rng.uniform(8, 18, n), rng.uniform(0, 24, n)) - region.longitude / 15
    quake_depth_km = np.maximum(region.quake_depth_km * np.exp(rng.normal(0, 0.6, n)), 1.0)
    blast_depth_km = rng.uniform(*settings.blast_depth_km, n)
    rippled = blast & (rng.random(n) < settings.ripple)
    stress = np.where(blast, settings.stress_drop_mpa[1], settings.stress_drop_mpa[0])
    return {
        "blast": blast,
        "place": place,
        "east_km": places["east_km"][place] + offset[0],
        "north_km": places["north_km"][place] + offset[1],
        "magnitude": magnitude,
        "origin_time": FIRST_TIME + (day_us + np.round(hour * 3600e6).astype(np.int64)).astype("timedelta64[us]"),
        "depth_km": np.where(blast, blast_depth_km, np.minimum(quake_depth_km, 25.0)),
        "stress_drop_mpa": stress * np.exp(rng.normal(0, settings.stress_drop_spread, n)),
        "blast_s": settings.blast_s * np.exp(rng.normal(0, settings.blast_s_spread, n)),
        "delay_ms": np.where(rippled, rng.uniform(*settings.delay_ms, n), np.nan),
        "shots": np.where(rippled, rng.integers(settings.shots[0], settings.shots[1] + 1, n), 1),
        "shot_seed": rng.integers(0, 2**31, n),
        "rg_over_p": settings.rg_over_p[0] * np.exp(rng.normal(0, settings.rg_over_p[1], n)),
    }
