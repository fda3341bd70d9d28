"""The recurrent step as published (arXiv 2004.09140): four gates, each a convolution, normalisation and maximum."""

import numpy as np

EMBEDDING, HIDDEN = 16, 32
GATES = ("forget", "enter", "leave", "update")


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
