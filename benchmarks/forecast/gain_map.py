"""A map of where a forecast gains information over another."""

from __future__ import annotations

import os

import numpy as np

from ...datasets.coastline import coastline
from ...datasets.grid import Grid
from ...datasets.pictures import save_figure

# Below this many nats a cell is drawn as neutral.
NEUTRAL = 0.1


def plot_gain_map(
    gains: dict[str, np.ndarray],
    grid: Grid,
    counts: np.ndarray,
    reference: str,
    path: str | os.PathLike | None = None,
):
    """Nats gained in each cell over the test period, a panel a model; returns the Figure.

    Arguments:
        gains: (rows, columns) by model; red where the model is better.
        counts: (rows, columns) target events; cells with any are marked.
    """
    from matplotlib.colors import SymLogNorm
    from matplotlib.figure import Figure

    row, column = np.arange(grid.rows + 1)[:, None], np.arange(grid.columns + 1)
    latitude, longitude = grid.points(row, column)
    centre = grid.projection.longitude0
    # Longitudes run on from the grid's own middle, so that a map over the date line does not tear.
    longitude = centre + (longitude - centre + 180.0) % 360.0 - 180.0
    south, north, west, east = latitude.min(), latitude.max(), longitude.min(), longitude.max()
    largest = max(max(np.abs(gain).max() for gain in gains.values()), 10 * NEUTRAL)
    figure = Figure(figsize=(4.6 * len(gains) + 1.0, 5.2))
    panels = figure.subplots(1, len(gains), squeeze=False, sharey=True)[0]
    hit_row, hit_column = np.nonzero(counts)
    hit_latitude, hit_longitude = grid.points(hit_row + 0.5, hit_column + 0.5)
    hit_longitude = centre + (hit_longitude - centre + 180.0) % 360.0 - 180.0
    for axes, (name, gain) in zip(panels, gains.items(), strict=True):
        mesh = axes.pcolormesh(
            longitude,
            latitude,
            gain,
            norm=SymLogNorm(NEUTRAL, vmin=-largest, vmax=largest),
            cmap="RdBu_r",
            rasterized=True,
        )
        for line in coastline(south, north, (west + 180) % 360 - 180, (east + 180) % 360 - 180):
            axes.plot(centre + (line[:, 0] - centre + 180.0) % 360.0 - 180.0, line[:, 1], color="0.3", linewidth=0.6)
        axes.scatter(hit_longitude, hit_latitude, s=4, color="black", linewidths=0, label="cells hit")
        axes.set(xlim=(west, east), ylim=(south, north), title=f"{name}: {gain.sum():+.0f} nats")
        axes.set(xlabel="longitude (degrees east)", aspect=1 / np.cos(np.radians((south + north) / 2)))
    panels[0].set_ylabel("latitude (degrees)")
    panels[0].legend(loc="upper left", fontsize=8)
    bar = figure.colorbar(mesh, ax=panels.tolist(), shrink=0.8)
    bar.set_label(f"nats gained over {reference} (red: better)")
    if path is not None:
        save_figure(figure, path)
    return figure
