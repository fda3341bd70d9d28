"""Splits of records or windows into train, validation and test: by time, event, station or region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .errors import InputError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class IndexSplit:
    """Indices of three parts, each ascending; no index in two of them and none of them empty.

    `left_out` counts the entries in no part, such as those in the gaps between periods.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    left_out: int = 0

    def __post_init__(self):
        for name in PARTS:
            if not len(getattr(self, name)):
                raise InputError(f"entries for {name}", "none", "give more data or another division")
        indices = np.concatenate([getattr(self, name) for name in PARTS])
        if len(np.unique(indices)) < len(indices):
            raise InputError("each index in one part only", "an index in two parts", "mend the division")

    def shared(self, group) -> int:
        """How many groups (events, stations ...) occur in more than one part: the leak of a split.

        >>> IndexSplit(np.array([0, 1]), np.array([2]), np.array([3])).shared(["a", "b", "c", "b"])
        1
        """
        group = np.asarray(group)
        parts = [np.unique(group[getattr(self, name)]) for name in PARTS]
        return int(np.count_nonzero(np.unique(np.concatenate(parts), return_counts=True)[1] > 1))

    def require_disjoint(self, group, what: str) -> IndexSplit:
        """This split, or InputError if a group (`what` names one) occurs in more than one part."""
        if number := self.shared(group):
            raise InputError(f"no {what} in two parts", f"{number} shared", f"split by {what}")
        return self


def by_time(time, validation_from, test_from, gap, longest_window) -> IndexSplit:
    """Train before validation before test, with a gap before each of the later two.

    Arguments:
        time: (n,) `datetime64`, the moment each entry is issued or recorded.
        validation_from, test_from: the first moments of the two.
        gap: `timedelta64` left empty before each; entries in it are left out.
        longest_window: `timedelta64` from the first input to the last target moment of an entry; a shorter gap
            would let an entry see both sides, and is refused.

    >>> days = np.arange("2020-01-01", "2020-01-11", dtype="datetime64[D]")
    >>> split = by_time(days, "2020-01-05", "2020-01-08", np.timedelta64(1, "D"), np.timedelta64(1, "D"))
    >>> split.train.tolist(), split.validation.tolist(), split.test.tolist(), split.left_out
    ([0, 1, 2], [4, 5], [7, 8, 9], 2)
    """
    time = np.asarray(time, dtype="datetime64[us]")
    validation_from, test_from = (np.datetime64(t, "us") for t in (validation_from, test_from))
    if np.isnat(time).any():
        raise InputError("a time for every entry", f"none for {np.isnat(time).sum()}", "drop or mend them")
    if not validation_from < test_from:
        raise InputError("validation before test", f"{validation_from} and {test_from}", "swap or mend them")
    if gap < longest_window:
        raise InputError(f"a gap of at least the longest window, {longest_window}", f"{gap}", "widen the gap")
    parts = (
        np.flatnonzero(time < validation_from - gap),
        np.flatnonzero((time >= validation_from) & (time < test_from - gap)),
        np.flatnonzero(time >= test_from),
    )
    return IndexSplit(*parts, left_out=len(time) - sum(map(len, parts)))


def by_event(event_id, seed: int, fractions=(0.7, 0.15, 0.15), stratum=None) -> IndexSplit:
    """All records of an event in one part; the fractions are of events.

    Arguments:
        event_id: (n,) the event of each record; an empty one is refused.
        stratum: (n,) a class that each event has one of; every class is then divided by the fractions.

    >>> split = by_event(["a", "a", "b", "c", "c", "d"], seed=1, fractions=(0.5, 0.25, 0.25))
    >>> split.shared(["a", "a", "b", "c", "c", "d"]), len(split.train) + len(split.validation) + len(split.test)
    (0, 6)
    """
    return _by_group(event_id, seed, fractions, stratum, "event")


