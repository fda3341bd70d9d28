"""Columns of text as arrays of bytes and numbers, without a loop over rows."""

from __future__ import annotations

import numpy as np

# What agencies write where a number is missing.
EMPTY = ("", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "NA", "N/A", "n/a", "-", "--", "*")
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def byte_matrix(
    data: np.ndarray, starts: np.ndarray, lengths: np.ndarray, width: int | None = None, fill: int = 32
) -> np.ndarray:
    """Pieces of a byte array as rows of equal width, padded with blanks or `fill`; shape (pieces, width), uint8.

    >>> byte_matrix(np.frombuffer(b"abcdef", np.uint8), np.array([0, 4]), np.array([3, 2])).tobytes()
    b'abcef '
    """
    width = max(int(lengths.max(initial=0)), 1) if width is None else width
    padded = np.concatenate([data, np.full(width, fill, np.uint8)])
    matrix = np.lib.stride_tricks.sliding_window_view(padded, width)[starts]
    if len(lengths) and lengths.min() < width:
        matrix[np.arange(width) >= lengths[:, None]] = fill
    return matrix


def text_matrix(column, width: int = 40, fill: int = 32) -> np.ndarray:
    """A pyarrow text column as bytes, cut at `width`; shape (rows, widest), uint8."""
    import pyarrow as pa

    column = column.cast(pa.large_string())
    _, offsets, data = column.buffers()
    offsets = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return byte_matrix(data, offsets[:-1], np.minimum(np.diff(offsets), width), fill=fill)


def column_of(matrix: np.ndarray):
    """The rows of a byte matrix as a pyarrow text column without outer blanks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    matrix = np.ascontiguousarray(matrix)
    binary = pa.Array.from_buffers(pa.binary(matrix.shape[1]), len(matrix), [None, pa.py_buffer(matrix)])
    return pc.ascii_trim_whitespace(binary.cast(pa.binary()).cast(pa.string()))


def to_str(column) -> np.ndarray:
    """A pyarrow text column as a NumPy text array.

    >>> import pyarrow as pa
    >>> to_str(pa.array(["nc1", "nc1234"])).tolist()
    ['nc1', 'nc1234']
    """
    if not len(column):
        return np.zeros(0, dtype="U1")
    matrix = text_matrix(column, width=200, fill=0)
    if matrix.max() < 128:
        return np.ascontiguousarray(matrix).view(f"S{matrix.shape[1]}")[:, 0].astype(np.str_)
    return column.to_numpy(zero_copy_only=False).astype(np.str_)


def to_number(column, decimal_comma: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of a trimmed text column, NaN where it is empty; and which texts are no numbers.

    >>> import pyarrow as pa
    >>> values, bad = to_number(pa.array(["1.5", "", "abc", "NaN"]))
    >>> values.tolist(), bad.tolist()
    ([1.5, nan, nan, nan], [False, False, True, False])
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if decimal_comma:
        column = pc.replace_substring(column, ",", ".")
    try:  # The common case: numbers in every row.
        return pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.zeros(len(column), bool)
    except pa.ArrowInvalid:
        pass
    number = pc.match_substring_regex(column, NUMBER)
    values = pc.cast(pc.if_else(number, column, pa.scalar(None, pa.string())), pa.float64())
    bad = pc.and_(pc.invert(number), pc.invert(pc.is_in(column, pa.array(EMPTY))))
    return values.to_numpy(zero_copy_only=False), bad.to_numpy(zero_copy_only=False)
