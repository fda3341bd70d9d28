"""The fits of the boosted baselines: trees for a log rate grown by XGBoost, and their way to ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...zoo.forecast.boosting import Boosting
from ...zoo.forecast.features import stacked
from ...zoo.forecast.rtl import rtl_parts
from .log_rate import loss_terms
from .sample import Sample

if TYPE_CHECKING:
    from .baselines import Fits

SETTINGS = {
    "eta": 0.05,
    "max_depth": 5,
    # In expected events: a cell that had an event yesterday is one of few, and most of those few stay quiet.
    "min_child_weight": 0.05,
    "lambda": 2.0,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    # One event in a cell that was thought impossible must not throw a leaf anywhere.
    "max_delta_step": 5.0,
    "tree_method": "hist",
}
ROUNDS, PATIENCE = 600, 40
# Below so many cases a second thread waits longer than it works.
CASES_A_THREAD = 200_000


def fit_indicator_boosting(fits: Fits) -> Boosting:
    """Trees on the indicators of the last twenty days."""
    return _grown(fits, [{"name": "indicators"}], False, {})


def fit_rtl_boosting(fits: Fits) -> Boosting:
    """Trees on the nine RTL features."""
    return _grown(fits, [{"name": "rtl"}], False, {})


def fit_boosting(fits: Fits) -> Boosting:
    """Trees on counts and energies in windows of space and time, relative to the smoothed rate: the strong one."""
    return _grown(fits, [{"name": "counts"}, {"name": "energies"}], True, {})


def fit_rtl_classic(fits: Fits) -> Boosting:
    """Trees on the standardised product: each part less its mean in the training period, over its deviation."""
    history = fits.history()
    parts = np.stack([rtl_parts(history, day) for day in fits.case.issue_days("train")[::3]])
    arrays = {"mean": parts.mean(axis=0), "deviation": parts.std(axis=0)}
    return _grown(fits, [{"name": "rtl", "mean": "@mean", "deviation": "@deviation"}], False, arrays)


def _grown(fits: Fits, features: list[dict], residual: bool, arrays: dict[str, np.ndarray]) -> Boosting:
    case, history = fits.case, fits.history()
    model = Boosting(
        case.grid,
        fits.smoothed,
        case.magnitude,
        case.region.m0,
        case.region.padding_km,
        features,
        residual,
        heads={},
        arrays=arrays,
    )
    train, validation = fits.samples(history, lambda day: stacked(history, day, model.wanted))
    trees, leaves, offset = grow(train, validation, residual, case.protocol.likelihood, fits.seed)
    model.heads[case.protocol.window_days] = {"trees": trees, "leaves": leaves, "offset": offset}
    return model


def grow(
    train: Sample, validation: Sample, residual: bool, likelihood: str, seed: int, settings: dict | None = None
) -> tuple[bytes, int, float]:
    """Trees as an ONNX graph, their number of leaves, and the offset that their sum is added to.

    The loss is that of `log_rate.loss_terms`; the validation sample chooses how many trees are kept.

    Arguments:
        residual: log of the smoothed rate is the first feature and the offset of every case.
    """
    import xgboost

    if residual:
        train, validation = (s._replace(x=np.column_stack([_log_rate(s), s.x])) for s in (train, validation))
        offset = 0.0
    else:
        events = train.count if likelihood == "poisson" else train.count > 0
        offset = float(np.log((train.weight * events).sum() / train.weight.sum()))
    data = [_matrix(sample, residual, offset) for sample in (train, validation)]

    def objective(margin, matrix):
        _, slope, curvature = loss_terms(margin.astype(np.float64), matrix.get_label(), likelihood)
        weight = matrix.get_weight()
        return weight * slope, np.maximum(weight * curvature, 1e-9)

    def loss(margin, matrix):
        value, _, _ = loss_terms(margin.astype(np.float64), matrix.get_label(), likelihood)
        return "loss", float(matrix.get_weight() @ value)

    threads = 1 + (len(train.count) > CASES_A_THREAD)
    fixed = {"seed": seed, "base_score": 0.0, "disable_default_eval_metric": 1, "nthread": threads}
    booster = xgboost.train(
        {**SETTINGS, **(settings or {}), **fixed},
        data[0],
        ROUNDS,
        obj=objective,
        custom_metric=loss,
        evals=[(data[1], "validation")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    booster = booster[: booster.best_iteration + 1]
    leaves = sum(dump.count("leaf=") for dump in booster.get_dump())
    return to_onnx(booster), leaves, offset


def to_onnx(booster) -> bytes:
    """The sum of a booster's trees as an ONNX graph: x (n, features) -> (n, 1)."""
    from onnxmltools.convert import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    shape = [None, booster.num_features()]
    return convert_xgboost(booster, initial_types=[("x", FloatTensorType(shape))], target_opset=15).SerializeToString()


def _log_rate(sample: Sample) -> np.ndarray:
    """Log of the expected events by the smoothed rate; within one window as good a feature as that of the rate."""
    return np.log(sample.base).astype(np.float32)


def _matrix(sample: Sample, residual: bool, offset: float):
    import xgboost

    margin = _log_rate(sample) if residual else np.full(len(sample.count), offset, np.float32)
    return xgboost.DMatrix(sample.x, label=sample.count, weight=sample.weight, base_margin=margin)
