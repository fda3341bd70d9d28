"""The TFDS builders of waveforms, prepared from synthetic files in the layouts of the real ones."""

import pathlib

import numpy as np
import pytest

tfds = pytest.importorskip("tensorflow_datasets")

import obspy.core.util.base  # noqa: E402, F401  obspy's formats must be known before TFDS forbids files to open
from foreshock.datasets.builders.event_waveforms import event_waveforms_dataset_builder as event_module  # noqa: E402
from foreshock.datasets.builders.norcia import norcia_dataset_builder as norcia_module  # noqa: E402
from foreshock.datasets.builders.seisbench_waveforms import (  # noqa: E402
    seisbench_waveforms_dataset_builder as seisbench_module,
)
from foreshock.datasets.builders.waveform_builder import WaveformConfig, parts_in_time, parts_of  # noqa: E402
from foreshock.datasets.builders.waveform_sources import NorciaSource, SeisbenchSource, source_of  # noqa: E402
from foreshock.datasets.errors import InputError  # noqa: E402
from foreshock.datasets.readers.norcia_hdf5 import norcia_records  # noqa: E402
from foreshock.datasets.waveforms.batches import batches_from_builder  # noqa: E402
from foreshock.datasets.waveforms.cut import Cut  # noqa: E402

PARTS = ("train", "validation", "test")


def dummy(module) -> pathlib.Path:
    return pathlib.Path(module.__file__).parent / "dummy_data"


