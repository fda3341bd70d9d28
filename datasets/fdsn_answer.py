"""What an FDSN event service sent, checked and turned into a Catalog: the text format or QuakeML."""

from __future__ import annotations

import io
import re
import warnings
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from .catalog import LIMITS, Catalog

# The columns of the FDSN text format that a Catalog needs (FDSN event specification 1.2), lower case without spaces.
TEXT_COLUMNS = ("eventid", "time", "latitude", "longitude", "depth/km", "magnitude")


class WrongContent(Exception):
    """The service sent something that is not a whole answer: asking again may help."""


@dataclass(frozen=True)
class Answer:
    """The events of one answer and what could not be taken from it.

    Arguments:
        catalog: the events.
        kinds_given: whether the service said what kind of event each one is.
        left_out: how many events were left out, by reason; a reason names its first case.
        rows: events the service sent, left out ones included.
    """

    catalog: Catalog
    kinds_given: bool = True
    left_out: Counter[str] = field(default_factory=Counter)
    rows: int = 0


def empty() -> Answer:
    """The answer of a service that has no event for the question."""
    return Answer(Catalog([], [], [], [], []))


def read_answer(body: bytes, length_announced: bool = True) -> Answer:
    """The events in a service's answer of either format, told apart by content.

    Arguments:
        body: the answer, uncompressed.
        length_announced: whether HTTP would have noticed a missing end; if not, a text must end with a line's end.

    >>> header = b"#EventID|Time|Latitude|Longitude|Depth/km|MagType|Magnitude|EventLocationName|EventType"
    >>> body = header + b"\\nus1|2016-08-24T01:36:32.87|42.72|13.19|4.4|mww|6.2|Norcia|earthquake\\n"
    >>> read_answer(body).catalog
    Catalog(1 events, 2016-08-24 to 2016-08-24, M 6.2 to 6.2)
    """
    start = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise WrongContent("an empty answer")
    if not start.startswith(b"<"):
        return _read_text(body, length_announced)
    if b"quakeml" not in start.lower():
        raise WrongContent(f"no earthquake data but {_glimpse(body)}")
    return _read_quakeml(body)


def _glimpse(body: bytes) -> str:
    """The beginning of an unexpected answer, for an error line."""
    text = re.sub(r"<[^>]*>|\s+", " ", body[:2000].decode("utf-8", "replace"))
    name = "HTML" if b"<html" in body[:2000].lower() else "XML" if body.lstrip().startswith(b"<") else "text"
    return f"{name} beginning {' '.join(text.split())[:60]!r}"


def _read_text(body: bytes, length_announced: bool) -> Answer:
    lines = body.decode("utf-8-sig", "replace").splitlines()
    lines = [line for line in lines if line.strip()]
    names = [name.strip().lower() for name in lines[0].lstrip("#").split("|")]
    if any(name not in names for name in TEXT_COLUMNS):
        raise WrongContent(f"no FDSN text header but {_glimpse(body)}")
    if not length_announced and not body.endswith((b"\n", b"\r")):
        raise WrongContent(f"a text cut in its line {len(lines)}: {lines[-1][-40:]!r}")
    rows = [line.split("|") for line in lines[1:] if not line.startswith("#")]
    if rows and len(rows[-1]) < len(names):
        raise WrongContent(f"a text cut in its line {len(lines)}: {lines[-1][-40:]!r}")
    left_out: Counter[str] = Counter()
    whole = [row for row in rows if len(row) == len(names)]
    _leave_out(left_out, "a wrong number of fields", ["|".join(row) for row in rows if len(row) != len(names)])
    columns = {name: [row[i].strip() for row in whole] for i, name in enumerate(names)}
    numbers = {name: _numbers(columns[name]) for name in TEXT_COLUMNS[2:]}
    kinds_given = "eventtype" in columns
    catalog = _catalog(
        _times(columns["time"]),
        numbers["latitude"],
        numbers["longitude"],
        numbers["depth/km"],
        numbers["magnitude"],
        [kind or "earthquake" for kind in columns["eventtype"]] if kinds_given else "earthquake",
        columns["eventid"],
        left_out,
    )
    return Answer(catalog, kinds_given, left_out, len(rows))


