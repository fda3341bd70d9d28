"""Rows of the three tables, as text and as CSV."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass

from ...datasets.atomic import replacing

TITLES = {
    "I": "Table I: weight of cells with an event, CNN+LSTM",
    "II": "Table II: all methods",
    "III": "Table III: errors against threshold, thousands of cell-days",
}


@dataclass(frozen=True)
class Row:
    """One number of a table beside the published one.

    Arguments:
        case: the method, with the weight or threshold where the table has one.
        low, high: the 95 % interval; None for a count.
        published: None where the paper has none.
        note: what changed when the leak was closed.
    """

    table: str
    case: str
    score: str
    value: float
    low: float | None = None
    high: float | None = None
    published: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Tables:
    """All rows, and plain values that say where they come from."""

    rows: tuple[Row, ...]
    about: dict

    def value(self, table: str, case: str, score: str) -> Row:
        """The row of a number."""
        return next(row for row in self.rows if (row.table, row.case, row.score) == (table, case, score))

    def to_csv(self, path: str | os.PathLike) -> None:
        """One line a number; the first line, a comment, holds `about` as JSON."""
        with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            file.write(f"# {json.dumps(self.about, ensure_ascii=False)}\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(Row.__dataclass_fields__)
            for row in self.rows:
                writer.writerow(
                    "" if v is None else f"{v:.6g}" if isinstance(v, float) else v for v in vars(row).values()
                )

    def to_text(self) -> str:
        """Each table, a line a case with ours, its interval and the published value, and below it what changed."""
        lines = [self.about["title"], self.about["cases"], f"published: {self.about['published']}"]
        for table, title in TITLES.items():
            rows = [row for row in self.rows if row.table == table]
            scores = list(dict.fromkeys(row.score for row in rows))
            if not rows:
                continue
            lines += ["", title, _line("", [cell for score in scores for cell in (score, "published")])]
            cases = list(dict.fromkeys(row.case for row in rows))
            notes = {case: next((row.note for row in rows if row.case == case and row.note), "") for case in cases}
            for case, following in zip(cases, [*cases[1:], None], strict=True):
                mine = {row.score: row for row in rows if row.case == case}
                cells = []
                for score in scores:
                    row = mine.get(score)
                    cells += ["", ""] if row is None else [_ours(row), _number(row.published)]
                lines.append(_line(case, cells))
                # A note that several cases share stands below the last of them.
                if notes[case] and notes[case] != notes.get(following):
                    lines.append(f"    {notes[case]}")
        return "\n".join(lines)


def _line(case: str, cells: list[str]) -> str:
    widths = [26 if i % 2 == 0 else 10 for i in range(len(cells))]
    return (case.ljust(34) + "  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True))).rstrip()


def _ours(row: Row) -> str:
    if row.low is None:
        return _number(row.value)
    return f"{_number(row.value)} [{_number(row.low)}, {_number(row.high)}]"


def _number(value: float | None) -> str:
    """Three decimals, or as many as a small number needs.

    >>> _number(0.9376), _number(0.00152), _number(0.0), _number(4400.0), _number(None)
    ('0.938', '0.0015', '0', '4400', '')
    """
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.2g}"
