"""Subject: what is audited, a model with the records it was made and scored with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...datasets.splits import PARTS, IndexSplit
from ..scores.classification import balanced_accuracy_of
from ..scores.intervals import Interval, confusion_interval
from ..waveform.records import Records, joined
from .probe import Answer, Fit, mean_spectra


@dataclass(frozen=True, eq=False)
class Subject:
    """A classifier under audit.

    Arguments:
        name: of the model.
        sets: train, validation and test; no event in two of them. The records hold noise before P.
        answer: the trained model, records -> probability of each class.
        refit: trains the same kind of model, as far as is affordable; refit_words say how far. None leaves out the
            controls that need it.
        components: their names, in the order of the waveform's last axis.
        classes: how many there are.
    """

    name: str
    sets: Mapping[str, Records]
    answer: Answer
    refit: Fit | None = None
    refit_words: str = ""
    components: tuple[str, ...] = ("E", "N", "Z")
    classes: int = 2

    @property
    def chance(self) -> float:
        """Balanced accuracy of one who knows nothing."""
        return 1.0 / self.classes

    @property
    def test(self) -> Records:
        """The test records."""
        return self.sets["test"]

    @cached_property
    def everything(self) -> Records:
        """Train, validation and test one after the other, without their samples; their rows are `split`."""
        parts = [self.sets[part] for part in PARTS]
        return joined(part.with_waveform(np.empty((len(part), 0, len(self.components)), np.float32)) for part in parts)

    @cached_property
    def split(self) -> IndexSplit:
        """The rows of train, validation and test in `everything`."""
        ends = np.cumsum([len(self.sets[part]) for part in PARTS])
        rows = np.split(np.arange(ends[-1]), ends[:-1])
        return IndexSplit(*rows).require_disjoint(self.everything.event, "event")

    @cached_property
    def spectra(self) -> np.ndarray:
        """Mean spectra of `everything` before P and behind it, (n, features), the halves one after the other."""
        return np.concatenate([mean_spectra(self.sets[part]) for part in PARTS])

    def scored(self, truth, probability, event, classes: int | None = None) -> Interval:
        """Balanced accuracy with an interval from whole events; the subject's number of classes unless given."""
        guess = np.asarray(probability).argmax(axis=1)
        rng = np.random.default_rng(0)
        return confusion_interval(truth, guess, event, rng, balanced_accuracy_of, classes or self.classes)

    @cached_property
    def whole(self) -> Interval:
        """The model's own score on the test records."""
        return self.scored_on(self.test)

    def scored_on(self, records: Records) -> Interval:
        """The model's score on other records, or on these in disguise."""
        return self.scored(records.label, self.answer(records), records.event)
