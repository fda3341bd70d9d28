"""P and S arrivals found in a record that came without picks.

P is obspy's autoregressive picker (Akazawa 2004) on the three components, moved to the minimum of Akaike's criterion
on Z (Maeda 1985). On 30 s windows around 214 P arrivals of Northern California it finds 94 %; of these 94 % are within
.1 s and 99 % within .5 s (tests/test_picking.py reads the same records). Recursive, classic and delayed STA/LTA,
Z-detect, the Baer picker and AIC alone were tried on the same records and did worse.
"""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..record import Record

P_BAND_HZ = (1.0, 20.0)
S_BAND_HZ = (1.0, 15.0)
# Power after the onset over power before it. On the same records 8 dB keeps 94 % of the P arrivals, of which 99 % are
# right within .5 s, and lets an onset through in 7 % of the windows of 28 s before P.
ONSET_DB = 8.0
SHORTEST_S = 5.0
LOWEST_RATE_HZ = 10.0


def pick_p(record: Record) -> float | None:
    """Seconds from the record's start to its P onset; None where none stands out of the noise.

    >>> import obspy
    >>> from .stream import records_from_stream
    >>> round(pick_p(records_from_stream(obspy.read()).records[0]), 1)
    4.7
    """
    rate = _checked_rate(record)
    data = record.data.astype(np.float64)
    if not np.ptp(data, axis=1).all():
        return None
    from obspy.signal.trigger import ar_pick

    # A record that was padded in front starts where its samples start to change.
    first = int(max(np.argmax(row != row[0]) for row in data))
    if record.samples - first < SHORTEST_S * rate:
        return None
    data = data[:, first:]
    data = data - data.mean(axis=1, keepdims=True)
    # The picker works in float32 and misses its arrivals in large numbers, of 1e6 counts for example.
    data *= 1000.0 / data.std()
    # Runs of one value make its prediction error zero, which it complains of on standard output.
    noise = np.random.default_rng(0).standard_normal(data.shape)
    east, north, vertical = data + 1e-6 * data.std(axis=1, keepdims=True) * noise
    highest = min(P_BAND_HZ[1], 0.45 * rate)
    # STA and LTA lengths, orders and variance windows as in obspy's tutorial, after Akazawa.
    lengths = (1.0, 0.1, 4.0, 1.0, 2, 8, 0.1, 0.2)
    rough, _ = ar_pick(vertical, north, east, rate, P_BAND_HZ[0], highest, *lengths, s_pick=False)
    filtered = _band(data[2], P_BAND_HZ[0], highest, rate)
    onset_s = _least_aic(filtered[None], rough - 1.5, rough + 0.7, rate)
    if onset_s is None or onset_db(_band(data[2], 2.0, highest, rate), onset_s, rate) < ONSET_DB:
        return None
    return first / rate + onset_s


def pick_s(record: Record, p_s: float, within_s: float = 20.0) -> float | None:
    """Seconds from the record's start to S, given P; None where the record ends too soon or nothing follows.

    S is where the horizontals' power over the next half second is large, and large against the second before, refined
    by Akaike's criterion. A rough pick: on 103 records of Northern California 83 % within .1 s, 96 % within .5 s.
    """
    rate = _checked_rate(record)
    horizontals = np.stack(
        [_band(row.astype(np.float64), S_BAND_HZ[0], min(S_BAND_HZ[1], 0.45 * rate), rate) for row in record.data[:2]]
    )
    total = np.concatenate(([0.0], np.cumsum((horizontals**2).sum(axis=0))))
    ahead, behind, first = round(0.5 * rate), round(rate), round(p_s * rate)
    at = np.arange(first + round(0.4 * rate), min(record.samples - ahead, first + round((0.4 + within_s) * rate)))
    if len(at) < ahead:
        return None
    start = np.maximum(at - behind, first)
    power_after = (total[at + ahead] - total[at]) / ahead
    power_before = (total[at] - total[start]) / (at - start)
    tiny = 1e-30 + 1e-12 * power_after.max()
    rough = at[np.argmax(1.5 * np.log(power_after + tiny) - np.log(power_before + tiny))] / rate
    s_s = _least_aic(horizontals, max(rough - 1.0, p_s + 0.1), rough + 0.5, rate)
    return s_s if s_s is not None and s_s > p_s else None


def onset_db(filtered: np.ndarray, onset_s: float, rate_hz: float) -> float:
    """Power of the second after an onset over that of up to five seconds before it, in dB.

    >>> round(onset_db(np.repeat([1.0, 10.0], 500), 5.0, 100.0))
    20
    """
    at = round(onset_s * rate_hz)
    guard = round(0.1 * rate_hz)
    after = filtered[at : at + round(rate_hz)]
    before = filtered[max(at - round(5 * rate_hz), 0) : max(at - guard, 1)]
    if len(after) < 0.5 * rate_hz or len(before) < 0.5 * rate_hz or not before.any():
        return -np.inf
    return float(10 * np.log10(np.mean(after**2) / np.mean(before**2) + 1e-30))


def _checked_rate(record: Record) -> float:
    """The sampling rate of a record that is long and fast enough to pick."""
    if record.sampling_rate_hz < LOWEST_RATE_HZ:
        raise InputError(
            f"a rate of at least {LOWEST_RATE_HZ:g} Hz to find an arrival",
            f"{record.sampling_rate_hz:g} Hz at {record.name}",
            "give picks or another channel",
        )
    if record.duration_s < SHORTEST_S:
        raise InputError(
            f"a record of at least {SHORTEST_S:g} s to find an arrival",
            f"{record.duration_s:g} s at {record.name}",
            "give picks or a longer record",
        )
    return record.sampling_rate_hz


def _band(row: np.ndarray, low_hz: float, high_hz: float, rate_hz: float) -> np.ndarray:
    """One-pass Butterworth band-pass, which moves no energy before the onset; starts without a step."""
    from scipy.signal import butter, sosfilt

    sections = butter(2, (low_hz, high_hz), "bandpass", fs=rate_hz, output="sos")
    return sosfilt(sections, row - row[: max(round(0.5 * rate_hz), 1)].mean())


def _least_aic(rows: np.ndarray, from_s: float, to_s: float, rate_hz: float) -> float | None:
    """The time of the least sum of Akaike's criteria over the rows, between two times; None in under 20 samples."""
    from obspy.signal.trigger import aic_simple

    first, last = max(round(from_s * rate_hz), 0), min(round(to_s * rate_hz), rows.shape[1])
    if last - first < 20:
        return None
    # The criterion is not defined at the first and the last two samples.
    criterion = sum(aic_simple(row[first:last]) for row in rows)[1:-2]
    if not np.isfinite(criterion).any():
        return None
    return (first + 1 + int(np.nanargmin(np.where(np.isfinite(criterion), criterion, np.inf)))) / rate_hz
