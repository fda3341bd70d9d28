"""What an exported file says about itself, in plain texts."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version

from ..zoo.card import Card

LIBRARIES = ("foreshock", "keras", "tensorflow", "tf2onnx", "onnx", "onnxruntime", "numpy")


def metadata_of(card: Card) -> dict[str, str]:
    """Name, version, classes, threshold, units and the whole card, for a file format that keeps key-value texts."""
    return {
        "name": card.name,
        "version": card.version,
        "task": card.task,
        "summary": card.summary,
        "classes": json.dumps(card.classes),
        "threshold": repr(card.threshold.value),
        "inputs": json.dumps([tensor.model_dump(mode="json") for tensor in card.inputs]),
        "outputs": json.dumps([tensor.model_dump(mode="json") for tensor in card.outputs]),
        "licence": card.licence,
        "software": json.dumps(software()),
        "card": card.model_dump_json(),
    }


def software() -> dict[str, str]:
    """Versions of what writes the files."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
