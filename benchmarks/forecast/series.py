"""A forecaster's rates for a whole period in one file, so that anyone can score it with their own code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.catalog import Catalog
from ...datasets.errors import InputError
from ...datasets.period import Period
from ...datasets.regions import Region
from ...training.forecast.protocol import Protocol
from ...zoo import registry
from ...zoo.forecast.forecaster import Forecaster


def forecast_series(
    name: str,
    catalog: Catalog,
    region: Region,
    first,
    last,
    protocol: Protocol,
    out: str | os.PathLike,
) -> Path:
    """Write the forecasts of every day of issue whose target ends within a period.

    The NPZ holds `days` (issues,) as datetime64[D]; `rate` (issues, rows, columns), float32, events expected in the
    window; `probability`, the same shape, of at least one, recalibrated where the model's card and the protocol say so;
    and `about`, JSON text: model, window_days, every_days, magnitude, and `grid` as Grid.to_dict gives it.

    Arguments:
        name: of the zoo.
        catalog: events of all magnitudes, from before the period on; nothing at or after a day is used for it.
        region: whose cells the model must have.
        first, last: days, both included.
        out: the file, .npz.
    """
    out = Path(out)
    if out.suffix != ".npz":
        raise InputError("a file name that ends in .npz", out.name, "rename it")
    model = registry.load(name)
    if not isinstance(model, Forecaster):
        raise InputError("a forecaster", f"{name}, which is for {model.card.task}", "foreshock models lists the tasks")
    if model.grid != region.grid:
        raise InputError(f"a model of region {region.name}'s cells", f"{name} on {model.grid}", "choose another model")
    events = region.select(catalog)
    days = protocol.issue_days(Period(str(first), str(last)))
    if not len(events.between(None, region.grid.day_start(days[0]))):
        raise InputError(f"events before {days[0]}", f"the first at {events.time[0]}", "give a longer catalogue")
    rates = model.rates(events, days, protocol.window_days)
    about = {
        "model": name,
        "model_version": model.card.version,
        "region": region.name,
        "protocol": protocol.name,
        "window_days": list(protocol.window_days),
        "every_days": protocol.every_days,
        "magnitude": model.magnitude,
        "grid": region.grid.to_dict(),
        "trained_until": model.card.split.validation.split(" to ")[-1],
    }
    with replacing(out) as temporary:
        np.savez_compressed(
            temporary,
            days=days,
            rate=rates,
            probability=model.probability(rates, protocol.window_days).astype(np.float32),
            about=json.dumps(about),
        )
    return out


def forecast_series_of_files(
    name: str,
    catalog: list[Path],
    region: str,
    first: str,
    last: str,
    protocol: str,
    out: Path,
    data: Path | None = None,
) -> str:
    """What the command does: read a catalogue, forecast, and say in a line what was written."""
    from ...datasets.readers.reading import read_catalog

    reading = read_catalog(catalog)
    where, how = Region.named(region, data), Protocol.named(protocol)
    path = forecast_series(name, reading.catalog, where, first, last, how, out)
    with np.load(path, allow_pickle=False) as series:
        days, total = series["days"], float(series["rate"].sum())
    issues = f"{len(days)} days of issue from {days[0]} to {days[-1]}"
    return f"{reading.summary}\nwrote {path}: {issues}, {total:.4g} events expected in all windows"