class TestNorcia(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = norcia_module.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ("all_p",)
    # Six events before and six after at two stations: eight events, two and two.
    SPLITS = {"train": 16, "validation": 4, "test": 4}  # noqa: RUF012


class TestSeisbench(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = seisbench_module.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ("from_start",)
    # Eight events of two traces: six, one and one.
    SPLITS = {"train": 12, "validation": 2, "test": 2}  # noqa: RUF012


class TestEventWaveforms(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = event_module.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ("p_aligned",)
    # Eight events at two stations, one record without picks.
    SPLITS = {"train": 11, "validation": 2, "test": 2}  # noqa: RUF012


def prepared(module, tmp_path, config):
    builder = module.Builder(data_dir=tmp_path / "tfds", config=config)
    manual = tfds.download.DownloadConfig(manual_dir=dummy(module))
    builder.download_and_prepare(download_config=manual)
    return builder


def examples(builder, part):
    return list(tfds.as_numpy(builder.as_dataset(split=part)))


def test_norcia_s_aligned_of_one_station(tmp_path):
    builder = prepared(norcia_module, tmp_path, "nrca_s")
    rejected = []
    records = {r.event_id: r for r in norcia_records(dummy(norcia_module), rejected, ("NRCA",))}
    seen = {}
    for part in PARTS:
        for example in examples(builder, part):
            event = example["event_id"].decode()
            assert seen.setdefault(event, part) == part
            assert example["station"] == b"IV.NRCA"
            record = records[event]
            first = round((record.s_s - 5.0) * 100)
            np.testing.assert_array_equal(example["waveform"], record.data[:, first : first + 2000].T)
            assert example["label"] == ("before", "after").index(record.label)
            assert example["s_s"] == pytest.approx(5.0, abs=0.005)
    # The first event of each side has an S before its P.
    assert set(records) - set(seen) == {"pre0_EV", "post0_EV"}
    assert builder.info.metadata["rejected"] == 4
    assert sorted(name for name, _ in builder.rejected) == [
        "post0_EV",
        "post0_EV.NRCA.after",
        "pre0_EV",
        "pre0_EV.NRCA.before",
    ]
    assert any("a record with a pick of S" in reason for _, reason in builder.rejected)


def test_all_stations_and_alignments_are_configurations():
    names = set(norcia_module.Builder.builder_configs)
    assert len(names) == 20 and {"all_p", "all_s", "nrca_p", "t1244_s"} <= names
    assert norcia_module.Builder.builder_configs["mc2_s"].cut.samples == 2000


def test_seisbench_aligned_on_p_with_classes(tmp_path):
    config = WaveformConfig(name="mine", cut=Cut("P", 2.0, 10.0, 50.0), labels=("earthquake", "explosion"))
    builder = prepared(seisbench_module, tmp_path, config)
    found = [example for part in PARTS for example in examples(builder, part)]
    assert len(found) == 15
    for example in found:
        event = int(example["event_id"].decode().removeprefix("event"))
        assert example["waveform"].shape == (500, 3)
        assert (example["label"], example["p_s"], example["s_s"]) == (event % 2, 2.0, 5.0)
        assert example["history"] == b"resampled from 100 to 50 Hz"
    assert builder.info.metadata["rejected"] == 1
    assert builder.rejected[0][0] == "/bucket0$0,:3,:3000"
    assert builder.info.metadata["cut"]["window_s"] == 10.0


def test_labels_outside_the_classes_are_named(tmp_path):
    cut, fractions = Cut("", 0.0, 25.0), (0.5, 0.25, 0.25)
    config = WaveformConfig(name="quakes", labels=("earthquake",), cut=cut, fractions=fractions)
    builder = prepared(seisbench_module, tmp_path, config)
    assert [len(examples(builder, part)) for part in PARTS] == [4, 2, 2]
    assert builder.rejected == [(f"event{n}", "its class 'explosion' is not of earthquake") for n in (1, 3, 5, 7)]
    with pytest.raises(InputError, match="three events, for train, validation and test, received 0"):
        prepared(seisbench_module, tmp_path, WaveformConfig(name="none", labels=("noise",), cut=cut))


def test_a_part_without_records_is_told(tmp_path):
    config = WaveformConfig(name="long", cut=Cut("P", 5.0, 60.0))
    with pytest.raises(InputError, match=r"a part without any \(/bucket0.*a record of at least 60 s, received 30 s"):
        prepared(seisbench_module, tmp_path, config)


def test_event_waveforms_hold_their_picks_and_kinds(tmp_path):
    builder = prepared(event_module, tmp_path, "p_aligned")
    found = [example for part in PARTS for example in examples(builder, part)]
    assert len(found) == 15
    for example in found:
        event = int(example["event_id"].decode().removeprefix("ev"))
        assert example["label"] == (b"explosion" if event % 2 else b"earthquake")
        assert (example["p_s"], example["s_s"]) == (5.0, 8.0)
        start = np.datetime64(int(example["start_us"]), "us")
        late = 1 if example["station"] == b"XX.BBB" else 0
        # The file begins 6 s before the origin (5 s at the second station), the window 3 s later.
        assert start == np.datetime64(f"2020-02-{event + 1:02d}", "us") + np.timedelta64(-3 + late, "s")
    assert ["ev0..XX.AAA" in name or "ev0.XX.AAA" in name for name, _ in builder.rejected] == [True]


def test_batches_come_from_the_builders(tmp_path):
    config = WaveformConfig(name="mine", cut=Cut("", 0.0, 20.0), labels=("earthquake", "explosion"))
    builder = prepared(seisbench_module, tmp_path, config)
    waveform, label = next(iter(batches_from_builder(builder, "train", 4, shuffle_seed=1)))
    assert waveform.shape == (4, 2000, 3) and set(label.numpy()) <= {0, 1}


def test_no_event_is_in_two_parts_and_classes_are_divided_alike():
    events = [f"e{n}" for n in range(100)]
    parts = parts_of(events, ["a"] * 20 + ["b"] * 80, 1, (0.7, 0.15, 0.15))
    count = {part: sum(value == part for value in parts.values()) for part in PARTS}
    assert count == {"train": 70, "validation": 15, "test": 15}
    assert sum(parts[event] == "test" for event in events[:20]) == 3
    assert parts == parts_of(events, ["a"] * 20 + ["b"] * 80, 1, (0.7, 0.15, 0.15))
    with pytest.raises(InputError, match="three events"):
        parts_of(["a", "b"], ["", ""], 1, (0.7, 0.15, 0.15))


def test_split_by_time_gives_each_class_three_stretches(tmp_path):
    config = WaveformConfig(name="time", split_by="time", labels=("before", "after"), fractions=(0.5, 0.25, 0.25))
    builder = prepared(norcia_module, tmp_path, config)
    found = {part: sorted({e["event_id"].decode() for e in examples(builder, part)}) for part in PARTS}
    assert found == {
        "train": ["post0_EV", "post1_EV", "post2_EV", "pre0_EV", "pre1_EV", "pre2_EV"],
        "validation": ["post3_EV", "pre3_EV"],
        "test": ["post4_EV", "post5_EV", "pre4_EV", "pre5_EV"],
    }
    days = list(np.datetime64("2020-01-01") + np.arange(4))
    assert parts_in_time(list("abcd"), [""] * 4, days[::-1], (0.7, 0.15, 0.15)) == {
        "d": "train",
        "c": "train",
        "b": "validation",
        "a": "test",
    }
    with pytest.raises(InputError, match="none for test"):
        parts_in_time(["a", "b"], ["", ""], days[:2], (0.7, 0.15, 0.15))
    with pytest.raises(InputError, match="1 of 2 events without"):
        parts_in_time(["a", "b"], ["", ""], [np.datetime64("2020-01-01"), np.datetime64("NaT")], (0.7, 0.15, 0.15))


def test_sources_by_kind():
    assert source_of("norcia", "x") == NorciaSource("x")
    assert source_of("seisbench", "x") == SeisbenchSource("x")
    with pytest.raises(InputError, match="kind waveforms without events"):
        source_of("waveforms", "x")
    with pytest.raises(InputError, match="kind catalogue"):
        source_of("catalogue", "x")


@pytest.mark.parametrize("wrong", [{"phase": "Q"}, {"before_s": 30.0}, {"sampling_rate_hz": 0.0}])
def test_cuts_that_make_no_sense(wrong):
    with pytest.raises(InputError):
        Cut(**wrong)
