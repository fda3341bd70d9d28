"""The forecast benchmark's table: a row a model, scores with intervals, as text and as CSV."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass, field

from ...datasets.atomic import replacing
from ...training.scores.intervals import Interval

# Score, heading and format; a gain is in nats a hit cell (P1) or an event (P2).
SCORES = {
    "roc_auc": ("ROC AUC", ".3f"),
    "roc_auc_active": ("active cells", ".3f"),
    "pr_auc": ("PR AUC", ".4f"),
    "gain_smoothed": ("gain over smoothed", "+.2f"),
    "gain_smoothed_rescaled": ("rescaled", "+.2f"),
    "gain_etas": ("over ETAS", "+.2f"),
    "gain_etas_rescaled": ("rescaled", "+.2f"),
    "brier_skill": ("Brier skill", "+.4f"),
    "gain_truth": ("over truth", "+.3f"),
    "share": ("share of gain", ".0%"),
}
# Tests, with heading, format, and the levels outside of which a forecast is rejected at 95 %.
TESTS = {
    "t_gain": ("T: gain over ETAS", "+.2f", None),
    "t_p": ("p", ".1g", None),
    "w_p": ("W: p", ".1g", None),
    "dm_p": ("DM: p", ".1g", None),
    "n_observed": ("events", ".0f", None),
    "n_expected": ("N: expected", ".0f", None),
    "n_at_least": ("at least", ".3f", 0.025),
    "n_at_most": ("at most", ".3f", 0.025),
    "s": ("S", ".3f", 0.05),
    "l": ("L", ".3f", 0.05),
}
COLUMNS = ("model", "score", "value", "low", "high", "fit_s", "forecast_s", "leaks", "note")


@dataclass(frozen=True)
class Row:
    """One model's scores by name of `SCORES`, and the seconds of its fit and of its test forecasts.

    Arguments:
        tests: numbers of `verdicts`, (value,) or (value, low, high) by name.
    """

    model: str
    scores: dict[str, Interval]
    fit_s: float
    forecast_s: float
    leaks: bool = False
    note: str = ""
    tests: dict[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """All rows of one region, split and protocol.

    Arguments:
        about: plain values that say where the numbers come from: region, cases, versions, hash, command.
    """

    rows: tuple[Row, ...]
    about: dict
    pictures: tuple[str, ...] = field(default=())

    def row(self, model: str) -> Row:
        """The row of a model."""
        return next(row for row in self.rows if row.model == model)

    def to_csv(self, path: str | os.PathLike) -> None:
        """One line a model and score; the first line, a comment, holds `about` as JSON."""
        with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            file.write(f"# {json.dumps(self.about, ensure_ascii=False)}\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for row in self.rows:
                rest = (f"{row.fit_s:.1f}", f"{row.forecast_s:.1f}", "yes" if row.leaks else "no", row.note)
                for score, interval in row.scores.items():
                    values = (f"{value:.6g}" for value in interval[:3])
                    writer.writerow((row.model, score, *values, *rest))
                for test, numbers in row.tests.items():
                    values = [f"{value:.6g}" for value in numbers] + [""] * (3 - len(numbers))
                    writer.writerow((row.model, test, *values, *rest))

    def to_text(self) -> str:
        """The table for a terminal of any width: values, and below each its 95 % interval."""
        names = [name for name in SCORES if any(name in row.scores for row in self.rows)]
        head = ["model", *(SCORES[name][0] for name in names), "fit s", "forecast s"]
        lines = [head]
        for row in self.rows:
            cells = [(f"{row.scores[n].value:{SCORES[n][1]}}" if n in row.scores else "") for n in names]
            lines.append(
                [f"{row.model}{' (leaks)' if row.leaks else ''}", *cells, f"{row.fit_s:.0f}", f"{row.forecast_s:.0f}"]
            )
            lines.append(["", *(_interval(row.scores.get(n), SCORES[n][1]) for n in names), "", ""])
        notes = [f"{row.model}: {row.note}" for row in self.rows if row.note]
        top = [self.about["title"], self.about["cases"], ""]
        return "\n".join([*top, *_aligned(lines), "", *self._tests_as_text(), *notes])

    def _tests_as_text(self) -> list[str]:
        rows = [row for row in self.rows if row.tests]
        if not rows:
            return []
        lines = [["model", *(heading for heading, _, _ in TESTS.values())]]
        for row in rows:
            cells = []
            for name, (_, form, level) in TESTS.items():
                numbers = row.tests.get(name, ())
                text = format(numbers[0], form) if numbers else ""
                text += f" [{numbers[1]:{form}}, {numbers[2]:{form}}]" if len(numbers) == 3 else ""
                cells.append(text + ("*" if numbers and level is not None and numbers[0] < level else ""))
            lines.append([row.model, *cells])
        about = (
            "Tests on windows that do not overlap: paired T, W and Diebold-Mariano against etas; pyCSEP's N, S and L "
            "of the rates as given, * where they reject at 95 %. T, W, N, S and L take events as independent, which "
            "aftershocks are not: only the intervals above allow for that."
        )
        return [about, *_aligned(lines), ""]


def _aligned(lines: list[list[str]]) -> list[str]:
    """Lines of equally wide columns, the first to the left and all others to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _interval(interval: Interval | None, form: str) -> str:
    return "" if interval is None else f"[{interval.low:{form}}, {interval.high:{form}}]"
