"""Smaller variants of an exported ONNX graph, and by how much their answers differ from the full one's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..datasets.atomic import replacing
from ..datasets.errors import InputError
from ..training.stored_precision import LEAST_SIZE, halve_onnx, rounded
from ..zoo.model import Model
from .cases import Arrays, score_cases

PRECISIONS = ("float32", "float16", "int8")
# The front end stays as it is: a spectrogram spans more powers of ten than half precision has digits for.
FRONT_END = "spectrogram"


@dataclass(frozen=True)
class Change:
    """How a variant's answers differ from those of the full graph.

    Arguments:
        input: which cases.
        cases: how many.
        largest, mean: absolute differences of the probability (of all outputs where there is none).
        decisions: cases or cells whose side of the threshold changed, None without a probability.
    """

    input: str
    cases: int
    largest: float
    mean: float
    decisions: int | None

    def __str__(self) -> str:
        flipped = "" if self.decisions is None else f", {self.decisions} decision(s) changed"
        gap = f"{self.largest:.1e} at most, {self.mean:.1e} in the mean"
        return f"{self.input}, {self.cases} cases: scores change by {gap}{flipped}"


def reduce_graph(path: Path, precision: str) -> None:
    """Turn an ONNX file into its float16 or int8 variant, in place.

    float16 stores large weights in half precision and still computes in float32, so no range overflows and every
    runtime reads it; int8 holds matrices as 8-bit integers and quantises what they are multiplied by on the fly.
    """
    if precision == "float16":
        _round_large(path)
        halve_onnx(path)
    elif precision == "int8":
        _quantise(path)


def _round_large(path: Path) -> None:
    import onnx
    from onnx import TensorProto, numpy_helper

    proto = onnx.load(path)
    count = 0
    for graph in _graphs(proto.graph):
        kept = {name for node in graph.node if FRONT_END in node.name for name in node.input}
        for position, tensor in enumerate(graph.initializer):
            if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= LEAST_SIZE and tensor.name not in kept:
                values = rounded(numpy_helper.to_array(tensor))
                graph.initializer[position].CopyFrom(numpy_helper.from_array(values, tensor.name))
                count += 1
    if not count:
        raise InputError("a graph with large weights", "one with none", "export it in float32")
    _write(proto, path)


def _graphs(graph):
    """A graph and those inside its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == attribute.GRAPH:
                yield from _graphs(attribute.g)


def _quantise(path: Path) -> None:
    import logging

    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    full = onnx.load(path)
    large = {t.name: len(t.dims) for t in full.graph.initializer if np.prod(t.dims) >= LEAST_SIZE}
    nodes = [
        node
        for node in full.graph.node
        if node.op_type in ("MatMul", "Gemm") and node.input[1] in large and FRONT_END not in node.name
    ]
    if not nodes:
        raise InputError("a graph with large matrices", "one with none", "export it in float32 or float16")
    metadata = {p.key: p.value for p in full.metadata_props}
    # A scale a column is finer; the runtime takes one a matrix only where matrices are stacked.
    flat = all(large[node.input[1]] == 2 for node in nodes)
    names = [node.name for node in nodes]
    level = logging.root.level
    # The quantiser advises on the root logger to run another tool first.
    logging.root.setLevel(logging.ERROR)
    try:
        quantize_dynamic(path, path, nodes_to_quantize=names, weight_type=QuantType.QInt8, per_channel=flat)
    finally:
        logging.root.setLevel(level)
    proto = onnx.load(path)
    onnx.helper.set_model_props(proto, metadata)
    _write(proto, path)


def _write(proto, path: Path) -> None:
    with replacing(path) as temporary:
        Path(temporary).write_bytes(proto.SerializeToString())


def changes(model: Model, full: Callable[[Arrays], Arrays], reduced: Callable[[Arrays], Arrays]) -> list[Change]:
    """Compare two ways to run a model on golden and on real or simulated cases."""
    rows = []
    for kind, inputs in score_cases(model):
        a, b = full(inputs), reduced(inputs)
        scored = [name for name in a if name == "probability"] or list(a)
        gap = np.concatenate([np.abs(a[name] - b[name]).ravel() for name in scored])
        flipped = None
        if "probability" in a:
            flipped = int((_decisions(model, a) != _decisions(model, b)).sum())
        rows.append(Change(kind, len(next(iter(inputs.values()))), float(gap.max()), float(gap.mean()), flipped))
    return rows


def _decisions(model: Model, outputs: Arrays) -> np.ndarray:
    probability = outputs["probability"]
    if len(model.card.classes) > 2:
        return probability.argmax(axis=-1)
    return (probability[..., -1] if model.card.classes else probability) >= model.card.threshold.value
