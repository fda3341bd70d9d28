"""From a name to files for serving: ONNX and SavedModel, each checked against the original.

>>> import foreshock, foreshock.export, tempfile
>>> written = foreshock.export.onnx(foreshock.load("smoothed-sim"), tempfile.mkdtemp(), layout="triton")
>>> written.path.relative_to(written.folder).as_posix(), max(row.difference for row in written.parity) < 1e-4
('1/model.onnx', True)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..zoo.model import Model
    from .exported import Exported


def onnx(model: Model, folder: str | os.PathLike, layout: str = "plain", precision: str = "float32") -> Exported:
    """Write an ONNX graph with the card in its metadata into FOLDER/NAME.

    Arguments:
        layout: "plain" or "triton".
        precision: "float32", "float16" or "int8".
    """
    from .to_onnx import export_onnx

    return export_onnx(model, Path(folder), layout, precision)


def savedmodel(model: Model, folder: str | os.PathLike, layout: str = "plain", precision: str = "float32") -> Exported:
    """Write a SavedModel with one signature `serving_default` into FOLDER/NAME; layout also "tf-serving"."""
    from .to_savedmodel import export_savedmodel

    return export_savedmodel(model, Path(folder), layout, precision)


FORMATS = {"onnx": onnx, "savedmodel": savedmodel}
