"""The last block of a recurrent network over a prior begins as a regression on what the blocks before it say."""

from __future__ import annotations

import keras
import numpy as np

from ...zoo.forecast.recurrent import HEAD
from ...zoo.layers.recurrent import conv_blocks

# Cells without an event that are drawn, as a share of those of even chance; half of them by the prior.
NEGATIVE_SHARE = 0.02
# Of the standardised features, in hit cells: neighbouring answers of one sequence tell nearly the same.
RIDGE = 300.0
# Stretches of a pass in which the state knows too little of the past.
EARLY = 3


def sharpen(network: keras.Model, neighbours: float) -> None:
    """Start with kernels under which a cell keeps what it has seen for itself.

    Each block takes a maximum over 3 x 3 cells, and an event that passes nine of them is a blot of 19 x 19 cells. The
    first blocks start with outer weights smaller by a factor; those of the residual head hand on the negative of what
    they are given, so that every second maximum takes back the spread of the one before it.
    """
    mask = np.full((3, 3, 1, 1), neighbours, np.float32)
    mask[1, 1] = 1.0
    for name, block in conv_blocks(network).items():
        kernel = mask * np.asarray(block.kernel)
        if name in HEAD[:-1]:
            kernel = np.zeros(kernel.shape, np.float32)
            kernel[1, 1] = -np.eye(kernel.shape[2])
        block.kernel.assign(kernel)


def begin_with_regression(network: keras.Model, view: keras.Model, batches, seed: int) -> None:
    """Set the settled last block's kernel, and the level, to a logistic regression beside the prior.

    Arguments:
        batches: stretches of passes, (inputs, labels, weights) each.
    """
    x, prior, label, weight = _sample(_features(network, view), batches, np.random.default_rng([seed, 5]))
    spread = x.std(axis=0) + 1e-9
    columns = np.column_stack([np.ones(len(x)), prior, (x - x.mean(axis=0)) / spread])
    slopes = _logistic(columns, label, weight)[2:] / spread
    said = x @ slopes
    last, logits = network.get_layer(HEAD[-1]), network.get_layer("logits")
    scale = np.sqrt(np.asarray(last.norm.moving_variance) + last.norm.epsilon) / float(logits.learned_gain)
    kernel = np.zeros(last.kernel.shape, np.float32)
    # The answer is the second class less the first; with both of them the maximum spreads rises and falls alike.
    kernel[1, 1] = np.outer(slopes, scale * (-0.5, 0.5))
    last.kernel.assign(kernel)
    last.norm.moving_mean.assign(np.zeros(2))
    level = _logistic(np.ones((len(x), 1)), label, weight, prior + said)
    logits.learned_c.assign(level[0])


def _features(network: keras.Model, view: keras.Model) -> keras.Model:
    """The view up to the head's last block: (lanes, answers, rows, columns, channels)."""
    names = {layer.name for layer in network.layers}
    features = view.get_layer("answered").output
    for name in (name for name in HEAD[:-1] if name in names):
        features = network.get_layer(name)(features)
    return keras.Model(view.inputs, features)


def _sample(features: keras.Model, batches, rng) -> tuple[np.ndarray, ...]:
    """Cells (n,) with their features, the prior's log-odds, labels and weights: all hits, and some of the others."""
    parts, stretch = [], 0
    for inputs, label, weight in batches:
        stretch = 0 if inputs["fresh"][0] else stretch + 1
        x = features.predict_on_batch(inputs)
        if stretch < EARLY:
            continue
        p = np.broadcast_to(inputs["prior"][:, None], label.shape)
        chance = np.where(label > 0, 1.0, np.minimum(1.0, NEGATIVE_SHARE * (p / p.mean() + 1) / 2))
        kept = rng.random(label.shape) < chance
        even = np.broadcast_to(weight[:, None, None, None], label.shape)
        parts.append((x[kept], np.log(p / (1 - p))[kept], label[kept], (even / chance)[kept]))
    return tuple(np.concatenate(column).astype(np.float64) for column in zip(*parts, strict=True))


def _logistic(columns, label, weight, offset=0.0) -> np.ndarray:
    """Coefficients of a weighted logistic regression by damped Newton steps; a ridge on all but the first two."""
    beta = np.zeros(columns.shape[1])
    beta[0] = np.log((weight * label).sum() / weight.sum()) - np.average(offset + np.zeros(len(label)), weights=weight)
    ridge = np.where(np.arange(len(beta)) < 2, 1e-9, RIDGE)
    for _ in range(50):
        p = 1 / (1 + np.exp(-(columns @ beta + offset)))
        slope = columns.T @ (weight * (p - label)) + ridge * beta
        step = np.linalg.solve((columns.T * (weight * p * (1 - p))) @ columns + np.diag(ridge), slope)
        beta -= step * min(1.0, 1.0 / np.abs(step).max())
        if np.abs(step).max() < 1e-5:
            break
    return beta
