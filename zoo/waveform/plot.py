"""The picture of a classified record: three traces, the spectrogram with its axes, and the answer."""

from __future__ import annotations

import os
import textwrap

import numpy as np

from ...datasets.errors import InputError
from ...datasets.pictures import save_figure
from ...datasets.record import COMPONENTS, Record

_ARRIVALS = {"P": ("p_s", "tab:red", "-"), "S": ("s_s", "tab:blue", "--")}
_DYNAMIC_RANGE = (5.0, 100.0)  # percentiles of the values that the colours span


def plot_record(
    record: Record,
    spectrogram: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    answer_text: str = "",
    path: str | os.PathLike | None = None,
    *,
    nperseg: int = 64,
    noverlap: int = 32,
    components: str = "Z",
    unit: str = "counts",
    value_label: str | None = None,
):
    """Draw a record and its spectrogram on one time axis, frequency upwards; returns the Figure.

    Arguments:
        record: what the model saw.
        spectrogram: (values, frequencies_hz, times_s): values of shape (frequencies, times), or (components,
            frequencies, times) in the order of `components`; times in seconds after the record's start. Where None, the
            power density by scipy.signal.spectrogram, in dB.
        answer_text: class, probability, threshold and model, for the title.
        path: where to write it, .png, .pdf or .svg; not written where None.
        nperseg, noverlap: segments of the computed spectrogram, in samples.
        components: whose spectrograms to draw.
        unit: of the samples.
        value_label: of the colour bar, for a given spectrogram.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if not components or any(letter not in COMPONENTS for letter in components):
        raise InputError(f"components among {COMPONENTS}", f"{components!r}", "name at least one")
    if spectrogram is None:
        values, frequencies_hz, times_s = power_db(record, components, nperseg, noverlap)
        # A segment that reaches over P carries its power to before P; the reader has to know how far.
        length_s = nperseg / record.sampling_rate_hz
        value_label = f"power density\n(dB re 1 {unit}²/Hz)\nsegments of {length_s:g} s"
    else:
        values, frequencies_hz, times_s = _checked(spectrogram, components)
    zero_s, what = (0.0, "start") if record.p_s is None else (record.p_s, "P")
    rows = 3 + len(components)
    figure = Figure(figsize=(9.0, 3.9 + 1.9 * len(components)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(rows, 2, width_ratios=(60, 1), height_ratios=[1] * 3 + [1.8] * len(components))
    axes = []
    for i in range(rows):
        axes.append(figure.add_subplot(grid[i, 0], sharex=axes[0] if axes else None))
    _traces(axes[:3], record, zero_s, unit)
    span = np.percentile(values, _DYNAMIC_RANGE)
    for i, letter in enumerate(components):
        bar_axes = figure.add_subplot(grid[3 + i, 1])
        _spectrogram(axes[3 + i], bar_axes, values[i], frequencies_hz, times_s - zero_s, span, value_label or "value")
        axes[3 + i].set_ylabel(f"{letter}: frequency (Hz)")
    for each in axes:
        arrival_lines(each, record, zero_s)
        each.label_outer()
    if record.p_s is not None or record.s_s is not None:
        axes[0].legend(loc="upper right", ncols=2, fontsize=8, framealpha=0.9)
    axes[0].set_xlim(-zero_s, record.duration_s - zero_s)
    axes[-1].set_xlabel(f"time from {what} (s)")
    moment = record.start + np.timedelta64(round(zero_s * 1e6), "us")
    headline = f"{record.name}   {what} {str(moment)[:22].replace('T', ' ')} UTC   {record.sampling_rate_hz:g} Hz"
    answer_lines = textwrap.wrap(answer_text, 95)
    figure.suptitle("\n".join([headline, *answer_lines]), fontsize=11)
    if record.history:
        done = textwrap.wrap("done to the record: " + "; ".join(record.history), 140)
        figure.supxlabel("\n".join(done[:3]) + (" ..." if len(done) > 3 else ""), fontsize=7, color="0.35")
    if path is not None:
        save_figure(figure, path)
    return figure


def power_db(record: Record, components: str, nperseg: int, noverlap: int) -> tuple[np.ndarray, ...]:
    """(values in dB, frequencies_hz, times_s) by scipy's defaults; values of shape (components, frequencies, times).

    >>> record = Record(np.random.default_rng(0).normal(size=(3, 2500)), 100.0, "2020-01-01")
    >>> [array.shape for array in power_db(record, "Z", 64, 32)]
    [(1, 33, 77), (33,), (77,)]
    """
    from scipy.signal import spectrogram

    if record.samples < nperseg:
        raise InputError(f"a record of at least {nperseg} samples", f"{record.samples}", "use a longer record")
    rows = record.data[[COMPONENTS.index(letter) for letter in components]].astype(np.float64)
    frequencies_hz, times_s, power = spectrogram(rows, record.sampling_rate_hz, nperseg=nperseg, noverlap=noverlap)
    # What rounding leaves of a detrended constant is no signal: nothing is shown below 15 decades under the maximum.
    floor = max(power.max() * 1e-15, np.finfo(float).tiny)
    return 10.0 * np.log10(np.maximum(power, floor)), frequencies_hz, times_s


def _checked(spectrogram, components: str) -> tuple[np.ndarray, ...]:
    """A given spectrogram as (components, frequencies ascending, times)."""
    values, frequencies_hz, times_s = (np.asarray(part, float) for part in spectrogram)
    values = values[None] if values.ndim == 2 else values
    if values.shape != (len(components), len(frequencies_hz), len(times_s)) or min(values.shape) < 1:
        raise InputError(
            f"values of shape ({len(components)}, {len(frequencies_hz)}, {len(times_s)})",
            f"{values.shape}",
            "order them as components, frequencies, times",
        )
    if min(len(frequencies_hz), len(times_s)) < 2:
        raise InputError("at least two frequencies and two times", f"shape {values.shape}", "use shorter segments")
    order = np.argsort(frequencies_hz)
    return values[:, order], frequencies_hz[order], times_s


def _traces(axes, record: Record, zero_s: float, unit: str) -> None:
    """The three components, each with its own scale, against seconds from the zero."""
    time_s = np.arange(record.samples) / record.sampling_rate_hz - zero_s
    for each, letter, row in zip(axes, COMPONENTS, record.data, strict=True):
        each.plot(time_s, row, color="0.15", linewidth=0.6)
        each.set_ylabel(f"{letter} ({unit})")
        each.ticklabel_format(axis="y", style="sci", scilimits=(-3, 5))
        each.yaxis.set_major_locator(_few_ticks())
        each.margins(y=0.08)


def _few_ticks():
    """At most four labelled values on a short axis."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(3)


