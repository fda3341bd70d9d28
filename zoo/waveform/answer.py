"""A classification asked for on the command line: files in, one answer out, past the bad ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ...datasets.errors import InputError
from ...datasets.progress import track
from ...datasets.readers.event_table import read_events
from ...datasets.waveforms.event_matching import EventMatcher
from .annotation import Annotation
from .classification import Classification
from .classifier import WaveformClassifier


@dataclass(frozen=True, repr=False)
class _OfFiles:
    """What answers about files add: which of them could not be used at all."""

    bad_files: tuple[tuple[str, str], ...] = field(default=())

    @property
    def complete(self) -> bool:
        """Whether every file gave at least one record."""
        return not self.bad_files

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        bad = [{"file": name, "reason": reason} for name, reason in self.bad_files]
        return {**super().to_dict(), "bad_files": bad}

    def to_text(self) -> str:
        """The answer, then the files that were left out."""
        lines = [super().to_text()]
        lines += [f"could not use {name}: {reason}" for name, reason in self.bad_files]
        if self.bad_files:
            lines.append(f"{len(self.bad_files)} file(s) could not be used")
        return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class ClassificationAnswer(_OfFiles, Classification):
    """A classification of files."""


@dataclass(frozen=True, repr=False)
class AnnotationAnswer(_OfFiles, Annotation):
    """An annotation of files."""


def classify_files(
    model: WaveformClassifier, inputs: list[Path], picks: Path | None, day: str | None, events: Path | None = None
) -> ClassificationAnswer:
    """Classify the records of every file; a bad one is named and does not stop the rest, unless it is the only one.

    With a table of events records of one vote together, whatever files they are from; a file without P is then no bad
    file but a station that did not record its event.
    """
    if day is not None:
        raise InputError(f"waveforms for the classifier {model.card.name}", "--day", "leave --day out")
    predict = model.predict
    if events is not None:
        predict = partial(model.predict, events=EventMatcher(read_events(events)))
    answer = model.predict([])
    rows, rejected, bad = [], [], []
    for path in track(inputs, "classifying"):
        try:
            found = predict(path, picks)
            if not found.rows and events is None:
                reasons = "; ".join(f"{name}: {reason}" for name, reason in found.rejected[:5])
                raise InputError(f"a record to classify in {path}", f"none ({reasons})", "mend the input")
        except InputError as error:
            if len(inputs) == 1:
                raise
            bad.append((str(path), str(error)))
            continue
        rows += found.rows
        rejected += found.rejected
    answer = replace(answer, rows=tuple(rows), rejected=tuple(rejected))
    return ClassificationAnswer(**vars(answer), bad_files=tuple(bad))


def annotate_files(model: WaveformClassifier, inputs: list[Path], every_s: float) -> AnnotationAnswer:
    """Annotate every file; a bad one is named and does not stop the rest, unless it is the only one."""
    if not isinstance(model, WaveformClassifier):
        raise InputError("a classifier of waveforms", f"{model.card.name}, a {model.card.task} model", "choose another")
    courses, rejected, bad = [], [], []
    for path in track(inputs, "annotating"):
        try:
            found = model.annotate(path, every_s)
            if not found.courses:
                reasons = "; ".join(f"{name}: {reason}" for name, reason in found.rejected[:5])
                raise InputError(f"a record to annotate in {path}", f"none ({reasons})", "mend the input")
        except InputError as error:
            if len(inputs) == 1:
                raise
            bad.append((str(path), str(error)))
            continue
        courses += found.courses
        rejected += found.rejected
    answer = Annotation(model.card.name, model.card.classes, tuple(courses), tuple(rejected))
    return AnnotationAnswer(**vars(answer), bad_files=tuple(bad))
