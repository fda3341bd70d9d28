"""The ways to a network for a region: what learnt elsewhere as it is, tuned behind a frozen front or whole, or anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ..section import Fit
from .blast_data import BlastRecords, joined
from .blast_heads import FrontFeatures, train_heads
from .blast_systems import Answer, systems
from .blast_weights import held_parts, left_out
from .ensemble import kept, logits_of, train_members

NOT_TUNED, FROZEN, WHOLE, ANEW = REGIMES = ("not tuned", "front frozen", "all layers", "from scratch")
SETTINGS = {
    FROZEN: Fit(learning_rate=1e-3, batch=128, epochs=30, patience=5, seeds=(1,)),
    WHOLE: Fit(learning_rate=2e-4, batch=32, epochs=2, patience=2, seeds=(1,)),
    ANEW: Fit(learning_rate=1e-3, batch=32, epochs=7, patience=3, seeds=(1,)),
}
# From scratch fewer records are seen more often, so that the steps do not fall with them.
RECORDS, MOST_TIMES = 250, 4


class Tuning:
    """Trains networks on parts of one set of records; each member leaves a fifth of the events out, which validate it.

    Arguments:
        start: the network that learnt elsewhere; None where all are trained anew. records: of the region.
        folder: keeps the weights. rehearsal: records from elsewhere that fine-tuning sees again.
        settings: of each regime. resume: whether what lies in the folder is used.
    """

    def __init__(
        self,
        start,
        records: BlastRecords,
        folder: Path,
        rehearsal: BlastRecords | None = None,
        settings: Mapping[str, Fit] = SETTINGS,
        resume: bool = True,
    ):
        self.start, self.records, self.folder, self.rehearsal = start, records, folder, rehearsal
        self.settings, self.resume = settings, resume
        self._features: tuple[FrontFeatures, FrontFeatures | None] | None = None

    def network(self, name: str, regime: str, rows: np.ndarray, begin=None):
        """The network of a regime, learnt from the records of `rows`.

        Arguments:
            name: of its weights in the folder. begin: with what training of all layers begins; `start` where None.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name.replace(" ", "-")
        return kept(path.with_name(f"{path.name}.npz"), lambda: self._train(regime, rows, path, begin), self.resume)

    def answers(
        self, name: str, regime: str, rows: np.ndarray, test: BlastRecords, begin_with: str | None = None
    ) -> dict[str, Answer]:
        """`systems` of the network of this name on test records; its logits are kept beside its weights.

        Arguments:
            begin_with: the name of the network behind a frozen front with which training of all layers begins.
        """
        known = self.records.select(rows)
        path = self.folder / f"{name.replace(' ', '-')}-logits.npz"
        if self.resume and path.is_file():
            with np.load(path) as file:
                validation, asked = file["validation"], file["test"]
        else:
            begin = None if begin_with is None else self.network(begin_with, FROZEN, rows)
            network = self.network(name, regime, rows, begin)
            validation, asked = logits_of(network, known), logits_of(network, test)
            with replacing(path) as temporary, open(temporary, "wb") as file:
                np.savez(file, validation=validation, test=asked)
        return systems(validation, known, asked, self.held(regime, rows))

    def held(self, regime: str, rows: np.ndarray) -> np.ndarray:
        """The number of the member of either architecture that did not learn from each of these records."""
        return held_parts(self.records.event[rows], self.records.label[rows], self.settings[regime].seeds[0])

    def _train(self, regime: str, rows: np.ndarray, folder: Path, begin):
        settings, known, held = self.settings[regime], self.records.select(rows), self.held(regime, rows)
        if regime == ANEW:
            times = min(max(round(RECORDS / len(rows)), 1), MOST_TIMES)
            longer = {"epochs": times * settings.epochs, "patience": times * settings.patience}
            settings = settings.model_copy(update=longer)
        rehearsal = None if regime == ANEW else self.rehearsal
        weights = left_out(known.label, held, None if rehearsal is None else rehearsal.label)
        if regime == FROZEN:
            here, elsewhere = self._front()
            train = here.select(rows).and_also(elsewhere).weighing(weights[0])
            validation = here.select(rows).weighing(weights[1])
            return train_heads(self.start, train, validation, settings, folder, self.resume)[0]
        train = known if rehearsal is None else joined([known, rehearsal])
        sets = (replace(part, weight=weight) for part, weight in zip((train, known), weights, strict=True))
        start = None if regime == ANEW else begin or self.start
        return train_members(*sets, settings, folder, self.resume, start)[0]

    def _front(self):
        if self._features is None:
            other = None if self.rehearsal is None else FrontFeatures.of(self.start, self.rehearsal)
            self._features = FrontFeatures.of(self.start, self.records), other
        return self._features
