"""Ledger: what a reader refused or changed, by file, line and reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..errors import InputError

# How many rows of one reason are named; all of them are counted.
NAMED_ROWS = 20


class Rejected(NamedTuple):
    """One row that did not enter the catalogue."""

    file: str
    line: int
    reason: str
    received: str = ""

    @property
    def why(self) -> str:
        """The reason with what stood in the row."""
        return f"{self.reason}: {self.received!r}" if self.received else self.reason

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.why}"


@dataclass
class Ledger:
    """Counts every refused row by reason and names the first ones.

    >>> ledger = Ledger()
    >>> ledger.open("a.csv")
    >>> ledger.reject("no magnitude", [3, 7])
    >>> dict(ledger.counts), [str(row) for row in ledger.rows]
    ({'no magnitude': 2}, ['a.csv:3: no magnitude', 'a.csv:7: no magnitude'])
    """

    counts: Counter = field(default_factory=Counter)
    notes: Counter = field(default_factory=Counter)
    rows: list[Rejected] = field(default_factory=list)
    file: str = ""
    first: Rejected | None = None
    _named: Counter = field(default_factory=Counter)

    def open(self, file: str) -> None:
        """Begin with a file."""
        self.file, self.first = file, None

    def reject(self, reason: str, lines, received=None, file: str | None = None) -> None:
        """Refuse the rows on these lines; `received` gives the text of each, `file` another file than the open one."""
        lines = np.atleast_1d(np.asarray(lines, dtype=np.int64))
        if not len(lines):
            return
        self.counts[reason] += len(lines)
        free = max(NAMED_ROWS - self._named[reason], 0)
        for i in range(min(len(lines), max(free, 1))):
            text = "" if received is None else str(received[i])[:60]
            row = Rejected(self.file if file is None else file, int(lines[i]), reason, text)
            if file is None and (self.first is None or row.line < self.first.line):
                self.first = row
            if i < free:
                self.rows.append(row)
                self._named[reason] += 1

    def note(self, what: str, count) -> None:
        """Count a change that kept the row."""
        if count:
            self.notes[what] += int(count)

    def raise_first(self) -> None:
        """Raise InputError for the open file's first refused row, if it has one."""
        if self.first is not None:
            raise InputError(
                "a good event in every row (strict reading)", str(self.first), "mend the row or read without strict"
            )
