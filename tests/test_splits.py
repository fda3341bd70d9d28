"""Splits: disjoint by what they are named for, or an error."""

import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.splits import IndexSplit, by_event, by_region, by_station, by_time, random_records

DAY = np.timedelta64(1, "D")


def events_and_stations(seed=0):
    """400 records of 60 events at 9 stations, as uneven as real ones."""
    rng = np.random.default_rng(seed)
    return rng.zipf(1.5, 400).clip(1, 60).astype(str), rng.integers(0, 9, 400).astype(str)


def parts(split):
    return split.train, split.validation, split.test


def test_events_stay_together_and_nothing_is_lost():
    event, _ = events_and_stations()
    split = by_event(event, seed=3)
    assert sorted(np.concatenate(parts(split))) == list(range(400)) and split.left_out == 0
    sets = [set(event[part]) for part in parts(split)]
    assert not (sets[0] & sets[1] or sets[0] & sets[2] or sets[1] & sets[2])
    # The fractions are of events.
    total = len(set(event))
    assert [len(s) for s in sets] == [
        round(0.7 * total),
        round(0.85 * total) - round(0.7 * total),
        total - round(0.85 * total),
    ]
    assert split.shared(event) == 0


def test_seeds_decide():
    event, _ = events_and_stations()
    for a, b in zip(parts(by_event(event, seed=1)), parts(by_event(event, seed=1)), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(by_event(event, seed=1).test, by_event(event, seed=2).test)


def test_strata_are_divided_alike():
    event = np.repeat(np.arange(200), 2).astype(str)
    kind = np.repeat(np.where(np.arange(200) < 160, "earthquake", "blast"), 2)
    split = by_event(event, seed=1, stratum=kind)
    assert [int((kind[part] == "blast").sum()) // 2 for part in parts(split)] == [28, 6, 6]
    with pytest.raises(InputError, match="several for 0"):
        by_event(["0", "0", "1", "2", "3"], 1, stratum=["a", "b", "a", "a", "a"])


def test_the_published_record_split_leaks_events():
    event, _ = events_and_stations()
    split = random_records(400, seed=1)
    assert [len(part) for part in parts(split)] == [280, 60, 60]
    assert sorted(np.concatenate(parts(split))) == list(range(400))
    # Counted by hand: events with records in more than one part.
    where = {}
    for number, part in enumerate(parts(split)):
        for e in event[part]:
            where.setdefault(e, set()).add(number)
    assert split.shared(event) == sum(len(w) > 1 for w in where.values()) > 5
    with pytest.raises(InputError, match="no event in two parts"):
        split.require_disjoint(event, "event")


def test_stations_stay_together():
    event, station = events_and_stations()
    split = by_station(station, seed=1)
    assert split.shared(station) == 0 < split.shared(event)


def test_time_leaves_the_gap_empty():
    rng = np.random.default_rng(2)
    time = np.datetime64("2000-01-01", "us") + rng.integers(0, 3000 * 86400, 2000).astype("timedelta64[s]")
    split = by_time(time, "2004-01-01", "2006-01-01", gap=50 * DAY, longest_window=50 * DAY)
    assert time[split.train].max() < np.datetime64("2003-11-12") <= np.datetime64("2004-01-01")
    assert time[split.validation].min() >= np.datetime64("2004-01-01")
    assert time[split.test].min() - time[split.validation].max() > 50 * DAY
    in_gaps = ((time >= np.datetime64("2003-11-12")) & (time < np.datetime64("2004-01-01"))) | (
        (time >= np.datetime64("2005-11-12")) & (time < np.datetime64("2006-01-01"))
    )
    assert split.left_out == in_gaps.sum() > 20
    with pytest.raises(InputError, match="longest window, 51 days"):
        by_time(time, "2004-01-01", "2006-01-01", gap=50 * DAY, longest_window=51 * DAY)
    with pytest.raises(InputError, match="validation before test"):
        by_time(time, "2006-01-01", "2004-01-01", gap=DAY, longest_window=DAY)
    with pytest.raises(InputError, match="entries for test, received none"):
        by_time(time, "2004-01-01", "2026-01-01", gap=DAY, longest_window=DAY)


def test_regions_go_whole():
    region = np.array(["japan"] * 5 + ["norcal"] * 3 + ["socal"] * 2 + ["world"])
    split = by_region(region, ["japan"], ["norcal"], ["socal"])
    assert [part.tolist() for part in parts(split)] == [[0, 1, 2, 3, 4], [5, 6, 7], [8, 9]] and split.left_out == 1
    with pytest.raises(InputError, match="received chile"):
        by_region(region, ["japan"], ["norcal"], ["chile"])
    with pytest.raises(InputError, match="one part only"):
        by_region(region, ["japan"], ["norcal"], ["japan"])


def test_bad_divisions_are_refused():
    with pytest.raises(InputError, match="none for 1 of 4"):
        by_event(["a", "b", "", "c"], 1)
    with pytest.raises(InputError, match="entries for"):
        by_event(["a"] * 10, 1)
    with pytest.raises(InputError, match="sum to 1"):
        random_records(10, 1, (0.5, 0.5, 0.5))
    with pytest.raises(InputError, match="in two parts"):
        IndexSplit(np.array([0, 1]), np.array([1]), np.array([2]))
