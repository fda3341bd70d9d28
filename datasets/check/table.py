"""The check of a catalogue as lines of text."""

from __future__ import annotations

import numpy as np

from .completeness import Completeness

# Rejected rows shown of each reason.
NAMED_ROWS = 3
MOST_WINDOWS = 12


def lines(check) -> list[str]:
    """Lines for people: contents, completeness and its course, rhythm, what was rejected, what to mind."""
    c, found = check.catalog, check.completeness
    first, last = (str(c.time[i].astype("datetime64[s]")).replace("T", " ") for i in (0, -1))
    known = c.depth_km[~np.isnan(c.depth_km)]
    depth = (
        "not given" if not len(known) else f"{known.min():.1f} to {known.max():.1f} km, median {np.median(known):.1f}"
    )
    if len(known) and check.depth_empty:
        depth += f", empty in {check.depth_empty}"
    rows = [
        ("events", f"{len(c)}, {first} to {last} UTC"),
        ("kinds", ", ".join(f"{count} {kind}" for kind, count in check.kinds.items())),
        ("magnitudes", f"{c.magnitude.min():.2f} to {c.magnitude.max():.2f}"),
        (
            "area",
            f"{c.latitude.min():.2f} to {c.latitude.max():.2f} N, {c.longitude.min():.2f} to {c.longitude.max():.2f} E",
        ),
        ("depths", depth),
        ("busiest day", f"{check.busiest_day[0]}, {check.busiest_day[1]} events"),
        ("complete from", _methods(found)),
        ("b-value", _b_value(found)),
        ("day / night", _hours(check.hours)),
        ("silences", f"{len(check.gaps)} longer than the rate allows"),
        ("near duplicates", f"{len(check.near_duplicates)} pairs within 2 s, 20 km, 0.3 magnitudes"),
    ]
    if check.reading is not None:
        rows.append(("reading", check.reading.summary))
        rows += [("", f"{count} {what}") for what, count in check.reading.notes.items()]
        for reason in check.reading.counts:
            rows += [("", str(row)) for row in check.reading.rejected if row.reason == reason][:NAMED_ROWS]
    text = [f"{label:<16}{value}" for label, value in rows]
    text += [
        "",
        "completeness through time",
        f"{'from':<12}{'events':>8}{'curvature':>12}{'fit':>7}{'b stable':>10}{'Mc':>7}{'b above Mc':>16}",
    ]
    # A long course is shown at even steps; --json has all of it.
    step = -(-len(check.windows) // MOST_WINDOWS)
    for window in check.windows[::step]:
        w = window.completeness
        text.append(
            f"{window.start.astype('datetime64[D]')!s:<12}{window.events:>8}{_one(w.maximum_curvature):>12}"
            f"{_one(w.goodness_of_fit):>7}{_one(w.b_stability):>10}{_one(w.mc):>7}{_slope(w):>16}"
        )
    if step > 1:
        text.append(f"(every {step} of {len(check.windows)} windows)")
    text += ["", "to mind" if check.findings else "nothing odd found"]
    return text + [f"- {finding}" for finding in check.findings]


def _one(value: float) -> str:
    return "-" if value != value else f"{value:.1f}"


def _slope(found: Completeness) -> str:
    return "-" if found.b_value.b != found.b_value.b else f"{found.b_value.b:.2f} +- {found.b_value.error:.2f}"


def _methods(found: Completeness) -> str:
    if found.mc != found.mc:
        return "unknown: too few events"
    fit = f" ({found.fit_percent:.0f} %)" if found.fit_percent == found.fit_percent else ""
    return (
        f"Mc {_one(found.mc)}, the highest of maximum curvature: {_one(found.maximum_curvature)}, "
        f"goodness of fit{fit}: {_one(found.goodness_of_fit)}, b-value stability: {_one(found.b_stability)}"
    )


def _b_value(found: Completeness) -> str:
    slope = found.b_value
    if slope.b != slope.b:
        return "unknown"
    return f"{slope.b:.3f} +- {slope.error:.3f} from {slope.events} events of M {found.mc:.1f} and above"


def _hours(hours) -> str:
    return (
        f"{hours.day_night_ratio:.2f} (6 to 18 h solar time, a 0.1 degree cell counted once an hour), "
        f"chi-square {hours.chi_square:.0f} for 23 degrees of freedom"
    )
