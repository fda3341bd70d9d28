"""From files and obspy Streams to records and windows: good input, and every way in which it may be bad."""

import warnings

import numpy as np
import obspy
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.readers.miniseed import format_of, read_stream
from foreshock.datasets.record import Record
from foreshock.datasets.waveforms.float32_samples import in_float32
from foreshock.datasets.waveforms.picks import as_picks, read_picks, utc
from foreshock.datasets.waveforms.stream import records_from_stream
from foreshock.datasets.waveforms.windowing import aligned_window, at_rate, batch_of
from obspy import Stream, Trace, UTCDateTime
from scipy.signal import resample_poly

START = UTCDateTime("2016-10-30T06:40:17")


def trace(channel, data, start=START, rate=100.0, station="NRCA", location=""):
    header = {"network": "IV", "station": station, "location": location, "channel": channel}
    return Trace(np.asarray(data), {**header, "sampling_rate": rate, "starttime": start})


def noise(samples=3000, seed=0):
    return np.random.default_rng(seed).normal(scale=1000.0, size=samples)


def three(samples=3000, rate=100.0, channels=("HHE", "HHN", "HHZ"), **fields):
    return Stream([trace(c, noise(samples, i), rate=rate, **fields) for i, c in enumerate(channels)])


def record(seconds=30.0, rate=100.0, **fields):
    data = np.random.default_rng(0).normal(size=(3, round(seconds * rate)))
    return Record(data, rate, "2020-01-01", "IV", "NRCA", "", "HH", **fields)


@pytest.fixture
def mseed(tmp_path):
    path = tmp_path / "record.mseed"
    obspy.read().write(str(path), format="MSEED")
    return path


# Files


def test_miniseed_comes_back_whole(mseed):
    reading = records_from_stream(read_stream(mseed))
    (got,) = reading.records
    expected = obspy.read().sort(["channel"])
    np.testing.assert_array_equal(got.data, np.stack([t.data for t in expected]).astype(np.float32))
    assert (got.name, got.sampling_rate_hz, got.samples) == ("BW.RJOB..EH", 100.0, 3000)
    assert str(got.start) == "2009-08-24T00:20:03.000000"
    assert (reading.rejected, got.history) == ((), ())


@pytest.mark.parametrize(("kind", "suffix"), [("SAC", "sac"), ("GSE2", "gse"), ("SLIST", "txt"), ("TSPAIR", "txt")])
def test_other_formats_of_obspy(tmp_path, kind, suffix):
    stream = Stream([trace("HHZ", np.arange(-500, 500, dtype=np.float32 if kind == "SAC" else np.int32))])
    path = tmp_path / f"record.{suffix}"
    stream.write(str(path), format=kind)
    assert format_of(path) == kind
    np.testing.assert_array_equal(read_stream(path)[0].data, stream[0].data)


def test_brackets_in_a_name_are_no_pattern(tmp_path, mseed):
    path = tmp_path / "[a] b*.mseed"
    path.write_bytes(mseed.read_bytes())
    assert len(read_stream(path)) == 3


@pytest.mark.parametrize("cut", [30, 300, 4097, 20000, 73728 - 100])
def test_truncated_miniseed_is_an_error_though_obspy_reads_on(mseed, cut):
    mseed.write_bytes(mseed.read_bytes()[:cut])
    with pytest.raises(InputError, match="whole MSEED file"):
        read_stream(mseed)


def test_truncation_error_tells_the_byte(mseed):
    mseed.write_bytes(mseed.read_bytes()[:-100])
    assert len(obspy.read(str(mseed))) == 3  # why the check is needed: obspy says nothing
    with pytest.raises(InputError, match=r"cut short at byte 73628.*starts at byte 69632 .17 whole records before"):
        read_stream(mseed)


def test_a_file_cut_between_records_shows_as_a_shorter_component(mseed):
    mseed.write_bytes(mseed.read_bytes()[:-4096])
    (got,) = records_from_stream(read_stream(mseed)).records
    assert got.samples == 2525
    assert got.history == ("cut to the 25.25 s that all components cover (the longest has 30 s)",)


