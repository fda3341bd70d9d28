"""What an exported file says about itself, in plain texts."""

from __future__ import annotations

import json

from ..zoo.card import Card


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
        "card": card.model_dump_json(),
    }
