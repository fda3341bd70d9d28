"""Five-fold cross-validation by event: every event is tested once, by what neither it nor its choices have seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from .blast_data import FOLDS, BlastRecords
from .blast_systems import Answer
from .blast_tuning import FROZEN, WHOLE, Tuning


def fold_parts(records: BlastRecords, fold: int, events: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(known, test) rows: one fold tests, the others are known, or so many events of them."""
    number = records.folds()
    known = np.flatnonzero(number != fold)
    if events is not None:
        few = records.select(known).some_events(events, seed=fold, least=2)
        known = known[np.isin(records.event[known], few.event)]
    return known, np.flatnonzero(number == fold)


def cross_validated(tuning: Tuning, regime: str, events: int | None = None) -> dict[str, tuple[Answer, np.ndarray]]:
    """Every system's answer to every record, put together from the folds, and its validation loss by fold (FOLDS,).

    Training of all layers begins where that behind a frozen front ended.

    Arguments:
        events: of each fold to learn from; all where None.
    """

    def of(known: np.ndarray, test: np.ndarray, fold: int) -> dict[str, Answer]:
        end = f"{'' if events is None else f'-{events}'}-fold-{fold}"
        begin_with = f"{FROZEN}{end}" if regime == WHOLE else None
        return tuning.answers(f"{regime}{end}", regime, known, tuning.records.select(test), begin_with)

    return by_fold(tuning.records, of, events)


def by_fold(
    records: BlastRecords,
    answers_of: Callable[[np.ndarray, np.ndarray, int], dict[str, Answer]],
    events: int | None = None,
) -> dict[str, tuple[Answer, np.ndarray]]:
    """`answers_of(known rows, test rows, fold)` of all folds put together."""
    answers = []
    for fold in range(FOLDS):
        known, test = fold_parts(records, fold, events)
        answers.append((test, answers_of(known, test, fold)))
    losses = {name: np.array([part[name].loss for _, part in answers]) for name in answers[0][1]}
    return {name: (_whole((test, part[name]) for test, part in answers), losses[name]) for name in losses}


def chosen_by_fold(records: BlastRecords, found: dict[object, tuple[Answer, np.ndarray]]) -> Answer:
    """In each fold the answer of lowest validation loss there."""
    answers = list(found.values())
    best = np.stack([losses for _, losses in answers]).argmin(axis=0)
    fold = records.folds()
    loss = np.mean([answers[best[k]][1][k] for k in range(FOLDS)])
    return _whole(((rows := np.flatnonzero(fold == k), _part(answers[best[k]][0], rows)) for k in range(FOLDS)), loss)


def _part(answer: Answer, rows: np.ndarray) -> Answer:
    return Answer(answer.vote[rows], answer.loss, answer.share[rows], answer.event_share[rows])


def _whole(parts: Iterable[tuple[np.ndarray, Answer]], loss: float | None = None) -> Answer:
    """One answer from (rows, answer of these rows)."""
    parts = list(parts)
    columns = np.empty((3, sum(len(rows) for rows, _ in parts)))
    for rows, answer in parts:
        for column, values in zip(columns, (answer.vote, answer.share, answer.event_share), strict=True):
            column[rows] = values
    return Answer(columns[0], float(np.mean([a.loss for _, a in parts])) if loss is None else float(loss), *columns[1:])