def test_garbage_between_records(mseed):
    data = bytearray(mseed.read_bytes())
    data[8192:12288] = b"\xff" * 4096
    mseed.write_bytes(data)
    with pytest.raises(InputError, match="from 8192 on are no miniSEED record"):
        read_stream(mseed)


@pytest.mark.parametrize("padding", [b"\0" * 4096, b"\0" * 100, b"000019" + b" " * 4090])
def test_padding_is_allowed(mseed, padding):
    mseed.write_bytes(mseed.read_bytes() + padding)
    assert [len(t) for t in read_stream(mseed)] == [3000, 3000, 3000]


def test_broken_steim_frames_are_an_error(tmp_path):
    path = tmp_path / "steim.mseed"
    Stream([trace("HHZ", noise().astype(np.int32))]).write(str(path), format="MSEED", encoding="STEIM2")
    data = bytearray(path.read_bytes())
    data[300:310] = bytes(255 - b for b in data[300:310])
    path.write_bytes(data)
    with warnings.catch_warnings(record=True), pytest.raises(InputError, match="whole MSEED file"):
        read_stream(path)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "empty"),
        (b"hello, this is text\n" * 50, "format not recognised"),
        (b"\0" * 8192, "format not recognised"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "format not recognised"),
        (b"time,value\n1,2\n", "format not recognised"),
    ],
)
def test_not_a_waveform(tmp_path, content, match):
    path = tmp_path / "record.mseed"
    path.write_bytes(content)
    with pytest.raises(InputError, match=match):
        read_stream(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_stream(tmp_path / "none.mseed")
    with pytest.raises(InputError, match="the folder"):
        read_stream(tmp_path)


def test_truncated_text_and_sac(tmp_path):
    for kind in ("SAC", "SLIST"):
        path = tmp_path / kind
        Stream([trace("HHZ", np.arange(1000, dtype=np.float32))]).write(str(path), format=kind)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(InputError, match=f"whole {kind} file"):
            read_stream(path)


def test_a_pickle_is_never_loaded(tmp_path):
    """obspy looks whether a file is a pickled Stream by unpickling it, which would run this."""
    target = tmp_path / "ran"
    path = tmp_path / "record.mseed"
    path.write_bytes(b"cos\nsystem\n(S'touch " + str(target).encode() + b"'\ntR.")
    with pytest.raises(InputError, match="format not recognised"):
        read_stream(path)
    assert not target.exists()


# Grouping and order


def test_components_are_ordered_by_code():
    stream = three(channels=("HHZ", "HHE", "HHN"))
    (got,) = records_from_stream(stream).records
    for row, code in zip(got.data, "ENZ", strict=True):
        np.testing.assert_array_equal(row, stream.select(component=code)[0].data.astype(np.float32))


def test_1_and_2_become_north_and_east_with_a_note():
    stream = three(channels=("BH1", "BH2", "BHZ"))
    (got,) = records_from_stream(stream).records
    np.testing.assert_array_equal(got.data[0], stream[1].data.astype(np.float32))
    np.testing.assert_array_equal(got.data[1], stream[0].data.astype(np.float32))
    assert got.history == ("BH1 taken for N and BH2 for E: their orientation is not known",)


def test_stations_bands_and_locations_are_records_of_their_own():
    stream = three() + three(location="10") + three(channels=("HNE", "HNN", "HNZ")) + three(station="T1212")
    names = [r.name for r in records_from_stream(stream).records]
    assert names == ["IV.NRCA..HH", "IV.NRCA..HN", "IV.NRCA.10.HH", "IV.T1212..HH"]


@pytest.mark.parametrize(
    ("channels", "missing"),
    [(("HHE", "HHN"), "Z"), (("HHZ",), "E, N"), (("HH1", "HHZ"), "E, N"), (("HHU", "HHV", "HHW"), "E, N, Z")],
)
def test_missing_component_is_rejected_by_name(channels, missing):
    reading = records_from_stream(three(channels=channels) + three(station="T1212"))
    assert [r.station for r in reading.records] == ["T1212"]
    ((name, reason),) = reading.rejected
    assert name == "IV.NRCA..HH"
    assert reason.startswith(f"component {missing} missing: has {channels[0]}")


def test_require_tells_the_reasons():
    with pytest.raises(InputError, match=r"record in x.mseed, received none \(IV.NRCA..HH: component Z missing"):
        records_from_stream(three(channels=("HHE", "HHN"))).require("x.mseed")


# Pieces


def test_touching_and_agreeing_pieces_join():
    stream = three()
    z = stream[2]
    pieces = [z.slice(START, START + 9.99), z.slice(START + 8, START + 20), z.slice(START + 20.01)]
    reading = records_from_stream(Stream([*pieces[::-1], stream[0], stream[1]]))
    whole = records_from_stream(stream).records[0]
    np.testing.assert_array_equal(reading.records[0].data, whole.data)
    # From 8.00 s to 9.99 s.
    assert reading.records[0].history == ("HHZ: 200 samples that were there twice, with the same values, kept once",)


def test_a_channel_given_twice_is_used_once():
    stream = three()
    reading = records_from_stream(stream + stream.copy())
    np.testing.assert_array_equal(reading.records[0].data, records_from_stream(stream).records[0].data)
    assert len(reading.records) == 1


def test_contradicting_duplicates_are_rejected():
    other = three()[2]
    other.data = other.data + (np.arange(3000) == 1234)
    reading = records_from_stream(three() + Stream([other]))
    assert reading.records == ()
    assert (
        "HHZ has two traces that overlap by 30 s and differ, first at 2016-10-30T06:40:29.34" in reading.rejected[0][1]
    )


def test_a_gap_splits_the_record():
    stream = three()
    z = stream[2]
    reading = records_from_stream(Stream([*stream[:2], z.slice(START, START + 9.99), z.slice(START + 12.5)]))
    first, second = reading.records
    assert (first.samples, second.samples) == (1000, 1750)
    assert str(second.start) == "2016-10-30T06:40:29.500000"
    np.testing.assert_array_equal(second.data[0], stream[0].data[1250:].astype(np.float32))
    assert second.history == ("part 2 of 2, split at gaps: HHZ 2.5 s from 2016-10-30T06:40:27.00",)


def test_masked_samples_are_a_gap():
    stream = three()
    z = stream[2].slice(START, START + 9.99) + stream[2].slice(START + 12.5)
    assert np.ma.is_masked(z.data)
    first, second = records_from_stream(Stream([*stream[:2], z])).records
    assert (first.samples, second.samples) == (1000, 1750)
    assert second.history[0] == "HHZ: 250 masked or non-finite samples left out"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_non_finite_samples_are_a_gap(bad):
    stream = three()
    stream[1].data[1500:1600] = bad
    first, second = records_from_stream(stream).records
    assert (first.samples, second.samples) == (1500, 1400)
    assert "HHN 1 s from 2016-10-30T06:40:32" in first.history[-1]


def test_only_nan_is_rejected():
    stream = three()
    stream[1].data[:] = np.nan
    assert records_from_stream(stream).rejected == (("IV.NRCA..HH", "HHN has no finite samples"),)


def test_a_short_part_is_named():
    stream = three()
    stream[1].data[50:100] = np.nan
    reading = records_from_stream(stream)
    assert [r.samples for r in reading.records] == [2900]
    assert reading.rejected[0][1].startswith("part of 0.5 s, shorter than 1 s")


def test_components_without_common_time():
    stream = three()
    stream[0].stats.starttime += 100
    assert records_from_stream(stream).rejected == (("IV.NRCA..HH", "its components have no time in common"),)


def test_shifted_components_are_cut_to_the_common_span():
    stream = three()
    stream[0].stats.starttime += 2.0
    (got,) = records_from_stream(stream).records
    assert (got.samples, str(got.start)[:19]) == (2800, "2016-10-30T06:40:19")
    np.testing.assert_array_equal(got.data[2], stream[2].data[200:].astype(np.float32))
    np.testing.assert_array_equal(got.data[0], stream[0].data[:2800].astype(np.float32))


# Rates, precision, dead and clipped channels


def test_components_at_different_rates_come_to_the_lowest():
    data = noise(6000)
    stream = Stream([trace("HHE", noise()), trace("HHN", noise()), trace("HHZ", data, rate=200.0)])
    (got,) = records_from_stream(stream).records
    assert (got.sampling_rate_hz, got.samples) == (100.0, 3000)
    np.testing.assert_allclose(got.data[2], resample_poly(data, 1, 2, padtype="line"), rtol=1e-5, atol=1e-2)
    assert got.history[0].startswith("components at different rates (E 100, N 100, Z 200 Hz) brought to 100 Hz")


def test_two_rates_in_one_channel_are_rejected():
    stream = three() + Stream([trace("HHZ", noise(500), START + 60, rate=50.0)])
    assert "HHZ has sampling rates 50, 100 Hz" in records_from_stream(stream).rejected[0][1]


def test_rates_that_differ_by_rounding_are_one():
    stream = three()
    stream[0].stats.sampling_rate = 99.9999
    assert records_from_stream(stream).records[0].samples in (2999, 3000)


def test_large_integers_with_an_offset_keep_their_signal():
    signal = np.tile([0, 1, 3], 400).astype(np.int32)
    data, notes = in_float32(signal + np.int32(2**30))
    np.testing.assert_allclose(np.diff(data), np.diff(signal), atol=1e-3)
    assert notes[0].startswith("mean of 1073741825 taken off")


def test_exact_integers_are_left_alone():
    data = np.random.default_rng(0).integers(-(2**24), 2**24, 1000).astype(np.int32)
    got, notes = in_float32(data)
    assert np.array_equal(got.astype(np.int64), data) and notes == []


def test_samples_beyond_float32_are_rejected():
    stream = three()
    stream[0].data[10] = 1e39
    assert "do not fit into float32" in records_from_stream(stream).rejected[0][1]


@pytest.mark.parametrize("value", [0.0, 512.0])
def test_dead_channel_is_rejected(value):
    stream = three()
    stream[1].data[:] = value
    assert records_from_stream(stream).rejected[0][1].startswith("dead channel: HHN constant for 30 s")


def test_clipping_is_told():
    stream = three()
    stream[2].data = np.clip(stream[2].data, -800, 800)
    runs = 0
    for extreme in (800.0, -800.0):  # counted again, sample by sample
        run = 0
        for value in [*stream[2].data, None]:
            run, runs = (run + 1, runs) if value == extreme else (0, runs + run * (run >= 3))
    (got,) = records_from_stream(stream).records
    assert runs > 0
    assert got.history == (f"HHZ: clipped: {runs} samples stay at the extreme value 800",)


def test_a_filled_gap_is_told():
    stream = three()
    stream[0].data[1000:1250] = 0.0
    (got,) = records_from_stream(stream).records
    assert got.history == ("HHE: constant for 2.5 s at a stretch, as if a gap had been filled",)


# Picks


@pytest.mark.parametrize(
    "source",
    [
        7.5,
        {"NRCA": 7.5},
        {"IV.NRCA": "2016-10-30T06:40:24.5"},
        {"IV.NRCA..HHZ": UTCDateTime("2016-10-30T06:40:24.5")},
        {"NRCA": np.datetime64("2016-10-30T06:40:24.5")},
        {"NRCA": {"P": "2016-10-30T08:40:24.5+02:00", "S": 9.0}},
    ],
)
def test_forms_of_a_pick(source):
    reading = records_from_stream(three(), source)
    assert reading.records[0].p_s == pytest.approx(7.5)
    assert reading.rejected == ()


def test_picks_of_a_csv(tmp_path):
    path = tmp_path / "picks.csv"
    path.write_text("Station,Phase,Time,event_id\nNRCA,P,2016-10-30T06:40:24.5Z,e7\nIV.NRCA,S,9.25,e7\n")
    (got,) = records_from_stream(three(), path).records
    assert (got.p_s, got.s_s, got.event_id) == (7.5, 9.25, "e7")


def test_picks_of_quakeml(tmp_path):
    from obspy.core.event import Arrival, Catalog, Event, Origin, Pick, ResourceIdentifier, WaveformStreamID

    codes = WaveformStreamID("IV", "NRCA", channel_code="HHZ")
    p = Pick(time=START + 7.5, waveform_id=codes, phase_hint="Pg")
    s = Pick(time=START + 9.0, waveform_id=codes)
    other = Pick(time=START + 8.0, waveform_id=codes, phase_hint="PKiKP")
    origin = Origin(time=START, latitude=42.8, longitude=13.1, arrivals=[Arrival(pick_id=s.resource_id, phase="S")])
    event = Event(resource_id=ResourceIdentifier("smi:local/e7"), picks=[p, s, other], origins=[origin])
    path = tmp_path / "event.xml"
    Catalog([event]).write(str(path), format="QUAKEML")
    for source in (path, event, Catalog([event])):
        (got,) = records_from_stream(three(), source).records
        assert (got.p_s, got.s_s, got.event_id) == (7.5, 9.0, "e7")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "empty"),
        ("station,phase\nA,P\n", "columns station"),
        ("station,phase,time\n", "0 rows"),
        ("station,phase,time\nNRCA,Q,3\n", "line 2"),
        ("station,phase,time\nNRCA,P,3\nNRCA,P,yesterday\n", "line 3"),
        ("station,phase,time\n,P,3\n", "station code"),
        ("station,phase,time\nNRCA,P,nan\n", "line 2"),
        ("<quakeml>", "QuakeML"),
    ],
)
def test_bad_pick_files(tmp_path, text, match):
    path = tmp_path / "picks"
    path.write_text(text)
    with pytest.raises(InputError, match=match):
        read_picks(path)


