"""The check of a catalogue: what is in it, from which magnitude it is complete, and what a user should mind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..catalog import Catalog
from ..errors import InputError
from ..readers.reading import Reading, read_catalog
from .completeness import Completeness, Window, completeness, through_time
from .duplicates import near_duplicates
from .rhythm import DaytimeCell, Gap, Hours, daytime_cells, gaps, hours_of_day, missing_years

EARTHQUAKE = "earthquake"
NAMED = 5


@dataclass(frozen=True, eq=False)
class CatalogCheck:
    """The findings on one catalogue.

    Completeness, rhythm and daytime cells are those of its earthquakes (of all events where none is called so); gaps
    are those of all events.
    """

    catalog: Catalog = field(repr=False)
    reading: Reading | None = field(repr=False)
    kinds: dict[str, int]
    completeness: Completeness
    windows: list[Window] = field(repr=False)
    hours: Hours = field(repr=False)
    daytime_cells: list[DaytimeCell] = field(repr=False)
    gaps: list[Gap] = field(repr=False)
    missing_years: list[int]
    near_duplicates: np.ndarray = field(repr=False)
    near_duplicates_complete: bool
    depth_empty: int
    busiest_day: tuple[np.datetime64, int]

    @property
    def examined(self) -> Catalog:
        """The events that completeness and rhythm speak of."""
        return self.catalog.of_kind(EARTHQUAKE) if EARTHQUAKE in self.kinds else self.catalog

    @property
    def findings(self) -> list[str]:
        """What a user of the catalogue should mind, one line each; empty where nothing is odd."""
        return list(_findings(self))

    def to_dict(self) -> dict:
        """Plain values for JSON; None where a number is unknown."""
        c = self.catalog
        known = c.depth_km[~np.isnan(c.depth_km)]
        return {
            "events": len(c),
            "period": [_iso(c.time[0]), _iso(c.time[-1])],
            "latitude": [float(c.latitude.min()), float(c.latitude.max())],
            "longitude": [float(c.longitude.min()), float(c.longitude.max())],
            "magnitude": [float(c.magnitude.min()), float(c.magnitude.max())],
            "depth_km": [float(known.min()), float(known.max())] if len(known) else None,
            "depth_empty": self.depth_empty,
            "kinds": self.kinds,
            "completeness": _completeness(self.completeness),
            "completeness_through_time": [
                {
                    "start": _iso(w.start),
                    "end": _iso(w.end),
                    "events": w.events,
                    **_completeness(w.completeness),
                }
                for w in self.windows
            ],
            "near_duplicates": {
                "pairs": len(self.near_duplicates),
                "search_complete": self.near_duplicates_complete,
                "first": [[_event(c, int(i)) for i in pair] for pair in self.near_duplicates[:NAMED]],
            },
            "gaps": [
                {"first": str(g.first), "last": str(g.last), "days": g.days, "probability": g.probability}
                for g in self.gaps
            ],
            "missing_years": self.missing_years,
            "busiest_day": {"day": str(self.busiest_day[0]), "events": self.busiest_day[1]},
            "hours": {
                "utc": self.hours.utc.tolist(),
                "solar": self.hours.solar.tolist(),
                "solar_thinned": self.hours.thinned.tolist(),
                "day_night_ratio": _number(self.hours.day_night_ratio),
                "chi_square": _number(self.hours.chi_square),
                "degrees_of_freedom": 23,
                "p_value": _number(self.hours.p_value),
            },
            "daytime_cells": [cell._asdict() for cell in self.daytime_cells],
            "reading": self.reading.to_dict() if self.reading else None,
            "findings": self.findings,
        }

    def table(self) -> list[str]:
        """Lines for people."""
        from .table import lines

        return lines(self)

    def plot(self, path: str | os.PathLike) -> None:
        """Write a picture of four panels: magnitudes in time, their frequencies, the map, the hours of the day."""
        from ..pictures import save_figure
        from .picture import picture

        save_figure(picture(self), path)


def check_catalog(catalog: Catalog, reading: Reading | None = None) -> CatalogCheck:
    """Examine a catalogue; `reading` adds what was rejected on the way in.

    >>> times = np.datetime64("2020-01-01", "us") + np.arange(300) * np.timedelta64(5, "h")
    >>> magnitudes = np.round(np.linspace(0, 1, 300) ** 4 * 3 + 1, 1)
    >>> check = check_catalog(Catalog(times, np.full(300, 42.7), np.full(300, 13.2), np.full(300, np.nan), magnitudes))
    >>> check.depth_empty, check.gaps, check.kinds
    (300, [], {'earthquake': 300})
    """
    if not len(catalog):
        raise InputError("a catalogue with events", "none", "choose another period, region or file")
    names, counts = np.unique(catalog.kind, return_counts=True)
    kinds = {str(names[i]): int(counts[i]) for i in np.argsort(-counts, kind="stable")}
    quakes = catalog.of_kind(EARTHQUAKE) if EARTHQUAKE in kinds else catalog
    days, by_day = np.unique(catalog.time.astype("datetime64[D]"), return_counts=True)
    pairs, complete = near_duplicates(catalog)
    return CatalogCheck(
        catalog=catalog,
        reading=reading,
        kinds=kinds,
        completeness=completeness(quakes.magnitude),
        windows=through_time(quakes.time, quakes.magnitude),
        hours=hours_of_day(quakes.time, quakes.latitude, quakes.longitude),
        daytime_cells=daytime_cells(quakes.time, quakes.latitude, quakes.longitude),
        gaps=gaps(catalog.time),
        missing_years=missing_years(catalog.time),
        near_duplicates=pairs,
        near_duplicates_complete=complete,
        depth_empty=int(np.isnan(catalog.depth_km).sum()),
        busiest_day=(days[by_day.argmax()], int(by_day.max())),
    )


def check_files(source, strict: bool = False, **how) -> CatalogCheck:
    """Read a file, folder, glob or list and examine it; arguments as those of `read_catalog`."""
    reading = read_catalog(source, strict=strict, **how)
    return check_catalog(reading.catalog, reading)


def _findings(check: CatalogCheck) -> Iterator[str]:
    found, events = check.completeness, len(check.catalog)
    methods = np.array([found.maximum_curvature, found.goodness_of_fit, found.b_stability])
    if found.mc != found.mc:
        yield f"too few events ({len(check.examined)}) for a magnitude of completeness"
    elif np.nanmax(methods) - np.nanmin(methods) > 0.55:
        yield (
            f"the methods put Mc between {np.nanmin(methods):.1f} and {np.nanmax(methods):.1f}: completeness changes "
            "in time or place, see its course"
        )
    course = [w.completeness.mc for w in check.windows if w.completeness.mc == w.completeness.mc]
    if len(course) > 1 and max(course) - min(course) > 0.55:
        yield f"Mc varies from {min(course):.1f} to {max(course):.1f} through time"
    if check.missing_years:
        yield f"no event in {', '.join(map(str, check.missing_years[:20]))}"
    if check.gaps:
        named = ", ".join(_span(gap) for gap in check.gaps[:NAMED])
        more = f" and {len(check.gaps) - NAMED} more" if len(check.gaps) > NAMED else ""
        dates = Counter(str(gap.last)[5:] for gap in check.gaps)
        date, times = dates.most_common(1)[0]
        same = f"; {times} of them end on the same date ({date}): files cut a day short?" if times > 2 else ""
        yield f"{_count(len(check.gaps), 'silence')} too long for the rate around: {named}{more}{same}"
    if len(check.near_duplicates):
        pairs = _count(len(check.near_duplicates), "pair")
        yield f"{pairs} of events within 2 s, 20 km and 0.3 magnitudes: the same event twice?"
    if not check.near_duplicates_complete:
        yield "more than 200 events within 2 s of one another: times are coarse, duplicates were not all looked for"
    if check.depth_empty:
        share = f"{100.0 * check.depth_empty / events:.0f} %" if check.depth_empty < events else "all"
        yield f"depth empty in {check.depth_empty} events ({share})"
    if check.daytime_cells:
        inside = sum(cell.events for cell in check.daytime_cells)
        cells = ", ".join(f"{cell.latitude:.2f} N {cell.longitude:.2f} E" for cell in check.daytime_cells[:NAMED])
        yield (
            f"{_count(len(check.daytime_cells), 'cell')} of 0.1 degrees ({inside} events called earthquakes) active by "
            f"day, hardly by night: unmarked blasts? {cells}"
        )
    hours = check.hours
    if hours.p_value < 0.001 and not 1 / 1.05 <= hours.day_night_ratio <= 1.05:
        cause = "blasts among the earthquakes?" if hours.day_night_ratio > 1 else "small events lost in daytime noise"
        yield f"{hours.day_night_ratio:.2f} times as many events by day as by night: {cause}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _span(gap: Gap) -> str:
    return str(gap.first) if gap.days == 1 else f"{gap.first} to {gap.last} ({gap.days} days)"


def _completeness(found: Completeness) -> dict:
    return {
        "mc": _number(found.mc),
        "maximum_curvature": _number(found.maximum_curvature),
        "goodness_of_fit": _number(found.goodness_of_fit),
        "fit_percent": _number(found.fit_percent),
        "b_stability": _number(found.b_stability),
        "b_value": _number(found.b_value.b),
        "b_error": _number(found.b_value.error),
        "events_above_mc": found.b_value.events,
    }


def _event(catalog: Catalog, i: int) -> dict:
    return {
        "time": _iso(catalog.time[i]),
        "latitude": float(catalog.latitude[i]),
        "longitude": float(catalog.longitude[i]),
        "magnitude": float(catalog.magnitude[i]),
        "event_id": str(catalog.event_id[i]),
    }


def _iso(time: np.datetime64) -> str:
    return f"{np.datetime_as_string(time.astype('datetime64[ms]'))}Z"


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
