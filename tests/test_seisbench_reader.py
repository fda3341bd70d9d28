"""The reader of SeisBench's data format, on small sets written in its layout."""

import csv

import h5py
import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.readers.seisbench import chunks_of, is_seisbench, read_chunk, seisbench_records

RATE_HZ = 100.0


def samples(seed, components=3, count=600):
    return np.random.default_rng(seed).normal(size=(components, count)).astype(np.float32)


def row(name, **more):
    return {
        "trace_name": name,
        "trace_start_time": "2019-07-06T03:19:53.040000Z",
        "station_network_code": "CI",
        "station_code": "CLC",
        "station_location_code": "",
        "trace_channel": "HH",
        "source_id": "ci38457511",
        "source_type": "earthquake",
        "split": "train",
        "trace_p_arrival_sample": "150.0",
        "trace_s_arrival_sample": "320.5",
        **more,
    }


def write(folder, arrays, rows, chunk="", dimensions="CW", components="ZNE", rate=RATE_HZ):
    folder.mkdir(exist_ok=True)
    with h5py.File(folder / f"waveforms{chunk}.hdf5", "w") as file:
        for name, array in arrays.items():
            file[f"data/{name}"] = array
        file["data_format/dimension_order"] = dimensions
        file["data_format/component_order"] = components
        if rate:
            file["data_format/sampling_rate"] = rate
    with open(folder / f"metadata{chunk}.csv", "w", newline="") as file:
        table = csv.DictWriter(file, list(dict.fromkeys(key for line in rows for key in line)), restval="")
        table.writeheader()
        table.writerows(rows)


def read(folder):
    rejected = []
    return list(seisbench_records(folder, rejected)), rejected


def test_traces_by_name_in_the_order_e_n_z(tmp_path):
    data = samples(1)
    write(tmp_path, {"one": data}, [row("one")])
    assert is_seisbench(tmp_path)
    (record,), rejected = read(tmp_path)
    np.testing.assert_array_equal(record.data, data[[2, 1, 0]])
    assert (record.name, record.sampling_rate_hz, record.p_s, record.s_s) == ("CI.CLC..HH", 100.0, 1.5, 3.205)
    assert (str(record.start), record.event_id, record.label) == (
        "2019-07-06T03:19:53.040000",
        "ci38457511",
        "earthquake",
    )
    assert (record.history, rejected) == ((), [])


def test_blocks_are_cut_to_the_trace(tmp_path):
    block = np.stack([samples(1), samples(2), samples(3)])
    names = ["bucket0$0,:3,:600", "bucket0$2, :3, :500", "bucket0$1,:,100:"]
    write(tmp_path, {"bucket0": block}, [row(name) for name in names])
    records, rejected = read(tmp_path)
    assert rejected == []
    for record, expected in zip(records, (block[0], block[2, :, :500], block[1, :, 100:]), strict=True):
        np.testing.assert_array_equal(record.data, expected[[2, 1, 0]])


def test_samples_first_and_orders_of_components_in_the_rows(tmp_path):
    one, two = samples(1), samples(2, components=4)
    rows = [row("one", trace_component_order="ENZ"), row("two", trace_component_order="Z12H")]
    write(tmp_path, {"one": one.T, "two": two.T}, rows, dimensions="WC")
    (first, second), _ = read(tmp_path)
    np.testing.assert_array_equal(first.data, one)
    np.testing.assert_array_equal(second.data, two[[2, 1, 0]])
    assert second.history == ("HH1 taken for N and HH2 for E: their orientation is not known", "HHH not used")


def test_chunks_listed_and_found(tmp_path):
    for number, chunk in enumerate(("_b", "_a", "_c")):
        write(tmp_path, {"one": samples(number)}, [row("one", source_id=chunk)], chunk)
    assert [r.event_id for r in read(tmp_path)[0]] == ["_a", "_b", "_c"]
    (tmp_path / "chunks").write_text("_c\n_a\n\n")
    assert [r.event_id for r in read(tmp_path)[0]] == ["_a", "_c"]
    (tmp_path / "chunks").write_text("_a\n_z\n")
    with pytest.raises(InputError, match=r"without metadata_z\.csv, waveforms_z\.hdf5"):
        chunks_of(tmp_path)
    (tmp_path / "chunks").unlink()
    (tmp_path / "metadata_b.csv").unlink()
    with pytest.raises(InputError, match=r"without metadata_b\.csv"):
        read(tmp_path)