@pytest.mark.parametrize("none", [None, {}, []])
def test_no_picks_are_no_error(none):
    assert records_from_stream(three(), none).records[0].p_s is None


@pytest.mark.parametrize("wrong", [object(), True, [1.0, 2.0]])
def test_what_is_no_picks_is_refused(wrong):
    with pytest.raises(InputError, match="picks as seconds, dict"):
        as_picks(wrong)


def test_pick_outside_the_record_is_reported():
    reading = records_from_stream(three(), {"NRCA": "2016-10-30T06:41:30"})
    assert reading.records[0].p_s is None
    ((name, reason),) = reading.rejected
    assert name == "P pick of NRCA at 2016-10-30T06:41:30.00 UTC"
    assert reason == "outside its 1 record(s): 2016-10-30T06:40:17.00 for 30 s"


@pytest.mark.parametrize(("hours", "said"), [(2, "-2 h"), (-8, "+8 h"), (5.5, "-5.5 h")])
def test_pick_in_local_time_gets_a_hint(hours, said):
    time = START + 7.5 + hours * 3600
    ((_, reason),) = records_from_stream(three(), {"NRCA": time}).rejected
    assert f"moved by {said} it would be inside: is it local time? Picks are UTC" in reason


def test_pick_of_an_unknown_station_is_reported():
    ((name, reason),) = records_from_stream(three(), {"XXX": 5.0}).rejected
    assert (name, reason) == ("P pick of XXX at 5 s after the start", "no record of this station")


