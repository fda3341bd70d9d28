"""SHAP values of trees on the features of records, such as a magnitude forest."""

from __future__ import annotations

import time

import numpy as np

from ...datasets.errors import InputError
from ..model import Model
from .background import read_background
from .explanation import Axis, Explanation
from .trees import tree_values


def explain_features(
    model: Model,
    source,
    method: str | None = None,
    *,
    picks=None,
    target: str | None = None,
    background: np.ndarray | None = None,
    seed: int = 0,
    time_limit_s: float = 60.0,
) -> Explanation:
    """Which features of each record made its magnitude larger or smaller; exact, by tree SHAP.

    Arguments:
        source: what `predict` takes.
        background: (n, features) in the place of the model's own. seed, time_limit_s: not needed by an exact method.
    """
    if method not in (None, "tree"):
        raise InputError("method tree for trees on features", repr(method), "leave the method out")
    if target is not None:
        raise InputError("a number to be explained, not a class", f"target {target!r}", "leave the target out")
    began = time.monotonic()
    answer = model.predict(source, picks)
    if not answer.rows:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in answer.rejected[:5])
        raise InputError("at least one record to explain", f"none ({reasons})", "mend the input")
    rows = model.features(answer.rows)
    known = read_background(model) if background is None else np.asarray(background, np.float32)
    graph = model.file("model.onnx").read_bytes()
    found = tree_values(graph, rows, known)
    spread = tree_values(graph, known, known[:1]).output
    # The output is the model's own, not that of the trees as they were read.
    output = np.array([row.magnitude for row in answer.rows], np.float64)
    return Explanation(
        model=model.card.name,
        target="magnitude",
        unit="magnitude units",
        method="tree",
        seed=seed,
        samples=len(known),
        values=found.values,
        base_value=np.full(len(rows), found.base_value),
        output=output,
        output_range=float(np.ptp(np.concatenate([spread, output]))),
        axes=(Axis("feature", "", np.array(model.card.settings["features"])),),
        seconds=time.monotonic() - began,
        inputs=rows,
        records=tuple(row.window for row in answer.rows),
    )
