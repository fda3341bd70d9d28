"""The picture of a waveform check: loudness over noise, rates and components, records an event, faults."""

from __future__ import annotations

from collections import Counter

import numpy as np

COLOURS = ("#1f4e79", "#c0504d", "#d9822b", "#6a8f4e", "#7a5195", "#8a8a8a")
MOST_CLASSES = 5


def picture(check):
    """A matplotlib Figure with four panels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 9), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 2)
    names = [name or "no class" for name in _classes(check)]
    _loudness(panels[0, 0], check, names)
    _rates(panels[0, 1], check)
    _an_event(panels[1, 0], check, names)
    _faults(panels[1, 1], check)
    figure.suptitle(f"{len(check.records)} records, {len(check.channels)} channels in {check.sources.folder}")
    return figure


def _classes(check) -> list[str]:
    """Labels of the records, most frequent first; "" stands for those without one."""
    return [label for label, _ in Counter(record.label for record in check.records).most_common(MOST_CLASSES)]


def _loudness(axes, check, names) -> None:
    from .waveform_check import WEAK_DB

    loud = check.loudness_db
    known = np.isfinite(loud)
    top = max(float(np.ceil(loud[known].max() / 5) * 5), 10.0) if known.any() else 10.0
    label = np.array([record.label for record in check.records])
    values = [loud[known & (label == name)] for name in _classes(check)]
    told = [f"{name}: {len(v)} records" for name, v in zip(names, values, strict=True)]
    bins = np.arange(0, top + 2.5, 2.5)
    axes.hist(values, bins, stacked=True, color=COLOURS[: len(values)], label=told)
    axes.axvline(WEAK_DB, color="black", ls="--", lw=1, label=f"{WEAK_DB:g} dB: {int((loud < WEAK_DB).sum())} below")
    title = f"Signal over noise ({int((~known).sum())} of {len(loud)} records unknown: slow, short or silent)"
    axes.set(xlabel="loudest 2 s over quietest tenth, above 1 Hz (dB)", ylabel="records", title=title)
    axes.legend(fontsize=8)


def _rates(axes, check) -> None:
    rates = sorted({round(channel.rate_hz, 3) for channel in check.channels})
    parts = [letter for letter, _ in Counter(channel.component for channel in check.channels).most_common(6)]
    place, below = np.arange(len(rates)), np.zeros(len(rates))
    for letter, colour in zip(parts, COLOURS, strict=False):
        number = Counter(round(c.rate_hz, 3) for c in check.channels if c.component == letter)
        height = np.array([number[rate] for rate in rates])
        axes.bar(place, height, bottom=below, color=colour, label=f"component {letter}: {height.sum()}")
        below += height
    for x, total in zip(place, below, strict=True):
        axes.annotate(f"{total:.0f}", (x, total), ha="center", va="bottom", fontsize=8)
    axes.set_xticks(place, [f"{rate:g}" for rate in rates], rotation=45 if len(rates) > 8 else 0)
    axes.set(xlabel="sampling rate (Hz)", ylabel="channels", title="Sampling rates and components")
    axes.set_ylim(0, 1.1 * below.max())
    axes.legend(fontsize=8)


def _an_event(axes, check, names) -> None:
    numbers = check.records_an_event
    axes.set(xlabel="records of an event", ylabel="events", title="Records an event")
    if not numbers:
        axes.text(0.5, 0.5, "no events known", transform=axes.transAxes, ha="center")
        return
    of = {record.event_id: record.label for record in check.records}
    values = [np.array([n for event, n in numbers.items() if of[event] == name]) for name in _classes(check)]
    most = max(numbers.values())
    width = max(1, int(np.ceil(most / 40)))
    told = [f"{name}: {len(v)} events" for name, v in zip(names, values, strict=True)]
    bins = np.arange(0.5, most + width + 0.5, width)
    axes.hist(values, bins, stacked=True, color=COLOURS[: len(values)], label=told)
    axes.legend(fontsize=8)


def _faults(axes, check) -> None:
    records, total = check.records, len(check.records)
    rows = [
        ("component missing", sum(not record.complete for record in records), total),
        ("no P pick", sum(record.p_s is None for record in records), total),
        ("no S pick", sum(record.s_s is None for record in records), total),
        ("no event", sum(not record.event_id for record in records), total),
        *(
            (told, check.count(what), len(check.channels))
            for what, told in (
                ("gaps", "gaps"),
                ("clipped", "clipped"),
                ("constant", "constant"),
                ("masked", "not finite"),
                ("conflict", "contradicting traces"),
            )
        ),
    ][::-1]
    share = [100.0 * number / max(of, 1) for _, number, of in rows]
    axes.barh(range(len(rows)), share, color=COLOURS[0])
    for y, (value, (_, number, of)) in enumerate(zip(share, rows, strict=True)):
        axes.annotate(f" {number} of {of}", (value, y), va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axes.set(xlim=(0, 118), xlabel="share of records or channels (%)", title="What is missing or wrong")