def test_s_before_p_is_reported_and_p_kept():
    reading = records_from_stream(three(), {"NRCA": {"P": 7.5, "S": 6.0}})
    assert (reading.records[0].p_s, reading.records[0].s_s) == (7.5, None)
    assert reading.rejected == (
        ("S pick of NRCA at 6 s after the start", "not after the P pick at 7.50 s of IV.NRCA..HH"),
    )


def test_two_events_in_a_record_become_two_records(tmp_path):
    path = tmp_path / "picks.csv"
    path.write_text("station,phase,time,event_id\nNRCA,P,5,a\nNRCA,P,15,b\nNRCA,S,16,a\nNRCA,S,17,b\n")
    reading = records_from_stream(three(), path)
    assert [(r.event_id, r.p_s, r.s_s) for r in reading.records] == [("a", 5.0, 16.0), ("b", 15.0, 17.0)]
    assert reading.records[0].data is reading.records[1].data
    assert reading.rejected == ()


def test_the_same_arrival_twice_counts_once():
    picks = as_picks({"NRCA": 7.5, "IV.NRCA..HHZ": 7.6})
    reading = records_from_stream(three(), picks)
    assert [r.p_s for r in reading.records] == [7.6]  # the pick that names its channel
    assert reading.rejected[0][1].startswith("the same arrival as")


