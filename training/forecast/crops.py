"""Crops: tiles of the map where something happens, each through a pass of days; most of the map never had an event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...datasets.labels import CellLabels, cell_labels
from ...datasets.period import Period
from .case import ForecastCase
from .network import CHANNELS, days_of
from .recipe import Crops


@dataclass(frozen=True)
class Lanes:
    """Tiles side by side: corner, first day (index of the case's maps), how the tile is turned, and what it weighs."""

    row: np.ndarray
    column: np.ndarray
    start: np.ndarray
    turn: np.ndarray
    weight: np.ndarray


class CropSampler:
    """Batches of crops from one period.

    Half of the lanes are drawn evenly over tiles and times, half where there are targets, and each weighs its chance
    under even drawing over that under this mixture: sums stay unbiased (Horvitz and Thompson 1952), and no lane weighs
    more than two.

    Arguments:
        case: the maps and labels.
        period: no target lies outside.
        prior: probability of the window, (rows, columns), or (folds, rows, columns) for parts of the period.
        window: days of one window, for a network that answers once; stretches as `crops` says where None.
        turned: turn and mirror tiles at random.
    """

    def __init__(
        self,
        case: ForecastCase,
        period: Period,
        prior: np.ndarray,
        crops: Crops,
        window: int | None = None,
        turned: bool = False,
    ):
        self.case, self.crops, self.turned = case, crops, turned
        self.prior = np.asarray(prior, np.float32).reshape(-1, *case.grid.shape)
        self.period_days = period.days
        self.size = tuple(min(crops.tile, cells) for cells in case.grid.shape)
        first, every = int(case.maps.index(period.first)), crops.label_days
        a, b = case.protocol.window_days
        last = int(case.maps.index(period.last)) + 1 - b
        self.labelled = np.arange(first + every, last + 1, every)
        self.labels: CellLabels = cell_labels(case.maps, case.maps.first_day + self.labelled, (a, b), case.magnitude)
        if window is None:
            self.days, self.answers = crops.stretch_days, crops.stretch_days // every
            # A pass of a short period is cut to it.
            self.stretches = max(1, min(crops.stretches, len(self.labelled) // self.answers))
        else:
            self.days, self.answers, self.stretches = window, 1, 1
        self._corners = self._active_corners()
        self._chance = self._chances()

    def _active_corners(self) -> np.ndarray:
        """(tiles, 2) corners, half a tile apart, of tiles with a target event in the training period."""
        corners = [
            np.unique(np.minimum(np.arange(0, cells, max(1, size // 2)), cells - size))
            for cells, size in zip(self.case.grid.shape, self.size, strict=True)
        ]
        pairs = np.stack(np.meshgrid(*corners, indexing="ij"), axis=-1).reshape(-1, 2)
        rows, columns = self.size
        busy = [self.case.active[r : r + rows, c : c + columns].any() for r, c in pairs]
        return pairs[busy] if any(busy) else pairs

    def _chances(self) -> np.ndarray:
        """(starts, tiles) the probability of each pass; half of it in proportion to the positives in it."""
        rows, columns = self.size
        hits = np.zeros((len(self.labelled), len(self._corners)), np.float64)
        for i in range(0, len(self.labelled), 64):
            hit = self.labels.dense(np.arange(i, min(i + 64, len(self.labelled))), bool)
            for j, (r, c) in enumerate(self._corners):
                hits[i : i + len(hit), j] = hit[:, r : r + rows, c : c + columns].sum(axis=(1, 2))
        length = self.stretches * self.answers
        total = np.concatenate([np.zeros((1, hits.shape[1])), np.cumsum(hits, axis=0)])
        hits = total[length:] - total[:-length]
        even = np.full(hits.shape, 1.0 / hits.size)
        return even if not hits.any() else (even + hits / hits.sum()) / 2

    def lanes(self, rng: np.random.Generator) -> Lanes:
        """Draw a pass."""
        chance = self._chance.ravel()
        drawn = rng.choice(chance.size, self.crops.lanes, p=chance)
        start, tile = np.divmod(drawn, self._chance.shape[1])
        row, column = self._corners[tile].T
        turns = 8 if self.size[0] == self.size[1] else 4
        turn = rng.integers(turns, size=len(drawn)) if self.turned else np.zeros(len(drawn), int)
        weight = 1.0 / chance.size / chance[drawn]
        return Lanes(row, column, start, turn, weight.astype(np.float32))

    def batches(self, passes: int, seed) -> Iterator[tuple[dict, np.ndarray, np.ndarray]]:
        """(inputs, labels, weights) of all stretches of so many passes.

        Inputs: `maps` (lanes, stretch days, rows, columns, channels), `prior` (lanes, rows, columns) and `fresh`
        (lanes,), 1 where a pass begins. Labels (lanes, answers, rows, columns), weights (lanes,).
        """
        rng = np.random.default_rng(seed)
        for _ in range(passes):
            lanes = self.lanes(rng)
            fold = (self.labelled[lanes.start] - self.labelled[0]) * len(self.prior) // self.period_days
            prior = self._cut(self.prior[fold], lanes)
            for stretch in range(self.stretches):
                yield self._stretch(lanes, prior, stretch)

    def _stretch(self, lanes: Lanes, prior: np.ndarray, stretch: int):
        answers, days = self.answers, self.days
        labels = lanes.start[:, None] + stretch * answers + np.arange(answers)
        stops = self.labelled[labels[:, -1]]
        maps = [days_of(self.case, stop - days, stop) for stop in stops.tolist()]
        hit = [self.labels.dense(index, np.float32) > 0 for index in labels]
        fresh = np.full(len(lanes.row), float(stretch == 0), np.float32)
        inputs = {"maps": self._cut(maps, lanes), "prior": prior, "fresh": fresh}
        return inputs, self._cut(hit, lanes).astype(np.float32), lanes.weight

    def _cut(self, maps, lanes: Lanes) -> np.ndarray:
        """Each lane's tile out of its maps, (..., rows, columns) or (days, rows, columns, channels), turned."""
        rows, columns = self.size
        parts = []
        for whole, r, c, turn in zip(maps, lanes.row, lanes.column, lanes.turn, strict=True):
            axes = (1, 2) if whole.ndim == 4 else (whole.ndim - 2, whole.ndim - 1)
            index = [slice(None)] * whole.ndim
            index[axes[0]], index[axes[1]] = slice(r, r + rows), slice(c, c + columns)
            part = whole[tuple(index)]
            part = np.flip(part, axes[0]) if turn & 1 else part
            part = np.flip(part, axes[1]) if turn & 2 else part
            parts.append(np.swapaxes(part, *axes) if turn & 4 else part)
        return np.stack(parts)

    def dataset(self, passes: int, seed):
        """The same batches as a tf.data set, made in one thread ahead of the training step."""
        import tensorflow as tf

        lanes, (rows, columns) = self.crops.lanes, self.size
        inputs = {
            "maps": tf.TensorSpec((lanes, self.days, rows, columns, len(CHANNELS)), tf.float32),
            "prior": tf.TensorSpec((lanes, rows, columns), tf.float32),
            "fresh": tf.TensorSpec((lanes,), tf.float32),
        }
        labels = tf.TensorSpec((lanes, self.answers, rows, columns), tf.float32)
        options = tf.data.Options()
        options.autotune.enabled = False
        options.deterministic = True
        options.threading.private_threadpool_size = 1
        generated = tf.data.Dataset.from_generator(
            lambda: self.batches(passes, seed),
            output_signature=(inputs, labels, tf.TensorSpec((lanes,), tf.float32)),
        )
        counted = generated.apply(tf.data.experimental.assert_cardinality(passes * self.stretches))
        return counted.prefetch(2).with_options(options)