def _numbers(texts: list[str]) -> np.ndarray:
    """Floats; NaN for an empty text or one that is no number."""
    try:
        return np.array([text or "nan" for text in texts], dtype=np.float64)
    except ValueError:
        return np.array([_number(text) for text in texts])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _times(texts: list[str]) -> np.ndarray:
    """Times as `datetime64[us]`; NaT for a text that is no time in UTC."""
    texts = [text.removesuffix("Z") for text in texts]
    try:
        return np.array(texts, dtype="datetime64[us]")
    except ValueError:
        return np.array([_time(text) for text in texts], dtype="datetime64[us]")


def _time(text: str) -> np.datetime64:
    try:
        return np.datetime64(text, "us")
    except ValueError:
        return np.datetime64("NaT")


def _read_quakeml(body: bytes) -> Answer:
    from obspy import read_events

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            events = read_events(io.BytesIO(body), format="QUAKEML")
    except Exception as error:  # obspy and lxml raise many kinds for a broken document
        raise WrongContent(f"QuakeML that cannot be read ({' '.join(str(error).split())[:80]})") from error
    left_out: Counter[str] = Counter()
    origins = [event.preferred_origin() or next(iter(event.origins), None) for event in events]
    magnitudes = [event.preferred_magnitude() or next(iter(event.magnitudes), None) for event in events]
    _leave_out(
        left_out,
        "no origin",
        [_identity(event) for event, origin in zip(events, origins, strict=True) if origin is None],
    )
    found = [i for i, origin in enumerate(origins) if origin is not None]
    chosen = [origins[i] for i in found]
    depths_m = [np.nan if origin.depth is None else origin.depth for origin in chosen]
    catalog = _catalog(
        np.array([origin.time.datetime if origin.time else "NaT" for origin in chosen], dtype="datetime64[us]"),
        _floats([origin.latitude for origin in chosen]),
        _floats([origin.longitude for origin in chosen]),
        np.array(depths_m, dtype=np.float64) / 1000.0,
        _floats([magnitudes[i].mag if magnitudes[i] else None for i in found]),
        [events[i].event_type or "earthquake" for i in found],
        [_identity(events[i]) for i in found],
        left_out,
    )
    return Answer(catalog, any(event.event_type for event in events), left_out, len(events))


def _floats(values: list[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _identity(event) -> str:
    """The agency's event id inside a QuakeML resource identifier.

    Services write `...query?eventid=us123&format=quakeml` or `smi:agency/catalogue/id`; their text has the id alone.
    """
    identifier = str(event.resource_id)
    query = re.search(r"[?&]eventid=([^&]+)", identifier, re.IGNORECASE)
    return query.group(1) if query else identifier.rstrip("/").rsplit("/", 1)[-1]


def _catalog(time, latitude, longitude, depth_km, magnitude, kind, event_id, left_out: Counter[str]) -> Catalog:
    """The rows that can stand in a Catalog; the others are counted in `left_out`, once each."""
    longitude = np.where(np.abs(longitude) > 180.0, (longitude + 180.0) % 360.0 - 180.0, longitude)
    event_id = np.asarray(event_id, dtype=np.str_)
    keep = np.ones(len(event_id), dtype=bool)

    def without(bad: np.ndarray, reason: str) -> None:
        _leave_out(left_out, reason, event_id[keep & bad].tolist())
        keep[bad] = False

    without(np.isnat(time), "no readable time")
    values = {"latitude": latitude, "longitude": longitude, "depth_km": depth_km, "magnitude": magnitude}
    for name, value in values.items():
        low, high = LIMITS[name]
        if name != "depth_km":
            without(np.isnan(value), f"no {name}")
        without(~np.isnan(value) & ~((value >= low) & (value <= high)), f"{name} outside {low:g} to {high:g}")
    kinds = kind if isinstance(kind, str) else np.asarray(kind, dtype=np.str_)[keep]
    return Catalog.unsorted(time[keep], *(value[keep] for value in values.values()), kinds, event_id[keep])


def _leave_out(left_out: Counter[str], reason: str, cases: list[str]) -> None:
    if cases:
        left_out[f"{reason} (first: {cases[0][:60]})"] += len(cases)
