"""TFDS builder: records before and after a simulated mainshock that differ by one declared cause."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

from ...simulate.cycle_scene import CAUSES, LABELS, SPLITS, SeismicCycle
from ...simulate.scene import Window
from ...simulate.seismic_cycle import seismic_cycle_batches

_WHAT = {
    "source": "stress drop",
    "path": "attenuation (and velocity) along the path",
    "noise": "the background noise",
    "none": "nothing",
}


@dataclasses.dataclass
class SeismicCycleConfig(tfds.core.BuilderConfig):
    """Which cycle is simulated and what is cut from it.

    Arguments:
        cycle: cause, number of events, seed and all else.
        window: sampling rate, length and place of P.
    """

    cycle: SeismicCycle = dataclasses.field(default_factory=SeismicCycle)
    window: Window = dataclasses.field(default_factory=Window)


def _config(cause: str, name: str, events: int, size: str) -> SeismicCycleConfig:
    description = f"{size}: before and after the mainshock differ in {_WHAT[cause]}."
    return SeismicCycleConfig(name=name, description=description, cycle=SeismicCycle(cause=cause, events=events))


class Builder(tfds.core.GeneratorBasedBuilder):
    """Simulated foreshocks and aftershocks; for other sizes or seeds pass a SeismicCycleConfig of your own."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "First version."}
    BUILDER_CONFIGS: ClassVar = [
        *(_config(cause, cause, 2360, "About 13 000 records") for cause in CAUSES),
        *(_config(cause, f"{cause}_small", 24, "About 130 records, to try things") for cause in CAUSES),
    ]
    DEFAULT_CONFIG_NAME = "source"

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        features = {
            # Counts; components E, N, Z.
            "waveform": tfds.features.Tensor(
                shape=(config.window.samples, 3), dtype=np.float32, encoding=tfds.features.Encoding.BYTES
            ),
            "label": tfds.features.ClassLabel(names=LABELS),
            # Seconds after the first sample; s_s may lie behind the end of the window.
            "p_s": np.float32,
            "s_s": np.float32,
            "event_id": tfds.features.Text(),
            "station": tfds.features.Text(),
            # Microseconds since 1970-01-01 UTC.
            "origin_time_us": np.int64,
            "magnitude": np.float32,
            "distance_km": np.float32,
            "snr_db": np.float32,
            "stress_drop_mpa": np.float32,
            "corner_p_hz": np.float32,
            "corner_s_hz": np.float32,
            "t_star_s_s": np.float32,
            "noise_level": np.float32,
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("waveform", "label"),
            homepage="https://doi.org/10.1007/PL00012553",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        return {split: self._generate_examples(split) for split in SPLITS}

    def _generate_examples(self, split: str):
        names = [name for name in self.info.features if name not in ("waveform", "origin_time_us")]
        for records in seismic_cycle_batches(self.builder_config.cycle, split, self.builder_config.window):
            times = records.truth["origin_time"].astype("datetime64[us]").astype(np.int64)
            waveforms = np.ascontiguousarray(records.data.transpose(0, 2, 1))
            for row in range(len(records)):
                example = {name: records.truth[name][row] for name in names}
                key = f"{records.event_id[row]}.{records.station[row]}"
                yield key, {**example, "waveform": waveforms[row], "origin_time_us": times[row]}
