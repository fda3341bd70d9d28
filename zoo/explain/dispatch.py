"""From a model and an input to its explanation, whatever the model is."""

from __future__ import annotations

from ...datasets.errors import InputError
from ..model import Model
from .explanation import Explanation


def explain(model: Model, source, method: str | None = None, **options) -> Explanation:
    """SHAP values of a model's answer; the method by the kind of model where None.

    Arguments:
        source: what the model's `predict` takes.
        options: of `explain_waveforms`, `explain_forecast` or `explain_features`.
    """
    if model.card.task == "forecast":
        from .forecasts import explain_forecast as explainer
    elif model.card.task == "city-forecast":
        raise InputError(
            "a classifier, or a forecaster of maps", model.card.name, "run foreshock benchmark response for it"
        )
    elif "model.keras" in model.card.files:
        from .waveforms import explain_waveforms as explainer
    elif hasattr(model, "features"):
        from .features import explain_features as explainer
    else:
        raise InputError("a forecaster, a network or trees on features", f"{model!r}", "use another model")
    return explainer(model, source, method, **options)
