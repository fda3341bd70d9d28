"""From a name to files for serving: ONNX and SavedModel, each checked against Keras.

>>> import foreshock, foreshock.export, tempfile
>>> path, parity = foreshock.export.onnx(foreshock.load("smoothed-sim"), tempfile.mkdtemp())
>>> path.name, max(row.difference for row in parity) < 1e-4
('model.onnx', True)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..zoo.model import Model
    from .parity import Parity


def onnx(model: Model, folder: str | os.PathLike) -> tuple[Path, list[Parity]]:
    """Write FOLDER/NAME/model.onnx with the card in its metadata, and card.json beside it."""
    from .to_onnx import export_onnx

    return export_onnx(model, Path(folder))


def savedmodel(model: Model, folder: str | os.PathLike) -> tuple[Path, list[Parity]]:
    """Write FOLDER/NAME/saved_model with one signature `serving_default`, and card.json beside it."""
    from .to_savedmodel import export_savedmodel

    return export_savedmodel(model, Path(folder))


FORMATS = {"onnx": onnx, "savedmodel": savedmodel}
