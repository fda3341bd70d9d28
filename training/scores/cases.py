"""Cases: the checked arrays that every score works on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...datasets.errors import InputError

# Cases worked on at once: the temporary arrays of a sum over 50 million cell-days stay below 100 MB.
PIECE = 1 << 20


def selected(score, label, weight=None, mask=None) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Scores, labels and weights as flat arrays of the cases that `mask` keeps, checked.

    Arguments:
        score: any shape, floating or integer; NaN raises, infinities are kept (the logarithm of a zero rate).
        label: the same shape, False and True or 0 and 1.
        weight: None, or not negative and broadcastable to that shape.
        mask: None, or boolean and broadcastable to that shape, such as (rows, columns) against (days, rows, columns).

    >>> score, label, weight = selected([[0.1, 0.9], [0.3, 0.2]], [[0, 1], [0, 0]], mask=[True, False])
    >>> score.tolist(), label.tolist(), weight
    ([0.1, 0.3], [False, False], None)
    """
    score, label = np.asarray(score), np.asarray(label)
    if score.dtype not in (np.float32, np.float64):
        score = score.astype(np.float64)
    same_shape(score=score, label=label)
    if weight is not None:
        weight = _broadcast(np.asarray(weight, dtype=np.float64), score.shape, "weight")
    if mask is not None:
        mask = _broadcast(np.asarray(mask, dtype=bool), score.shape, "mask")
        score, label = score[mask], label[mask]
        weight = None if weight is None else weight[mask]
    score, label = score.reshape(-1), label.reshape(-1)
    label = boolean(label)
    not_nan(score=score)
    if weight is not None:
        weight = weight.reshape(-1)
        if not ((weight >= 0) & (weight < np.inf)).all():
            raise InputError("weights that are finite and not negative", "others among them", "mend the weights")
    return score, label, weight


def same_shape(**arrays: np.ndarray) -> None:
    """Raise unless all arrays have one shape and at least one entry."""
    shapes = {name: np.shape(array) for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        raise InputError(
            f"{' and '.join(shapes)} of one shape",
            ", ".join(f"{name} {shape}" for name, shape in shapes.items()),
            "score the same cases",
        )
    if not all(np.size(array) for array in arrays.values()):
        raise InputError(f"at least one case in {' and '.join(shapes)}", "none", "check the period and the mask")


def boolean(label: np.ndarray) -> np.ndarray:
    """Labels as booleans; anything but 0 and 1 raises.

    >>> boolean(np.array([0.0, 1.0])).tolist()
    [False, True]
    """
    label = np.asarray(label)
    if label.dtype != bool:
        if not ((label == 0) | (label == 1)).all():
            strange = label[~((label == 0) | (label == 1))].reshape(-1)[0]
            raise InputError("labels of 0 and 1", f"{strange}", "give label = (count > 0)")
        label = label.astype(bool)
    return label


def not_nan(**arrays: np.ndarray) -> None:
    """Raise, naming the array, where one holds NaN."""
    for name, array in arrays.items():
        missing = int(np.isnan(array).sum())
        if missing:
            raise InputError(
                f"{name} without NaN", f"{missing} NaN of {array.size}", "leave those cases out with a mask"
            )


def is_probability(probability: np.ndarray, name: str = "probability") -> None:
    """Raise unless every value lies in [0, 1]."""
    inside = (probability >= 0) & (probability <= 1)
    if not inside.all():
        not_nan(**{name: probability})
        raise InputError(f"{name} in [0, 1]", f"{probability[~inside][0]:g}", "turn rates into 1 - exp(-rate) first")


def summed(terms: Callable[..., np.ndarray], *arrays, mask=None, by_day: bool = False):
    """Sum `terms(*arrays)` over the cases in float64, piece by piece; `by_day` keeps the first axis.

    Arguments:
        terms: takes flat slices of the arrays and returns a value a case.
        arrays: all of one shape, the first axis being time where `by_day`.
        mask: as in `selected`.

    >>> a = np.arange(6.0).reshape(2, 3)
    >>> float(summed(np.square, a)), summed(np.square, a, mask=[True, True, False], by_day=True).tolist()
    (55.0, [1.0, 25.0])
    """
    arrays = [np.asarray(array) for array in arrays]
    same_shape(**{f"array {i + 1}": array for i, array in enumerate(arrays)})
    shape = arrays[0].shape
    days = shape[0] if arrays[0].ndim else 1
    keep = None if mask is None else _broadcast(np.asarray(mask, dtype=bool), shape, "mask").reshape(days, -1)
    if keep is not None and not keep.any():
        raise InputError("a mask that keeps at least one case", "one that keeps none", "check the mask")
    arrays = [array.reshape(days, -1) for array in arrays]
    totals = np.zeros(days)
    for rows, columns in _pieces(*arrays[0].shape):
        pieces = [array[rows, columns] for array in arrays]
        if keep is None:
            values = terms(*(piece.reshape(-1) for piece in pieces)).reshape(pieces[0].shape)
            totals[rows] += values.sum(axis=1, dtype=np.float64)
        else:
            inside = keep[rows, columns]
            values = terms(*(piece[inside] for piece in pieces))
            day = np.nonzero(inside)[0]
            totals[rows] += np.bincount(day, weights=values, minlength=inside.shape[0])
    return totals if by_day else totals.sum()


def counted(shape: tuple[int, ...], mask=None) -> int:
    """The number of cases of a shape that a mask keeps.

    >>> counted((4, 3), [True, False, True])
    8
    """
    if mask is None:
        return int(np.prod(shape))
    return int(_broadcast(np.asarray(mask, dtype=bool), shape, "mask").sum())


def _pieces(days: int, cells: int) -> Iterator[tuple[slice, slice]]:
    """Slices (days, cells) of at most PIECE cases or one row's part of them."""
    width = min(cells, PIECE)
    height = max(1, PIECE // width)
    for row in range(0, days, height):
        for column in range(0, cells, width):
            yield slice(row, min(row + height, days)), slice(column, min(column + width, cells))


def _broadcast(array: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    try:
        return np.broadcast_to(array, shape)
    except ValueError as error:
        raise InputError(
            f"a {name} that broadcasts to {shape}", f"shape {array.shape}", f"give one {name} a case or a cell"
        ) from error
