"""Files in a request: what the command line takes as paths, sent as base64 under the command line's names."""

from __future__ import annotations

import base64
import binascii
import json
import tempfile
from pathlib import Path

from ...datasets.errors import InputError
from ...zoo.file_answers import answer_files
from ...zoo.model import Model

NAMES = ("inputs", "day", "picks", "events")
MOST_FILES = 64
# Containers that may unfold to many times their size, or that run a parser of their own.
CONTAINERS = {
    b"PK": "a zip archive",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstandard file",
    b"PAR1": "a Parquet file",
    b"\x89HDF": "an HDF5 file",
}


def content_of(value: str | bytes, name: str) -> bytes:
    """The bytes of a file sent as base64 text, or as they are over gRPC.

    >>> content_of("aGVsbG8=", "inputs")
    b'hello'
    """
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"base64 in {name}", f"{value[:20]!r} ({error})", "encode the file's bytes") from error


def answer_document(
    model: Model, inputs: list[bytes], day: str | None, picks: bytes | None, events: bytes | None
) -> str:
    """What `foreshock predict NAME INPUT... --day D --picks F --events F --json` prints, for files in memory."""
    if not 1 <= len(inputs) <= MOST_FILES:
        raise InputError(f"1 to {MOST_FILES} files in inputs", f"{len(inputs)}", "send fewer at once")
    for content in (*inputs, *(more for more in (picks, events) if more is not None)):
        for start, kind in CONTAINERS.items():
            if content.startswith(start):
                raise InputError("a waveform file or a catalogue as text or QuakeML", kind, "unpack it before sending")
    with tempfile.TemporaryDirectory(prefix="foreshock-") as folder:
        paths = [_written(Path(folder) / f"input-{n}", content) for n, content in enumerate(inputs, 1)]
        tables = [
            None if content is None else _written(Path(folder) / name, content)
            for name, content in (("picks", picks), ("events", events))
        ]
        try:
            return json.dumps(answer_files(model, paths, day, *tables).to_dict()).replace(f"{folder}/", "")
        except InputError as error:
            told = [part.replace(f"{folder}/", "") for part in (error.expected, error.received, error.remedy)]
            raise InputError(*told) from error


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
