"""The residual network: log rate = log ETAS rate + f(ETAS's recent errors), the same f in every cell, zero at start."""

from __future__ import annotations

import numpy as np

# In standard deviations of the training cells, weighted by their rate: what goes beyond has not been learnt.
REACH = 4.0


def residual_network(shape: tuple[int, ...], mean, spread, hidden: int = 0, name: str = "residual_etas"):
    """keras.Model of log_etas (*shape), features (*shape, channels) -> {"logits", "probability"}, both (*shape).

    `logits` is the log of the expected events; `probability`, of at least one, is that of a Poisson process.

    Arguments:
        shape: (rows, columns) of a map, or () for single cells.
        mean, spread: (channels,) of the features, by which they are standardised.
        hidden: units of a layer beside the linear one; none where 0.
    """
    import keras

    mean, spread = np.asarray(mean, dtype=np.float64), np.asarray(spread, dtype=np.float64)
    log_etas = keras.Input(shape, name="log_etas")
    features = keras.Input((*shape, len(mean)), name="features")
    scale = {"scale": (1 / spread).tolist(), "offset": (-mean / spread).tolist()}
    scaled = keras.layers.Rescaling(**scale, name="standard")(features)
    scaled = keras.ops.clip(scaled, -REACH, REACH)
    answer = keras.layers.Dense(1, kernel_initializer="zeros", name="linear")(scaled)
    if hidden:
        units = keras.layers.Dense(hidden, "tanh", name="hidden")(scaled)
        bent = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", name="bent")(units)
        answer = keras.layers.Add(name="sum")([answer, bent])
    answer = keras.layers.Reshape(shape, name="residual")(answer)
    logits = keras.layers.Add(name="logits")([log_etas, answer])
    # 1 - exp(-r) without loss of digits at small r; ONNX has no expm1.
    half = keras.ops.tanh(0.5 * keras.ops.exp(logits))
    probability = keras.ops.clip(2.0 * half / (1.0 + half), 0.0, 1.0)
    return keras.Model(
        {"log_etas": log_etas, "features": features}, {"logits": logits, "probability": probability}, name=name
    )
