"""Own waveform files with an event table: grouped, matched with events and picks, and what fits nowhere named."""

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.readers.event_table import find_beside, read_events, read_file_table
from foreshock.datasets.readers.event_waveforms import event_records, groups_of
from foreshock.datasets.readers.reading import read_catalog
from foreshock.datasets.simulate.seismic_cycle_files import write_seismic_cycle
from foreshock.datasets.waveforms.cut import Cut
from foreshock.datasets.waveforms.event_matching import EventMatcher
from foreshock.datasets.waveforms.segments import Conflict
from obspy import Stream, Trace, UTCDateTime

T0 = UTCDateTime("2020-03-01T12:00:00")
SECOND = np.timedelta64(1, "s")


def catalog(*offsets_s, kinds="earthquake", ids=None):
    times = np.datetime64("2020-03-01T12:00:00", "us") + np.array([round(1e6 * o) for o in offsets_s], "m8[us]")
    n = len(offsets_s)
    ids = [f"ev{i}" for i in range(n)] if ids is None else ids
    return Catalog(times, [42.0] * n, [13.0] * n, [8.0] * n, [2.0] * n, kinds, ids)


def traces(station="AAA", start_s=0.0, channels=("HHE", "HHN", "HHZ"), samples=3000, rate=100.0):
    header = {"network": "IV", "station": station, "sampling_rate": rate, "starttime": T0 + start_s}
    rng = np.random.default_rng(abs(hash((station, start_s))) % 2**32)
    return Stream(
        [Trace(rng.integers(-999, 999, samples).astype(np.int32), {**header, "channel": c}) for c in channels]
    )