def test_a_rate_for_each_trace(tmp_path):
    rows = [
        row("one", trace_sampling_rate_hz="50"),
        row("two", trace_dt_s="0.005", trace_sampling_rate_hz="nan"),
        row("three"),
    ]
    write(tmp_path, {name: samples(1) for name in ("one", "two", "three")}, rows, rate=None)
    (one, two), rejected = read(tmp_path)
    assert (one.sampling_rate_hz, one.p_s, two.sampling_rate_hz, two.p_s) == (50.0, 3.0, 200.0, 0.75)
    assert rejected[0][0] == "three" and "a positive sampling rate in the row or in data_format" in rejected[0][1]


def test_picks_that_are_missing_late_or_contradict(tmp_path):
    cases = {
        "none": {"trace_p_arrival_sample": "", "trace_s_arrival_sample": "nan"},
        "outside": {"trace_p_arrival_sample": "-20", "trace_s_arrival_sample": "600"},
        "swapped": {"trace_p_arrival_sample": "300", "trace_s_arrival_sample": "200"},
        "words": {"trace_p_arrival_sample": "early"},
    }
    write(tmp_path, {name: samples(1) for name in cases}, [row(name, **columns) for name, columns in cases.items()])
    (none, outside, swapped), rejected = read(tmp_path)
    assert (none.p_s, none.s_s, none.history) == (None, None, ())
    assert (outside.p_s, outside.s_s) == (None, None)
    assert outside.history == ("P left out: at sample -20 of 600", "S left out: at sample 600 of 600")
    assert (swapped.p_s, swapped.s_s, swapped.history) == (3.0, None, ("S left out: -1 s after P",))
    assert rejected == [("words", "expected a number in trace_p_arrival_sample, received 'early'; mend the metadata")]


def test_the_first_of_several_p_columns_counts(tmp_path):
    line = row("one", trace_Pg_arrival_sample="180", trace_Pn_arrival_sample="120", trace_pP_arrival_sample="10")
    line |= {"trace_p_arrival_sample": "", "trace_s_arrival_sample": "", "trace_Sg_arrival_sample": "400"}
    write(tmp_path, {"one": samples(1)}, [line])
    (record,), _ = read(tmp_path)
    assert (record.p_s, record.s_s) == (1.2, 4.0)


def test_rows_without_waveform_and_waveforms_without_row_are_named(tmp_path):
    block = np.stack([samples(1), samples(2), samples(3)])
    rows = [row("b$0,:3,:600"), row("b$9,:3,:600"), row("gone"), row("sub/one"), row("b$x,:3")]
    write(tmp_path, {"b": block, "sub/one": samples(4), "spare": samples(5)}, rows)
    records, rejected = read(tmp_path)
    assert len(records) == 2
    assert rejected == [
        ("b$9,:3,:600", "in metadata.csv but not in waveforms.hdf5"),
        ("gone", "in metadata.csv but not in waveforms.hdf5"),
        ("b$x,:3", "expected a trace name BLOCK$index,:components,:samples, received 'b$x,:3'; mend the metadata"),
        ("b$1", "in waveforms.hdf5 but not in metadata.csv"),
        ("b$2", "in waveforms.hdf5 but not in metadata.csv"),
        ("spare", "in waveforms.hdf5 but not in metadata.csv"),
    ]


def test_many_waveforms_without_row_are_counted(tmp_path):
    write(tmp_path, {"b": np.zeros((50, 3, 10)), "one": samples(1)}, [row("one")])
    with h5py.File(tmp_path / "waveforms.hdf5", "a") as file:
        for number in range(30):
            file[f"data/spare{number:02d}"] = np.zeros(1)
    _, rejected = read(tmp_path)
    assert len(rejected) == 21 and rejected[-1][0] == "11 more traces"


