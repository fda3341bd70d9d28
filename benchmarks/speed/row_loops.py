"""Two published ways from a catalogue to day maps, a table row at a time: what the rasteriser is measured against.

Both are written anew from their descriptions, in the plain style of such scripts and with their costs: a table walked
with `iterrows`, dense arrays for every day, windows copied. They are not for use.
"""

import math
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np


def table_of(catalog):
    """The catalogue as the pandas table that the loops walk over."""
    import pandas as pd

    return pd.DataFrame(
        {
            "time": pd.to_datetime(catalog.time, utc=True),
            "latitude": catalog.latitude,
            "longitude": catalog.longitude,
            "depth": catalog.depth_km,
            "mag": catalog.magnitude,
        }
    )


def world_windows(table, window_days: int = 15, rows: int = 20, columns: int = 30, longitude0: float = 139.767551):
    """ml-earthquake: summed energy, count and mean depth by day in Tokyo, then every window as its own copy.

    Returns float64 of shape (windows, window_days, rows, columns, 3).
    """
    zone = ZoneInfo("Asia/Tokyo")
    day, maps, current, depths = None, [], None, {}
    for _, row in table.iterrows():
        date = row["time"].astimezone(zone).date()
        if day is None:
            day, current = date, np.zeros((rows, columns, 3))
        while date > day:
            maps.append(_with_depths(current, depths))
            day, current, depths = day + timedelta(days=1), np.zeros((rows, columns, 3)), {}
        i = min(int((row["latitude"] + 90) / (180 / rows)), rows - 1)
        j = int(((row["longitude"] - longitude0 + 180) % 360) / (360 / columns))
        energy = math.pow(10, 4.8 + 1.5 * row["mag"])
        if current[i, j, 1] > 0:
            energy += math.pow(10, 4.8 + 1.5 * current[i, j, 0])
        current[i, j, 0] = (math.log10(energy) - 4.8) / 1.5
        current[i, j, 1] += 1
        if not math.isnan(row["depth"]):
            depths.setdefault((i, j), []).append(row["depth"])
    maps.append(_with_depths(current, depths))
    scale = np.array([10.0, 100.0, 500.0])
    windows = [
        np.clip(np.array(maps[start : start + window_days]) / scale, 0, 1)
        for start in range(len(maps) - window_days + 1)
    ]
    return np.array(windows)


def _with_depths(current, depths):
    for (i, j), values in depths.items():
        current[i, j, 2] = sum(values) / len(values)
    return current


def plane_maps(table, rows: int = 250, columns: int = 200, cell_km: float = 10.0, latitude0=27.0, longitude0=127.0):
    """Kail, Zaytsev and Burnaev: the magnitude of the last event of every day and cell, one dense map a day.

    Returns float32 of shape (days, rows, columns).
    """
    first = table["time"].iloc[0].date()
    days = (table["time"].iloc[-1].date() - first).days + 1
    maps = np.zeros((days, rows, columns), np.float32)
    for _, row in table.iterrows():
        x = (row["longitude"] - longitude0) * math.pi / 180 * 6373 * math.cos(math.radians(row["latitude"]))
        y = (row["latitude"] - latitude0) * math.pi / 180 * 6373
        i, j = int(y // cell_km), int(x // cell_km)
        if 0 <= i < rows and 0 <= j < columns:
            maps[(row["time"].date() - first).days, i, j] = row["mag"]
    return maps