def event_folds(event_id, seed: int, folds: int = 5, stratum=None) -> np.ndarray:
    """The fold of each record, 0 to folds - 1, all records of an event in one; for cross-validation.

    Arguments:
        event_id: (n,) the event of each record; an empty one is refused.
        stratum: (n,) a class that each event has one of; every class is then divided evenly.

    >>> event_folds(["a", "a", "b", "c", "c", "d"], seed=1, folds=2).tolist()
    [0, 0, 1, 0, 0, 1]
    """
    names, where, level = _groups(event_id, stratum, "event")
    rng = np.random.default_rng(seed)
    fold = np.empty(len(names), np.int64)
    for value in np.unique(level):
        members = rng.permutation(np.flatnonzero(level == value))
        if len(members) < folds:
            raise InputError(f"an event a fold, {folds} or more", f"{len(members)}", "ask for fewer folds")
        fold[members] = np.arange(len(members)) % folds
    return fold[where]


def by_station(station, seed: int, fractions=(0.7, 0.15, 0.15)) -> IndexSplit:
    """All records of a station in one part; the fractions are of stations. Events may still be shared."""
    return _by_group(station, seed, fractions, None, "station")


def by_region(region, train, validation, test) -> IndexSplit:
    """Whole regions to each part; regions named for none are left out.

    Arguments:
        region: (n,) the region of each entry.
        train, validation, test: lists of regions.

    >>> by_region(["japan", "norcal", "socal"], ["japan"], ["norcal"], ["socal"]).test.tolist()
    [2]
    """
    region = np.asarray(region, dtype=np.str_)
    named = [*train, *validation, *test]
    if missing := sorted(set(named) - set(region.tolist())):
        raise InputError(f"regions of {', '.join(sorted(set(region.tolist())))}", ", ".join(missing), "mend the names")
    if len(set(named)) < len(named):
        raise InputError("each region in one part only", ", ".join(named), "name it once")
    parts = [np.flatnonzero(np.isin(region, list(names))) for names in (train, validation, test)]
    return IndexSplit(*parts, left_out=len(region) - sum(map(len, parts))).require_disjoint(region, "region")


def random_records(records: int, seed: int, fractions=(0.7, 0.15, 0.15)) -> IndexSplit:
    """The published split, by single records: several records of one event land on both sides.

    For comparison with published numbers only; `IndexSplit.shared(event_id)` counts the events it leaks.
    """
    order = np.random.default_rng(seed).permutation(records)
    return IndexSplit(*(np.sort(part) for part in np.split(order, _cuts(records, fractions))))


def _by_group(group, seed, fractions, stratum, what: str) -> IndexSplit:
    names, where, level = _groups(group, stratum, what)
    rng = np.random.default_rng(seed)
    part = np.empty(len(names), np.int64)
    for value in np.unique(level):
        members = rng.permutation(np.flatnonzero(level == value))
        for index, share in enumerate(np.split(members, _cuts(len(members), fractions))):
            part[share] = index
    return IndexSplit(*(np.flatnonzero(part[where] == index) for index in range(3))).require_disjoint(group, what)


def _groups(group, stratum, what: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The names of the groups, each entry's group, and each group's stratum, by number."""
    group = np.asarray(group, dtype=np.str_)
    if (group == "").any():
        raise InputError(
            f"the {what} of every record", f"none for {(group == '').sum()} of {len(group)}", "drop or mend them"
        )
    names, where = np.unique(group, return_inverse=True)
    level = np.zeros(len(names), np.int64)
    if stratum is not None:
        stratum = np.unique(np.asarray(stratum), return_inverse=True)[1]
        level[where] = stratum
        if np.any(level[where] != stratum):
            torn = names[where[(level[where] != stratum).argmax()]]
            raise InputError(f"one stratum for each {what}", f"several for {torn}", "mend the strata")
    return names, where, level


def _cuts(number: int, fractions) -> list[int]:
    if len(fractions) != 3 or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-9:
        raise InputError("three positive fractions that sum to 1", str(tuple(fractions)), "mend the fractions")
    return [round(number * fractions[0]), round(number * (fractions[0] + fractions[1]))]
