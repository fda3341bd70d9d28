"""Pictures of many explained records: class means, their difference, profiles, and means through the cycle."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...datasets.pictures import save_figure
from ...datasets.record import COMPONENTS
from ...zoo.explain.background import read_background
from ...zoo.explain.record_picture import COLOURS, symmetric_limit
from ...zoo.explain.waveforms import attribution, automatic, graph_of
from ...zoo.model import Model
from ...zoo.waveform.plot import bin_edges
from .cases import Cases, simulated_cases
from .checks import cause_mask, class_pointing
from .mean_maps import MeanMap, class_mean, profile

CLASS_COLOURS = ("tab:blue", "tab:red")
WEEKS, LEAST_RECORDS = 4, 4
TIME_LIMIT_S = 600.0


def draw_classes(model: Model, each: int, folder: Path, seed: int = 0) -> list[Path]:
    """Explain so many simulated records a class by the model's automatic method and draw them; the pictures' paths."""
    graph = graph_of(model, 1, None)
    method, background = automatic(graph), read_background(model)
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for split, pictures in (
        ("test", {"class-means": plot_class_means, "difference": plot_difference, "profiles": plot_profiles}),
        (None, {"through-the-cycle": plot_cycle}),
    ):
        cases = simulated_cases(model, each, seed, split)
        found, _, _ = attribution(model, graph, method, cases.waveform, background, seed, 0.05, TIME_LIMIT_S)
        total = found.base_value + found.values.reshape(len(cases), -1).sum(axis=1, dtype=np.float64)
        error = np.median(np.abs(total - found.output)) / found.output_range
        note = (
            f"{model.card.name}, {method}, {found.seconds:.1f} s for {len(cases)} SIMULATED records of the "
            f"{'test' if split else 'whole cycle'}; median additivity error {error:.1%} of {found.output_range:.3g}"
        )
        axes = graph.frequencies_hz, graph.times_s - cases.p_s
        notes = dict.fromkeys(pictures, note)
        notes["difference"] = f"{note}\n{pointing_text(found.values, cases, axes)}"
        for name, draw in pictures.items():
            figure = draw(found.values, cases, axes, tuple(model.card.classes), notes[name])
            save_figure(figure, folder / f"{name}.png", 100)
            drawn.append(folder / f"{name}.png")
    return drawn


def pointing_text(values, cases: Cases, axes) -> str:
    """How much of the classes' difference lies where the cause was planted, with its interval."""
    mask = cause_mask(*axes, cases.band_hz, cases.after_p)
    value, low, high = class_pointing(values, cases.label, mask)
    return (
        f"share of |difference| in the planted band and window over its share of the area: {value:.2f} "
        f"[{low:.2f}, {high:.2f}]; chance 1, all of it {1 / mask.mean():.2f}"
    )


def plot_class_means(values, cases: Cases, axes, classes, note: str):
    """Mean maps of both classes, one column a component, with a histogram of the S arrivals over each."""
    means = [class_mean(values, cases.label == number, cases.event) for number in range(len(classes))]
    figure, panels = _panels(len(classes))
    limit = symmetric_limit(np.stack([m.mean for m in means]))
    for i, (name, found) in enumerate(zip(classes, means, strict=True)):
        chosen = cases.label == i
        mesh = _maps(panels[i], found, axes, limit)
        panels[i, 0].set_ylabel(f"{name}s\n{chosen.sum()} records, {found.events} events\nfrequency (Hz)")
        for panel in panels[i]:
            _s_histogram(panel, cases.s_from_p_s[chosen], axes[1], last=panel is panels[i, -1])
    _finish(figure, panels, mesh, classes, f"mean SHAP maps by class\n{note}")
    return figure


def plot_difference(values, cases: Cases, axes, classes, note: str):
    """Mean map of the last class less that of the first."""
    first, last = (class_mean(values, cases.label == number, cases.event) for number in (0, len(classes) - 1))
    error = np.hypot(first.standard_error, last.standard_error)
    found = MeanMap(last.mean - first.mean, error, first.events + last.events)
    figure, panels = _panels(1)
    mesh = _maps(panels[0], found, axes, symmetric_limit(found.mean))
    panels[0, 0].set_ylabel("frequency (Hz)")
    for panel in panels[0]:
        _p_line(panel)
    title = f"mean map of {classes[-1]}s less that of {classes[0]}s\n{note}"
    _finish(figure, panels, mesh, classes, title)
    return figure


