"""Real noise, from before an event's P, under simulated records."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..record import Record
from ..waveforms.resampling import resample
from .noise import velocity_psd
from .rayleigh import BAND_HZ as RG_BAND_HZ
from .scene import SNR_BAND_HZ, Window, noise_db

SHORTEST_S = 5.0
# Seconds before a P pick that are left out, since picks err.
GUARD_S = 0.5
_SIMULATED_NOISE = ("noise_level", "noise_slope", "noise_excess_db")


@dataclass(frozen=True, eq=False)
class MeasuredNoise:
    """Windows of noise in counts, at one rate.

    Arguments:
        windows: one float32 array of shape (3, samples) each, components E, N, Z; lengths may differ.
        sampling_rate_hz: of all of them.
        gain_counts_s_m: of the instruments that measured it. The record's own gain takes its place, so that gain and
            noise stay independent of each other.
        rejected: (name, reason) of what gave no window.
    """

    windows: tuple[np.ndarray, ...]
    sampling_rate_hz: float
    gain_counts_s_m: float = 4.4e8
    rejected: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self):
        if not len(self.windows):
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.rejected[:3])
            raise InputError("at least one window of noise", f"none ({reasons})" if reasons else "none", "give more")
        windows = tuple(np.asarray(window, np.float32) for window in self.windows)
        for number, window in enumerate(windows):
            if window.ndim != 2 or window.shape[0] != 3 or window.shape[1] < SHORTEST_S * self.sampling_rate_hz:
                raise InputError(
                    f"windows of shape (3, samples), {SHORTEST_S:g} s or longer",
                    f"{window.shape} at {self.sampling_rate_hz:g} Hz in window {number}",
                    "give three components of a longer stretch",
                )
            if not np.isfinite(window).all() or not np.ptp(window, axis=1).all():
                raise InputError(
                    "finite noise on every component", f"gaps or a dead channel in window {number}", "leave it out"
                )
        if not self.gain_counts_s_m > 0:
            raise InputError("a gain above 0 counts s/m", f"{self.gain_counts_s_m:g}", "give the instruments' gain")
        object.__setattr__(self, "windows", tuple(w - w.mean(axis=1, keepdims=True) for w in windows))

    def __len__(self) -> int:
        return len(self.windows)

    @classmethod
    def from_records(
        cls, records: Iterable[Record], sampling_rate_hz: float, gain_counts_s_m: float = 4.4e8, rejected=()
    ) -> MeasuredNoise:
        """What comes before P in records with P picks, at a common rate; the others are named in `rejected`."""
        windows, rejected = [], list(rejected)
        for record in records:
            try:
                windows.append(_before_p(record, sampling_rate_hz))
            except InputError as error:
                rejected.append((record.name, str(error)))
        return cls(tuple(windows), sampling_rate_hz, gain_counts_s_m, tuple(rejected))

    @classmethod
    def from_folder(
        cls, folder: str | os.PathLike, sampling_rate_hz: float, picks=None, gain_counts_s_m: float = 4.4e8
    ) -> MeasuredNoise:
        """What comes before P in a folder of PhaseNet's .npz files, or of waveform files in any format of obspy.

        Arguments:
            picks: of the waveform files: whatever `picks.as_picks` takes, such as the path of a table. The .npz files
                hold theirs.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise InputError("a folder of waveform files", f"{folder}", "check the path")
        rejected = []
        if any(folder.glob("*.npz")):
            from ..readers.phasenet_npz import phasenet_records

            records = list(phasenet_records(folder, rejected))
        else:
            from ..readers.miniseed import read_stream
            from ..waveforms.stream import records_from_stream

            stream = []
            for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".csv"):
                try:
                    stream += list(read_stream(path))
                except InputError as error:
                    rejected.append((path.name, str(error)))
            reading = records_from_stream(stream, picks)
            records, rejected = reading.records, [*rejected, *reading.rejected]
        return cls.from_records(records, sampling_rate_hz, gain_counts_s_m, rejected)

    def draw(self, gain_counts_s_m: np.ndarray, window: Window, seed: int, rows: np.ndarray):
        """Noise in counts for records, float32 (n, 3, samples), and the number of the window each came from.

        Each record has its own random stream, which chooses window, place in it and sign; nothing else has a say. A
        window shorter than the record is continued by its mirror image, which has the same spectrum.

        Arguments:
            gain_counts_s_m: of the records, shape (n,). rows: the records' numbers, shape (n,).
        """
        noise = np.empty((len(rows), 3, window.samples), np.float32)
        chosen = np.empty(len(rows), np.int64)
        bank = self.at_rate(window.sampling_rate_hz)
        for i, row in enumerate(rows):
            rng = np.random.default_rng([seed, 5, int(row)])
            chosen[i] = rng.integers(len(bank))
            measured = bank.windows[chosen[i]]
            # There and back again, from anywhere in it.
            period = 2 * measured.shape[1] - 2
            at = (rng.integers(max(period - window.samples, 1)) + np.arange(window.samples)) % period
            at = np.where(at < measured.shape[1], at, period - at)
            noise[i] = rng.choice([-1.0, 1.0]) * measured[:, at] * (gain_counts_s_m[i] / self.gain_counts_s_m)
        return noise, chosen

    def add(self, data: np.ndarray, truth: Mapping, window: Window, seed: int, rows: np.ndarray) -> dict:
        """Add noise to counts without any, in place, and return the truth about the sum.

        noise_window says which window it was; the columns of the simulated noise become NaN, and snr_db and rg_snr_db
        are those above the noise that was added.
        """
        counts, chosen = self.draw(truth["gain_counts_s_m"], window, seed, rows)
        data += counts
        truth = {**truth, "noise_window": chosen}
        velocity = counts / truth["gain_counts_s_m"][:, None, None].astype(np.float32)
        for name, band_hz in (("snr_db", SNR_BAND_HZ), ("rg_snr_db", RG_BAND_HZ)):
            simulated = velocity_psd(frequencies := np.arange(*band_hz, 0.25), noise_db(truth, frequencies)).mean(1)
            truth[name] = truth[name] + 10 * np.log10(simulated / _density(velocity, window.sampling_rate_hz, band_hz))
        return {**truth, **{name: np.full(len(rows), np.nan) for name in _SIMULATED_NOISE}}

    def at_rate(self, sampling_rate_hz: float) -> MeasuredNoise:
        """The windows at another rate, filtered against aliasing."""
        if sampling_rate_hz == self.sampling_rate_hz:
            return self
        windows = tuple(resample(window, self.sampling_rate_hz, sampling_rate_hz) for window in self.windows)
        return MeasuredNoise(windows, sampling_rate_hz, self.gain_counts_s_m, self.rejected)


def _density(velocity: np.ndarray, rate: float, band_hz) -> np.ndarray:
    """Mean one-sided power spectral density over a band and the components, (m/s)^2/Hz, shape (n,)."""
    from scipy.signal import welch

    frequency, density = welch(velocity, rate, nperseg=min(512, velocity.shape[2]), axis=2)
    return density[:, :, (frequency >= band_hz[0]) & (frequency <= band_hz[1])].mean((1, 2))


def _before_p(record: Record, sampling_rate_hz: float) -> np.ndarray:
    if record.p_s is None:
        raise InputError("a P pick, before which there is noise", "none", "give picks")
    if record.sampling_rate_hz < sampling_rate_hz:
        raise InputError(
            f"at least {sampling_rate_hz:g} Hz", f"{record.sampling_rate_hz:g} Hz", "use another record or a lower rate"
        )
    if record.p_s - GUARD_S < SHORTEST_S:
        raise InputError(f"{SHORTEST_S:g} s before P", f"{record.p_s - GUARD_S:g} s", "use a longer record")
    return record.window(0.0, record.p_s - GUARD_S).resampled(sampling_rate_hz).data
