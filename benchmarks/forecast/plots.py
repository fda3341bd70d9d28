"""Pictures of a benchmark: ROC, precision-recall, Molchan, reliability, cumulative information gain."""

from __future__ import annotations

import os

import numpy as np

from ...datasets.errors import InputError
from ...datasets.pictures import save_figure
from ...training.scores.probabilities import Reliability
from ...training.scores.ranking import Ranking
from .molchan import unskilled_bound

POINTS = 600
LEGEND = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "fontsize": 8, "frameon": False, "alignment": "left"}


def plot_roc(rankings: dict[str, Ranking], path: str | os.PathLike | None = None):
    """Hit rate against false alarm rate, a line a model; returns the Figure."""
    figure, axes = _page(rankings)
    for (name, ranking), style in zip(rankings.items(), _styles(rankings), strict=True):
        axes.plot(*ranking.roc_curve(POINTS), **style, label=f"{name}  {ranking.roc_auc:.3f}")
    axes.plot([0, 1], [0, 1], color="0.35", linewidth=1.2, linestyle=":", label="chance  0.500")
    axes.set(xlim=(0, 1), ylim=(0, 1.005), aspect="equal", title="ROC")
    axes.set(
        xlabel="false alarm rate (share of quiet cell-days alarmed)", ylabel="hit rate (share of positives alarmed)"
    )
    return _finished(figure, axes, "model  area", path)


def plot_pr(rankings: dict[str, Ranking], path: str | os.PathLike | None = None):
    """Precision against recall as steps, precision on a logarithmic scale; returns the Figure."""
    figure, axes = _page(rankings)
    for (name, ranking), style in zip(rankings.items(), _styles(rankings), strict=True):
        recall, precision = ranking.pr_curve(POINTS)
        recall, precision = np.concatenate([[0.0], recall]), np.concatenate([precision[:1], precision])
        axes.step(recall, precision, where="pre", **style, label=f"{name}  {ranking.pr_auc:.4f}")
    first = next(iter(rankings.values()))
    base = first.positives / (first.positives + first.background)
    axes.axhline(base, color="0.35", linewidth=1.2, linestyle=":", label=f"base rate  {base:.4f}")
    axes.set(xlim=(0, 1), yscale="log", ylim=(None, 1.3), title="Precision and recall")
    axes.set(xlabel="recall (share of positives alarmed)", ylabel="precision (share of alarms that are right)")
    return _finished(figure, axes, "model  average precision", path)


def plot_molchan(rankings: dict[str, Ranking], path: str | os.PathLike | None = None, alarmed: str = "space-time"):
    """Share of events missed against the share alarmed, with the bound of chance at 95 %; returns the Figure.

    Arguments:
        rankings: from `molchan.alarm_ranking`, by model.
        alarmed: what the weights count, for the label of the axis.
    """
    figure, axes = _page(rankings)
    for (name, ranking), style in zip(rankings.items(), _styles(rankings), strict=True):
        share, hit = ranking.roc_curve(POINTS)
        axes.plot(share, 1 - hit, **style, label=f"{name}  {ranking.roc_auc:.3f}")
    axes.plot([0, 1], [1, 0], color="0.35", linewidth=1.2, linestyle=":", label="chance  0.500")
    bound = unskilled_bound(round(next(iter(rankings.values())).positives))
    axes.fill_betweenx(bound[1], bound[0], 1 - bound[1], step="post", color="0.6", alpha=0.25, linewidth=0)
    axes.set(xlim=(0, 1), ylim=(0, 1.005), aspect="equal", title="Molchan diagram")
    axes.set(xlabel=f"share of {alarmed} alarmed", ylabel="share of events missed")
    return _finished(figure, axes, "model  area skill\n(grey: within chance, 95 %)", path)


