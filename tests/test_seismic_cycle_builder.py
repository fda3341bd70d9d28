"""The TFDS builder of the simulated cycle: TFDS's own contract, and what is in it."""

import pathlib

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

import tensorflow_datasets as tfds
from foreshock.datasets.builders import seismic_cycle_simulated
from foreshock.datasets.builders.seismic_cycle_simulated.seismic_cycle_simulated_dataset_builder import (
    Builder,
    SeismicCycleConfig,
)
from foreshock.datasets.errors import InputError
from foreshock.datasets.simulate.cycle_scene import SPLITS, SeismicCycle, draw_scene
from foreshock.datasets.simulate.noise import peterson_db
from foreshock.datasets.simulate.scene import Window
from foreshock.datasets.simulate.seismic_cycle import seismic_cycle_arrays
from foreshock.datasets.waveforms.batches import batches_from_builder, shifted_batches


def split_counts(cycle: SeismicCycle) -> dict[str, int]:
    return {split: int((draw_scene(cycle)["split"] == split).sum()) for split in SPLITS}


class SeismicCycleSimulatedTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ("source_small",)
    SPLITS = split_counts(SeismicCycle(cause="source", events=24))
    # Everything is simulated: no dummy files stand in for a download.
    EXAMPLE_DIR = str(pathlib.Path(seismic_cycle_simulated.__file__).parent)

    @classmethod
    def setUpClass(cls):
        # obspy reads its noise models with np.load, once, which TFDS's test case forbids while it runs.
        peterson_db(1.0)
        super().setUpClass()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    cycle = SeismicCycle(cause="noise", events=16, seed=5)
    config = SeismicCycleConfig(name="noise_16", cycle=cycle, window=Window())
    builder = Builder(config=config, data_dir=tmp_path_factory.mktemp("tfds"))
    builder.download_and_prepare()
    return builder, seismic_cycle_arrays("noise", events=16, seed=5)


def test_the_builder_holds_the_simulated_records(prepared):
    builder, arrays = prepared
    for split in SPLITS:
        expected = arrays[split]
        keys = [f"{e}.{s}" for e, s in zip(expected["event_id"], expected["station"], strict=True)]
        examples = list(tfds.as_numpy(builder.as_dataset(split=split)))
        assert len(examples) == len(keys)
        for example in examples:
            row = keys.index(f"{example['event_id'].decode()}.{example['station'].decode()}")
            np.testing.assert_array_equal(example["waveform"], expected["waveform"][row])
            assert example["label"] == expected["label"][row]
            assert example["origin_time_us"] == expected["origin_time"][row].astype(np.int64)
            for name in ("p_s", "s_s", "magnitude", "distance_km", "snr_db", "stress_drop_mpa"):
                assert example[name] == np.float32(expected[name][row])
    assert builder.info.features["label"].names == ["foreshock", "aftershock"]


def test_all_four_causes_have_a_full_and_a_small_configuration():
    causes = {config.name: config.cycle.cause for config in Builder.BUILDER_CONFIGS}
    assert causes == {
        f"{cause}{size}": cause for cause in ("source", "path", "noise", "none") for size in ("", "_small")
    }
    counts = split_counts(Builder.builder_configs["source"].cycle)
    assert {split: round(count, -2) for split, count in counts.items()} == {
        "train": 8100,
        "validation": 2000,
        "test": 3000,
    }


def test_batches_from_the_builder_and_from_arrays_hold_the_same(prepared):
    builder, arrays = prepared

    def content(batches):
        pairs = (zip(w.numpy(), y.numpy(), strict=True) for w, y in batches)
        return sorted((label, waveform.tobytes()) for batch in pairs for waveform, label in batch)

    streamed = batches_from_builder(builder, "train", batch_size=8, shuffle_seed=1)
    train = arrays["train"]
    assert content(streamed) == content(shifted_batches(train["waveform"], train["label"], 2500, 8))
    waveform, label = next(iter(streamed))
    assert waveform.shape == (8, 2500, 3) and label.shape == (8,)


def test_batches_from_the_builder_are_seeded(prepared):
    builder, _ = prepared

    def magnitudes(seed):
        batches = batches_from_builder(builder, "train", shuffle_seed=seed, columns=("magnitude",))
        return [float(value) for (batch,) in batches for value in batch]

    assert magnitudes(1) == magnitudes(1) != magnitudes(2)
    assert sorted(magnitudes(1)) == sorted(magnitudes(2)) == sorted(magnitudes(None))
    with pytest.raises(InputError, match="azimuth"):
        batches_from_builder(builder, columns=("azimuth",))