@pytest.mark.parametrize(
    ("data", "more", "match"),
    [
        (samples(1, components=1), {"trace_component_order": "Z"}, "component E, N missing: has HHZ"),
        (samples(1, components=2), {}, "3 components ZNE, received 2"),
        (samples(1) * [[1], [0], [0]], {}, "constant E, N"),
        (np.full((3, 600), np.nan), {}, "finite"),
        (samples(1).astype(float) * 1e39, {}, "do not fit into float32"),
        (samples(1)[0], {}, "components and samples, received shape"),
        (samples(1), {"trace_start_time": "yesterday"}, "UTC time"),
        (samples(1), {"trace_sampling_rate_hz": "0"}, "positive sampling rate"),
    ],
)
def test_traces_that_cannot_be_used_are_named(tmp_path, data, more, match):
    write(tmp_path, {"one": data, "two": samples(2)}, [row("one", **more), row("two")])
    records, rejected = read(tmp_path)
    assert len(records) == 1
    assert rejected[0][0] == "one" and match in rejected[0][1]


def test_a_start_may_be_missing(tmp_path):
    write(tmp_path, {"one": samples(1)}, [row("one", trace_start_time="")])
    (record,), _ = read(tmp_path)
    assert np.isnat(record.start) and record.history == ("start unknown",)


def test_a_file_cut_short_is_an_error(tmp_path):
    write(tmp_path, {"one": samples(1), "two": samples(2)}, [row("one"), row("two")])
    path = tmp_path / "waveforms.hdf5"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match="a whole HDF5 file"):
        read(tmp_path)


@pytest.mark.parametrize(("change", "match"), [("table", "a column trace_name"), ("group", "a group data")])
def test_sets_in_another_layout_are_refused(tmp_path, change, match):
    write(tmp_path, {"one": samples(1)}, [row("one")])
    if change == "table":
        (tmp_path / "metadata.csv").write_text("a,b\n1,2\n")
    else:
        with h5py.File(tmp_path / "waveforms.hdf5", "a") as file:
            del file["data"]
    with pytest.raises(InputError, match=match):
        read(tmp_path)
    with pytest.raises(InputError, match=r"C \(components\) and W"):
        write(tmp_path, {"one": samples(1)}, [row("one")], dimensions="ICW")
        read(tmp_path)


def test_rows_can_be_read_in_parts_and_chosen(tmp_path):
    block = np.stack([samples(n) for n in range(6)])
    write(tmp_path, {"b": block}, [row(f"b${n},:3,:600", source_id=f"e{n % 2}") for n in range(6)])
    (chunk,) = chunks_of(tmp_path)
    rejected = []
    parts = [[trace.name[2] for trace in read_chunk(chunk, rejected, rows=range(a, a + 4))] for a in (0, 4)]
    assert parts == [["0", "1", "2", "3"], ["4", "5"]]
    chosen = list(seisbench_records(tmp_path, rejected, lambda line: line["source_id"] == "e1"))
    assert [r.event_id for r in chosen] == ["e1"] * 3
    assert rejected == []


def test_a_large_set_streams_in_constant_memory(tmp_path):
    """A thousand rows, 360 MB if they were kept; no more than a few records are there at a time."""
    import tracemalloc

    block = np.random.default_rng(0).normal(size=(100, 3, 30_000)).astype(np.float32)
    rows = [row(f"b${n % 100},:3,:30000") for n in range(1000)]
    write(tmp_path, {"b": block}, rows)
    del block
    tracemalloc.start()
    count = sum(1 for _ in seisbench_records(tmp_path, []))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 1000
    assert peak < 8e6  # a record is .36 MB, all of them would be 360 MB


def test_large_integers_and_clipping_are_told(tmp_path):
    """float32 holds integers up to 2**24: a small signal on a large offset would be rounded away."""
    signal = np.tile([0, 1, 3, -2], 150)
    data = np.stack([signal + 2**30, np.clip(1000 * samples(1)[0], -900, 900), 500 * samples(2)[0]]).astype(np.int32)
    write(tmp_path, {"one": data}, [row("one")])
    (record,), _ = read(tmp_path)
    np.testing.assert_allclose(np.diff(record.data[2]), np.diff(signal), atol=1e-3)
    assert record.history[1].startswith("HHZ: mean of 107374182") and record.history[0].startswith("HHN: clipped")
    extremes = np.array([[-(2**31), 2**31 - 1] * 300] * 3, dtype=np.int32)
    write(tmp_path, {"one": extremes}, [row("one")])
    (record,), _ = read(tmp_path)
    assert (record.data.min(), record.data.max()) == (-(2.0**31), 2.0**31)
