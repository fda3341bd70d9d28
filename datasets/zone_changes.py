"""When a time zone changes its offset, found once a year, so that many times are converted at array speed."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

DAY_S = 86_400


def utc_offsets(time: np.ndarray, timezone: str) -> np.ndarray:
    """UTC offsets, `timedelta64[us]`, of a zone at UTC times, exact to the second of each change.

    >>> utc_offsets(np.array(["2020-03-29T00:59:59", "2020-03-29T01:00"], "datetime64[us]"), "Europe/Rome").astype(int)
    array([3600000000, 7200000000])
    """
    years = np.unique(time.astype("datetime64[Y]")).astype(np.int64) + 1970
    found = [_changes(timezone, int(year)) for year in years]
    instants = np.concatenate([instants for instants, _ in found] or [np.zeros(0, np.int64)])
    offsets = np.concatenate([offsets for _, offsets in found] or [np.zeros(0, np.int64)])
    position = np.searchsorted(instants, time.astype("datetime64[s]").astype(np.int64), "right") - 1
    return (offsets[position] * 1_000_000).astype("timedelta64[us]")


@lru_cache(maxsize=4096)
def _changes(timezone: str, year: int) -> tuple[np.ndarray, np.ndarray]:
    """Instants of a UTC year, its first one included, from which an offset holds, and the offsets; in seconds."""
    zone = ZoneInfo(timezone)

    def offset(second: int) -> int:
        return int(datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset().total_seconds())

    start, end = (int(np.datetime64(f"{y:04d}", "s").astype(np.int64)) for y in (year, year + 1))
    instants, offsets = [start], [offset(start)]
    # No zone changes twice within a day: compare its ends, and halve the day where they differ.
    for low in range(start, end, DAY_S):
        high = min(low + DAY_S, end - 1)
        if (after := offset(high)) == offsets[-1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if offset(middle) == after:
                high = middle
            else:
                low = middle
        instants.append(high)
        offsets.append(after)
    return np.array(instants), np.array(offsets)
