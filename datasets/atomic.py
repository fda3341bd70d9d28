"""Files and folders that are written whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import InputError


@contextlib.contextmanager
def _scratch_beside(target: Path) -> Iterator[Path]:
    """A temporary folder in the target's own folder, so that the final rename stays on one file system."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".writing-", dir=target.parent))
    except OSError as error:
        raise InputError(
            f"a folder that can be written for {target.name}",
            f"{target.parent} ({error.strerror})",
            "choose another folder",
        ) from error
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextlib.contextmanager
def replacing(target: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path with the target's name; rename it to `target` on success, delete it on any failure.

    >>> import pathlib, tempfile
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "rates.csv"
    >>> with replacing(target) as path:
    ...     _ = path.write_text("day,rate")
    >>> target.read_text()
    'day,rate'
    """
    target = Path(target)
    with _scratch_beside(target) as scratch:
        yield scratch / target.name
        os.replace(scratch / target.name, target)


@contextlib.contextmanager
def replacing_folder(target: str | os.PathLike) -> Iterator[Path]:
    """Yield an empty temporary folder; on success it takes the place of `target`, on failure nothing changes."""
    target = Path(target)
    with _scratch_beside(target) as scratch:
        fresh = scratch / target.name
        fresh.mkdir()
        yield fresh
        if target.exists():
            os.replace(target, scratch / "retired")
        os.replace(fresh, target)
