"""What a file or folder holds: a catalogue, or waveforms and in which layout."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from ..errors import InputError
from .event_waveforms import waveform_paths
from .miniseed import format_of
from .reading import FORMATS, HEAD_BYTES
from .seisbench import is_seisbench
from .sources import content_of

KINDS = ("catalogue", "waveforms", "seisbench", "norcia", "phasenet")
# Files of each suffix that are opened before a folder counts as one without waveforms.
_LOOKED_AT = 5


def kind_of(path: str | os.PathLike) -> str:
    """One of KINDS: SeisBench's, Norcia's or PhaseNet's layout, other waveform files, or else a catalogue.

    A folder with both waveform files and tables is one of waveforms.

    >>> import obspy, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> obspy.read().write(str(folder / "a.mseed"), format="MSEED")
    >>> _ = (folder / "events.csv").write_text("time,latitude,longitude,depth,mag")
    >>> kind_of(folder), kind_of(folder / "events.csv")
    ('waveforms', 'catalogue')
    """
    path = Path(path)
    if path.is_file():
        if path.suffix == ".npz":
            return "phasenet"
        return "catalogue" if _is_catalogue(path) or format_of(path) is None else "waveforms"
    if not path.is_dir():
        # A pattern of names: catalogue files alone are read so.
        return "catalogue"
    if is_seisbench(path):
        return "seisbench"
    if any(path.glob("*_waveforms_*.hdf5")):
        return "norcia"
    if any(path.glob("*.npz")):
        return "phasenet"
    looked: dict[str, int] = {}
    for file in waveform_paths(path):
        looked[file.suffix] = looked.get(file.suffix, 0) + 1
        if looked[file.suffix] <= _LOOKED_AT and not _is_catalogue(file) and format_of(file) is not None:
            return "waveforms"
    return "catalogue"


def _is_catalogue(path: Path) -> bool:
    """Whether a reader of catalogues knows the file."""
    with open(path, "rb") as file:
        if b"\0" in file.read(512).removeprefix(b"PAR1") and path.suffix not in (".gz", ".parquet"):
            return False
    try:
        head = content_of(path)[:HEAD_BYTES]
    except InputError:
        return False
    return any(import_module(f".{name}", __package__).recognises(head) for name in FORMATS)
