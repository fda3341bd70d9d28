"""The forecasting networks by the recipe's name, their loss, and their answers for many days."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import numpy as np

from .case import ForecastCase
from .recipe import Forecasting

CHANNELS = ("max_magnitude",)
RECURRENT = ("cnn-lstm", "cnn-lstm-prior")
NETWORKS = ("cnn", "cnn-prior", *RECURRENT, "unet")
# A year of two-day batches of Japan's maps would not fit in memory; so many windows at a time do.
BATCH = 8


def network_of(recipe: Forecasting, rows: int, columns: int, prior_input: bool = False):
    """The recipe's network, untrained, on a map of this size.

    Arguments:
        prior_input: the prior is an input in place of a weight; no matter where the network has none.
    """
    from ...zoo.forecast.recurrent import cnn, cnn_lstm
    from ...zoo.forecast.unet import unet

    if recipe.architecture == "unet":
        # Halved four times: the map is widened to fit, and `_windowed` cuts the answer.
        return unet(-(-rows // 16) * 16, -(-columns // 16) * 16, recipe.steps, len(CHANNELS))
    prior = {}
    if recipe.architecture.endswith("-prior"):
        prior = {"residual": recipe.prior_shift, "learned": True, "prior_input": prior_input}
    if recipe.architecture in RECURRENT:
        return cnn_lstm(rows, columns, recipe.steps, embedding=recipe.embedding, hidden=recipe.hidden, **prior)
    return cnn(rows, columns, recipe.steps, **prior)


def cost_of(folder: Path) -> dict[str, float]:
    """What the trainings of all seeds in a folder took: seconds, epochs, and the process's peak memory so far."""
    paths = [*folder.glob("*/begun.json"), *folder.glob("*/course.json")]
    courses = [json.loads(path.read_text()) for path in paths]
    # Kilobytes, but bytes on a Mac.
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return {
        "training_s": round(sum(course["seconds"] for course in courses), 1),
        "epochs": sum(course["epoch"] for course in courses),
        "peak_memory_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 2),
    }


def weighted_loss(positive_weight: float):
    """Cross-entropy from logits, a mean for each case of a batch; cells with an event weigh so much more."""
    from keras import ops

    def loss(label, logit):
        label = ops.reshape(label, ops.shape(logit))
        weight = 1.0 + (positive_weight - 1.0) * label
        entropy = weight * ops.binary_crossentropy(label, logit, from_logits=True)
        return ops.mean(entropy, axis=tuple(range(1, len(entropy.shape))))

    return loss


def rates_of_network(network, recipe: Forecasting, case: ForecastCase):
    """A function from days to rates, -log(1 - p), of a network on the whole map."""

    def rates(days):
        days = np.asarray(days, "datetime64[D]")
        roll = recipe.crops is not None and recipe.architecture in RECURRENT
        probability = (_rolled if roll else _windowed)(network, recipe, case, days)
        return -np.log1p(-np.minimum(probability.astype(np.float64), 1 - 1e-7)).astype(np.float32)

    return rates


def _windowed(network, recipe: Forecasting, case: ForecastCase, days: np.ndarray) -> np.ndarray:
    """Probabilities (issues, rows, columns), each from its own window of days."""
    import tensorflow as tf

    answer = tf.function(network, autograph=False, jit_compile=False, reduce_retracing=True)
    (rows, columns), (_, _, *size, _) = case.grid.shape, network.get_layer("maps").output.shape
    margin = ((0, 0), (0, 0), (0, size[0] - rows), (0, size[1] - columns), (0, 0))
    first = case.maps.index(days) - recipe.steps
    parts = []
    for start in range(0, len(days), BATCH):
        maps = np.stack([days_of(case, i, i + recipe.steps) for i in first[start : start + BATCH].tolist()])
        parts.append(answer({"maps": np.pad(maps, margin)}, training=False)["probability"].numpy())
    return np.concatenate(parts)[:, :rows, :columns]


def _rolled(network, recipe: Forecasting, case: ForecastCase, days: np.ndarray) -> np.ndarray:
    """Probabilities (issues, rows, columns), the state handed from day to day from the warm-up before the first on."""
    import tensorflow as tf

    from ...zoo.forecast.recurrent import head_model, state_model

    advance = tf.function(state_model(network), autograph=False, jit_compile=False)
    answer = tf.function(head_model(network), autograph=False, jit_compile=False)
    issue = case.maps.index(days)
    wanted = set(issue.tolist())
    h = c = tf.zeros((1, *case.grid.shape, recipe.hidden))
    probability = {}
    for day in range(int(issue.min()) - recipe.crops.warm_up_days, int(issue.max()) + 1):
        if day in wanted:
            probability[day] = answer({"h": h})["probability"].numpy()[0]
        state = advance({"maps": days_of(case, day, day + 1)[None], "h": h, "c": c})
        h, c = state["h_next"], state["c_next"]
    return np.stack([probability[day] for day in issue.tolist()])


def days_of(case: ForecastCase, start: int, stop: int) -> np.ndarray:
    """Day maps (days, rows, columns, channels) from index to index; days before the catalogue's first are empty."""
    empty = min(max(0, -start), stop - start)
    maps = np.zeros((stop - start, *case.grid.shape, len(CHANNELS)), np.float32)
    if empty < stop - start:
        case.maps.scatter(start + empty, stop, CHANNELS, maps[empty:])
    return maps
