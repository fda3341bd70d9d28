"""Models of magnitude from waveform features: forest, boosting, a small network; and the amplitude to be beaten."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from .magnitude_data import NAMES, MagnitudeRecords

Predict = Callable[[MagnitudeRecords], np.ndarray]


def fit_forest(
    train: MagnitudeRecords, trees: int = 100, leaves: int | None = 200, seed: int = 42, coordinates: bool = False
):
    """scikit-learn's forest, as published but for the limit on leaves; (it, predict)."""
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(trees, max_leaf_nodes=leaves, random_state=seed, n_jobs=1)
    forest.fit(finite(train.seen(coordinates)), train.magnitude)
    return forest, lambda records: forest.predict(finite(records.seen(coordinates)))


def fit_boosting(train: MagnitudeRecords, validation: MagnitudeRecords, seed: int = 42) -> Predict:
    """XGBoost on the squared error; validation chooses how many trees."""
    import xgboost

    model = xgboost.XGBRegressor(
        n_estimators=600,
        learning_rate=0.05,
        max_depth=5,
        subsample=0.8,
        colsample_bytree=0.8,
        early_stopping_rounds=30,
        random_state=seed,
        n_jobs=1,
    )
    held = [(finite(validation.seen(False)), validation.magnitude)]
    model.fit(finite(train.seen(False)), train.magnitude, eval_set=held, verbose=False)
    return lambda records: model.predict(finite(records.seen(False))).astype(np.float64)


def fit_network(train: MagnitudeRecords, validation: MagnitudeRecords, seed: int = 42) -> Predict:
    """Two dense layers on the features' signed logarithms; validation chooses how strongly weights decay."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def fitted(decay: float):
        network = MLPRegressor(
            hidden_layer_sizes=(64, 32), alpha=decay, max_iter=150, random_state=seed, n_iter_no_change=20
        )
        with warnings.catch_warnings():
            # 150 rounds are the setting, not a failure to converge.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = make_pipeline(StandardScaler(), network).fit(signed_log(train.features), train.magnitude)
        error = model.predict(signed_log(validation.features)) - validation.magnitude
        return float((error**2).mean()), model

    _, model = min((fitted(decay) for decay in (1e-3, 1e-1, 1.0)), key=lambda pair: pair[0])
    return lambda records: model.predict(signed_log(records.features))


def fit_amplitude(train: MagnitudeRecords, distance: bool) -> Predict:
    """Least squares on the logarithm of the largest amplitude; with the logarithm of the true distance, a local scale.

    Reference: Richter 1935, magnitude from amplitude and distance.
    """
    solution = np.linalg.lstsq(_amplitude(train, distance), train.magnitude, rcond=None)[0]
    return lambda records: _amplitude(records, distance) @ solution


def fit_mean(train: MagnitudeRecords) -> Predict:
    """The mean of the training."""
    mean = train.magnitude.mean()
    return lambda records: np.full(len(records), mean)


def finite(features: np.ndarray) -> np.ndarray:
    """Features with 0 for what a silent channel does not have; trees and ONNX alike take no NaN."""
    return np.nan_to_num(features, nan=0.0, posinf=0.0, neginf=0.0)


def signed_log(features: np.ndarray) -> np.ndarray:
    """sign(x) ln(1 + |x|): counts span decades.

    >>> signed_log(np.array([-(np.e - 1), 0.0])).round(6).tolist()
    [-1.0, 0.0]
    """
    features = finite(np.asarray(features, np.float64))
    return np.sign(features) * np.log1p(np.abs(features))


def _amplitude(records: MagnitudeRecords, distance: bool) -> np.ndarray:
    peak = records.features[:, [NAMES.index(f"{c}_peak_to_peak") for c in "ENZ"]].max(axis=1)
    columns = [np.ones(len(records)), np.log10(np.maximum(peak, 1.0))]
    if distance:
        far = np.maximum(records.distance_km, 1.0)
        columns += [np.log10(far), far / 100.0]
    return np.column_stack(columns)
