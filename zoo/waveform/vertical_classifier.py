"""VerticalClassifier: a classifier of records by their vertical component alone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...datasets.errors import InputError
from ...datasets.readers.event_table import read_events
from ...datasets.readers.miniseed import read_stream
from ...datasets.record import Record
from ...datasets.vertical_record import VerticalRecord
from ...datasets.waveforms.event_matching import EventMatcher
from ...datasets.waveforms.segments import Conflict, in_seconds, seconds
from ...datasets.waveforms.stream import Reading
from ...datasets.waveforms.verticals import verticals_from_stream
from .classification import Classification, Row
from .classifier import WaveformClassifier

PICKED = "P found by the picker"


class Hints(NamedTuple):
    """What is known beside the waveforms: picks, and which events they may show."""

    picks: object
    matcher: EventMatcher | None


class VerticalClassifier(WaveformClassifier):
    """A classifier of vertical records, at any rate from half the model's on; horizontal components are not used.

    A window shows the vertical component among E and N of zeros.
    """

    def predict(self, source, picks=None, events=None) -> Classification:
        """Classify the vertical channels of a stream, file, Record or list of these.

        Arguments:
            source: obspy Stream, path of a waveform file, Record, or a list of them.
            picks: as in `WaveformClassifier.predict`.
            events: a table of events or an EventMatcher: records of one event are voted on together, whatever file they
                are from, and P is looked for near the origin. Without, each source counts as one event.
        """
        if isinstance(events, (str, os.PathLike)):
            events = EventMatcher(read_events(events))
        return super().predict(source, Hints(picks, events))

    def run(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """As `Model.run`; of three components the vertical one is taken."""
        return super().run(**{name: _vertical(values) for name, values in inputs.items()})

    def doubts(self, waveform: np.ndarray) -> list[str]:
        """As in `WaveformClassifier`, of the vertical component."""
        return super().doubts(_vertical(waveform))

    def _read(self, item, picks) -> Reading:
        hints = picks if isinstance(picks, Hints) else Hints(picks, None)
        if isinstance(item, Record):
            return Reading((item,), ())
        path = Path(item) if isinstance(item, (str, os.PathLike)) else None
        reading = verticals_from_stream(read_stream(path) if path else item, hints.picks)
        if hints.matcher is None:
            return reading
        kept, rejected = [], list(reading.rejected)
        for record in reading.records:
            end = record.start + seconds(record.duration_s)
            try:
                event = hints.matcher.event_of(path or "", record.start, end, record.p_s, None, record.event_id)
            except Conflict as error:
                rejected.append((record.name, str(error)))
                continue
            origin = hints.matcher.events.time[hints.matcher.row(event)]
            kept.append(_picked(replace(record, event_id=event), in_seconds(origin - record.start)))
        return Reading(tuple(kept), tuple(rejected))

    def _window(self, record: Record, event: str) -> Row:
        record = _picked(record)
        if record.p_s is None:
            raise InputError("a record with a P arrival", "no onset found by the picker", "give picks")
        row = super()._window(record, event)
        return replace(row, pick="picker") if PICKED in record.history else row


def _picked(record: Record, origin_s: float = float("nan")) -> Record:
    """The record with P on its vertical component, looked for near the origin where that is known."""
    if record.p_s is not None:
        return record
    rate = record.sampling_rate_hz
    found = VerticalRecord(
        record.data[2], rate, record.start, record.network, record.station, origin_s=origin_s
    ).picked()
    return record if found.p_s is None else record.done(PICKED, p_s=found.p_s)


def _vertical(waveform: np.ndarray) -> np.ndarray:
    """(batch, samples, 1) of (batch, samples, 3) or of what is vertical already."""
    waveform = np.asarray(waveform)
    return waveform[..., 2:] if waveform.ndim == 3 and waveform.shape[-1] == 3 else waveform
