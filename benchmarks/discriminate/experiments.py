"""Transfer to each simulated region, learning curves, and five folds of the Pacific Northwest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...datasets.home import data_home
from ...datasets.simulate.blast_regions import BLAST_REGIONS
from ...training.waveform.blast_data import BlastRecords, joined, pacific_northwest, simulated_region
from ...training.waveform.blast_folds import cross_validated, references_by_fold, systems_by_fold
from ...training.waveform.blast_systems import FOREST, MAJORITY, forest, majority, systems
from ...training.waveform.ensemble import logits_of, vote
from .fits import ANEW, REGIMES, TUNED, Trainings
from .table import Row

EVENTS, QUICK_EVENTS = 200, 100
# More than half of a region's events test: intervals of the rare class are wide enough as it is.
SHARES = (0.35, 0.1, 0.55)
CURVE = (20,)
# The region where blasts are rare comes first.
TARGETS = "CAB"
PRETRAINED = "blast-ensemble-sim"
# Of each region, as that model has seen.
SIMULATED_EVENTS = 400
CHOSEN = "chosen on validation"
CURVES = ("all layers", "from scratch")


def simulated(trainings: Trainings, quick: bool, seed: int = 1, targets: str = TARGETS) -> Iterator[Row]:
    """Each region as the target once: learnt on the two others, tuned on it, learnt on it alone; then the curves.

    With `quick` the first target only.
    """
    if not targets:
        return
    events = QUICK_EVENTS if quick else EVENTS
    regions = {name: simulated_region(name, events, seed, SHARES) for name in BLAST_REGIONS}
    for target in targets[: 1 if quick else None]:
        sets = regions[target]
        others = [regions[name] for name in regions if name != target]
        elsewhere = {split: joined([region[split] for region in others]) for split in ("train", "validation")}
        start = trainings.network(f"without-{target}", *elsewhere.values(), "from scratch")
        where = f"simulated region {target}"
        train, validation, test = (sets[name] for name in ("train", "validation", "test"))
        candidates, here = {}, train.events + validation.events
        for regime in REGIMES:
            name = f"{target}-{regime.replace(' ', '-')}"
            network = trainings.network(name, train, validation, regime, start)
            # Without tuning nothing of the target is known, its validation records included.
            held = elsewhere["validation"] if regime == "not tuned" else validation
            known = 0 if regime == "not tuned" else here
            found = systems(*_with_labels(network, held, test))
            for system, (probability, loss) in found.items():
                yield Row.of(where, regime, system, known, loss, probability, test)
                if regime != "not tuned":
                    candidates[regime, system] = (loss, probability)
                if regime in CURVES and system.startswith("both"):
                    yield Row.of(where, f"curve, {regime}", system, known, loss, probability, test)
        loss, probability = min(candidates.values(), key=lambda pair: pair[0])
        yield Row.of(where, CHOSEN, "networks", here, loss, probability, test)
        probability, loss = forest(*elsewhere.values(), test)
        yield Row.of(where, REGIMES[0], FOREST, 0, loss, probability, test)
        for system, of in ((FOREST, forest), (MAJORITY, majority)):
            probability, loss = of(train, validation, test)
            yield Row.of(where, REGIMES[-1], system, here, loss, probability, test)
            if system == FOREST:
                yield Row.of(where, "curve", system, here, loss, probability, test)
        yield from _curve(trainings, target, where, joined([train, validation]), test, start, quick)


def _curve(trainings, target: str, where: str, known: BlastRecords, test: BlastRecords, start, quick) -> Iterator[Row]:
    """The vote of all members, and the forest, by how many events of the target there are, a quarter for validation."""
    for number in CURVE[:1] if quick else CURVE:
        chosen = known.some_events(number, seed=1, least=2)
        held = chosen.some_events(max(number // 4, 2), seed=2)
        train = chosen.select(~np.isin(chosen.event, held.event))
        for regime in CURVES:
            network = trainings.network(f"{target}-{number}-{regime.replace(' ', '-')}", train, held, regime, start)
            found = systems(*_with_labels(network, held, test))
            system = next(name for name in found if name.startswith("both"))
            yield Row.of(where, f"curve, {regime}", system, number, found[system][1], found[system][0], test)
        probability, loss = forest(train, held, test)
        yield Row.of(where, "curve", FOREST, number, loss, probability, test)


def northwest(folder: Path, data: Path | None) -> Iterator[Row]:
    """Five folds by event of the real records: transfer from simulation, a new start, the forest."""
    from ...zoo import registry

    records = pacific_northwest(data_home(data) / "waveforms")
    where = "Pacific Northwest"
    start = registry.load(PRETRAINED, "keras").keras
    learnt = records.events * 4 // 5
    candidates, parts = {}, records.folds()
    # The vote as the zoo ships it; nothing of this region, not even its temperature, comes from here.
    temperature = float(np.asarray(start.get_layer("temperature").temperature))
    yield Row.of(where, REGIMES[0], PRETRAINED, 0, np.nan, vote(logits_of(start, records), temperature), records)
    known = [simulated_region(name, SIMULATED_EVENTS, 1) for name in BLAST_REGIONS]
    sets = [joined([region[split] for region in known]) for split in ("train", "validation")]
    probability, _ = forest(*sets, records)
    yield Row.of(where, REGIMES[0], FOREST, 0, np.nan, probability, records)
    for regime in REGIMES[1:]:
        settings = ANEW if regime == "from scratch" else TUNED
        settings = settings.model_copy(update={"batch": 32, "epochs": 20, "patience": 4})
        begin = None if regime == "from scratch" else start
        folds = folder / f"pnw-{regime.replace(' ', '-')}"
        logits = cross_validated(records, settings, folds, begin, regime == "front frozen")
        for system, (probability, losses) in systems_by_fold(records, *logits).items():
            yield Row.of(where, regime, system, learnt, losses.mean(), probability, records)
            candidates[regime, system] = (losses, probability)
    # In each fold that way which its own validation fold preferred.
    losses = np.stack([pair[0] for pair in candidates.values()])
    best = losses.argmin(axis=0)
    found = list(candidates.values())
    # Fold k is tested by the choice made on the validation of split k.
    probability = np.stack([found[best[fold]][1][row] for row, fold in enumerate(parts)])
    yield Row.of(where, CHOSEN, "networks", learnt, losses.min(axis=0).mean(), probability, records)
    for system, (probability, losses) in references_by_fold(records).items():
        yield Row.of(where, REGIMES[-1], system, learnt, losses.mean(), probability, records)


def _with_labels(network, held: BlastRecords, test: BlastRecords):
    return logits_of(network, held), held.label, logits_of(network, test)
