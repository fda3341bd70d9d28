"""Training of a network on crops: truncated back-propagation through time with the state carried along each pass."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...zoo.forecast.rates import window_probability
from .baselines import Fits
from .crops import CropSampler
from .crossed_prior import crossed_prior
from .network import RECURRENT, network_of, weighted_loss
from .recipe import Forecasting

# Batches from which statistics settle; the moving averages have forgotten their start after as many.
SETTLING_PASSES = 6
# Outer weights of kernels beside their centre, where a network begins with a regression.
NEIGHBOURS = 0.2


def fit_on_crops(recipe: Forecasting, fits: Fits, folder: Path, resume: bool):
    """The recipe's network on the whole map with its weights, and the seed that validation chose."""
    import keras

    from ..fit import fit
    from .readout import begin_with_regression, sharpen
    from .stretch_view import settle, stretch_view

    case, crops = fits.case, recipe.crops
    prior = window_probability(fits.smoothed, case.protocol.days)
    split = case.split.with_gap(recipe.window_days[1])
    carried = recipe.architecture in RECURRENT
    on_tiles = recipe.model_copy(update={"steps": crops.stretch_days}) if carried else recipe
    window = None if carried else recipe.steps
    reach_days = crops.stretches * crops.stretch_days + recipe.window_days[1]
    learnt_over = crossed_prior(fits, split.train, crops.prior_folds, reach_days) if crops.prior_folds > 1 else prior
    train = CropSampler(case, split.train, learnt_over, crops, window, turned=True)
    validation = CropSampler(case, split.validation, prior, crops, window)

    trials = []
    for seed in recipe.fit.seeds:
        keras.utils.set_random_seed(seed)
        network = network_of(on_tiles, *train.size, prior_input=True)
        view = stretch_view(network, crops.lanes, crops.label_days)
        if crops.readout_passes:
            sharpen(network, NEIGHBOURS)
        if crops.norm == "settled":
            settle(network, view, train.batches(SETTLING_PASSES, [seed, 0]), crops.memory_days if carried else 0.0)
        place = folder / f"seed-{seed}"
        place.mkdir(exist_ok=True)
        loss, begun, began = weighted_loss(recipe.positive_weight), None, time.monotonic()
        if crops.readout_passes:
            begin_with_regression(network, view, train.batches(crops.readout_passes, [seed, 3]), seed)
            view.compile(loss=loss, jit_compile=False)
            begun = float(view.evaluate(validation.dataset(crops.validation_passes, [0, 2]), verbose=0))
            weights = network.get_weights()
            with replacing(place / "begun.json") as temporary:
                temporary.write_text(json.dumps({"seconds": time.monotonic() - began, "epoch": 0}))
        course = fit(
            network,
            loss,
            lambda epoch, seed=seed: train.dataset(crops.passes, [seed, 1, epoch]),
            validation.dataset(crops.validation_passes, [0, 2]),
            recipe.fit,
            seed,
            place,
            resume,
            view,
        )
        best = course.best_loss
        if begun is not None and begun <= best:
            # No epoch was better than the regression that it began with.
            best = begun
            network.set_weights(weights)
        trials.append((best, seed, network))
    _, seed, network = min(trials, key=lambda trial: trial[0])
    whole = network_of(recipe, *case.grid.shape)
    transplant(network, whole)
    if recipe.architecture.endswith("-prior"):
        whole.get_layer("logits").set_prior(prior)
    return whole, seed


def transplant(network, whole) -> None:
    """Give a network of another map's size the weights of this one; its prior is its own."""
    for layer in (layer for layer in network.layers if layer.weights):
        other = whole.get_layer(layer.name)
        own = {weight.path.split("/", 1)[-1]: weight for weight in layer.weights}
        for weight in other.weights:
            name = weight.path.split("/", 1)[-1]
            if name != "prior_logit":
                weight.assign(np.asarray(own[name]))
