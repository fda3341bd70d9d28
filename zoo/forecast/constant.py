"""A forecast that is the same every day, as a network: what makes rate maps models like all others."""

import keras

from ..layers.prior import Nothing, PriorLogit
from .recurrent import cell_outputs


def constant(rows: int, columns: int) -> keras.Model:
    """maps (1, rows, columns, 1) -> {"logits", "probability"}, both the prior's; `get_layer("logits").set_prior(p)`."""
    maps = keras.Input((1, rows, columns, 1), name="maps")
    log_odds = PriorLogit(name="logits")(Nothing(name="nothing")(maps))
    return keras.Model({"maps": maps}, cell_outputs(log_odds), name="constant")
