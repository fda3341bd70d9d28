"""The check of waveforms as lines of text."""

from __future__ import annotations

from collections import Counter

import numpy as np

NAMED = 3


def lines(check) -> list[str]:
    """Lines for people: contents, faults, events and classes, what was rejected, what to mind."""
    found = check.to_dict()
    rates = ", ".join(f"{rate} Hz: {number}" for rate, number in found["sampling_rates_hz"].items())
    parts = ", ".join(f"{letters}: {number}" for letters, number in found["components"].items())
    rows = [
        ("folder", f"{check.sources.folder} ({check.sources.kind})"),
        ("records", f"{found['records']} of {found['stations']} stations, {found['channels']} channels"),
        ("components", f"{parts}; {found['three_component_records']} records have three"),
        ("sampling rates", rates),
        ("lengths", _spread(found["duration_s"], "s")),
        ("gaps", f"{found['gaps']['channels']} channels, {found['gaps']['seconds']:.1f} s in all"),
        ("clipped", f"{found['clipped_channels']} channels"),
        ("constant", f"{found['constant_channels']} channels"),
        ("not finite", f"{found['masked_channels']} channels with masked or non-finite samples"),
        ("contradictions", f"{found['conflict_channels']} channels"),
        ("picks", f"{found['picks']['records_with_p']} records with P, {found['picks']['records_with_s']} with S"),
        ("events", _events(check, found)),
        ("records an event", _spread(found["records_an_event"], "")),
        ("loudest / quiet", f"{_spread(found['loudness_db'], 'dB')} ({found['loudness_db']['records']} records)"),
    ]
    rows += [
        (label or "no class", f"{n['records']} records of {n['events']} events") for label, n in check.classes.items()
    ]
    rows.append(("rejected", f"{found['rejected']}"))
    reasons = Counter(_short(reason) for _, reason in check.rejected)
    for reason, number in reasons.most_common(8):
        names = [name for name, why in check.rejected if _short(why) == reason][:NAMED]
        rows.append(("", f"{number} {reason}: {', '.join(names)}{', ...' if number > NAMED else ''}"))
    text = [f"{label:<18}{value}" for label, value in rows]
    text += ["", "to mind" if check.findings else "nothing odd found"]
    return text + [f"- {finding}" for finding in check.findings]


def _short(reason: str) -> str:
    """A reason without what differs from one case to the next."""
    for stop in (" from ", ";", ":", ","):
        reason = reason.split(stop)[0]
    return reason


def _spread(values: dict | None, unit: str) -> str:
    if not values or "median" not in values:
        return "unknown"
    least, median, most = (f"{np.round(values[name], 2):g}" for name in ("least", "median", "most"))
    return f"{least} to {most}, median {median} {unit}".rstrip()


def _events(check, found: dict) -> str:
    if check.events is None:
        number = len(check.records_an_event)
        return f"{number} named by the records" if number else "no event table"
    return f"{found['events']} in {check.sources.events}, {found['records_without_event']} records without one"
