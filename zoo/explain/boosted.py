"""Tree SHAP of boosted forecasters: which features of a cell's past raised or lowered its rate."""

from __future__ import annotations

import time

import numpy as np

from ...datasets.catalog import Catalog
from ..forecast.boosting import Boosting
from ..forecast.feature_names import feature_names
from ..forecast.history import History
from ..forecast.recency import head_of
from .explanation import Axis, Explanation
from .trees import tree_values

BACKGROUND_DAYS, CELLS_A_DAY = 8, 16
BACKGROUND_YEARS = 10


def boosted_explanation(
    model: Boosting, past: Catalog, day, window_days, cells: np.ndarray, seed: int, details: dict, common: dict
) -> Explanation:
    """Features of some cells on one day against those of cells drawn from the whole grid on earlier days.

    Arguments:
        cells: numbers of cells, row by row; the first is the one that `common` and `details` speak of.

    The term of the smoothed rate, which the model adds to its trees, belongs to its feature.
    """
    began = time.monotonic()
    head = head_of(model.heads, window_days)
    log_expected = np.log(model.rate_per_day * (window_days[1] - window_days[0])).astype(np.float32)
    history = History(past, model.grid, model.input_magnitude, model.padding_km)
    rows, expected = _rows(model, history, day, log_expected, cells)
    rng = np.random.default_rng(seed)
    known = np.datetime64(day, "D").astype(int) - history.day[:1].min(initial=np.datetime64(day, "D").astype(int))
    span = int(np.clip(known, BACKGROUND_DAYS, 365 * BACKGROUND_YEARS))
    ago = np.sort(rng.choice(np.arange(1, span + 1), BACKGROUND_DAYS, replace=False))
    drawn = [
        _rows(model, history, day - int(days), log_expected, rng.integers(log_expected.size, size=CELLS_A_DAY))
        for days in ago
    ]
    background, base_expected = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    trees = tree_values(head["trees"], rows, background)
    offset = base_expected if model.residual else np.full(len(background), head["offset"])
    values = trees.values
    if model.residual:
        values = values + np.eye(1, values.shape[1]) * (expected - offset.mean())[:, None]
    # The output is the model's own, not that of the trees as they were read.
    output = np.log(model.rates(past, day, window_days, model.magnitude)[0].reshape(-1)[cells].astype(np.float64))
    spread = np.concatenate([tree_values(head["trees"], background, background[:1]).output + offset, output])
    names = feature_names(model.features, model.residual)
    return Explanation(
        **common,
        method="tree",
        samples=len(background),
        values=values,
        base_value=np.full(len(rows), trees.base_value + offset.mean()),
        output=output,
        output_range=float(np.ptp(spread)),
        axes=(Axis("feature", "", np.array(names)),),
        seconds=time.monotonic() - began,
        inputs=rows,
        details=details,
    )


def _rows(model: Boosting, history: History, day, log_expected, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features (cells, features) and log of the smoothed rate (cells,) of some cells on a day."""
    maps = model.inputs(history, np.datetime64(day, "D"), log_expected)
    return maps.reshape(len(maps), -1).T[cells], log_expected.reshape(-1)[cells]
