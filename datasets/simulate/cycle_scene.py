"""What a simulated seismic cycle declares: two classes of events that differ by one cause, and all that is random."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ..errors import InputError
from .gutenberg_richter import magnitudes
from .scene import Window
from .source import RADIATION_P, RADIATION_S

LABELS = ("foreshock", "aftershock")
CAUSES = ("source", "path", "noise", "none")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class SeismicCycle:
    """What is simulated; every number that is not the declared cause holds for both classes.

    Arguments:
        cause: what changes at the mainshock: "source" (stress drop), "path" (attenuation, and velocity a little),
            "noise" (background in 1 to 20 Hz) or "none".
        events: earthquakes in all, half of them before the mainshock.
        seed: of everything random.
        stations: in the network; each event is recorded by `records_an_event` of them, lowest and highest count.
        shares: of the events of either class that go to train, validation and test, in order of time.
        stress_drop_mpa: medians before and after, used by cause "source"; every other cause has their geometric mean.
        stress_drop_spread: standard deviation of its natural logarithm, the same before and after.
        q_ratio: Q after over Q before, for cause "path"; q_spread: standard deviation of ln Q from path to path.
        velocity_change: dv/v after the mainshock, for cause "path".
        noise_rise_db: after less before, for cause "noise"; noise_spread_db: standard deviation from record to record.
        magnitude: lowest and highest; Gutenberg-Richter between them with `b_value`.

    >>> SeismicCycle(cause="source").ceiling_accuracy().__round__(3)
    0.958
    """

    cause: str = "source"
    events: int = 2360
    seed: int = 1
    stations: int = 9
    records_an_event: tuple[int, int] = (3, 8)
    shares: tuple[float, float, float] = (8 / 13, 2 / 13, 3 / 13)
    mainshock: str = "2016-10-30T06:40:17"
    months: float = 9.0
    stress_drop_mpa: tuple[float, float] = (4.0, 1.0)
    stress_drop_spread: float = 0.4
    q_ratio: float = 0.5
    q_spread: float = 0.2
    velocity_change: float = -0.002
    noise_rise_db: float = 8.0
    noise_spread_db: float = 2.0
    magnitude: tuple[float, float] = (2.0, 4.5)
    b_value: float = 1.0

    def __post_init__(self):
        if self.cause not in CAUSES:
            raise InputError(f"a cause among {', '.join(CAUSES)}", f"{self.cause!r}", "choose one of them")
        if self.events < 6:
            raise InputError("at least 6 events, for 3 splits of 2 classes", f"{self.events}", "ask for more events")
        low, high = self.records_an_event
        if not 1 <= low <= high <= self.stations:
            raise InputError(
                f"between 1 and {self.stations} records an event, lowest first",
                f"{self.records_an_event}",
                "ask for fewer records an event or more stations",
            )

    def ceiling_accuracy(self) -> float:
        """Best accuracy for one who knows the true value of what the cause changes, classes equally frequent.

        Two normal distributions (of the logarithm) of equal spread overlap: Phi(separation / 2), the separation in
        standard deviations. For source it holds for records and events alike, for path and noise it is a record's.
        """
        separation = {
            "source": np.log(self.stress_drop_mpa[0] / self.stress_drop_mpa[1]) / self.stress_drop_spread,
            "path": np.log(self.q_ratio) / self.q_spread,
            "noise": self.noise_rise_db / self.noise_spread_db,
            "none": 0.0,
        }[self.cause]
        return NormalDist().cdf(abs(float(separation)) / 2)

    def cause_band_hz(self) -> tuple[float, float]:
        """Where in frequency the cause shows; NaN where there is none."""
        # Below the lowest corner, or 1 Hz, spectra agree up to a level that the magnitude also moves.
        return {"source": (3.0, 40.0), "path": (3.0, 40.0), "noise": (1.0, 20.0), "none": (np.nan, np.nan)}[self.cause]


def draw_stations(cycle: SeismicCycle, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The network: places in km around the fault, and each site's response, losses, noise and gain."""
    n = cycle.stations
    angle = 2 * np.pi * (np.arange(n) + rng.uniform(-0.3, 0.3, n)) / n
    radius = rng.uniform(4.0, 35.0, n)
    return {
        "station": np.array([f"SC{i + 1:02d}" for i in range(n)]),
        "east_km": radius * np.sin(angle),
        "north_km": radius * np.cos(angle),
        "site_hz": np.exp(rng.uniform(np.log(1.5), np.log(12.0), n)),
        "site_gain": rng.uniform(1.2, 3.0, n),
        "kappa_s": rng.uniform(0.010, 0.035, n),
        "noise_level": rng.uniform(0.42, 0.78, n),
        "noise_slope": rng.uniform(-0.08, 0.12, n),
        # 750 to 1500 V s/m behind 2**23 counts at 20 V.
        "gain_counts_s_m": np.exp(rng.uniform(np.log(3.1e8), np.log(6.3e8), n)),
    }


