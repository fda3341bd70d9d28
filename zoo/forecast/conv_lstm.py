"""The ConvLSTM forecast of one city: 15 days of world maps -> will the ground shake there."""

import keras


def conv_lstm(
    dropout: float = 0.3,
    steps: int = 15,
    rows: int = 20,
    columns: int = 30,
    full_scale: tuple[float, ...] = (10.0, 100.0, 500.0),
    norm_momentum: float = 0.99,
) -> keras.Model:
    """The network, untrained: maps (steps, rows, columns, channels) -> {"logits", "probability"}, both (1,).

    Arguments:
        dropout, steps, rows, columns: a recipe's dropout, window_days, lat_granularity and lng_granularity.
        full_scale: what each channel is divided by before it is clipped to [0, 1]; as published, magnitude of the
            summed energy, count and mean depth in km.
        norm_momentum: of the normalisation's statistics; less than the published .99 where epochs are few.

    1 836 081 parameters as published, of which 60 are the normalisation's statistics and not trained.
    """
    maps = keras.Input((steps, rows, columns, len(full_scale)), name="maps")
    scaled = keras.layers.Rescaling([1.0 / scale for scale in full_scale], name="full_scale")(maps)
    scaled = keras.layers.ReLU(max_value=1.0, name="clip")(scaled)
    state = keras.layers.ConvLSTM2D(30, 3, padding="same", dropout=dropout, name="conv_lstm")(scaled)
    features = keras.layers.Flatten(name="flatten")(
        keras.layers.BatchNormalization(momentum=norm_momentum, name="norm")(state)
    )
    features = keras.layers.Dense(100, "relu", name="dense")(features)
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    logits = keras.layers.Dense(1, name="logits", dtype="float32")(features)
    probability = keras.layers.Activation("sigmoid", name="probability", dtype="float32")(logits)
    return keras.Model({"maps": maps}, {"logits": logits, "probability": probability}, name="conv_lstm")
