"""Fixed-column records: every line as a row of bytes, whole fields read at once."""

from __future__ import annotations

import numpy as np

from .text import byte_matrix, column_of, to_number, to_str


class FixedColumns:
    """The lines of a file as a matrix of bytes.

    Arguments:
        data: the whole file.
        width: bytes kept of each line, blanks where it is shorter.

    >>> table = FixedColumns(b"# a comment\\n1932 34.130\\n\\n1933 33.903\\n", width=11)
    >>> table = table.take(table.matrix[:, 0] != ord("#"))
    >>> table.number("latitude", 4, 11, []).tolist(), table.line.tolist()
    ([34.13, 33.903], [2, 4])
    """

    def __init__(self, data: bytes, width: int):
        array = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(array == 10)
        if not len(array) or array[-1] != 10:
            ends = np.append(ends, len(array))
        starts = np.concatenate([[0], ends[:-1] + 1])
        returns = (ends > starts) & (array[np.maximum(ends - 1, 0)] == 13)
        self.length = ends - starts - returns
        self.line = np.arange(1, len(starts) + 1)
        self.matrix = byte_matrix(array, starts, np.minimum(self.length, width), width)
        self.matrix[self.matrix > 127] = ord("?")  # Fields are plain ASCII; a cut letter of UTF-8 is no text.
        blank = (self.matrix == 32).all(axis=1)
        if blank.any():
            self._cut(~blank)

    def _cut(self, keep: np.ndarray) -> None:
        self.length, self.line, self.matrix = self.length[keep], self.line[keep], self.matrix[keep]

    def __len__(self) -> int:
        return len(self.line)

    def take(self, keep: np.ndarray) -> FixedColumns:
        """The lines of a mask."""
        part = object.__new__(FixedColumns)
        part.length, part.line, part.matrix = self.length, self.line, self.matrix
        part._cut(keep)
        return part

    def text(self, start: int, end: int):
        """A field as a trimmed pyarrow text column; columns from 0, `end` excluded."""
        return column_of(self.matrix[:, start:end])

    def strings(self, start: int, end: int) -> np.ndarray:
        """A field as NumPy text."""
        return to_str(self.text(start, end))

    def number(self, name: str, start: int, end: int, faults: list, column=None) -> np.ndarray:
        """A field of numbers, NaN where blank; what is no number becomes a fault."""
        column = self.text(start, end) if column is None else column
        values, bad = to_number(column)
        if bad.any():
            faults.append((f"{name} is not a number", bad, column.to_pylist()))
        return values

    def digits(self, start: int, end: int) -> np.ndarray:
        """A field of digits as whole numbers, blanks as zeros; -1 where another character stands."""
        piece = np.where(self.matrix[:, start:end] == 32, np.uint8(48), self.matrix[:, start:end]) - np.uint8(48)
        value = np.zeros(len(piece), np.int64)
        for column in range(end - start):
            value = value * 10 + piece[:, column]
        value[(piece > 9).any(axis=1)] = -1
        return value

    def texts(self) -> list[str]:
        """The lines themselves, for naming what is wrong with them."""
        return [row.tobytes().decode("latin-1").rstrip() for row in self.matrix]
