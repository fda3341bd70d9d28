"""SHAP values of a waveform's segments: each is kept, or replaced by the background's."""

from __future__ import annotations

import time

import numpy as np

from ...datasets.progress import track
from .coalitions import player_values
from .gradients import Attribution
from .network_graph import NetworkGraph

SEGMENT_S = 1.0


def segment_values(
    graph: NetworkGraph,
    waveform: np.ndarray,
    background: np.ndarray,
    sampling_rate_hz: float,
    seed: int = 0,
    tolerance: float = 0.05,
    time_limit_s: float = 60.0,
    segment_s: float = SEGMENT_S,
) -> tuple[Attribution, np.ndarray]:
    """Permutation SHAP of the segments of each component; (values, largest standard errors).

    A segment's value is spread evenly over its samples. What replaces it is the same stretch of a background record,
    made as loud as the record; every round of permutations takes another one. The base value is the mean output of the
    background records taken.

    Arguments:
        waveform: (n, samples, components). background: (m, samples, components).
    """
    began = time.monotonic()
    n, samples, components = waveform.shape
    length = max(1, round(segment_s * sampling_rate_hz))
    segment = np.minimum(np.arange(samples) // length, samples // length - 1)
    player = segment[:, None] * components + np.arange(components)
    players = int(player.max()) + 1
    size = np.bincount(player.reshape(-1))
    flat = background - background.mean(axis=1, keepdims=True)
    flat = flat / np.maximum(np.abs(flat).max(axis=(1, 2), keepdims=True), 1e-30)
    order = np.random.default_rng(seed).permutation(len(flat))
    values, parts = np.zeros(waveform.shape, np.float32), []
    for i in track(range(n), "explaining", total=n):
        record = waveform[i] - waveform[i].mean(axis=0)
        hidden = flat * np.abs(record).max()

        def outcome(present: np.ndarray, number: int, record=record, hidden=hidden) -> np.ndarray:
            other = hidden[order[number % len(order)]]
            return graph.margins(np.where(present[:, player], record, other).astype(np.float32))

        part = player_values(
            outcome, players, "permutation", seed, tolerance, time_limit_s / n, rounds=8 * len(background)
        )
        values[i] = (part.values / size)[player]
        parts.append(part)
    extent = max(part.output_range for part in parts)
    error = np.array([np.nanmax(part.standard_error) for part in parts]) / max(extent, 1e-12)
    base, output = (np.array([getattr(part, name) for part in parts]) for name in ("base_value", "output"))
    found = Attribution(values, base, output, extent, max(p.samples for p in parts), time.monotonic() - began)
    return found, error
