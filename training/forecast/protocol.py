"""Protocol: what a forecast is asked and how it is judged; one definition for fits, cards and tables."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...datasets.errors import InputError
from ...datasets.period import Period

# The files stand with the experiments that they define; trainings read them so that both judge alike.
PROTOCOLS = Path(__file__).parents[2] / "benchmarks" / "protocols"
ALIASES = {"P2": "P2-7d"}
LIKELIHOODS = ("bernoulli", "poisson")


@dataclass(frozen=True)
class Protocol:
    """A target window, the days of issue, and the likelihood.

    Arguments:
        window_days: (a, b); the target of day t is [t + a, t + b).
        every_days: days between two days of issue.
        likelihood: "bernoulli" (is the cell hit) or "poisson" (how many events).
        recalibrated: every model's rates become probabilities by a line fitted on validation (`recalibrate`).

    >>> Protocol.named("P2")
    Protocol(name='P2-7d', window_days=(0, 7), every_days=7, likelihood='poisson', recalibrated=False, \
title='events of a cell in [t, t + 7) days')
    """

    name: str
    window_days: tuple[int, int]
    every_days: int
    likelihood: str
    recalibrated: bool = False
    title: str = ""

    def __post_init__(self):
        object.__setattr__(self, "window_days", tuple(self.window_days))
        a, b = self.window_days
        if not 0 <= a < b or self.every_days < 1 or self.likelihood not in LIKELIHOODS:
            raise InputError(
                f"a window 0 <= a < b, issues at least a day apart and a likelihood of {', '.join(LIKELIHOODS)}",
                f"{self.window_days}, {self.every_days}, {self.likelihood!r}",
                f"mend protocol {self.name}",
            )

    @classmethod
    def names(cls) -> list[str]:
        """Every protocol that comes with the package."""
        return sorted(path.stem for path in PROTOCOLS.glob("*.toml"))

    @classmethod
    def named(cls, name: str) -> Protocol:
        """A protocol of benchmarks/protocols by its name; P2 is P2-7d."""
        path = PROTOCOLS / f"{ALIASES.get(name, name)}.toml"
        if Path(name).name != name or not path.is_file():
            raise InputError(f"a protocol of {', '.join(cls.names())}", repr(name), "choose from the list")
        return cls(**tomllib.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def of_window(cls, window_days: tuple[int, int]) -> Protocol:
        """The packaged protocol of a window, or one like P2: windows without overlap, judged by their counts.

        >>> Protocol.of_window((10, 50)).name, Protocol.of_window((0, 30)).every_days
        ('P1', 30)
        """
        window_days = tuple(window_days)
        for name in cls.names():
            protocol = cls.named(name)
            if protocol.window_days == window_days:
                return protocol
        a, b = window_days
        return cls(f"{a}-{b}d", window_days, b - a, "poisson")

    @property
    def days(self) -> int:
        """The length of the target window."""
        return self.window_days[1] - self.window_days[0]

    def issue_days(self, period: Period) -> np.ndarray:
        """The days of issue whose targets lie within a period; what a forecaster looks back on may lie before it."""
        return period.issue_days(self.window_days, self.every_days)
