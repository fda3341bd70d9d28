"""Training of the residual network: a linear head by Newton's method, hidden units by the loop, seeds averaged."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...zoo.forecast.etas.fit import EtasFit
from ...zoo.forecast.residual.network import residual_network
from ...zoo.forecast.residual.ratios import Ratio
from .baselines import Fits
from .court import Court, Judged
from .log_rate import fit_log_rate
from .recipe import Forecasting
from .residual_head import Scale, fit_head
from .residual_material import Material
from .residual_sample import ErrorSample, period_maps

# Numbers of an input that is large.
LARGE = 200_000


class Fitted(NamedTuple):
    """Networks of single cells, one for each seed, and what the whole is made of."""

    scale: Scale
    networks: list
    ratios: tuple[Ratio, ...]
    etas: EtasFit


def fit_residual(recipe: Forecasting, fits: Fits, folder: Path, resume: bool) -> tuple[Fitted, Material]:
    """Fit one network for each seed to the training period's cross-fitted forecasts."""
    settings = recipe.residual
    ratios = ratios_of(recipe)
    material = Material.of(fits, ratios, recipe.fit.seeds, settings.negatives, fits.cache)
    scale = Scale.of(material.samples[0])
    networks = []
    for seed, sample in zip(recipe.fit.seeds, material.samples, strict=True):
        beta = fit_head(scale.applied(sample.x), sample, settings.ridge)
        if settings.hidden:
            place = folder / f"seed-{seed}"
            place.mkdir(exist_ok=True)
            networks.append(_bent(recipe, seed, scale, beta, sample, material, fits, place, resume))
        else:
            networks.append(with_head((), scale, beta))
    return Fitted(scale, networks, ratios, fits.model("etas").fit), material


def ratios_of(recipe: Forecasting) -> tuple[Ratio, ...]:
    """The recipe's recent errors."""
    return tuple(Ratio(error.width_km, error.decay_days, error.shrink) for error in recipe.residual.errors)


def with_head(shape: tuple[int, ...], scale: Scale, beta: np.ndarray, hidden: int = 0, level: float = 0.0):
    """A residual network with this linear head; hidden units still answer nothing."""
    network = residual_network(shape, scale.mean, scale.spread, hidden)
    network.get_layer("linear").set_weights([np.asarray(beta, np.float32)[:, None], np.array([level], np.float32)])
    return network


def averaged(fitted: Fitted, shape: tuple[int, ...], level: float):
    """One network of maps whose log rate is the mean of the seeds', plus a level."""
    heads = [network.get_layer("linear").get_weights() for network in fitted.networks]
    beta = np.mean([kernel[:, 0] for kernel, _ in heads], axis=0)
    bias = float(np.mean([bias[0] for _, bias in heads]))
    units = [network.get_layer("hidden") for network in fitted.networks if _has_hidden(network)]
    network = with_head(shape, fitted.scale, beta, sum(layer.units for layer in units), level + bias)
    if units:
        weights = [layer.get_weights() for layer in units]
        network.get_layer("hidden").set_weights([np.concatenate(part, axis=-1) for part in zip(*weights, strict=True)])
        bent = [one.get_layer("bent").get_weights()[0] for one in fitted.networks]
        network.get_layer("bent").set_weights([np.concatenate(bent) / len(bent)])
    return network


def _has_hidden(network) -> bool:
    return any(layer.name == "hidden" for layer in network.layers)


def residual_of(network, features: np.ndarray, batch: int = 200_000) -> np.ndarray:
    """What a network of single cells adds to the log rate, shape of the features without channels."""
    x = features.reshape(-1, features.shape[-1])
    parts = [
        np.asarray(network({"log_etas": np.zeros(len(part), np.float32), "features": part}, training=False)["logits"])
        for part in (x[i : i + batch] for i in range(0, len(x), batch))
    ]
    return np.concatenate(parts).reshape(features.shape[:-1])


def mean_residual(networks: list, features: np.ndarray) -> np.ndarray:
    """The mean of the seeds' residuals."""
    return np.mean([residual_of(network, features) for network in networks], axis=0)


def level_of(rate: np.ndarray, counts: np.ndarray) -> float:
    """The logarithm of what rates must be multiplied by to expect as many events as there were."""
    return float(np.log(counts.sum() / rate.sum(dtype=np.float64)))


def validation_court(case) -> Court:
    """The court of the validation period, by which choices are made."""
    return Court(case.protocol, case.issue_days("validation"), case.counts("validation"), case.active)