def save(stream, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    stream.write(str(path), format="MSEED")


def read(folder, events, **options):
    rejected = []
    return list(event_records(folder, events, rejected, **options)), rejected


def test_a_simulated_folder_comes_back_with_its_events_and_picks(tmp_path):
    """All there is in the folder: waveforms, events.csv, picks.csv, records.csv with the truth."""
    made = write_seismic_cycle(tmp_path / "cycle", records=48)
    events = read_catalog(tmp_path / "cycle" / "events.csv").catalog
    rejected = []
    folder = tmp_path / "cycle" / "waveforms"
    records = list(event_records(folder, events, rejected, picks=tmp_path / "cycle" / "picks.csv"))
    assert (len(records), rejected) == (made["records"], [])
    for record in records:
        assert f"event {record.event_id}" in record.history and record.label == "earthquake"
        assert record.p_s == pytest.approx(5.0, abs=0.02)
    assert len({record.event_id for record in records}) == made["events"]
    # By time alone it is the same: no two events of the simulation are within two minutes, or S - P tells them apart.
    by_time = {(r.station, str(r.start)): r.event_id for r in event_records(folder, events, [])}
    assert all(by_time.get((r.station, str(r.start)), r.event_id) == r.event_id for r in records)


def test_components_in_files_of_their_own_are_one_record(tmp_path):
    for trace in traces() + traces(start_s=3600):
        stamp = trace.stats.starttime.strftime("%H")
        trace.data = trace.data.astype(np.float32)
        trace.write(str(tmp_path / f"{stamp}_{trace.stats.channel}.sac"), format="SAC")
    groups = groups_of(tmp_path, [])
    assert [[path.name for path in group.paths] for group in groups] == [
        ["12_HHE.sac", "12_HHN.sac", "12_HHZ.sac"],
        ["13_HHE.sac", "13_HHN.sac", "13_HHZ.sac"],
    ]
    records, rejected = read(tmp_path, catalog(-3, 3595))
    assert [(r.event_id, r.data.shape) for r in records] == [("ev0", (3, 3000)), ("ev1", (3, 3000))]
    assert rejected == []


def test_day_files_that_overlap_a_little_stay_apart(tmp_path):
    save(traces(samples=3000), tmp_path / "a.mseed")
    save(traces(start_s=29.0, samples=3000), tmp_path / "b.mseed")
    assert len(groups_of(tmp_path, [])) == 2


def test_all_stations_of_an_event_in_one_file(tmp_path):
    save(traces("AAA") + traces("BBB") + traces("CCC", channels=("HHZ",)), tmp_path / "ev.mseed")
    records, rejected = read(tmp_path, catalog(-3))
    assert [r.station for r in records] == ["AAA", "BBB"]
    assert rejected == [
        ("ev.mseed: IV.CCC..HH", "component E, N missing: has HHZ; needs E, N, Z or 1, 2, Z"),
    ]


def test_mixed_rates_in_a_file(tmp_path):
    """Each station keeps its rate; a window is at the rate that is asked for, or refused."""
    stream = traces("AAA") + traces("BBB", rate=200.0, samples=6000) + traces("CCC", rate=40.0, samples=1200)
    save(stream, tmp_path / "ev.mseed")
    records, _ = read(tmp_path, catalog(-3), picks={"AAA": 9.0, "BBB": 9.0, "CCC": 9.0})
    assert [(r.station, r.sampling_rate_hz) for r in records] == [("AAA", 100.0), ("BBB", 200.0), ("CCC", 40.0)]
    cut = Cut("P", 5.0, 20.0, 100.0)
    assert [cut.of(record).samples for record in records[:2]] == [2000, 2000]
    with pytest.raises(InputError, match="at least 50 Hz, half the model's, received 40 Hz"):
        cut.of(records[2])


def test_dead_masked_and_clipped_channels_are_named_or_told(tmp_path):
    dead, clipped = traces("AAA"), traces("BBB")
    dead[1].data[:] = 0
    clipped[2].data = np.clip(clipped[2].data, -600, 600)
    save(dead + clipped, tmp_path / "ev.mseed")
    (record,), rejected = read(tmp_path, catalog(-3))
    assert record.station == "BBB" and record.history[0].startswith("HHZ: clipped")
    assert "dead channel: HHN constant for 30 s" in rejected[0][1]


@pytest.mark.parametrize("name", ["ev1_IV.AAA.mseed", "IV.AAA.ev1.2020.mseed", "ev1/IV.AAA.mseed"])
def test_an_event_named_by_file_or_folder(tmp_path, name):
    save(traces(), tmp_path / name)
    records, rejected = read(tmp_path, catalog(-9, -3, kinds=np.array(["earthquake", "explosion"])))
    assert [(r.event_id, r.label) for r in records] == [("ev1", "explosion")]
    assert rejected == [("ev0", "no record of this event")]


def test_two_events_in_a_window_are_refused_unless_something_tells_which(tmp_path):
    save(traces(), tmp_path / "a.mseed")
    events = catalog(-9, -3)
    records, rejected = read(tmp_path, events)
    assert records == []
    assert rejected[0] == (
        "a.mseed: IV.AAA..HH",
        "2 events in its time: ev0, ev1; picks with event ids would tell which",
    )
    assert [name for name, _ in rejected[1:]] == ["ev0", "ev1"]
    # S - P of 2.2 s puts the origin 3 s before P at 0.1 s.
    records, _ = read(tmp_path, events, picks={"AAA": {"P": 0.1, "S": 2.3}})
    assert [r.event_id for r in records] == ["ev1"]
    records, _ = read(tmp_path, events, files={"a.mseed": "ev0"})
    assert [r.event_id for r in records] == ["ev0"]


def test_picks_that_name_events_make_a_record_of_each(tmp_path):
    save(traces(), tmp_path / "a.mseed")
    (tmp_path / "picks").mkdir()
    table = tmp_path / "picks" / "p.csv"
    table.write_text(
        "station,phase,time,event_id\n"
        "IV.AAA,P,2020-03-01T12:00:05Z,ev0\nIV.AAA,P,2020-03-01T12:00:15Z,ev1\nIV.AAA,S,2020-03-01T12:00:17Z,ev1\n"
        "IV.AAA,P,2020-03-01T14:00:07Z,ev1\nIV.ZZZ,P,2020-03-01T12:00:05Z,ev0\n"
    )
    rejected = []
    records = list(event_records([tmp_path / "a.mseed"], catalog(2, 12), rejected, picks=table))
    assert [(r.event_id, r.p_s, r.s_s) for r in records] == [("ev0", 5.0, None), ("ev1", 15.0, 17.0)]
    assert rejected == [
        (
            "P pick of IV.AAA at 2020-03-01T14:00:07.00 UTC",
            "in no record of this station; moved by -2 h it would be inside: is it local time? Picks are UTC",
        ),
        ("P pick of IV.ZZZ at 2020-03-01T12:00:05.00 UTC", "no record of this station"),
    ]


def test_what_fits_no_event_is_named(tmp_path):
    save(traces(), tmp_path / "ev0.mseed")
    save(traces(start_s=7200), tmp_path / "late.mseed")
    (tmp_path / "notes.txt").write_text("seen")
    (tmp_path / "broken.mseed").write_bytes((tmp_path / "ev0.mseed").read_bytes()[:700])
    records, rejected = read(tmp_path, catalog(-3600, 7199), files={"late.mseed": "ev9"})
    assert records == []
    reasons = dict(rejected)
    assert reasons["ev0.mseed: IV.AAA..HH"] == (
        "no event from 2020-03-01T11:58:00 to 2020-03-01T12:00:30; its name says ev0, of 2020-03-01T11:00:00"
    )
    assert reasons["late.mseed: IV.AAA..HH"] == "event ev9 is not among the 2 of the table"
    assert reasons["notes.txt"] == "no waveform format"
    assert "whole MSEED file" in reasons["broken.mseed"]
    assert reasons["ev0"] == reasons["ev1"] == "no record of this event"


def test_many_events_without_record_are_counted(tmp_path):
    save(traces(), tmp_path / "a.mseed")
    records, rejected = read(tmp_path, catalog(*(1e4 * n - 1 for n in range(30))))
    assert len(records) == 1
    assert len(rejected) == 21 and rejected[-1] == ("9 more events", "no record of them")


def test_a_pick_bounds_the_travel_time():
    matcher = EventMatcher(catalog(0, 50), longest_travel_s=40.0)
    start = np.datetime64("2020-03-01T12:00:30")
    with pytest.raises(Conflict, match="2 events"):
        matcher.event_of("x.mseed", start, start + 60 * SECOND)
    assert matcher.event_of("x.mseed", start, start + 60 * SECOND, p_s=5.0) == "ev0"
    assert matcher.event_of("x.mseed", start, start + 60 * SECOND, p_s=25.0) == "ev1"
    with pytest.raises(Conflict, match="no event"):
        matcher.event_of("x.mseed", start, start + 60 * SECOND, p_s=15.0)


def test_events_need_ids_of_their_own():
    with pytest.raises(InputError, match="2 events with 1 ids"):
        EventMatcher(catalog(0, 1, ids=["a", "a"]))
    start = np.datetime64("2020-03-01T12:00:00")
    without = EventMatcher(catalog(0, 1000, ids=["", ""]))
    assert without.event_of("x", start, start + SECOND) == "2020-03-01T12:00:00.000"


def test_ids_of_quakeml_match_by_their_last_part():
    matcher = EventMatcher(catalog(0, 1, ids=["smi:local/e7", "smi:local/e8"]))
    start = np.datetime64("2020-03-01T12:00:00")
    assert matcher.event_of("IV.AAA_e8.mseed", start, start + 9 * SECOND) == "smi:local/e8"
    assert matcher.event_of("x", start, start + 9 * SECOND, named="e7") == "smi:local/e7"


def test_the_table_of_files(tmp_path):
    path = tmp_path / "files.csv"
    path.write_text("file,event_id\nwaveforms/a.mseed,ev0\n")
    assert read_file_table(path) == {"a.mseed": "ev0"}
    path.write_text("name,event\na,b\n")
    with pytest.raises(InputError, match="columns file and event_id, received name, event"):
        read_file_table(path)


def test_folders_without_waveforms(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(InputError, match="none of 1 files"):
        read(tmp_path, catalog(0))
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / "none", catalog(0))


def test_an_event_table_with_usual_column_names(tmp_path):
    path = tmp_path / "pnw_events.csv"
    path.write_text(
        "event_id,event_type,time,latitude,longitude,depth,magnitude,magnitude_type\n"
        "uw1,explosion,2018-02-13T23:04:46.080Z,48.089,-121.914,-0.93,1.8,ml\n"
    )
    events = read_events(path)
    assert (events.event_id[0], events.kind[0], str(events.time[0])) == (
        "uw1",
        "explosion",
        "2018-02-13T23:04:46.080000",
    )
    assert read_events(events) is events
    (tmp_path / "pnw").mkdir()
    assert find_beside(tmp_path / "pnw", "events") == path
    assert find_beside(tmp_path / "pnw", "picks") is None
    path.write_text("event,when\na,b\n")
    with pytest.raises(InputError, match="a catalogue in one of the formats"):
        read_events(path)
