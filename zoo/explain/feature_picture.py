"""Waterfall, beeswarm and decision plots of features: shap's own, with a title and the errors."""

from __future__ import annotations

import numpy as np

from .explanation import Explanation
from .record_picture import footer

MOST = 14


def plot_features(explanation: Explanation, case: int, kind: str):
    """shap's plot of one case (waterfall) or of all cases (beeswarm, decision); returns its Figure."""
    import matplotlib.pyplot as plt
    import shap

    names = [str(name) for name in explanation.axis("feature")]
    values, data = explanation.values.astype(float), np.asarray(explanation.inputs, float)
    # shap draws on pyplot's current figure, and that is where its way into pyplot ends.
    with plt.ioff():
        figure = plt.figure()
        try:
            if kind == "decision":
                marked = case if len(values) > 1 else None
                order = slice(-1, -MOST - 1, -1)
                shap.decision_plot(
                    float(explanation.base_value.mean()),
                    values,
                    data,
                    names,
                    feature_display_range=order,
                    highlight=marked,
                    show=False,
                    ignore_warnings=True,
                )
            else:
                rows = shap.Explanation(values, explanation.base_value, np.round(data, 3), feature_names=names)
                if kind == "waterfall":
                    shap.plots.waterfall(rows[case], max_display=MOST, show=False)
                else:
                    shap.plots.beeswarm(rows, max_display=MOST, show=False)
        finally:
            plt.close(figure)
    cases = f"case {case + 1} of {len(explanation)}" if kind == "waterfall" else f"{len(explanation)} cases"
    figure.suptitle(f"{explanation.model}: {explanation.target}\n{cases}, in {explanation.unit}", fontsize=11, y=1.06)
    figure.text(0.5, -0.06, footer(explanation), fontsize=8, color="0.3", ha="center", va="top")
    return figure
