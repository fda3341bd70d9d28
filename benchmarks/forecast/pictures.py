"""The forecast benchmark's pictures: curves of all models, gain through time, and maps of gain."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...training.forecast.case import ForecastCase
from ...training.forecast.court import Court, Judged
from ...training.scores.probabilities import reliability
from ...training.scores.ranking import Ranking
from .gain_map import plot_gain_map
from .molchan import alarm_ranking
from .plots import plot_gain, plot_molchan, plot_pr, plot_reliability, plot_roc

REFERENCE = "smoothed"
# Days after the largest target event that count as its sequence.
SEQUENCE_DAYS = 180
# Maps are drawn of so many models, those of the largest gain.
MOST_MAPS = 3
BINS = 12


def draw_all(case: ForecastCase, court: Court, forecasts: dict[str, Judged], folder: Path) -> list[str]:
    """Write roc, pr, molchan, reliability, gain and gain-map as PNG into a folder; returns their paths."""
    rankings = {name: Ranking.of(forecast.rate, court.label) for name, forecast in forecasts.items()}
    paths = {name: folder / f"{name}.png" for name in ("roc", "pr", "molchan", "reliability", "gain", "gain-map")}
    plot_roc(rankings, paths["roc"])
    plot_pr(rankings, paths["pr"])
    alarms = {name: alarm_ranking(forecast.rate, court.counts) for name, forecast in forecasts.items()}
    plot_molchan(alarms, paths["molchan"], "cell-days")
    diagrams = {
        name: reliability(forecast.probability, court.label, BINS, equal="expected")
        for name, forecast in forecasts.items()
    }
    plot_reliability(diagrams, paths["reliability"])

    reference = forecasts[REFERENCE]
    gains, events = {}, None
    for name, forecast in forecasts.items():
        gains[name], events = court.gain_by_day(forecast, reference)
    plot_gain(court.days, gains, events, REFERENCE, paths["gain"], largest_sequence(case, court))

    moving = [name for name in forecasts if np.ptp(forecasts[name].rate, axis=0).any()] or [REFERENCE]
    best = sorted(moving, key=lambda name: -gains[name].sum())[:MOST_MAPS]
    maps = {name: cell_gain(court, forecasts[name], reference) for name in best}
    plot_gain_map(maps, case.grid, court.counts.sum(axis=0), REFERENCE, paths["gain-map"])
    return [str(path) for path in paths.values()]


def largest_sequence(case: ForecastCase, court: Court) -> tuple[str, str]:
    """First and last day of issue whose window can hold the test period's largest event or its aftershocks."""
    first, end = court.days[0], court.days[-1] + case.protocol.window_days[1]
    events = case.catalog.between(case.grid.day_start(first), case.grid.day_start(end))
    _, _, inside = case.grid.cells(events.latitude, events.longitude)
    events = events[inside]
    day = case.grid.days(events.time[[events.magnitude.argmax()]])[0]
    a, b = case.protocol.window_days
    return str(day - (b - 1)), str(day + SEQUENCE_DAYS - a)


def cell_gain(court: Court, forecast: Judged, over: Judged) -> np.ndarray:
    """Nats gained in each cell over the test period, (rows, columns); their sum is that of `Court.gain_by_day`."""
    total = np.zeros(court.counts.shape[1:])
    for i in range(len(court.days)):
        if court.protocol.likelihood == "bernoulli":
            p, q = (f.probability[i].astype(np.float64) for f in (forecast, over))
            total += np.where(court.label[i], np.log(p) - np.log(q), np.log1p(-p) - np.log1p(-q))
        else:
            r, s = (f.rate[i].astype(np.float64) for f in (forecast, over))
            total += court.counts[i] * (np.log(r) - np.log(s)) - (r - s)
    return total
