"""FdsnQuery: what is asked of an FDSN event service, in UTC, degrees and kilometres."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np

from ..catalog import Catalog
from ..errors import InputError

EARTH_RADIUS_KM = 6371.0
Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class FdsnQuery:
    """Events with start <= time < end in a box or a circle; None leaves a limit open.

    Arguments:
        start, end: UTC, ISO 8601; a time with another zone is turned to UTC. An open end is the time of asking.
        latitude: south and north edge, degrees.
        longitude: west and east edge, degrees, -180 to 360; over the date line the west edge lies above the east one.
        circle: latitude, longitude (degrees) and radius_km, in place of a box.
        min_magnitude, max_magnitude: edges included.
        depth_km: least and greatest depth.
        event_type: as the service names it, such as "earthquake".

    >>> query = FdsnQuery("1990-01-01", "1991-01-01", latitude=(-20, -15), longitude=(175, 190), min_magnitude=4.5)
    >>> query.longitude, [(part["minlongitude"], part["maxlongitude"]) for part in query.regions()]
    ((175.0, -170.0), [(175.0, 180.0), (-180.0, -170.0)])
    """

    start: str
    end: str | None = None
    latitude: tuple[float, float] | None = None
    longitude: tuple[float, float] | None = None
    circle: tuple[float, float, float] | None = None
    min_magnitude: float | None = None
    max_magnitude: float | None = None
    depth_km: Range | None = None
    event_type: str | None = None

    def __post_init__(self):
        def put(name, value):
            object.__setattr__(self, name, value)

        put("start", _iso(self.start, "start"))
        put("end", None if self.end is None else _iso(self.end, "end"))
        if self.end is not None and not self.start < self.end:
            raise InputError("a start before the end", f"{self.start} and {self.end}", "swap or widen them")
        if self.circle is not None and (self.latitude is not None or self.longitude is not None):
            raise InputError("a box or a circle", "both", "leave one out")
        if self.latitude is not None:
            put("latitude", _pair(self.latitude, "latitude", -90.0, 90.0))
            if self.latitude[0] >= self.latitude[1]:
                raise InputError("a south edge below the north edge", str(self.latitude), "swap them")
        if self.longitude is not None:
            west, east = _pair(self.longitude, "longitude", -180.0, 360.0)
            if west == east:
                raise InputError("a west and an east edge that differ", str(self.longitude), "widen the box")
            whole = abs(east - west) >= 360.0
            put("longitude", None if whole else (_wrapped(west), _wrapped(east)))
        if self.circle is not None:
            circle = tuple(float(value) for value in self.circle)
            if len(circle) != 3 or abs(circle[0]) > 90 or not -180 <= circle[1] <= 360 or not 0 < circle[2] <= 20100:
                raise InputError(
                    "a circle as latitude, longitude in degrees and a radius up to 20100 km",
                    str(self.circle),
                    "correct it",
                )
            put("circle", (circle[0], _wrapped(circle[1]), circle[2]))
        for name in ("min_magnitude", "max_magnitude"):
            if getattr(self, name) is not None:
                put(name, float(getattr(self, name)))
        if self.depth_km is not None:
            put("depth_km", tuple(None if value is None else float(value) for value in self.depth_km))

    def to_json(self) -> str:
        """The query as JSON, the same text for the same query."""
        return json.dumps(asdict(self), sort_keys=True)

    def regions(self) -> list[dict]:
        """FDSN parameters of each region to ask for: one, or the two halves of a box over the date line."""
        if self.circle is not None:
            latitude, longitude, radius_km = self.circle
            radius_deg = min(180.0, float(np.degrees(radius_km / EARTH_RADIUS_KM)))
            return [{"latitude": latitude, "longitude": longitude, "maxradius": round(radius_deg, 6)}]
        box = {} if self.latitude is None else {"minlatitude": self.latitude[0], "maxlatitude": self.latitude[1]}
        if self.longitude is None:
            return [box]
        west, east = self.longitude
        sides = [(west, east)] if west < east else [(west, 180.0), (-180.0, east)]
        return [{**box, "minlongitude": w, "maxlongitude": e} for w, e in sides if w < e]

    def question(self, region: dict, start: np.datetime64, end: np.datetime64) -> dict:
        """Parameters for `obspy.clients.fdsn.Client.get_events`; the service includes both ends of the span."""
        from obspy import UTCDateTime

        shallow, deep = self.depth_km or (None, None)
        parameters = {
            "starttime": UTCDateTime(str(start)),
            "endtime": UTCDateTime(str(end)),
            **region,
            "minmagnitude": self.min_magnitude,
            "maxmagnitude": self.max_magnitude,
            "mindepth": shallow,
            "maxdepth": deep,
            "eventtype": self.event_type,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def outside(self, catalog: Catalog) -> np.ndarray:
        """Mask of the events that were not asked for: a service may ignore a parameter it does not know.

        A circle is given one per cent and a kilometre, as services measure on different ellipsoids.
        """
        outside = (catalog.time < np.datetime64(self.start)) | (catalog.time >= np.datetime64(self.end))
        if self.latitude is not None:
            outside |= (catalog.latitude < self.latitude[0]) | (catalog.latitude > self.latitude[1])
        if self.longitude is not None:
            west, east = self.longitude
            past_west, past_east = catalog.longitude < west, catalog.longitude > east
            outside |= (past_west | past_east) if west < east else (past_west & past_east)
        if self.circle is not None:
            latitude, longitude, radius_km = self.circle
            distance_km = _distance_km(latitude, longitude, catalog.latitude, catalog.longitude)
            outside |= distance_km > radius_km * 1.01 + 1.0
        for values, (low, high) in (
            (catalog.magnitude, (self.min_magnitude, self.max_magnitude)),
            (catalog.depth_km, self.depth_km or (None, None)),
        ):
            if low is not None:
                outside |= values < low
            if high is not None:
                outside |= values > high
        return outside


def _distance_km(latitude: float, longitude: float, latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """Great-circle distance by the haversine formula."""
    phi, phis = np.radians(latitude), np.radians(latitudes)
    chord = np.sin((phis - phi) / 2) ** 2
    chord += np.cos(phi) * np.cos(phis) * np.sin(np.radians(longitudes - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))


def _iso(value, name: str) -> str:
    """A time in UTC as ISO 8601 with microseconds and no zone."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise InputError(f"{name} as a date or time in ISO 8601", repr(value), "write it as 1990-01-01") from error
    moment = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds")


def _pair(values, name: str, low: float, high: float) -> tuple[float, float]:
    pair = tuple(float(value) for value in values)
    if len(pair) != 2 or not all(low <= value <= high for value in pair):
        raise InputError(f"two values of {name} from {low:g} to {high:g}", str(values), "correct the box")
    return pair


def _wrapped(longitude: float) -> float:
    return longitude - 360.0 if longitude > 180.0 else longitude
