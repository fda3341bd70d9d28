"""Deep SHAP in a process of its own: shap's explainer overrides TensorFlow's gradients in the process that it runs in.

`python -m foreshock.zoo.explain.deep MODEL_FOLDER IN.npz OUT.npz` is that process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ...datasets.errors import InputError
from ..model import Model
from .gradients import Attribution
from .network_graph import NetworkGraph, scaled_spectrogram

# What the rules of DeepLIFT know; on other layers shap stops half-way with a LookupError.
LAYERS = (
    "Activation", "AveragePooling2D", "BatchNormalization", "Conv1D", "Conv2D", "Cropping2D", "Dense", "Dropout",
    "Flatten", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "InputLayer", "MaxPooling1D", "MaxPooling2D", "ReLU",
)  # fmt: skip
ACTIVATIONS = ("linear", "relu")


def deep_values(model: Model, graph: NetworkGraph, arrays: np.ndarray, background: np.ndarray) -> Attribution:
    """Deep SHAP (Lundberg and Lee 2017, section 4.2) of the difference of the two classes' logits."""
    strange = [f"{layer.name} ({type(layer).__name__})" for layer in graph.back.layers if not _known(layer)]
    if strange or graph.of_probability or graph.back.outputs[0].shape[-1] != 2:
        raise InputError(
            "convolutions, dense layers, maxima and ReLU up to the logits of two classes, on which deep SHAP is exact",
            ", ".join(strange[:4] + ["..."] * (len(strange) > 4)) or f"{graph.back.outputs[0].shape[-1]} classes",
            "use method=gradient",
        )
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        sent, answer = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(sent, arrays=arrays, background=background, target=graph.target, place=graph.place)
        command = [sys.executable, "-m", __spec__.name, str(Path(model.folder).resolve()), str(sent), str(answer)]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"})
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise InputError("a network that shap's DeepExplainer follows", last[:200], "use method=gradient")
        values = np.load(answer)["values"]
    outputs, reference = graph.margins(arrays), graph.margins(background)
    extent = float(np.ptp(np.concatenate([outputs, reference])))
    base = np.full(len(arrays), reference.mean())
    return Attribution(values, base, outputs, extent, len(background), time.monotonic() - began)


def _known(layer) -> bool:
    activation = getattr(layer, "activation", None)
    return type(layer).__name__ in LAYERS and (activation is None or activation.__name__ in ACTIVATIONS)


def main(folder: str, sent: str, answer: str) -> None:
    """Read arrays, write their deep SHAP values."""
    import keras
    import shap

    from ..registry import from_folder

    with np.load(sent, allow_pickle=False) as stored:
        arrays, background = stored["arrays"], stored["background"]
        target, place = int(stored["target"]), str(stored["place"])
    network = from_folder(folder, "keras").keras
    start = network.inputs[0] if place == "waveform" else scaled_spectrogram(network)[0].output
    # The rules know no slices: the difference of two logits is a dense layer of its own.
    last = network.get_layer("logits")
    difference = keras.layers.Dense(1, name="difference_of_logits")
    features = keras.Model(start, last.input)
    margin = keras.Model(features.input, difference(features.output))
    difference.set_weights(
        [weight[..., [target]] - weight[..., [1 - target]] for weight in map(np.asarray, last.weights)]
    )
    values = shap.DeepExplainer(margin, background).shap_values(arrays, check_additivity=False)
    np.savez(answer, values=np.asarray(values, np.float32).reshape(arrays.shape))


if __name__ == "__main__":
    main(*sys.argv[1:4])
