"""Export to a TensorFlow SavedModel with one named signature."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from ..datasets.atomic import replacing_folder
from ..zoo.model import Model
from .parity import Parity, check_parity


def export_savedmodel(model: Model, folder: Path) -> tuple[Path, list[Parity]]:
    """Write the Keras model to FOLDER/NAME/saved_model and check it against Keras."""
    import keras
    import tensorflow as tf

    target = folder / model.card.name
    with replacing_folder(target) as temporary:
        path = temporary / "saved_model"
        network = model.keras
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
        model.card.write(temporary / "card.json")
        serve = tf.saved_model.load(str(path)).signatures["serving_default"]

        def run(inputs):
            return {k: v.numpy() for k, v in serve(**{k: tf.constant(v) for k, v in inputs.items()}).items()}

        parity = check_parity(model, run)
    return target / "saved_model", parity
