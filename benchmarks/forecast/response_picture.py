"""The picture of responses: a panel a forecaster, its curves beside those of ETAS."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...datasets.pictures import save_figure
from .response import AGES_DAYS, Response

COLUMNS = 3


def plot_responses(responses: list[Response], magnitude: float, path: Path | None = None):
    """Ratio against distance, a colour an age, ETAS dashed; returns the matplotlib Figure."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    columns = min(COLUMNS, len(responses))
    rows = -(-len(responses) // columns)
    figure = Figure(figsize=(4.2 * columns + 0.6, 3.3 * rows + 0.9), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    colours = colormaps["viridis"](np.linspace(0.0, 0.85, len(AGES_DAYS)))
    for axes, response in zip(panels.flat, responses, strict=False):
        for colour, ours, etas in zip(colours, response.ratio, response.etas, strict=True):
            axes.plot(response.distance_km, etas, "--", color=colour, linewidth=1.2)
            axes.plot(response.distance_km, ours, "-", color=colour, linewidth=1.8)
        a, b = response.window_days
        axes.axhline(1.0, color="grey", linewidth=0.6)
        axes.set(xscale="log", yscale="log")
        axes.set_title(f"{response.name}\nM ≥ {response.magnitude:g} in days {a} to {b}", fontsize=9)
        axes.set_xlabel("km from the circle's centre" if response.of_circle else "km from the earthquake", fontsize=8)
        axes.tick_params(labelsize=8, which="both")
    for axes in list(panels.flat)[len(responses) :]:
        axes.set_axis_off()
    for axes in panels[:, 0]:
        axes.set_ylabel("expected events,\nwith over without", fontsize=8)
    handles = [Line2D([], [], color=c, label=f"{age} d after") for c, age in zip(colours, AGES_DAYS, strict=True)]
    handles += [Line2D([], [], color="black", label="model"), Line2D([], [], color="black", ls="--", label="ETAS")]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8)
    figure.suptitle(f"Response of the forecast to one M {magnitude:g}, planted alone in quiet years", fontsize=11)
    if path is not None:
        save_figure(figure, path)
    return figure
