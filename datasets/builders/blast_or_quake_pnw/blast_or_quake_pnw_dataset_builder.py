"""TFDS builder: vertical records of earthquakes and explosions of the Pacific Northwest, from a manual folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

from ...readers.pnw import pnw_records
from ...simulate.blast_scene import LABELS
from ...splits import PARTS, by_event, event_folds

SPLIT_SEED = 1


class Builder(tfds.core.GeneratorBasedBuilder):
    """One example a channel and event, at the rate it was recorded at; split by event within each class."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "First version."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The manual folder holds `pnw_events.csv` (event_id, event_type, time, magnitude and more) and the folder `pnw` with
    miniSEED files named EVENT_NET.STA.CHA.TIME.mseed, as in the PNW classification project of the University of
    Washington.
    """

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            # Counts of the vertical component; the length depends on the rate.
            "waveform": tfds.features.Tensor(shape=(None, 1), dtype=np.float32, encoding=tfds.features.Encoding.BYTES),
            "label": tfds.features.ClassLabel(names=LABELS),
            "sampling_rate_hz": np.float32,
            "event_id": tfds.features.Text(),
            "network": tfds.features.Text(),
            "station": tfds.features.Text(),
            "location": tfds.features.Text(),
            "channel": tfds.features.Text(),
            # Seconds after the first sample; p_s is NaN where no P stands out of the noise.
            "p_s": np.float32,
            "origin_s": np.float32,
            "magnitude": np.float32,
            # All records of an event are in one of five.
            "fold": np.int64,
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("waveform", "label"),
            homepage="https://pnsn.org",
            metadata=tfds.core.MetadataDict(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        rejected = []
        records = [record.picked() for record in pnw_records(Path(dl_manager.manual_dir), rejected)]
        event_id, label = ([getattr(record, name) for record in records] for name in ("event_id", "label"))
        split = by_event(event_id, SPLIT_SEED, stratum=label)
        fold = event_folds(event_id, SPLIT_SEED, stratum=label)
        self.info.metadata.update(
            records=len(records),
            events={name: len({r.event_id for r in records if r.label == name}) for name in LABELS},
            with_p=sum(record.p_s is not None for record in records),
            rates_hz={f"{rate:g}": count for rate, count in Counter(r.sampling_rate_hz for r in records).items()},
            refused=[list(row) for row in rejected],
            split=f"by event within each class, seed {SPLIT_SEED}",
        )
        return {name: self._generate_examples(records, fold, getattr(split, name)) for name in PARTS}

    def _generate_examples(self, records, fold, rows):
        for row in rows:
            record = records[row]
            names = ("label", "sampling_rate_hz", "event_id", "network", "station", "location", "channel", "origin_s")
            yield (
                record.key,
                {
                    **{name: getattr(record, name) for name in (*names, "magnitude")},
                    "waveform": record.data[:, None],
                    "p_s": np.nan if record.p_s is None else record.p_s,
                    "fold": fold[row],
                },
            )
