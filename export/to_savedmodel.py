"""Export to a TensorFlow SavedModel with one named signature."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from ..datasets.atomic import replacing_folder
from ..datasets.errors import InputError
from ..zoo.model import Model
from .exported import Exported, write_manifest
from .layout import finish_layout, graph_path
from .parity import check_parity


def export_savedmodel(model: Model, folder: Path, layout: str = "plain", precision: str = "float32") -> Exported:
    """Write the Keras model's SavedModel into FOLDER/NAME in a layout and check it against Keras."""
    if precision != "float32":
        raise InputError("a SavedModel in float32", precision, "export that precision with --format onnx")
    graph = graph_path(layout, "savedmodel", model.card)
    network = model.keras
    with replacing_folder(folder / model.card.name) as temporary:
        path = temporary / graph
        parity = check_parity(model, _write_graph(network, path))
        finish_layout(layout, "savedmodel", model, temporary, graph)
        write_manifest(temporary, model.card, graph, format="savedmodel", layout=layout, precision=precision)
    return Exported(folder / model.card.name, folder / model.card.name / graph, parity)


def _write_graph(network, path: Path):
    """Write the SavedModel; return the way to run what was written."""
    import keras
    import tensorflow as tf

    signature = [tf.TensorSpec(tensor.shape, tf.float32, name=tensor.name) for tensor in network.inputs]
    names = [spec.name for spec in signature]
    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint(
        "serving_default",
        lambda *arrays: network(dict(zip(names, arrays, strict=True)), training=False),
        input_signature=signature,
    )
    # Keras prints the endpoints on standard output, which belongs to the command's own answer.
    with contextlib.redirect_stdout(io.StringIO()):
        archive.write_out(path)
    serve = tf.saved_model.load(str(path)).signatures["serving_default"]

    def run(inputs):
        return {k: v.numpy() for k, v in serve(**{k: tf.constant(v) for k, v in inputs.items()}).items()}

    return run
