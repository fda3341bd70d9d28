"""Audit: all leak controls of a classifier, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass

from ...datasets.progress import track
from ...zoo.card import Control
from .controls import CONTROLS
from .rules import RULES, Verdict, verdict_of
from .subject import Subject


@dataclass(frozen=True)
class Audit:
    """The rows of an audit, the first of which is the model's own score, and the verdict."""

    name: str
    rows: tuple[Control, ...]
    verdict: Verdict
    chance: float = 0.5

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "verdict": self.verdict.verdict,
            "words": self.verdict.words,
            "chance": self.chance,
            "rules": RULES,
            "rows": [row.model_dump() for row in self.rows],
        }

    def to_text(self) -> str:
        """The verdict, the table and the rules."""
        return "\n".join(
            [f"{self.name}: {self.verdict.verdict}. {self.verdict.words}", "", *table(self.rows), "", RULES]
        )


def audit(subject: Subject) -> Audit:
    """Run all controls of `controls.CONTROLS`.

    Arguments:
        subject: the model with its records; see `Subject`.
    """
    rows = [row for control in track(CONTROLS, f"auditing {subject.name}") for row in control(subject)]
    return Audit(subject.name, tuple(rows), verdict_of(rows, subject.chance), subject.chance)


def table(rows) -> list[str]:
    """Lines of a table for a terminal: control, score with its interval, verdict, what is honest."""
    width = max(len(row.control) for row in rows)
    lines = [f"{'control':{width}s}  {rows[0].score + ' [95 %]':24s}  {'verdict':15s}  honest"]
    for row in rows:
        score = f"{row.value:.3f} [{row.low:.3f}, {row.high:.3f}]"
        lines.append(f"{row.control:{width}s}  {score:24s}  {row.verdict:15s}  {row.honest}")
    return lines