def plot_profiles(values, cases: Cases, axes, classes, note: str):
    """SHAP by frequency and by time, signed and absolute, with 95 % intervals over events."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 7.0), layout="constrained")
    panels = figure.subplots(2, 2)
    for row, (part, label) in enumerate(((values, "SHAP value"), (np.abs(values), "|SHAP value|"))):
        for column, (kept, x, what) in enumerate(((1, axes[0], "frequency (Hz)"), (2, axes[1], "time from P (s)"))):
            panel = panels[row, column]
            for number, name in enumerate(classes):
                chosen = cases.label == number
                mean, half = profile(part[chosen], kept, cases.event[chosen])
                panel.plot(x, mean, color=CLASS_COLOURS[number % 2], label=f"{name}s")
                panel.fill_between(x, mean - half, mean + half, color=CLASS_COLOURS[number % 2], alpha=0.25, lw=0)
            panel.axhline(0.0, color="0.4", linewidth=0.7)
            panel.set(xlabel=what, ylabel=f"{label} (nats a bin)", xlim=(x[0], x[-1]))
            low, high = cases.band_hz if kept == 1 else (0.0 if cases.after_p else axes[1][0], axes[1][-1])
            panel.axvspan(low, high, color="gold", alpha=0.15, label="planted cause")
            if kept == 2:
                _p_line(panel)
    panels[0, 0].legend(fontsize=8)
    figure.suptitle(f"profiles, mean over the other axes with 95 % intervals of events\n{note}", fontsize=10)
    return figure


def plot_cycle(values, cases: Cases, axes, classes, note: str):
    """Mean SHAP by frequency, and by time from P, through the weeks of the cycle."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 8.0), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True, height_ratios=(2, 2, 0.7))
    week = cases.days_from_mainshock / 7
    first, end = np.floor(week.min() / WEEKS) * WEEKS, np.ceil(week.max() / WEEKS) * WEEKS
    edges = np.arange(first, end + WEEKS, WEEKS)
    place = np.searchsorted(edges, week, "right") - 1
    count = np.bincount(place, minlength=len(edges) - 1)
    for panel, kept, y, what in ((panels[0], 1, axes[0], "frequency (Hz)"), (panels[1], 2, axes[1], "time from P (s)")):
        other = tuple(axis for axis in (1, 2, 3) if axis != kept)
        each = values.mean(axis=other)
        sums = np.stack([np.bincount(place, column, len(count)) for column in each.T])
        mean = np.ma.masked_where(np.broadcast_to(count < LEAST_RECORDS, sums.shape), sums / np.maximum(count, 1))
        limit = symmetric_limit(mean.filled(0.0), 99.0)
        y_edges = np.maximum(bin_edges(y), 0.0) if kept == 1 else bin_edges(y)
        mesh = panel.pcolormesh(edges, y_edges, mean, vmin=-limit, vmax=limit, cmap=COLOURS, rasterized=True)
        panel.set_facecolor("0.85")
        panel.set_ylabel(what)
        figure.colorbar(mesh, ax=panel, label=_bar_label(classes), extend="both", pad=0.01)
    panels[0].set_ylim(0.0, axes[0][-1])
    panels[1].axhline(0.0, color="tab:red", linewidth=1.2, label="P")
    panels[1].legend(loc="upper right", fontsize=8)
    panels[2].bar(edges[:-1], count, width=WEEKS, align="edge", color="0.5", edgecolor="white")
    panels[2].set(
        ylabel="records", xlabel=f"weeks from the mainshock (bins of {WEEKS}); grey: fewer than {LEAST_RECORDS} records"
    )
    for panel in panels:
        panel.axvline(0.0, color="black", linewidth=1.5, linestyle=":")
    figure.suptitle(f"mean SHAP values through the cycle; dotted: the mainshock\n{note}", fontsize=10)
    return figure


def _panels(rows: int):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.0, 1.6 + 3.2 * rows), layout="constrained")
    return figure, figure.subplots(rows, 3, sharex=True, sharey=True, squeeze=False)


def _maps(panels, found: MeanMap, axes, limit: float):
    frequencies_hz, times_s = axes
    for panel, letter, i in zip(panels, COMPONENTS, range(3), strict=True):
        mesh = panel.pcolormesh(
            bin_edges(times_s),
            np.maximum(bin_edges(frequencies_hz), 0.0),
            found.known()[:, :, i],
            vmin=-limit,
            vmax=limit,
            cmap=COLOURS,
            rasterized=True,
        )
        panel.set(xlim=bin_edges(times_s)[[0, -1]], ylim=(0.0, frequencies_hz[-1]))
        panel.set_title(f"component {letter}", fontsize=10)
    return mesh


def _s_histogram(panel, s_from_p_s, times_s, last: bool) -> None:
    """How many of the records have S in each second, on an axis of its own at the right."""
    _p_line(panel)
    twin = panel.twinx()
    bins = np.arange(0.0, times_s[-1] + 1.0, 1.0)
    twin.hist(s_from_p_s, bins, histtype="step", color="tab:green", linewidth=1.2)
    top = max(twin.get_ylim()[1], 1.0)
    twin.set_ylim(0, 3 * top)
    if last:
        twin.set_ylabel("S arrivals (records a second)", color="tab:green", fontsize=8)
        twin.tick_params(axis="y", colors="tab:green", labelsize=8)
    else:
        twin.set_yticks([])


def _p_line(panel) -> None:
    panel.axvline(0.0, color="tab:red", linewidth=1.2)


def _bar_label(classes) -> str:
    return f"SHAP value (nats a bin)\n+ {classes[-1]}, − {classes[0]}"


def _finish(figure, panels, mesh, classes, title: str) -> None:
    for panel in panels[-1]:
        panel.set_xlabel("time from P (s); red line: P")
    figure.colorbar(mesh, ax=panels, label=_bar_label(classes), extend="both", pad=0.01, aspect=30)
    figure.suptitle(title, fontsize=10)
    figure.supxlabel("white: less than two standard errors over events from zero", fontsize=8, color="0.3")
