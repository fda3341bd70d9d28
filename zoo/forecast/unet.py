"""U-Net on day maps: the days as channels, four halvings and back."""

import keras

from ...datasets.errors import InputError
from ..layers.prior import LogOdds
from .recurrent import cell_outputs, days_as_channels


def unet(
    rows: int = 224,
    columns: int = 224,
    steps: int = 32,
    channels: int = 1,
    widths: tuple[int, ...] = (64, 128, 256, 512, 1024),
) -> keras.Model:
    """U-Net of Ronneberger et al. 2015, untrained: maps (steps, rows, columns, channels) -> {"logits", "probability"}.

    Each level is twice (convolution 3 x 3, normalisation, ReLU); the way up is by transposed convolutions and the
    level's own maps beside. 31.06 million trained parameters as Kail et al. 2020 give: 31 060 290.
    """
    factor = 2 ** (len(widths) - 1)
    if rows % factor or columns % factor:
        raise InputError(f"rows and columns divisible by {factor}", f"{rows} x {columns}", "pad the grid")
    maps = keras.Input((steps, rows, columns, channels), name="maps")
    features, levels = days_as_channels(maps), []
    for level, width in enumerate(widths):
        if level:
            features = keras.layers.MaxPooling2D(2, name=f"down_{level}")(features)
        features = _twice(features, width, f"level_{level}")
        levels.append(features)
    for level in reversed(range(len(widths) - 1)):
        features = keras.layers.Conv2DTranspose(widths[level], 2, strides=2, name=f"up_{level}")(features)
        features = keras.layers.Concatenate(name=f"beside_{level}")([levels[level], features])
        features = _twice(features, widths[level], f"back_{level}")
    pair = keras.layers.Conv2D(2, 1, name="pair")(features)
    return keras.Model({"maps": maps}, cell_outputs(LogOdds(name="logits", dtype="float32")(pair)), name="unet")


def _twice(features, width: int, name: str):
    for part in "ab":
        features = keras.layers.Conv2D(width, 3, padding="same", name=f"{name}{part}")(features)
        features = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}{part}_norm")(features)
        features = keras.layers.ReLU(name=f"{name}{part}_relu")(features)
    return features
