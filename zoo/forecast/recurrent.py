"""The networks of Kail, Zaytsev and Burnaev 2020 (arXiv 2004.09140) on day maps: CNN, and CNN with a recurrent cell.

Each ends in log-odds of an event in each cell, (rows, columns): the difference of the published pair of logits, whose
sigmoid is their softmax. With `residual` the network answers relative to a prior (layers/prior.py).
"""

import keras

from ..layers.prior import LogOdds, PriorLogit
from ..layers.recurrent import ConvBlock, RecurrentMaps

HEAD = (*(f"head_{kind}{index}" for index in range(1, 5) for kind in ("", "relu_")), "head")
"""Names of the head's layers in their order; the short head has the last one only."""


def cnn_lstm(
    rows: int,
    columns: int,
    steps: int,
    residual: float | None = None,
    *,
    channels: int = 1,
    embedding: int = 16,
    hidden: int = 32,
    learned: bool = False,
    prior_input: bool = False,
) -> keras.Model:
    """CNN+LSTM, untrained: maps (steps, rows, columns, channels) -> {"logits", "probability"}, both (rows, columns).

    Arguments:
        residual: None, or the constant c beside the prior's log-odds, with a deeper head.
            Then `model.get_layer("logits").set_prior(probability)`.
        learned: train c and a factor on the network's logits.
        prior_input: the prior is a second input `prior` (rows, columns), for instance an ETAS forecast of the day.

    58 320 parameters as published, 95 184 with `residual`, for one channel.
    """
    maps = keras.Input((steps, rows, columns, channels), name="maps")
    embedded = ConvBlock(embedding, name="embedding_2")(ConvBlock(embedding, name="embedding_1")(maps))
    _, h, _ = RecurrentMaps(hidden, name="recurrent")(embedded)
    logits = head(h, hidden, residual is not None)
    inputs, outputs = _with_prior(maps, logits, residual, learned, prior_input)
    return keras.Model(inputs, outputs, name="cnn_lstm")


def cnn(
    rows: int,
    columns: int,
    steps: int = 32,
    residual: float | None = None,
    *,
    channels: int = 1,
    learned: bool = False,
    prior_input: bool = False,
) -> keras.Model:
    """CNN with the days as channels, untrained; inputs, outputs and arguments as `cnn_lstm`.

    15 348 parameters as published for 32 steps of one channel. With `residual`, the residual head takes the place of
    the narrowing blocks and of the per-cell layers, and acts on the days themselves: 37 440.
    """
    maps = keras.Input((steps, rows, columns, channels), name="maps")
    features = days_as_channels(maps)
    if residual is None:
        for index, filters in enumerate((32, 16, 8, 4, 2), 1):
            features = ConvBlock(filters, name=f"block_{index}")(features)
            features = keras.layers.ReLU(name=f"relu_{index}")(features)
        features = keras.layers.Dense(2, "relu", name="cell_1")(features)
        logits = keras.layers.Dense(2, name="cell_2")(features)
    else:
        logits = head(features, steps * channels, True)
    inputs, outputs = _with_prior(maps, logits, residual, learned, prior_input)
    return keras.Model(inputs, outputs, name="cnn")


def days_as_channels(maps):
    """(steps, rows, columns, channels) -> (rows, columns, steps * channels), a step's channels side by side."""
    _, steps, rows, columns, channels = maps.shape
    moved = keras.layers.Permute((2, 3, 1, 4), name="days_last")(maps)
    return keras.layers.Reshape((rows, columns, steps * channels), name="days_as_channels")(moved)


def head(features, filters: int, residual: bool):
    """Two-class logits (..., 2): one block, and with `residual` four blocks with ReLU before it."""
    for name in HEAD[:-1] if residual else ():
        layer = keras.layers.ReLU(name=name) if "relu" in name else ConvBlock(filters, name=name)
        features = layer(features)
    return ConvBlock(2, name=HEAD[-1])(features)


def cell_outputs(log_odds) -> dict:
    """Log-odds, for the loss, and the probability beside them."""
    probability = keras.layers.Activation("sigmoid", name="probability", dtype="float32")(log_odds)
    return {"logits": log_odds, "probability": probability}


