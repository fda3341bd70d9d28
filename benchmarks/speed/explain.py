"""Seconds of a SHAP map by expected gradients beside the published way, in one run, at the same test of fidelity.

The published way is shap's partition explainer with the inpainting masker and 2 000 evaluations of the same compiled
network (needs OpenCV: `pip install ".[explain]"`).
"""

from __future__ import annotations

import numpy as np

AIM_RATIO, AIM_CLASS_MEAN_S = 20.0, 120.0
NAME = "p64-simcycle"


def run(each: int = 4, class_each: int = 300, seed: int = 0, evaluations: int = 2000) -> list[dict]:
    """A row for each way on the same 2 x `each` simulated records, and one for the mean maps of 2 x `class_each`.

    Columns: seconds a record, how many times faster than the published way, and the mean fall of the log-odds as the
    first half of the bins is deleted (replaced by the background's mean, or painted over), high being faithful.
    """
    from ...zoo import registry
    from ...zoo.explain.background import read_background
    from ...zoo.explain.waveforms import attribution, graph_of
    from ..explain.cases import simulated_cases
    from ..explain.fidelity import deletion, inpainting_deletion

    model = registry.load(NAME)
    graph, background = graph_of(model, 1), read_background(model)
    cases = simulated_cases(model, each, seed)
    inputs, reference = graph.prepared(cases.waveform), graph.prepared(background).mean(axis=0)

    def explained(method: str, waveform: np.ndarray):
        found, _, _ = attribution(model, graph, method, waveform, background, seed, 0.05, 600.0, evaluations)
        total = found.base_value + found.values.reshape(len(waveform), -1).sum(axis=1, dtype=np.float64)
        return found, float(np.median(np.abs(total - found.output)) / found.output_range)

    explained("gradient", cases.waveform[:1])  # traces the graph
    rows = []
    for way, method in (("published: partition, inpaint_telea", "partition"), ("expected gradients", "gradient")):
        found, error = explained(method, cases.waveform)
        each_s = found.seconds / len(cases)
        rows.append(
            {
                "what": way,
                "records": len(cases),
                "samples": found.samples,
                "s_a_record": each_s,
                "times_faster": (rows[0]["s_a_record"] if rows else each_s) / each_s,
                "aim": AIM_RATIO if rows else None,
                "additivity_error": error,
                "deletion": float(deletion(graph.margins, inputs, found.values, reference).mean()),
                "painted_deletion": float(inpainting_deletion(graph.margins, inputs, found.values, reference).mean()),
            }
        )
    many = simulated_cases(model, class_each, seed)
    found, error = explained("gradient", many.waveform)
    rows.append(
        {
            "what": f"mean maps of 2 classes, {found.seconds:.1f} s in all, aim {AIM_CLASS_MEAN_S:g} s",
            "records": len(many),
            "samples": found.samples,
            "s_a_record": found.seconds / len(many),
            "times_faster": rows[0]["s_a_record"] / (found.seconds / len(many)),
            "aim": AIM_RATIO,
            "additivity_error": error,
        }
    )
    return rows
