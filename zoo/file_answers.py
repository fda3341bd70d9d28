"""What a model answers to files: the one place that knows which task takes which files."""

from __future__ import annotations

from pathlib import Path

from ..datasets.errors import InputError
from .model import Model


def answer_files(
    model: Model, inputs: list[Path], day: str | None = None, picks: Path | None = None, events: Path | None = None
):
    """The answer of any model of the zoo, with to_dict, to_text, to_csv, plot and complete.

    Arguments:
        inputs: waveform files, or the files of one catalogue.
        day: forecasters: the day of issue.
        picks: waveform models: a CSV or QuakeML file.
        events: blast ensembles: a table of events.
    """
    task = model.card.task
    if events is not None and task != "blast-or-quake":
        raise InputError("a blast ensemble for a table of events", model.card.name, "leave --events out")
    if task == "forecast":
        from .forecast.answer import forecast_from_files

        return forecast_from_files(model, inputs, day, picks)
    if task == "city-forecast":
        from .forecast.city import city_forecast_of_files

        return city_forecast_of_files(model, inputs, day, picks)
    if task == "magnitude":
        return model.predict_files(inputs, picks, day)
    from .waveform.answer import classify_files

    return classify_files(model, inputs, picks, day, events)
