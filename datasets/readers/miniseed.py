"""Waveform files that obspy reads (miniSEED, SAC, GSE2 and others), checked for what obspy passes over in silence."""

from __future__ import annotations

import glob
import os
import struct
import warnings
from importlib.metadata import distribution
from pathlib import Path

from ..errors import InputError

# obspy tries to unpickle a file to find out whether it is one; unpickling runs whatever code the file holds.
UNSAFE_FORMATS = {"PICKLE"}
_QUALITY = b"DRQM"


def read_stream(path: str | os.PathLike):
    """Read one waveform file as an `obspy.Stream`, whole or not at all.

    A miniSEED file that ends within a record, or that holds bytes which are no record, is an error that names the byte:
    obspy itself returns the records before it, mostly without a warning. Padding with zeros or spaces is allowed.

    Arguments:
        path: a file in any format that obspy detects, except Python pickles and compressed archives.
    """
    path = Path(path)
    size = _size_of(path)
    kind = format_of(path)
    if kind is None:
        raise InputError(
            "a waveform file (miniSEED, SAC, GSE2 or another format of obspy)",
            f"{path} ({size} bytes, format not recognised)",
            "give a waveform file; unpack it first if it is compressed",
        )
    if kind == "MSEED":
        _check_miniseed(path)
    import obspy

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            # obspy takes a path for a pattern; brackets in a file name are meant literally.
            stream = obspy.read(glob.escape(str(path)), format=kind, check_compression=False)
        except Exception as error:  # obspy's readers raise whatever their parsing runs into
            raise _damaged(path, kind, f"{type(error).__name__}: {error}") from error
    for warning in caught:
        if _means_damage(str(warning.message), kind):
            raise _damaged(path, kind, str(warning.message))
    for trace in stream:
        # The ASCII readers keep the header's count and pass over missing lines.
        if len(trace.data) != trace.stats.npts:
            what = f"{len(trace.data)} samples of {trace.id} where its header has {trace.stats.npts}"
            raise _damaged(path, kind, what)
    if not any(len(trace.data) for trace in stream):
        raise _damaged(path, kind, "no samples")
    return stream


def read_headers(path: str | os.PathLike):
    """The traces of a waveform file without samples, as an `obspy.Stream`; None where no reader recognises it.

    Whether the samples are whole shows only when they are read.
    """
    path = Path(path)
    _size_of(path)
    kind = format_of(path)
    if kind is None:
        return None
    import obspy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return obspy.read(glob.escape(str(path)), format=kind, headonly=True, check_compression=False)
        except Exception as error:  # obspy's readers raise whatever their parsing runs into
            raise _damaged(path, kind, f"{type(error).__name__}: {error}") from error


def format_of(path: str | os.PathLike) -> str | None:
    """obspy's name for the format of a waveform file, such as "MSEED"; None where no reader recognises it."""
    with open(path, "rb") as file:
        head = file.read(48)
    if _is_data_record(head):
        return "MSEED"
    from obspy.core.util.base import ENTRY_POINTS

    detectors = {
        point.group.removeprefix("obspy.plugin.waveform."): point
        for point in distribution("obspy").entry_points
        if point.name == "isFormat" and point.group.startswith("obspy.plugin.waveform.")
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ENTRY_POINTS["waveform"]:
            if name in detectors and name not in UNSAFE_FORMATS:
                try:
                    if detectors[name].load()(str(path)):
                        return name
                except Exception:  # a detector that fails on the bytes has not recognised them
                    continue
    return None


def _size_of(path: Path) -> int:
    """Bytes of a readable, non-empty regular file."""
    if path.is_dir():
        raise InputError(
            "a waveform file", f"the folder {path}", "name the files in it, for example with a shell pattern"
        )
    if not path.exists():
        raise InputError("a waveform file", f"{path}, which does not exist", "check the path")
    size = path.stat().st_size
    if size == 0:
        raise InputError("a waveform file", f"{path}, which is empty (0 bytes)", "fetch it again")
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise InputError("a readable waveform file", f"{path} ({error.strerror})", "check its permissions") from error
    return size


def _damaged(path: Path, kind: str, what: str) -> InputError:
    """The error for a file whose format is known and whose content is not whole."""
    return InputError(f"a whole {kind} file", f"{path}: {what.splitlines()[0]}", "fetch or write it again")


def _means_damage(message: str, kind: str) -> bool:
    """Whether a warning of obspy's readers says that samples were lost or decoded wrongly."""
    signs = ["integrity", "unexpected end", "truncated", "corrupt"]
    if kind == "MSEED":
        # What lies between the records has been looked at; obspy calls padding corrupt.
        signs = signs[:2]
    return any(sign in message.lower() for sign in signs)


def _is_data_record(head: bytes) -> bool:
    """Whether 48 bytes are the fixed header of a miniSEED 2 data record (SEED manual 2.4, chapter 8)."""
    return (
        len(head) >= 48
        and all(byte in b"0123456789 \0" for byte in head[:6])
        and head[6] in _QUALITY
        and head[7] in b" \0"
    )


def _record_length(data: bytes, start: int) -> int | None:
    """Bytes of the miniSEED record at `start`, from its blockette 1000; None where there is no such blockette."""
    year = struct.unpack_from(">H", data, start + 20)[0]
    order = ">" if 1900 <= year <= 2100 else "<"
    at = struct.unpack_from(order + "H", data, start + 46)[0]
    seen = set()
    while at and at not in seen and start + at + 8 <= len(data):
        seen.add(at)
        kind, following = struct.unpack_from(order + "HH", data, start + at)
        if kind == 1000:
            exponent = data[start + at + 6]
            return 1 << exponent if 7 <= exponent <= 20 else None
        at = following
    return None


def _check_miniseed(path: Path) -> None:
    """Walk over the records of a miniSEED file and raise at the first byte that belongs to none."""
    data = path.read_bytes()
    at, count, length, in_volume_header = 0, 0, None, False
    while at < len(data):
        if _is_data_record(data[at : at + 48]):
            length = _record_length(data, at) or length
            if length is None:
                # Without blockette 1000 the length is not in the record; obspy finds it from the next header.
                return
            if at + length > len(data):
                raise _damaged(
                    path,
                    "MSEED",
                    f"cut short at byte {len(data)}, within the {length}-byte record that starts at byte {at} "
                    f"({count} whole records before it)",
                )
            at, count = at + length, count + 1
            continue
        # Volume headers of full SEED and padding carry no samples and may stand between data records; all records
        # start at a multiple of 128 bytes.
        block = data[at : at + 128]
        in_volume_header = _is_control_header(block) or (in_volume_header and count == 0)
        if not in_volume_header and not _is_padding(block):
            raise _damaged(path, "MSEED", f"bytes from {at} on are no miniSEED record ({count} whole records before)")
        at += 128
    if count == 0:
        raise _damaged(path, "MSEED", "no data record")


def _is_control_header(block: bytes) -> bool:
    """Whether a volume, abbreviation, station or time span header of a full SEED volume starts here."""
    return block[6:7] in (b"V", b"A", b"S", b"T") and block[:6].isdigit()


def _is_padding(block: bytes) -> bool:
    """Zeros, spaces, or an empty record: a sequence number with spaces after it."""
    empty_record = len(block) > 6 and not block[6:].strip(b" ") and not block[:6].strip(b"0123456789 ")
    return not block.strip(b"\0") or empty_record
