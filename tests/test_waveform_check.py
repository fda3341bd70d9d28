"""The check of waveform folders: made with known faults, and the real vertical records."""

import json
import pathlib
import time

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.check.channel_summary import loudness_db, summary_of
from foreshock.datasets.check.waveform_check import check_waveforms
from foreshock.datasets.errors import InputError
from foreshock.datasets.readers.folder_kinds import kind_of
from foreshock.datasets.simulate.seismic_cycle_files import write_seismic_cycle
from foreshock.datasets.waveforms.segments import Segment
from obspy import Stream, Trace, UTCDateTime

shared = pathlib.Path(__file__).parents[1].parent / "shared" / "data"
T0 = UTCDateTime("2020-03-01T12:00:00")
START = np.datetime64("2020-03-01T12:00:00", "us")


def trace(station, channel, start_s=0.0, samples=6000, rate=100.0, data=None):
    header = {"network": "IV", "station": station, "channel": channel, "sampling_rate": rate, "starttime": T0 + start_s}
    rng = np.random.default_rng(sum(map(ord, station + channel)))
    data = rng.normal(scale=500.0, size=samples) if data is None else data
    return Trace(np.asarray(data).astype(np.int32), header)


def three(station, **more):
    return Stream([trace(station, f"HH{letter}", **more) for letter in "ENZ"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six stations, two events: whole, with a gap, clipped and dead, vertical and slow, contradicting, eventless."""
    home = tmp_path_factory.mktemp("check") / "waves"
    home.mkdir()
    gap = three("GAP")
    z = gap.pop(2)
    gap += Stream([z.slice(T0, T0 + 19.99), z.slice(T0 + 25)])
    clipped = three("CLI")
    clipped[0].data = np.clip(clipped[0].data, -700, 700)
    clipped[1].data[:] = 0
    contrary = three("CON") + Stream([trace("CON", "HHZ", data=np.arange(6000))])
    loud = three("AAA")
    loud[2].data[3000:3500] *= 30
    for name, stream in {
        "a.mseed": loud,
        "b.mseed": gap,
        "c.mseed": clipped,
        "d.mseed": Stream([trace("VER", "LHZ", samples=60, rate=1.0)]),
        "e.mseed": contrary,
        "f.mseed": three("OUT", start_s=7200.0, samples=2000),
    }.items():
        stream.write(str(home / name), format="MSEED")
    (home / "cut.mseed").write_bytes((home / "a.mseed").read_bytes()[:5000])
    Catalog(
        [START - np.timedelta64(3, "s"), START + np.timedelta64(9000, "s")],
        *([42.0] * 2, [13.0] * 2, [8.0] * 2, [2.0] * 2),
        np.array(["earthquake", "explosion"]),
        np.array(["ev0", "ev1"]),
    ).to_csv(home / "events.csv")
    (home / "picks.csv").write_text("station,phase,time,event_id\nIV.AAA,P,2020-03-01T12:00:30Z,\nIV.AAA,S,32.5,\n")
    return home


def test_faults_are_counted(folder):
    check = check_waveforms(folder)
    found = check.to_dict()
    assert (found["records"], found["channels"], found["three_component_records"], found["stations"]) == (6, 16, 5, 6)
    assert found["components"] == {"ENZ": 5, "Z": 1}
    assert found["sampling_rates_hz"] == {"1": 1, "100": 15}
    assert found["duration_s"] == {"least": 20.0, "median": 60.0, "most": 120.0}
    assert found["gaps"] == {"channels": 1, "seconds": pytest.approx(5.0)}
    assert (found["clipped_channels"], found["constant_channels"], found["conflict_channels"]) == (1, 1, 1)
    assert found["picks"] == {"records_with_p": 1, "records_with_s": 1}
    assert (found["events"], found["records_without_event"]) == (2, 1)
    assert found["classes"] == {"earthquake": {"events": 1, "records": 5}}
    assert check.records_an_event == {"ev0": 5}
    assert (check.records[0].p_s, check.records[0].s_s) == (30.0, 32.5)
    reasons = dict(check.rejected)
    assert "whole MSEED file" in reasons["cut.mseed"]
    assert reasons["ev1"] == "no record of this event"
    assert reasons["f.mseed: IV.OUT..HH"].startswith("no event from 2020-03-01T13:58:00")
    assert len(reasons) == 3
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_findings_say_what_to_mind(folder):
    findings = check_waveforms(folder).findings
    for wanted in (
        "1 of 6 records lack components (they have: 1 Z)",
        "2 sampling rates: 100 Hz (15), 1 Hz (1)",
        "1 channels below 20 Hz, too slow for waveforms of local events",
        "3 channels shorter than nine tenths of the median, 60 s; least 20 s",
        "1 of 16 channels have gaps, first IV.GAP..HHZ in b.mseed",
        "1 of 16 channels are clipped, first IV.CLI..HHE in c.mseed",
        "1 of 16 channels are constant, such as all zeros, first IV.CLI..HHN in c.mseed",
        "1 of 16 channels have traces that contradict each other, first IV.CON..HHZ in e.mseed",
        "5 of 6 records have no P pick",
        "1 of 6 records belong to no event",
        "3 files, traces, picks or events could not be used",
    ):
        assert wanted in findings, wanted


def test_a_clean_folder_of_one_class_has_little_to_mind(tmp_path):
    write_seismic_cycle(tmp_path / "cycle", records=48)
    check = check_waveforms(tmp_path / "cycle" / "waveforms")
    assert (len(check.records), check.rejected, check.count("conflict"), check.count("gaps")) == (48, [], 0, 0)
    assert all(record.p_s == pytest.approx(5.0, abs=0.02) and record.event_id for record in check.records)
    assert not [finding for finding in check.findings if "components" in finding or "rates" in finding]


def test_table_and_picture(folder, tmp_path):
    check = check_waveforms(folder)
    lines = check.table()
    assert lines[1] == f"{'records':<18}6 of 6 stations, 16 channels"
    assert "- 5 of 6 records have no P pick" in lines
    check.plot(tmp_path / "check.png")
    import matplotlib.image

    image = matplotlib.image.imread(tmp_path / "check.png")
    assert image.shape[0] > 800 and len(np.unique(image[..., 0])) > 20


def test_loudness_is_the_ratio_of_powers():
    rng = np.random.default_rng(0)
    data = rng.normal(size=12_000)
    data[6000:6200] *= 100.0
    assert loudness_db(data, 100.0) == pytest.approx(40.0, abs=1.5)
    assert np.isnan(loudness_db(data, 10.0)) and np.isnan(loudness_db(data[:1000], 100.0))
    assert np.isnan(loudness_db(np.zeros(6000), 100.0))
    data[:3000] = 0.0
    assert np.isnan(loudness_db(data, 100.0))


def test_masked_samples_and_only_those():
    piece = Segment(START, 100.0, np.random.default_rng(0).normal(size=5000))
    mask = np.zeros(5000, bool)
    mask[1000:1100] = True
    summary = summary_of("r", "IV.A..HHZ", [piece], [mask])
    assert (summary.masked, summary.gaps, summary.samples) == (100, 1, 4900)
    assert summary.missing_s == pytest.approx(1.0)
    nothing = summary_of("r", "IV.A..HHZ", [piece], [np.ones(5000, bool)])
    assert (nothing.masked, nothing.constant, nothing.gaps) == (5000, True, 0)


def test_integers_at_the_ends_of_their_type_do_not_wrap():
    data = np.random.default_rng(0).choice(np.array([-(2**31), 2**31 - 1], np.int32), 6000)
    summary = summary_of("r", "IV.A..HHZ", [Segment(START, 100.0, data)])
    assert not summary.constant and np.isfinite(summary.loudness_db)
    flat = summary_of("r", "IV.A..HHZ", [Segment(START, 100.0, np.full(6000, -(2**31), np.int32))])
    assert flat.constant and np.isnan(flat.loudness_db)


def test_overlapping_pieces_that_agree_are_one():
    data = np.random.default_rng(0).normal(size=6000)
    pieces = [Segment(START, 100.0, data[:4000]), Segment(START + np.timedelta64(30, "s"), 100.0, data[3000:])]
    summary = summary_of("r", "IV.A..HHZ", pieces)
    assert (summary.samples, summary.gaps, summary.conflict) == (6000, 0, "")
    mixed = summary_of("r", "IV.A..HHZ", [pieces[0], Segment(START, 50.0, data)])
    assert "sampling rates 50, 100 Hz within one channel" in mixed.conflict


def test_other_layouts_are_checked_record_by_record(tmp_path):
    from test_seismic_layouts import write_norcia, write_npz, write_seisbench

    for kind, write in (("seisbench", write_seisbench), ("norcia", write_norcia), ("phasenet", write_npz)):
        write(tmp_path / kind)
        assert kind_of(tmp_path / kind) == kind
        check = check_waveforms(tmp_path / kind)
        assert (len(check.records), len(check.channels), check.sources.kind) == (4, 12, kind)
        assert all(record.p_s is not None for record in check.records)


def test_kinds(folder, tmp_path):
    assert kind_of(folder) == "waveforms"
    assert kind_of(folder / "a.mseed") == "waveforms"
    assert kind_of(folder / "events.csv") == "catalogue"
    assert kind_of(tmp_path / "*.csv") == "catalogue"
    (tmp_path / "readme.txt").write_text("nothing")
    assert kind_of(tmp_path) == "catalogue"
    with pytest.raises(InputError, match="a folder with waveforms"):
        check_waveforms(tmp_path)


@pytest.mark.skipif(not shared.is_dir(), reason="needs the real data folder ../shared/data")
def test_the_real_vertical_records():
    began = time.perf_counter()
    check = check_waveforms(shared / "waveforms" / "pnw")
    seconds = time.perf_counter() - began
    assert len(check.records) == 1123 and seconds < 60
    assert check.findings[0].startswith("vertical components only")
    assert check.findings[1].startswith("9 sampling rates: 100 Hz (569)")
    assert check.classes == {
        "earthquake": {"events": 71, "records": 937},
        "explosion": {"events": 24, "records": 185},
    }
