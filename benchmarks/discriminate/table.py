"""The table of earthquake or blast: a row a region, regime and system; scores with intervals from whole events."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass, field

from ...datasets.atomic import replacing
from ...training.scores.intervals import Interval
from ...training.waveform.blast_data import BlastRecords
from ...training.waveform.blast_scores import gains_of, scores_of
from ...training.waveform.blast_systems import Answer

# The regime of rows that are differences of two systems.
GAIN = "gain"
COLUMNS = ("region", "regime", "system", "target_events", "validation_log_loss", "score", "value", "low", "high")
SHOWN = ("event macro F1", "event accuracy", "station accuracy", "station Brier", "event calibration error")


@dataclass(frozen=True)
class Row:
    """One system's scores.

    Arguments:
        region: where it was tested. regime: how it learned there. system: what answered.
        target_events: of this region that it learned from, those that chose its epoch included.
        validation_loss: log loss at even odds, what choices were made by; NaN where none is needed.
    """

    region: str
    regime: str
    system: str
    target_events: int
    validation_loss: float
    scores: dict[str, Interval]

    @classmethod
    def of(cls, region, regime, system, target_events, answer: Answer, test: BlastRecords) -> Row:
        """From an answer to the test records."""
        return cls(region, regime, system, target_events, answer.loss, scores_of(answer, test.label, test.event))


def gain(region: str, what: str, target_events: int, better: Answer, worse: Answer, test: BlastRecords) -> Row:
    """A row of differences, in pairs over the same events."""
    return Row(region, GAIN, what, target_events, float("nan"), gains_of(better, worse, test.label, test.event))


@dataclass(frozen=True)
class Table:
    """All rows, and what they come from."""

    rows: tuple[Row, ...]
    about: dict
    pictures: tuple[str, ...] = field(default=())

    def to_csv(self, path: str | os.PathLike) -> None:
        """One line a system and score; the first line, a comment, holds `about` as JSON."""
        with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            file.write(f"# {json.dumps(self.about, ensure_ascii=False)}\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for row in self.rows:
                first = (row.region, row.regime, row.system, row.target_events, f"{row.validation_loss:.4f}")
                for score, interval in row.scores.items():
                    writer.writerow((*first, score, *(f"{value:.4f}" for value in interval[:3])))

    def to_text(self) -> str:
        """A block a region."""
        lines = [self.about["title"]]
        for region in dict.fromkeys(row.region for row in self.rows):
            lines += ["", f"{region}: {self.about['cases'].get(region, '')}"]
            lines.append(f"  {'regime':34s} {'system':42s} {'events':>6s}  " + "  ".join(f"{s:>25s}" for s in SHOWN))
            for row in self.rows:
                if row.region == region:
                    scores = "  ".join(f"{_text(row.scores[s]) if s in row.scores else '':>25s}" for s in SHOWN)
                    lines.append(f"  {row.regime:34s} {row.system:42s} {row.target_events:6d}  {scores}")
        lines += ["", *(f"wrote {path}" for path in self.pictures)]
        return "\n".join(lines).rstrip()


def _text(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
