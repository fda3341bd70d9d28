"""Explanation: SHAP values with their axes and units, and how well they add up."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.record import Record

TOLERANCE = 0.05
"""Largest additivity error, in parts of the output's range, at which no more samples are drawn."""


@dataclass(frozen=True, eq=False, repr=False)
class Axis:
    """One axis of an explanation: "time from P" in "s", "frequency" in "Hz", "component", "feature", ...

    Arguments:
        values: the middle of each bin, or names.
    """

    name: str
    unit: str
    values: np.ndarray

    def __repr__(self) -> str:
        return f"{self.name}{f' ({self.unit})' if self.unit else ''} x {len(self.values)}"


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """SHAP values of n cases: base_value + values summed over their axes = output, but for the additivity error.

    Arguments:
        model, target, unit: what is explained, such as log-odds of aftershock.
        method, seed, samples: how; `samples` are evaluations of the model for each case.
        values: (n, *lengths of the axes).
        base_value, output: (n,) mean over the background, and the model's answer, in `unit`.
        output_range: what errors are measured by: the largest less the smallest output over background and cases.
        axes: of one case.
        seconds: for all cases together.
        inputs: what was explained, shaped as `values`; None where it has no place on the axes.
        records: the windows, for a model of waveforms.
        sampling_error: (n,) the largest standard error of a value in parts of the range; NaN where it is not estimated.
        details: what the picture needs besides, plain values and arrays.

    >>> axes = (Axis("feature", "", np.array(["a", "b"])),)
    >>> values, zero, two = np.array([[1.5, 0.4]]), np.zeros(1), np.full(1, 2.0)
    >>> explanation = Explanation("m", "y", "1", "tree", 0, 1, values, zero, two, 2.0, axes, 0.1)
    >>> explanation.additivity_error.round(3).tolist()
    [0.05]
    """

    model: str
    target: str
    unit: str
    method: str
    seed: int
    samples: int
    values: np.ndarray
    base_value: np.ndarray
    output: np.ndarray
    output_range: float
    axes: tuple[Axis, ...]
    seconds: float
    inputs: np.ndarray | None = None
    records: tuple[Record, ...] = ()
    sampling_error: np.ndarray | None = None
    details: dict = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        axes = ", ".join(map(repr, self.axes))
        return f"Explanation({self.model}, {self.target}, {self.method}, {len(self)} case(s), {axes})"

    @property
    def additivity_error(self) -> np.ndarray:
        """(n,) |base_value + sum of values - output| in parts of the output's range."""
        total = self.values.reshape(len(self), -1).sum(axis=1, dtype=np.float64)
        # A model that answers one thing only varies by rounding, which is no range.
        least = 1e-5 * max(1.0, float(np.abs(self.output).max(initial=0.0)))
        return np.abs(self.base_value + total - self.output) / max(self.output_range, least)

    @property
    def converged(self) -> bool:
        """Whether every case adds up, and every value is known, to within the tolerance."""
        known = np.zeros(1) if self.sampling_error is None else self.sampling_error
        return bool(max(self.additivity_error.max(), np.nan_to_num(known).max()) <= TOLERANCE)

    def axis(self, name: str) -> np.ndarray:
        """The values of the axis of this name, or whose name begins with it."""
        return next(axis.values for axis in self.axes if axis.name.startswith(name))

    @property
    def error_text(self) -> str:
        """The errors in words, for every picture and print."""
        text = f"additivity error {self.additivity_error.max():.1%} of the output's range {self.output_range:.3g}"
        if self.sampling_error is not None and np.isfinite(self.sampling_error).any():
            text += f", standard error of a value at most {np.nanmax(self.sampling_error):.1%}"
        return text if self.converged else f"{text} (MORE THAN {TOLERANCE:.0%}: raise the time limit)"

    def to_text(self, largest: int = 8) -> str:
        """What was explained, how well it adds up, and the largest values of each case."""
        lines = [
            f"{self.model}: SHAP of the {self.target} ({self.unit}), method {self.method}, {self.samples} samples, "
            f"seed {self.seed}, {self.seconds:.2f} s for {len(self)} case(s)",
            self.error_text,
        ]
        for case in range(len(self)):
            name = self.records[case].name + ": " if self.records else ""
            lines.append(f"{name}base value {self.base_value[case]:.3f}, output {self.output[case]:.3f}")
            lines += [f"  {value:+.4f}  {place}" for place, value in self.largest(case, largest)]
        return "\n".join(lines)

    def largest(self, case: int = 0, count: int = 8) -> list[tuple[str, float]]:
        """The places of the largest absolute values of a case, in words."""
        values = self.values[case]
        order = np.argsort(np.abs(values), axis=None)[::-1][:count]
        places = zip(*np.unravel_index(order, values.shape), strict=True)
        return [
            (", ".join(_place(axis, i) for axis, i in zip(self.axes, place, strict=True)), float(values[place]))
            for place in places
            if values[place] != 0
        ]

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return {
            "model": self.model,
            "target": self.target,
            "unit": self.unit,
            "method": self.method,
            "seed": self.seed,
            "samples": self.samples,
            "seconds": round(self.seconds, 3),
            "additivity_error": self.additivity_error.tolist(),
            "sampling_error": None if self.sampling_error is None else np.nan_to_num(self.sampling_error).tolist(),
            "output_range": float(self.output_range),
            "converged": self.converged,
            "axes": [{"name": a.name, "unit": a.unit, "values": np.asarray(a.values).tolist()} for a in self.axes],
            "cases": [
                {
                    "record": self.records[case].name if self.records else "",
                    "base_value": float(self.base_value[case]),
                    "output": float(self.output[case]),
                    "values": np.round(self.values[case].astype(float), 6).tolist(),
                }
                for case in range(len(self))
            ],
        }

    def to_npz(self, path: str | os.PathLike) -> None:
        """Write values, axes and outputs as arrays."""
        axes = {f"axis {axis.name}": np.asarray(axis.values) for axis in self.axes}
        with replacing(path) as temporary:
            np.savez_compressed(temporary, values=self.values, base_value=self.base_value, output=self.output, **axes)

    def plot(self, path: str | os.PathLike | None = None, case: int = 0, kind: str | None = None):
        """The picture that fits the model; returns the Figure, saved where a path is given.

        Arguments:
            kind: of features only: "waterfall", "beeswarm" or "decision".
        """
        from .pictures import draw

        return draw(self, path, case, kind)


def _place(axis: Axis, index: int) -> str:
    value = axis.values[index]
    if isinstance(value, (str, np.str_)):
        return f"{axis.name} {value}" if axis.name == "component" else str(value)
    return f"{axis.name} {value:.4g}{f' {axis.unit}' if axis.unit else ''}"
