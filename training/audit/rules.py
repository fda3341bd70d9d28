"""The rules by which an audit judges, and its verdict in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...zoo.card import Control
from ..scores.intervals import Interval

SCORE = "balanced accuracy"
# A control convicts when it reaches this share of the way from chance to the model's score, and raises suspicion from
# the second on; in either case only if its interval lies above chance.
CONVICTS, SUSPICIOUS = 0.5, 0.1
# Some eight controls are read for one verdict: an interval 1.4 times as wide, 2.7 standard deviations to a side, keeps
# the chance of one false alarm among them near 5 % (Bonferroni).
WIDENED = 1.4
RULES = (
    f"A control convicts when it has {CONVICTS:.0%} or more of the model's skill (its score less that of chance) "
    f"and its interval, widened {WIDENED:g} times as several are read, lies above chance; with {SUSPICIOUS:.0%} or "
    "more it is suspicious. A model whose own interval reaches down to chance has no skill to audit."
)
WHOLE = "the model on whole records"
VERDICTS = ("convicted", "suspicious", "clear", "no skill")


class Verdict(NamedTuple):
    """One of VERDICTS and why."""

    verdict: str
    words: str


def row(control: str, interval: Interval, honest: str, verdict: str = "for information") -> Control:
    """A row of the audit, four digits behind the point."""
    value, low, high = (round(float(v), 4) for v in interval[:3])
    return Control(
        control=control,
        score=SCORE,
        value=value,
        low=min(low, value),
        high=max(high, value),
        honest=honest,
        verdict=verdict,
    )


def judged_as_leak(interval: Interval, whole: Interval, chance: float) -> str:
    """The verdict on a score that should be chance.

    >>> model = Interval(0.9, 0.88, 0.92, 0.95, 2000, 0)
    >>> [judged_as_leak(Interval(v, v - 0.02, v + 0.02, 0.95, 2000, 0), model, 0.5) for v in (0.51, 0.56, 0.85)]
    ['clear', 'suspicious', 'convicted']
    """
    share = share_of(interval.value, whole.value, chance)
    if not _above(interval, chance) or share < SUSPICIOUS:
        return "clear"
    return "convicted" if share >= CONVICTS else "suspicious"


def judged_as_half(interval: Interval, whole: Interval, chance: float) -> str:
    """The verdict on a score that an honest model may have some of, but not most: convicted or clear."""
    convicted = _above(interval, chance) and share_of(interval.value, whole.value, chance) >= CONVICTS
    return "convicted" if convicted else "clear"


def judged_as_lasting(interval: Interval, whole: Interval, chance: float) -> str:
    """The verdict on a score that should stay what it was: suspicious when clearly below, convicted when halved too."""
    if interval.high >= whole.low:
        return "clear"
    return "convicted" if share_of(interval.value, whole.value, chance) < CONVICTS else "suspicious"


def _above(interval: Interval, chance: float) -> bool:
    return interval.value - WIDENED * (interval.value - interval.low) > chance


def share_of(value: float, whole: float, chance: float) -> float:
    """The share of the model's skill that a control has; all of it where the model has none.

    >>> share_of(0.7, 0.9, 0.5).__round__(6)
    0.5
    """
    return (value - chance) / (whole - chance) if whole > chance else 1.0


def verdict_of(rows: Sequence[Control], chance: float = 0.5) -> Verdict:
    """The verdict on a model from its rows, of which the first is its own score."""
    whole = rows[0]
    if whole.low <= chance:
        words = f"the model itself scores chance, {_text(whole)}: there is nothing to audit"
        return Verdict("no skill", words)
    for verdict in ("convicted", "suspicious"):
        found = [r for r in rows if r.verdict == verdict]
        if found:
            worst = "; ".join(f"{r.control} scores {_text(r)}, honest is {r.honest}" for r in found)
            return Verdict(verdict, f"{worst}; the model scores {_text(whole)}")
    tests = [r for r in rows[1:] if r.verdict == "clear"]
    nearest = max(tests[:3], key=lambda r: r.value) if tests else None
    told = f"; {nearest.control} scores {_text(nearest)}" if nearest else ""
    return Verdict("clear", f"none of {len(tests)} controls finds a leak{told}; the model scores {_text(whole)}")


def _text(row: Control) -> str:
    return f"{row.value:.3f} [{row.low:.3f}, {row.high:.3f}]"
