"""TFDS builder: one's own waveform files with an event table and picks."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import tensorflow_datasets as tfds

from ...errors import InputError
from ...readers.event_table import find_beside, read_events
from ...waveforms.cut import Cut
from ...waveforms.picks import as_picks
from ..waveform_builder import WaveformBuilder, WaveformConfig
from ..waveform_sources import EventSource


class Builder(WaveformBuilder):
    """Records of a folder; for another folder, window or classes pass a WaveformConfig of your own."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "First version."}
    HOMEPAGE = "https://docs.obspy.org"
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The manual folder holds waveform files in waveforms/, events.csv (or .xml, .parquet) and picks.csv (or .xml).
    """
    BUILDER_CONFIGS: ClassVar = [
        WaveformConfig(name="p_aligned", description="25 s with P at 5 s.", cut=Cut("P", 5.0, 25.0)),
        WaveformConfig(name="s_aligned", description="20 s with S at 5 s.", cut=Cut("S", 5.0, 20.0)),
    ]
    DEFAULT_CONFIG_NAME = "p_aligned"

    def source_in(self, folder: Path) -> EventSource:
        """The files of the manual folder."""
        events = find_beside(folder / "waveforms", "events")
        if events is None:
            raise InputError("an event table events.csv, .xml or .parquet", f"none in {folder}", "put it there")
        return EventSource(
            str(folder / "waveforms"), read_events(events), as_picks(find_beside(folder / "waveforms", "picks"))
        )
