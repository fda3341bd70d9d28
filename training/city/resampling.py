"""Balanced training days: imbalanced-learn on the numbers of days, on sparse windows where a method compares them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...datasets.errors import InputError
from ...datasets.windows import Windows
from .recipe import Resampling

# Methods that need no more of a day than its label.
BLIND = ("RandomUnderSampler",)
# Methods that make days up between real ones.
INVENTING = ("SMOTE",)
CHUNK = 64


@dataclass(frozen=True, eq=False)
class Sample:
    """Training cases: real days by their number, then invented ones as sparse rows.

    Arguments:
        index: (n,) numbers of windows.
        invented: CSR matrix (m, numbers of a window) or None.
        label: (n + m,) 0 or 1, the invented last.
    """

    index: np.ndarray
    invented: object | None
    label: np.ndarray

    def __len__(self) -> int:
        return len(self.label)

    def inputs(self, windows: Windows, which: np.ndarray, ceiling: np.ndarray) -> np.ndarray:
        """Dense inputs of the cases `which`, clipped to the channels' full scale as the network does."""
        x = np.empty((len(which), *windows.input_shape), np.float32)
        real = which < len(self.index)
        if real.any():
            x[real] = np.minimum(windows.inputs(self.index[which[real]]), ceiling)
        if not real.all():
            rows = self.invented[which[~real] - len(self.index)].toarray()
            x[~real] = rows.reshape(-1, *windows.input_shape)
        return x


def sparse_rows(windows: Windows, ceiling: np.ndarray):
    """All windows as one CSR matrix (windows, numbers of a window): a few dozen of 27 000 numbers are not zero."""
    from scipy.sparse import csr_matrix, vstack

    parts = []
    for start in range(0, len(windows), CHUNK):
        x = windows.inputs(np.arange(start, min(start + CHUNK, len(windows))))
        parts.append(csr_matrix(np.minimum(x, ceiling).reshape(len(x), -1)))
    return vstack(parts, format="csr")


def resampled(rows, label: np.ndarray, methods: tuple[Resampling, ...], seed) -> Sample:
    """Apply methods one after the other.

    Arguments:
        rows: () -> CSR matrix of all windows, asked for only by a method that compares them.
        label: (windows,) 0 or 1.
        seed: for the methods that draw.

    >>> from scipy.sparse import csr_matrix
    >>> label = np.array([0, 0, 0, 0, 1, 1])
    >>> sample = resampled(lambda: csr_matrix(np.eye(6)), label, (Resampling(name="RandomUnderSampler"),), 1)
    >>> sample.label.tolist(), sample.index[2:].tolist()
    ([0, 0, 1, 1], [4, 5])
    """
    index, label, invented = np.arange(len(label)), np.asarray(label).astype(np.int64), None
    for number, method in enumerate(methods):
        sampler = _sampler(method, (seed, number))
        if invented is not None:
            raise InputError(
                "methods that make days up at the end", f"{method.name} after SMOTE", "put SMOTE last in the recipe"
            )
        x = index[:, None] if method.name in BLIND else rows()[index]
        try:
            made, label = sampler.fit_resample(x, label)
        except ValueError as error:
            raise InputError(
                f"days that {method.name} can resample",
                f"{label.sum()} with an event of {len(label)} ({error})",
                "change the method's args in the recipe",
            ) from error
        if method.name in INVENTING:
            invented = made[len(index) :].tocsr()
        else:
            index = index[sampler.sample_indices_]
    return Sample(index, invented, label)


def _sampler(method: Resampling, seed):
    from imblearn import over_sampling, under_sampling

    factory = getattr(over_sampling if method.name in INVENTING else under_sampling, method.name)
    arguments = dict(method.args)
    if "random_state" in factory().get_params():
        arguments.setdefault("random_state", int(np.random.default_rng(seed).integers(2**31)))
    try:
        return factory(**arguments)
    except TypeError as error:
        raise InputError(
            f"arguments of {method.name}", f"{method.args} ({error})", "mend args in the recipe"
        ) from error
