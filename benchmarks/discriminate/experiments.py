"""Transfer to each simulated region and to the Pacific Northwest in five folds, with gains and learning curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...datasets.home import data_home
from ...datasets.simulate.blast_regions import BLAST_REGIONS
from ...training.section import Fit
from ...training.waveform.blast_data import BlastRecords, joined, pacific_northwest, simulated_region
from ...training.waveform.blast_folds import chosen_by_fold, cross_validated
from ...training.waveform.blast_or_quake import elsewhere_of, references_by_fold, rehearsal_of
from ...training.waveform.blast_systems import FOREST, FOREST_BOTH, MAJORITY, Answer, forest, references, systems
from ...training.waveform.blast_tuning import ANEW, FROZEN, NOT_TUNED, SETTINGS, WHOLE, Tuning
from ...training.waveform.blast_weights import at_share, balanced
from ...training.waveform.ensemble import kept, logits_of, train_members, vote
from .table import Row, gain

EVENTS, QUICK_EVENTS = 200, 100
# More than half of a region's events test: intervals of the rare class are wide enough as it is.
SHARES = (0.35, 0.1, 0.55)
# Events of a target to learn from, beside all: of a simulated region 90, of a fold of the real records 72.
CURVE, REAL_CURVE, QUICK_CURVE = (10, 20, 40), (9, 18, 36), (20,)
# The region where blasts are rare comes first, and has the learning curve.
TARGETS = "CAB"
CURVES = "C"
PRETRAINED = "blast-ensemble-sim"
# Of each region: what the forest learns from, and what fine-tuning sees again.
SIMULATED_EVENTS, REHEARSAL_EVENTS = 150, 60
CHOSEN = "chosen on validation"
LIKELIER = "both, vote of 10, a blast where likelier than not"
PRETRAINING = Fit(learning_rate=1e-3, batch=32, epochs=5, patience=2, seeds=(1,))
QUICK = {FROZEN: {"epochs": 5}, WHOLE: {"epochs": 1}, ANEW: {"epochs": 2}}


def simulated(folder: Path, quick: bool, seed: int = 1, targets: str = TARGETS) -> Iterator[Row]:
    """Each region as the target once: learnt on the two others, tuned on it, learnt on it alone; then the curves.

    With `quick` the first target only.
    """
    settings, pretraining = SETTINGS, PRETRAINING
    if quick:
        settings = {regime: fit.model_copy(update=QUICK[regime]) for regime, fit in SETTINGS.items()}
        pretraining = PRETRAINING.model_copy(update={"epochs": 2})
    events = QUICK_EVENTS if quick else EVENTS
    regions = {name: simulated_region(name, events, seed, SHARES) for name in BLAST_REGIONS} if targets else {}
    for target in targets[: 1 if quick else None]:
        others = [regions[name] for name in regions if name != target]
        elsewhere = [joined([region[split] for region in others]) for split in ("train", "validation")]
        start = _pretrained(folder / f"without-{target}", elsewhere, pretraining)
        known, test = joined([regions[target][split] for split in ("train", "validation")]), regions[target]["test"]
        tuning = Tuning(start, known, folder / f"to-{target}", None, settings)
        untuned = systems(logits_of(start, elsewhere[1]), elsewhere[1], logits_of(start, test))
        region = Region(f"simulated region {target}", test, known.events, target in CURVES)
        yield from region.rows(NOT_TUNED, untuned, 0)
        yield from region.rows(NOT_TUNED, {FOREST: forest(joined(elsewhere), test)}, 0)

        def learnt(regime: str, rows: np.ndarray, name: str, tuning=tuning, test=test) -> dict[str, Answer]:
            begin_with = f"{FROZEN}{name}" if regime == WHOLE else None
            return tuning.answers(f"{regime}{name}", regime, rows, test, begin_with)

        every = np.arange(len(known))
        found = {regime: learnt(regime, every, "") for regime in (FROZEN, WHOLE, ANEW)}
        beside = references(known, test, joined(elsewhere))
        votes = [answer for answers in found.values() for name, answer in answers.items() if "vote" in name]
        yield from region.experiment(found, beside, min(votes, key=lambda answer: answer.loss))
        for number in () if target not in CURVES else QUICK_CURVE if quick else CURVE:
            few = known.some_events(number, seed=1, least=2)
            rows = np.flatnonzero(np.isin(known.event, few.event))
            curve = {regime: learnt(regime, rows, f"-{number}") for regime in (FROZEN, ANEW)}
            yield from region.curve(curve, references(few, test, joined(elsewhere)), number)


def northwest(folder: Path, data: Path | None) -> Iterator[Row]:
    """Five folds by event of the real records: transfer from simulation, a new start, forests."""
    from ...zoo import registry

    records = pacific_northwest(data_home(data) / "waveforms")
    start = registry.load(PRETRAINED, "keras").keras
    elsewhere = elsewhere_of(tuple(BLAST_REGIONS), SIMULATED_EVENTS, 1)
    tuning = Tuning(start, records, folder / "northwest", rehearsal_of(tuple(BLAST_REGIONS), REHEARSAL_EVENTS, 1))
    region = Region("Pacific Northwest", records, records.events * 4 // 5)
    # The vote as the zoo ships it; nothing of this region, not even its share of blasts, comes in.
    temperature = float(np.asarray(start.get_layer("temperature").temperature))
    untuned = {
        PRETRAINED: Answer(vote(logits_of(start, records), temperature)),
        FOREST: replace(forest(elsewhere, records), share=0.5, event_share=0.5),
    }
    yield from region.rows(NOT_TUNED, untuned, 0)
    found = {regime: cross_validated(tuning, regime) for regime in (FROZEN, WHOLE, ANEW)}
    votes = {(regime, name): pair for regime in found for name, pair in found[regime].items() if "vote" in name}
    beside = _first(references_by_fold(records, elsewhere))
    chosen = chosen_by_fold(records, votes)
    yield from region.experiment({regime: _first(answers) for regime, answers in found.items()}, beside, chosen)
    for number in REAL_CURVE:
        # Training anew is left to the forest here: five folds of every size would cost more than all the rest.
        curve = {FROZEN: _first(cross_validated(tuning, FROZEN, number))}
        yield from region.curve(curve, _first(references_by_fold(records, elsewhere, number)), number)


class Region:
    """The rows of one target.

    Arguments:
        name: in the table. test: its records. events: of it that are there to learn from. curved: whether it has a
            learning curve.
    """

    def __init__(self, name: str, test: BlastRecords, events: int, curved: bool = True):
        self.name, self.test, self.events, self.curved = name, test, events, curved

    def rows(self, regime: str, answers: Mapping[str, Answer], events: int) -> Iterator[Row]:
        """A row an answer."""
        for system, answer in answers.items():
            yield Row.of(self.name, regime, system, events, answer, self.test)

    def experiment(self, found, beside, chosen: Answer) -> Iterator[Row]:
        """Every regime and system that learnt from all events, what voting and tuning gain, the curves' last points."""
        for regime, answers in found.items():
            yield from self.rows(regime, answers, self.events)
        # The same votes where blasts must be likelier than not: what classes of unlike weight do to a rare one.
        tuned = _vote(found[FROZEN])
        likelier = Answer(at_share(tuned.vote, tuned.event_share), tuned.loss)
        yield from self.rows(FROZEN, {LIKELIER: likelier}, self.events)
        yield from self.rows(CHOSEN, {"networks": chosen}, self.events)
        yield from self.rows(ANEW, {FOREST: beside[FOREST], MAJORITY: beside[MAJORITY]}, self.events)
        yield from self.rows(WHOLE, {FOREST_BOTH: beside[FOREST_BOTH]}, self.events)
        single, voted = _best_single(found[ANEW]), _vote(found[ANEW])
        for name, better, worse in (
            ("voting, from scratch", voted, single),
            ("tuning, of one", _best_single(found[FROZEN]), single),
            ("voting and tuning", tuned, single),
            ("tuned vote over the forest", tuned, beside[FOREST_BOTH]),
        ):
            yield gain(self.name, name, self.events, better, worse, self.test)
        if self.curved:
            yield from self.curve({regime: found[regime] for regime in (FROZEN, ANEW)}, beside, self.events)

    def curve(self, found, beside, events: int) -> Iterator[Row]:
        """The vote of all members and the forests by how many events there were."""
        for regime, answers in found.items():
            yield Row.of(self.name, f"curve, {regime}", "vote", events, _vote(answers), self.test)
        for name in (FOREST, FOREST_BOTH):
            yield Row.of(self.name, f"curve, {name}", "forest", events, beside[name], self.test)


def _pretrained(path: Path, sets: list[BlastRecords], settings: Fit):
    train, validation = (replace(part, weight=balanced(part.label)[:, None].astype(np.float32)) for part in sets)
    path.mkdir(parents=True, exist_ok=True)
    return kept(path.with_suffix(".npz"), lambda: train_members(train, validation, settings, path, resume=True)[0])


def _first(found) -> dict[str, Answer]:
    """Without the losses by fold."""
    return {name: answer for name, (answer, _) in found.items()}


def _vote(answers: Mapping[str, Answer]) -> Answer:
    return next(answer for name, answer in answers.items() if name.startswith("both"))


def _best_single(answers: Mapping[str, Answer]) -> Answer:
    return min((answer for name, answer in answers.items() if "single" in name), key=lambda answer: answer.loss)
