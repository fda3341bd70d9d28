"""Record: what it accepts, what it remembers, and what comes back from files and obspy."""

import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.record import Record
from foreshock.datasets.waveforms.stream import records_from_stream
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

START = "2016-10-30T06:40:17.123456"


def noise(samples=1000, rate=100.0, seed=0, **fields):
    data = np.random.default_rng(seed).normal(size=(3, samples)).astype(np.float32)
    return Record(data, rate, START, **{"network": "IV", "station": "NRCA", "band": "HH", **fields})


@pytest.mark.parametrize("shape", [(1000, 3), (2, 1000), (3,), (3, 0), (1, 3, 10)])
def test_samples_must_be_three_components(shape):
    with pytest.raises(InputError, match=r"shape \(3, n\).*received shape"):
        Record(np.zeros(shape), 100.0, START)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_must_be_finite_and_the_error_says_where(bad):
    data = np.zeros((3, 50))
    data[1, 17] = bad
    with pytest.raises(InputError, match="sample 17 of component N"):
        Record(data, 100.0, START)


@pytest.mark.parametrize("rate", [0.0, -100.0, np.nan, np.inf])
def test_rate_must_be_positive(rate):
    with pytest.raises(InputError, match="positive sampling rate"):
        Record(np.zeros((3, 10)), rate, START)


def test_s_must_follow_p():
    with pytest.raises(InputError, match="S arrival after P"):
        noise(p_s=5.0, s_s=4.0)


def test_immutable_and_free_of_the_array_it_was_made_from():
    data = np.zeros((3, 10), np.float32)
    record = Record(data, 100.0, START)
    data[0, 0] = 7.0
    assert record.data[0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        record.data[0, 0] = 1.0
    with pytest.raises(AttributeError):
        record.station = "X"


def test_a_changed_header_shares_the_samples():
    record = noise()
    assert record.done("looked at").data is record.data
    assert record.done("halved", record.data / 2).data is not record.data


def test_a_writeable_or_borrowed_array_is_copied():
    data = np.zeros((3, 10), np.float32)
    view = data[:, :5]
    view.flags.writeable = False
    record = Record(view, 100.0, START)
    data[:] = 1.0
    assert not record.data.any()


def test_repr_names_station_length_rate_and_picks():
    assert repr(noise(p_s=5.0)) == "Record(IV.NRCA..HH, 10 s at 100 Hz from 2016-10-30T06:40:17.12, P 5.00 s)"


def test_window_moves_start_and_picks():
    window = noise(p_s=5.0, s_s=7.5).window(2.0, 4.0)
    assert window.samples == 400
    assert window.start == np.datetime64("2016-10-30T06:40:19.123456")
    assert (window.p_s, window.s_s) == (3.0, 5.5)
    np.testing.assert_array_equal(window.data, noise().data[:, 200:600])


@pytest.mark.parametrize(("start", "length"), [(-1, 2), (9, 2), (0, 11), (3, 0)])
def test_window_outside_is_refused(start, length):
    with pytest.raises(InputError, match="inside the record of 10 s"):
        noise().window(start, length)


@pytest.mark.parametrize(("rate", "up", "down"), [(50.0, 1, 2), (200.0, 2, 1), (40.0, 2, 5), (75.0, 3, 4)])
def test_resampled_equals_scipy_and_says_so(rate, up, down):
    record = noise()
    expected = resample_poly(record.data.astype(float), up, down, axis=1, padtype="line")
    resampled = record.resampled(rate)
    np.testing.assert_allclose(resampled.data, expected, atol=1e-6)
    assert resampled.sampling_rate_hz == rate
    assert resampled.history == (f"resampled from 100 to {rate:g} Hz",)


def test_resampling_suppresses_what_would_alias():
    time_s = np.arange(4000) / 100.0
    data = np.tile(np.sin(2 * np.pi * 40.0 * time_s), (3, 1))
    resampled = Record(data, 100.0, START).resampled(50.0)
    # Without a filter 40 Hz would come back as 10 Hz with its full amplitude.
    assert abs(resampled.data[:, 100:-100]).max() < 0.01


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_file_round_trip(tmp_path, suffix):
    record = noise(p_s=5.0, event_id="e1", label="before", location="00", history=("made",))
    path = tmp_path / f"record.{suffix}"
    getattr(record, f"to_{suffix}")(path)
    assert getattr(Record, f"from_{suffix}")(path) == record
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@settings(max_examples=20, deadline=None)
@given(
    st.integers(2, 300),
    st.sampled_from([20.0, 100.0, 125.0]),
    st.integers(0, 2**40),
    st.sampled_from(["HH", "EH", "B"]),
)
def test_obspy_round_trip(samples, rate, microseconds, band):
    data = np.random.default_rng(samples).normal(size=(3, samples)) * 1000
    start = np.datetime64("1999-12-31", "us") + np.timedelta64(microseconds, "us")
    record = Record(data, rate, start, "IV", "NRCA", "01", band)
    reading = records_from_stream(record.to_obspy(), shortest_s=0)
    assert reading.rejected == ()
    assert reading.records == (record,)
