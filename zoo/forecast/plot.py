"""The picture of a forecast: probability on a map with coastlines and the events seen last."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from ...datasets.coastline import coastline
from ...datasets.pictures import save_figure

if TYPE_CHECKING:
    from .forecast import Forecast


def plot_forecast(forecast: Forecast, path: str | os.PathLike | None = None):
    """Draw the probability of each cell on a logarithmic colour scale; returns the Figure."""
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    grid = forecast.grid
    corner_latitude, corner_longitude = grid.points(np.arange(grid.rows + 1)[:, None], np.arange(grid.columns + 1))
    centre = grid.projection.longitude0
    # Longitudes run on from the grid's own middle, so that a map over the date line does not tear.
    corner_longitude = centre + (corner_longitude - centre + 180.0) % 360.0 - 180.0
    south, north = corner_latitude.min(), corner_latitude.max()
    west, east = corner_longitude.min(), corner_longitude.max()

    aspect = 1 / np.cos(np.radians((south + north) / 2))
    width = 7.0
    figure = Figure(figsize=(width + 1.5, np.clip(width * (north - south) / (east - west) * aspect, 3.5, 9) + 1.2))
    axes = figure.add_subplot(facecolor="white")
    highest = max(forecast.probability.max(), 1e-12)
    lowest = max(forecast.probability.min(), highest * 1e-5, 1e-12)
    mesh = axes.pcolormesh(
        corner_longitude,
        corner_latitude,
        np.maximum(forecast.probability, lowest),
        norm=LogNorm(lowest, max(highest, lowest * 10)),
        cmap="YlOrRd",
        rasterized=True,
    )
    for line in coastline(south, north, (west + 180) % 360 - 180, (east + 180) % 360 - 180):
        longitude = centre + (line[:, 0] - centre + 180.0) % 360.0 - 180.0
        axes.plot(longitude, line[:, 1], color="black", linewidth=0.7)
    if forecast.recent is not None and len(forecast.recent):
        seen = forecast.recent
        longitude = centre + (seen.longitude - centre + 180.0) % 360.0 - 180.0
        first, last = seen.time[0].astype("datetime64[D]"), seen.time[-1].astype("datetime64[D]")
        axes.scatter(
            longitude,
            seen.latitude,
            s=4 + 2.0 ** np.clip(2 * (seen.magnitude - forecast.magnitude) + 2, 0, 8),
            facecolors="none",
            edgecolors="navy",
            linewidths=0.8,
            label=f"events from {first} to {last}, larger circles larger magnitudes",
        )
        axes.legend(loc="upper left", fontsize=8, framealpha=0.9)
    axes.set(xlim=(west, east), ylim=(south, north), xlabel="longitude (degrees east)", ylabel="latitude (degrees)")
    axes.set_aspect(aspect)
    first, end = forecast.period
    axes.set_title(
        f"{forecast.model}: M ≥ {forecast.magnitude:g} from {first} to before {end}\n"
        f"issued for {forecast.day}, expected events {forecast.rate.sum():.2g}",
        fontsize=10,
    )
    figure.colorbar(mesh, ax=axes, label="probability in the cell", shrink=0.8)
    if path is not None:
        save_figure(figure, path)
    return figure