def step_model(model: keras.Model) -> keras.Model:
    """One day of a `cnn_lstm`, same weights, state in and out.

    maps (rows, columns, channels), h, c -> {"logits", "probability", "h_next", "c_next"}.
    Start with h and c of zeros (rows, columns, hidden) and hand each day's to the next.
    """
    _, _, rows, columns, channels = model.get_layer("maps").output.shape
    maps = keras.Input((rows, columns, channels), name="maps")
    sequence = keras.layers.Reshape((1, rows, columns, channels), name="one_step")(maps)
    return _carrying(model, maps, sequence, every=False)


def state_model(model: keras.Model) -> keras.Model:
    """The memory of a `cnn_lstm` for one day, same weights: maps (1, rows, columns, channels), h, c -> h_next, c_next.

    With `head_model` it is `step_model` in two, for those who want an answer on some of the days only.
    """
    _, _, rows, columns, channels = model.get_layer("maps").output.shape
    recurrent = model.get_layer("recurrent")
    maps = keras.Input((1, rows, columns, channels), name="maps")
    h, c = (keras.Input((rows, columns, recurrent.hidden), name=name) for name in "hc")
    embedded = model.get_layer("embedding_2")(model.get_layer("embedding_1")(maps))
    _, h_next, c_next = recurrent(embedded, h, c)
    return keras.Model({"maps": maps, "h": h, "c": c}, {"h_next": h_next, "c_next": c_next})


def head_model(model: keras.Model) -> keras.Model:
    """The answer of a `cnn_lstm` whose prior is a weight, same weights: h -> {"logits", "probability"}."""
    _, _, rows, columns, _ = model.get_layer("maps").output.shape
    h = keras.Input((rows, columns, model.get_layer("recurrent").hidden), name="h")
    return keras.Model({"h": h}, cell_outputs(answer_of(model, h)))


def answer_of(model: keras.Model, features, prior=None):
    """The head of a `cnn_lstm` or `cnn` on other features, same weights, with a prior of their own if one is given."""
    names = {layer.name for layer in model.layers}
    for name in [*HEAD, "log_odds"]:
        features = model.get_layer(name)(features) if name in names else features
    layer = model.get_layer("logits")
    return layer(features) if prior is None or "log_odds" not in names else layer(features, prior)


def carried_model(model: keras.Model, steps: int) -> keras.Model:
    """A stretch of days of a `cnn_lstm`, same weights, state in and out, an answer for each day.

    maps (steps, rows, columns, channels), h, c -> {"logits", "probability"} (steps, rows, columns), and
    {"h_next", "c_next"}. With it a long period is trained in stretches: gradients run
    through each stretch, the state through all.
    """
    _, _, rows, columns, channels = model.get_layer("maps").output.shape
    maps = keras.Input((steps, rows, columns, channels), name="maps")
    return _carrying(model, maps, maps, every=True)


def _carrying(model: keras.Model, maps, sequence, every: bool) -> keras.Model:
    recurrent = model.get_layer("recurrent")
    state = (*sequence.shape[2:4], recurrent.hidden)
    h, c = keras.Input(state, name="h"), keras.Input(state, name="c")
    embedded = model.get_layer("embedding_2")(model.get_layer("embedding_1")(sequence))
    every_h, h_next, c_next = recurrent(embedded, h, c)
    features, inputs = every_h if every else h_next, {"maps": maps, "h": h, "c": c}
    if "prior" in {layer.name for layer in model.layers}:  # one for each answer
        inputs["prior"] = keras.Input(tuple(features.shape[1:-1]), name="prior")
    log_odds = answer_of(model, features, inputs.get("prior"))
    probability = model.get_layer("probability")(log_odds)
    outputs = {"logits": log_odds, "probability": probability, "h_next": h_next, "c_next": c_next}
    return keras.Model(inputs, outputs, name=f"{model.name}_{'carried' if every else 'step'}")


def _with_prior(maps, logits, residual, learned, prior_input):
    if residual is None:
        return {"maps": maps}, cell_outputs(LogOdds(name="logits", dtype="float32")(logits))
    log_odds = LogOdds(name="log_odds", dtype="float32")(logits)
    # The head's normalised logits have unit variance: a small factor to begin with leaves the prior its say.
    layer = PriorLogit(c=residual, gain=0.3 if learned else 1.0, learned=learned, name="logits")
    if not prior_input:
        return {"maps": maps}, cell_outputs(layer(log_odds))
    prior = keras.Input(tuple(log_odds.shape[1:]), name="prior")
    return {"maps": maps, "prior": prior}, cell_outputs(layer(log_odds, prior))
