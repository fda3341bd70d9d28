"""Tables of the seismic-cycle benchmark: scores with intervals, as text and as CSV."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass

from ...datasets.atomic import replacing
from ...training.scores.intervals import Interval


@dataclass(frozen=True)
class Row:
    """One score of one model.

    Arguments:
        model: its name; trained_on, tested_on: stations, or "all".
        score: its name; cases: how many records of how many events.
        published: the number in the literature, on the real data set; None where there is none.
        weights: "zoo", or "trained here" in fit_s seconds.
    """

    model: str
    trained_on: str
    tested_on: str
    score: str
    cases: str
    interval: Interval
    published: float | None = None
    parameters: int | None = None
    weights: str = ""
    fit_s: float | None = None


COLUMNS = (
    *("model", "trained_on", "tested_on", "score", "value", "low", "high"),
    *("published_on_norcia", "cases", "parameters", "weights", "fit_s"),
)


def write_csv(rows: list[Row], about: dict, path: str | os.PathLike) -> None:
    """One line a score; the first line, a comment, says as JSON where the numbers come from."""
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        file.write(f"# {json.dumps(about, ensure_ascii=False)}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            values = (f"{value:.4f}" for value in row.interval[:3])
            fit_s = "" if row.fit_s is None else f"{row.fit_s:.0f}"
            rest = (row.published, row.cases, row.parameters, row.weights, fit_s)
            writer.writerow((row.model, row.trained_on, row.tested_on, row.score, *values, *rest))


def as_text(rows: list[Row], across: str) -> str:
    """A table with a line a model (or station of training) and a column for each value of `across`.

    Arguments:
        across: "score" or "tested_on".
    """
    columns = list(dict.fromkeys(getattr(row, across) for row in rows))
    key = "model" if across == "score" else "trained_on"
    told = across == "score"
    lines = [[key.replace("_", " "), *columns, *(["published"] if told else [])]]
    for name in dict.fromkeys(getattr(row, key) for row in rows):
        of_name = {getattr(row, across): row for row in rows if getattr(row, key) == name}
        published = [row.published for row in of_name.values() if row.published is not None]
        cells = [_cell(of_name[c], across) if c in of_name else "" for c in columns]
        lines.append([name, *cells, *([", ".join(f"{value:.4f}" for value in published)] if told else [])])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(f"{cell:{w}s}" for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def _cell(row: Row, across: str) -> str:
    value, low, high = row.interval[:3]
    return f"{value:.3f} [{low:.3f}, {high:.3f}]" if across == "score" else f"{value:.3f}"
