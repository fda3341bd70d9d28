"""WaveformClassifier: a model that puts seismograms into classes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...datasets.errors import InputError
from ...datasets.readers.miniseed import read_stream
from ...datasets.record import Record
from ...datasets.waveforms.picking import pick_p
from ...datasets.waveforms.stream import Reading, records_from_stream
from ...datasets.waveforms.windowing import aligned_window, at_rate, batch_of
from ..model import Model
from .annotation import Annotation, Course
from .classification import Classification, Row
from .screening import doubts

BATCH = 64


class WaveformClassifier(Model):
    """A classifier of three-component records around an arrival.

    The card's settings: `phase`, `before_s`, `window_s`, `sampling_rate_hz`, and `shift_s`, by how much the arrival may
    miss its place in the window (the network was trained on windows shifted as far).
    """

    def predict(self, source, picks=None) -> Classification:
        """Classify every record of a stream, file, Record or list of these; each source counts as one event.

        Records with event ids of their own are voted on by those. What could not be classified is in `rejected`.

        Arguments:
            source: obspy Stream, path of a waveform file, Record, or a list of them.
            picks: seconds after the start, a dict by station, a CSV or QuakeML file; where a record has no pick of P,
                obspy's picker looks for one.
        """
        several = isinstance(source, Sequence) and not isinstance(source, (str, os.PathLike))
        rows, rejected = [], []
        for number, item in enumerate(source if several else [source]):
            reading = self._read(item, picks)
            rejected += reading.rejected
            event = str(item) if isinstance(item, (str, os.PathLike)) else f"source {number + 1}"
            for record in reading.records:
                try:
                    rows.append(self._window(record, event))
                except InputError as error:
                    rejected.append((record.name, str(error)))
        return Classification(
            model=self.card.name,
            classes=self.card.classes,
            threshold=self.card.threshold.value,
            front_end={k: self.card.settings[k] for k in ("nperseg", "noverlap") if k in self.card.settings},
            rows=tuple(self._with_probability(rows)),
            rejected=tuple(rejected),
            sure_from=self.card.settings.get("sure_from", 0.0),
        )

    def annotate(self, source, every_s: float = 5.0) -> Annotation:
        """Classify a window every few seconds of continuous records, gaps respected, in constant memory beside them.

        Each window takes its arrival to be where the training's were, `before_s` after its start. Most windows of
        continuous data hold none: those are marked as in doubt by the same screening as in `predict`.

        Arguments:
            source: obspy Stream, path of a waveform file, Record, or a list of them.
            every_s: seconds from one window to the next, a whole number of samples.
        """
        settings = self.card.settings
        rate, before_s = settings["sampling_rate_hz"], settings["before_s"]
        step, samples = round(every_s * rate), round(settings["window_s"] * rate)
        if step < 1 or abs(step - every_s * rate) > 1e-6:
            raise InputError(f"a step of whole samples at {rate:g} Hz", f"{every_s:g} s", "use 5 s, for example")
        several = isinstance(source, Sequence) and not isinstance(source, (str, os.PathLike))
        courses, rejected = [], []
        for item in source if several else [source]:
            reading = self._read(item, None)
            rejected += reading.rejected
            for record in reading.records:
                try:
                    record = at_rate(record, rate)
                except InputError as error:
                    rejected.append((record.name, str(error)))
                    continue
                if record.samples < samples:
                    short = f"{record.duration_s:g} s from {str(record.start)[:19]}, shorter than the window"
                    rejected.append((record.name, short))
                    continue
                start = record.start + np.timedelta64(round(1e6 * before_s), "us")
                courses.append(Course(record.name, start, every_s, *self._slide(record.data, samples, step)))
        return Annotation(self.card.name, self.card.classes, tuple(courses), tuple(rejected))

    def _slide(self, data: np.ndarray, samples: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (windows, classes) and doubts (windows,) of data (components, samples)."""
        windows = np.lib.stride_tricks.sliding_window_view(data, samples, axis=1)[:, ::step]
        probability, doubted = [], []
        for first in range(0, windows.shape[1], BATCH):
            waveform = np.ascontiguousarray(windows[:, first : first + BATCH].transpose(1, 2, 0))
            probability.append(self.run(waveform=waveform)["probability"])
            doubted += map(bool, self.doubts(waveform))
        return np.concatenate(probability), np.array(doubted)

    def _read(self, item, picks) -> Reading:
        if isinstance(item, Record):
            return Reading((item,), ())
        if isinstance(item, (str, os.PathLike)):
            return records_from_stream(read_stream(Path(item)), picks, self.card.settings["phase"])
        return records_from_stream(item, picks, self.card.settings["phase"])

    def _window(self, record: Record, event: str) -> Row:
        """The record's window around the arrival, found by obspy's picker where no pick came with the record."""
        settings = self.card.settings
        phase, before_s = settings["phase"], settings["before_s"]
        picked = "given"
        if phase == "P" and record.p_s is None:
            arrival_s = pick_p(record)
            if arrival_s is None:
                raise InputError("a record with a P arrival", "no onset found by the picker", "give picks")
            record, picked = replace(record, p_s=arrival_s), "picker"
        arrival_s = record.p_s if phase == "P" else record.s_s
        short_s = before_s - (arrival_s or 0.0)
        if arrival_s is not None and 0 < short_s <= settings["shift_s"]:
            record = record.done(f"window starts {short_s:.2f} s late, with the record")
            before_s = arrival_s
        window = aligned_window(record, phase, before_s, settings["window_s"], settings["sampling_rate_hz"])
        return Row(window, record.event_id or event, picked, doubt=_missing_band(record, settings["sampling_rate_hz"]))

    def _with_probability(self, rows: list[Row]):
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            waveform = batch_of([row.window for row in part])
            output = self.run(waveform=waveform)["probability"]
            for row, probability, doubt in zip(part, output, self.doubts(waveform), strict=True):
                doubt = "; ".join(filter(None, (row.doubt, doubt)))
                yield replace(row, probability=tuple(float(p) for p in probability), doubt=doubt)

    def doubts(self, waveform: np.ndarray) -> list[str]:
        """Why each window (windows, samples, components) is unlike the training's, "" where it is not."""
        settings = self.card.settings
        if "screen" not in settings:
            return [""] * len(waveform)
        return doubts(waveform, settings["sampling_rate_hz"], settings["before_s"], settings["screen"])


def _missing_band(record: Record, sampling_rate_hz: float) -> str:
    """A doubt for a record whose rate leaves part of the model's band without signal."""
    if record.sampling_rate_hz >= 0.99 * sampling_rate_hz:
        return ""
    nyquist_hz, band_hz = record.sampling_rate_hz / 2, sampling_rate_hz / 2
    return f"recorded at {record.sampling_rate_hz:g} Hz, nothing from {nyquist_hz:g} to {band_hz:g} Hz"
