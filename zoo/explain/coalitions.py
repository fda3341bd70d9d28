"""SHAP values of players that are present or absent: permutations in one batch a round, or shap's kernel explainer."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from ...datasets.errors import InputError
from .explanation import TOLERANCE

METHODS = ("permutation", "kernel")
LEAST_ROUNDS = 8


class PlayerValues(NamedTuple):
    """Values (players,), base value (nobody present), output (all present), range of all outputs seen, evaluations.

    standard_error: (players,), from the scatter of the rounds.
    """

    values: np.ndarray
    base_value: float
    output: float
    output_range: float
    samples: int
    standard_error: np.ndarray


def player_values(
    outcome: Callable[[np.ndarray, int], np.ndarray],
    players: int,
    method: str = "permutation",
    seed: int = 0,
    tolerance: float = TOLERANCE,
    time_limit_s: float = 60.0,
    rounds: int = 400,
) -> PlayerValues:
    """Shapley values of a game, round after round until their standard errors are below the tolerance.

    A round is one order of the players and its reverse (permutation), or a weighted regression on drawn coalitions
    (kernel; Lundberg and Lee 2017). Either adds up exactly in every round; what is left to know is the sampling error.

    Arguments:
        outcome: (coalitions bool (n, players), round) -> (n,); the round's number chooses what absent players become.
        tolerance: of the largest standard error, in parts of the output's range.

    >>> game = lambda present, number: present @ np.array([1.0, 2.0]) + present.all(axis=1)
    >>> player_values(game, 2, time_limit_s=2).values.tolist()
    [1.5, 2.5]
    """
    if method not in METHODS:
        raise InputError(f"a method of {', '.join(METHODS)}", repr(method), "choose one of them")
    began = time.monotonic()
    seen = [np.inf, -np.inf, 0]
    total = squares = np.zeros(players)
    ends = np.zeros(2)
    done = 0
    while done < rounds:

        def counted(present: np.ndarray, number=done) -> np.ndarray:
            found = np.asarray(outcome(np.asarray(present) > 0.5, number), np.float64)
            seen[:] = min(seen[0], found.min()), max(seen[1], found.max()), seen[2] + len(found)
            return found

        if method == "permutation":
            values, least, most = _permutation_round(counted, players, np.random.default_rng([seed, done]))
        else:
            values, least, most = _kernel_round(counted, players, seed + done)
        ends = ends + np.array([least, most])
        total, squares, done = total + values, squares + values**2, done + 1
        extent = seen[1] - seen[0]
        if extent <= 1e-12 * max(abs(seen[1]), 1.0):  # nobody matters: every value is zero, exactly
            return PlayerValues(total / done, *(ends / done), 0.0, seen[2], np.zeros(players))
        error = np.sqrt(np.maximum(squares / done - (total / done) ** 2, 0) / max(done - 1, 1))
        if done >= LEAST_ROUNDS and error.max(initial=0.0) <= tolerance * extent:
            break
        if done > 1 and time.monotonic() - began > time_limit_s * done / (done + 1):
            break
    if done == 1:
        error = np.full(players, np.nan)
    return PlayerValues(total / done, *(ends / done), float(extent), seen[2], error)


def _permutation_round(counted, players: int, rng) -> tuple[np.ndarray, float, float]:
    """Mean gain of each player as it comes in, over a random order and its reverse; the empty and the full outcome.

    Orders in pairs: Mitchell et al. 2022, section 4.1. All coalitions go to the model at once.
    """
    order = rng.permutation(players)
    rank = np.argsort(order)
    size = np.arange(players + 1)[:, None]
    outcomes = counted(np.concatenate([rank < size, rank >= players - size]))
    forward, backward = np.diff(outcomes.reshape(2, -1), axis=1)
    values = np.zeros(players)
    values[order] = (forward + backward[::-1]) / 2
    return values, outcomes[0], outcomes[players]


def _kernel_round(counted, players: int, seed: int) -> tuple[np.ndarray, float, float]:
    """shap's weighted regression on drawn coalitions."""
    import shap

    nobody, everybody = np.zeros((1, players)), np.ones((1, players))
    least, most = float(counted(nobody)[0]), float(counted(everybody)[0])
    if players < 2:
        return np.full(players, most - least), least, most
    with _numpys_seed_kept(seed):
        explainer = shap.KernelExplainer(counted, nobody)
        values = explainer.shap_values(everybody, nsamples=4 * players + 512, l1_reg=0, silent=True)[0]
    return values, least, most


@contextmanager
def _numpys_seed_kept(seed: int):
    """shap's explainers draw from NumPy's global stream: seed it for them, and give it back as it was."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
