"""Where the files of an export lie: plain, as TensorFlow Serving wants them, or as Triton wants them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..datasets.errors import InputError
from ..zoo.card import Card, Tensor
from ..zoo.golden import read_golden
from ..zoo.model import Model

MAX_BATCH = 64
# Long enough to fill a batch under load, short beside a run of the network.
QUEUE_MICROSECONDS = 2000
_GRAPHS = {
    ("plain", "onnx"): "model.onnx",
    ("plain", "savedmodel"): "saved_model",
    ("triton", "onnx"): "{version}/model.onnx",
    ("triton", "savedmodel"): "{version}/model.savedmodel",
    ("tf-serving", "savedmodel"): "{version}",
}
LAYOUTS = tuple(dict.fromkeys(layout for layout, _ in _GRAPHS))


def graph_path(layout: str, format: str, card: Card) -> Path:
    """The graph's place in the model's folder; the version folder is the number before the version's first dot.

    >>> import foreshock
    >>> graph_path("triton", "onnx", foreshock.load("p64-simcycle").card).as_posix()
    '1/model.onnx'
    """
    if layout not in LAYOUTS:
        raise InputError(f"a layout of {', '.join(LAYOUTS)}", repr(layout), "choose from the list")
    if (layout, format) not in _GRAPHS:
        raise InputError(
            "a SavedModel for TensorFlow Serving", f"the format {format}", "export with --format savedmodel"
        )
    return Path(_GRAPHS[layout, format].format(version=max(1, int(card.version.split(".")[0]))))


def finish_layout(layout: str, format: str, model: Model, folder: Path, graph: Path) -> None:
    """Write what a server reads beside the graph: Triton's config.pbtxt, TensorFlow Serving's warm-up requests."""
    if layout == "triton":
        (folder / "config.pbtxt").write_text(triton_config(model.card, format))
    elif layout == "tf-serving":
        write_warmup(model, folder / graph)


def triton_config(card: Card, format: str) -> str:
    """The text of config.pbtxt: a dynamic batch of up to MAX_BATCH on one CPU instance, warmed up with zeros."""
    platform = {
        "onnx": 'backend: "onnxruntime"\ndefault_model_filename: "model.onnx"',
        "savedmodel": 'platform: "tensorflow_savedmodel"\ndefault_model_filename: "model.savedmodel"',
    }[format]
    batched = all(len(t.shape) and t.shape[0] is None for t in (*card.inputs, *card.outputs))
    warmup = "\n".join(
        f'    inputs {{ key: "{t.name}" value {{ data_type: TYPE_FP32 dims: {_dims(t, batched, unknown=1)} '
        "zero_data: true } }"
        for t in card.inputs
    )
    return f"""name: "{card.name}"
{platform}
max_batch_size: {MAX_BATCH if batched else 0}
{_tensors("input", card.inputs, batched)}
{_tensors("output", card.outputs, batched)}
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
{f"dynamic_batching {{ max_queue_delay_microseconds: {QUEUE_MICROSECONDS} }}" if batched else ""}
model_warmup [
  {{
    name: "zeros"
    batch_size: 1
{warmup}
  }}
]
parameters {{ key: "foreshock_version" value {{ string_value: "{card.version}" }} }}
parameters {{ key: "threshold" value {{ string_value: "{card.threshold.value!r}" }} }}
parameters {{ key: "classes" value {{ string_value: "{", ".join(card.classes)}" }} }}
"""


def _tensors(kind: str, tensors: tuple[Tensor, ...], batched: bool) -> str:
    lines = [
        f'  {{ name: "{t.name}" data_type: TYPE_FP32 dims: {_dims(t, batched)}{_reshape(t, batched)} }}'
        for t in tensors
    ]
    return f"{kind} [\n" + ",\n".join(lines) + "\n]"


def _dims(tensor: Tensor, batched: bool, unknown: int = -1) -> str:
    shape = tensor.shape[1:] if batched else tensor.shape
    # Triton wants a dimension beside the batch, and takes it away again.
    return "[ " + ", ".join(str(unknown if n is None else n) for n in shape or (1,)) + " ]"


def _reshape(tensor: Tensor, batched: bool) -> str:
    return " reshape { shape: [ ] }" if batched and len(tensor.shape) == 1 else ""


def write_warmup(model: Model, graph: Path) -> None:
    """Write assets.extra/tf_serving_warmup_requests: a TFRecord of one predict request for each golden case."""
    import tensorflow as tf
    from tensorflow_serving.apis.predict_pb2 import PredictRequest
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog, PredictLog

    golden, _ = read_golden(model.file("golden.npz"))
    target = graph / "assets.extra" / "tf_serving_warmup_requests"
    target.parent.mkdir()
    with tf.io.TFRecordWriter(str(target)) as writer:
        for case in range(len(next(iter(golden.values())))):
            request = PredictRequest()
            request.model_spec.name = model.card.name
            request.model_spec.signature_name = "serving_default"
            for name, values in golden.items():
                one = np.asarray(values[case : case + 1], np.float32)
                request.inputs[name].CopyFrom(tf.make_tensor_proto(one))
            writer.write(PredictionLog(predict_log=PredictLog(request=request)).SerializeToString())
