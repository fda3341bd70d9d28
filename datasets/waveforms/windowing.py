"""Windows around an arrival at the rate of a model, and batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import InputError
from ..record import Record
from .resampling import same_rate

_MARGIN_S = 5.0  # of samples kept around a window while its rate is changed, so that the filter sees real data


def at_rate(record: Record, sampling_rate_hz: float) -> Record:
    """The record at a model's sampling rate; refused below half of it, where most of the model's band is missing.

    >>> slow = Record(np.random.default_rng(0).normal(size=(3, 1600)), 80.0, "2020-01-01")
    >>> at_rate(slow, 100.0).history
    ('resampled from 80 to 100 Hz', 'nothing above 40 Hz, the Nyquist frequency of the recording')
    """
    rate = record.sampling_rate_hz
    if same_rate(rate, sampling_rate_hz):
        return record if rate == sampling_rate_hz else replace(record, sampling_rate_hz=sampling_rate_hz)
    if rate < sampling_rate_hz / 2:
        raise InputError(
            f"a sampling rate of at least {sampling_rate_hz / 2:g} Hz, half the model's",
            f"{rate:g} Hz at {record.name}",
            "use a channel with a higher rate or another model",
        )
    resampled = record.resampled(sampling_rate_hz)
    if rate < sampling_rate_hz:
        return resampled.done(f"nothing above {rate / 2:g} Hz, the Nyquist frequency of the recording")
    return resampled


def aligned_window(record: Record, phase: str, before_s: float, window_s: float, sampling_rate_hz: float) -> Record:
    """The window that a model sees: at its rate, with the arrival `before_s` after the window's start.

    The arrival falls within half a sample of its place; `p_s` and `s_s` of the window stay exact.

    Arguments:
        record: with a pick of the phase.
        phase: "P" or "S".
        before_s: seconds of the window before the arrival.
        window_s: length of the window in seconds.
        sampling_rate_hz: the model's rate.

    >>> record = Record(np.random.default_rng(0).normal(size=(3, 6000)), 200.0, "2020-01-01", p_s=7.0)
    >>> aligned_window(record, "P", 5.0, 20.0, 100.0)
    Record(..., 20 s at 100 Hz from 2020-01-01T00:00:02, P 5.00 s)
    """
    pick_s = record.p_s if phase == "P" else record.s_s
    if pick_s is None:
        raise InputError(f"a record with a pick of {phase}", f"none at {record.name}", f"give {phase} picks")
    slack_s = 0.5 / min(record.sampling_rate_hz, sampling_rate_hz) + 1e-9
    duration_s = record.duration_s
    remedy = "use a longer record or another pick"
    if not 0 <= pick_s < duration_s:
        raise InputError(
            f"a pick of {phase} inside the record of {duration_s:g} s", f"{pick_s:g} s at {record.name}", remedy
        )
    if duration_s < window_s - slack_s:
        raise InputError(
            f"a record of at least {window_s:g} s", f"{duration_s:g} s at {record.name}{_why_short(record)}", remedy
        )
    if pick_s < before_s - slack_s:
        raise InputError(
            f"at least {before_s:g} s before {phase}", f"{pick_s:g} s at {record.name}{_why_short(record)}", remedy
        )
    if duration_s - pick_s < window_s - before_s - slack_s:
        raise InputError(
            f"at least {window_s - before_s:g} s after {phase}",
            f"{duration_s - pick_s:g} s at {record.name}{_why_short(record)}",
            remedy,
        )
    start_s = pick_s - before_s
    if not same_rate(record.sampling_rate_hz, sampling_rate_hz):
        # A day-long record is not resampled for one window.
        first_s = max(start_s - _MARGIN_S, 0.0)
        last_s = min(start_s + window_s + _MARGIN_S, duration_s)
        first = int(first_s * record.sampling_rate_hz)
        count = min(int(np.ceil((last_s - first_s) * record.sampling_rate_hz)) + 1, record.samples - first)
        record = record.window(first / record.sampling_rate_hz, count / record.sampling_rate_hz)
        start_s = (record.p_s if phase == "P" else record.s_s) - before_s
    record = at_rate(record, sampling_rate_hz)
    samples = round(window_s * sampling_rate_hz)
    first = min(max(round(start_s * sampling_rate_hz), 0), max(record.samples - samples, 0))
    return record.window(first / sampling_rate_hz, samples / sampling_rate_hz)


def batch_of(records: Sequence[Record]) -> np.ndarray:
    """float32 of shape (records, samples, 3): the input of the waveform models, components E, N, Z last.

    >>> batch_of([Record(np.zeros((3, 2500)), 100.0, "2020-01-01")] * 2).shape
    (2, 2500, 3)
    """
    if not records:
        raise InputError("at least one record", "none", "see why the records were rejected")
    lengths = sorted({(record.samples, record.sampling_rate_hz) for record in records})
    if len(lengths) > 1:
        told = ", ".join(f"{samples} samples at {rate:g} Hz" for samples, rate in lengths)
        raise InputError("records of one length and rate", told, "cut them with aligned_window")
    return np.ascontiguousarray(np.stack([record.data.T for record in records]))


def _why_short(record: Record) -> str:
    """What the record's history says about its ends."""
    causes = [line for line in record.history if line.startswith(("part ", "cut to"))]
    return f" ({'; '.join(causes)})" if causes else ""
