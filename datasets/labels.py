"""Labels of a forecast: whether, and how often, events of at least Mc happen in [t + a, t + b) days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .catalog import Catalog
from .errors import InputError
from .grid import Grid
from .projection import EARTH_RADIUS_KM
from .raster import SparseMaps


@dataclass(frozen=True, eq=False)
class CellLabels:
    """Counts by issue day and cell, kept as coordinates: most cells of most days are zero.

    Arguments (I issues, k entries):
        issue_days: (I,) `datetime64[D]`.
        shape: (rows, columns).
        offsets: (I + 1,) entries of issue i are offsets[i] to offsets[i + 1].
        cell, count: (k,) flat cell index and the events in it.
    """

    issue_days: np.ndarray
    shape: tuple[int, int]
    offsets: np.ndarray
    cell: np.ndarray
    count: np.ndarray

    def dense(self, index=None, dtype=np.int32) -> np.ndarray:
        """Counts of the issues `index` (all of them by default), shape (issues, rows, columns)."""
        index = np.arange(len(self.issue_days)) if index is None else np.asarray(index)
        cells = self.shape[0] * self.shape[1]
        counts = np.zeros((len(index), cells), dtype)
        for i, low, high in zip(range(len(index)), self.offsets[index], self.offsets[index + 1], strict=True):
            counts[i, self.cell[low:high]] = self.count[low:high]
        return counts.reshape(len(index), *self.shape)


def cell_labels(maps: SparseMaps, issue_days, horizon: tuple[int, int], min_magnitude: float) -> CellLabels:
    """Events of M >= min_magnitude by issue day and cell.

    A forecast issued for day t looks at the days t + a to t + b, the last one excluded, and may use what happened
    before t 00:00 in the grid's time zone. The horizon must lie within the maps: a label is never cut short.

    Arguments:
        issue_days: (issues,) `datetime64[D]`, ascending.
        horizon: (a, b) days, 0 <= a < b.

    >>> from .raster import sparse_days
    >>> catalog = Catalog(["2020-01-02", "2020-01-03T23:59"], [0.5, 0.5], [0.5, 0.5], [10, 10], [4.0, 5.0])
    >>> maps = sparse_days(catalog, Grid.degrees((0, 1), (0, 1), 1.0), "2020-01-01", "2020-01-04")
    >>> cell_labels(maps, ["2020-01-01", "2020-01-02", "2020-01-03"], (0, 2), 4.0).dense().ravel().tolist()
    [1, 2, 1]
    """
    issue_days = _checked_issue_days(issue_days, horizon)
    a, b = horizon
    issues = maps.index(issue_days)
    if issues.size and (issues[0] + a < 0 or issues[-1] + b > maps.days):
        day = issue_days[0] if issues[0] + a < 0 else issue_days[-1]
        raise InputError(
            f"horizons [t + {a}, t + {b}) days within {maps.first_day} to {maps.last_day}",
            f"issue day {day}",
            "issue earlier, or rasterise a longer period",
        )
    events = np.flatnonzero(maps.magnitude >= min_magnitude)
    day = maps.day[events]
    # An event of day d belongs to the issues t with d - b < t <= d - a: a run of the sorted issue days.
    first, last = np.searchsorted(issues, day - b, "right"), np.searchsorted(issues, day - a, "right")
    number = last - first
    event = np.repeat(events, number)
    run_start = np.repeat(np.cumsum(number) - number, number)
    issue = np.arange(len(event)) - run_start + np.repeat(first, number)
    cells = maps.grid.rows * maps.grid.columns
    flat = issue * cells + maps.row[event] * np.int64(maps.grid.columns) + maps.column[event]
    flat, count = np.unique(flat, return_counts=True)
    offsets = np.searchsorted(flat, np.arange(len(issues) + 1) * cells, "left")
    return CellLabels(issue_days, maps.grid.shape, offsets, (flat % cells).astype(np.int32), count.astype(np.int32))


def counts_by_cell(maps: SparseMaps, issue_days, horizon: tuple[int, int], min_magnitude: float) -> np.ndarray:
    """Events of M >= min_magnitude, int32 of shape (issues, rows, columns); see cell_labels."""
    return cell_labels(maps, issue_days, horizon, min_magnitude).dense()


def occurrence_by_cell(maps: SparseMaps, issue_days, horizon: tuple[int, int], min_magnitude: float) -> np.ndarray:
    """Whether any event of M >= min_magnitude happens, bool of shape (issues, rows, columns); see cell_labels."""
    return cell_labels(maps, issue_days, horizon, min_magnitude).dense(dtype=bool)


def counts_in_circle(
    catalog: Catalog,
    grid: Grid,
    issue_days,
    horizon: tuple[int, int],
    min_magnitude: float,
    centre: tuple[float, float],
    radius_km: float,
) -> np.ndarray:
    """Events of M >= min_magnitude within `radius_km` of `centre` (latitude, longitude), int32 of shape (issues,).

    Days are those of the grid's time zone; the catalogue must be complete to the last horizon's end, for it does not
    itself say where its period ends.
    """
    issue_days = _checked_issue_days(issue_days, horizon)
    near = haversine_km(catalog.latitude, catalog.longitude, *centre) <= radius_km
    day = np.sort(grid.days(catalog.time[near & (catalog.magnitude >= min_magnitude)]))
    a, b = (np.timedelta64(int(days), "D") for days in horizon)
    return (np.searchsorted(day, issue_days + b) - np.searchsorted(day, issue_days + a)).astype(np.int32)


def occurrence_in_circle(catalog, grid, issue_days, horizon, min_magnitude, centre, radius_km) -> np.ndarray:
    """Whether any event of M >= min_magnitude happens: bool of shape (issues,); see counts_in_circle."""
    return counts_in_circle(catalog, grid, issue_days, horizon, min_magnitude, centre, radius_km) > 0


def haversine_km(latitude1, longitude1, latitude2, longitude2) -> np.ndarray:
    """Great-circle distance in km between points in degrees (haversine formula).

    >>> float(haversine_km(0.0, 179.5, 0.0, -179.5).round(3)) == round(np.pi / 180 * 6373, 3)
    True
    """
    phi1, phi2 = np.radians(latitude1), np.radians(latitude2)
    half = (
        np.sin((phi2 - phi1) / 2) ** 2
        + np.cos(phi1) * np.cos(phi2) * np.sin(np.radians(np.subtract(longitude2, longitude1)) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))


def _checked_issue_days(issue_days, horizon) -> np.ndarray:
    a, b = horizon
    if not 0 <= a < b:
        raise InputError("a horizon 0 <= a < b in days", f"({a}, {b})", "give (first day, day after the last)")
    issue_days = np.atleast_1d(np.asarray(issue_days, dtype="datetime64[D]"))
    if np.any(np.diff(issue_days) <= np.timedelta64(0)):
        raise InputError("issue days in ascending order, each once", "another order", "sort them")
    return issue_days
