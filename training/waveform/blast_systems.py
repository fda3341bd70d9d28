"""What answers to earthquake or blast: votes of members, single ones, a forest, the majority; all as probabilities."""

from __future__ import annotations

import numpy as np

from .blast_data import BEFORE_S, RATE_HZ, BlastRecords
from .calibration import temperature_of
from .ensemble import log_loss_of, vote

# Members of the two architectures lie one behind the other: spectrogram first.
GROUPS = ("spectrogram", "waveform")
FOREST, MAJORITY = "forest on P/S and spectra", "class shares of the training"
TREES = 300


def systems(validation: np.ndarray, label: np.ndarray, test: np.ndarray) -> dict[str, tuple[np.ndarray, float]]:
    """Every way to answer with an ensemble's members: name -> (probability of a blast (n,), validation log loss).

    Single members are the best of their architecture on validation; each way has its own temperature from there.

    Arguments:
        validation, test: logits (n, members, 2), the first half of the members spectrogram networks. label: (n,).
    """
    members = validation.shape[1]
    half = members // 2
    answers = {}
    for group, part in zip(GROUPS, (slice(0, half), slice(half, members)), strict=True):
        singles = [calibrated(validation[:, [m]], label, test[:, [m]]) for m in range(members)[part]]
        answers[f"{group}, best single"] = min(singles, key=lambda single: single[1])
        answers[f"{group}, vote of {half}"] = calibrated(validation[:, part], label, test[:, part])
    answers[f"both, vote of {members}"] = calibrated(validation, label, test)
    return answers


def calibrated(validation: np.ndarray, label: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, float]:
    """(probability of test, log loss of validation) of a vote at the temperature that suits validation best."""
    temperature = temperature_of(validation, label)
    return vote(test, temperature), log_loss_of(vote(validation, temperature), label)


def forest(
    train: BlastRecords, validation: BlastRecords, test: BlastRecords, seed: int = 0
) -> tuple[np.ndarray, float]:
    """(probability of test, log loss of validation) of a random forest on the classical discriminants.

    It has no epoch to choose, so that for the test it learns from the validation records too.
    """
    from sklearn.ensemble import RandomForestClassifier

    def fitted(x, y):
        return RandomForestClassifier(TREES, min_samples_leaf=3, random_state=seed, n_jobs=1).fit(x, y)

    known, held, asked = (_features(part) for part in (train, validation, test))
    loss = log_loss_of(fitted(known, train.label).predict_proba(held)[:, 1], validation.label)
    both = fitted(np.concatenate([known, held]), np.concatenate([train.label, validation.label]))
    return both.predict_proba(asked)[:, 1], loss


def majority(train: BlastRecords, validation: BlastRecords, test: BlastRecords) -> tuple[np.ndarray, float]:
    """(probability of test, log loss of validation) of always saying the training's share of blasts."""
    share = float(train.label.mean())
    return np.full(len(test), share), log_loss_of(np.full(len(validation), share), validation.label)


def _features(records: BlastRecords) -> np.ndarray:
    from ...datasets.waveforms.discriminants import discriminants

    return discriminants(records.centred()[:, :, 0], RATE_HZ, BEFORE_S)[0]
