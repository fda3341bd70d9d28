"""SHAP values of a waveform network: on the spectrogram inside it, or on the waveform."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from ...datasets.errors import InputError
from ...datasets.record import COMPONENTS, Record
from ...datasets.waveforms.windowing import batch_of
from ..model import Model
from .background import read_background
from .explanation import TOLERANCE, Axis, Explanation
from .gradients import Attribution, expected_gradients, linear_values
from .network_graph import NetworkGraph, cut
from .partition import EVALUATIONS, MASKER, partition_values
from .segments import segment_values

METHODS = ("gradient", "partition", "deep", "linear", "permutation")
_graphs: WeakKeyDictionary = WeakKeyDictionary()  # of each model, by target and place: a graph is traced once


def explain_waveforms(
    model: Model,
    source,
    method: str | None = None,
    *,
    picks=None,
    target: str | None = None,
    against: str | None = None,
    background: np.ndarray | None = None,
    place: str | None = None,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    time_limit_s: float = 60.0,
    evaluations: int = EVALUATIONS,
    masker: str = MASKER,
) -> Explanation:
    """What in each record spoke for and against a class.

    Arguments:
        source: what `predict` takes, or windows (n, samples, components) with the arrival in its place.
        method: "linear" (exact) for a linear network; "gradient" for the spectrogram of others and for networks on the
            waveform; "permutation" (segments of the waveform); "partition" (as published); "deep".
        target: the class; the last where None.
        against: take the background from this class only.
        background: waveforms in the place of the model's own.
        place: "spectrogram" or "waveform"; the spectrogram where there is one.
        tolerance, time_limit_s: samples are added until the error is below the one or the other is over.
        evaluations, masker: of method "partition".
    """
    classes = model.card.classes
    target = target or classes[-1]
    if target not in classes:
        raise InputError(f"a class of {', '.join(classes)}", repr(target), "choose one of them")
    waveform, records, arrival_s = _windows(model, source, picks)
    graph = graph_of(model, classes.index(target), place)
    stored = read_background(model, against) if background is None else np.asarray(background, np.float32)
    method = method or automatic(graph)
    found = attribution(model, graph, method, waveform, stored, seed, tolerance, time_limit_s, evaluations, masker)
    attributed, inputs, error = found
    return Explanation(
        model=model.card.name,
        target=f"log-odds of {target}",
        unit="nats",
        method=method if method != "partition" else f"partition, {masker}",
        seed=seed,
        samples=attributed.samples,
        values=attributed.values,
        base_value=attributed.base_value,
        output=attributed.output,
        output_range=attributed.output_range,
        axes=axes_of(graph, arrival_s, model.card.settings["sampling_rate_hz"], model.card.settings["phase"]),
        seconds=attributed.seconds,
        inputs=inputs,
        records=records,
        sampling_error=error,
        details={
            "classes": list(classes),
            "target": target,
            "phase": model.card.settings["phase"],
            "probability": _probability(model, waveform, classes.index(target)),
            **_front_end(model),
        },
    )


def automatic(graph: NetworkGraph) -> str:
    """The method for a network: exact where it is linear, by segments where gradients along a path do not add up."""
    if graph.linear:
        return "linear"
    # From a waveform through a logarithm of power, gradients did not settle in 8 000 samples.
    behind_logarithm = graph.front is None and any(type(x).__name__ == "LogPower" for x in graph.back.layers)
    return "permutation" if behind_logarithm else "gradient"


def attribution(
    model, graph, method, waveform, background, seed, tolerance, time_limit_s, evaluations=EVALUATIONS, masker=MASKER
) -> tuple[Attribution, np.ndarray, np.ndarray | None]:
    """Values by a method, what was explained, and the sampling errors where the method has them."""
    if method not in METHODS:
        raise InputError(f"a method of {', '.join(METHODS)}", repr(method), "choose one, or leave it out")
    if method == "permutation":
        if graph.place != "waveform":
            raise InputError("permutation of segments of the waveform", graph.place, "add place=waveform")
        rate = model.card.settings["sampling_rate_hz"]
        found, error = segment_values(graph, waveform, background, rate, seed, tolerance, time_limit_s)
        return found, waveform, error
    if graph.place == "waveform":
        background = _as_loud(background, waveform)
    inputs, reference = graph.prepared(waveform), graph.prepared(background)
    if method == "linear":
        if not graph.linear:
            raise InputError("a linear network for method linear", model.card.name, "use method=gradient")
        return linear_values(graph, inputs, reference), inputs, None
    if method == "partition":
        if graph.place != "spectrogram":
            raise InputError(
                "a spectrogram for the image masker", graph.place, "leave place out, or use another method"
            )
        return partition_values(graph, inputs, reference, evaluations, masker), inputs, None
    if method == "deep":
        from .deep import deep_values

        return deep_values(model, graph, inputs, reference), inputs, None
    return expected_gradients(graph, inputs, reference, seed, tolerance, time_limit_s), inputs, None


def graph_of(model: Model, target: int, place: str | None = None) -> NetworkGraph:
    """The model's network cut for explanation."""
    graphs = _graphs.setdefault(model, {})
    if (target, place) not in graphs:
        graphs[target, place] = cut(model.keras, target, place)
    return graphs[target, place]


