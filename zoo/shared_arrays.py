"""Large arrays are stored once: a model's ONNX graph takes them from its Keras file, under their names there."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..datasets.atomic import replacing

# Below this many numbers a second copy costs less than the search for the first one.
WORTH_SHARING = 1 << 18
WEIGHTS_FILE = "model.weights.h5"


def read_arrays(keras_file: str | os.PathLike, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Arrays of a .keras file as float32, by their names in its weights; Keras itself is not imported."""
    import h5py

    with zipfile.ZipFile(keras_file) as archive, h5py.File(io.BytesIO(archive.read(WEIGHTS_FILE))) as weights:
        return {name: weights[name].astype(np.float32)[...] for name in names}


def share_arrays(graph: str | os.PathLike, keras_file: str | os.PathLike) -> list[str]:
    """Take the large arrays that a .keras file holds too out of an ONNX file; their names there.

    They become external data in ONNX's sense, located in the .keras file, under these names.
    """
    import h5py
    import onnx
    from onnx import TensorProto, numpy_helper

    with zipfile.ZipFile(keras_file) as archive, h5py.File(io.BytesIO(archive.read(WEIGHTS_FILE))) as weights:
        large: dict[str, np.ndarray] = {}

        def keep(name: str, item) -> None:
            if isinstance(item, h5py.Dataset) and item.size >= WORTH_SHARING:
                large[name] = item.astype(np.float32)[...]

        weights.visititems(keep)
    proto, shared = onnx.load(graph), {}
    for position, tensor in enumerate(proto.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < WORTH_SHARING:
            continue
        values = numpy_helper.to_array(tensor)
        name = next((name for name, array in large.items() if np.array_equal(array, values)), None)
        if name is not None and name not in shared.values():
            shared[tensor.name] = name
            proto.graph.initializer[position].CopyFrom(_elsewhere(name, tensor.dims, Path(keras_file).name))
    for node in proto.graph.node:
        node.input[:] = [shared.get(name, name) for name in node.input]
    if shared:
        with replacing(graph) as temporary:
            temporary.write_bytes(proto.SerializeToString())
    return sorted(shared.values())


def _elsewhere(name: str, dims: Sequence[int], location: str):
    from onnx import TensorProto

    tensor = TensorProto(name=name, dims=dims, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    return tensor
