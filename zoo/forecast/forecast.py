"""Forecast: the probability of an earthquake in every cell of a grid, and its way out to files."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.grid import Grid


@dataclass(frozen=True, eq=False, repr=False)
class Forecast:
    """What a forecaster says on one day.

    Arguments:
        model: the forecaster's name.
        grid: the cells.
        probability: shape (rows, columns), of at least one event in the cell and window.
        day: the day of issue; only events before its midnight were used.
        window_days: (a, b), the window [day + a, day + b).
        magnitude: the smallest magnitude that counts.
        recent: the events that the forecaster saw last, for the picture.
    """

    model: str
    grid: Grid
    probability: np.ndarray
    day: np.datetime64
    window_days: tuple[int, int]
    magnitude: float
    recent: Catalog | None = None

    def __post_init__(self):
        probability = np.array(self.probability, dtype=np.float64)
        valid = np.isfinite(probability) & (probability >= 0) & (probability <= 1)
        if probability.shape != self.grid.shape or not valid.all():
            raise InputError(
                f"probabilities in [0, 1] of shape {self.grid.shape}",
                f"shape {probability.shape}, {int((~valid).sum())} values outside",
                "check the model's output",
            )
        probability.flags.writeable = False
        object.__setattr__(self, "probability", probability)
        object.__setattr__(self, "day", np.datetime64(self.day, "D"))

    @property
    def rate(self) -> np.ndarray:
        """Expected events a cell if they came as a Poisson process: -log(1 - p)."""
        return -np.log1p(-np.minimum(self.probability, 1 - 1e-12))

    @property
    def period(self) -> tuple[np.datetime64, np.datetime64]:
        """First day of the window and the day after its last."""
        first, end = self.window_days
        return self.day + first, self.day + end

    def __repr__(self) -> str:
        row, column = np.unravel_index(self.probability.argmax(), self.grid.shape)
        latitude, longitude = (float(v[row, column]) for v in self.grid.centres())
        first, end = self.period
        return (
            f"Forecast({self.model}, M >= {self.magnitude:g} in [{first}, {end}), expected {self.rate.sum():.3g}, "
            f"highest {self.probability.max():.3g} at {latitude:.2f}, {longitude:.2f})"
        )

    def summary(self, top: int = 10) -> dict:
        """Plain values for JSON: the window, the expected number and the cells of highest probability."""
        latitude, longitude = self.grid.centres()
        order = np.argsort(self.probability, axis=None)[::-1][:top]
        rows, columns = np.unravel_index(order, self.grid.shape)
        first, end = self.period
        return {
            "model": self.model,
            "day": str(self.day),
            "from": str(first),
            "to": str(end),
            "magnitude": self.magnitude,
            "expected_events": float(self.rate.sum()),
            "cells": [
                {
                    "row": int(r),
                    "column": int(c),
                    "latitude": round(float(latitude[r, c]), 4),
                    "longitude": round(float(longitude[r, c]), 4),
                    "probability": float(self.probability[r, c]),
                }
                for r, c in zip(rows, columns, strict=True)
            ],
        }

    def to_csv(self, path: str | os.PathLike) -> None:
        """Write one row a cell; the first line, a comment, holds the grid, the window and the magnitude as JSON."""
        first, end = self.period
        header = {
            "model": self.model,
            "day": str(self.day),
            "from": str(first),
            "to": str(end),
            "magnitude": self.magnitude,
            "grid": self.grid.to_dict(),
        }
        row, column = np.indices(self.grid.shape)
        values = (row, column, *self.grid.centres(), self.probability, self.rate)
        with replacing(path) as temporary, open(temporary, "w") as file:
            file.write(f"# {json.dumps(header)}\nrow,column,latitude,longitude,probability,rate\n")
            table = np.stack([v.ravel() for v in values], axis=1)
            np.savetxt(file, table, fmt="%d,%d,%.5f,%.5f,%.8g,%.8g")

    @classmethod
    def from_csv(cls, path: str | os.PathLike) -> Forecast:
        """Read what `to_csv` wrote; the events seen last are not in it."""
        with open(path) as file:
            first = file.readline()
            if not first.startswith("# {"):
                raise InputError("a CSV written by Forecast.to_csv", f"{path}", "write it with foreshock")
            header = json.loads(first[2:])
            values = np.loadtxt(file, delimiter=",", skiprows=1, usecols=4)
        grid, day = Grid.from_dict(header["grid"]), np.datetime64(header["day"])
        window = tuple(int((np.datetime64(header[side]) - day).astype(int)) for side in ("from", "to"))
        return cls(header["model"], grid, values.reshape(grid.shape), day, window, header["magnitude"])

    def to_csep(self, path: str | os.PathLike, cell_degrees: float = 0.1) -> None:
        """Write the rates in pyCSEP's own format (.dat), shared among squares of degrees."""
        from ...datasets.csep_forecast import resampled, write_csep

        write_csep(resampled(self.rate, self.grid, cell_degrees), self.magnitude, path)

    def plot(self, path: str | os.PathLike | None = None):
        """The map as a matplotlib Figure, with coastlines that need no network; saved where a path is given."""
        from .plot import plot_forecast

        return plot_forecast(self, path)