def axes_of(graph: NetworkGraph, arrival_s: float, sampling_rate_hz: float, phase: str = "P") -> tuple[Axis, ...]:
    """Axes of one record, times from the arrival of the phase that its window is cut around."""
    name = f"time from {phase}"
    components = COMPONENTS if graph.shape[-1] == len(COMPONENTS) else COMPONENTS[-graph.shape[-1] :]
    component = Axis("component", "", np.array(list(components)))
    if graph.place == "spectrogram":
        return Axis("frequency", "Hz", graph.frequencies_hz), Axis(name, "s", graph.times_s - arrival_s), component
    times_s = (np.arange(graph.shape[0]) + 0.5) / sampling_rate_hz - arrival_s
    return Axis(name, "s", times_s), component


def _windows(model: Model, source, picks):
    """Windows (n, samples, components) as the network takes them, their records, and where the arrival lies in them."""
    settings = model.card.settings
    before_s, phase = float(settings["before_s"]), settings["phase"]
    channels = model.card.inputs[0].shape[-1]
    if isinstance(source, np.ndarray):
        if source.ndim != 3 or source.shape[-1] != channels:
            raise InputError(f"windows (n, samples, {channels})", f"shape {source.shape}", "stack the records")
        rate, full = float(settings["sampling_rate_hz"]), np.zeros((*source.shape[:2], len(COMPONENTS)), np.float32)
        full[..., -channels:] = source
        pick = {f"{phase.lower()}_s": before_s}
        records = (Record(w.T, rate, "1970-01-01", station=f"{i + 1}", **pick) for i, w in enumerate(full))
        return source, tuple(records), before_s
    answer = model.predict(source, picks)
    records = tuple(row.window for row in answer.rows)
    if not records:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in answer.rejected[:5])
        raise InputError("at least one record to explain", f"none ({reasons})", "mend the input")
    arrivals = [getattr(record, f"{phase.lower()}_s") for record in records]
    # A model of the vertical component alone takes the last of three.
    return batch_of(records)[..., -channels:], records, arrivals[0] if len(records) == 1 else before_s


def _probability(model: Model, waveform: np.ndarray, target: int) -> np.ndarray:
    """The model's own probability of the class, (n,)."""
    parts = [model.run(waveform=waveform[i : i + 64])["probability"][:, target] for i in range(0, len(waveform), 64)]
    return np.concatenate(parts)


def _as_loud(background: np.ndarray, waveform: np.ndarray) -> np.ndarray:
    """The background without means and as loud as the records: a path between waveforms is one between equals."""
    background = background - background.mean(axis=1, keepdims=True)
    loud = np.median(np.abs(waveform - waveform.mean(axis=1, keepdims=True)).max(axis=(1, 2)))
    return background * (loud / np.maximum(np.abs(background).max(axis=(1, 2), keepdims=True), 1e-30))


def _front_end(model: Model) -> dict:
    return {key: model.card.settings[key] for key in ("nperseg", "noverlap") if key in model.card.settings}
