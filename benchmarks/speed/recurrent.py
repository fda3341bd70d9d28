"""One day of CNN+LSTM on 200 x 250 cells beside the published formulation, as a plain Keras cell with the same weights.

The published cell has four gates, each a convolution, a normalisation and a maximum of its own; ours has one of each.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

AIM_INFERENCE, AIM_TRAINING, AIM_SHARE, AIM_GIB = 4.0, 2.0, 0.6, 6.0
EMBEDDING, HIDDEN = 16, 32
GATES = ("forget", "enter", "leave", "update")
# Share of the tiles of 16 x 16 cells of Japan's grid that had an M5 in 1990 to 2007.
ACTIVE_TILES, TILE, HALO = 0.49, 16, 2


def run(rows: int = 200, columns: int = 250, rounds: int = 9) -> list[dict]:
    """All measurements as rows: what, value, unit, beside (the published cell's), ratio, aim, met, note."""
    import keras
    import tensorflow as tf

    from ...zoo.forecast.recurrent import cnn_lstm, step_model
    from ...zoo.onnx_graph import write_onnx

    keras.utils.set_random_seed(0)
    network = cnn_lstm(rows, columns, 1)
    ours, theirs = step_model(network), published_step(rows, columns)
    copy_weights(network, theirs)
    inputs = example(rows, columns)
    graphs = [
        tf.function(lambda x, m=m: m(x, training=False), autograph=False, jit_compile=False) for m in (ours, theirs)
    ]
    difference = max(
        float(np.abs(a - b).max()) for a, b in zip(*(numbers(graph(inputs)) for graph in graphs), strict=True)
    )
    matrix = matrix_rate(rounds)
    fast, slow = alternately([lambda g=g: numbers(g(inputs)) for g in graphs], rounds)
    (eager,) = alternately([lambda: numbers(theirs(inputs, training=False))], max(3, rounds // 3))
    work = flops(network, rows, columns)
    convolving = convolution_seconds(network, rows, columns, rounds)
    rows_ = [
        _row("matrix product, float32", matrix / 1e9, "GFLOP/s", note="2048 x 2048, the measure of what follows"),
        _row("inference, both as TensorFlow graphs", 1 / fast, "steps/s", 1 / slow, AIM_INFERENCE, note=WHY_INFERENCE),
        _row("inference, the published cell layer by layer", 1 / fast, "steps/s", 1 / eager, AIM_INFERENCE),
        _share("share of the matrix rate, convolutions alone", work / convolving / matrix, AIM_SHARE),
        _share("share of the matrix rate, whole step", work / fast / matrix, None),
        _row("largest difference of the answers", difference, "1", note="same weights"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        write_onnx(ours, Path(folder) / "step.onnx")
        session = _session(Path(folder) / "step.onnx")
        feed = {name: np.asarray(value) for name, value in inputs.items()}
        (onnx,) = alternately([lambda: session.run(None, feed)], rounds)
    rows_.append(_row("inference in ONNX Runtime", 1 / onnx, "steps/s", 1 / slow))
    rows_.append(
        _row(
            "inference on active tiles", 1 / active_seconds(rows, columns, rounds), "steps/s", 1 / slow, note=WHY_TILES
        )
    )
    steps = [training_step(model) for model in (ours, theirs)]
    fast, slow = alternately([lambda s=s: s(inputs) for s in steps], rounds)
    rows_.append(_row("training step, both as graphs", 1 / fast, "steps/s", 1 / slow, AIM_TRAINING, note=WHY_TRAINING))
    rows_.append(_share("share of the matrix rate, training step", 3 * work / fast / matrix, None))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)
    met = {"aim": AIM_GIB, "met": peak < AIM_GIB}
    return [*rows_, {**_row("peak memory of all of this", peak, "GiB"), **met}]


WHY_INFERENCE = (
    "TensorFlow runs the published layers at the matrix rate too: the maximum that took 69 % of the published time "
    "takes a tenth here, and what is left is the convolutions, the same arithmetic in both"
)
WHY_TRAINING = (
    "nine tenths are the convolutions and their gradients, the same arithmetic in both; parting one map of gates "
    "into four costs what one convolution saves, and on two cores four branches run side by side"
)
WHY_TILES = "margins cost what the empty cells save; near a tile's edge the answer differs from the whole map's"


def published_step(rows: int, columns: int):
    """The published step, layer by layer: maps, h, c -> {"logits", "probability", "h_next", "c_next"}."""
    import keras
    from keras import layers, ops

    def block(x, filters, name):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_convolution")(x)
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, center=False, scale=False, name=f"{name}_norm")(x)
        return layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_maximum")(x)

    maps = keras.Input((rows, columns, 1), name="maps")
    h, c = (keras.Input((rows, columns, HIDDEN), name=name) for name in "hc")
    both = ops.concatenate([block(block(maps, EMBEDDING, "embedding_1"), EMBEDDING, "embedding_2"), h], axis=-1)
    forget, enter, leave, update = (block(both, HIDDEN, name) for name in GATES)
    c_next = ops.sigmoid(forget) * c + ops.sigmoid(enter) * ops.tanh(update)
    h_next = ops.sigmoid(leave) * ops.tanh(c_next)
    pair = block(h_next, 2, "head")
    logits = pair[..., 1] - pair[..., 0]
    outputs = {"logits": logits, "probability": ops.sigmoid(logits), "h_next": h_next, "c_next": c_next}
    return keras.Model({"maps": maps, "h": h, "c": c}, outputs)


def copy_weights(network, published) -> None:
    """Give the published step a `cnn_lstm`'s weights and statistics."""
    blocks = {name: network.get_layer(name) for name in ("embedding_1", "embedding_2", "head")}
    for name, layer in blocks.items():
        _copy(published, name, layer.kernel, layer.norm.moving_mean, layer.norm.moving_variance)
    gates = network.get_layer("recurrent").cell.gates
    for i, name in enumerate(GATES):
        part = slice(i * HIDDEN, (i + 1) * HIDDEN)
        mean, variance = gates.norm.moving_mean, gates.norm.moving_variance
        _copy(published, name, np.asarray(gates.kernel)[..., part], np.asarray(mean)[part], np.asarray(variance)[part])


def _copy(published, name, kernel, mean, variance) -> None:
    published.get_layer(f"{name}_convolution").kernel.assign(kernel)
    norm = published.get_layer(f"{name}_norm")
    norm.moving_mean.assign(mean)
    norm.moving_variance.assign(variance)


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


def training_step(model) -> Callable:
    """One step of Adam on one day, as a compiled function of the inputs; labels are a few random cells."""
    import keras
    import tensorflow as tf

    optimizer = keras.optimizers.Adam(3e-4)
    optimizer.build(model.trainable_variables)
    label = tf.cast(tf.random.stateless_uniform(model.output["logits"].shape[1:], [1, 2])[None] < 1e-3, tf.float32)

    @tf.function(autograph=False, jit_compile=False)
    def step(inputs):
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)["logits"]
            loss = tf.reduce_mean(keras.ops.binary_crossentropy(label, logits, from_logits=True))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    return lambda inputs: step(inputs).numpy()


def active_seconds(rows: int, columns: int, rounds: int) -> float:
    """Seconds of a step on the active tiles alone, each with a margin, in one batch."""
    import tensorflow as tf

    from ...zoo.forecast.recurrent import cnn_lstm, step_model

    tiles = round(ACTIVE_TILES * -(-rows // TILE) * -(-columns // TILE))
    size = TILE + 2 * HALO
    model = step_model(cnn_lstm(size, size, 1))
    inputs = {name: tf.repeat(value, max(1, tiles), axis=0) for name, value in example(size, size).items()}
    graph = tf.function(lambda x: model(x, training=False), autograph=False, jit_compile=False)
    return alternately([lambda: numbers(graph(inputs))], rounds)[0]


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
