"""TFDS builder: blasts and earthquakes of three simulated regions."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

from ...simulate.blast_or_quake import WINDOW, blast_or_quake_batches
from ...simulate.blast_regions import BLAST_REGIONS
from ...simulate.blast_scene import LABELS, BlastOrQuake
from ...simulate.measured_noise import MeasuredNoise
from ...simulate.scene import Window
from ...splits import PARTS

# Truth that the examples carry beside the waveform; the hour and the place's coordinates are left out on purpose.
_TEXTS = ("event_id", "station")
_NUMBERS = (
    "p_s",
    "s_s",
    "rg_s",
    "rg_end_s",
    "magnitude",
    "depth_km",
    "distance_km",
    "snr_db",
    "rg_snr_db",
    "p_over_s",
    "corner_p_hz",
    "corner_s_hz",
    "delay_ms",
    "cause_band_low_hz",
    "cause_band_high_hz",
    "cause_start_s",
    "cause_end_s",
    "gap_start_s",
    "gap_end_s",
    "glitch_s",
)
_COUNTS = ("fold", "place", "shots", "glitch_component", "noise_window")


@dataclasses.dataclass
class BlastOrQuakeConfig(tfds.core.BuilderConfig):
    """Which region is simulated, and how.

    Arguments:
        settings: region, number of events, seed and all else.
        window: sampling rate, length and place of P.
        noise: measured noise in place of the simulated.
    """

    settings: BlastOrQuake = dataclasses.field(default_factory=BlastOrQuake)
    window: Window = WINDOW
    noise: MeasuredNoise | None = None


def _config(region: str, name: str, events: int, size: str) -> BlastOrQuakeConfig:
    description = f"{size}; {BLAST_REGIONS[region].title}."
    return BlastOrQuakeConfig(name=name, description=description, settings=BlastOrQuake(region=region, events=events))


class Builder(tfds.core.GeneratorBasedBuilder):
    """Simulated blasts and earthquakes; for other sizes, seeds or noise pass a BlastOrQuakeConfig of your own."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "First version."}
    BUILDER_CONFIGS: ClassVar = [
        *(_config(region, region, 800, "About 4 400 records") for region in BLAST_REGIONS),
        *(_config(region, f"{region}_small", 80, "About 440 records, to try things") for region in BLAST_REGIONS),
    ]
    DEFAULT_CONFIG_NAME = "A"

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            # Counts; components E, N, Z.
            "waveform": tfds.features.Tensor(
                shape=(self.builder_config.window.samples, 3), dtype=np.float32, encoding=tfds.features.Encoding.BYTES
            ),
            "label": tfds.features.ClassLabel(names=LABELS),
            "sampling_rate_hz": np.float32,
            **{name: tfds.features.Text() for name in _TEXTS},
            # NaN where there is none, as the delay of an earthquake.
            **{name: np.float32 for name in _NUMBERS},
            **{name: np.int64 for name in _COUNTS},
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("waveform", "label"),
            homepage="https://doi.org/10.1785/0120230198",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        return {split: self._generate_examples(split) for split in PARTS}

    def _generate_examples(self, split: str):
        config = self.builder_config
        for records in blast_or_quake_batches(config.settings, split, config.window, config.noise):
            waveforms = np.ascontiguousarray(records.data.transpose(0, 2, 1))
            for row in range(len(records)):
                example = {name: records.truth[name][row] for name in ("label", *_TEXTS, *_NUMBERS, *_COUNTS)}
                key = f"{records.event_id[row]}.{records.station[row]}"
                yield key, {**example, "waveform": waveforms[row], "sampling_rate_hz": config.window.sampling_rate_hz}
