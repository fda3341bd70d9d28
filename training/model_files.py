"""The files of a trained model: a Keras network with its ONNX graph, trees, or a fitted rate model; golden cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..datasets.atomic import replacing
from ..zoo.card import Tensor
from ..zoo.forecast.baseline_forecaster import EVENT_COLUMNS, answered
from ..zoo.forecast.rate_model import RateModel, load_rate_model
from ..zoo.forecast.recurrent_forecaster import STEP
from ..zoo.golden import write_golden
from ..zoo.onnx_graph import write_onnx
from ..zoo.shared_arrays import share_arrays
from .stored_precision import halve_keras, halve_onnx
from .trees import Trees

UNITS = {
    "waveform": "counts, E N Z",
    "maps": "largest magnitude of the day and cell, 0 where none",
    "logits": "log-odds",
    "probability": "1",
    "log_etas": "log of expected events",
    "features": "log of observed over expected",
}


class Written(NamedTuple):
    """What the card says of the files; `shared` names the arrays that model.onnx takes from model.keras."""

    parameters: int
    inputs: list[Tensor]
    outputs: list[Tensor]
    libraries: tuple[str, ...]
    shared: Sequence[str] = ()


def write_files(model, golden: dict[str, np.ndarray], settings: dict, folder: Path) -> Written:
    """Write a model's files and its golden cases into a folder.

    Arguments:
        model: keras.Model with named inputs and a dict of outputs, Trees, or RateModel.
        golden: name of input to array.
        settings: the card's.
    """
    golden = {name: np.asarray(values, np.float32) for name, values in golden.items()}
    if isinstance(model, RateModel):
        return _write_rate_model(model, golden, settings, folder)
    if isinstance(model, Trees):
        return _write_trees(model, golden, folder)
    model.save(folder / "model.keras")
    write_onnx(model, folder / "model.onnx")
    shared = share_arrays(folder / "model.onnx", folder / "model.keras")
    halve_keras(folder / "model.keras")
    halve_onnx(folder / "model.onnx")
    if "warm_up_days" in settings:
        from ..zoo.forecast.recurrent import step_model

        write_onnx(step_model(model), folder / STEP)
        halve_onnx(folder / STEP)
    write_golden(folder / "golden.npz", golden, model(golden, training=False))
    return Written(
        parameters=int(sum(np.prod(w.shape) for w in model.trainable_weights)),
        inputs=[_tensor(t.name, t.shape) for t in model.inputs],
        outputs=[_tensor(name, t.shape) for name, t in model.output.items()],
        libraries=("foreshock", "keras", "tensorflow", "numpy", "onnx", "tf2onnx"),
        shared=shared,
    )


def _write_trees(model: Trees, golden: dict[str, np.ndarray], folder: Path) -> Written:
    with replacing(folder / "model.onnx") as temporary:
        temporary.write_bytes(model.graph)
    write_golden(folder / "golden.npz", golden, model.run(**golden))
    return Written(model.leaves, model.inputs, model.outputs, model.libraries)


def _write_rate_model(model: RateModel, golden: dict[str, np.ndarray], settings: dict, folder: Path) -> Written:
    model.save(folder)
    # Golden cases are those of the files, not of the model in memory.
    write_golden(folder / "golden.npz", golden, answered(load_rate_model(folder), settings, **golden))
    shape = (None, *model.grid.shape)
    return Written(
        parameters=int(model.parameters),
        inputs=[
            Tensor(name="day", shape=(None,), unit="days since 1970-01-01"),
            Tensor(name="events", shape=(None, None, len(EVENT_COLUMNS)), unit=", ".join(EVENT_COLUMNS)),
        ],
        outputs=[
            Tensor(name="rate", shape=shape, unit="expected events"),
            Tensor(name="probability", shape=shape, unit=UNITS["probability"]),
        ],
        libraries=("foreshock", "numpy", "scipy", "numba", "xgboost", "onnxmltools", "onnxruntime"),
    )


def _tensor(name: str, shape: tuple) -> Tensor:
    vertical = name == "waveform" and shape[-1] == 1
    return Tensor(name=name, shape=tuple(shape), unit="counts, Z" if vertical else UNITS[name])
