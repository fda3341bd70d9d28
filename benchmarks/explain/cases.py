"""The records on which explanations are tested: unseen simulated events whose cause is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...datasets.errors import InputError
from ...datasets.simulate.cycle_scene import LABELS
from ...datasets.simulate.seismic_cycle import SeismicCycle, simulate_seismic_cycle
from ...zoo.model import Model


@dataclass(frozen=True, eq=False)
class Cases:
    """Windows of a network with the truth about them.

    Arguments:
        waveform: (n, samples, components). label: (n,) numbers of classes. event: (n,) ids.
        s_from_p_s: (n,) arrival of S after P. days_from_mainshock: (n,) negative before it.
        p_s: arrival of P after the first sample.
        band_hz: where the planted cause shows. after_p: whether it shows only after P.
    """

    waveform: np.ndarray
    label: np.ndarray
    event: np.ndarray
    s_from_p_s: np.ndarray
    days_from_mainshock: np.ndarray
    p_s: float
    band_hz: tuple[float, float]
    after_p: bool

    def __len__(self) -> int:
        return len(self.label)

    def select(self, rows) -> Cases:
        """The cases of an index."""
        names = ("waveform", "label", "event", "s_from_p_s", "days_from_mainshock")
        return Cases(*(getattr(self, name)[rows] for name in names), self.p_s, self.band_hz, self.after_p)


def simulated_cases(model: Model, each: int, seed: int = 0, split: str | None = "test") -> Cases:
    """So many records a class, one an event as long as there are enough, from the test period of the model's cycle.

    Arguments:
        split: "test", or None for records of the whole cycle, those of the training among them.
    """
    settings = model.card.hyperparameters
    if not model.card.data.simulated or "cause" not in settings:
        raise InputError("a model of the simulated cycle", model.card.name, "its data have no known cause")
    cycle = SeismicCycle(cause=settings["cause"], events=settings["events"], seed=settings["data_seed"])
    records = simulate_seismic_cycle(cycle, split)
    before = round((records.window.p_s - model.card.settings["before_s"]) * records.window.sampling_rate_hz)
    samples = round(model.card.settings["window_s"] * records.window.sampling_rate_hz)
    label = (records.label == LABELS[1]).astype(np.int64)
    rng = np.random.default_rng(seed)
    rows = np.concatenate([_rows(np.flatnonzero(label == number), records.event_id, each, rng) for number in (0, 1)])
    truth = {name: values[rows] for name, values in records.truth.items()}
    low, high, start_s = (float(truth[f"cause_{name}"][0]) for name in ("band_low_hz", "band_high_hz", "start_s"))
    since_us = (truth["origin_time"] - np.datetime64(cycle.mainshock, "us")).astype("timedelta64[us]").astype(np.int64)
    return Cases(
        np.ascontiguousarray(records.data[rows].transpose(0, 2, 1)[:, before : before + samples]),
        label[rows],
        truth["event_id"],
        truth["s_s"] - truth["p_s"],
        since_us / 86400e6,
        float(model.card.settings["before_s"]),
        (low, high),
        start_s > 0,
    )


def _rows(members: np.ndarray, event: np.ndarray, each: int, rng) -> np.ndarray:
    """Members in a random order in which every event comes once before any comes twice."""
    order = rng.permutation(members)
    _, number = np.unique(event[order], return_inverse=True)
    turn = np.zeros(len(order), int)
    seen = np.zeros(number.max() + 1, int)
    for i, n in enumerate(number):
        turn[i], seen[n] = seen[n], seen[n] + 1
    return order[np.argsort(turn, kind="stable")][:each]
