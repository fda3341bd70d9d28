"""The TFDS builders of blasts and earthquakes: TFDS's own contract, and what is in them."""

import pathlib

import numpy as np
import pytest

tfds = pytest.importorskip("tensorflow_datasets")

from foreshock.datasets.builders import blast_or_quake_pnw, blast_or_quake_simulated  # noqa: E402
from foreshock.datasets.builders.blast_or_quake_pnw import blast_or_quake_pnw_dataset_builder as pnw  # noqa: E402
from foreshock.datasets.builders.blast_or_quake_simulated import (  # noqa: E402
    blast_or_quake_simulated_dataset_builder as simulated,
)
from foreshock.datasets.readers.pnw import pnw_records  # noqa: E402
from foreshock.datasets.simulate.blast_or_quake import blast_or_quake_arrays  # noqa: E402
from foreshock.datasets.simulate.blast_scene import BlastOrQuake, draw_scene  # noqa: E402
from foreshock.datasets.simulate.noise import peterson_db  # noqa: E402
from foreshock.datasets.splits import PARTS  # noqa: E402

SHARED = pathlib.Path(__file__).parents[1].parent / "shared" / "data"
DUMMY = pathlib.Path(blast_or_quake_pnw.__file__).parent / "dummy_data"
SMALL = BlastOrQuake(region="B", events=20, seed=5, records_an_event=(1, 2))


def split_counts(settings: BlastOrQuake) -> dict[str, int]:
    return {part: int((draw_scene(settings)["split"] == part).sum()) for part in PARTS}


class BlastOrQuakeSimulatedTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = simulated.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ("C_small",)
    SPLITS = split_counts(BlastOrQuake(region="C", events=80))
    # Everything is simulated: no dummy files stand in for a download.
    EXAMPLE_DIR = str(pathlib.Path(blast_or_quake_simulated.__file__).parent)

    @classmethod
    def setUpClass(cls):
        # obspy reads its noise models with np.load, once, which TFDS's test case forbids while it runs.
        peterson_db(1.0)
        super().setUpClass()


class BlastOrQuakePnwTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = pnw.Builder
    # 6 earthquakes and 7 explosions, two channels each: 4 and 5 events, 1 and 1, 1 and 1.
    SPLITS = {"train": 18, "validation": 4, "test": 4}  # noqa: RUF012


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    config = simulated.BlastOrQuakeConfig(name="own", settings=SMALL)
    builder = simulated.Builder(config=config, data_dir=tmp_path_factory.mktemp("tfds"))
    builder.download_and_prepare()
    return builder


def test_the_builder_holds_the_simulated_records(prepared):
    arrays = blast_or_quake_arrays("B", events=20, seed=5, records_an_event=(1, 2))
    for part in PARTS:
        expected = arrays[part]
        keys = [f"{e}.{s}" for e, s in zip(expected["event_id"], expected["station"], strict=True)]
        examples = list(tfds.as_numpy(prepared.as_dataset(split=part)))
        assert len(examples) == len(keys)
        for example in examples:
            row = keys.index(f"{example['event_id'].decode()}.{example['station'].decode()}")
            np.testing.assert_array_equal(example["waveform"], expected["waveform"][row])
            assert example["label"] == expected["label"][row]
            for name in ("p_over_s", "rg_s", "delay_ms", "distance_km", "fold", "shots"):
                np.testing.assert_array_equal(example[name], np.float32(expected[name][row]))
    assert prepared.info.features["label"].names == ["earthquake", "blast"]


def test_no_example_tells_the_hour_or_the_coordinates(prepared, tmp_path):
    for features in (prepared.info.features, pnw.Builder(data_dir=tmp_path).info.features):
        forbidden = ("time", "hour", "latitude", "longitude", "east_km", "north", "azimuth")
        assert not [name for name in features if any(word in name for word in forbidden)]


def test_every_region_has_a_full_and_a_small_configuration():
    regions = {config.name: config.settings.region for config in simulated.Builder.BUILDER_CONFIGS}
    assert regions == {"A": "A", "B": "B", "C": "C", "A_small": "A", "B_small": "B", "C_small": "C"}


@pytest.fixture(scope="module")
def prepared_pnw(tmp_path_factory):
    builder = pnw.Builder(data_dir=tmp_path_factory.mktemp("tfds"))
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=DUMMY))
    return builder


def test_the_vertical_records_keep_their_rates_and_their_events_stay_together(prepared_pnw):
    examples = {part: list(tfds.as_numpy(prepared_pnw.as_dataset(split=part))) for part in PARTS}
    together = [example for part in PARTS for example in examples[part]]
    assert {float(example["sampling_rate_hz"]) for example in together} == {40.0, 50.0}
    for example in together:
        assert example["waveform"].shape == (75 * example["sampling_rate_hz"], 1)
    events = [{example["event_id"] for example in examples[part]} for part in PARTS]
    assert not (events[0] & events[1] or events[0] & events[2] or events[1] & events[2])
    folds = {}
    for example in together:
        folds.setdefault(example["event_id"], set()).add(int(example["fold"]))
    assert all(len(fold) == 1 for fold in folds.values())
    assert set.union(*folds.values()) == set(range(5))
    # The planted P of the dummy files lies at 35 s; most of them stand well out of their noise.
    late_s = np.array([example["p_s"] - 35.0 for example in together])
    assert np.isfinite(late_s).mean() > 0.6
    assert np.nanmedian(np.abs(late_s)) < 0.2
    refused = prepared_pnw.info.metadata["refused"]
    assert len(refused) == 1 and "received 1 Hz" in refused[0][1] and "LHZ" in refused[0][0]


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data folder ../shared/data")
def test_the_real_collection():
    rejected = []
    records = list(pnw_records(SHARED / "waveforms", rejected))
    events = {label: len({r.event_id for r in records if r.label == label}) for label in ("earthquake", "blast")}
    assert events == {"earthquake": 71, "blast": 24}
    rates = {record.sampling_rate_hz for record in records}
    assert min(rates) == 40.0 and max(rates) == 500.0
    slow = [reason for _, reason in rejected if "at least 40 Hz" in reason]
    assert sum("received 1 Hz" in reason for reason in slow) == 115
    # Nothing but slow, dead or torn channels is left out: with the records they make up all channels of the files.
    assert len(rejected) - len(slow) == 4
    # The origin lies 50 s after the start, whatever the time in the file's name says.
    assert np.median([record.origin_s for record in records]) == pytest.approx(50.0, abs=1.0)
    found = [record.picked() for record in records[::10]]
    after_s = np.array([record.p_s - record.origin_s for record in found if record.p_s is not None])
    assert len(after_s) > 0.35 * len(found)
    assert (after_s > -1).all() and (after_s < 30).all()