def arrival_lines(axes, record: Record, zero_s: float) -> None:
    """Lines at P and S, with a white rim that keeps them visible on the colours."""
    from matplotlib.patheffects import Normal, Stroke

    rim = [Stroke(linewidth=3.0, foreground="white", alpha=0.8), Normal()]
    for phase, (name, colour, style) in _ARRIVALS.items():
        at = getattr(record, name)
        if at is not None and 0 <= at <= record.duration_s:
            axes.axvline(
                at - zero_s, color=colour, linestyle=style, linewidth=1.2, label=phase, path_effects=rim, zorder=1.5
            )


def _spectrogram(axes, bar_axes, values, frequencies_hz, times_s, span, label: str) -> None:
    """One component's spectrogram, low frequencies at the bottom; grey where no whole segment fits."""
    mesh = axes.pcolormesh(
        bin_edges(times_s),
        np.maximum(bin_edges(frequencies_hz), 0.0),
        values,
        vmin=span[0],
        vmax=span[1] if span[1] > span[0] else span[0] + 1.0,
        cmap="viridis",
        rasterized=True,
    )
    axes.set_facecolor("0.85")
    axes.set_ylim(0.0, frequencies_hz[-1])
    bar = axes.figure.colorbar(mesh, cax=bar_axes, extend="min")
    bar.set_label(label, fontsize=8)
    bar.ax.tick_params(labelsize=8)


def bin_edges(centres: np.ndarray) -> np.ndarray:
    """The borders between values at evenly or unevenly spaced centres.

    >>> bin_edges(np.array([0.0, 1.0, 2.0])).tolist()
    [-0.5, 0.5, 1.5, 2.5]
    """
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate(([2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]))
