"""Saving a matplotlib figure whole or not at all, in the format its name asks for."""

import os
from pathlib import Path

from .atomic import replacing
from .errors import InputError

FORMATS = (".png", ".pdf", ".svg")


def save_figure(figure, path: str | os.PathLike, dots_per_inch: int = 130) -> None:
    """Write a matplotlib Figure; the suffix of `path` chooses among `FORMATS`."""
    if Path(path).suffix.lower() not in FORMATS:
        raise InputError(f"a picture named *{', *'.join(FORMATS)}", f"{path}", "change the suffix")
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=dots_per_inch, bbox_inches="tight")
