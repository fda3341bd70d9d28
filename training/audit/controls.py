"""The leak controls, each a function of a Subject that gives rows of its audit."""

from __future__ import annotations

import numpy as np

from ...datasets.splits import PARTS, by_event, random_records
from ...zoo.card import Control
from ..scores.classification import balanced_accuracy
from ..scores.intervals import Interval
from . import disguise
from .probe import linear, mean_spectra, nearest, regress
from .rules import WHOLE, judged_as_half, judged_as_lasting, judged_as_leak, row
from .subject import Subject

# Below the corners of small earthquakes their spectra agree; above HIGH_HZ most of the ground's own noise is gone.
LOW_HZ, HIGH_HZ = 1.0, 20.0
PERMUTATIONS, PERMUTED_STRENGTH = 20, 1e-2
BINS = 4
FRACTIONS = (8 / 13, 2 / 13, 3 / 13)


def whole_records(subject: Subject) -> list[Control]:
    """The model's own score, which every other row is set against."""
    return [row(WHOLE, subject.whole, "whatever the data allow")]


def noise_only(subject: Subject) -> list[Control]:
    """Nothing but the noise before P: the same kind of model trained on it, and the model itself shown it."""
    sets = {part: disguise.noise_only(subject.sets[part]) for part in PARTS}
    rows = []
    if subject.refit is not None:
        answer = subject.refit(sets["train"], sets["validation"])
        found = subject.scored(subject.test.label, answer(sets["test"]), subject.test.event)
        rows.append(_leak(subject, f"the noise before P alone, {subject.refit_words}", found))
    return [*rows, _leak(subject, "the noise before P alone, shown to the model", subject.scored_on(sets["test"]))]


def frames_before_p(subject: Subject) -> list[Control]:
    """A linear probe of the spectrogram's frames before P."""
    before, _ = np.split(subject.spectra, 2, axis=1)
    return [_leak(subject, "linear probe of the frames before P", _probed(subject, before))]


