"""MagnitudeModel: the magnitude of an earthquake from single records, each with an interval, and the event's median."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.errors import InputError
from ...datasets.progress import track
from ...datasets.readers.miniseed import read_stream
from ...datasets.record import Record
from ...datasets.waveforms.features import channel_features
from ...datasets.waveforms.picking import pick_p
from ...datasets.waveforms.stream import Reading, records_from_stream
from ...datasets.waveforms.windowing import aligned_window
from ..model import Model


@dataclass(frozen=True)
class MagnitudeRow:
    """One record's answer.

    Arguments:
        window: the record as the features saw it. event: whose median it has a part in. pick: "given" or "picker".
    """

    window: Record
    event: str
    pick: str
    magnitude: float = float("nan")


@dataclass(frozen=True, repr=False)
class Magnitudes:
    """The answer of a magnitude model.

    Arguments:
        model: its name. coverage: of the intervals. half_width, event_half_width: of a record's and an event's.
        rows: one a record. rejected: (name, reason). bad_files: of which no record could be used.
    """

    model: str
    coverage: float
    half_width: float
    event_half_width: float
    rows: tuple[MagnitudeRow, ...]
    rejected: tuple[tuple[str, str], ...]
    bad_files: tuple[tuple[str, str], ...] = field(default=())

    def __repr__(self) -> str:
        return f"Magnitudes({self.model}, {len(self.rows)} records, {len(self.rejected)} left out)"

    @property
    def complete(self) -> bool:
        """Whether every file gave at least one record."""
        return not self.bad_files

    def table(self) -> list[dict]:
        """A row a record, plain values."""
        return [
            {
                "event": row.event,
                "record": row.window.name,
                "start": f"{row.window.start}Z",
                "p_s": round(row.window.p_s, 3),
                "pick": row.pick,
                "magnitude": round(row.magnitude, 3),
                "low": round(row.magnitude - self.half_width, 3),
                "high": round(row.magnitude + self.half_width, 3),
                "history": "; ".join(row.window.history),
            }
            for row in self.rows
        ]

    def events(self) -> list[dict]:
        """The median over each event's records; its own interval where there are several, a record's where one."""
        answers = []
        for event in dict.fromkeys(row.event for row in self.rows):
            values = [row.magnitude for row in self.rows if row.event == event]
            middle = float(np.median(values))
            half = self.event_half_width if len(values) > 1 else self.half_width
            low, high = round(middle - half, 3), round(middle + half, 3)
            entry = {"event": event, "records": len(values), "magnitude": round(middle, 3), "low": low, "high": high}
            answers.append(entry)
        return answers

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return {
            "model": self.model,
            "coverage": self.coverage,
            "records": self.table(),
            "events": self.events(),
            "rejected": [{"name": name, "reason": reason} for name, reason in self.rejected],
            "bad_files": [{"file": name, "reason": reason} for name, reason in self.bad_files],
        }

    def to_csv(self, path: str | os.PathLike) -> None:
        """Write the table of records."""
        self._require_rows()
        table = self.table()
        with replacing(path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)

    def to_text(self) -> str:
        """A line a record and an event, and what was left out."""
        share = f"{self.coverage:.0%} interval"
        lines = []
        for row in self.table():
            numbers = f"M {row['magnitude']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
            lines.append(f"{row['record']}: {numbers} ({share}), P {row['pick']}")
        for event in self.events():
            numbers = f"M {event['magnitude']:.2f} [{event['low']:.2f}, {event['high']:.2f}]"
            lines.append(f"{event['event']}: {numbers}, median of {event['records']} record(s)")
        lines += [f"left out {name}: {reason}" for name, reason in self.rejected]
        lines += [f"could not use {name}: {reason}" for name, reason in self.bad_files]
        return "\n".join(lines)

    def plot(self, path: str | os.PathLike | None = None, row: int = 0):
        """Picture of one record with its magnitude; returns the Figure, saved where a path is given."""
        from .plot import plot_record

        self._require_rows()
        shown = self.table()[row]
        numbers = f"M {shown['magnitude']:.2f} [{shown['low']:.2f}, {shown['high']:.2f}]"
        return plot_record(self.rows[row].window, answer_text=f"{self.model}: {numbers}", path=path)

    def _require_rows(self) -> None:
        if not self.rows:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.rejected[:5])
            raise InputError("at least one record to write", f"none ({reasons})", "mend the input first")


class MagnitudeModel(Model):
    """Trees on the features of three-component records around P; intervals are conformal, of one width for all.

    The card's settings: `before_s`, `window_s`, `sampling_rate_hz`, `features`, `coverage`, `half_width`,
    `event_half_width`.
    """

    def predict(self, source, picks=None) -> Magnitudes:
        """The magnitude of every record of a stream, file, Record or list of these; each source counts as one event.

        Arguments:
            source: obspy Stream, path of a waveform file, Record, or a list of them, in counts.
            picks: seconds after the start, a dict by station, a CSV or QuakeML file; obspy's picker looks for P where a
                record has none.
        """
        several = isinstance(source, Sequence) and not isinstance(source, (str, os.PathLike))
        rows, rejected = [], []
        for number, item in enumerate(source if several else [source]):
            reading = self._read(item, picks)
            rejected += reading.rejected
            event = str(item) if isinstance(item, (str, os.PathLike)) else f"source {number + 1}"
            for record in reading.records:
                try:
                    rows.append(self._row(record, event))
                except InputError as error:
                    rejected.append((record.name, str(error)))
        settings = self.card.settings
        return Magnitudes(
            self.card.name,
            *(settings[name] for name in ("coverage", "half_width", "event_half_width")),
            self._with_magnitude(rows),
            tuple(rejected),
        )

    def predict_files(self, inputs: list[Path], picks=None, day=None) -> Magnitudes:
        """`predict` of each file; a bad one is named and does not stop the rest, unless it is the only one."""
        if day is not None:
            raise InputError(f"waveforms for the model {self.card.name}", "--day", "leave --day out")
        answers, bad = [], []
        for path in track(inputs, "measuring"):
            try:
                found = self.predict(path, picks)
                if not found.rows:
                    reasons = "; ".join(f"{name}: {reason}" for name, reason in found.rejected[:5])
                    raise InputError(f"a record in {path}", f"none ({reasons})", "mend the input")
            except InputError as error:
                if len(inputs) == 1:
                    raise
                bad.append((str(path), str(error)))
                continue
            answers.append(found)
        rows, rejected = ([item for a in answers for item in getattr(a, name)] for name in ("rows", "rejected"))
        return replace(self.predict([]), rows=tuple(rows), rejected=tuple(rejected), bad_files=tuple(bad))

    def _read(self, item, picks) -> Reading:
        if isinstance(item, Record):
            return Reading((item,), ())
        stream = read_stream(Path(item)) if isinstance(item, (str, os.PathLike)) else item
        return records_from_stream(stream, picks)

    def _row(self, record: Record, event: str) -> MagnitudeRow:
        settings, pick = self.card.settings, "given"
        if record.p_s is None:
            arrival_s = pick_p(record)
            if arrival_s is None:
                raise InputError("a record with a P arrival", "no onset found by the picker", "give picks")
            record, pick = replace(record, p_s=arrival_s), "picker"
        where = (settings["before_s"], settings["window_s"], settings["sampling_rate_hz"])
        return MagnitudeRow(aligned_window(record, "P", *where), record.event_id or event, pick)

    def _with_magnitude(self, rows: list[MagnitudeRow]) -> tuple[MagnitudeRow, ...]:
        if not rows:
            return ()
        found = self.run(features=self.features(rows))["magnitude"][:, 0]
        return tuple(replace(row, magnitude=float(m)) for row, m in zip(rows, found, strict=True))

    def features(self, rows: Sequence[MagnitudeRow]) -> np.ndarray:
        """What the trees see of each record, (rows, features) in the order of the card's `features`."""
        data = np.stack([row.window.data for row in rows])
        features = channel_features(data, self.card.settings["sampling_rate_hz"]).reshape(len(rows), -1)
        # A silent channel has no kurtosis and no entropy: 0 stands for them, as in the training.
        return np.nan_to_num(features, nan=0.0, posinf=0.0, neginf=0.0)
