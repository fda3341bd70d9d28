"""One day of CNN+LSTM on Japan's 250 x 200 cells beside the published formulation, a plain cell with the same weights.

The published cell has four gates, each a convolution, a normalisation and a maximum of its own; ours has one of each.
It is measured compiled to one graph, the stricter peer, and layer by layer, as the published code runs.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .bands import active_cells, band_model, bands_of, empty_state, share_of_map
from .published_step import HIDDEN, copy_weights, published_step

AIM_INFERENCE, AIM_TRAINING, AIM_SHARE, AIM_GIB = 4.0, 2.0, 0.6, 6.0
# The map whose prior tells where events are expected, and the tiles of its trainings.
NETWORK, TILE = "cnn-lstm-prior-japan", 24


def run(rows: int = 250, columns: int = 200, rounds: int = 9) -> list[dict]:
    """All measurements as rows: what, value, unit, beside (the published cell's), ratio, aim, met, note."""
    import keras

    from ...zoo.forecast.recurrent import cnn_lstm, step_model

    keras.utils.set_random_seed(0)
    network = cnn_lstm(rows, columns, 1)
    ours, theirs = step_model(network), published_step(rows, columns)
    copy_weights(network, theirs)
    inputs, active = example(rows, columns), expected(rows, columns)
    found = [
        *_inference(network, ours, theirs, inputs, bands_of(active), rounds),
        *_training(network, ours, theirs, inputs, active, rounds),
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)
    met = {"aim": AIM_GIB, "met": peak < AIM_GIB}
    return [*found, {**_row("peak memory of all of this", peak, "GiB"), **met}]


def _inference(network, ours, theirs, inputs, bands, rounds: int) -> list[dict]:
    from ...zoo.layers.recurrent import convolve_in
    from ...zoo.onnx_graph import write_onnx

    rows, columns = inputs["maps"].shape[1:3]
    exact, published = compiled(ours, inputs), compiled(theirs, inputs)
    difference = max(float(np.abs(a - b).max()) for a, b in zip(numbers(exact()), numbers(published()), strict=True))
    convolve_in(network, "bfloat16")
    half = compiled(ours, inputs)
    state = empty_state(bands, HIDDEN)
    banded = compiled(band_model(network, bands), {"maps": inputs["maps"][None], **state})
    half(), banded()
    convolve_in(network, None)
    matrix, work = matrix_rate(rounds), flops(network, rows, columns)
    exact_s, half_s, banded_s, published_s = alternately([exact, half, banded, published], rounds)
    (eager_s,) = alternately([lambda: theirs(inputs, training=False)], max(3, rounds // 3))
    with tempfile.TemporaryDirectory() as folder:
        write_onnx(ours, Path(folder) / "step.onnx")
        session = _session(Path(folder) / "step.onnx")
        feed = {name: np.asarray(value) for name, value in inputs.items()}
        (onnx_s,) = alternately([lambda: session.run(None, feed)], rounds)

    def row(what, seconds, beside=published_s, **options):
        return _row(f"inference, {what}", 1 / seconds, "days/s", 1 / beside, AIM_INFERENCE, **options)

    covered = f"{share_of_map(bands, (rows, columns)):.0%} of the map; {WHY_SHORTCUTS}"
    return [
        _row("matrix product, float32", matrix / 1e9, "GFLOP/s", note="2048 x 2048, the measure of what follows"),
        row("both as graphs", exact_s, note=WHY_INFERENCE),
        row("convolutions in bfloat16, both as graphs", half_s, note=WHY_HALF),
        row("the published layer by layer", exact_s, eager_s, note=WHY_INFERENCE),
        row("bfloat16, the published layer by layer", half_s, eager_s, note=WHY_HALF),
        row("bfloat16, on bands, the published as a graph", banded_s, note=covered),
        row("the same, two days a step", banded_s / 2, note=covered),
        row("the same, four days a step", banded_s / 4, note=covered),
        {**row("ONNX Runtime, the published as a graph", onnx_s), "aim": None, "met": None},
        _share(
            "share of the matrix rate, convolutions alone",
            work / convolution_seconds(network, rows, columns, rounds) / matrix,
            AIM_SHARE,
        ),
        _share("share of the matrix rate, whole step", work / exact_s / matrix, None),
        _row("largest difference of the answers", difference, "1", note="same weights, float32"),
    ]


def _training(network, ours, theirs, inputs, active, rounds: int) -> list[dict]:
    from ...zoo.layers.recurrent import convolve_in

    rows, columns = inputs["maps"].shape[1:3]
    exact, published, eager = training_step(ours), training_step(theirs), training_step(theirs, layer_by_layer=True)
    exact(inputs)
    convolve_in(network, "bfloat16")
    half = training_step(ours)
    half(inputs)
    convolve_in(network, None)
    exact_s, half_s, published_s = alternately([lambda s=s: s(inputs) for s in (exact, half, published)], rounds)
    (eager_s,) = alternately([lambda: eager(inputs)], max(3, rounds // 3))
    size = min(TILE, rows, columns)
    tiles = sum(
        bool(active[r : r + size, c : c + size].any()) for r in range(0, rows, size) for c in range(0, columns, size)
    )
    tiled_s = tile_seconds(tiles, size, rounds)

    def row(what, seconds, beside=published_s, **options):
        return _row(f"training step, {what}", 1 / seconds, "steps/s", 1 / beside, AIM_TRAINING, **options)

    return [
        row("both as graphs", exact_s, note=WHY_TRAINING),
        row("convolutions in bfloat16, both as graphs", half_s, note=WHY_TRAINING),
        row("the published layer by layer", exact_s, eager_s),
        row("bfloat16, the published layer by layer", half_s, eager_s),
        row(
            "bfloat16, on active tiles, the published as a graph",
            tiled_s,
            note=f"{tiles} tiles of {size} x {size} cells",
        ),
        _share(
            "share of the matrix rate, training step",
            3 * flops(network, rows, columns) / exact_s / matrix_rate(rounds),
            None,
        ),
    ]


WHY_INFERENCE = (
    "one graph runs the published layers at the matrix rate too: the same arithmetic in both, and the maximum that "
    "took 69 % of the published time takes a tenth"
)
WHY_HALF = "half the time of a convolution; gates and memory stay in float32 and are now as long"
WHY_SHORTCUTS = "results/recurrent-shortcuts.csv tells what it costs in score"
WHY_TRAINING = (
    "the convolutions and their gradients are the same arithmetic in both; the gradients of maximum, normalisation and "
    "gates take as long again"
)


def expected(rows: int, columns: int) -> np.ndarray:
    """(rows, columns) where Japan's smoothed rate expects 95 % of the events; a diagonal on maps of other sizes."""
    from ...zoo import registry

    prior = np.asarray(registry.load(NETWORK).keras.get_layer("logits").prior_logit, np.float64)
    if prior.shape != (rows, columns):
        return np.eye(rows, columns, dtype=bool)
    return active_cells(1 / (1 + np.exp(-prior)))


def compiled(model, inputs: dict) -> Callable:
    """The model's answer to these inputs as a function without arguments, one TensorFlow graph."""
    import tensorflow as tf

    graph = tf.function(lambda x: model(x, training=False), autograph=False, jit_compile=False)
    return lambda: graph(inputs)


def example(rows: int, columns: int, seed: int = 0) -> dict:
    """A day with a magnitude in a few cells, and a state as in the middle of a period."""
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    maps = np.where(rng.random((1, rows, columns, 1)) < 1e-3, rng.uniform(2.5, 7, (1, rows, columns, 1)), 0)
    state = {name: np.tanh(rng.standard_normal((1, rows, columns, HIDDEN))) for name in "hc"}
    return {name: tf.constant(value, tf.float32) for name, value in {"maps": maps, **state}.items()}


def numbers(outputs: dict) -> list[np.ndarray]:
    """Outputs as arrays, in the order of their names."""
    return [outputs[name].numpy() for name in sorted(outputs)]


def training_step(model, layer_by_layer: bool = False) -> Callable:
    """One step of Adam on one day, a function of the inputs, compiled or not; labels are a few random cells."""
    import keras
    import tensorflow as tf

    optimizer = keras.optimizers.Adam(3e-4)
    optimizer.build(model.trainable_variables)
    label = tf.cast(tf.random.stateless_uniform(model.output["logits"].shape[1:], [1, 2])[None] < 1e-3, tf.float32)

    def step(inputs):
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)["logits"]
            labels = tf.broadcast_to(label, tf.shape(logits))
            loss = tf.reduce_mean(keras.ops.binary_crossentropy(labels, logits, from_logits=True))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    compiled = step if layer_by_layer else tf.function(step, autograph=False, jit_compile=False)
    return lambda inputs: compiled(inputs).numpy()


def tile_seconds(tiles: int, size: int, rounds: int) -> float:
    """Seconds of a training step on so many tiles, in one batch, in bfloat16."""
    import tensorflow as tf

    from ...zoo.forecast.recurrent import cnn_lstm, step_model
    from ...zoo.layers.recurrent import convolve_in

    network = cnn_lstm(size, size, 1)
    convolve_in(network, "bfloat16")
    step = training_step(step_model(network))
    inputs = {name: tf.repeat(value, max(1, tiles), axis=0) for name, value in example(size, size).items()}
    return alternately([lambda: step(inputs)], rounds)[0]


def matrix_rate(rounds: int, size: int = 2048) -> float:
    """Operations a second of a float32 matrix product."""
    import tensorflow as tf

    a = tf.random.stateless_normal((size, size), [0, 1])
    product = tf.function(lambda: tf.reduce_max(a @ a), autograph=False)
    return 2 * size**3 / alternately([lambda: product().numpy()], rounds)[0]


def convolution_seconds(network, rows: int, columns: int, rounds: int) -> float:
    """Seconds of a step's convolutions, without normalisation, maximum and gates."""
    import tensorflow as tf

    total = 0.0
    for kernel in _kernels(network):
        maps = tf.random.stateless_normal((1, rows, columns, kernel.shape[2]), [0, 1])
        convolve = tf.function(lambda m, k: tf.nn.conv2d(m, k, 1, "SAME"), autograph=False, jit_compile=False)
        kernel = tf.constant(np.asarray(kernel))
        total += alternately([lambda c=convolve, m=maps, k=kernel: c(m, k)], rounds)[0]
    return total


def flops(network, rows: int, columns: int) -> float:
    """Multiplications and additions of a step's convolutions."""
    return 2.0 * rows * columns * sum(int(np.prod(kernel.shape)) for kernel in _kernels(network))


def _kernels(network) -> list:
    blocks = [network.get_layer(name) for name in ("embedding_1", "embedding_2", "head")]
    return [block.kernel for block in (*blocks, network.get_layer("recurrent").cell.gates)]


def alternately(works: list[Callable[[], object]], rounds: int) -> list[float]:
    """Seconds of each work in its fastest round, taken in turns after two to warm up.

    The fastest: on a shared machine a median measures the neighbours.
    """
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(rounds + 2):
        for work, kept in zip(works, seconds, strict=True):
            start = time.perf_counter()
            work()
            kept.append(time.perf_counter() - start)
    return [min(kept[2:]) for kept in seconds]


def _session(path: Path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _share(what: str, value: float, aim: float | None) -> dict:
    return {**_row(what, value, "1"), "aim": aim, "met": None if aim is None else value >= aim}


def _row(what: str, value: float, unit: str, beside=None, aim=None, note: str = "") -> dict:
    ratio = None if beside is None else value / beside
    met = None if aim is None or ratio is None else ratio >= aim
    row = {"what": what, "value": value, "unit": unit, "beside": beside, "ratio": ratio, "aim": aim, "met": met}
    return {**row, "note": note if not met else ""}
