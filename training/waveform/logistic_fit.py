"""Fitting the logistic networks: the dense layer takes scikit-learn's optimum, its strength chosen on validation."""

from __future__ import annotations

import numpy as np

STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 1.0)


def features_of(network, waveform: np.ndarray, batch: int = 256) -> np.ndarray:
    """What the network's dense layer sees, (n, features)."""
    import keras

    front = keras.Model(network.input, network.get_layer("standardise").output)
    parts = [front({"waveform": waveform[i : i + batch]}, training=False) for i in range(0, len(waveform), batch)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts]).astype(np.float64)


def best_regression(train, validation):
    """The logistic regression of lowest validation log loss among `STRENGTHS`; (it, that loss).

    Arguments:
        train, validation: (features, labels), labels 0 and 1.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    def fitted(strength: float):
        model = LogisticRegression(C=strength, max_iter=2000).fit(*train)
        return model, log_loss(validation[1], model.predict_proba(validation[0]), labels=[0, 1])

    return min((fitted(strength) for strength in STRENGTHS), key=lambda trial: trial[1])


def set_dense(network, regression) -> None:
    """Give the network's dense layer the regression's weights: log-odds of the second class, zero for the first."""
    kernel = np.zeros((regression.coef_.shape[1], 2))
    kernel[:, 1] = regression.coef_[0]
    network.get_layer("logits").set_weights([kernel, np.array([0.0, regression.intercept_[0]])])
