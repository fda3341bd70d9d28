"""What answers to earthquake or blast: votes of members, single ones, a forest, the majority."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .blast_data import BEFORE_S, RATE_HZ, BlastRecords
from .blast_weights import balanced
from .calibration import temperature_of
from .ensemble import log_loss_of, vote

# Members of the two architectures lie one behind the other: spectrogram first.
GROUPS = ("spectrogram", "waveform")
FOREST, MAJORITY = "forest on P/S and spectra", "class shares of the training"
FOREST_BOTH = f"{FOREST}, simulation too"
TREES = 200


@dataclass(frozen=True, eq=False)
class Answer:
    """What a system says of test records.

    Arguments:
        vote: (n,) probability of a blast, which decides from a half on.
        loss: log loss on validation at even odds, by which systems are chosen; NaN where there is none.
        share, event_share: of blasts among the records and the events of the training, or (n,) where it differs: what
            turns a vote at even odds into a probability. A half where the vote is one.
    """

    vote: np.ndarray
    loss: float = float("nan")
    share: float | np.ndarray = 0.5
    event_share: float | np.ndarray = 0.5


def shares_of(records: BlastRecords) -> dict[str, float]:
    """share and event_share of a training set."""
    _, first = np.unique(records.event, return_index=True)
    return {"share": float(records.label.mean()), "event_share": float(records.label[first].mean())}


def systems(
    validation: np.ndarray, known: BlastRecords, test: np.ndarray, held: np.ndarray | None = None, even: bool = True
) -> dict[str, Answer]:
    """Every way to answer with an ensemble's members, by name.

    Single members are the best of their architecture on validation; each way has its own temperature from there.

    Arguments:
        validation, test: logits (n, members, 2), the first half of the members spectrogram networks.
        known: the records of validation. held: the member of either architecture that alone may be asked of each of
            them; all may where it is None.
        even: whether the members were trained with classes of the same weight, so that they answer at even odds.
    """
    members = validation.shape[1]
    half = members // 2
    shares = shares_of(known) if even else {}

    def answer(columns) -> Answer:
        logits, label = _unseen(validation, known.label, np.asarray(columns), half, held)
        weight = balanced(label) if even else None
        temperature = temperature_of(logits, label, weight)
        loss = log_loss_of(vote(logits, temperature), label, weight)
        return Answer(vote(test[:, columns], temperature), loss, **shares)

    answers = {}
    for group, columns in zip(GROUPS, np.arange(members).reshape(2, half), strict=True):
        answers[f"{group}, best single"] = min((answer([m]) for m in columns), key=lambda single: single.loss)
        answers[f"{group}, vote of {half}"] = answer(columns)
    answers[f"both, vote of {members}"] = answer(np.arange(members))
    return answers


def unseen_vote(logits: np.ndarray, label: np.ndarray, held: np.ndarray):
    """(vote (n,), temperature) of each record's members that have not learnt from it, calibrated at even odds."""
    logits, _ = _unseen(logits, label, np.arange(logits.shape[1]), logits.shape[1] // 2, held)
    temperature = temperature_of(logits, label, balanced(label))
    return vote(logits, temperature), temperature


def _unseen(logits, label, columns, half: int, held):
    """(logits (records, members, 2), label) of these members and the records that they have not learnt from."""
    if held is None:
        return logits[:, columns], label
    mine = columns % half == held[:, None]
    rows = mine.any(axis=1)
    return logits[rows][:, columns][mine[rows]].reshape(rows.sum(), -1, logits.shape[-1]), label[rows]


def forest(known: BlastRecords, test: BlastRecords, other: BlastRecords | None = None, seed: int = 0) -> Answer:
    """A random forest on the classical discriminants, classes of the same weight.

    Arguments:
        other: records from elsewhere, which weigh as much as the known ones together.
    """
    from sklearn.ensemble import RandomForestClassifier

    sets = [known] if other is None else [known, other]
    weight = np.concatenate([balanced(part.label, len(known)) for part in sets])
    features = np.concatenate([discriminants_of(part) for part in sets])
    model = RandomForestClassifier(TREES, min_samples_leaf=3, random_state=seed, n_jobs=1)
    model.fit(features, np.concatenate([part.label for part in sets]), weight)
    return Answer(model.predict_proba(discriminants_of(test))[:, 1], **shares_of(known))


def majority(known: BlastRecords, test: BlastRecords) -> Answer:
    """Always the training's share of blasts."""
    return Answer(np.full(len(test), known.label.mean()))


def references(known: BlastRecords, test: BlastRecords, elsewhere: BlastRecords) -> dict[str, Answer]:
    """What networks stand beside: forests that learnt here, or here and elsewhere, and the class shares."""
    return {
        FOREST: forest(known, test),
        FOREST_BOTH: forest(known, test, elsewhere),
        MAJORITY: majority(known, test),
    }


@lru_cache(maxsize=8)
def discriminants_of(records: BlastRecords) -> np.ndarray:
    """P over S in bands, spectra, Rg and cepstrum, (n, features)."""
    from ...datasets.waveforms.discriminants import discriminants

    return discriminants(records.centred()[:, :, 0], RATE_HZ, BEFORE_S)[0]
