"""The check of a folder of waveforms: rates, components, lengths, gaps, clipping, picks, events, and what to mind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..catalog import Catalog
from ..errors import InputError
from ..progress import track
from ..readers.event_table import find_beside, read_events
from ..readers.folder_kinds import kind_of
from .channel_summary import SLOW_HZ, ChannelSummary
from .record_summaries import RecordSummary, of_files, of_records

NAMED = 20
WEAK_DB = 10.0


class Sources(NamedTuple):
    """Where the check took its parts from; "" where there were none."""

    folder: str
    kind: str
    events: str
    picks: str


@dataclass(frozen=True, eq=False)
class WaveformCheck:
    """The findings on one folder of waveforms.

    Arguments:
        records: one entry a station, band and time. channels: one entry a component of those.
        rejected: (name, reason) of files, traces, picks and events that nothing came of.
        events: the event table, None without one.
    """

    sources: Sources
    records: list[RecordSummary] = field(repr=False)
    channels: list[ChannelSummary] = field(repr=False)
    rejected: list[tuple[str, str]] = field(repr=False)
    events: Catalog | None = field(repr=False)

    @property
    def classes(self) -> dict[str, dict[str, int]]:
        """Class to its events and records, the most frequent first; of the records that have one."""
        of = {}
        for label, _ in Counter(record.label for record in self.records if record.label).most_common():
            mine = [record for record in self.records if record.label == label]
            of[label] = {"events": len({r.event_id for r in mine if r.event_id}), "records": len(mine)}
        return of

    @property
    def records_an_event(self) -> dict[str, int]:
        """Event to the number of its records."""
        return dict(Counter(record.event_id for record in self.records if record.event_id))

    @property
    def loudness_db(self) -> np.ndarray:
        """One value a record: that of its loudest channel; NaN where it cannot be told."""
        best = {}
        for channel in self.channels:
            best[channel.record] = np.fmax(best.get(channel.record, np.nan), channel.loudness_db)
        return np.array([best.get(record.name, np.nan) for record in self.records])

    def count(self, what: str) -> int:
        """How many channels are clipped, constant, masked, in conflict or have gaps."""
        return sum(bool(getattr(channel, what)) for channel in self.channels)

    @property
    def findings(self) -> list[str]:
        """What a user of the waveforms should mind, one line each; empty where nothing is odd."""
        return list(_findings(self))

    def to_dict(self) -> dict:
        """Plain values for JSON; None where a number is unknown."""
        loud = self.loudness_db
        known = loud[np.isfinite(loud)]
        an_event = np.array(list(self.records_an_event.values()))
        seconds = np.array([channel.duration_s for channel in self.channels])
        return {
            **self.sources._asdict(),
            "records": len(self.records),
            "channels": len(self.channels),
            "three_component_records": sum(record.complete for record in self.records),
            "components": dict(Counter(record.components for record in self.records).most_common()),
            "sampling_rates_hz": {f"{rate:g}": number for rate, number in sorted(_rates(self).items())},
            "duration_s": {name: float(np.quantile(seconds, q)) for name, q in _QUANTILES} if len(seconds) else None,
            "stations": len({record.station for record in self.records}),
            "gaps": {"channels": self.count("gaps"), "seconds": float(sum(c.missing_s for c in self.channels))},
            **{f"{what}_channels": self.count(what) for what in ("clipped", "constant", "masked", "conflict")},
            "picks": {
                "records_with_p": sum(record.p_s is not None for record in self.records),
                "records_with_s": sum(record.s_s is not None for record in self.records),
            },
            "events": None if self.events is None else len(self.events),
            "records_without_event": sum(not record.event_id for record in self.records),
            "classes": self.classes,
            "records_an_event": (
                {name: float(np.quantile(an_event, q)) for name, q in _QUANTILES} if len(an_event) else None
            ),
            "loudness_db": {
                "records": len(known),
                **({name: round(float(np.quantile(known, q)), 2) for name, q in _QUANTILES} if len(known) else {}),
            },
            "rejected": len(self.rejected),
            "rejected_named": [{"name": name, "reason": reason} for name, reason in self.rejected[:NAMED]],
            "findings": self.findings,
        }

    def table(self) -> list[str]:
        """Lines for people."""
        from .waveform_table import lines

        return lines(self)

    def plot(self, path: str | os.PathLike) -> None:
        """Write a picture of four panels: loudness over noise, rates and components, records an event, faults."""
        from ..pictures import save_figure
        from .waveform_picture import picture

        save_figure(picture(self), path)


_QUANTILES = (("least", 0.0), ("median", 0.5), ("most", 1.0))


def check_waveforms(folder: str | os.PathLike, events=None, picks=None) -> WaveformCheck:
    """Examine a folder of waveform files, or a set in SeisBench's, Norcia's or PhaseNet's layout.

    Arguments:
        folder: of any of these; see `folder_kinds.kind_of`.
        events: what `event_table.read_events` takes; where None, events.csv in the folder or FOLDER_events.csv beside
            it, if there is one. Sets that carry their events need none.
        picks: what `picks.as_picks` takes; where None, picks.csv found in the same way.
    """
    folder = Path(folder)
    kind = kind_of(folder)
    if kind == "catalogue":
        raise InputError("a folder with waveforms", f"{folder}, without any", "check the path")
    rejected: list[tuple[str, str]] = []
    events = find_beside(folder, "events") if events is None and kind == "waveforms" else events
    picks = find_beside(folder, "picks") if picks is None and kind == "waveforms" else picks
    catalog = None if events is None else read_events(events)
    named = {path.name for path in (events, picks) if isinstance(path, Path)}
    own = kind == "waveforms"
    pairs = of_files(folder, catalog, picks, rejected) if own else of_records(folder, kind, rejected)
    records, channels = [], []
    for record, parts in track(pairs, "looking at records"):
        records.append(record)
        channels.extend(parts)
    rejected = [row for row in rejected if row[0] not in named]
    if not records:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in rejected[:3]) or "no files"
        raise InputError("at least one waveform", f"none in {folder} ({reasons})", "mend the files")
    told = Sources(str(folder), kind, _told(events), _told(picks))
    return WaveformCheck(told, records, channels, rejected, catalog)


def _told(source) -> str:
    if source is None:
        return ""
    return str(source) if isinstance(source, (str, os.PathLike)) else type(source).__name__


def _rates(check: WaveformCheck) -> Counter:
    return Counter(round(channel.rate_hz, 3) for channel in check.channels)


def _findings(check: WaveformCheck) -> Iterator[str]:
    records, channels = check.records, check.channels
    incomplete = [record for record in records if not record.complete]
    if incomplete and len(incomplete) == len(records) and {record.components for record in records} == {"Z"}:
        yield "vertical components only: models of three components cannot use these records"
    elif incomplete:
        have = ", ".join(f"{n} {c}" for c, n in Counter(r.components for r in incomplete).most_common(4))
        yield f"{len(incomplete)} of {len(records)} records lack components (they have: {have})"
    rates = _rates(check)
    if len(rates) > 1:
        told = ", ".join(f"{rate:g} Hz ({number})" for rate, number in rates.most_common(6))
        yield f"{len(rates)} sampling rates: {told}{', ...' if len(rates) > 6 else ''}"
    slow = sum(number for rate, number in rates.items() if rate < SLOW_HZ)
    if slow:
        yield f"{slow} channels below {SLOW_HZ:g} Hz, too slow for waveforms of local events"
    lengths = np.array([channel.duration_s for channel in channels])
    short = int((lengths < 0.9 * np.median(lengths)).sum())
    if short:
        median, least = np.median(lengths), lengths.min()
        yield f"{short} channels shorter than nine tenths of the median, {median:g} s; least {least:g} s"
    for what, told in (
        ("gaps", "have gaps"),
        ("clipped", "are clipped"),
        ("constant", "are constant, such as all zeros"),
        ("masked", "hold masked or non-finite samples"),
        ("conflict", "have traces that contradict each other"),
    ):
        if number := check.count(what):
            first = next(channel for channel in channels if getattr(channel, what))
            where = first.record.rpartition(": ")[0]
            yield f"{number} of {len(channels)} channels {told}, first {first.name} in {where}"
    if not any(record.p_s is not None for record in records):
        yield "no P picks: give them, or windows cannot be aligned"
    elif without := sum(record.p_s is None for record in records):
        yield f"{without} of {len(records)} records have no P pick"
    if not any(record.event_id for record in records):
        yield "no events: give the event table, or a split by event cannot be made"
    elif without := sum(not record.event_id for record in records):
        yield f"{without} of {len(records)} records belong to no event"
    classes = check.classes
    if len(classes) > 1:
        (most, many), *_, (least, few) = classes.items()
        if many["records"] > 2 * few["records"]:
            yield f"classes are unequal: {many['records']} records {most}, {few['records']} {least}"
    loud = check.loudness_db
    weak = int((loud < WEAK_DB).sum())
    if weak:
        known = int(np.isfinite(loud).sum())
        yield f"{weak} of {known} records rise less than {WEAK_DB:g} dB over their quietest tenth"
    if check.rejected:
        yield f"{len(check.rejected)} files, traces, picks or events could not be used"
