"""From a Keras model to an ONNX graph with named inputs and outputs."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

from ..datasets.atomic import replacing

# The newest operator set that the converter accepts and the runtimes of two years back still read.
OPSET = 17


@contextlib.contextmanager
def _quiet():
    """Silence the converter's log, which reports every optimiser pass as a warning."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def write_onnx(model, path: str | os.PathLike, metadata: dict[str, str] | None = None) -> None:
    """Convert a Keras model (inputs named, outputs a dict) to ONNX; shapes beyond the batch are fixed.

    Arguments:
        model: keras.Model on TensorFlow.
        path: where the file goes, whole or not at all.
        metadata: texts kept in the file's metadata_props.
    """
    import onnx
    import tensorflow as tf
    import tf2onnx

    signature = [tf.TensorSpec(tensor.shape, tf.float32, name=tensor.name) for tensor in model.inputs]
    names = [tensor.name for tensor in model.inputs]

    @tf.function(input_signature=signature)
    def graph(*arrays):
        return model(dict(zip(names, arrays, strict=True)), training=False)

    with _quiet():
        proto, _ = tf2onnx.convert.from_function(graph, input_signature=signature, opset=OPSET)
    onnx.helper.set_model_props(proto, metadata or {})
    onnx.checker.check_model(proto)
    with replacing(path) as temporary:
        Path(temporary).write_bytes(proto.SerializeToString())
