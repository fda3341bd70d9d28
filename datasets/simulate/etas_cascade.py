"""Draws the events of an ETAS model, one whole generation at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .etas_background import MapBackground, MixtureBackground
from .etas_parameters import EtasParameters

# Above this a simulation is taken for a mistake in the parameters: its tables would fill the memory of a small machine.
MAX_EVENTS = 20_000_000


@dataclass(frozen=True, eq=False)
class Cascade:
    """Events in no particular order, parents before their offspring; arrays of one entry an event.

    Arguments:
        t_days: since the simulation's origin.
        x_km, y_km: on the plane of the background.
        magnitude: above m0.
        parent: index in this table; -1 for a background event.
        generation: 0 for a background event, its parent's plus one otherwise.
        copy: which of several independent simulations an event belongs to; -1 for a known one, common to all.
        dropped_outside: how many offspring fell outside the box; they are not in the table and had no offspring.
    """

    t_days: np.ndarray
    x_km: np.ndarray
    y_km: np.ndarray
    magnitude: np.ndarray
    parent: np.ndarray
    generation: np.ndarray
    copy: np.ndarray
    dropped_outside: int = 0

    @classmethod
    def empty(cls) -> Cascade:
        """No event."""
        none, no_index = np.empty(0), np.empty(0, np.int64)
        return cls(none, none, none, none, no_index, no_index, no_index)

    @classmethod
    def known(cls, t_days, x_km, y_km, magnitude) -> Cascade:
        """Events of a catalogue, whose parents do not matter."""
        none = np.full(len(t_days), -1)
        return cls(t_days, x_km, y_km, magnitude, none, none, none)

    def __len__(self) -> int:
        return len(self.t_days)


def continued(
    known: Cascade,
    parameters: EtasParameters,
    background: MapBackground | MixtureBackground,
    low_days: float,
    high_days: float,
    box: tuple[float, float, float, float],
    rng: np.random.Generator,
    copies: int = 1,
) -> Cascade:
    """The known events, and what they and the background bring forth with low <= t < high inside the box.

    All known events must precede `low_days`. With `copies` above one, that many independent continuations are drawn
    together.
    """
    size = rng.poisson(parameters.mu_per_day * (high_days - low_days) * copies)
    x, y = background.sample(rng, size)
    first = Cascade(
        rng.uniform(low_days, high_days, size),
        x,
        y,
        parameters.magnitude_at(rng.random(size)),
        np.full(size, -1),
        np.zeros(size, np.int64),
        rng.integers(copies, size=size),
    )
    window = low_days, high_days, box, rng
    heirs = _offspring(known, 0, parameters, *window, copies)
    cohorts = [known, _joined([first, heirs])]
    offset = len(known)
    total = offset + len(cohorts[1])
    while len(cohorts[-1]):
        if total > MAX_EVENTS:
            raise InputError(
                f"at most {MAX_EVENTS} events", f"{total} and growing", "shorten the period or lower mu, K or alpha"
            )
        cohort = _offspring(cohorts[-1], offset, parameters, *window)
        offset += len(cohorts[-1])
        cohorts.append(cohort)
        total += len(cohort)
    return _joined(cohorts)


def _offspring(parents: Cascade, offset: int, parameters, low, high, box, rng, copies: int = 1) -> Cascade:
    """Direct offspring of some events within a window and a box; `offset` is the index of the first parent."""
    born_before = parameters.omori_fraction(low - parents.t_days)
    born_in_window = parameters.omori_fraction(high - parents.t_days) - born_before
    expected = parameters.utsu_productivity(parents.magnitude) * born_in_window * copies
    parent = np.repeat(np.arange(len(parents)), rng.poisson(expected))
    size = len(parent)
    age = parameters.omori_age(born_before[parent] + rng.random(size) * born_in_window[parent])
    # Rounding in the inverse must not carry an event over the window's edge.
    t = np.clip(parents.t_days[parent] + age, np.maximum(low, parents.t_days[parent]), np.nextafter(high, low))
    r = np.sqrt(parameters.squared_distance(rng.random(size), parameters.sigma_km2(parents.magnitude[parent])))
    angle = rng.uniform(0.0, 2 * np.pi, size)
    x, y = parents.x_km[parent] + r * np.cos(angle), parents.y_km[parent] + r * np.sin(angle)
    magnitude = parameters.magnitude_at(rng.random(size))
    # Offspring of a known event, which all copies share, falls to any copy; otherwise it stays in its parent's.
    inherited = parents.copy[parent]
    copy = np.where(inherited < 0, rng.integers(copies, size=size), inherited)
    west, east, south, north = box
    inside = (x >= west) & (x < east) & (y >= south) & (y < north)
    generation = parents.generation[parent] + 1
    columns = (t, x, y, magnitude, parent + offset, generation, copy)
    return Cascade(*(c[inside] for c in columns), dropped_outside=int(size - inside.sum()))


def _joined(cohorts: list[Cascade]) -> Cascade:
    names = ("t_days", "x_km", "y_km", "magnitude", "parent", "generation", "copy")
    columns = {name: np.concatenate([getattr(c, name) for c in cohorts]) for name in names}
    return Cascade(**columns, dropped_outside=sum(c.dropped_outside for c in cohorts))
