"""The rasteriser: a catalogue on a grid becomes events by day and cell, and dense day maps only when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .catalog import Catalog
from .errors import InputError
from .grid import Grid

# Gutenberg and Richter's energy in joules: log10 E = 4.8 + 1.5 M.
ENERGY_OFFSET, ENERGY_SLOPE = 4.8, 1.5
CHANNELS = (
    "max_magnitude",
    "energy_magnitude",
    "count",
    "mean_depth",
    "presence",
    "log_energy",
    "days_since_last",
)


@dataclass(frozen=True, eq=False, repr=False)
class SparseMaps:
    """Events by day and cell over a run of days: all that the dense maps and labels are made of.

    Arguments (events in order of day; n events, D days):
        grid: whose cells and days they are.
        first_day: the first day, `datetime64[D]` in the grid's time zone.
        offsets: (D + 1,) events of day i are offsets[i] to offsets[i + 1].
        row, column: (n,) the cell.
        magnitude, depth_km: (n,) depth NaN where unknown.
        outside: events of the period that lie in no cell, left out of all maps.

    >>> catalog = Catalog(["2020-01-01T05:00", "2020-01-03"], [0.5, 1.5], [0.5, 0.5], [10, np.nan], [4.0, 5.0])
    >>> maps = sparse_days(catalog, Grid.degrees((0, 2), (0, 1), 1.0), "2020-01-01", "2020-01-03")
    >>> maps
    SparseMaps(2 events in 3 days from 2020-01-01, 2 rows x 1 columns)
    >>> maps.dense(channels=("max_magnitude", "count")).reshape(3, 2, 2).tolist()
    [[[4.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [5.0, 1.0]]]
    """

    grid: Grid
    first_day: np.datetime64
    offsets: np.ndarray
    row: np.ndarray
    column: np.ndarray
    magnitude: np.ndarray
    depth_km: np.ndarray
    outside: int = 0

    def __repr__(self) -> str:
        rows, columns = self.grid.shape
        return (
            f"SparseMaps({len(self.row)} events in {self.days} days from {self.first_day}, "
            f"{rows} rows x {columns} columns)"
        )

    @property
    def days(self) -> int:
        """The number of days."""
        return len(self.offsets) - 1

    @property
    def last_day(self) -> np.datetime64:
        """The last day, included."""
        return self.first_day + np.timedelta64(self.days - 1, "D")

    @cached_property
    def day(self) -> np.ndarray:
        """(n,) the index of every event's day."""
        return np.repeat(np.arange(self.days, dtype=np.int32), np.diff(self.offsets))

    def index(self, day) -> np.ndarray | int:
        """The index of a day, or of many; beyond either end it is negative or at least `days`."""
        index = (np.asarray(day, dtype="datetime64[D]") - self.first_day).astype(np.int64)
        return int(index) if index.ndim == 0 else index

    def above(self, magnitude: float) -> SparseMaps:
        """The same days with the events of at least this magnitude."""
        keep = self.magnitude >= magnitude
        offsets = np.concatenate([[0], np.cumsum(keep)])[self.offsets]
        columns = (self.row[keep], self.column[keep], self.magnitude[keep], self.depth_km[keep])
        return SparseMaps(self.grid, self.first_day, offsets, *columns, self.outside)

    @cached_property
    def cell_days(self) -> CellDays:
        """One entry for every cell and day with an event, worked out once."""
        return _cell_days(self)

    def dense(self, start: int = 0, stop: int | None = None, channels=("max_magnitude",), out=None) -> np.ndarray:
        """Day maps from index `start` to before `stop`, float32 of shape (days, rows, columns, channels).

        Channels are zero where nothing happened, with two remarks: `mean_depth` is the mean over the depths that are
        known and 0 where none is, and `days_since_last` counts from the day before the first where nothing has
        happened yet. `log_energy` is log10 of the summed energy in joules. `out` may be an array to fill.
        """
        stop = self.days if stop is None else stop
        check_channels(channels)
        if not 0 <= start <= stop <= self.days:
            raise InputError(
                f"days within {self.first_day} to {self.last_day}",
                f"{self.first_day + np.timedelta64(start, 'D')} to before {self.first_day + np.timedelta64(stop, 'D')}",
                "rasterise a longer period",
            )
        shape = (stop - start, *self.grid.shape, len(channels))
        if out is None:
            out = np.zeros(shape, np.float32)
        else:
            out[...] = 0
        self.scatter(start, stop, channels, out)
        return out

    def scatter(self, start: int, stop: int, channels, out: np.ndarray) -> np.ndarray:
        """Write days `start` to before `stop` into zeroed maps; returns the flat indices of the cells written."""
        events = self.cell_days
        low, high = events.offsets[start], events.offsets[stop]
        cells = self.grid.rows * self.grid.columns
        flat = (events.day[low:high] - start).astype(np.int64) * cells + events.cell[low:high]
        target = out.reshape(-1, len(channels))
        if high > low:
            target[flat] = events.values(tuple(channels))[low:high]
        if "days_since_last" in channels:
            since = self._days_since_last(start, stop)
            target[:, list(channels).index("days_since_last")] = since.ravel()
        return flat

    def _days_since_last(self, start: int, stop: int) -> np.ndarray:
        """(days, cells) days since a cell's last event, 0 on the day itself."""
        events, cells = self.cell_days, self.grid.rows * self.grid.columns
        last = np.full((stop - start + 1, cells), -1, np.int32)
        low, high = events.offsets[start], events.offsets[stop]
        # Entries ascend by day and of repeated indices the last one stays.
        last[0, events.cell[:low]] = events.day[:low]
        last[events.day[low:high] - start + 1, events.cell[low:high]] = events.day[low:high]
        np.maximum.accumulate(last, axis=0, out=last)
        return np.arange(start, stop, dtype=np.int32)[:, None] - last[1:]

    def blocks(self, channels=("max_magnitude",), days_per_block: int = 64) -> Iterator[tuple[int, np.ndarray]]:
        """Stream (index of the first day, dense maps) through all days in one buffer: copy what is to be kept.

        Between blocks only the cells that were written are cleared, so that the cost is that of the events and not of
        the zeros between them.
        """
        check_channels(channels)
        buffer = np.zeros((min(days_per_block, self.days), *self.grid.shape, len(channels)), np.float32)
        for start in range(0, self.days, days_per_block):
            stop = min(start + days_per_block, self.days)
            written = self.scatter(start, stop, channels, buffer[: stop - start])
            yield start, buffer[: stop - start]
            buffer.reshape(-1, len(channels))[written] = 0


@dataclass(frozen=True, eq=False)
class CellDays:
    """Aggregates of every (day, cell) with an event, in order of day, then cell."""

    offsets: np.ndarray
    day: np.ndarray
    cell: np.ndarray
    max_magnitude: np.ndarray
    log_energy: np.ndarray
    count: np.ndarray
    mean_depth: np.ndarray

    def values(self, channels: tuple[str, ...]) -> np.ndarray:
        """(entries, channels) float32; `days_since_last` is 0, for an event is there."""
        tables = self.__dict__.setdefault("_tables", {})
        if channels not in tables:
            tables[channels] = np.stack([self._channel(name) for name in channels], axis=1).astype(np.float32)
        return tables[channels]

    def _channel(self, name: str) -> np.ndarray:
        if name == "energy_magnitude":
            return (self.log_energy - ENERGY_OFFSET) / ENERGY_SLOPE
        if name in ("presence", "days_since_last"):
            return np.full(len(self.day), float(name == "presence"))
        return getattr(self, name)


def sparse_days(catalog: Catalog, grid: Grid, first_day, last_day) -> SparseMaps:
    """Sort a catalogue's events into the cells and days of a grid, from `first_day` to `last_day` with both included.

    The days are those of the grid's time zone. Events in no cell are counted in `outside`.
    """
    first_day, last_day = (np.datetime64(str(day), "D") for day in (first_day, last_day))
    if not first_day <= last_day:
        raise InputError("a first day before the last one", f"{first_day} to {last_day}", "swap or mend the days")
    days = int((last_day - first_day).astype(int)) + 1
    # Where clocks go back over midnight, a day has two pieces: look an hour or two further and keep by day.
    edge = np.timedelta64(0 if grid.timezone == "UTC" else 3, "h")
    period = [grid.day_start(first_day) - edge, grid.day_start(last_day + np.timedelta64(1, "D")) + edge]
    events = slice(*np.searchsorted(catalog.time, period, "left"))
    day = (grid.days(catalog.time[events]) - first_day).astype(np.int32)
    row, column, inside = grid.cells(catalog.latitude[events], catalog.longitude[events])
    if edge:
        in_period = (day >= 0) & (day < days)
        outside = int(np.count_nonzero(in_period & ~inside))
        inside &= in_period
    else:
        outside = int(inside.size - np.count_nonzero(inside))
    selected = [row, column, catalog.magnitude[events], catalog.depth_km[events]]
    if not inside.all():
        day, selected = day[inside], [values[inside] for values in selected]
    if np.any(day[1:] < day[:-1]):
        # ... and then the first piece of the new day comes before the second of the old one.
        order = np.argsort(day, kind="stable")
        day, selected = day[order], [values[order] for values in selected]
    offsets = np.searchsorted(day, np.arange(days + 1), "left")
    return SparseMaps(grid, first_day, offsets, *selected, outside)


def check_channels(channels) -> None:
    """Raise InputError unless every channel's name is known."""
    unknown = [name for name in channels if name not in CHANNELS]
    if unknown or not len(channels):
        raise InputError(f"channels of {', '.join(CHANNELS)}", ", ".join(unknown) or "none", "choose from the list")


def _cell_days(maps: SparseMaps) -> CellDays:
    cells = maps.grid.rows * maps.grid.columns
    key = maps.day.astype(np.int64) * cells + maps.row * np.int64(maps.grid.columns) + maps.column
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])[: len(key)])
    day = (key[first] // cells).astype(np.int32)
    offsets = np.searchsorted(day, np.arange(maps.days + 1), "left")
    cell = (key[first] % cells).astype(np.int32)
    if not len(first):
        nothing = np.zeros(0)
        return CellDays(offsets, day, cell, nothing, nothing, nothing, nothing)
    magnitude, depth = maps.magnitude[order].astype(np.float64), maps.depth_km[order].astype(np.float64)
    largest = np.maximum.reduceat(magnitude, first)
    count = np.diff(np.append(first, len(key)))
    # Energies are summed relative to the largest of the cell, so that no magnitude overflows or vanishes.
    relative = 10.0 ** (ENERGY_SLOPE * (magnitude - np.repeat(largest, count)))
    log_energy = ENERGY_OFFSET + ENERGY_SLOPE * largest + np.log10(np.add.reduceat(relative, first))
    known = np.add.reduceat((~np.isnan(depth)).astype(np.float64), first)
    depth_sum = np.add.reduceat(np.nan_to_num(depth, nan=0.0), first)
    mean_depth = np.divide(depth_sum, known, out=np.zeros_like(depth_sum), where=known > 0)
    return CellDays(offsets, day, cell, largest, log_energy, count.astype(np.float64), mean_depth)
