"""Classification: a row for each record, a vote for each event, and the way out to files."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.errors import InputError
from ...datasets.record import Record

UNSURE = "unsure"


@dataclass(frozen=True)
class Row:
    """One classified record.

    Arguments:
        window: what the network saw.
        event: whose vote the record has a part in.
        pick: "given" or "picker".
        probability: of each class.
        doubt: why the window is unlike the data of the training, "" where it is not.
    """

    window: Record
    event: str
    pick: str
    probability: tuple[float, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, repr=False)
class Classification:
    """The answer of a classifier.

    Arguments:
        model, classes, threshold: the classifier's name, its classes, and the probability from which it says the last.
        front_end: nperseg and noverlap of its spectrogram, for the picture.
        rows: one a record.
        rejected: (name, reason) of what was left out.
        sure_from: the probability of a class below which the answer is "unsure"; chosen on validation.
    """

    model: str
    classes: tuple[str, ...]
    threshold: float
    front_end: dict
    rows: tuple[Row, ...]
    rejected: tuple[tuple[str, str], ...]
    sure_from: float = 0.0

    def __repr__(self) -> str:
        return f"Classification({self.model}, {len(self.rows)} records, {len(self.rejected)} left out)"

    def label(self, probability, doubt: str = "") -> str:
        """The class that probabilities stand for: the last of two from the threshold on, else the likeliest.

        "unsure" below `sure_from`, and for a window that is unlike the training's.
        """
        if doubt or max(probability) < self.sure_from:
            return UNSURE
        if len(self.classes) == 2:
            return self.classes[int(probability[1] >= self.threshold)]
        return self.classes[int(np.argmax(probability))]

    def table(self) -> list[dict]:
        """A row a record, plain values."""
        return [
            {
                "event": row.event,
                "record": row.window.name,
                "start": f"{row.window.start}Z",
                "p_s": None if row.window.p_s is None else round(row.window.p_s, 3),
                "pick": row.pick,
                "label": self.label(row.probability, row.doubt),
                "doubt": row.doubt,
                **{f"probability_{name}": round(p, 6) for name, p in zip(self.classes, row.probability, strict=True)},
                "history": "; ".join(row.window.history),
            }
            for row in self.rows
        ]

    def votes(self) -> list[dict]:
        """Soft vote of each event: the mean probability over its records, those in doubt left out.

        Where all are in doubt the mean is over all, and the vote is in doubt too.
        """
        answers = []
        for event in dict.fromkeys(row.event for row in self.rows):
            members = [row for row in self.rows if row.event == event]
            heard = [row for row in members if not row.doubt]
            mean = np.mean([row.probability for row in heard or members], axis=0)
            answers.append(
                {
                    "event": event,
                    "records": len(members),
                    "in_doubt": len(members) - len(heard),
                    "label": self.label(mean, "" if heard else "all records in doubt"),
                    **{f"probability_{name}": round(float(p), 6) for name, p in zip(self.classes, mean, strict=True)},
                }
            )
        return answers

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return {
            "model": self.model,
            "threshold": self.threshold,
            "sure_from": self.sure_from,
            "records": self.table(),
            "events": self.votes(),
            "rejected": [{"name": name, "reason": reason} for name, reason in self.rejected],
        }

    def to_csv(self, path: str | os.PathLike) -> None:
        """Write the table of records."""
        self._require_rows()
        table = self.table()
        with replacing(path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)

    def to_text(self) -> str:
        """The table, the votes and what was left out, for people."""
        lines = []
        if self.rows:
            width = max(len(row.window.name) for row in self.rows)
            lines.append(f"{'record':{width}s}  {'P (UTC)':22s}  pick    {'class':12s} probability")
        for row in self.rows:
            arrival = row.window.start + np.timedelta64(round(1e6 * (row.window.p_s or 0.0)), "us")
            share = ", ".join(f"{name} {p:.3f}" for name, p in zip(self.classes, row.probability, strict=True))
            label = self.label(row.probability, row.doubt)
            lines.append(f"{row.window.name:{width}s}  {str(arrival)[:22]}  {row.pick:6s}  {label:12s} {share}")
            lines += [f"{'':{width}s}  unlike the training data: {row.doubt}"] if row.doubt else []
            lines += [f"{'':{width}s}  {note}" for note in row.window.history]
        for vote in self.votes():
            name, share = max(((c, vote[f"probability_{c}"]) for c in self.classes), key=lambda pair: pair[1])
            doubt = f", {vote['in_doubt']} of them in doubt" if vote["in_doubt"] else ""
            said = f"{vote['label']} ({name} {share:.3f})" if vote["label"] == UNSURE else f"{name} with {share:.3f}"
            lines.append(f"{vote['event']}: {said} from {vote['records']} record(s){doubt}")
        lines += [f"left out {name}: {reason}" for name, reason in self.rejected]
        return "\n".join(lines)

    def plot(self, path: str | os.PathLike | None = None, row: int = 0):
        """Picture of one record: traces, spectrogram, answer; returns the Figure, saved where a path is given."""
        from .plot import plot_record

        self._require_rows()
        shown = self.rows[row]
        label = self.label(shown.probability, shown.doubt)
        shares = ", ".join(f"{name} {p:.2f}" for name, p in zip(self.classes, shown.probability, strict=True))
        answer = f"{self.model}: {label} ({shares}; threshold {self.threshold:g})"
        return plot_record(shown.window, answer_text=answer, path=path, **self.front_end)

    def _require_rows(self) -> None:
        if not self.rows:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.rejected[:5])
            raise InputError("at least one record to write", f"none ({reasons})", "mend the input first")
