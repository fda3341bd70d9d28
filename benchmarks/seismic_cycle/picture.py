"""Picture of the table from station to station."""

from __future__ import annotations

import os

import numpy as np

from ...datasets.pictures import save_figure
from .table import Row


def plot_stations(rows: list[Row], path: str | os.PathLike | None = None):
    """A matrix of accuracies, the training's station down and the test's across; returns the Figure."""
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(row.trained_on for row in rows if row.trained_on != "one"))
    found = {(row.trained_on, row.tested_on): row.interval.value for row in rows}
    matrix = np.array([[found[a, b] for b in names] for a in names])
    figure = Figure(figsize=(1.8 + 0.62 * len(names), 1.4 + 0.5 * len(names)))
    axes = figure.add_subplot()
    image = axes.imshow(matrix, vmin=0.5, vmax=1.0, cmap="viridis", origin="upper")
    for (i, j), value in np.ndenumerate(matrix):
        axes.text(j, i, f"{value:.2f}", ha="center", va="center", color="white" if value < 0.8 else "black", fontsize=8)
    short = [name.split(".")[-1] for name in names]
    axes.set_xticks(range(len(names)), short, fontsize=8)
    axes.set_yticks(range(len(names)), short, fontsize=8)
    axes.set_xlabel("tested on")
    axes.set_ylabel("trained on")
    figure.colorbar(image, label="accuracy by record", shrink=0.8)
    if path is not None:
        save_figure(figure, path)
    return figure