def draw_scene(cycle: SeismicCycle) -> dict[str, np.ndarray]:
    """Every record's scene, sorted by origin time: all that is random but the wiggles.

    Adds to scene.SCENE_COLUMNS: event_id, station, label, split, origin_time, latitude, longitude, cause,
    cause_band_low_hz, cause_band_high_hz, cause_start_s and cause_end_s (NaN for cause "none").
    """
    network_rng, event_rng, record_rng = (np.random.default_rng([cycle.seed, part]) for part in range(3))
    stations = draw_stations(cycle, network_rng)
    n = cycle.events
    after = np.arange(n) >= n // 2
    mainshock = np.datetime64(cycle.mainshock, "us")
    months_us = cycle.months * 30.44 * 86400e6
    offset_us = event_rng.uniform(1e-4, 1, n) * months_us * np.where(after, 1, -1)
    order = np.argsort(offset_us)
    event = {
        "offset_us": offset_us[order],
        "magnitude": magnitudes(event_rng, *cycle.magnitude, cycle.b_value, n),
        "depth_km": np.clip(event_rng.normal(7.0, 2.0, n), 2.0, 14.0),
        "ln_stress": event_rng.normal(0, cycle.stress_drop_spread, n),
        # A fault 16 km long that strikes N 155 E, as in the Apennines, with some width.
        "along_km": event_rng.uniform(-8, 8, n),
        "across_km": event_rng.normal(0, 1.5, n),
    }
    strike = np.radians(155.0)
    event["east_km"] = event["along_km"] * np.sin(strike) + event["across_km"] * np.cos(strike)
    event["north_km"] = event["along_km"] * np.cos(strike) - event["across_km"] * np.sin(strike)

    counts = record_rng.integers(cycle.records_an_event[0], cycle.records_an_event[1] + 1, n)
    ranks = record_rng.random((n, cycle.stations)).argsort(axis=1).argsort(axis=1)
    e, s = np.nonzero(ranks < counts[:, None])
    count, is_after = len(e), after[e]

    def changed(cause: str, before, afterwards):
        return np.where(is_after & (cycle.cause == cause), afterwards, before)

    early, late = (
        np.log(cycle.stress_drop_mpa) if cycle.cause == "source" else [np.log(cycle.stress_drop_mpa).mean()] * 2
    )
    east, north = stations["east_km"][s] - event["east_km"][e], stations["north_km"][s] - event["north_km"][e]
    band = cycle.cause_band_hz()
    p_s, end_s = Window().p_s, Window().duration_s
    window = {"source": (p_s, end_s), "path": (p_s, end_s), "noise": (0.0, end_s), "none": (np.nan, np.nan)}[
        cycle.cause
    ]
    noise_jitter_db = record_rng.normal(0, cycle.noise_spread_db, count)
    return {
        "event_id": np.array([f"sim{cycle.seed}-{i:06d}" for i in range(n)])[e],
        "station": stations["station"][s],
        "label": np.array(LABELS)[is_after.astype(int)],
        "split": _split_by_time(after, cycle.shares)[e],
        "origin_time": mainshock + event["offset_us"][e].astype("timedelta64[us]"),
        "latitude": (42.83 + event["north_km"] / 111.2)[e],
        "longitude": (13.11 + event["east_km"] / (111.2 * np.cos(np.radians(42.83))))[e],
        "magnitude": event["magnitude"][e],
        "stress_drop_mpa": np.exp(event["ln_stress"][e] + np.where(is_after, late, early)),
        "depth_km": event["depth_km"][e],
        "epicentral_km": np.hypot(east, north),
        "back_azimuth_deg": np.degrees(np.arctan2(-east, -north)) % 360,
        "polarisation_deg": record_rng.uniform(0, 360, count),
        "radiation_p": RADIATION_P * np.exp(record_rng.normal(0, 0.4, count)),
        "radiation_s": RADIATION_S * np.exp(record_rng.normal(0, 0.3, count)),
        "q_s_1_hz": 80 * np.exp(record_rng.normal(0, cycle.q_spread, count)) * changed("path", 1.0, cycle.q_ratio),
        "q_exponent": np.full(count, 0.6),
        "q_p_over_s": np.full(count, 1.5),
        "kappa_s": stations["kappa_s"][s] * np.exp(record_rng.normal(0, 0.1, count)),
        "velocity_change": changed("path", 0.0, cycle.velocity_change),
        "site_hz": stations["site_hz"][s],
        "site_gain": stations["site_gain"][s],
        "noise_level": stations["noise_level"][s] + record_rng.normal(0, 0.03, count),
        "noise_slope": stations["noise_slope"][s] + record_rng.normal(0, 0.02, count),
        "noise_excess_db": noise_jitter_db + changed("noise", 0.0, cycle.noise_rise_db),
        "gain_counts_s_m": stations["gain_counts_s_m"][s],
        "cause": np.full(count, cycle.cause),
        "cause_band_low_hz": np.full(count, band[0]),
        "cause_band_high_hz": np.full(count, band[1]),
        "cause_start_s": np.full(count, window[0]),
        "cause_end_s": np.full(count, window[1]),
    }


def _split_by_time(after: np.ndarray, shares) -> np.ndarray:
    """train, validation, test for events in order of time: consecutive blocks inside each class."""
    split = np.empty(len(after), dtype="<U10")
    for side in (False, True):
        rows = np.flatnonzero(after == side)
        first, second = np.round(np.cumsum(shares)[:2] / np.sum(shares) * len(rows)).astype(int)
        first = min(max(first, 1), len(rows) - 2)
        second = min(max(second, first + 1), len(rows) - 1)
        split[rows[:first]], split[rows[first:second]], split[rows[second:]] = SPLITS
    return split
