"""Export to an ONNX file that carries the model's card."""

from __future__ import annotations

from pathlib import Path

from ..datasets.atomic import replacing_folder
from ..zoo.model import Model
from ..zoo.onnx_graph import write_onnx
from .metadata import metadata_of
from .parity import Parity, check_parity


def export_onnx(model: Model, folder: Path) -> tuple[Path, list[Parity]]:
    """Convert the Keras model anew, check it against Keras, and put it at FOLDER/NAME/model.onnx."""
    import onnxruntime

    target = folder / model.card.name
    with replacing_folder(target) as temporary:
        path = temporary / "model.onnx"
        write_onnx(model.keras, path, metadata_of(model.card))
        model.card.write(temporary / "card.json")
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [tensor.name for tensor in model.card.outputs]
        parity = check_parity(model, lambda inputs: dict(zip(names, session.run(names, inputs), strict=True)))
    return target / "model.onnx", parity