def wrong_date(subject: Subject, seed: int = 0) -> list[Control]:
    """Each class cut at its median date as if that were the mainshock's: what is told apart then is the epoch."""
    records = subject.everything
    _, number = np.unique(records.event, return_inverse=True)
    # All records of an event have its earliest time.
    time = np.full(number.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(time, number, records.time_us)
    parts = []
    for name in np.unique(records.label):
        rows = np.flatnonzero(records.label == name)
        late = (time > np.median(time[np.unique(number[rows])]))[number[rows]].astype(np.int64)
        # Divided at random: if time can be read from the records at all, it shows between neighbours in time.
        split = by_event(records.event[rows], seed, FRACTIONS, stratum=late)
        features = subject.spectra[rows]
        model = regress(*((features[p], late[p]) for p in (split.train, split.validation)))
        parts.append((late[split.test], model.predict_proba(features[split.test]), records.event[rows][split.test]))
    truth, probability, event = (np.concatenate(column) for column in zip(*parts, strict=True))
    found = subject.scored(truth, probability, event, classes=2)
    return [_leak(subject, "linear probe of a wrong date, halfway through each class", found, chance=0.5)]


def bands(subject: Subject) -> list[Control]:
    """Records cut to low and to high frequencies: linear probes fitted on them, and the model shown them."""
    rows = []
    for words, low_hz, high_hz in (
        (f"below {LOW_HZ:g} Hz", 0.0, LOW_HZ),
        (f"above {HIGH_HZ:g} Hz", HIGH_HZ, np.inf),
    ):
        sets = {part: disguise.band(subject.sets[part], low_hz, high_hz) for part in PARTS}
        answer = linear(mean_spectra)(sets["train"], sets["validation"])
        found = subject.scored(subject.test.label, answer(sets["test"]), subject.test.event)
        if high_hz == LOW_HZ:
            honest = "less than half of the skill, as there the spectra of small events agree"
            verdict = judged_as_half(found, subject.whole, subject.chance)
            rows.append(row(f"linear probe of what lies {words}", found, honest, verdict))
        else:
            rows.append(row(f"linear probe of what lies {words}", found, "what the events show there"))
        rows.append(row(f"what lies {words}, shown to the model", subject.scored_on(sets["test"]), "no one number"))
    return rows


def permuted_labels(subject: Subject, seed: int = 0) -> list[Control]:
    """Labels dealt out anew among all events: what is above chance then is memory of events in two parts."""
    rng, split, spectra = np.random.default_rng(seed), subject.split, subject.spectra
    _, first, number = np.unique(subject.everything.event, return_index=True, return_inverse=True)
    label, reached = subject.everything.label[first], []
    for _ in range(PERMUTATIONS):
        dealt = rng.permutation(label)[number]
        known = [(spectra[rows], dealt[rows]) for rows in (split.train, split.validation)]
        model = regress(*known, strengths=(PERMUTED_STRENGTH,))
        reached.append(balanced_accuracy(dealt[split.test], model.predict(spectra[split.test])))
    low, high = np.quantile(reached, [0.025, 0.975])
    found = Interval(float(np.mean(reached)), float(low), float(high), 0.95, PERMUTATIONS, 0)
    return [_leak(subject, f"linear probe of labels permuted by event, {PERMUTATIONS} times", found)]


def magnitude_and_distance(subject: Subject, seed: int = 0) -> list[Control]:
    """What magnitude and distance alone tell, and the model on test records matched in both."""
    records = subject.everything
    known = np.isfinite(records.magnitude) & np.isfinite(records.distance_km)
    if not known.all():
        return []
    m, d = records.magnitude, np.log10(np.maximum(records.distance_km, 0.1))
    alone = _probed(subject, np.stack([m, d, m * d, m**2, d**2], axis=1))
    rows = matched_rows(subject.test, np.random.default_rng(seed))
    found = subject.scored_on(subject.test.select(rows))
    verdict = judged_as_lasting(found, subject.whole, subject.chance)
    words = f"{len(rows)} test records matched in magnitude and distance"
    return [
        _leak(subject, "linear probe of magnitude and distance", alone),
        row(words, found, "the score on whole records", verdict),
    ]


def matched_rows(records, rng: np.random.Generator) -> np.ndarray:
    """Rows with as many records of each class in every cell of magnitude and distance, drawn by lot, ascending."""
    cells = np.zeros(len(records), np.int64)
    for values in (records.magnitude, records.distance_km):
        edges = np.quantile(values, np.arange(1, BINS) / BINS)
        cells = cells * BINS + np.searchsorted(edges, values)
    rows, classes = [], np.unique(records.label)
    for cell in np.unique(cells):
        members = [rng.permutation(np.flatnonzero((cells == cell) & (records.label == c))) for c in classes]
        fewest = min(map(len, members))
        rows += [m[:fewest] for m in members]
    return np.sort(np.concatenate(rows))


def record_and_event_split(subject: Subject, seed: int = 0) -> list[Control]:
    """A model that only remembers, after a split by record and after one by event: what the former would flatter.

    It is no leak of the subject, whose parts share no event.
    """
    records = subject.everything
    found = {}
    for words, split in (
        ("event", by_event(records.event, seed, FRACTIONS, stratum=records.label)),
        ("record", random_records(len(records), seed, FRACTIONS)),
    ):
        model = nearest(subject.spectra[split.train], records.label[split.train])
        probability = model.predict_proba(subject.spectra[split.test])
        found[words] = subject.scored(records.label[split.test], probability, records.event[split.test])
    told = "nearest neighbour in mean spectra, split by"
    return [
        row(f"{told} event", found["event"], "no one number"),
        row(f"{told} record", found["record"], "what a split by event gives; the rest is events in two parts"),
    ]


def dropped_components(subject: Subject) -> list[Control]:
    """Two components of the three: a linear probe of them, and the model shown the third one silent."""
    features = subject.spectra.reshape(len(subject.spectra), 2, len(subject.components), -1)
    rows = [row("linear probe of all components", _probed(subject, subject.spectra), "no one number")]
    for index, name in enumerate(subject.components):
        probed = _probed(subject, np.delete(features, index, axis=2).reshape(len(features), -1))
        rows.append(row(f"linear probe without {name}", probed, "no one number"))
        shown = subject.scored_on(disguise.without(subject.test, index))
        rows.append(row(f"{name} silent, shown to the model", shown, "no one number"))
    return rows


CONTROLS = (
    whole_records,
    noise_only,
    frames_before_p,
    wrong_date,
    bands,
    permuted_labels,
    magnitude_and_distance,
    record_and_event_split,
    dropped_components,
)


def _probed(subject: Subject, features: np.ndarray) -> Interval:
    """The score of a linear probe of `features` of all records, on the subject's own split."""
    split, records = subject.split, subject.everything
    model = regress(*((features[rows], records.label[rows]) for rows in (split.train, split.validation)))
    return subject.scored(records.label[split.test], model.predict_proba(features[split.test]), subject.test.event)


def _leak(subject: Subject, words: str, found: Interval, chance: float | None = None) -> Control:
    chance = subject.chance if chance is None else chance
    return row(words, found, f"{chance:.3g}", judged_as_leak(found, subject.whole, chance))
