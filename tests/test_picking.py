"""P and S found by the picker: on a planted onset, on obspy's own record, and on the real arrivals."""

import pathlib

import numpy as np
import obspy
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.record import Record
from foreshock.datasets.waveforms.picking import onset_db, pick_p, pick_s
from foreshock.datasets.waveforms.stream import records_from_stream

shared = pathlib.Path(__file__).parents[1].parent / "shared" / "data"


def planted(p_s=9.0, s_s=13.0, seconds=40.0, rate=100.0, amplitude=10.0, seed=0):
    """Noise, a P wave train mostly on Z and a larger S on the horizontals, both band-limited and sudden."""
    rng = np.random.default_rng(seed)
    samples = round(seconds * rate)
    data = rng.normal(size=(3, samples))
    time_s = np.arange(samples) / rate
    for at, frequency_hz, gains in ((p_s, 8.0, (0.3, 0.3, 1.0)), (s_s, 5.0, (3.0, 3.0, 0.8))):
        after = np.maximum(time_s - at, 0.0)
        wave = (time_s >= at) * np.exp(-after / 3.0) * np.cos(2 * np.pi * frequency_hz * after)
        data += amplitude * np.array(gains)[:, None] * wave
    return Record(data, rate, "2020-01-01", "IV", "NRCA", band="HH")


@pytest.mark.parametrize("rate", [50.0, 100.0, 200.0])
@pytest.mark.parametrize("p_s", [6.0, 9.37, 20.0])
def test_planted_onsets_are_found(rate, p_s):
    record = planted(p_s, p_s + 4.0, rate=rate)
    found = pick_p(record)
    assert found == pytest.approx(p_s, abs=0.1)
    assert pick_s(record, found) == pytest.approx(p_s + 4.0, abs=0.15)


def test_obspys_record():
    # On the picture of the record the ground starts to move between 4.6 and 4.8 s.
    (record,) = records_from_stream(obspy.read()).records
    assert pick_p(record) == pytest.approx(4.7, abs=0.1)


def test_noise_has_no_onset():
    rng = np.random.default_rng(0)
    found = [pick_p(Record(rng.normal(size=(3, 3000)), 100.0, "2020-01-01")) for _ in range(20)]
    assert found == [None] * 20


def test_neither_zeros_nor_a_dead_channel_have_an_onset(capfd):
    data = planted().data.copy()
    assert pick_p(Record(np.zeros((3, 3000)), 100.0, "2020-01-01")) is None
    data[0] = 0.0
    assert pick_p(Record(data, 100.0, "2020-01-01")) is None
    data = planted().data.copy()
    data[:, :600] = 0.0
    assert pick_p(Record(data, 100.0, "2020-01-01")) == pytest.approx(9.0, abs=0.1)
    # obspy's C code prints its complaints, which would spoil a JSON answer.
    assert capfd.readouterr().out == ""


def test_gain_does_not_matter():
    record = planted()
    expected = pick_p(record)
    assert expected == pytest.approx(9.0, abs=0.1)
    for gain in (1e-9, 1e-3, 1e3, 1e6, 1e9):
        assert pick_p(record.done("gain", record.data * gain)) == expected


def test_no_s_after_the_record():
    assert pick_s(planted(), 39.5) is None


def test_too_short_or_too_slow():
    with pytest.raises(InputError, match="at least 5 s to find an arrival, received 3 s"):
        pick_p(planted().window(0, 3))
    with pytest.raises(InputError, match="at least 10 Hz to find an arrival, received 1 Hz"):
        pick_p(Record(np.ones((3, 100)), 1.0, "2020-01-01"))


def test_onset_db_by_hand():
    quiet_then_loud = np.concatenate([np.full(500, 2.0), np.full(500, -20.0)])
    assert onset_db(quiet_then_loud, 5.0, 100.0) == pytest.approx(20.0)
    assert onset_db(np.zeros(1000), 5.0, 100.0) == -np.inf
    assert onset_db(quiet_then_loud, 0.1, 100.0) == -np.inf


@pytest.mark.skipif(not shared.is_dir(), reason="needs the real data folder ../shared/data")
def test_real_arrivals():
    rng = np.random.default_rng(0)
    p_errors, s_errors = [], []
    for path in sorted((shared / "waveforms" / "ncedc").glob("*.npz"))[::2]:
        stored = np.load(path)
        data, p_at = stored["data"].T, int(stored["itp"])
        if not np.ptp(data, axis=1).all():
            continue
        first = p_at - int(rng.uniform(5, 12) * 100)
        record = Record(data[:, first : first + 3000], 100.0, "2020-01-01")
        found = pick_p(record)
        p_errors.append(np.inf if found is None else abs(found - (p_at - first) / 100))
        if "its" in stored and p_errors[-1] < 0.5 and stored["its"] < first + 2950:
            s_errors.append(abs(pick_s(record, found) - (int(stored["its"]) - first) / 100))
    p_errors, s_errors = np.array(p_errors), np.array(s_errors)
    assert len(p_errors) > 90
    assert np.median(p_errors) <= 0.02
    assert np.mean(p_errors < 0.1) > 0.8
    assert np.mean(p_errors < 0.5) > 0.88
    assert np.mean(p_errors[np.isfinite(p_errors)] < 0.5) > 0.95
    assert np.mean(s_errors < 0.5) > 0.85
