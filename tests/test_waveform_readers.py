"""Readers of published waveform sets: PhaseNet's npz files and the Norcia layout."""

import csv
import itertools
import pathlib

import h5py
import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.readers.norcia_hdf5 import norcia_records
from foreshock.datasets.readers.phasenet_npz import phasenet_records, read_npz

shared = pathlib.Path(__file__).parents[1].parent / "shared" / "data"


def samples(rows=9001, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, 3))


def test_npz(tmp_path):
    path = tmp_path / "BG_ACR_2012082505145960_01.npz"
    data = samples()
    np.savez(path, data=data, itp=3000, its=3099, channels="DPE_DPN_DPZ")
    record = read_npz(path)
    assert (record.name, record.p_s, record.s_s) == ("BG.ACR.01.DP", 30.0, 30.99)
    assert str(record.start) == "2012-08-25T05:14:29.600000"  # 30 s before the time in the name
    np.testing.assert_array_equal(record.data[2], data[:, 2].astype(np.float32))


@pytest.mark.parametrize(
    ("name", "arrays", "match"),
    [
        ("ACR.npz", {"data": samples(), "itp": 1}, "NETWORK_STATION"),
        ("BG_ACR_2012139905145960.npz", {"data": samples(), "itp": 1}, "YYYYMMDD"),
        ("BG_ACR_2012082505145960.npz", {"data": samples()}, "data .samples, 3. and itp"),
        ("BG_ACR_2012082505145960.npz", {"data": samples().T, "itp": 1}, "data .samples, 3. and itp"),
        ("BG_ACR_2012082505145960.npz", {"data": samples() * [0, 0, 1], "itp": 1}, "constant E, N"),
        ("BG_ACR_2012082505145960.npz", {"data": samples(), "itp": 1, "channels": "HHZ_HHN_HHE"}, "order E, N, Z"),
        ("BG_ACR_2012082505145960.npz", {"data": samples(), "itp": 9, "its": 5}, "S arrival after P"),
        ("BG_ACR_2012082505145960.npz", {"data": np.array([object()]), "itp": 1}, "pickled"),
    ],
)
def test_bad_npz_is_named_and_passed_over(tmp_path, name, arrays, match):
    np.savez(tmp_path / name, **arrays)
    np.savez(tmp_path / "ZZ_OK_2012082505145960.npz", data=samples(), itp=3000)
    rejected = []
    assert [r.station for r in phasenet_records(tmp_path, rejected)] == ["OK"]
    assert rejected[0][0] == name
    with pytest.raises(InputError, match=match):
        read_npz(tmp_path / name)


def test_npz_cut_short_and_empty_folder(tmp_path):
    with pytest.raises(InputError, match="none in"):
        next(phasenet_records(tmp_path, []))
    path = tmp_path / "BG_ACR_2012082505145960.npz"
    np.savez(path, data=samples(), itp=3000)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"whole \.npz file"):
        read_npz(path)


@pytest.mark.skipif(not shared.is_dir(), reason="needs the real data folder ../shared/data")
def test_real_npz():
    rejected = []
    records = list(itertools.islice(phasenet_records(shared / "waveforms" / "ncedc", rejected), 60))
    assert len(records) == 60
    assert {(r.p_s, r.sampling_rate_hz, r.samples) for r in records} == {(30.0, 100.0, 9001)}
    assert all("constant E, N" in reason for _, reason in rejected)


def norcia(folder, station="NRCA", side="pre", events=(1, 2, 3), **columns):
    """A small set in the layout, with one row of attributes a trace."""
    names = [f"{station}.IV.{event}_EV" for event in events]
    with h5py.File(folder / f"{station}_waveforms_{side}.hdf5", "w") as file:
        for event, name in zip(events, names, strict=True):
            file[name] = samples(2500, event).T * 100
    rows = [
        {
            "trace_name": name,
            "trace_start_time": f"2016-10-2{event} 06:40:12.5",
            "network_code": "IV",
            "receiver_name": station,
            "receiver_type": "HH",
            "source_id": f"{event}_EV",
            **{key: values[i] for key, values in columns.items()},
        }
        for i, (event, name) in enumerate(zip(events, names, strict=True))
    ]
    write(folder / f"{station}_attributes_{side}.csv", rows)
    return rows


