"""TFDS builder: the Norcia 2016 records before and after the mainshock, aligned on P or S, of one station or all."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import tensorflow_datasets as tfds

from ...readers.norcia_hdf5 import LABELS
from ...waveforms.cut import Cut
from ..waveform_builder import WaveformBuilder, WaveformConfig
from ..waveform_sources import NorciaSource

STATIONS = ("FDMO", "MC2", "MMO1", "NRCA", "T1212", "T1213", "T1214", "T1216", "T1244")
CUTS = {"p": Cut("P", 5.0, 25.0), "s": Cut("S", 5.0, 20.0)}


def _config(place: str, phase: str) -> WaveformConfig:
    where = "All stations" if place == "all" else f"Station {place.upper()}"
    cut = CUTS[phase]
    description = f"{where}, {cut.window_s:g} s with {cut.phase} at {cut.before_s:g} s."
    return WaveformConfig(name=f"{place}_{phase}", description=description, cut=cut, labels=tuple(LABELS.values()))


class Builder(WaveformBuilder):
    """Records before and after the mainshock; for other windows or splits pass a WaveformConfig of your own."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "First version."}
    HOMEPAGE = "https://doi.org/10.1038/s41467-024-54153-w"
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The manual folder holds STATION_waveforms_pre.hdf5 and STATION_waveforms_post.hdf5 for each station, and beside them
    STATION_attributes_pre.csv and STATION_attributes_post.csv.
    """
    BUILDER_CONFIGS: ClassVar = [
        _config(place, phase) for place in ("all", *(station.lower() for station in STATIONS)) for phase in CUTS
    ]
    DEFAULT_CONFIG_NAME = "all_p"

    def source_in(self, folder: Path) -> NorciaSource:
        """The files of the manual folder, of the station that the config is named for."""
        station = self.builder_config.name.split("_")[0].upper()
        return NorciaSource(str(folder), (station,) if station in STATIONS else ())
