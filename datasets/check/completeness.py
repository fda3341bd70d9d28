"""Magnitude of completeness and b-value of a catalogue, as a whole and through time."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

BIN = 0.1
# Fewer events than this above a magnitude say nothing about a slope.
FEWEST = 50
# Added to the peak of the frequency-magnitude distribution (Woessner and Wiemer 2005, table 1).
PEAK_CORRECTION = 0.2
STABILITY_RANGE = 0.5
# A window of the course through time has at least so many events.
FEWEST_IN_WINDOW = 200


class BValue(NamedTuple):
    """A Gutenberg-Richter slope, its standard error and the number of events it rests on."""

    b: float
    error: float
    events: int


class Completeness(NamedTuple):
    """Magnitudes of completeness by three methods (NaN where one finds none), and the b-value above `mc`.

    maximum_curvature: the peak of the frequency-magnitude distribution + 0.2 (Wiemer and Wyss 2000; Woessner and
        Wiemer 2005); low where detection fades out slowly. A list that is cut at its most frequent magnitude shows no
        peak, and is taken as complete from there.
    goodness_of_fit: the lowest magnitude above which a straight line explains 95 % (else 90 %) of the cumulative
        numbers (Wiemer and Wyss 2000); `fit_percent` is what it explains.
    b_stability: the lowest magnitude from which the b-value stays within its error over half a unit (Cao and Gao
        2002); strict where there are many events.
    """

    maximum_curvature: float
    goodness_of_fit: float
    fit_percent: float
    b_stability: float
    b_value: BValue

    @property
    def mc(self) -> float:
        """The highest of the three: the methods err to the low side."""
        found = [m for m in (self.maximum_curvature, self.goodness_of_fit, self.b_stability) if m == m]
        return max(found) if found else float("nan")


class Window(NamedTuple):
    """A stretch of time with its completeness."""

    start: np.datetime64
    end: np.datetime64
    events: int
    completeness: Completeness


def magnitude_bin(magnitudes: np.ndarray) -> float:
    """The width of the bins to count in: 0.1, or the step of the magnitudes where that is larger.

    >>> magnitude_bin(np.array([1.23, 2.0])), magnitude_bin(np.array([4.5, 5.0, 6.5]))
    (0.1, 0.5)
    """
    for step in (1.0, 0.5, 0.25, 0.2):
        if len(magnitudes) > 1 and np.allclose(magnitudes / step, np.round(magnitudes / step), atol=1e-6):
            return step
    return BIN


def histogram(magnitudes: np.ndarray, width: float = BIN) -> tuple[np.ndarray, np.ndarray]:
    """Centres of the magnitude bins and the events in each, empty ones between included.

    >>> [values.tolist() for values in histogram(np.array([1.95, 2.04, 2.2]))]
    [[2.0, 2.1, 2.2], [2, 0, 1]]
    """
    from seismostats.utils.binning import bin_to_precision

    number = np.round(bin_to_precision(np.asarray(magnitudes), width) / width).astype(np.int64)
    counts = np.bincount(number - number.min())
    return np.round((np.arange(len(counts)) + number.min()) * width, 6), counts


def b_value(centres: np.ndarray, counts: np.ndarray, mc: float, width: float = BIN) -> BValue:
    """The maximum-likelihood b-value of binned magnitudes from `mc` up (Aki 1965; Utsu 1966; Tinti and Mulargia 1987).

    The binning is corrected for exactly; the error is that of Shi and Bolt (1982).
    """
    from seismostats.analysis import ClassicBValueEstimator

    above = centres >= mc - width / 2
    events = int(counts[above].sum())
    if events < 2 or (counts[above] > 0).sum() < 2:
        return BValue(float("nan"), float("nan"), events)
    # Counted from Mc, which changes no slope: seismostats 1.0 refuses some well binned magnitudes above 4, whose
    # differences miss its tolerance of 1e-15.
    relative = np.round(np.arange(above.sum()) * width, 6)
    estimator = ClassicBValueEstimator()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.calculate(relative, mc=0.0, delta_m=width, weights=counts[above].astype(np.float64))
    return BValue(float(estimator.b_value), float(estimator.std), events)


def completeness(magnitudes: np.ndarray, width: float | None = None) -> Completeness:
    """Magnitude of completeness by three methods and the b-value above the highest of them.

    Arguments:
        magnitudes: in any order, shape (events,).
        width: the bins; chosen by `magnitude_bin` where None.
    """
    nan = float("nan")
    magnitudes = np.asarray(magnitudes, dtype=np.float64)
    if len(magnitudes) < FEWEST:
        return Completeness(nan, nan, nan, nan, BValue(nan, nan, len(magnitudes)))
    width = magnitude_bin(magnitudes) if width is None else width
    centres, counts = histogram(magnitudes, width)
    peak = int(counts.argmax())
    # Completeness does not lie below the peak; a slope needs enough events.
    tail = np.cumsum(counts[::-1])[::-1]
    candidates = np.flatnonzero((np.arange(len(counts)) >= peak) & (tail >= FEWEST))
    slopes = [b_value(centres, counts, centres[i], width) for i in candidates]
    fit, percent = _goodness_of_fit(centres, tail, candidates, slopes)
    found = Completeness(
        maximum_curvature=_maximum_curvature(magnitudes, width, PEAK_CORRECTION if peak else 0.0),
        goodness_of_fit=fit,
        fit_percent=percent,
        b_stability=_b_stability(centres, candidates, slopes, width),
        b_value=BValue(nan, nan, 0),
    )
    return found._replace(b_value=b_value(centres, counts, found.mc, width))


def through_time(time: np.ndarray, magnitudes: np.ndarray, fewest: int = FEWEST_IN_WINDOW) -> list[Window]:
    """Completeness by years, quarters, months or days as the span allows, short of events joined to the next.

    Arguments:
        time: `datetime64`, ascending.
    """
    if not len(time):
        return []
    days = (time[-1] - time[0]) / np.timedelta64(1, "D")
    unit, step = next(
        (unit, step)
        for unit, step, least in (("Y", 1, 2900), ("M", 3, 730), ("M", 1, 240), ("D", 7, 60), ("D", 1, 0))
        if days >= least
    )
    first, last = time[0].astype(f"datetime64[{unit}]"), time[-1].astype(f"datetime64[{unit}]")
    edges = np.arange(first, last + step + 1, step).astype("datetime64[us]")
    counts = np.diff(np.searchsorted(time, edges))
    cuts, gathered = [0], 0
    for i, count in enumerate(counts, 1):
        gathered += count
        if gathered >= fewest:
            cuts.append(i)
            gathered = 0
    if len(cuts) > 1:
        cuts[-1] = len(counts)  # What is left over joins the last window.
    else:
        cuts = [0, len(counts)]
    windows = []
    for low, high in zip(edges[cuts[:-1]], edges[cuts[1:]], strict=True):
        inside = slice(*np.searchsorted(time, [low, high]))
        windows.append(Window(low, high, len(time[inside]), completeness(magnitudes[inside])))
    return windows


def _maximum_curvature(magnitudes: np.ndarray, width: float, correction: float) -> float:
    from seismostats.analysis import estimate_mc_maxc

    mc, _ = estimate_mc_maxc(magnitudes, width, correction_factor=correction)
    return round(float(np.ceil(mc / width - 1e-6)) * width, 6)


def _goodness_of_fit(centres, tail, candidates, slopes) -> tuple[float, float]:
    """The lowest magnitude with R of at least 95, else 90, and its R (Wiemer and Wyss 2000, equation 3)."""
    percents = []
    for i, slope in zip(candidates, slopes, strict=True):
        predicted = tail[i] * 10.0 ** (-slope.b * (centres[i:] - centres[i]))
        percents.append(100.0 * (1.0 - np.abs(tail[i:] - predicted).sum() / tail[i:].sum()))
    percents = np.array(percents)
    for level in (95.0, 90.0):
        passed = np.flatnonzero(percents >= level)
        if len(passed):
            return float(centres[candidates[passed[0]]]), round(float(percents[passed[0]]), 2)
    return float("nan"), float("nan")


def _b_stability(centres, candidates, slopes, width: float) -> float:
    """The lowest magnitude whose b-value differs from the mean of the next half unit by less than its error.

    seismostats has the method, but prints to stdout and goes through all events for each of some hundred slopes.
    """
    steps = max(round(STABILITY_RANGE / width), 2)
    b = np.array([slope.b for slope in slopes])
    for i in range(len(b) - steps + 1):
        if abs(b[i : i + steps].mean() - b[i]) <= slopes[i].error:
            return float(centres[candidates[i]])
    return float("nan")
