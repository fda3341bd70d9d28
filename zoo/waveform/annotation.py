"""Annotation: a classifier's probabilities along hours of continuous records, as tables, obspy traces and a picture."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.errors import InputError


@dataclass(frozen=True)
class Course:
    """One uninterrupted record's answers through time.

    Arguments:
        name: network.station.location.band.
        start: `datetime64[us]`, where the first window takes the arrival to be.
        every_s: seconds from one window to the next.
        probability: (windows, classes), float32.
        doubted: (windows,) whether the window is unlike the training data, as noise without an arrival is.
    """

    name: str
    start: np.datetime64
    every_s: float
    probability: np.ndarray
    doubted: np.ndarray

    @property
    def times(self) -> np.ndarray:
        """`datetime64[us]` of shape (windows,): where each window takes the arrival to be."""
        step = round(1e6 * self.every_s)
        return self.start + np.arange(len(self.probability)) * np.timedelta64(step, "us")


@dataclass(frozen=True, repr=False)
class Annotation:
    """The answer of `annotate`.

    Arguments:
        model, classes: the classifier's name and its classes.
        courses: one a station and uninterrupted stretch.
        rejected: (name, reason) of what was left out.
    """

    model: str
    classes: tuple[str, ...]
    courses: tuple[Course, ...]
    rejected: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        windows = sum(len(course.probability) for course in self.courses)
        return f"Annotation({self.model}, {len(self.courses)} stretches, {windows} windows)"

    def to_stream(self):
        """An `obspy.Stream` with a trace a class and stretch: the channel is the class, the samples its probability.

        Windows in doubt are masked.
        """
        from obspy import Stream, Trace, UTCDateTime

        traces = []
        for course in self.courses:
            network, station, location, _ = course.name.split(".")
            header = {"network": network, "station": station, "location": location, "delta": course.every_s}
            for index, name in enumerate(self.classes):
                data = np.ma.masked_array(course.probability[:, index].copy(), course.doubted)
                start = UTCDateTime(str(course.start))
                traces.append(Trace(data, {**header, "channel": f"{self.model}_{name}", "starttime": start}))
        return Stream(traces)

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return {
            "model": self.model,
            "classes": list(self.classes),
            "stretches": [
                {
                    "record": course.name,
                    "start": f"{course.start}Z",
                    "every_s": course.every_s,
                    "probability": np.round(course.probability, 4).tolist(),
                    "doubted": course.doubted.tolist(),
                }
                for course in self.courses
            ],
            "rejected": [{"name": name, "reason": reason} for name, reason in self.rejected],
        }

    def to_csv(self, path: str | os.PathLike) -> None:
        """A row a window."""
        self._require()
        with replacing(path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["record", "time", "doubted", *(f"probability_{name}" for name in self.classes)])
            for course in self.courses:
                rows = zip(course.times, course.doubted, course.probability, strict=True)
                writer.writerows(
                    (course.name, f"{time}Z", int(doubt), *(f"{p:.4f}" for p in probability))
                    for time, doubt, probability in rows
                )

    def to_text(self) -> str:
        """A line a stretch: its span, how many windows stand outside doubt, and what they say."""
        lines = []
        for course in self.courses:
            heard = course.probability[~course.doubted]
            said = ", ".join(
                f"{name} {count}"
                for name, count in zip(
                    self.classes, np.bincount(heard.argmax(1), minlength=len(self.classes)), strict=True
                )
            )
            first, last = (str(t)[:19] for t in course.times[[0, -1]])
            lines.append(f"{course.name}  {first} to {last}  {len(course.probability)} windows, {len(heard)} with an")
            lines[-1] += f" arrival like the training's: {said}" if len(heard) else " arrival like the training's"
        lines += [f"left out {name}: {reason}" for name, reason in self.rejected]
        return "\n".join(lines)

    def plot(self, path: str | os.PathLike | None = None):
        """Probability of the last class through time, a panel a stretch, doubted windows grey; returns the Figure."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        from ...datasets.pictures import save_figure

        self._require()
        shown = self.courses[:8]
        figure = Figure(figsize=(10, 0.8 + 1.6 * len(shown)), layout="constrained")
        FigureCanvasAgg(figure)
        for axes, course in zip(np.atleast_1d(figure.subplots(len(shown), sharex=True)), shown, strict=True):
            last = course.probability[:, -1]
            axes.plot(course.times[course.doubted], last[course.doubted], ".", color="0.8", ms=2, label="in doubt")
            axes.plot(course.times[~course.doubted], last[~course.doubted], ".", color="tab:red", ms=4, label="answer")
            axes.set(ylim=(-0.03, 1.03), ylabel=f"P({self.classes[-1]})", title=course.name)
        axes.set_xlabel("time of the arrival that a window assumes (UTC)")
        figure.axes[0].legend(loc="upper right", ncols=2, fontsize=8)
        figure.suptitle(f"{self.model}, a window every {shown[0].every_s:g} s")
        if path is not None:
            save_figure(figure, path)
        return figure

    def _require(self) -> None:
        if not self.courses:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.rejected[:5])
            raise InputError("at least one stretch to write", f"none ({reasons})", "mend the input first")
