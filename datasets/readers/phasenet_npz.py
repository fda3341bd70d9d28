"""PhaseNet's training records: one .npz a record, `data` (samples, 3), `itp`, `its`, `channels`.

The columns are E, N, Z: on 99 records of Northern California with both picks the third column is the strongest of the
three in 78 % just after P and in 3 % just after S, and vertical-only stations fill it and leave zeros in the others.
The time in a file's name is that of P.
Reference: Zhu and Beroza 2019, PhaseNet.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..record import COMPONENTS, Record

_NAME = re.compile(r"(?P<network>\w+?)_(?P<station>\w+?)_(?P<time>\d{16})(?:_(?P<location>\w+))?$")


def read_npz(path: str | os.PathLike, sampling_rate_hz: float = 100.0) -> Record:
    """One record; its P and S are set where the file has them.

    Arguments:
        path: NETWORK_STATION_YYYYMMDDhhmmsscc.npz, perhaps with _LOCATION before the suffix.
        sampling_rate_hz: of the samples; the files do not say.
    """
    path = Path(path)
    named = _NAME.fullmatch(path.stem)
    if named is None:
        raise InputError("a name NETWORK_STATION_YYYYMMDDhhmmsscc.npz", f"{path.name}", "rename the file")
    try:
        with np.load(path, allow_pickle=False) as file:
            stored = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise InputError("a whole .npz file without pickled objects", f"{path} ({error})", "fetch it again") from error
    missing = {"data", "itp"} - stored.keys()
    data = stored.get("data", np.empty(0))
    if missing or data.ndim != 2 or data.shape[1] != 3:
        received = f"{sorted(stored)} with data of shape {data.shape} in {path}"
        raise InputError("arrays data (samples, 3) and itp", received, "use PhaseNet's layout")
    codes = str(stored["channels"]).split("_") if "channels" in stored else []
    dead = [letter for letter, column in zip(COMPONENTS, data.T, strict=True) if np.ptp(column) == 0]
    if dead:
        raise InputError(
            "three live components",
            f"constant {', '.join(dead)} in {path} ({'_'.join(codes)})",
            "leave the station out",
        )
    if codes and tuple(code[-1:] for code in codes) != tuple(COMPONENTS):
        raise InputError("channels in the order E, N, Z", f"{'_'.join(codes)} in {path}", "reorder the columns")
    p_s = int(stored["itp"]) / sampling_rate_hz
    return Record(
        data.T,
        sampling_rate_hz,
        _time(named["time"], path) - np.timedelta64(round(p_s * 1e6), "us"),
        named["network"],
        named["station"],
        named["location"] or "",
        codes[0][:-1] if codes else "",
        p_s=p_s,
        s_s=int(stored["its"]) / sampling_rate_hz if "its" in stored else None,
        history=("start from the time in the file's name, taken for P",),
    )


def phasenet_records(
    folder: str | os.PathLike, rejected: list[tuple[str, str]], sampling_rate_hz: float = 100.0
) -> Iterator[Record]:
    """The records of a folder, one at a time in order of their names; `rejected` receives (name, reason)."""
    paths = sorted(Path(folder).glob("*.npz"))
    if not paths:
        raise InputError("a folder of .npz records", f"none in {folder}", "check the path")
    for path in paths:
        try:
            yield read_npz(path, sampling_rate_hz)
        except InputError as error:
            rejected.append((path.name, str(error)))


def _time(digits: str, path: Path) -> np.datetime64:
    """UTC from YYYYMMDDhhmmss and hundredths."""
    d = digits
    try:
        return np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:14]}.{d[14:]}", "us")
    except ValueError as error:
        raise InputError("a time YYYYMMDDhhmmsscc in the name", f"{path.name}", "rename the file") from error