def plot_reliability(diagrams: dict[str, Reliability], path: str | os.PathLike | None = None):
    """Observed frequency against forecast probability on logarithmic scales; returns the Figure.

    A bin without a positive is drawn as a downward arrow at the upper end of its interval.
    """
    figure, axes = _page(diagrams)
    seen = []
    for (name, diagram), style in zip(diagrams.items(), _styles(diagrams), strict=True):
        hit = (diagram.observed > 0) & (diagram.forecast > 0)
        spread = np.stack([diagram.observed - diagram.low, diagram.high - diagram.observed])[:, hit]
        label = f"{name}  {diagram.calibration_error:.2g}"
        axes.errorbar(
            diagram.forecast[hit],
            diagram.observed[hit],
            spread,
            **style,
            marker="o",
            markersize=4,
            capsize=2,
            label=label,
        )
        empty = ~hit & (diagram.forecast > 0)
        axes.plot(diagram.forecast[empty], diagram.high[empty], color=style["color"], marker="v", linestyle="none")
        seen += [diagram.forecast[diagram.forecast > 0], diagram.observed[hit], diagram.high[empty]]
    seen = np.concatenate(seen)
    if not seen.size:
        raise InputError("a forecast above 0", "zeros only", "look at the forecasts")
    ends = seen.min() / 2, min(1.0, seen.max() * 2)
    axes.plot(ends, ends, color="0.35", linewidth=1.2, linestyle=":", label="perfect  0")
    axes.set(xscale="log", yscale="log", xlim=ends, title="Reliability")
    axes.set(xlabel="forecast probability", ylabel="observed frequency (95 % binomial)")
    return _finished(figure, axes, "model  calibration error", path)


def plot_gain(
    days,
    gains: dict[str, np.ndarray],
    events,
    reference: str,
    path: str | os.PathLike | None = None,
    without: tuple[str, str] | None = None,
):
    """Cumulative information gain through time, and below it the same without one sequence; returns the Figure.

    Arguments:
        days: issue days, `datetime64[D]`.
        gains: nats gained over the reference a day (`information.poisson_gain_by_day`), by model; with the
            reference among them, in the order of the other pictures, every model keeps its colour.
        events: events (or positives) a day.
        reference: the name of the reference.
        without: first and last day of the sequence left out of the lower panel.
    """
    from matplotlib.figure import Figure

    days, events = np.asarray(days, dtype="datetime64[D]"), np.asarray(events)
    kept = [np.ones(days.size, dtype=bool)]
    if without is not None:
        first, last = (np.datetime64(day, "D") for day in without)
        kept.append((days < first) | (days > last))
    figure = Figure(figsize=(9.5, 1.0 + 3.2 * len(kept)))
    panels = figure.subplots(len(kept), 1, sharex=True, squeeze=False)[:, 0]
    for axes, chosen in zip(panels, kept, strict=True):
        total = max(events[chosen].sum(), 1)
        for (name, gain), style in zip(gains.items(), _styles(gains), strict=True):
            part = np.where(chosen, gain, 0.0)
            axes.step(days, np.cumsum(part), where="post", **style, label=f"{name}  {part.sum() / total:+.2f}")
        axes.axhline(0, color="0.35", linewidth=1.2, linestyle=":")
        axes.set_ylabel(f"gain over {reference}, nats")
        axes.grid(alpha=0.25)
        axes.legend(title="model  nats an event", **LEGEND)
        axes.set_title(f"{int(events[chosen].sum())} events", fontsize=10)
        if without is not None:
            axes.axvspan(first, last, color="0.6", alpha=0.25, linewidth=0)
    panels[0].set_title(f"Cumulative information gain: all {int(events.sum())} events", fontsize=10)
    if without is not None:
        panels[1].set_title(f"Without {without[0]} to {without[1]}: {int(events[kept[1]].sum())} events", fontsize=10)
    panels[-1].set_xlabel("issue day")
    figure.align_ylabels(panels)
    if path is not None:
        save_figure(figure, path)
    return figure


def _styles(models) -> list[dict]:
    """A colour and a dash a model, in the order given, so that a model looks alike in every picture of a benchmark."""
    from matplotlib import colormaps

    colours = colormaps["tab10"].colors
    dashes = ("-", "--", "-.", ":")
    return [{"color": colours[i % 10], "linestyle": dashes[i // 10 % 4], "linewidth": 1.5} for i in range(len(models))]


def _page(models):
    from matplotlib.figure import Figure

    if not models:
        raise InputError("at least one model to draw", "none", "score a model first")
    figure = Figure(figsize=(6.4, 5.2))
    return figure, figure.add_subplot()


def _finished(figure, axes, legend: str, path):
    axes.grid(alpha=0.25)
    axes.legend(title=legend, **LEGEND)
    if path is not None:
        save_figure(figure, path)
    return figure