def test_seconds_after_start_count_from_the_station_not_from_a_part():
    stream = three()
    stream[1].data[1000:1100] = np.nan
    first, second = records_from_stream(stream, 20.0).records
    assert (first.p_s, second.p_s) == (None, pytest.approx(9.0))


@pytest.mark.parametrize("bad", ["yesterday", "2016-13-01", "NaT"])
def test_bad_times(bad):
    with pytest.raises(InputError, match="UTC time"):
        utc(bad)


# Windows


def test_window_is_aligned_to_the_sample():
    source = record(p_s=12.344)
    window = aligned_window(source, "P", 5.0, 20.0, 100.0)
    # 12.344 - 5 = 7.344 s: the nearest sample is number 734.
    np.testing.assert_array_equal(window.data, source.data[:, 734:2734])
    assert window.p_s == pytest.approx(5.004)


def test_window_that_fits_exactly():
    window = aligned_window(record(25.0, p_s=5.0), "P", 5.0, 25.0, 100.0)
    assert window.samples == 2500


@pytest.mark.parametrize(
    ("source", "match"),
    [
        (record(), "pick of P, received none"),
        (record(10.0, p_s=5.0), "at least 20 s, received 10 s at IV.NRCA..HH"),
        (record(p_s=3.2), "at least 5 s before P, received 3.2 s"),
        (record(p_s=20.0), "at least 15 s after P, received 10 s"),
        (record(p_s=31.0), "inside the record of 30 s, received 31 s"),
        (record(p_s=-1.0), "inside the record of 30 s, received -1 s"),
        (record(rate=49.0, p_s=8.0), "at least 50 Hz, half the model's, received 49 Hz"),
    ],
)
def test_windows_that_cannot_be_cut(source, match):
    with pytest.raises(InputError, match=match):
        aligned_window(source, "P", 5.0, 20.0, 100.0)


