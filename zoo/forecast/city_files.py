"""The JSON of ml-earthquake: predictions, and the detail of a day with its three heat maps; the same keys as theirs."""

from __future__ import annotations

import json
import os

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.catalog import Catalog
from ...datasets.grid import Grid

HEAT_MAPS = ("mag_heatmaps", "freq_heatmaps", "depth_heatmaps")
SCORES = ("acc", "auc", "f1", "precision", "recall")


def date(day) -> str:
    """A day as they write it.

    >>> date(np.datetime64("2011-03-12"))
    '20110312'
    """
    return str(np.datetime64(day, "D")).replace("-", "")


def span(day, window_days: int, range_days: int) -> dict[str, str]:
    """The window and the predicted range of a day of issue; both ends are the day after the last.

    >>> list(span("2011-03-12", 15, 1).values())
    ['20110225', '20110312', '20110312', '20110313']
    """
    day = np.datetime64(day, "D")
    return {
        "window_start": date(day - window_days),
        "window_end": date(day),
        "predict_start": date(day),
        "predict_end": date(day + range_days),
    }


def detail_name(day, range_days: int) -> str:
    """The name of a day's detail file."""
    day = np.datetime64(day, "D")
    return f"detail_{date(day)}_{date(day + range_days)}.json"


def detail(scaled: np.ndarray, day, range_days: int, circle, magnitude: float, grid: Grid, events: Catalog) -> dict:
    """What a day's forecast saw, and what then happened.

    Arguments:
        scaled: (days, rows, columns, 3), each channel in [0, 1].
        events: of the predicted range in the circle; none where it lies in the future.
    """
    maps = {
        name: [
            [{"lat": int(r), "lng": int(c), "heat": round(float(one[r, c]), 6)} for r, c in np.argwhere(one > 0)]
            for one in scaled[..., channel]
        ]
        for channel, name in enumerate(HEAT_MAPS)
    }
    return {
        "predict_center_lat": circle.latitude,
        "predict_center_lng": circle.longitude,
        **span(day, len(scaled), range_days),
        **maps,
        "lat_gap": grid.cell_y,
        "lng_gap": grid.cell_x,
        "threshold_mag": magnitude,
        "earthquakes": [
            {
                "time": str(events.time[i].astype("datetime64[s]")).translate({45: None, 84: None, 58: None}),
                "latitude": float(events.latitude[i]),
                "longitude": float(events.longitude[i]),
                "depth": None if np.isnan(events.depth_km[i]) else float(events.depth_km[i]),
                "mag": float(events.magnitude[i]),
            }
            for i in range(len(events))
        ],
    }


def dump(value: dict, path: str | os.PathLike) -> None:
    """Write JSON whole or not at all; a number that is none is an error, never NaN."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, allow_nan=False, indent=1)
        file.write("\n")