def calibrated_rate(log_rate: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """exp(a + b log rate) with a and b fitted to the same counts, as the baseline etas-calibrated does."""
    x, n = log_rate.reshape(-1, 1), counts.reshape(-1)
    a, b = fit_log_rate(x, n, np.ones(n.size), "poisson")
    return np.exp(a + b * log_rate.astype(np.float64)).astype(np.float32)


def validated_gain(court: Court, log_etas: np.ndarray, residual: np.ndarray):
    """Rescaled gain over calibrated ETAS in the validation period, with its interval."""
    ours = Judged("residual", np.exp(log_etas + residual).astype(np.float32), None)
    return court.gain(ours, Judged("etas-calibrated", calibrated_rate(log_etas, court.counts), None), rescaled=True)


def _bent(recipe, seed: int, scale: Scale, beta, sample: ErrorSample, material: Material, fits: Fits, place, resume):
    """A network with hidden units beside its linear head, trained by the one loop; validation chooses the epoch."""
    import keras
    from keras import ops

    from ..fit import fit

    keras.utils.set_random_seed(seed)
    network = with_head((), scale, beta, recipe.residual.hidden)
    case = fits.case
    counts = case.counts("validation").reshape(-1).astype(np.float32)
    log_etas, features = material.log_etas.reshape(-1), material.features.reshape(counts.size, -1)
    level = level_of(np.exp(material.log_etas + residual_of(network, material.features)), counts)
    events = float((sample.count * sample.weight).sum()) / len(sample.count)

    def loss(label, logit):
        eta = ops.clip(ops.reshape(logit, (-1,)), -40.0, 10.0)
        return label[:, 1] * (ops.exp(eta) - label[:, 0] * eta) / events

    def dataset(log_etas, features, count, weight, order):
        import tensorflow as tf

        inputs = {"log_etas": log_etas[order].astype(np.float32), "features": features[order].astype(np.float32)}
        label = np.column_stack([count, weight]).astype(np.float32)[order]
        return tf.data.Dataset.from_tensor_slices((inputs, label)).batch(recipe.fit.batch)

    def epoch_of(epoch: int):
        order = np.random.default_rng([seed, epoch]).permutation(len(sample.count))
        return dataset(sample.log_etas, sample.x, sample.count, sample.weight, order)

    validation = dataset(log_etas + level, features, counts, np.ones_like(counts), np.arange(counts.size))
    fit(network, loss, epoch_of, validation, recipe.fit, seed, place, resume)
    return network


def finished(recipe: Forecasting, fits: Fits, folder: Path, resume: bool):
    """(network of maps, days -> rates by seed or by their mean, golden inputs, settings, the ETAS fit)."""
    fitted, material = fit_residual(recipe, fits, folder, resume)
    case, court = fits.case, validation_court(fits.case)
    residual = mean_residual(fitted.networks, material.features)
    gain = validated_gain(court, material.log_etas, residual)
    print(
        f"validation: rescaled gain over etas-calibrated {gain[0]:.4f} [{gain[1]:.4f}, {gain[2]:.4f}] nats an event",
        file=sys.stderr,
    )
    level = level_of(np.exp(material.log_etas + residual), court.counts)
    network = averaged(fitted, case.grid.shape, level)
    log_etas, features = period_maps(case, fitted.etas, "test", fitted.ratios)
    rates = {"mean": np.exp(log_etas + mean_residual(fitted.networks, features) + level).astype(np.float32)}
    for seed, one in zip(recipe.fit.seeds, fitted.networks, strict=True):
        rates[f"seed {seed}"] = np.exp(log_etas + residual_of(one, features) + level).astype(np.float32)
    # One case of a large map: the tests run each case many times.
    kept = [-1] if features[0].size > LARGE else [0, -1]
    # Rounded: they are an example, and take half the room.
    golden = {"log_etas": log_etas[kept], "features": np.round(features[kept], 2)}
    settings = {
        "padding_km": case.region.padding_km,
        "ratios": [list(ratio) for ratio in fitted.ratios],
        "channels": [*(ratio.label for ratio in fitted.ratios), "log share of the background"],
        "validation_gain": [round(float(v), 4) for v in gain[:3]],
        "seconds_of_etas_and_features": round(material.seconds, 1),
        "coefficients": [round(float(v), 4) for v in network.get_layer("linear").get_weights()[0][:, 0]],
    }
    return network, rates, golden, settings, fitted.etas