def test_a_window_lost_to_a_gap_says_so():
    stream = three()
    stream[1].data[1500:1600] = np.nan
    first, _ = records_from_stream(stream, 6.0).records
    with pytest.raises(InputError, match=r"received 15 s at IV.NRCA..HH \(part 1 of 2, split at gaps: HHN 1 s"):
        aligned_window(first, "P", 5.0, 20.0, 100.0)


@pytest.mark.parametrize("rate", [50.0, 80.0, 100.0, 125.0, 200.0, 250.0, 500.0])
def test_the_rate_is_brought_to_the_models_and_a_tone_stays_in_place(rate):
    time_s = np.arange(round(60 * rate)) / rate
    tone = np.tile(np.sin(2 * np.pi * 7.0 * time_s), (3, 1))
    source = Record(tone, rate, "2020-01-01", "IV", "NRCA", band="HH", p_s=31.0)
    window = aligned_window(source, "P", 5.0, 20.0, 100.0)
    assert (window.samples, window.sampling_rate_hz) == (2000, 100.0)
    assert window.p_s == pytest.approx(5.0, abs=0.005 + 1e-9)
    began_s = float((window.start - source.start) / np.timedelta64(1, "us")) * 1e-6
    np.testing.assert_allclose(window.data[0], np.sin(2 * np.pi * 7.0 * (began_s + np.arange(2000) / 100.0)), atol=0.01)
    told = " ".join(window.history)
    assert ("resampled" in told) == (rate != 100.0)
    assert ("nothing above" in told) == (rate < 100.0)


def test_a_resampled_window_does_not_depend_on_how_long_the_record_is():
    source = record(120.0, rate=200.0, p_s=50.0)
    short = source.window(30.0, 60.0)
    one, other = (aligned_window(r, "P", 5.0, 20.0, 100.0).data for r in (source, short))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_nearly_the_models_rate_is_the_models_rate():
    same = at_rate(record(rate=99.9999), 100.0)
    assert (same.sampling_rate_hz, same.history) == (100.0, ())


def test_batch():
    one, two = record(p_s=6.0).window(0, 20), record().window(5, 20)
    batch = batch_of([one, two])
    assert (batch.shape, batch.dtype) == ((2, 2000, 3), np.float32)
    np.testing.assert_array_equal(batch[1, :, 2], two.data[2])


def test_batch_refuses_mixed_lengths_and_nothing():
    with pytest.raises(InputError, match="1000 samples at 100 Hz, 2000 samples at 100 Hz"):
        batch_of([record().window(0, 10), record().window(0, 20)])
    with pytest.raises(InputError, match="at least one record"):
        batch_of([])
