"""TFDS builder: any data set in SeisBench's format."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import tensorflow_datasets as tfds

from ...waveforms.cut import Cut
from ..waveform_builder import WaveformBuilder, WaveformConfig
from ..waveform_sources import SeisbenchSource


class Builder(WaveformBuilder):
    """Records of a SeisBench folder; for another folder, window or classes pass a WaveformConfig of your own."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "First version."}
    HOMEPAGE = "https://doi.org/10.1785/0220210324"
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The manual folder is a data set in SeisBench's format: metadata.csv and waveforms.hdf5, or chunks of them.
    """
    BUILDER_CONFIGS: ClassVar = [
        WaveformConfig(name="p_aligned", description="25 s with P at 5 s.", cut=Cut("P", 5.0, 25.0)),
        WaveformConfig(name="s_aligned", description="20 s with S at 5 s.", cut=Cut("S", 5.0, 20.0)),
        WaveformConfig(name="from_start", description="The first 25 s, picks or not.", cut=Cut("", 0.0, 25.0)),
    ]
    DEFAULT_CONFIG_NAME = "p_aligned"

    def source_in(self, folder: Path) -> SeisbenchSource:
        """The set in the manual folder."""
        return SeisbenchSource(str(folder))
