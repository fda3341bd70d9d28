"""Trees as a model of the zoo: an ONNX graph, no pickle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..zoo.card import Tensor


@dataclass(frozen=True, eq=False)
class Trees:
    """A forest as an ONNX graph: features (n, columns) -> magnitude (n, 1).

    Arguments:
        graph: the file's bytes. leaves: of all trees. columns: how many features.
    """

    graph: bytes
    leaves: int
    columns: int

    libraries = ("foreshock", "numpy", "scipy", "scikit-learn", "skl2onnx", "onnxruntime")

    @property
    def inputs(self) -> list[Tensor]:
        """What the graph takes."""
        return [Tensor(name="features", shape=(None, self.columns), unit="see the card's settings, features")]

    @property
    def outputs(self) -> list[Tensor]:
        """What the graph gives."""
        return [Tensor(name="magnitude", shape=(None, 1), unit="magnitude")]

    def run(self, features: np.ndarray) -> dict[str, np.ndarray]:
        """The graph's answer, by the runtime that serves it."""
        import onnxruntime

        session = onnxruntime.InferenceSession(self.graph, providers=["CPUExecutionProvider"])
        return {"magnitude": session.run(None, {"features": np.asarray(features, np.float32)})[0]}


def forest_graph(forest) -> bytes:
    """A scikit-learn forest as an ONNX graph, features -> magnitude, without pickle."""
    from skl2onnx import to_onnx as convert
    from skl2onnx.common.data_types import FloatTensorType

    kinds = [("features", FloatTensorType([None, forest.n_features_in_]))]
    graph = convert(forest, initial_types=kinds, target_opset={"": 17, "ai.onnx.ml": 3})
    graph.graph.output[0].name = "magnitude"
    for node in graph.graph.node:
        node.output[:] = ["magnitude" if name == "variable" else name for name in node.output]
    return graph.SerializeToString()
