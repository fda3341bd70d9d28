"""EtasObservation: the events of an ETAS fit, when and where they were watched, and which of them count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....datasets.catalog import Catalog
from ....datasets.errors import InputError
from ....datasets.grid import Grid
from ....datasets.period import Period
from ....datasets.simulate.etas_background import box

US_PER_DAY = 86_400_000_000
# Completeness after a mainshock, Mc(t) = M - 4.5 - 0.75 log10(days) (Helmstetter, Kagan and Jackson 2006, equation 15).
DROP, SLOPE = 4.5, 0.75
# Shorter gaps than a minute are not worth a window.
SHORTEST_GAP_DAYS = 1 / 1440


@dataclass(frozen=True, eq=False)
class EtasObservation:
    """What a fit sees: n events, of which those in the observed windows count; all that are earlier may be parents.

    Arguments:
        region: the grid of the background; all events lie in its box.
        m0: the smallest magnitude.
        t_days: (n,) since the beginning of the period, ascending; negative before it.
        x_km, y_km: (n,) on the region's plane.
        excess: (n,), magnitude above m0.
        low, high: (windows,) days, the stretches of time in which events of m0 are seen.
        target: (k,) indices of the events in the windows.
    """

    region: Grid
    m0: float
    t_days: np.ndarray
    x_km: np.ndarray
    y_km: np.ndarray
    excess: np.ndarray
    low: np.ndarray
    high: np.ndarray
    target: np.ndarray

    @property
    def days(self) -> float:
        """Total length of the windows."""
        return float((self.high - self.low).sum())

    @classmethod
    def of(
        cls, catalog: Catalog, region: Grid, m0: float, period: Period, history_days: float, blind: bool = True
    ) -> EtasObservation:
        """The events of a catalogue in the region's box, from `history_days` before the period to its end.

        Arguments:
            region: the grid of the background, the padding included.
            blind: take out of the observed time what follows a large event, while events of m0 are missed in its
                wake (Helmstetter, Kagan and Jackson 2006). The whole region is blind then; the events that were found
                are parents all the same.
        """
        start = region.day_start(period.first)
        end = region.day_start(period.last + np.timedelta64(1, "D"))
        first = start - np.timedelta64(round(history_days * US_PER_DAY), "us")
        events = catalog.between(first, end).above(m0)
        x, y = region.projection.forward(events.latitude, events.longitude)
        west, east, south, north = box(region)
        inside = (x >= west) & (x < east) & (y >= south) & (y < north)
        events, x, y = events[inside], x[inside], y[inside]
        t = (events.time - start).astype(np.int64) / US_PER_DAY
        length = float((end - start).astype(np.int64) / US_PER_DAY)
        low, high = np.zeros(1), np.array([length])
        if blind:
            low, high = observed_windows(t, events.magnitude, m0, length)
        where = np.searchsorted(low, t, "right") - 1
        # An event that ends a window by hiding what follows was itself seen.
        target = np.flatnonzero((where >= 0) & (t <= high[np.maximum(where, 0)]))
        if len(target) < 50:
            raise InputError(
                f"at least 50 events of M >= {m0:g} in {period}", f"{len(target)}", "take a longer period or a lower m0"
            )
        return cls(region, m0, t, x, y, events.magnitude - m0, low, high, target)


def observed_windows(t_days, magnitude, m0: float, length_days: float) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the stretches of [0, length) in which events of m0 are not hidden by a larger one before them.

    An event of magnitude M hides m0 for 10^((M - m0 - 4.5) / 0.75) days: one day for M 7 and m0 2.5.

    >>> [side.tolist() for side in observed_windows([10.0], [7.0], 2.5, 30.0)]
    [[0.0, 11.0], [10.0, 30.0]]
    """
    t_days = np.asarray(t_days, dtype=np.float64)
    hidden = 10.0 ** ((np.asarray(magnitude, dtype=np.float64) - m0 - DROP) / SLOPE)
    starts = t_days[hidden > SHORTEST_GAP_DAYS]
    ends = np.maximum.accumulate(starts + hidden[hidden > SHORTEST_GAP_DAYS]) if len(starts) else starts
    # A gap goes on while the next one starts before all earlier ones have ended.
    new = np.append(True, starts[1:] > ends[:-1]) if len(starts) else np.zeros(0, bool)
    gap_start, gap_end = starts[new], ends[np.append(new[1:], True)] if len(starts) else ends
    low, high = np.append(0.0, gap_end), np.append(gap_start, length_days)
    low, high = np.maximum(low, 0.0), np.minimum(high, length_days)
    some = high > low
    return low[some], high[some]


def padded(grid: Grid, padding_km: float) -> Grid:
    """The grid with as many more cells on every side as fit into the padding.

    >>> padded(Grid.local(35, 135, rows=4, columns=2, cell_km=10), 25.0)
    Grid(8 rows x 6 columns of 10 x 10 km, origin 35, 135)
    """
    from dataclasses import replace

    if grid.projection.unit != "km":
        raise InputError("a grid in km", f"one in {grid.projection.unit}", "make the region's grid with Grid.local")
    across, along = int(padding_km // grid.cell_x), int(padding_km // grid.cell_y)
    return replace(
        grid,
        x0=grid.x0 - across * grid.cell_x,
        y0=grid.y0 - along * grid.cell_y,
        rows=grid.rows + 2 * along,
        columns=grid.columns + 2 * across,
    )
