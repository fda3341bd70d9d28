"""Picture of the magnitudes: predicted against true by event, and residuals by magnitude and distance."""

from __future__ import annotations

from pathlib import Path

from ...datasets.pictures import save_figure
from .table import Table


def plot_table(table: Table, path: Path):
    """A panel a data set with the forest's event medians, then the residuals; returns the Figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    forests = [row for row in table.rows if row.model == "forest"]
    figure = Figure(figsize=(4.2 * (len(forests) + 2), 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(forests) + 2)
    for axes, row in zip(panels, forests, strict=False):
        ends = [min(row.magnitude.min(), row.predicted.min()), max(row.magnitude.max(), row.predicted.max())]
        axes.plot(ends, ends, color="0.4", linewidth=1)
        axes.plot(row.magnitude, row.predicted, ".", color="#4477aa", markersize=4, alpha=0.6)
        axes.set(xlabel="true magnitude", ylabel="predicted, median of the event's records", aspect="equal")
        axes.set_title(f"{row.data}\nevent R2 {row.scores['event R2'].value:.2f}", fontsize=10)
    for axes, by, unit in zip(panels[-2:], ("magnitude", "distance_km"), ("", " (km)"), strict=True):
        bins = [b for b in table.residuals if b.by == by]
        middle = [(b.low + b.high) / 2 for b in bins]
        errors = [[b.bias.value - b.bias.low for b in bins], [b.bias.high - b.bias.value for b in bins]]
        axes.errorbar(middle, [b.bias.value for b in bins], errors, fmt="o", color="#ee6677", label="bias")
        axes.plot(middle, [b.MAE.value for b in bins], "s--", color="#228833", label="mean absolute error")
        axes.axhline(0, color="0.4", linewidth=1)
        axes.set(xlabel=by.removesuffix("_km") + unit, ylabel="predicted less true", title="simulated, by record")
        axes.legend(fontsize=8, frameon=False)
    save_figure(figure, path)
    return figure
