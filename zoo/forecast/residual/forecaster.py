"""ResidualForecaster: an ETAS model corrected by a network that looks at the model's recent errors."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ....datasets.catalog import Catalog
from ....datasets.errors import InputError
from ....datasets.progress import track
from ..etas.fit import EtasFit
from ..forecaster import Forecaster
from ..rate_model import Window, check_magnitude, checked_days
from .ratios import ErrorMaps, Ratio, error_maps


class ResidualForecaster(Forecaster):
    """exp(log ETAS rate + f) in each cell.

    The card's settings beside the forecaster's: `padding_km`, and `ratios`, rows of `Ratio`.
    """

    @cached_property
    def etas(self) -> EtasFit:
        """The fitted ETAS model, every file's hash checked."""
        for name in self.card.files:
            self.file(name)
        return EtasFit.read(self.folder)

    @cached_property
    def ratios(self) -> tuple[Ratio, ...]:
        """What the network looks at, in the order of its channels; the share of the background is the last channel."""
        return tuple(Ratio(*row) for row in self.card.settings["ratios"])

    def error_maps(self, catalog: Catalog, days) -> ErrorMaps:
        """The network's inputs for days of issue."""
        settings = self.card.settings
        return error_maps(
            self.etas,
            catalog,
            self.grid,
            checked_days(days),
            self.window_days,
            settings["input_magnitude"],
            settings["padding_km"],
            self.ratios,
            self.magnitude,
        )

    def rates(
        self, catalog: Catalog, days, window_days: Window | None = None, magnitude: float | None = None
    ) -> np.ndarray:
        """See Forecaster.rates."""
        check_magnitude(self.magnitude if magnitude is None else magnitude, self.magnitude)
        window_days = tuple(window_days or self.window_days)
        if window_days != self.window_days:
            known = "{} to {}".format(*self.window_days)
            raise InputError(f"a window of days {known}", "{} to {}".format(*window_days), "use a model of that window")
        days = checked_days(days)
        maps = self.error_maps(catalog, days)
        rates = np.empty((len(days), *self.grid.shape), np.float32)
        for i, (log_etas, features) in enumerate(track(maps.over(days), "forecasting", total=len(days))):
            rates[i] = np.exp(self.run(log_etas=log_etas[None], features=features[None])["logits"][0])
        return rates
