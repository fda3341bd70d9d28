"""Past events as players: groups of cells by days, small near the cell that is asked about and larger away from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Ages in days at which groups part: yesterday, the week, the month, the year, and all before.
AGE_EDGES = (0.0, 1.0, 7.0, 30.0, 365.0, np.inf)
AGE_NAMES = ("last day", "2 to 7 days", "8 to 30 days", "31 to 365 days", "older")


@dataclass(frozen=True)
class EventGroups:
    """Which group each event belongs to.

    Arguments:
        row_edges, column_edges: borders of the tiles in cells of the grid, ascending.
        player: (events,) number of the event's group among those that hold events.
        tile: (players, 3) row and column of the tile and number of the age.
        size: (players,) events in it.
    """

    row_edges: np.ndarray
    column_edges: np.ndarray
    player: np.ndarray
    tile: np.ndarray
    size: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows and columns of tiles, and ages."""
        return len(self.row_edges) - 1, len(self.column_edges) - 1, len(AGE_NAMES)

    def on_tiles(self, values: np.ndarray) -> np.ndarray:
        """A value a player -> (rows, columns, ages), 0 where nothing happened."""
        maps = np.zeros(self.shape)
        maps[tuple(self.tile.T)] = values
        return maps

    @property
    def players(self) -> int:
        """Groups that hold events."""
        return len(self.tile)


def edges_around(cell: int, cells: int, growth: float = 2.0) -> np.ndarray:
    """Borders of tiles: the cell itself, then tiles that grow by a factor away from it, to the ends of the grid.

    >>> edges_around(4, 20).tolist()
    [0, 1, 3, 4, 5, 6, 8, 12, 20]
    """
    edges, width, at = {0, cells}, 1.0, 0.0
    while at < cells:
        edges |= {cell - round(at), cell + 1 + round(at)}
        at += width
        width *= growth
    return np.array(sorted(edge for edge in edges if 0 <= edge <= cells))


def grouped(row, column, age_days, cell: tuple[int, int], shape: tuple[int, int], growth: float = 2.0) -> EventGroups:
    """Groups of events by tile and age; an event beside the grid belongs to the nearest tile.

    Arguments:
        row, column: (events,) cells of the grid, also beyond its ends. age_days: (events,) before the day of issue.
        cell: row and column that is asked about. shape: of the grid. growth: of the tiles away from the cell.

    >>> groups = grouped([4, 4, -3], [4, 4, 0], [0.5, 0.7, 400.0], (4, 4), (20, 20))
    >>> groups.player.tolist(), groups.size.tolist()
    ([1, 1, 0], [1, 2])
    """
    borders = [edges_around(c, n, growth) for c, n in zip(cell, shape, strict=True)]
    place = [
        np.clip(np.searchsorted(edges, np.asarray(index), "right") - 1, 0, len(edges) - 2)
        for edges, index in zip(borders, (row, column), strict=True)
    ]
    age = np.clip(np.searchsorted(AGE_EDGES, np.asarray(age_days), "left") - 1, 0, len(AGE_NAMES) - 1)
    tile = np.stack([*place, age], axis=1)
    known, player, size = np.unique(tile, axis=0, return_inverse=True, return_counts=True)
    return EventGroups(*borders, player.reshape(-1), known, size)
