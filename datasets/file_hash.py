"""The hash by which files are told apart and damage is found."""

import hashlib
import os


def sha256_of(path: str | os.PathLike) -> str:
    """The file's SHA-256 as hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
