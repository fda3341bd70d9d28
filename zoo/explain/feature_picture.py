"""Waterfall, beeswarm and decision plots of features: shap's own, with a title and the errors."""

from __future__ import annotations

import textwrap

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
    axes = figure.axes[0]
    if kind != "beeswarm":
        axes.set_xlabel(f"{explanation.target.split(' of ')[0]} ({explanation.unit})", fontsize=11)
    else:
        axes.set_xlabel(f"SHAP value ({explanation.unit})", fontsize=11)
    cases = f"case {case + 1} of {len(explanation)}" if kind == "waterfall" else f"{len(explanation)} cases"
    title = [f"{explanation.model}, {cases}", *textwrap.wrap(explanation.target, 70)]
    axes.set_title("\n".join(title), fontsize=11, pad=34 if kind != "beeswarm" else 12)
    below = {
        "xytext": (0, -62),
        "textcoords": "offset points",
        "xycoords": "axes fraction",
        "ha": "center",
        "va": "top",
    }
    note = "\n".join(textwrap.wrap(footer(explanation).replace("\n", " "), 90))
    axes.annotate(note, (0.4, 0.0), fontsize=8, color="0.3", annotation_clip=False, **below)
    return figure
