"""Picture of an audit: every row's score with its interval, between chance and the model's own."""

from __future__ import annotations

import os

from ...datasets.pictures import save_figure
from ...training.audit.audit import Audit

COLOURS = {"clear": "#2a7f62", "suspicious": "#d98e04", "convicted": "#b3261e", "for information": "#6b7280"}


def plot_audit(audit: Audit, path: str | os.PathLike | None = None):
    """Draw the rows from top to bottom; returns the Figure, saved where a path is given."""
    from matplotlib.figure import Figure

    rows = audit.rows
    figure = Figure(figsize=(9, 1.4 + 0.27 * len(rows)))
    axes = figure.add_subplot()
    whole = rows[0]
    axes.axvspan(whole.low, whole.high, color="#dbe4f0", zorder=0)
    axes.axvline(audit.chance, color="black", linewidth=1, linestyle=":")
    for height, row in enumerate(rows):
        colour = COLOURS[row.verdict]
        axes.plot([row.low, row.high], [height, height], color=colour, linewidth=2)
        axes.plot(row.value, height, "o", color=colour, markersize=5)
    axes.set_yticks(range(len(rows)), [row.control for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel(f"{whole.score}, 95 % interval over events; dotted: chance, band: the model on whole records")
    axes.set_title(f"{audit.name}: {audit.verdict.verdict}", loc="left", fontsize=11)
    handles = [axes.plot([], [], "o", color=colour, label=name)[0] for name, colour in COLOURS.items()]
    figure.legend(handles=handles, fontsize=8, ncol=4, loc="upper right", frameon=False)
    if path is not None:
        save_figure(figure, path)
    return figure
