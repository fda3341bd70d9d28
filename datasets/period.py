"""Periods of days and the chronological split of one into train, validation and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .errors import InputError


@dataclass(frozen=True, repr=False)
class Period:
    """A run of days with both ends included.

    >>> period = Period("2000-01-01", "2000-03-31")
    >>> period.days, period
    (91, Period(2000-01-01 to 2000-03-31))
    >>> period.issue_days(horizon=(10, 50), every=10).astype(str).tolist()
    ['2000-01-01', '2000-01-11', '2000-01-21', '2000-01-31', '2000-02-10']
    """

    first: np.datetime64
    last: np.datetime64

    def __post_init__(self):
        for name in ("first", "last"):
            try:
                object.__setattr__(self, name, np.datetime64(str(getattr(self, name)), "D"))
            except ValueError as error:
                raise InputError("a day as 2011-03-11", repr(getattr(self, name)), "mend the period") from error
        if not self.first <= self.last:
            raise InputError("a period of at least one day", f"{self.first} to {self.last}", "mend the period")

    def __repr__(self) -> str:
        return f"Period({self.first} to {self.last})"

    @property
    def days(self) -> int:
        """The number of days."""
        return int((self.last - self.first).astype(int)) + 1

    def shortened(self, days: int) -> Period:
        """The period without its last `days` days."""
        return Period(self.first, self.last - np.timedelta64(days, "D"))

    def issue_days(self, horizon: tuple[int, int], every: int = 1, history_days: int = 0) -> np.ndarray:
        """Days on which to issue a forecast, `datetime64[D]`, so that history and horizon stay within the period.

        Arguments:
            horizon: (a, b); the target of day t is [t + a, t + b), and t + b is at most the day after the last.
            every: days between two forecasts.
            history_days: input days before t that must lie in the period too; 0 lets the first forecasts look back
                beyond its first day, which an operational forecast would do.
        """
        first, end = self.first + np.timedelta64(history_days, "D"), self.last + np.timedelta64(1, "D")
        days = np.arange(first, end - np.timedelta64(horizon[1] - 1, "D"), np.timedelta64(every, "D"))
        if not days.size:
            raise InputError(
                f"a period longer than {history_days} days of history and a horizon of {horizon[1]}",
                f"{self.first} to {self.last}",
                "take a longer period or a shorter horizon",
            )
        return days


@dataclass(frozen=True)
class Split:
    """Train, validation and test periods, one after the other; overlapping ones are refused.

    >>> split = Split(("1990", "2007-12-31"), ("2008-01-01", "2010-12-31"), ("2011-01-01", "2013-12-31"))
    >>> split.gap_days, split.with_gap(50).gap_days, split.with_gap(50).train
    (0, 50, Period(1990-01-01 to 2007-11-11))
    """

    train: Period
    validation: Period
    test: Period

    def __post_init__(self):
        for name in ("train", "validation", "test"):
            period = getattr(self, name)
            if not isinstance(period, Period):
                object.__setattr__(self, name, Period(*period))
        for earlier, later in (("train", "validation"), ("validation", "test")):
            before, after = getattr(self, earlier), getattr(self, later)
            if not before.last < after.first:
                raise InputError(
                    f"a {earlier} period that ends before {later} begins",
                    f"{before.last} and {after.first}",
                    "mend the split's days",
                )

    @property
    def gap_days(self) -> int:
        """The shorter of the two gaps between the periods, in days."""
        gaps = (self.validation.first - self.train.last, self.test.first - self.validation.last)
        return int(min(gaps).astype(int)) - 1

    def with_gap(self, days: int) -> Split:
        """The same test, with train and validation ending early enough to leave gaps of at least `days` days."""
        periods = []
        for before, after in ((self.train, self.validation), (self.validation, self.test)):
            gap = int((after.first - before.last).astype(int)) - 1
            periods.append(before.shortened(max(0, days - gap)))
        return Split(*periods, self.test)

    @classmethod
    def fractions(cls, period: Period, validation: float = 0.15, test: float = 0.15) -> Split:
        """The period cut in order of time, the last share for the test.

        >>> Split.fractions(Period("2000-01-01", "2000-04-09"), 0.2, 0.3).test
        Period(2000-03-11 to 2000-04-09)
        """
        if not (validation > 0 and test > 0 and validation + test < 1):
            raise InputError("positive shares that leave some for training", f"{validation}, {test}", "mend the shares")
        train_end = round(period.days * (1 - validation - test))
        validation_end = round(period.days * (1 - test))
        ends = [period.first + np.timedelta64(n, "D") for n in (0, train_end, validation_end, period.days)]
        day = np.timedelta64(1, "D")
        return cls(*(Period(ends[i], ends[i + 1] - day) for i in range(3)))
