"""BaselineForecaster: a fitted rate model with a card, loaded by name like a network."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from .forecaster import RECENT_DAYS, Forecaster, probability_of
from .rate_model import RateModel, Window, load_rate_model

EVENT_COLUMNS = ("days before issue", "latitude", "longitude", "depth_km", "magnitude")
_US_PER_DAY = 86_400_000_000


class BaselineForecaster(Forecaster):
    """Recency, boosting, ETAS: no network, one runtime."""

    # All of the past counts; the picture shows its end.
    recent_days = RECENT_DAYS

    @cached_property
    def rate_model(self) -> RateModel:
        """The fitted model, every file's hash checked."""
        for name in self.card.files:
            self.file(name)
        return load_rate_model(self.folder)

    def rates(
        self, catalog: Catalog, days, window_days: Window | None = None, magnitude: float | None = None
    ) -> np.ndarray:
        """See Forecaster.rates."""
        magnitude = self.magnitude if magnitude is None else magnitude
        return self.rate_model.rates(catalog, days, tuple(window_days or self.window_days), magnitude)

    def run(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays in, arrays out, as a network would: `day` (batch,), `events` (batch, n, 5) -> rate, probability.

        Arguments:
            day: days of issue since 1970-01-01.
            events: columns of EVENT_COLUMNS; rows of NaN are no events.
        """
        if set(inputs) != {"day", "events"}:
            raise InputError("inputs day and events", ", ".join(inputs) or "none", "see the card's inputs")
        return answered(self.rate_model, self.card.settings, **inputs)


def answered(model: RateModel, settings: dict, day, events) -> dict[str, np.ndarray]:
    """Rate and probability (batch, rows, columns) of catalogues given as arrays; see `BaselineForecaster.run`."""
    window_days, magnitude = tuple(settings["window_days"]), settings["magnitude"]
    answers = []
    for number, table in zip(np.asarray(day), np.asarray(events, dtype=np.float64), strict=True):
        issue = np.datetime64(round(float(number)), "D")
        catalog = catalog_of_array(table, model.grid.day_start(issue))
        answers.append(model.rates(catalog, issue, window_days, magnitude)[0])
    rates = np.stack(answers)
    return {"rate": rates, "probability": probability_of(rates, settings, window_days).astype(np.float32)}


def catalog_of_array(table: np.ndarray, issued: np.datetime64) -> Catalog:
    """The catalogue of an array (n, 5) of EVENT_COLUMNS."""
    table = table[~np.isnan(table[:, 0])]
    ago = np.round(table[:, 0] * _US_PER_DAY).astype(np.int64).astype("timedelta64[us]")
    return Catalog.unsorted(issued.astype("datetime64[us]") - ago, *table[:, 1:].T)


def array_of_catalog(catalog: Catalog, issued: np.datetime64) -> np.ndarray:
    """The events before a moment as float32 (n, 5) of EVENT_COLUMNS."""
    past = catalog.between(None, issued)
    ago = (issued.astype("datetime64[us]") - past.time).astype(np.int64) / _US_PER_DAY
    depth_km = np.nan_to_num(past.depth_km, nan=0.0)
    return np.stack([ago, past.latitude, past.longitude, depth_km, past.magnitude], axis=1).astype(np.float32)
