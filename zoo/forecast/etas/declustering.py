"""Where background events happen: a map from events weighted by their probability of being one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.special import ndtr

from ....datasets.grid import Grid
from ....datasets.simulate.etas_background import box
from ..rates import FLOOR_SHARE, gaussian_shares

# Neighbours looked at for a kernel's width: beyond so many aftershocks the farthest of them has to do.
MOST_NEIGHBOURS = 400


# Equal parts of the period, of which each is judged by the others.
FOLDS = 10
# No kernel is narrower than locations are good for.
NARROWEST_KM = 1.0
THREADS = 2


class Declustering:
    """Adaptive Gaussian kernels around events, to be weighted again and again (Zhuang, Ogata and Vere-Jones 2002, 3.2).

    A kernel is as wide as the circle that holds `neighbours` other background events. They are counted by their
    weights: by heads, the aftershocks around a mainshock would make its kernel, and the map, as narrow as the cluster.

    Arguments:
        t_days, x_km, y_km: (events,), times and places on the region's plane, all inside its grid.
        region: the background's grid.
        floor_share: share of the background that is spread evenly.
    """

    def __init__(self, t_days, x_km, y_km, region: Grid, floor_share: float = FLOOR_SHARE):
        from scipy.spatial import cKDTree

        self.x_km, self.y_km = np.asarray(x_km), np.asarray(y_km)
        self.region, self.floor_share = region, floor_share
        t_days = np.asarray(t_days)
        self._fold = np.floor(FOLDS * (t_days - t_days.min()) / (np.ptp(t_days) + 1e-9)).astype(np.int64)
        place = np.stack([self.x_km, self.y_km], axis=1)
        count = min(MOST_NEIGHBOURS, len(place) - 1)
        distance, near = cKDTree(place).query(place, k=count + 1, workers=2)
        self._distance, self._near = distance[:, 1:].astype(np.float32), near[:, 1:].astype(np.int32)

    def widths(self, weight: np.ndarray, neighbours: float) -> np.ndarray:
        """How far around each event the others' weights add up to `neighbours`, km."""
        held = np.cumsum(weight.astype(np.float32)[self._near], axis=1)
        last = np.minimum((held < neighbours).sum(1), self._near.shape[1] - 1)
        width = self._distance[np.arange(len(last)), last].astype(np.float64)
        return np.maximum(width, NARROWEST_KM)

    def shares(self, weight: np.ndarray, neighbours: float) -> np.ndarray:
        """The share of the background in each cell, shape (rows, columns), of sum one; weight (events,)."""
        in_rows, in_columns = gaussian_shares(self.x_km, self.y_km, self.widths(weight, neighbours), self.region)
        density = (in_rows * weight[:, None]).T @ in_columns
        return density / density.sum() * (1 - self.floor_share) + self.floor_share / density.size

    def density_at_events(self, weight: np.ndarray, neighbours: float) -> np.ndarray:
        """u per km2 at each event, of the background that the events of other times make.

        An event's own kernel would vouch for it, and make every event of a quiet place background; those of its own
        sequence would make the sequence background. So the period is parted into ten, and each part sees the other
        nine. The density is that of the point: within a cell of 10 km it changes by more than a fit can overlook.
        """
        from .pairs import density_of_others

        width = self.widths(weight, neighbours)
        density = np.empty(len(weight))
        with ThreadPoolExecutor(THREADS) as pool:
            arrays = (self.x_km, self.y_km, weight, width, self._fold)
            jobs = [pool.submit(density_of_others, *arrays, k, THREADS, density) for k in range(THREADS)]
            for job in jobs:
                job.result()
        west, east, south, north = box(self.region)
        x, y = self.x_km, self.y_km
        inside = ndtr((east - x) / width) - ndtr((west - x) / width)
        inside *= ndtr((north - y) / width) - ndtr((south - y) / width)
        whole = weight * inside
        density /= whole.sum() - np.bincount(self._fold, whole)[self._fold]
        return density * (1 - self.floor_share) + self.floor_share / ((east - west) * (north - south))
