"""The TFDS data set, prepared from synthetic files in the layout of the real ones."""

import pathlib
import types

import numpy as np
import pytest

tfds = pytest.importorskip("tensorflow_datasets")

from foreshock.datasets.builders.earthquake_catalog import earthquake_catalog_dataset_builder as module  # noqa: E402
from foreshock.datasets.pipeline import maps_from_examples, windows_from_tfds  # noqa: E402
from foreshock.datasets.raster import sparse_days  # noqa: E402
from foreshock.datasets.regions import Region  # noqa: E402
from foreshock.datasets.windows import Windows, WindowSettings  # noqa: E402

DUMMY = pathlib.Path(module.__file__).parent / "dummy_data"


class TestEarthquakeCatalog(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = module.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ("custom",)
    # 60 and 61 days less the gap of 50, and 30 days.
    SPLITS = {"train": 10, "validation": 11, "test": 30}  # noqa: RUF012


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    config = module.EarthquakeCatalogConfig(
        "own", Region.named("custom", DUMMY), gap_days=5, file=DUMMY / "custom" / "catalog.csv"
    )
    builder = module.Builder(data_dir=tmp_path_factory.mktemp("tfds"), config=config)
    builder.download_and_prepare()
    return builder


def test_examples_hold_every_event_of_their_day(prepared):
    region = Region.named("custom", DUMMY)
    catalog = region.catalog(DUMMY)
    maps = maps_from_examples(tfds.as_numpy(prepared.as_dataset(split="test")), region.grid)
    expected = sparse_days(catalog, region.grid, "2001-05-02", "2001-05-31")
    assert len(expected.row) > 10
    assert (maps.first_day, maps.days) == (expected.first_day, 30)
    for name in ("offsets", "row", "column", "magnitude", "depth_km"):
        np.testing.assert_array_equal(getattr(maps, name), getattr(expected, name), err_msg=name)


def test_splits_follow_each_other_with_the_gap(prepared):
    days = {
        name: [int(example["day"]) for example in tfds.as_numpy(prepared.as_dataset(split=name))]
        for name in ("train", "validation", "test")
    }
    for name, run in days.items():
        assert run == list(range(run[0], run[-1] + 1)), name
    assert days["validation"][0] - days["train"][-1] == 6
    assert days["test"][0] - days["validation"][-1] == 6


def test_windows_equal_those_from_the_catalogue(prepared):
    region, settings = Region.named("custom", DUMMY), WindowSettings(4, (0, 3), 3.2, ("max_magnitude", "mean_depth"))
    windows = windows_from_tfds(prepared, "test", settings, every=2)
    maps = sparse_days(region.catalog(DUMMY), region.grid, "2001-05-02", "2001-05-31")
    expected = Windows(maps, settings, windows.issue_days)
    for got, wanted in zip(windows.batches(5), expected.batches(5), strict=True):
        np.testing.assert_array_equal(got[0], wanted[0])
        np.testing.assert_array_equal(got[1], wanted[1])
    # The first window and the last horizon end with the split.
    assert str(windows.issue_days[0]) == "2001-05-06" and windows.issue_days[-1] <= np.datetime64("2001-05-29")


def test_named_config_reads_the_agency_file_of_the_manual_folder(tmp_path):
    builder = module.Builder(data_dir=tmp_path, config="japan")
    generators = builder._split_generators(types.SimpleNamespace(manual_dir=DUMMY))
    catalog = Region.named("japan").catalog(DUMMY)
    first = next(example for _, example in generators["train"] if len(example["row"]))
    event = catalog[Region.named("japan").inside(catalog.latitude, catalog.longitude)][0]
    assert np.datetime64(int(first["day"]), "D") == event.time[0].astype("datetime64[D]")
    assert first["magnitude"].tolist() == event.magnitude.tolist()
    assert builder.info.metadata["periods"]["train"] == ["1990-01-01", "2007-11-11"]


def test_missing_days_are_refused():
    examples = [{"day": d, "row": [], "column": [], "magnitude": [], "depth_km": []} for d in (3, 5)]
    with pytest.raises(ValueError, match="1970-01-04 followed by 1970-01-06"):
        maps_from_examples(examples, Region.named("japan").grid)


def test_all_configs_are_listed():
    assert set(module.Builder.builder_configs) == {"japan", "norcal", "socal", "world", "simulated", "custom"}
