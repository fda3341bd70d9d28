"""Small sets of four records in the layouts of SeisBench, Norcia and PhaseNet, read by their readers."""

import csv

import h5py
import numpy as np
from foreshock.datasets.readers.norcia_hdf5 import norcia_records
from foreshock.datasets.readers.phasenet_npz import phasenet_records
from foreshock.datasets.readers.seisbench import seisbench_records


def noise(seed, shape):
    return np.random.default_rng(seed).normal(scale=1000.0, size=shape)


def write_table(path, rows):
    with open(path, "w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def write_seisbench(folder, records=4, samples=4000):
    """One block of records of half as many events, P at 10 s and S at 14 s."""
    folder.mkdir(parents=True)
    with h5py.File(folder / "waveforms.hdf5", "w") as file:
        file["data/bucket0"] = np.stack([noise(n, (3, samples)) for n in range(records)]).astype(np.float32)
        for key, value in {"dimension_order": "CW", "component_order": "ZNE", "sampling_rate": 100.0}.items():
            file[f"data_format/{key}"] = value
    rows = [
        {
            "trace_name": f"bucket0${n},:3,:{samples}",
            "trace_start_time": f"2020-01-{n % 28 + 1:02d}T00:00:00Z",
            "station_network_code": "IV",
            "station_code": f"S{n % 2}",
            "trace_channel": "HH",
            "source_id": f"e{n // 2}",
            "source_type": "explosion" if n // 2 % 2 else "earthquake",
            "trace_p_arrival_sample": 1000,
            "trace_s_arrival_sample": 1400,
        }
        for n in range(records)
    ]
    write_table(folder / "metadata.csv", rows)


def write_norcia(folder, stations=("NRCA", "FDMO"), events=1):
    """So many events before and after at each station; S 2.5 s after P."""
    folder.mkdir(parents=True)
    for number, station in enumerate(stations):
        for side in ("pre", "post"):
            names = [f"{station}.IV.{side}{event}_EV" for event in range(events)]
            with h5py.File(folder / f"{station}_waveforms_{side}.hdf5", "w") as file:
                for event, name in enumerate(names):
                    file[name] = noise(100 * number + event + 50 * (side == "pre"), (3, 2500))
            rows = [
                {
                    "trace_name": name,
                    "trace_start_time": f"2016-10-21T06:{event:02d}:12.5",
                    "network_code": "IV",
                    "receiver_name": station,
                    "receiver_type": "HH",
                    "source_id": f"{side}{event}_EV",
                    "p_s_diff_sec": 2.5,
                }
                for event, name in enumerate(names)
            ]
            write_table(folder / f"{station}_attributes_{side}.csv", rows)


def write_npz(folder, records=4):
    """PhaseNet's files, P at 30 s."""
    folder.mkdir(parents=True)
    for n in range(records):
        np.savez(folder / f"NC_S{n}_2012082505145960.npz", data=noise(n, (9001, 3)), itp=3000)


def test_the_sets_are_read_whole(tmp_path):
    write_seisbench(tmp_path / "a")
    write_norcia(tmp_path / "b")
    write_npz(tmp_path / "c")
    rejected = []
    sets = [
        list(seisbench_records(tmp_path / "a", rejected)),
        list(norcia_records(tmp_path / "b", rejected)),
        list(phasenet_records(tmp_path / "c", rejected)),
    ]
    assert [len(records) for records in sets] == [4, 4, 4] and rejected == []
    assert [[record.p_s for record in records] for records in sets] == [[10.0] * 4, [5.0] * 4, [30.0] * 4]
