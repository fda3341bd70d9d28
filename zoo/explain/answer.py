"""An explanation asked for on the command line: files in, one explanation out."""

from __future__ import annotations

from pathlib import Path

from ...datasets.errors import InputError
from ..model import Model
from .explanation import Explanation


def explain_files(
    model: Model,
    inputs: list[Path],
    method: str | None = None,
    picks: Path | None = None,
    day: str | None = None,
    cell: str | None = None,
    target: str | None = None,
    **options,
) -> Explanation:
    """Explain the records of waveform files, or a forecast from the files of one catalogue.

    Arguments:
        cell: "latitude,longitude". options: seed, time_limit_s; of waveforms place and against, of trees cells.
    """
    options = {key: value for key, value in options.items() if value is not None}
    if model.card.task == "forecast":
        _refuse(model, "a catalogue for the forecaster", picks=picks, target=target)
        from ...datasets.readers.reading import read_catalog

        return model.explain(read_catalog(inputs).catalog, method, day=day, cell=_cell(cell), **options)
    _refuse(model, "waveforms for", day=day, cell=cell)
    return model.explain(list(inputs), method, picks=picks, target=target, **options)


def _refuse(model: Model, wanted: str, **given) -> None:
    names = [f"--{name}" for name, value in given.items() if value is not None]
    if names:
        raise InputError(f"{wanted} {model.card.name}", " and ".join(names), "leave it out")


def _cell(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        latitude, longitude = map(float, text.split(","))
    except ValueError as error:
        raise InputError("a cell as latitude,longitude, such as 38.3,142.4", repr(text), "give two numbers") from error
    return latitude, longitude
