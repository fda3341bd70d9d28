"""The step function of a network with a memory: one day and the state in, an answer and the next state out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..datasets.errors import InputError
from ..zoo.golden import read_golden
from ..zoo.model import Model
from ..zoo.onnx_graph import write_onnx
from .metadata import metadata_of
from .parity import TOLERANCE, Parity, difference

ARCHITECTURES = ("cnn-lstm", "cnn-lstm-prior")
STEP = "step.onnx"


def write_step(model: Model, path: Path) -> Parity:
    """Write the step graph and roll it, beside Keras, through the days of a golden case."""
    import onnxruntime

    from ..zoo.forecast.recurrent import step_model

    step = step_model(model.keras)
    write_onnx(step, path, metadata_of(model.card) | {"graph": "maps, h, c -> logits, probability, h_next, c_next"})
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    names = list(step.output)
    maps = read_golden(model.file("golden.npz"))[0]["maps"][:1]
    empty = np.zeros((len(maps), *step.output["h_next"].shape[1:]), np.float32)
    state, rolled, worst = (empty, empty), (empty, empty), 0.0
    for day in np.moveaxis(maps, 1, 0):
        inputs = {"maps": day, "h": state[0], "c": state[1]}
        expected = {k: np.asarray(v) for k, v in step(inputs, training=False).items()}
        got = dict(zip(names, session.run(names, {"maps": day, "h": rolled[0], "c": rolled[1]}), strict=True))
        worst = max(worst, difference(expected, got))
        state, rolled = ([answer[k] for k in ("h_next", "c_next")] for answer in (expected, got))
    if not worst <= TOLERANCE:
        raise InputError(
            f"a step graph within {TOLERANCE:g} of Keras", f"{worst:.2e}", "nothing was written; report this model"
        )
    return Parity("golden step-by-step", 1, worst)
