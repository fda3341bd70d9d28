"""The simulated cycle as files: what obspy reads back is what was simulated."""

import csv
import json

import numpy as np
import obspy
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.simulate import seismic_cycle_files
from foreshock.datasets.simulate.cycle_scene import SeismicCycle
from foreshock.datasets.simulate.seismic_cycle import simulate_seismic_cycle
from foreshock.datasets.simulate.seismic_cycle_files import scene_of_size, write_seismic_cycle
from foreshock.datasets.waveforms.picks import read_picks


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cycle") / "path"
    return folder, write_seismic_cycle(folder, cause="path", records=60, seed=3)


def rows_of(path) -> list[dict]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_the_summary_counts_what_lies_there(written):
    folder, summary = written
    rows = rows_of(folder / "records.csv")
    assert len(rows) == summary["records"] == 60
    assert sorted(path.name for path in folder.iterdir()) == ["events.csv", "picks.csv", "records.csv", "waveforms"]
    assert {str(path.relative_to(folder)) for path in folder.glob("waveforms/*")} == {row["file"] for row in rows}
    for name in ("label", "split"):
        values, counts = np.unique([row[name] for row in rows], return_counts=True)
        assert summary[name] == dict(zip(values.tolist(), counts.tolist(), strict=True))
    assert len({row["event_id"] for row in rows}) == summary["events"]
    json.dumps(summary)


def test_waveforms_come_back_through_obspy(written):
    folder, _ = written
    cycle, scene, kept = scene_of_size(SeismicCycle(cause="path", seed=3), 60)
    simulated = simulate_seismic_cycle(cycle).select(kept)
    assert scene["event_id"][kept].tolist() == simulated.event_id.tolist()
    for number, row in enumerate(rows_of(folder / "records.csv")):
        stream = obspy.read(folder / row["file"])
        assert [trace.id for trace in stream] == [f"SY.{row['station']}..HH{component}" for component in "ENZ"]
        np.testing.assert_array_equal(np.stack([trace.data for trace in stream]), simulated.data[number])
        assert stream[0].stats.sampling_rate == 100.0
        assert stream[0].stats.starttime == obspy.UTCDateTime(row["start"])
        assert obspy.UTCDateTime(row["p_time"]) - stream[0].stats.starttime == pytest.approx(5.0)
        assert float(row["stress_drop_mpa"]) == simulated.truth["stress_drop_mpa"][number]


def test_events_and_picks_are_read_by_the_package(written):
    folder, summary = written
    records = rows_of(folder / "records.csv")
    events = rows_of(folder / "events.csv")
    assert len(events) == summary["events"]
    columns = {
        name: [float(row[name]) for row in events] for name in ("latitude", "longitude", "depth_km", "magnitude")
    }
    catalog = Catalog(
        [row["time"].rstrip("Z") for row in events], event_id=[row["event_id"] for row in events], **columns
    )
    assert set(catalog.event_id) == {row["event_id"] for row in records}
    picks = read_picks(folder / "picks.csv")
    p_picks = {(pick.event_id, pick.station): pick.time for pick in picks if pick.phase == "P"}
    assert len(p_picks) == 60
    for row in records:
        assert p_picks[row["event_id"], f"SY.{row['station']}"] == np.datetime64(row["p_time"].rstrip("Z"))


def test_the_same_seed_writes_the_same_bytes(written, tmp_path):
    folder, _ = written
    write_seismic_cycle(tmp_path / "again", cause="path", records=60, seed=3)
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        assert (tmp_path / "again" / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_a_failure_half_way_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(seismic_cycle_files, "write_tables", full)
    with pytest.raises(OSError, match="no space"):
        write_seismic_cycle(tmp_path / "cycle", records=60)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="holds something else"):
        write_seismic_cycle(tmp_path, records=60)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_too_few_records_are_refused(tmp_path):
    with pytest.raises(InputError, match="at least 48 records"):
        write_seismic_cycle(tmp_path / "cycle", records=10)
