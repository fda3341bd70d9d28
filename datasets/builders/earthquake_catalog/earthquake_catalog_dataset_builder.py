"""The TFDS data set `earthquake_catalog`: one example a day, its events as cells and values.

Dense windows are made by `foreshock.datasets.pipeline.windows_from_tfds`, so that window, stride and horizon are
parameters of the pipeline and not bytes on disk.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

from ...catalog import Catalog
from ...raster import sparse_days
from ...regions import Region

# Days between train and validation and between validation and test: the published horizon ends 50 days after its issue.
GAP_DAYS = 50


class EarthquakeCatalogConfig(tfds.core.BuilderConfig):
    """A region and its split.

    Arguments:
        region: a Region; None takes the prepared data set of the config's name from the manual folder.
        split: the name of the region's split, "hard" or "late".
        gap_days: days left out between the periods of the split.
        file: a catalogue in any known format to read in place of the manual folder's.
    """

    def __init__(self, name: str, region: Region | None = None, split="hard", gap_days=GAP_DAYS, file=None, **kwargs):
        super().__init__(name=name, **kwargs)
        self.region, self.split, self.gap_days, self.file = region, split, gap_days, file


def _packaged(name: str) -> EarthquakeCatalogConfig:
    region = Region.named(name)
    return EarthquakeCatalogConfig(name, region, description=region.title)


class Builder(tfds.core.GeneratorBasedBuilder):
    """Events of a region by day and cell, split in order of time."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}  # noqa: RUF012, the form TFDS expects
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The manual folder is a foreshock data home. The agencies' files lie below it in `catalogs/` (japan_comcat.csv,
    world_comcat.csv, norcal/, socal/), or a data set made by `foreshock data prepare --name NAME` in `NAME/`.
    The config `custom` reads the data set `custom/`; the config `simulated` needs no file.
    """
    BUILDER_CONFIGS = [  # noqa: RUF012, the form TFDS expects
        *(_packaged(name) for name in ("japan", "norcal", "socal", "world", "simulated")),
        EarthquakeCatalogConfig("custom", description="A region and a catalogue of one's own."),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        # As numbers, TFDS would store single precision, in which an M 4.1 lies below 4.1.
        exact = {"shape": (None,), "dtype": np.float64, "encoding": tfds.features.Encoding.BYTES}
        events = {
            "row": tfds.features.Tensor(shape=(None,), dtype=np.int32, doc="Cell, from the south."),
            "column": tfds.features.Tensor(shape=(None,), dtype=np.int32, doc="Cell, from the west."),
            "magnitude": tfds.features.Tensor(**exact),
            "depth_km": tfds.features.Tensor(**exact, doc="NaN where unknown."),
        }
        day = tfds.features.Scalar(dtype=np.int64, doc="Days since 1970-01-01 in the grid's time zone.")
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({"day": day, **events}),
            homepage="https://earthquake.usgs.gov/earthquakes/search/",
            disable_shuffling=True,
            metadata=tfds.core.MetadataDict(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        region, catalog = self._source(dl_manager)
        split = region.split(self.builder_config.split).with_gap(self.builder_config.gap_days)
        self.info.metadata.update(
            region=region.name,
            grid=region.grid.to_dict(),
            m0=region.m0,
            mc=list(region.mc),
            split=self.builder_config.split,
            gap_days=self.builder_config.gap_days,
            periods={name: [str(period.first), str(period.last)] for name, period in vars(split).items()},
        )
        return {name: self._generate_examples(catalog, region, period) for name, period in vars(split).items()}

    def _source(self, dl_manager) -> tuple[Region, Catalog]:
        config = self.builder_config
        if config.region is not None and config.region.source.simulator:
            return config.region, config.region.catalog()
        if config.file is not None and config.region is not None:
            from ...readers.reading import read_catalog

            return config.region, config.region.select(read_catalog(config.file).catalog)
        home = Path(dl_manager.manual_dir)
        region = config.region or Region.named(config.name, home)
        return region, region.catalog(home)

    def _generate_examples(self, catalog: Catalog, region: Region, period):
        maps = sparse_days(catalog, region.grid, period.first, period.last)
        first = int(maps.first_day.astype(np.int64))
        for index in range(maps.days):
            events = slice(maps.offsets[index], maps.offsets[index + 1])
            # With shuffling off, the keys' order is the order on disk: that of time.
            yield (
                first + index,
                {
                    "day": first + index,
                    "row": maps.row[events],
                    "column": maps.column[events],
                    "magnitude": maps.magnitude[events],
                    "depth_km": maps.depth_km[events],
                },
            )
