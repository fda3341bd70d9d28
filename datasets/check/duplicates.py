"""Events that a catalogue holds twice: the same row, the same id, or nearly the same time, place and size."""

from __future__ import annotations

import numpy as np

from ..projection import EARTH_RADIUS_KM

# Two solutions of one event differ by seconds; the same id further apart is another event (ids restart, agencies mix).
SAME_EVENT = np.timedelta64(3600, "s")
# In a swarm timed to the minute every event has hundreds of neighbours; the search says so when it stops there.
MOST_NEIGHBOURS = 200


def repeated_rows(time, event_id, columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, int]:
    """Rows that a later row repeats or replaces.

    Arguments:
        time: `datetime64[us]`, in the order of reading.
        event_id: ids, "" where there is none; or one text for all.
        columns: the numbers of the rows, each of shape (rows,).
    Returns:
        the mask of rows that stand again, equal in time and every column, further on; the mask of rows whose id comes
        again within an hour with another solution, of which the last is kept; and how many ids name events that lie
        further apart (all kept).

    >>> times = np.array(["2020-01-01T00:00:00", "2020-01-01T00:00:01", "2020-01-01T00:00:01"], "datetime64[us]")
    >>> same, replaced, reused = repeated_rows(times, np.array(["a", "a", "a"]), [np.array([4.0, 4.1, 4.1])])
    >>> same.tolist(), replaced.tolist(), reused
    ([False, True, False], [True, False, False], 0)
    """
    rows = len(time)
    same, replaced = np.zeros(rows, bool), np.zeros(rows, bool)
    if rows < 2:
        return same, replaced, 0
    code = _codes(event_id, rows)
    # Rows without an id are the same event only where everything is equal.
    anonymous = np.flatnonzero(code < 0)
    keys = [column[anonymous] for column in columns]
    order = np.lexsort((*keys, time[anonymous])) if len(anonymous) else anonymous
    again = _equal_neighbours(time[anonymous][order], [key[order] for key in keys])
    same[anonymous[order[:-1][again]]] = True

    named = np.flatnonzero(code >= 0)
    counts = np.bincount(code[named]) if len(named) else np.zeros(1, int)
    several = named[counts[code[named]] > 1]
    if not len(several):
        return same, replaced, 0
    order = several[np.lexsort((time[several], code[several]))]
    linked = (np.diff(code[order]) == 0) & (np.diff(time[order]) <= SAME_EVENT)
    reused = len(np.unique(code[order][1:][(np.diff(code[order]) == 0) & ~linked]))
    event = np.concatenate([[0], np.cumsum(~linked)])
    last = np.zeros(event[-1] + 1, np.int64)
    np.maximum.at(last, event, order)
    kept = last[event]
    equal = time[order] == time[kept]
    for column in columns:
        equal &= (column[order] == column[kept]) | ((column[order] != column[order]) & (column[kept] != column[kept]))
    gone = order != kept
    same[order[gone & equal]] = True
    replaced[order[gone & ~equal]] = True
    return same, replaced, reused


def near_duplicates(
    catalog, seconds: float = 2.0, distance_km: float = 20.0, magnitude: float = 0.3
) -> tuple[np.ndarray, bool]:
    """Pairs of events that are closer in time, place and size than two earthquakes are likely to be.

    Returns:
        indices of the pairs, shape (pairs, 2), and whether the search was complete.

    >>> from foreshock.datasets.catalog import Catalog
    >>> times = ["2020-01-01T00:00:00", "2020-01-01T00:00:01", "2020-01-01T00:00:05"]
    >>> near_duplicates(Catalog(times, [35.0, 35.1, 35.0], [139, 139, 139], [5, 5, 5], [4.0, 4.2, 4.0]))[0].tolist()
    [[0, 1]]
    """
    window = np.timedelta64(round(seconds * 1e6), "us")
    first = np.arange(len(catalog))
    pairs = []
    for lag in range(1, MOST_NEIGHBOURS + 1):
        first = first[first + lag < len(catalog)]
        first = first[catalog.time[first + lag] - catalog.time[first] <= window]
        if not len(first):
            break
        close = np.abs(catalog.magnitude[first + lag] - catalog.magnitude[first]) <= magnitude + 1e-9
        i, j = first[close], first[close] + lag
        near = epicentral_distance_km(
            catalog.latitude[i], catalog.longitude[i], catalog.latitude[j], catalog.longitude[j]
        )
        pairs.append(np.stack([i[near <= distance_km], j[near <= distance_km]], axis=1))
    found = np.concatenate(pairs) if pairs else np.zeros((0, 2), np.int64)
    return found[np.argsort(found[:, 0], kind="stable")], not len(first)


def epicentral_distance_km(latitude1, longitude1, latitude2, longitude2) -> np.ndarray:
    """Great-circle distance in km by the haversine formula.

    >>> round(float(epicentral_distance_km(0.0, 179.5, 0.0, -179.5)), 1)
    111.2
    """
    a, b = np.radians(latitude1), np.radians(latitude2)
    half = np.radians(np.subtract(longitude2, longitude1)) / 2
    h = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(half) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(h, 1.0)))


def _codes(event_id, rows: int) -> np.ndarray:
    """A whole number for each id, -1 for the empty one."""
    if isinstance(event_id, str):
        return np.full(rows, -1 if not event_id else 0)
    import pyarrow as pa

    coded = pa.array(event_id).dictionary_encode()
    code = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    words = coded.dictionary.to_pylist()
    if "" in words:
        code[code == words.index("")] = -1
    return code


def _equal_neighbours(time: np.ndarray, columns: list[np.ndarray]) -> np.ndarray:
    """Whether each row but the last equals the next; two NaN are equal."""
    equal = time[1:] == time[:-1]
    for column in columns:
        a, b = column[:-1], column[1:]
        equal &= (a == b) | ((a != a) & (b != b))
    return equal
