"""Deletion and insertion: does the answer go when the bins go that are said to have made it?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FRACTIONS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
"""Shares of the bins that are taken away, the most important first (Petsiuk, Das and Saenko 2018)."""
Margins = Callable[[np.ndarray], np.ndarray]


def ranked(values: np.ndarray, side: np.ndarray) -> np.ndarray:
    """(n, bins) numbers of the bins of each case, those first that spoke most for its answer.

    Arguments:
        values: (n, ...). side: (n,) +1 where the answer lies above the reference's, -1 below.

    >>> ranked(np.array([[0.1, -0.5, 0.3]]), np.array([1])).tolist()
    [[2, 0, 1]]
    """
    flat = values.reshape(len(values), -1) * side[:, None]
    return np.argsort(-flat, axis=1, kind="stable")


def deletion(margins: Margins, arrays: np.ndarray, values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Mean fall of the margin, (n,) in its unit, over the shares of bins replaced by the reference; high is faithful.

    Arguments:
        margins: (m, ...) -> (m,). arrays, values: (n, ...). reference: (...) what bins become.

    >>> sums = lambda x: x.reshape(len(x), -1).sum(axis=1)
    >>> x = np.arange(100.0)[None]
    >>> best, worst = (deletion(sums, x, v, np.zeros(100))[0] for v in (x, -x))
    >>> bool(best > worst)
    True
    """
    return _area(margins, arrays, values, reference, insert=False)


def insertion(margins: Margins, arrays: np.ndarray, values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Mean rise of the margin over the reference's, (n,), as the record's bins are put into the reference."""
    return _area(margins, arrays, values, reference, insert=True)


def _area(margins, arrays, values, reference, insert: bool) -> np.ndarray:
    n, bins = len(arrays), reference.size
    flat, start = arrays.reshape(n, bins), np.broadcast_to(reference.reshape(1, bins), (n, bins))
    begin, end = margins(arrays), margins(reference[None])[0]
    side = np.where(begin >= end, 1.0, -1.0)
    order = ranked(values, side)
    steps = []
    for fraction in FRACTIONS:
        image = (start if insert else flat).copy()
        some = order[:, : round(fraction * bins)]
        np.put_along_axis(image, some, np.take_along_axis(flat if insert else start, some, axis=1), axis=1)
        found = margins(image.reshape(arrays.shape))
        steps.append(side * (found - end if insert else begin - found))
    return np.trapezoid(np.stack(steps, axis=1), FRACTIONS, axis=1) / (FRACTIONS[-1] - FRACTIONS[0])


def inpainting_deletion(margins: Margins, arrays: np.ndarray, values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """`deletion` on the partition explainer's own ground: pixels of all components, painted over by OpenCV.

    Arguments:
        reference: (frequencies, frames, components), tells only which side the answer is on.
    """
    import cv2

    n, rows, columns, _ = arrays.shape
    begin, end = margins(arrays), margins(reference[None])[0]
    side = np.where(begin >= end, 1.0, -1.0)
    order = ranked(values.sum(axis=-1), side)
    low, high = arrays.min(axis=(1, 2), keepdims=True), arrays.max(axis=(1, 2), keepdims=True)
    span = np.maximum(high - low, 1e-12)
    painted = ((arrays - low) / span * 255).astype(np.uint8)
    steps = []
    for fraction in FRACTIONS:
        images = arrays.copy()
        for i in range(n if fraction else 0):
            mask = np.zeros(rows * columns, np.uint8)
            mask[order[i, : round(fraction * mask.size)]] = 1
            mask = mask.reshape(rows, columns)
            filled = cv2.inpaint(painted[i], mask, 3, cv2.INPAINT_TELEA) / 255 * span[i] + low[i]
            images[i] = np.where(mask[..., None] == 1, filled, arrays[i])
        steps.append(side * (begin - margins(images)))
    return np.trapezoid(np.stack(steps, axis=1), FRACTIONS, axis=1) / (FRACTIONS[-1] - FRACTIONS[0])
