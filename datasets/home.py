"""Where data sets and caches lie: the data home and the cache, in the places that the platform has for them."""

import os
import sys
from pathlib import Path


def data_home(data: str | os.PathLike | None = None) -> Path:
    """The folder of data sets: `data` if given, else the variable FORESHOCK_DATA, else the platform's own place.

    >>> data_home("mine").as_posix()
    'mine'
    """
    if data is not None:
        return Path(data)
    if named := os.environ.get("FORESHOCK_DATA"):
        return Path(named).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "foreshock" / "data"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "foreshock" / "data"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "foreshock"


def cache_home() -> Path:
    """The folder of what can be made again at a cost: the variable FORESHOCK_CACHE, else the platform's own place."""
    if named := os.environ.get("FORESHOCK_CACHE"):
        return Path(named).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "foreshock"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "foreshock" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "foreshock"
