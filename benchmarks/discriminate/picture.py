"""Picture of the table: event-level macro F1 by region and regime, and the learning curves."""

from __future__ import annotations

from pathlib import Path

from ...datasets.pictures import save_figure
from .table import GAIN, Table

SCORE = "event macro F1"
COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377")


def plot_table(table: Table, path: Path):
    """Two rows: a panel a region with every system, and its learning curve where it has one; returns the Figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    regions = list(dict.fromkeys(row.region for row in table.rows))
    figure = Figure(figsize=(4.4 * len(regions) + 2.6, 8.4), layout="constrained")
    FigureCanvasAgg(figure)
    panels, first = figure.subplots(2, len(regions), squeeze=False, height_ratios=(2, 1)), []
    for column, region in enumerate(regions):
        _bars(panels[0, column], [r for r in table.rows if r.region == region and _has_bar(r)], region)
        _curves(panels[1, column], [r for r in table.rows if r.region == region and "curve" in r.regime])
        # The names of the rows stand once where they are the same.
        names = [label.get_text() for label in panels[0, column].get_yticklabels()]
        if column and names == first:
            panels[0, column].set_yticklabels([])
        first = names if not column else first
    figure.suptitle(f"{table.about['title']}: {SCORE}, 95 % intervals from whole events", fontsize=11)
    save_figure(figure, path)
    return figure


def _has_bar(row) -> bool:
    return row.regime != GAIN and "curve" not in row.regime


def _bars(axes, rows, region: str) -> None:
    regimes = list(dict.fromkeys(row.regime for row in rows))
    for place, row in enumerate(rows):
        found = row.scores[SCORE]
        colour = COLOURS[regimes.index(row.regime) % len(COLOURS)]
        axes.plot([found.low, found.high], [place, place], color=colour, linewidth=1.5)
        axes.plot(found.value, place, "o", color=colour, markersize=5)
    axes.set_yticks(range(len(rows)), [f"{row.regime}: {row.system}" for row in rows], fontsize=7)
    axes.set(xlim=(0.2, 1.02), ylim=(len(rows) - 0.5, -0.5), title=region)
    axes.set_xlabel(SCORE, fontsize=9)
    axes.grid(axis="x", alpha=0.3)


def _curves(axes, rows) -> None:
    if not rows:
        axes.set_axis_off()
        return
    for colour, name in zip(COLOURS, dict.fromkeys((row.regime, row.system) for row in rows), strict=False):
        line = sorted((r for r in rows if (r.regime, r.system) == name), key=lambda row: row.target_events)
        found = [row.scores[SCORE] for row in line]
        events = [row.target_events for row in line]
        label = name[0].removeprefix("curve, ")
        axes.plot(events, [f.value for f in found], "o-", color=colour, label=label, markersize=4)
        axes.fill_between(events, [f.low for f in found], [f.high for f in found], color=colour, alpha=0.12)
    axes.set(xscale="log", ylim=(0.2, 1.02), xlabel="events of the region to learn from")
    axes.minorticks_off()
    sizes = sorted({row.target_events for row in rows})
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_ylabel(SCORE, fontsize=9)
    axes.legend(fontsize=7, frameon=False)
    axes.grid(alpha=0.3)
