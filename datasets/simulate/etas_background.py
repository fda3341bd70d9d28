"""Backgrounds: where the events of an ETAS model that no other event triggered take place.

Each is a density u(x, y) per km2 on the plane of its `region`, zero outside it and integrating to one over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import InputError
from ..grid import Grid
from ..projection import LocalPlane


@dataclass(frozen=True, eq=False)
class MapBackground:
    """A density uniform within each cell of a map.

    Arguments:
        region: a Grid on a LocalPlane.
        weight: (rows, columns), the share of the background in each cell, of any sum.

    >>> region = Grid.local(latitude0=38, longitude0=-150, rows=1, columns=2, cell_km=10)
    >>> MapBackground(region, np.array([[1.0, 3.0]])).density([5, 15, 25], [5, 5, 5]).tolist()
    [0.0025, 0.0075, 0.0]
    """

    region: Grid
    weight: np.ndarray

    def __post_init__(self):
        _check_plane(self.region)
        weight = np.array(self.weight, dtype=np.float64)
        if weight.shape != self.region.shape:
            raise InputError(f"weights of shape {self.region.shape}", f"{weight.shape}", "give one weight a cell")
        if not np.isfinite(weight).all() or (weight < 0).any() or not weight.sum() > 0:
            raise InputError(
                "weights of at least 0, some above", f"from {weight.min():g} to {weight.max():g}", "mend the map"
            )
        # A map that was normalised before stays as it is, to the last bit.
        if abs(weight.sum() - 1) > 1e-12:
            weight /= weight.sum()
        weight.flags.writeable = False
        object.__setattr__(self, "weight", weight)

    def density(self, x_km, y_km) -> np.ndarray:
        """u at points of the plane, per km2."""
        region = self.region
        column = np.floor((np.asarray(x_km) - region.x0) / region.cell_x)
        row = np.floor((np.asarray(y_km) - region.y0) / region.cell_y)
        inside = (row >= 0) & (row < region.rows) & (column >= 0) & (column < region.columns)
        cell = np.where(inside, row, 0).astype(np.int64), np.where(inside, column, 0).astype(np.int64)
        return np.where(inside, self.weight[cell] / (region.cell_x * region.cell_y), 0.0)

    def sample(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        """`size` random points (x, y) in km."""
        region = self.region
        cell = rng.choice(self.weight.size, size, p=self.weight.ravel())
        row, column = np.divmod(cell, region.columns)
        x = region.x0 + (column + rng.random(size)) * region.cell_x
        return x, region.y0 + (row + rng.random(size)) * region.cell_y

    def cell_shares(self, x_edges, y_edges) -> np.ndarray:
        """Integral of u over rectangular cells, shape (rows, columns), given their edges in km."""
        region = self.region
        columns = overlap(x_edges, region.x0 + region.cell_x * np.arange(region.columns + 1)) / region.cell_x
        rows = overlap(y_edges, region.y0 + region.cell_y * np.arange(region.rows + 1)) / region.cell_y
        return rows @ self.weight @ columns.T


@dataclass(frozen=True, eq=False)
class MixtureBackground:
    """A sum of Gaussians, cut at the edge of the region.

    Arguments:
        region: a Grid on a LocalPlane; its cells also carry the quadrature of the cut-off share.
        weights: (n,), of any sum: the shares before the cut.
        centres_km: (n, 2), x and y on the region's plane.
        covariances_km2: (n, 2, 2).
    """

    region: Grid
    weights: np.ndarray
    centres_km: np.ndarray
    covariances_km2: np.ndarray

    def __post_init__(self):
        _check_plane(self.region)
        count = np.size(self.weights)
        for name, shape in (("weights", (count,)), ("centres_km", (count, 2)), ("covariances_km2", (count, 2, 2))):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape or not count or not np.isfinite(array).all():
                raise InputError(
                    f"finite {name} of shape {shape}", f"shape {array.shape}", "describe each Gaussian once"
                )
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if (self.weights < 0).any() or not self.weights.sum() > 0:
            raise InputError("weights of at least 0, some above", f"{self.weights.tolist()}", "mend the weights")
        covariance = self.covariances_km2
        if not np.allclose(covariance, covariance.transpose(0, 2, 1)) or not np.linalg.eigvalsh(covariance).min() > 0:
            raise InputError(
                "symmetric positive definite covariances", f"{covariance.tolist()}", "give variances above 0"
            )
        if not self._inside_share > 1e-3:
            raise InputError(
                "Gaussians with at least 0.1 % of their weight in the region",
                f"{100 * self._inside_share:.2g} %",
                "move the centres into the region",
            )

    @cached_property
    def _inside_share(self) -> float:
        region = self.region
        x_edges = region.x0 + region.cell_x * np.arange(region.columns + 1)
        y_edges = region.y0 + region.cell_y * np.arange(region.rows + 1)
        return float(self._quadrature(x_edges, y_edges).sum())

    def density(self, x_km, y_km) -> np.ndarray:
        """u at points of the plane, per km2."""
        x, y = np.broadcast_arrays(np.asarray(x_km, dtype=np.float64), np.asarray(y_km, dtype=np.float64))
        west, east, south, north = box(self.region)
        inside = (x >= west) & (x < east) & (y >= south) & (y < north)
        return np.where(inside, self._mixture(x, y) / self._inside_share, 0.0)

    def sample(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        """`size` random points (x, y) in km; those outside the region are drawn again."""
        west, east, south, north = box(self.region)
        factors = np.linalg.cholesky(self.covariances_km2)
        found, missing = [np.empty((0, 2))], size
        while missing > 0:
            draws = int(missing / self._inside_share * 1.05) + 16
            part = rng.choice(self.weights.size, draws, p=self.weights / self.weights.sum())
            point = self.centres_km[part] + np.einsum("nij,nj->ni", factors[part], rng.standard_normal((draws, 2)))
            x, y = point.T
            point = point[(x >= west) & (x < east) & (y >= south) & (y < north)][:missing]
            found.append(point)
            missing -= len(point)
        return tuple(np.concatenate(found).T.copy())

    def cell_shares(self, x_edges, y_edges) -> np.ndarray:
        """Integral of u over rectangular cells, shape (rows, columns), given their edges in km."""
        west, east, south, north = box(self.region)
        # A cell across the region's edge is cut there; one beyond it shrinks to nothing.
        x_edges, y_edges = np.clip(x_edges, west, east), np.clip(y_edges, south, north)
        return self._quadrature(x_edges, y_edges) / self._inside_share

    def _mixture(self, x, y) -> np.ndarray:
        """The Gaussians' density before the cut."""
        total = np.zeros(x.shape)
        weights = self.weights / self.weights.sum()
        for weight, centre, covariance in zip(weights, self.centres_km, self.covariances_km2, strict=True):
            (a, b), (_, d) = np.linalg.inv(covariance)
            dx, dy = x - centre[0], y - centre[1]
            height = weight / (2 * np.pi * np.sqrt(np.linalg.det(covariance)))
            total += height * np.exp(-0.5 * (a * dx**2 + 2 * b * dx * dy + d * dy**2))
        return total

    def _quadrature(self, x_edges, y_edges) -> np.ndarray:
        """Gauss-Legendre integral of the Gaussians over each cell, with more nodes the narrower the narrowest is."""
        width = max(np.diff(x_edges).max(), np.diff(y_edges).max())
        narrowest = np.sqrt(np.linalg.eigvalsh(self.covariances_km2).min())
        order = int(np.clip(np.ceil(4 * width / narrowest), 4, 40))
        node, weight = np.polynomial.legendre.leggauss(order)
        x, dx = _nodes(x_edges, node, weight)
        y, dy = _nodes(y_edges, node, weight)
        value = self._mixture(*np.broadcast_arrays(x.ravel()[None, :], y.ravel()[:, None]))
        return np.einsum("iajb,ia,jb->ij", value.reshape(*y.shape, *x.shape), dy, dx)


def box(region: Grid, padding_km: float = 0.0) -> tuple[float, float, float, float]:
    """(west, east, south, north) of a region in km on its plane, widened on every side."""
    return (
        region.x0 - padding_km,
        region.x0 + region.columns * region.cell_x + padding_km,
        region.y0 - padding_km,
        region.y0 + region.rows * region.cell_y + padding_km,
    )


def overlap(edges, other_edges) -> np.ndarray:
    """Lengths shared by the intervals between two sets of ascending edges, shape (n, m)."""
    edges, other = np.asarray(edges, dtype=np.float64), np.asarray(other_edges, dtype=np.float64)
    upper = np.minimum(edges[1:, None], other[None, 1:])
    return np.maximum(upper - np.maximum(edges[:-1, None], other[None, :-1]), 0.0)


def _nodes(edges, node, weight) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights within each interval, shape (intervals, order)."""
    low, half = np.asarray(edges)[:-1, None], np.diff(edges)[:, None] / 2
    return low + half * (1 + node), half * weight


def _check_plane(region: Grid) -> None:
    if not isinstance(region.projection, LocalPlane):
        raise InputError("a region on a plane in km", f"a grid in {region.projection.unit}", "make it with Grid.local")
