"""Sources: the files that a path, folder, glob or list means, and their content as UTF-8."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from ..errors import InputError


def files_of(source) -> tuple[list[Path], bool]:
    """The files of a source in order of name, and whether they come from folders alone."""
    if not isinstance(source, (str, os.PathLike)):
        found = [files_of(one) for one in source]
        if not found:
            raise InputError("a file, a folder or a glob", "an empty list", "name at least one file")
        return [path for paths, _ in found for path in paths], all(folder for _, folder in found)
    path = Path(source).expanduser()
    if path.is_file():
        return [path], False
    if path.is_dir():
        paths = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        if not paths:
            raise InputError("a folder with catalogue files", f"{path} without any file", "name the right folder")
        return paths, True
    paths = sorted(Path(p) for p in glob.glob(str(path), recursive=True) if Path(p).is_file())
    if not paths:
        raise InputError("an existing file, folder or glob", str(source), "check the path")
    return paths, False


def content_of(path: Path) -> bytes:
    """The content of a file as UTF-8 without a byte order mark, unpacked where gzipped."""
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            import gzip

            data = gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise InputError("a file that can be read", f"{path} ({error})", "check that it is whole") from error
    if not data.strip():
        raise InputError("a catalogue file", f"{path}, which is empty", "fetch or write it again")
    if data.startswith(b"PK\x03\x04"):
        raise InputError("a text, gzip, XML or Parquet file", f"{path}, a zip archive", "unpack it")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16").encode()
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if data.startswith(b"PAR1") or data.isascii():
        return data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1").encode()
    return data
