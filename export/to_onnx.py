"""Export to an ONNX file that carries the model's card."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..datasets.atomic import replacing_folder
from ..datasets.errors import InputError
from ..zoo.model import Model
from ..zoo.onnx_graph import write_onnx
from .exported import Exported, side_files, write_manifest
from .layout import finish_layout, graph_path
from .metadata import metadata_of
from .parity import check_parity
from .precision import PRECISIONS, changes, reduce_graph
from .rate_graph import has_rate_graph, write_rate_graph
from .step_graph import ARCHITECTURES, STEP, write_step


def export_onnx(model: Model, folder: Path, layout: str = "plain", precision: str = "float32") -> Exported:
    """Convert the model anew, check it against the original, and write FOLDER/NAME in a layout.

    A float16 or int8 variant is made of the checked graph; what that does to its scores is in `changes`. A network with
    a memory comes with its step graph too, in the plain layout.
    """
    card, changed = model.card, []
    if precision not in PRECISIONS:
        raise InputError(f"a precision of {', '.join(PRECISIONS)}", repr(precision), "choose from the list")
    graph = graph_path(layout, "onnx", card)
    _require_graph(model)
    with replacing_folder(folder / card.name) as temporary:
        path = temporary / graph
        path.parent.mkdir(exist_ok=True)
        _write_graph(model, path)
        full = _runner(path, model)
        parity = check_parity(model, full)
        if precision != "float32":
            reduce_graph(path, precision)
            changed = changes(model, full, _runner(path, model))
        if layout == "plain" and card.architecture in ARCHITECTURES:
            parity.append(write_step(model, temporary / STEP))
        for name in side_files(card):
            target = path.parent / name
            if not target.exists():
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(model.file(name), target)
        finish_layout(layout, "onnx", model, temporary, graph)
        write_manifest(temporary, card, graph, format="onnx", layout=layout, precision=precision)
    return Exported(folder / card.name, folder / card.name / graph, parity, changed)


def _require_graph(model: Model) -> None:
    """Raise for a model that is no graph, in one line that says what it is and how it can be served all the same."""
    if not {"model.keras", "model.onnx"} & set(model.card.files) and not has_rate_graph(model):
        raise InputError(
            "a model that is one graph",
            f"{model.card.name}, rates ({model.card.architecture}) computed from the catalogue, which has none",
            f"serve it by name: foreshock serve {model.card.name}",
        )


def _write_graph(model: Model, path: Path) -> None:
    """Convert the Keras network or the fitted rates, or take the zoo's graph (a forest) as it is, with metadata."""
    import onnx

    if "model.keras" in model.card.files:
        write_onnx(model.keras, path)
        proto = onnx.load(path)
    elif has_rate_graph(model):
        write_rate_graph(model, path)
        proto = onnx.load(path)
    else:
        proto = onnx.load(model.file("model.onnx"))
    opset = {o.domain or "ai.onnx": o.version for o in proto.opset_import}
    versions = ", ".join(f"{domain} {number}" for domain, number in opset.items())
    onnx.helper.set_model_props(proto, {**metadata_of(model.card), "opset": versions})
    path.write_bytes(proto.SerializeToString())


def _runner(path: Path, model: Model):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # From bytes: the file is rewritten while a session of its first version is still in use.
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    names = [tensor.name for tensor in model.card.outputs]
    return lambda inputs: dict(zip(names, session.run(names, inputs), strict=True))
