"""Ratios: ETAS's own recent errors, observed over expected events of the past at several scales of space and time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..history import History
from .account import Account

# Days before the issue between which events are counted together: weeks in steps of a factor of two.
EDGES_DAYS = (0, 7, 14, 28, 56, 112, 224, 448, 896)
# Days of issue whose maps are made together.
TOGETHER = 12
# A log rate below this is none: no event in a cell for longer than there have been cells.
LEAST_RATE = 1e-12
# Where next to nothing comes from the background, how little no longer matters.
LEAST_LOG_SHARE = -6.0


class Ratio(NamedTuple):
    """log((observed + shrink) / (expected + shrink)), both forgotten exponentially and spread by a Gaussian.

    Arguments:
        width_km: of the Gaussian; 0 for the cell alone, None for the whole region with its padding.
        decay_days: after which an event counts for 1/e.
        shrink: events that must be expected before the ratio moves half of its way.
    """

    width_km: float | None
    decay_days: float
    shrink: float

    @property
    def label(self) -> str:
        """A name for tables and channels: "15 km, 364 days"."""
        where = {None: "region", 0: "cell"}.get(self.width_km, f"{self.width_km or 0:g} km")
        return f"{where}, {self.decay_days:g} days"


def stretch_weights(decay_days: float) -> np.ndarray:
    """What an event of each stretch of `EDGES_DAYS` counts for, by the middle of the stretch.

    >>> stretch_weights(28.0).round(2).tolist()[:4]
    [0.88, 0.69, 0.47, 0.22]
    """
    middle = (np.array(EDGES_DAYS[1:]) + EDGES_DAYS[:-1]) / 2
    return np.exp(-middle / decay_days)


def kernel_cells(width_km: float, cell_km2: float) -> float:
    """How many cells a Gaussian of this width counts together: 4 pi width^2, at least the cell itself.

    >>> round(kernel_cells(15.0, 100.0), 1), kernel_cells(0.0, 100.0)
    (28.3, 1.0)
    """
    return max(4 * np.pi * width_km**2 / cell_km2, 1.0)


class ErrorMaps:
    """Feature maps of days of issue: the log ETAS rate, the log of the background's share in it, and ratios.

    Arguments:
        account: the ETAS model's, on its padded region.
        history: the same events on the same cells.
        ratios: in the order of the channels.
        share: of events of m0 that are targets.
    """

    def __init__(self, account: Account, history: History, ratios: tuple[Ratio, ...], share: float):
        self.account, self.history, self.ratios, self.share = account, history, tuple(ratios), share

    def over(self, days) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """`of` for days of issue in order, faster than one by one."""
        days = np.asarray(days, dtype="datetime64[D]")
        for start in range(0, len(days), TOGETHER):
            part = days[start : start + TOGETHER]
            self.account.prepare(part, EDGES_DAYS)
            yield from map(self.of, part)

    def of(self, day) -> tuple[np.ndarray, np.ndarray]:
        """(log ETAS rate (rows, columns), features (rows, columns, ratios + 1)), float32; the share comes last."""
        history, day = self.history, np.datetime64(day, "D")
        self.account.prepare([day], EDGES_DAYS)
        forecast = np.maximum(history.inner(self.account.forecast(day)), LEAST_RATE)
        background = np.maximum(history.inner(self.account.background), LEAST_RATE)
        pairs = list(zip(EDGES_DAYS[1:], EDGES_DAYS[:-1], strict=True))
        observed = np.stack(
            [
                history.summed(day - short, lambda age, m: np.ones_like(m), last_days=long - short)
                for long, short in pairs
            ]
        )
        expected = np.stack([self.account.expected(day, long, short) for long, short in pairs]).astype(np.float32)
        decays = sorted({ratio.decay_days for ratio in self.ratios})
        weights = np.stack([stretch_weights(days) for days in decays]).astype(np.float32)
        # (decays, observed and expected, padded rows, padded columns)
        both = np.stack([np.tensordot(weights, maps, 1) for maps in (observed, expected)], axis=1)
        maps = [self._ratio(ratio, both[decays.index(ratio.decay_days)]) for ratio in self.ratios]
        maps.append(np.maximum(np.log(background / forecast), LEAST_LOG_SHARE))
        log_etas = np.log(np.maximum(self.share * forecast, LEAST_RATE))
        return log_etas.astype(np.float32), np.stack(maps, axis=-1).astype(np.float32)

    def _ratio(self, ratio: Ratio, pair: np.ndarray) -> np.ndarray:
        grid = self.history.grid
        if ratio.width_km is None:
            counts = np.broadcast_to(pair.sum(axis=(1, 2))[:, None, None], (2, *grid.shape))
        else:
            cell_km2 = grid.cell_x * grid.cell_y * self.history.km_per_unit**2
            counts = self.history.blurred(pair, ratio.width_km) * kernel_cells(ratio.width_km, cell_km2)
        return np.log((counts[0] + ratio.shrink) / (counts[1] + ratio.shrink))


def error_maps(
    fit, catalog, grid, days, window_days, min_magnitude, padding_km, ratios, magnitude, since=None
) -> ErrorMaps:
    """The feature maps of a fitted ETAS model and a catalogue for days of issue up to the last of `days`."""
    account = Account(fit, catalog, grid, window_days, days, since)
    history = History(catalog, grid, min_magnitude, padding_km)
    return ErrorMaps(account, history, ratios, float(fit.parameters.share_above(magnitude)))
