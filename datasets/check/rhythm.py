"""The rhythm of a catalogue: hours of the day, daytime cells as quarries make them, days that are missing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Daytime in local solar time; blasts are fired by day, small earthquakes are lost in its noise.
DAY_BEGINS_H, DAY_ENDS_H = 6.0, 18.0
CELL_DEGREES = 0.1
FEWEST_HALF_DAYS = 20
BLAST_SHARE = 0.75
ALPHA = 0.01
# How many days on each side of a silence say what rate to expect in it.
NEIGHBOUR_DAYS = 180


class Hours(NamedTuple):
    """Events by hour of the day.

    utc, solar: events in each hour, shape (24,), by UTC and by local solar time (UTC + longitude / 15 h).
    thinned: as solar, but a cell of 0.1 degrees counts once an hour, so that an aftershock sequence is no rhythm.
    day_night_ratio: thinned events from 6 to 18 h to those of the night.
    chi_square: of the thinned numbers against equal hours, 23 degrees of freedom; p_value its probability.
    """

    utc: np.ndarray
    solar: np.ndarray
    thinned: np.ndarray
    day_night_ratio: float
    chi_square: float
    p_value: float


class DaytimeCell(NamedTuple):
    """A cell with far more active days than nights, as a quarry has (Wiemer and Baer 2000)."""

    latitude: float
    longitude: float
    events: int
    day_share: float


class Gap(NamedTuple):
    """Days without an event where the neighbouring days make that improbable; `probability` is for the whole gap."""

    first: np.datetime64
    last: np.datetime64
    days: int
    probability: float


def solar_hours(time: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Local solar time in hours, in [0, 24), without the equation of time.

    >>> solar_hours(np.array(["2020-01-01T21:30"], "datetime64[us]"), np.array([-120.0])).tolist()
    [13.5]
    """
    return (_hours(time) + np.asarray(longitude) / 15.0) % 24.0


def hours_of_day(time: np.ndarray, latitude: np.ndarray, longitude: np.ndarray) -> Hours:
    """Events by hour of the day, and how far from even they are."""
    from scipy.stats import chi2

    utc = np.bincount(_hours(time).astype(np.int64), minlength=24)
    hour = solar_hours(time, longitude)
    solar = np.bincount(hour.astype(np.int64) % 24, minlength=24)
    moment = np.floor(_since_epoch(time, longitude) * 24.0).astype(np.int64)
    distinct = _distinct(moment, _cells(latitude, longitude))
    thinned = np.bincount(moment[distinct] % 24, minlength=24)
    day = int(thinned[int(DAY_BEGINS_H) : int(DAY_ENDS_H)].sum())
    night = int(thinned.sum()) - day
    expected = thinned.sum() / 24.0
    chi_square = float(((thinned - expected) ** 2).sum() / expected) if expected else float("nan")
    ratio = day / night if night else float("inf") if day else float("nan")
    return Hours(utc, solar, thinned, ratio, chi_square, float(chi2.sf(chi_square, 23)))


def daytime_cells(time: np.ndarray, latitude: np.ndarray, longitude: np.ndarray) -> list[DaytimeCell]:
    """Cells of 0.1 degrees that are active by day far more often than by night, the busiest first.

    Counted are half days (6 to 18 h and the rest, solar time) with at least one event, at least 20 of them, three
    quarters by day; the binomial probability against equal halves is below 1 % for all cells together.
    """
    from scipy.stats import binom

    cell = _cells(latitude, longitude)
    half = np.floor((_since_epoch(time, longitude) * 24.0 - DAY_BEGINS_H) / 12.0).astype(np.int64)
    distinct = _distinct(half, cell)
    names, which = np.unique(cell[distinct], return_inverse=True)
    halves = np.bincount(which)
    by_day = np.bincount(which, weights=half[distinct] % 2 == 0).astype(np.int64)
    tested = halves >= FEWEST_HALF_DAYS
    chance = binom.sf(by_day - 1, halves, 0.5)
    found = np.flatnonzero(tested & (by_day >= BLAST_SHARE * halves) & (chance * max(tested.sum(), 1) < ALPHA))
    if not len(found):
        return []
    order = np.argsort(cell, kind="stable")
    ends = np.searchsorted(cell[order], names[found], "right")
    begins = np.searchsorted(cell[order], names[found], "left")
    cells = []
    for i, begin, end in zip(found, begins, ends, strict=True):
        events = order[begin:end]
        cells.append(
            DaytimeCell(
                round(float(latitude[events].mean()), 3),
                round(float(longitude[events].mean()), 3),
                len(events),
                round(float(by_day[i] / halves[i]), 3),
            )
        )
    return sorted(cells, key=lambda one: -one.events)


def gaps(time: np.ndarray) -> list[Gap]:
    """Runs of days without an event that the 180 days on both sides make improbable (1 % for the whole catalogue).

    A day's probability to be empty is the share of empty days among its neighbours or, if that is smaller, the Poisson
    probability of none at their tenth percentile of events a day: aftershocks raise neither.
    """
    if not len(time):
        return []
    day = time.astype("datetime64[D]")
    first = day[0]
    counts = np.bincount((day - first).astype(np.int64))
    empty = np.concatenate([[False], counts == 0, [False]]).astype(np.int8)
    begins, ends = np.flatnonzero(np.diff(empty) == 1), np.flatnonzero(np.diff(empty) == -1)
    total = np.concatenate([[0], np.cumsum(counts > 0)])
    low, high = np.maximum(begins - NEIGHBOUR_DAYS, 0), np.minimum(ends + NEIGHBOUR_DAYS, len(counts))
    around = (begins - low) + (high - ends)
    active = total[begins] - total[low] + total[high] - total[ends]
    log_empty = np.log((around - active + 1.0) / (around + 2.0))
    found = []
    for begin, end, left, right, log_chance in zip(begins, ends, low, high, log_empty, strict=True):
        neighbours = np.concatenate([counts[left:begin], counts[end:right]])
        # Only a short run among busy days needs the second look.
        if end - begin < 30:
            log_chance = min(log_chance, -float(np.quantile(neighbours, 0.1)))
        log_total = log_chance * (end - begin) + np.log(len(counts))
        if log_total < np.log(ALPHA):
            found.append(Gap(first + begin, first + end - 1, int(end - begin), float(np.exp(log_total))))
    return found


def missing_years(time: np.ndarray) -> list[int]:
    """Calendar years (UTC) without an event between the first and the last.

    >>> missing_years(np.array(["1990-05-01", "1993-01-01"], "datetime64[us]"))
    [1991, 1992]
    """
    if not len(time):
        return []
    year = time.astype("datetime64[Y]").astype(np.int64) + 1970
    return sorted(set(range(int(year.min()), int(year.max()) + 1)) - set(np.unique(year).tolist()))


def _hours(time: np.ndarray) -> np.ndarray:
    return (time - time.astype("datetime64[D]")) / np.timedelta64(1, "h")


def _since_epoch(time: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Days since 1970 in local solar time."""
    return (time - np.datetime64(0, "us")) / np.timedelta64(1, "D") + np.asarray(longitude) / 360.0


def _cells(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    row = np.floor((np.asarray(latitude) + 90.0) / CELL_DEGREES).astype(np.int64)
    return row * 4000 + np.floor((np.asarray(longitude) + 180.0) / CELL_DEGREES).astype(np.int64)


def _distinct(moment: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Indices of one event for each moment and cell."""
    if not len(moment):
        return np.zeros(0, np.int64)
    return np.unique((moment - moment.min()) * 8_000_000 + cell, return_index=True)[1]
