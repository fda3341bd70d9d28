"""Model: a card, its network in one of two runtimes, and the run from named arrays to named arrays."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from ..datasets.errors import InputError
from ..datasets.file_hash import sha256_of
from .card import Card
from .shared_arrays import read_arrays


class Model:
    """A pretrained network with its card.

    Arguments:
        card: the checked record of the model.
        folder: where its files are.
        runtime: "onnx" or "keras".

    Subclasses turn a seismogram or a catalogue into the graph's inputs and its outputs into an answer.
    """

    # Of ONNX Runtime, for one run; as many as there are cores where None. Set it before the first run.
    threads: int | None = None

    def __init__(self, card: Card, folder: Path, runtime: Literal["onnx", "keras"] = "onnx"):
        self.card, self.folder, self.runtime = card, folder, runtime

    def __repr__(self) -> str:
        headline = self.card.headline
        return f"{type(self).__name__}({self.card.name}, {headline.score} {headline.ours}, {self.runtime})"

    def file(self, name: str) -> Path:
        """The path of one of the model's files, after its hash was found to be the card's."""
        path = self.folder / name
        entry = self.card.files.get(name)
        if entry is None:
            raise InputError(f"one of {', '.join(self.card.files)}", name, "use a file that the card lists")
        if not path.is_file():
            raise InputError(f"the file {name} of {self.card.name}", f"none at {path}", "install the model again")
        if path.stat().st_size != entry.bytes or sha256_of(path) != entry.sha256:
            raise InputError(
                f"{name} of {entry.bytes} bytes with sha256 {entry.sha256[:12]}...",
                f"{path} of {path.stat().st_size} bytes with sha256 {sha256_of(path)[:12]}...",
                "the file is damaged or was changed: install the model again",
            )
        return path

    @cached_property
    def session(self):
        """The ONNX Runtime session."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = self.threads or 0
        graph = self.file("model.onnx").read_bytes()
        if names := self.card.files["model.onnx"].arrays:
            arrays = read_arrays(self.file("model.keras"), names)
            values = [onnxruntime.OrtValue.ortvalue_from_numpy(arrays[name]) for name in names]
            options.add_external_initializers(list(names), values)
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    @cached_property
    def keras(self):
        """The plain `keras.Model`, loaded in safe mode: a file never brings code of its own."""
        if "model.keras" not in self.card.files:
            raise InputError(
                "a model with a Keras network", f"{self.card.name}, which has none", "use it by name: predict, or rates"
            )
        import keras

        from .layers import members, phase_ratios, prior, recurrent, scaling, spectrogram  # noqa: F401  registers them
        from .waveform import blast_networks  # noqa: F401

        return keras.models.load_model(self.file("model.keras"), compile=False, safe_mode=True)

    def run(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Named float arrays in, named arrays out, in the chosen runtime.

        Each input has the shape that the card gives it, the batch first.
        """
        for tensor in self.card.inputs:
            received = np.shape(inputs.get(tensor.name))
            fits = len(received) == len(tensor.shape) and all(
                want in (None, got) for want, got in zip(tensor.shape, received, strict=True)
            )
            if not fits:
                raise InputError(f"{tensor.name} of shape {tensor.shape}", f"shape {received}", "see the card's inputs")
        arrays = {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in inputs.items()}
        names = [tensor.name for tensor in self.card.outputs]
        if self.runtime == "onnx":
            return dict(zip(names, self.session.run(names, arrays), strict=True))
        outputs = self.keras(arrays, training=False)
        return {name: np.asarray(outputs[name]) for name in names}

    def explain(self, source, method: str | None = None, **options):
        """SHAP values of the model's answer to what `predict` takes: an `Explanation` with axes, units and error.

        Arguments:
            method: chosen by the kind of model where None.
            options: of `explain_waveforms` or `explain_forecast`: target, day, cell, seed, time_limit_s, ...
        """
        from .explain.dispatch import explain

        return explain(self, source, method, **options)