def write(path, rows):
    with open(path, "w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def test_norcia(tmp_path):
    norcia(tmp_path)
    norcia(tmp_path, side="post", events=(4,))
    norcia(tmp_path, "FDMO", events=(5,))
    rejected = []
    records = list(norcia_records(tmp_path, rejected))
    assert rejected == []
    assert [(r.station, r.label, r.event_id) for r in records] == [
        ("FDMO", "before", "5_EV"),
        ("NRCA", "after", "4_EV"),
        ("NRCA", "before", "1_EV"),
        ("NRCA", "before", "2_EV"),
        ("NRCA", "before", "3_EV"),
    ]
    assert (records[2].name, records[2].p_s, str(records[2].start)) == (
        "IV.NRCA..HH",
        5.0,
        "2016-10-21T06:40:12.500000",
    )
    np.testing.assert_array_equal(records[2].data, (samples(2500, 1).T * 100).astype(np.float32))
    assert [r.station for r in norcia_records(tmp_path, rejected, ("FDMO",))] == ["FDMO"]
    with pytest.raises(InputError, match="for XXX, received FDMO, NRCA"):
        next(norcia_records(tmp_path, [], ("XXX",)))


def test_norcia_s_arrivals_that_make_no_sense_are_left_out(tmp_path):
    norcia(tmp_path, p_s_diff_sec=["2.5", "-1.0", "nan"])
    one, two, three = norcia_records(tmp_path, [])
    assert (one.s_s, two.s_s, three.s_s) == (7.5, None, None)
    assert (two.history, three.history) == (("S left out: -1 s after P",), ("S left out: nan s after P",))


def test_norcia_rows_and_traces_that_do_not_match_are_named(tmp_path):
    rows = norcia(tmp_path)
    extra = {**rows[0], "trace_name": "NRCA.IV.9_EV"}
    write(tmp_path / "NRCA_attributes_pre.csv", [*rows[:2], extra, rows[0]])
    rejected = []
    assert len(list(norcia_records(tmp_path, rejected))) == 2
    assert rejected == [
        ("NRCA.IV.9_EV", "in NRCA_attributes_pre.csv but not in NRCA_waveforms_pre.hdf5"),
        ("NRCA.IV.1_EV", "twice in NRCA_attributes_pre.csv"),
        ("NRCA.IV.3_EV", "in NRCA_waveforms_pre.hdf5 but not in NRCA_attributes_pre.csv"),
    ]


def test_norcia_damaged_files_are_named(tmp_path):
    rows = norcia(tmp_path)
    norcia(tmp_path, "FDMO")
    norcia(tmp_path, "MC2", events=(7,))
    path = tmp_path / "NRCA_waveforms_pre.hdf5"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (tmp_path / "FDMO_attributes_pre.csv").unlink()
    norcia(tmp_path, "T1212")
    write(tmp_path / "T1212_attributes_pre.csv", [{"trace_name": row["trace_name"]} for row in rows])
    rejected = []
    assert [r.station for r in norcia_records(tmp_path, rejected)] == ["MC2"]
    reasons = dict(rejected)
    assert "no whole HDF5 file" in reasons["NRCA_waveforms_pre.hdf5"]
    assert reasons["FDMO_waveforms_pre.hdf5"] == "no attributes FDMO_attributes_pre.csv beside it"
    assert reasons["T1212_attributes_pre.csv"].startswith("no column trace_start_time, network_code")


def test_norcia_bad_samples_are_named(tmp_path):
    norcia(tmp_path)
    with h5py.File(tmp_path / "NRCA_waveforms_pre.hdf5", "a") as file:
        file["NRCA.IV.1_EV"][1, 7] = np.nan
        file["NRCA.IV.2_EV"][2] = 0.0
    rejected = []
    assert [r.event_id for r in norcia_records(tmp_path, rejected)] == ["3_EV"]
    assert "nan at sample 7 of component N" in rejected[0][1]
    assert "constant Z" in rejected[1][1]
