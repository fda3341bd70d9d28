"""The map of what past seismicity raised or lowered in a cell's forecast."""

from __future__ import annotations

import numpy as np

from ...datasets.coastline import coastline
from .explanation import Explanation
from .record_picture import COLOURS, footer

NEAR_CELLS = 15
"""Half the width of the closer map, in cells of the grid."""


def plot_map(explanation: Explanation, case: int = 0):
    """Tiles coloured by what their past events did to the log rate of the cell: the region, closer, and by age."""
    from matplotlib.figure import Figure

    values, details = explanation.values[case], explanation.details
    total = values.sum(axis=-1)
    limit = float(np.abs(total).max()) or 1.0
    figure = Figure(figsize=(15.5, 6.4), layout="constrained")
    whole, near, ages = figure.subplots(1, 3, width_ratios=(1.25, 1.25, 0.8))
    counted = explanation.inputs[case].sum(axis=-1) > 0
    known = np.abs(total) >= 2 * np.sqrt((details["standard_error"] ** 2).sum(axis=-1))
    shown = np.ma.masked_where(~counted, np.where(known, total, 0.0))
    grid, (row, column) = details["grid"], details["row_column"]
    everything = (0, grid.rows, 0, grid.columns)
    around = (
        max(row - NEAR_CELLS, 0),
        min(row + 1 + NEAR_CELLS, grid.rows),
        max(column - NEAR_CELLS, 0),
        min(column + 1 + NEAR_CELLS, grid.columns),
    )
    for axes, box, lines in ((whole, everything, "none"), (near, around, "0.75")):
        mesh = _map(axes, details, shown, limit, box, lines)
    whole.legend(loc="upper left", fontsize=7, framealpha=0.9)
    whole.set_title("the whole region (grey: no events)", fontsize=10)
    near.set_title("around the cell; tiles grow away from it\n(white: below two standard errors)", fontsize=10)
    bar = figure.colorbar(mesh, ax=[whole, near], shrink=0.8, pad=0.01, aspect=30)
    bar.set_label("SHAP value of a tile's past events (nats of log rate)\nred raised, blue lowered")
    ticks = limit * np.array([-1, -0.3, -0.1, -0.03, 0, 0.03, 0.1, 0.3, 1])
    bar.set_ticks(ticks, labels=[f"{tick:+.2g}" if tick else "0" for tick in ticks])
    bar.ax.minorticks_off()
    _ages(ages, explanation, case)
    base, output = explanation.base_value[case], explanation.output[case]
    figure.suptitle(
        f"{explanation.model}: {explanation.target}\nforecast of {details['day']}: rate {np.exp(output):.3g} "
        f"(probability {details['probability']:.3g}), {np.exp(output - base):,.3g} times that without past events",
        fontsize=11,
    )
    figure.supxlabel(footer(explanation), fontsize=8, color="0.3")
    return figure


def _map(axes, details: dict, shown, limit: float, box: tuple[int, int, int, int], lines: str):
    """One map of the part of the grid in `box`, (first row, row after the last, first column, ...)."""
    grid, recent, (latitude, longitude) = details["grid"], details["recent"], details["cell"]
    centre = grid.projection.longitude0

    def run_on(degrees):
        return centre + (degrees - centre + 180.0) % 360.0 - 180.0

    corner_latitude, corner_longitude = grid.points(details["row_edges"][:, None], details["column_edges"][None, :])
    mesh = axes.pcolormesh(
        run_on(corner_longitude),
        corner_latitude,
        shown,
        norm=_norm(limit),
        cmap=COLOURS,
        edgecolors=lines,
        linewidth=0.3,
    )
    axes.set_facecolor("0.9")
    edge_latitude, edge_longitude = grid.points(np.array(box[:2])[:, None], np.array(box[2:])[None, :])
    edge_longitude = run_on(edge_longitude)
    south, north, west, east = edge_latitude.min(), edge_latitude.max(), edge_longitude.min(), edge_longitude.max()
    for line in coastline(south, north, (west + 180) % 360 - 180, (east + 180) % 360 - 180):
        axes.plot(run_on(line[:, 0]), line[:, 1], color="black", linewidth=0.7)
    if len(recent):
        first, last = (str(moment)[:10] for moment in recent.time[[0, -1]])
        axes.scatter(
            run_on(recent.longitude),
            recent.latitude,
            s=2.0 + 2.0 ** np.clip(2 * (recent.magnitude - recent.magnitude.min()), 0, 8),
            facecolors="none",
            edgecolors="0.25",
            linewidths=0.5,
            label=f"events {first} to {last}, larger circles larger magnitudes",
        )
    star = {"marker": "*", "s": 130, "color": "gold", "edgecolor": "black", "zorder": 5}
    axes.scatter(run_on(np.array([longitude])), [latitude], label="the cell that is explained", **star)
    axes.set(xlim=(west, east), ylim=(south, north), xlabel="longitude (degrees east)", ylabel="latitude (degrees)")
    axes.set_aspect(1 / np.cos(np.radians((south + north) / 2)))
    return mesh


def _ages(axes, explanation: Explanation, case: int) -> None:
    """Sums of the values by the age of the events, with their counts."""
    names = [str(name) for name in explanation.axis("days before")]
    by_age = explanation.values[case].sum(axis=(0, 1))
    counts = explanation.inputs[case].sum(axis=(0, 1))
    place = np.arange(len(names))
    axes.barh(place, by_age, color=np.where(by_age >= 0, "tab:red", "tab:blue"))
    axes.axvline(0.0, color="0.3", linewidth=0.8)
    what = explanation.details["counted"]
    labels = [f"{name}\n{int(count)} {what}" for name, count in zip(names, counts, strict=True)]
    axes.set_yticks(place, labels, fontsize=9)
    axes.invert_yaxis()
    span = 1.15 * np.abs(by_age).max() or 1.0
    axes.set(xlim=(-span, span), xlabel="SHAP value (nats of log rate)")
    axes.set_title("by age of the events", fontsize=10)


def _norm(limit: float):
    """Symmetric, linear near zero and logarithmic beyond: the cell's own past outweighs the rest by far."""
    from matplotlib.colors import SymLogNorm

    return SymLogNorm(linthresh=limit / 100, linscale=0.5, vmin=-limit, vmax=limit, base=10)
