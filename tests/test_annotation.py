"""Sliding a classifier along continuous records: the same answers as window by window, gaps respected."""

import csv

import foreshock
import numpy as np
import obspy
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.record import Record
from foreshock.zoo.waveform.answer import annotate_files


@pytest.fixture(scope="module")
def model():
    return foreshock.load("p64-simcycle")


def stream_of(seconds=120, rate=100.0, seed=0, station="AAA"):
    rng = np.random.default_rng(seed)
    traces = []
    for channel in ("HHE", "HHN", "HHZ"):
        header = {"network": "XX", "station": station, "channel": channel, "sampling_rate": rate}
        header["starttime"] = obspy.UTCDateTime("2020-01-01T00:00:00")
        traces.append(obspy.Trace(rng.standard_normal(round(seconds * rate)).astype(np.float32), header))
    return obspy.Stream(traces)


def test_each_window_is_what_it_would_be_alone(model):
    stream = stream_of()
    (course,) = model.annotate(stream, every_s=5.0).courses
    assert len(course.probability) == (120 - 25) // 5 + 1 == len(course.doubted)
    data = np.stack([trace.data for trace in stream])
    for index in (0, 7, 19):
        window = data[:, index * 500 : index * 500 + 2500].T[None]
        np.testing.assert_allclose(course.probability[index], model.run(waveform=window)["probability"][0], atol=1e-5)
        assert course.doubted[index] == bool(model.doubts(window)[0])
    assert str(course.times[0]) == "2020-01-01T00:00:05.000000"  # the arrival that the first window assumes
    assert course.times[1] - course.times[0] == np.timedelta64(5, "s")


def test_no_window_reaches_over_a_gap(model):
    stream = stream_of()
    start = stream[0].stats.starttime
    whole = stream.copy()
    stream = whole.slice(start, start + 50) + whole.slice(start + 60, start + 120)
    courses = model.annotate(stream).courses
    assert [len(c.probability) for c in courses] == [6, 8]
    assert str(courses[1].start)[:19] == "2020-01-01T00:01:05"


def test_what_cannot_be_annotated_is_named(model):
    answer = model.annotate([stream_of(10), stream_of(60, rate=20.0, station="BBB")])
    assert not answer.courses
    reasons = dict(answer.rejected)
    assert "shorter than the window" in reasons["XX.AAA..HH"] and "20 Hz" in reasons["XX.BBB..HH"]
    with pytest.raises(InputError, match="at least one stretch"):
        answer.to_csv("never.csv")


def test_another_rate_is_brought_to_the_models(model):
    (course,) = model.annotate(stream_of(60, rate=200.0)).courses
    assert len(course.probability) == 8


@pytest.mark.parametrize("every_s", [0.0, -5.0, 0.0033])
def test_a_step_that_is_no_whole_number_of_samples_is_refused(model, every_s):
    with pytest.raises(InputError, match="whole samples"):
        model.annotate(stream_of(30), every_s)


def test_ways_out(model, tmp_path):
    answer = model.annotate(stream_of())
    answer.to_csv(tmp_path / "a.csv")
    with open(tmp_path / "a.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20 and rows[0]["time"] == "2020-01-01T00:00:05.000000Z"
    traces = answer.to_stream()
    assert [t.stats.channel for t in traces] == ["p64-simcycle_foreshock", "p64-simcycle_aftershock"]
    assert traces[0].stats.delta == 5.0 and traces[0].stats.station == "AAA"
    answer.plot(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 5000
    assert len(answer.to_dict()["stretches"][0]["probability"]) == 20


def test_files_past_a_bad_one(model, tmp_path):
    good, bad = tmp_path / "good.mseed", tmp_path / "bad.mseed"
    stream_of(40).write(good, format="MSEED")
    bad.write_bytes(b"not waveforms")
    answer = annotate_files(model, [bad, good], 5.0)
    assert len(answer.courses) == 1 and not answer.complete and "bad.mseed" in answer.to_text()
    with pytest.raises(InputError):
        annotate_files(model, [bad], 5.0)
    with pytest.raises(InputError, match="classifier of waveforms"):
        annotate_files(foreshock.load("smoothed-sim"), [good], 5.0)


def test_a_record_is_taken_too(model):
    record = Record(np.random.default_rng(0).standard_normal((3, 3000)), 100.0, "2020-01-01", "XX", "AAA", "", "HH")
    assert len(model.annotate(record).courses[0].probability) == 2


def test_the_speed_benchmark_measures_what_it_says():
    from foreshock.benchmarks.speed.annotate import run

    row = run(hours=0.05)[0]
    assert row["answers"] == (180 - 25) // 5 + 1 and row["data_s_per_s"] > 100 and 50 < row["peak_mb"] < 1500
