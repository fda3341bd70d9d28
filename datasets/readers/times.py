"""Origin times from text: ISO 8601 and its relatives, any zone, seconds of 60, years before 1900."""

from __future__ import annotations

import re

import numpy as np

from ..errors import InputError
from ..zone_changes import utc_offsets

SECOND = 1_000_000
LOOSE = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
    r"(?:[T ,]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d*))?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
NAT = np.datetime64("NaT", "us")
DAY = np.timedelta64(1, "D")
DOUBTFUL = "clock times that occur twice or never when the clocks change"


def parse_times(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times of rows of text without leading blanks.

    Arguments:
        matrix: bytes, shape (rows, width), as `text.byte_matrix` makes it.
    Returns:
        `datetime64[us]`, NaT where not understood, offsets from UTC already taken off; and whether the text names
        a zone.

    >>> from foreshock.datasets.readers.text import byte_matrix
    >>> text = b"2016-08-24T01:36:32.5Z1906/04/18 13:12:60.00"
    >>> time, zoned = parse_times(byte_matrix(np.frombuffer(text, np.uint8), np.array([0, 22]), np.array([22, 22])))
    >>> time.astype(str).tolist(), zoned.tolist()
    (['2016-08-24T01:36:32.500000', '1906-04-18T13:13:00.000000'], [True, False])
    """
    rows = len(matrix)
    if matrix.shape[1] < 19:
        time, zoned, understood = np.full(rows, NAT), np.zeros(rows, bool), np.zeros(rows, bool)
    else:
        time, zoned, understood = _usual(matrix)
    for row in np.flatnonzero(~understood):
        time[row], zoned[row] = _loose(matrix[row].tobytes().decode("latin-1").strip())
    return time, zoned


def assemble(year, month, day, hour=0, minute=0, second_us=0) -> np.ndarray:
    """Times from whole numbers; NaT where one is out of its range. Seconds up to 61 are carried to the next minute.

    >>> assemble([1992, 1992], [6, 2], [28, 30], 11, 57, 60_000_000).astype(str).tolist()
    ['1992-06-28T11:58:00.000000', 'NaT']
    """
    year, month, day, hour, minute, second_us = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.int64) for v in (year, month, day, hour, minute, second_us))
    )
    good = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (hour >= 0) & (hour <= 23)
    good &= (minute >= 0) & (minute <= 59) & (second_us >= 0) & (second_us < 61 * SECOND)
    months = (year - 1970) * 12 + np.where(good, month, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    date = first + np.where(good, day - 1, 0)
    good &= date.astype("datetime64[M]").astype(np.int64) == months
    micro = ((hour * 60 + minute) * 60 * SECOND + second_us).astype("timedelta64[us]")
    return np.where(good, date.astype("datetime64[us]") + micro, NAT)


def to_utc(local: np.ndarray, timezone: str) -> tuple[np.ndarray, np.ndarray]:
    """UTC of clock times in a zone of the IANA list, and which of them are in doubt.

    In doubt is an hour that occurs twice when the clocks go back (the later one is taken), or never when they go
    forward (the old offset is taken).

    >>> clock = np.array(["2016-08-24T03:36:32", "2016-10-30T02:30:00"], "datetime64[us]")
    >>> [values.astype(str).tolist() for values in to_utc(clock, "Europe/Rome")]
    [['2016-08-24T01:36:32.000000', '2016-10-30T01:30:00.000000'], ['False', 'True']]
    """
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(
            "a time zone of the IANA list", repr(timezone), "use UTC or a name such as Asia/Tokyo"
        ) from error
    utc, doubt = local.copy(), np.zeros(local.shape, bool)
    known = ~np.isnat(local)
    if timezone == "UTC" or not known.any():
        return utc, doubt
    clock = local[known]
    # The offsets a day before and a day after stand on both sides of any change of the clocks.
    old = clock - utc_offsets(clock - DAY, timezone)
    new = clock - utc_offsets(clock + DAY, timezone)
    old_fits = old + utc_offsets(old, timezone) == clock
    new_fits = new + utc_offsets(new, timezone) == clock
    utc[known] = np.where(old_fits & new_fits, np.maximum(old, new), np.where(new_fits, new, old))
    doubt[known] = (old_fits & new_fits & (old != new)) | (~old_fits & ~new_fits)
    return utc, doubt


def _usual(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """YYYY-MM-DD hh:mm:ss, then a fraction, then Z or an offset; every row at once."""
    rows, width = matrix.shape
    digit = matrix - np.uint8(48)  # Wraps round: whatever is no digit becomes larger than 9.

    def number(*columns: int) -> np.ndarray:
        value = np.zeros(rows, np.int64)
        for column in columns:
            value = value * 10 + digit[:, column]
        return value

    good = (digit[:, (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18)] < 10).all(axis=1)
    good &= np.isin(matrix[:, 4], np.frombuffer(b"-/.", np.uint8)) & (matrix[:, 7] == matrix[:, 4])
    good &= np.isin(matrix[:, 10], np.frombuffer(b"T ", np.uint8))
    good &= (matrix[:, 13] == ord(":")) & (matrix[:, 16] == ord(":"))
    second_us = number(17, 18) * SECOND
    end = np.full(rows, 19)
    if width > 19:
        inside = (matrix[:, 19] == ord(".")) | (matrix[:, 19] == ord(","))
        end[inside] = 20
        scale = SECOND
        for column in range(20, width):
            inside = inside & (digit[:, column] < 10)
            if not inside.any():
                break
            scale //= 10
            second_us += np.where(inside, digit[:, column].astype(np.int64) * scale, 0)
            end += inside
    offset, zoned, tail_good = _zones(matrix, end)
    good &= tail_good
    time = assemble(
        *(np.where(good, v, 1) for v in (number(0, 1, 2, 3), number(5, 6), number(8, 9), number(11, 12))),
        np.where(good, number(14, 15), 0),
        np.where(good, second_us, 0),
    )
    time[~good] = NAT
    return time - offset, zoned & good, good


def _zones(matrix: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Offset from UTC, whether a zone is named, and whether the text after the seconds is understood."""
    tail = byte_rows(matrix, end, 7)
    empty = (tail == 32).all(axis=1)
    zulu = (tail[:, 0] == ord("Z")) & (tail[:, 1:] == 32).all(axis=1)
    offset = np.zeros(len(matrix), "timedelta64[us]")
    signed = np.flatnonzero(np.isin(tail[:, 0], np.frombuffer(b"+-", np.uint8)))
    understood = empty | zulu
    if len(signed):
        kinds, which = np.unique(tail[signed], axis=0, return_inverse=True)
        texts = [kind.tobytes().decode("latin-1").strip() for kind in kinds]
        known = np.array([re.fullmatch(r"[+-]\d{2}(:?\d{2})?", text) is not None for text in texts])
        values = [_offset_us(text) if fine else 0 for text, fine in zip(texts, known, strict=True)]
        offset[signed] = np.array(values, "timedelta64[us]")[which.ravel()]
        understood[signed] = known[which.ravel()]
    return offset, understood & ~empty, understood


def byte_rows(matrix: np.ndarray, start: np.ndarray, width: int) -> np.ndarray:
    """`width` bytes of every row from its own start, blanks after the row's end."""
    columns = start[:, None] + np.arange(width)
    piece = np.take_along_axis(matrix, np.minimum(columns, matrix.shape[1] - 1), axis=1)
    piece[columns >= matrix.shape[1]] = 32
    return piece


def _offset_us(text: str) -> int:
    hours, minutes = int(text[1:3]), int(text[3:].replace(":", "") or 0)
    return (-1 if text[0] == "-" else 1) * (hours * 60 + minutes) * 60 * SECOND


def _loose(text: str) -> tuple[np.datetime64, bool]:
    """One time that is not written out in full, such as 2016-8-4 3:07 or a bare date."""
    match = LOOSE.fullmatch(text)
    if match is None:
        return NAT, False
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "")[:6].ljust(6, "0")) + int(second or 0) * SECOND
    time = assemble(int(year), int(month), int(day), int(hour or 0), int(minute or 0), micro)[()]
    shift = _offset_us(zone) if zone and zone[0] in "+-" else 0
    return time - np.timedelta64(shift, "us"), zone is not None
