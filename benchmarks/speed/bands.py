"""Bands: the part of a map where events are expected, as a few rectangles, and a recurrent step on them alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SHARE, HEIGHT, MARGIN = 0.95, 25, 2


class Band(NamedTuple):
    """A rectangle of cells."""

    row: int
    column: int
    rows: int
    columns: int

    @property
    def cells(self) -> tuple[slice, slice]:
        """Its place in a map."""
        return slice(self.row, self.row + self.rows), slice(self.column, self.column + self.columns)


def active_cells(rate: np.ndarray, share: float = SHARE) -> np.ndarray:
    """The fewest cells in which this share of the events is expected.

    >>> active_cells(np.array([[0.5, 0.3], [0.15, 0.05]]), 0.9).tolist()
    [[True, True], [True, False]]
    """
    falling = np.sort(rate, axis=None)[::-1]
    total = np.cumsum(falling, dtype=np.float64)
    return rate >= falling[np.searchsorted(total, share * total[-1])]


def bands_of(active: np.ndarray, height: int = HEIGHT, margin: int = MARGIN) -> list[Band]:
    """One rectangle for so many rows, from its first active column to its last, and a margin around.

    >>> bands_of(np.eye(4, dtype=bool), height=2, margin=0)
    [Band(row=0, column=0, rows=2, columns=2), Band(row=2, column=2, rows=2, columns=2)]
    """
    rows, columns = active.shape
    bands = []
    for row in range(0, rows, height):
        busy = np.flatnonzero(active[row : row + height].any(axis=0))
        if len(busy):
            top, bottom = max(0, row - margin), min(rows, row + height + margin)
            left, right = max(0, int(busy[0]) - margin), min(columns, int(busy[-1]) + 1 + margin)
            bands.append(Band(top, left, bottom - top, right - left))
    return bands


def share_of_map(bands: list[Band], shape: tuple[int, int]) -> float:
    """Cells of the bands, margins counted as often as they are computed, over those of the map."""
    return sum(band.rows * band.columns for band in bands) / float(np.prod(shape))


def band_model(network, bands: list[Band]):
    """The memory of a `cnn_lstm` on bands, same weights: maps, and h and c of each band -> those of the next day.

    Inputs and outputs are named h0, c0, h1, ...; what lies beyond a band is taken for empty.
    """
    import keras

    _, _, rows, columns, channels = network.get_layer("maps").output.shape
    recurrent = network.get_layer("recurrent")
    maps = keras.Input((1, rows, columns, channels), name="maps")
    inputs, outputs = {"maps": maps}, {}
    for index, band in enumerate(bands):
        state = [keras.Input((band.rows, band.columns, recurrent.hidden), name=f"{name}{index}") for name in "hc"]
        part = maps[:, :, band.cells[0], band.cells[1]]
        embedded = network.get_layer("embedding_2")(network.get_layer("embedding_1")(part))
        _, h, c = recurrent(embedded, *state)
        inputs |= {tensor.name: tensor for tensor in state}
        outputs |= {f"h{index}": h, f"c{index}": c}
    return keras.Model(inputs, outputs)


def empty_state(bands: list[Band], hidden: int) -> dict[str, np.ndarray]:
    """h and c of each band before the first day."""
    return {
        f"{name}{index}": np.zeros((1, band.rows, band.columns, hidden), np.float32)
        for index, band in enumerate(bands)
        for name in "hc"
    }
