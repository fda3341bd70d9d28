"""The picture of an explained record: waveforms over spectrograms over SHAP maps, one column a component."""

from __future__ import annotations

import textwrap

import numpy as np

from ...datasets.record import COMPONENTS, Record
from ..waveform.plot import arrival_lines, bin_edges, power_db
from .explanation import Explanation
from .segments import SEGMENT_S

COLOURS = "RdBu_r"
"""Red raises, blue lowers, white is nothing."""


def plot_record_explanation(explanation: Explanation, case: int = 0):
    """A column a component on one time axis from the arrival; frequency upwards; colours symmetric about zero."""
    from matplotlib.figure import Figure

    record, values = explanation.records[case], explanation.values[case]
    letters = [str(letter) for letter in explanation.axis("component")]
    on_image = values.ndim == 3
    figure = Figure(figsize=(2.5 + 3.5 * max(len(letters), 2), 8.2 if on_image else 6.2), layout="constrained")
    heights = (1.0, 1.6, 1.6) if on_image else (1.4, 1.4)
    axes = figure.subplots(len(heights), len(letters), sharex=True, sharey="row", height_ratios=heights, squeeze=False)
    phase = explanation.details.get("phase", "P")
    zero_s = (record.p_s if phase == "P" else record.s_s) or 0.0
    _traces(axes[0], record, letters, zero_s)
    if on_image:
        bars = _images(axes, explanation, record, letters, values, zero_s)
    else:
        length_s = SEGMENT_S if explanation.method == "permutation" else 0.1
        bars = _samples(axes, explanation, record, values, zero_s, length_s)
    for mesh, row, label in bars:
        extend = "both" if "SHAP" in label else "min"
        figure.colorbar(mesh, ax=axes[row], label=label, extend=extend, pad=0.01, aspect=14)
    for each in axes.flat:
        arrival_lines(each, record, zero_s)
    for each in axes[-1]:
        each.set_xlabel(f"time from {phase} (s)")
    axes[0, 0].set_xlim(-zero_s, record.duration_s - zero_s)
    axes[0, -1].legend(loc="upper right", fontsize=8, ncols=2, framealpha=0.9)
    moment = str(record.start + np.timedelta64(round(zero_s * 1e6), "us"))[:22].replace("T", " ")
    known = explanation.details.get("probability")
    probability = "" if known is None else f" (probability {known[case]:.3f})"
    figure.suptitle(
        f"{explanation.model} on {record.name}, {phase} {moment} UTC\n{explanation.target} "
        f"{explanation.output[case]:+.2f}{probability}, background mean {explanation.base_value[case]:+.2f}",
        fontsize=11,
    )
    figure.supxlabel(footer(explanation), fontsize=8, color="0.3")
    return figure


def symmetric_limit(values: np.ndarray, share: float = 99.8) -> float:
    """The value that the colours span on both sides of zero: single bins beyond it are cut and the bar says so.

    >>> symmetric_limit(np.array([-2.0, 1.0]), 100)
    2.0
    """
    limit = float(np.percentile(np.abs(values), share))
    return limit if limit > 0 else float(np.abs(values).max(initial=0.0)) or 1.0


def footer(explanation: Explanation) -> str:
    """Method, samples and errors in one line or two."""
    text = (
        f"method {explanation.method}, {explanation.samples} samples, seed {explanation.seed}, "
        f"{explanation.seconds / len(explanation):.2g} s a case; {explanation.error_text}"
    )
    return "\n".join(textwrap.wrap(text, 150))


def shap_label(explanation: Explanation, of: str) -> str:
    """What a colour bar of SHAP values says, with what its signs mean."""
    classes, target = explanation.details.get("classes", []), explanation.details.get("target", "")
    others = [name for name in classes if name != target]
    against = others[0] if len(others) == 1 else f"not {target}"
    return f"SHAP value ({explanation.unit} {of})\n+ {target}, − {against}"


def _traces(axes, record: Record, letters: list[str], zero_s: float) -> None:
    time_s = np.arange(record.samples) / record.sampling_rate_hz - zero_s
    for each, letter in zip(axes, letters, strict=True):
        row = record.data[COMPONENTS.index(letter)]
        each.plot(time_s, row - row.mean(), color="0.15", linewidth=0.5)
        each.set_title(f"component {letter}", fontsize=10)
        each.ticklabel_format(axis="y", style="sci", scilimits=(-3, 5))
    axes[0].set_ylabel("amplitude (counts,\nmean removed)")


def _images(axes, explanation, record, letters, values, zero_s) -> list:
    limit = symmetric_limit(values)
    frequencies_hz = np.asarray(explanation.axis("frequency"))
    times_s = np.asarray(explanation.axis("time"))
    front = {k: explanation.details[k] for k in ("nperseg", "noverlap") if k in explanation.details}
    power, power_hz, power_s = power_db(record, "".join(letters), front.get("nperseg", 64), front.get("noverlap", 32))
    span = np.percentile(power, (5.0, 100.0))
    for i in range(len(letters)):
        upper = axes[1, i].pcolormesh(
            bin_edges(power_s - zero_s),
            np.maximum(bin_edges(power_hz), 0.0),
            power[i],
            vmin=span[0],
            vmax=max(span[1], span[0] + 1.0),
            cmap="viridis",
            rasterized=True,
        )
        lower = axes[2, i].pcolormesh(
            bin_edges(times_s),
            np.maximum(bin_edges(frequencies_hz), 0.0),
            values[:, :, i],
            vmin=-limit,
            vmax=limit,
            cmap=COLOURS,
            rasterized=True,
        )
        for each in axes[1:, i]:
            each.set_facecolor("0.85")
            each.set_ylim(0.0, frequencies_hz[-1])
    axes[1, 0].set_ylabel("frequency (Hz)")
    axes[2, 0].set_ylabel("frequency (Hz)")
    length_s = front.get("nperseg", 64) / record.sampling_rate_hz
    return [
        (upper, 1, f"power (dB re 1 count²/Hz),\nsegments of {length_s:g} s"),
        (lower, 2, shap_label(explanation, "a bin")),
    ]


def _samples(axes, explanation, record: Record, values: np.ndarray, zero_s: float, length_s: float) -> list:
    """Of a waveform: the values summed over `length_s`, as bars."""
    rate = record.sampling_rate_hz
    length = max(1, round(length_s * rate))
    bins = len(values) // length
    summed = values[: bins * length].reshape(bins, length, -1).sum(axis=1)
    time_s = (np.arange(bins) + 0.5) * length / rate - zero_s
    for i in range(values.shape[1]):
        colour = np.where(summed[:, i] >= 0, "tab:red", "tab:blue")
        axes[1, i].bar(time_s, summed[:, i], width=length / rate, color=colour)
        axes[1, i].axhline(0.0, color="0.3", linewidth=0.6)
    limit = 1.05 * np.abs(summed).max() or 1.0
    axes[1, 0].set_ylim(-limit, limit)
    axes[1, 0].set_ylabel(shap_label(explanation, f"in {length / rate:g} s"))
    return []
