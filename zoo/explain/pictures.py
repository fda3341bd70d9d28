"""Which picture belongs to which explanation."""

from __future__ import annotations

import os

from ...datasets.errors import InputError
from ...datasets.pictures import save_figure
from .explanation import Explanation

DOTS_PER_INCH = 90
KINDS = ("waterfall", "beeswarm", "decision")


def draw(explanation: Explanation, path: str | os.PathLike | None = None, case: int = 0, kind: str | None = None):
    """Draw one case, or all cases of features; returns the Figure, saved where a path is given.

    Arguments:
        kind: of features only, one of `KINDS`; the waterfall of one case where None.
    """
    names = [axis.name for axis in explanation.axes]
    if kind is not None and (kind not in KINDS or names != ["feature"]):
        raise InputError(
            f"one of {', '.join(KINDS)}, for features", f"{kind!r} for {', '.join(names)}", "leave kind out"
        )
    if not 0 <= case < len(explanation):
        raise InputError(f"a case from 0 to {len(explanation) - 1}", f"{case}", "choose one of them")
    if names == ["feature"]:
        from .feature_picture import plot_features

        figure = plot_features(explanation, case, kind or "waterfall")
    elif "latitude" in names:
        from .map_picture import plot_map

        figure = plot_map(explanation)
    else:
        from .record_picture import plot_record_explanation

        figure = plot_record_explanation(explanation, case)
    if path is not None:
        save_figure(figure, path, DOTS_PER_INCH)
    return figure
