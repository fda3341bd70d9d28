"""Fitting a classifier of one record: the architectures of `zoo.waveform.networks`, on Records."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ...datasets.waveforms.batches import shifted_batches
from ...zoo.waveform import networks
from ...zoo.waveform.logistic import SIDES
from ...zoo.waveform.spectrogram_cnn import fit_standardise
from ..section import Fit
from .cycle_data import SHIFT_S
from .logistic_fit import best_regression, features_of, set_dense
from .recipe import Refit
from .records import Records

BATCH = 256


def fitted(architecture: str, sets: Mapping[str, Records], settings: Fit, seed: int, folder: Path, resume: bool):
    """(validation loss, seed, network) of one training on the records' windows, shifted by up to SHIFT_S.

    Arguments:
        sets: of them "train" and "validation" are used.
        folder: of the checkpoints.
    """
    import keras

    from ..fit import fit

    keras.utils.set_random_seed(seed)
    network = networks.build(architecture)
    variant = networks.window_of(architecture)
    folder.mkdir(parents=True, exist_ok=True)
    part, validation = sets["train"], sets["validation"]
    if any(layer.name == "standardise" for layer in network.layers):
        windows = part.windows(variant)
        fit_standardise(network, (windows[i : i + BATCH] for i in range(0, len(windows), BATCH)))
    if architecture in SIDES:
        known = [(features_of(network, records.windows(variant)), records.label) for records in (part, validation)]
        regression, loss = best_regression(*known)
        set_dense(network, regression)
        return loss, seed, network
    samples, first = part.samples_of(variant), part.first(variant)
    most = round(SHIFT_S * part.sampling_rate_hz)

    def epoch_of(epoch: int):
        return shifted_batches(
            part.waveform, part.label, samples, settings.batch, seed=seed, epoch=epoch, first=first, most=most
        )

    held = shifted_batches(validation.waveform, validation.label, samples, 128, first=validation.first(variant))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    course = fit(network, loss, epoch_of, held, settings, seed, folder, resume)
    return course.best_loss, seed, network


def probabilities(network, windows: np.ndarray) -> np.ndarray:
    """Probability of each class, (n, classes), of windows (n, samples, components) as the network takes them."""
    parts = [
        network({"waveform": windows[i : i + BATCH]}, training=False)["probability"]
        for i in range(0, len(windows), BATCH)
    ]
    return np.concatenate([np.asarray(part) for part in parts])


def refit_of(architecture: str, settings: Fit, how: Refit) -> tuple[Callable, str]:
    """What an audit trains again, on a part of the records and for few epochs, and the words that say so."""

    def refit(train: Records, validation: Records):
        sets = {"train": thinned(train, how.records), "validation": thinned(validation, how.records // 3)}
        few = settings.model_copy(update={"epochs": how.epochs, "patience": how.epochs, "precision": "float32"})
        with tempfile.TemporaryDirectory() as folder:
            *_, network = fitted(architecture, sets, few, 1, Path(folder), False)
        variant = networks.window_of(architecture)
        return lambda records: probabilities(network, records.windows(variant))

    if architecture in SIDES:
        return refit, f"{architecture} fitted on at most {how.records} records"
    return refit, f"{architecture} trained on at most {how.records} records for {how.epochs} epochs"


def thinned(records: Records, most: int, seed: int = 0) -> Records:
    """At most so many records, those of whole events drawn by lot; all where there are no more."""
    if len(records) <= most:
        return records
    event, number, counts = np.unique(records.event, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(event))
    kept = order[np.cumsum(counts[order]) <= most]
    return records.select(np.flatnonzero(np.isin(number, kept)))
