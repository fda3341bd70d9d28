"""Calibration of a classifier on validation: the temperature of its logits, and from which confidence it is sure."""

from __future__ import annotations

import numpy as np

# The accuracy that answers should have to count as sure, and the least share of records that must stay answered.
ACCURACY = 0.9
LEAST_SHARE = 0.2


def temperature_of(logits: np.ndarray, label: np.ndarray, weight: np.ndarray | None = None) -> float:
    """The temperature T of lowest log loss of softmax(logits / T) (Guo et al. 2017, section 4.2).

    Arguments:
        logits: (n, classes) of validation; or (n, members, classes) of an ensemble, whose members' mean probability
            is the answer.
        label: (n,) class numbers. weight: (n,) of each case, one where None.

    Log-odds of 2 that are right three times in four should have been ln 3:

    >>> round(2 / temperature_of(np.array([[0.0, 2.0]] * 4), np.array([1, 1, 1, 0])), 3)
    1.099
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax, logsumexp

    logits = np.asarray(logits, np.float64)
    members = logits.reshape(len(logits), -1, logits.shape[-1])

    def loss(log_t: float) -> float:
        right = log_softmax(members / np.exp(log_t), axis=2)[np.arange(len(label)), :, label]
        return -np.average(logsumexp(right, axis=1) - np.log(right.shape[1]), weights=weight)

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded", options={"xatol": 1e-6}).x))


def sure_from(probability: np.ndarray, label: np.ndarray, accuracy: float = ACCURACY) -> float:
    """The least confidence from which answers on validation are right as often as `accuracy` says.

    At least `LEAST_SHARE` of the records stay answered, also where that accuracy is not reached.

    Arguments:
        probability: (n, classes), calibrated.
        label: (n,) class numbers.

    >>> p = np.array([[0.4, 0.6], [0.3, 0.7], [0.2, 0.8], [0.1, 0.9]])
    >>> sure_from(p, np.array([0, 1, 1, 1]))
    0.7
    """
    confidence = probability.max(axis=1)
    right = probability.argmax(axis=1) == label
    order = np.argsort(-confidence, kind="stable")
    share_right = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Records of equal confidence are answered together.
    last = np.append(np.diff(confidence[order]) != 0, True)
    least = int(np.ceil(LEAST_SHARE * len(order)))
    enough = np.flatnonzero(last & (np.arange(1, len(order) + 1) >= least))
    good = enough[share_right[enough] >= accuracy]
    kept = good[-1] if len(good) else enough[0]
    return float(confidence[order][kept])


def calibrate(network, waveform: np.ndarray, label: np.ndarray, batch: int = 256) -> dict[str, float]:
    """Set the temperature of a classifier from validation records; returns the card's settings about it.

    Arguments:
        network: keras.Model with the layer `temperature` (zoo/waveform, class_outputs).
        waveform: (n, samples, components) as the network takes them.
    """
    from scipy.special import softmax

    parts = [network({"waveform": waveform[i : i + batch]}, training=False) for i in range(0, len(waveform), batch)]
    logits = np.concatenate([np.asarray(part["logits"]) for part in parts])
    temperature = temperature_of(logits, label)
    network.get_layer("temperature").set(temperature)
    return {
        "temperature": round(temperature, 4),
        "sure_from": round(sure_from(softmax(logits / temperature, axis=1), label), 4),
    }
