"""Less precision on disk: large weights are rounded once, before scoring, and then stored as what they are."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np

from ..datasets.atomic import replacing
from ..datasets.errors import InputError
from ..zoo.shared_arrays import WEIGHTS_FILE

# Smaller arrays (biases, norms, scalars) hold few bytes and may need all their digits.
LEAST_SIZE = 1024
# From this size on "int8" keeps eight bits of a number; smaller arrays keep half precision.
LARGE = 1 << 18
# What numbers below half precision's normal range may lose, as a share of the array's largest.
FLUSHED = 2.0**-11
# Below this many numbers HDF5's own index of a compressed array costs what compression gains.
WORTH_PACKING = 1 << 16


def rounded(values: np.ndarray) -> np.ndarray:
    """A float32 array at half precision's eleven binary digits; one whose range does not fit raises.

    >>> rounded(np.float32([1.0, 0.1])).tolist()
    [1.0, 0.0999755859375]
    """
    with np.errstate(over="ignore"):
        half = np.asarray(values, np.float32).astype(np.float16).astype(np.float32)
    largest = float(np.abs(values).max(initial=0.0))
    if not np.isfinite(half).all() or float(np.abs(half - values).max(initial=0.0)) > FLUSHED * largest:
        raise InputError(
            "weights within half precision's range, 6e-8 to 65504",
            f"an array whose largest number is {largest:g}",
            "choose a higher fit.precision in the recipe",
        )
    return half


def eight_bits(values: np.ndarray) -> np.ndarray:
    """A float32 array as multiples -127 to 127 of a power of two, one for each index of the last axis.

    Such numbers are exact in half precision, and gzip finds their empty bits.

    >>> eight_bits(np.float32([[1.0, 0.1], [0.3, -0.013]])).tolist()
    [[1.0, 0.099609375], [0.296875, -0.0126953125]]
    """
    largest = np.abs(values).max(axis=tuple(range(values.ndim - 1)), initial=2.0**-16)
    step = np.exp2(np.ceil(np.log2(largest / 127)))
    return rounded((np.rint(values / step) * step).astype(np.float32))


def round_weights(network, precision: str = "float16") -> None:
    """Round the large weights of a Keras model in place, so that what is scored is what will be stored."""
    for weight in network.weights:
        values = np.asarray(weight)
        if values.dtype == np.float32 and values.size >= LEAST_SIZE:
            fewest = precision == "int8" and values.size >= LARGE
            weight.assign(eight_bits(values) if fewest else rounded(values))


def is_half(values: np.ndarray) -> bool:
    """Whether a large float32 array loses nothing in half precision."""
    if values.dtype != np.float32 or values.size < LEAST_SIZE:
        return False
    with np.errstate(over="ignore"):
        return bool((values.astype(np.float16).astype(np.float32) == values).all())


def halve_keras(path: str | os.PathLike) -> None:
    """Store the arrays of a .keras file that lose nothing by it as float16; Keras reads them back as float32."""
    import h5py

    with zipfile.ZipFile(path) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    with h5py.File(io.BytesIO(parts[WEIGHTS_FILE])) as weights:
        datasets: list[str] = []
        weights.visititems(lambda name, item: datasets.append(name) if isinstance(item, h5py.Dataset) else None)
        large = [name for name in datasets if is_half(weights[name][...])]
        if not large:
            return
        # Written anew: HDF5 does not give the space of a deleted array back.
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as smaller:
            _copy_group(weights, smaller, set(large))
    parts[WEIGHTS_FILE] = buffer.getvalue()
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)


def _copy_group(source, target, half: set[str]) -> None:
    target.attrs.update(source.attrs)
    for name, item in source.items():
        if hasattr(item, "items"):
            _copy_group(item, target.create_group(name), half)
            continue
        values = item[...]
        if item.name.lstrip("/") in half:
            # Exponents of weights are much alike: by themselves (shuffled) they give a seventh of the room back.
            packed = {"compression": "gzip", "shuffle": True} if values.size >= WORTH_PACKING else {}
            target.create_dataset(name, data=values.astype(np.float16), **packed)
        else:
            target.create_dataset(name, data=values)
        target[name].attrs.update(item.attrs)


def halve_onnx(path: str | os.PathLike) -> None:
    """Store the large arrays of an ONNX graph that lose nothing by it as float16 with a Cast behind each.

    ONNX Runtime folds the casts when a session starts, so a run costs what it did.
    """
    import onnx

    proto = onnx.load(path, load_external_data=False)
    if _halve_graph(proto.graph):
        with replacing(path) as temporary:
            Path(temporary).write_bytes(proto.SerializeToString())
        # By its path: arrays that lie in another file are looked for beside it.
        onnx.checker.check_model(os.fspath(path))


def _halve_graph(graph) -> bool:
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for position, tensor in enumerate(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or tensor.data_location == TensorProto.EXTERNAL:
            continue
        if not is_half(values := numpy_helper.to_array(tensor)):
            continue
        full = tensor.name
        half = f"{full}/float16"
        graph.initializer[position].CopyFrom(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [full], to=TensorProto.FLOAT))
    inner = [_halve_graph(a.g) for node in graph.node for a in node.attribute if a.type == a.GRAPH]
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return bool(casts) or any(inner)
