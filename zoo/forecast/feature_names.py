"""Names of a boosting's features, in the order of `features.stacked`."""

from __future__ import annotations

from inspect import signature

from .features import FEATURES

_TEXTS = {
    "decaying_counts": "events, decay {:g} d, {:g} km",
    "counts": "log events, {:g} d, {:g} km",
    "energies": "energy, {:g} d, {:g} km",
    "rtl": "RTL, r0 {:g} km, t0 {:g} d",
}


def feature_names(features: list[dict], residual: bool) -> list[str]:
    """A name for each feature.

    Arguments:
        features: entries of `features.stacked`. residual: whether the log smoothed rate comes first.

    >>> feature_names([{"name": "energies", "windows_days": [3], "widths_km": [10, 50]}], residual=True)
    ['log smoothed rate', 'energy, 3 d, 10 km', 'energy, 3 d, 50 km']
    """
    names = ["log smoothed rate"] if residual else []
    for entry in features:
        defaults = [p for p in signature(FEATURES[entry["name"]]).parameters.values() if p.default is not p.empty]
        first, *rest = (entry.get(p.name, p.default) for p in defaults)
        if entry["name"] == "indicators":
            names += [f"event {ago + 1} d ago" for ago in range(first)]
        else:
            names += [_TEXTS[entry["name"]].format(slow, fast) for slow in first for fast in rest[0]]
    return names
