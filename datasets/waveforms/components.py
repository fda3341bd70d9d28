"""Which of the components that a station has are E, N and Z."""

from __future__ import annotations

from collections.abc import Iterable

from ..record import COMPONENTS
from .segments import Conflict

# SEED's 1 and 2 are two orthogonal horizontals of unstated azimuth; by custom 1 is the one nearer north.
_UNORIENTED = {"E": "2", "N": "1"}


def letters_for(components: Iterable[str], band: str = "") -> tuple[list[str], list[str]]:
    """The component letters to take for E, N, Z, and notes; Conflict where one is missing.

    Arguments:
        components: the last letters of the channel codes that are there.
        band: the channel code without its last letter, for the notes.

    >>> letters_for("Z12", "BH")
    (['2', '1', 'Z'], ['BH1 taken for N and BH2 for E: their orientation is not known'])
    """
    have = sorted(components)
    for letters in (list(COMPONENTS), [_UNORIENTED.get(c, c) for c in COMPONENTS]):
        if all(letter in have for letter in letters):
            break
    else:
        missing = [letter for letter in COMPONENTS if letter not in have]
        names = [f"{band}{letter}" for letter in have]
        raise Conflict(f"component {', '.join(missing)} missing: has {', '.join(names)}; needs E, N, Z or 1, 2, Z")
    notes = []
    if "1" in letters:
        notes.append(f"{band}1 taken for N and {band}2 for E: their orientation is not known")
    extra = [f"{band}{letter}" for letter in have if letter not in letters]
    if extra:
        notes.append(f"{', '.join(extra)} not used")
    return letters, notes
