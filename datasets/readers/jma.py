"""Hypocentre records of the Japan Meteorological Agency: 96 fixed columns, Japan Standard Time.

Columns as in "Hypocenter record format", The Seismological Bulletin of Japan; they count from 1 there, from 0 here.
"""

from __future__ import annotations

import re

import numpy as np

from .fixed_columns import FixedColumns
from .ledger import Ledger
from .rows import Rows
from .times import assemble

NAME = "jma"
FIXED_TIMES = True
JAPAN_STANDARD_TIME = np.timedelta64(9, "h")
# Column 61: 1 natural, 2 too few JMA stations, 3 artificial, 4 noise (now: of an eruption and others), 5 low-frequency.
KINDS = {"3": "anthropogenic event", "4": "other event"}
RECORD = re.compile(rb"[JUI]\d{4}[\d ]{8}[\d ]{8}[ \d-]{3}[\d ]{8}[ \d-]{4}[\d ]{8}")


def recognises(head: bytes) -> bool:
    """Whether a file begins as this format does: a hypocentre record J, U or I of 96 columns."""
    line = head.lstrip(b"\r\n").split(b"\n")[0].rstrip(b"\r")
    return len(line) >= 55 and RECORD.match(line) is not None


def read(data: bytes, ledger: Ledger) -> Rows:
    """The hypocentre records of a file, with arrivals or without; times brought to UTC.

    JMA gives no event ids. An event may have several records, one an agency, of which the first is JMA's choice:
    the others are refused by name. A file of arrivals closes each event with a record E; elsewhere the next record
    is the same event when another agency's lies within a minute and two degrees of it.
    """
    table = FixedColumns(data, width=96)
    letter = table.matrix[:, 0]
    hypocentre = np.isin(letter, np.frombuffer(b"JUI", np.uint8))
    other = ~np.isin(letter, np.frombuffer(b"JUI _CEMWTQNZ", np.uint8))
    ledger.reject("not a hypocentre record", table.line[other], table.take(other).texts())
    event = np.cumsum(letter == ord("E"))[hypocentre]
    table = table.take(hypocentre)
    faults: list[tuple] = []
    fields = {
        "year": table.digits(1, 5),
        "month": table.digits(5, 7),
        "day": table.digits(7, 9),
        "hour": table.digits(9, 11),
        "minute": table.digits(11, 13),
        "second": table.digits(13, 17),
    }
    local = assemble(*list(fields.values())[:5], fields["second"] * 10_000)
    # A blank field reads as zero here; without month or day there is no date.
    bad = np.isnat(local) | (np.array(list(fields.values())) < 0).any(axis=0)
    if bad.any():
        faults.append(("time not understood", bad, [text[1:17] for text in table.texts()]))
    local[bad] = np.datetime64("NaT")
    ledger.note("times with 60 seconds carried to the next minute", ((fields["second"] >= 6000) & ~bad).sum())
    magnitude, wrong = _magnitude(table.matrix[:, 52], table.matrix[:, 53])
    if wrong.any():
        faults.append(("magnitude is not a number", wrong, [text[52:54] for text in table.texts()]))
    kind = table.matrix[:, 60]
    kinds = np.full(len(table), "earthquake", dtype="U20")
    for code, name in KINDS.items():
        kinds[kind == ord(code)] = name
    latitude = _degrees(table, "latitude", 21, 24, 28, faults)
    longitude = _degrees(table, "longitude", 32, 36, 40, faults)
    again = event[1:] == event[:-1] if event.any() else _same_event(table.matrix[:, 0], local, latitude, longitude)
    if again.any():
        faults.append(("another solution of the event above", np.concatenate([[False], again]), table.texts()))
    return Rows(
        line=table.line,
        time=local - JAPAN_STANDARD_TIME,
        latitude=latitude,
        longitude=longitude,
        depth_km=_depth(table, faults),
        magnitude=magnitude,
        kind=kinds,
        faults=faults,
    )


def _same_event(letter: np.ndarray, time: np.ndarray, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Whether each record but the first is another agency's solution for the record before it."""
    close = (np.abs(np.diff(latitude)) <= 2.0) & (np.abs(np.diff(longitude)) <= 2.0)
    return (letter[1:] != letter[:-1]) & (np.abs(np.diff(time)) <= np.timedelta64(60, "s")) & close


def _degrees(table: FixedColumns, name: str, start: int, middle: int, end: int, faults: list) -> np.ndarray:
    """Whole degrees, then minutes with two decimals; the sign stands before the degrees and holds for both."""
    field = table.matrix[:, start:middle]
    negative = (field == ord("-")).any(axis=1)
    unsigned = table.take(np.ones(len(table), bool))
    unsigned.matrix = table.matrix.copy()
    unsigned.matrix[:, start:middle][field == ord("-")] = 32
    whole, minutes = unsigned.digits(start, middle), table.digits(middle, end)
    bad = (whole < 0) | (minutes < 0)
    if bad.any():
        faults.append((f"{name} is not a number", bad, [text[start:end] for text in table.texts()]))
    value = whole + minutes / 6000.0
    value[(table.matrix[:, start:end] == 32).all(axis=1) | bad] = np.nan
    return np.where(negative, -value, value)


def _depth(table: FixedColumns, faults: list) -> np.ndarray:
    """Kilometres with two decimals, or whole kilometres and two blanks (depth-slice method): blanks read as zeros."""
    hundredths = table.digits(44, 49).astype(np.float64)
    if (hundredths < 0).any():
        faults.append(("depth is not a number", hundredths < 0, [text[44:49] for text in table.texts()]))
    hundredths[(table.matrix[:, 44:49] == 32).all(axis=1)] = np.nan
    return hundredths / 100.0


def _magnitude(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes of two characters: 35 is 3.5, -1 is -0.1, A0 is -1.0, B3 is -2.3, C0 is -3.0; blank is none.

    >>> letters = np.frombuffer(b"35-1A0B3C0  x4", np.uint8).reshape(-1, 2)
    >>> [m.tolist() for m in _magnitude(letters[:, 0], letters[:, 1])]
    [[3.5, -0.1, -1.0, -2.3, -3.0, nan, nan], [False, False, False, False, False, False, True]]
    """
    tenths = second.astype(np.int64) - 48
    whole = first.astype(np.int64) - 48
    digit = (whole >= 0) & (whole <= 9)
    letter = (first >= ord("A")) & (first <= ord("C"))
    blank = (first == 32) & (second == 32)
    value = np.select(
        [digit, first == 32, first == ord("-"), letter],
        [whole * 10 + tenths, tenths, -tenths, -((first.astype(np.int64) - ord("A") + 1) * 10 + tenths)],
        0,
    ).astype(np.float64)
    wrong = ~blank & ~((digit | letter | (first == ord("-")) | (first == 32)) & (tenths >= 0) & (tenths <= 9))
    value[blank | wrong] = np.nan
    return np.round(value / 10.0, 1), wrong
