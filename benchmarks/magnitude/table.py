"""The table of magnitudes: a row a data set and model, and the forest's residuals."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass, field

import numpy as np

from ...datasets.atomic import replacing
from ...training.scores.intervals import Interval

COLUMNS = ("data", "model", "score", "value", "low", "high", "note")
SHOWN = ("R2", "MAE", "RMSE", "event R2", "event MAE", "coverage")


@dataclass(frozen=True, eq=False)
class Row:
    """One model's scores; predicted and true magnitudes of the events, for the picture."""

    data: str
    model: str
    scores: dict[str, Interval]
    note: str
    predicted: np.ndarray
    magnitude: np.ndarray


@dataclass(frozen=True)
class Residual:
    """Bias and mean absolute error in a bin of magnitude or distance."""

    by: str
    low: float
    high: float
    records: int
    bias: Interval
    MAE: Interval


@dataclass(frozen=True)
class Table:
    """All rows, the residuals of the shipped forest on simulated records, and what they come from."""

    rows: tuple[Row, ...]
    residuals: tuple[Residual, ...]
    about: dict
    pictures: tuple[str, ...] = field(default=())

    def to_csv(self, path: str | os.PathLike) -> None:
        """One line a model and score, then one a bin; the first line, a comment, holds `about` as JSON."""
        with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            file.write(f"# {json.dumps(self.about, ensure_ascii=False)}\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for row in self.rows:
                for score, interval in row.scores.items():
                    writer.writerow((row.data, row.model, score, *(f"{v:.4f}" for v in interval[:3]), row.note))
            for bin_ in self.residuals:
                where = f"{bin_.by} {bin_.low:g} to {bin_.high:g}"
                for score in ("bias", "MAE"):
                    values = (f"{v:.4f}" for v in getattr(bin_, score)[:3])
                    writer.writerow(("simulated", "forest", f"{score}, {where}", *values, f"{bin_.records} records"))

    def to_text(self) -> str:
        """A block a data set, then the residuals."""
        lines = [self.about["title"]]
        for data in dict.fromkeys(row.data for row in self.rows):
            lines += ["", f"{data}: {self.about['cases'].get(data, '')}"]
            lines.append(f"  {'model':58s}" + "".join(f"{score:>25s}" for score in SHOWN))
            for row in self.rows:
                if row.data == data:
                    cells = "".join(f"{_text(row.scores.get(score)):>25s}" for score in SHOWN)
                    lines.append(f"  {row.model:58s}{cells}  {row.note}".rstrip())
        lines += ["", "residuals of the forest on simulated records (predicted less true)"]
        for bin_ in self.residuals:
            where = f"{bin_.by} {bin_.low:g} to {bin_.high:g}"
            lines.append(f"  {where:28s} bias {_text(bin_.bias)}  MAE {_text(bin_.MAE)}  {bin_.records} records")
        lines += ["", *self.about["notes"], *(f"wrote {path}" for path in self.pictures)]
        return "\n".join(lines).rstrip()


def _text(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
