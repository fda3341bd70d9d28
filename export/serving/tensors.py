"""Tensors of a KServe V2 request as arrays, refused before any memory is taken for what they claim to be."""

from __future__ import annotations

import math

import numpy as np

from ...datasets.errors import InputError
from ...zoo.card import Card, Tensor

DTYPES = {
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
}
# Rows of NaN in a table of events stand for no event; everywhere else a NaN is an error of the sender.
MAY_HOLD_NAN = ("events",)


def arrays_of(sent: list[tuple[str, str, list[int], object]], card: Card) -> dict[str, np.ndarray]:
    """The model's inputs as float32 arrays.

    Arguments:
        sent: (name, datatype, shape, data) of each tensor; data are bytes in little-endian order, or a list, flat or
            nested.
        card: whose inputs they must be.

    >>> import foreshock
    >>> card = foreshock.load("p64-simcycle").card
    >>> arrays_of([("waveform", "INT32", [1, 2500, 3], bytes(30_000))], card)["waveform"].shape
    (1, 2500, 3)
    """
    wanted = {tensor.name: tensor for tensor in card.inputs}
    names = [name for name, *_ in sent]
    if sorted(names) != sorted(wanted):
        raise InputError(
            f"the inputs {', '.join(wanted)} of {card.name}", ", ".join(map(_short, names)) or "none", "send each once"
        )
    arrays = {name: _array(wanted[name], datatype, shape, data) for name, datatype, shape, data in sent}
    if len({len(array) for array in arrays.values()}) > 1:
        told = ", ".join(f"{name} {len(array)}" for name, array in arrays.items())
        raise InputError("inputs of one batch size", told, "send as many rows of each")
    return arrays


def _array(tensor: Tensor, datatype: str, shape: list[int], data) -> np.ndarray:
    name = tensor.name
    if datatype not in DTYPES:
        raise InputError(f"{name} of datatype {', '.join(DTYPES)}", _short(datatype), "send FP32")
    fits = len(shape) == len(tensor.shape) and all(
        want in (None, got) and got >= 0 for want, got in zip(tensor.shape, shape, strict=True)
    )
    if not fits or shape[0] < 1:
        told = str(tensor.shape).replace("None", "n")
        raise InputError(f"{name} of shape {told}", f"shape {_short(shape)}", "see the model's metadata")
    # Numbers of Python, which do not overflow.
    count = math.prod(shape)
    if isinstance(data, (bytes, memoryview)):
        if len(data) != count * DTYPES[datatype].itemsize:
            raise _miscounted(name, shape, f"{len(data)} bytes of {datatype}")
        array = np.frombuffer(data, DTYPES[datatype]).astype(np.float32)
    else:
        array = _of_list(name, shape, data)
    if not (np.isfinite(array) | (np.isnan(array) & (name in MAY_HOLD_NAN))).all():
        raise InputError(f"finite numbers in {name}", "NaN or infinity", "mend the data")
    return array.reshape(shape)


def _of_list(name: str, shape: list[int], data) -> np.ndarray:
    if not isinstance(data, list) or not data:
        raise _miscounted(name, shape, "no data")
    try:
        array = np.asarray(data, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"numbers in {name}", _short(error), "send a list of numbers") from error
    if array.size != math.prod(shape):
        raise _miscounted(name, shape, f"{array.size} numbers")
    with np.errstate(over="ignore"):
        return array.astype(np.float32).ravel()


def _miscounted(name: str, shape: list[int], received: str) -> InputError:
    return InputError(f"the {math.prod(shape)} numbers of {name}'s shape {_short(shape)}", received, "send them all")


def _short(value) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
