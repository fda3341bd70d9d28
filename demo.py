"""The command `foreshock demo`: both lanes in one go, offline, on a bundled real record and on simulated data."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from .datasets.atomic import replacing
from .datasets.labels import occurrence_by_cell
from .datasets.raster import sparse_days
from .datasets.regions import Region
from .zoo import registry

CLASSIFIER, CLASSIFIER_BASELINE = "p64-simcycle", "logistic-simcycle"
FORECASTER, FORECASTER_BASELINE = "cnn-lstm-prior-sim", "smoothed-sim"
# A year of the test period, weekly.
ISSUE_DAYS = np.arange("2018-01-03", "2019-01-01", 7, dtype="datetime64[D]")


def run_demo(out: Path) -> None:
    """Classify records, forecast, score both beside their baselines, and name the files that were written."""
    began = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    written = waveform_lane(out) + catalogue_lane(out)
    print(f"\n{time.monotonic() - began:.0f} s. Written:")
    print("\n".join(f"  {path}" for path in written))
    print("\nNext:")
    print(f"  foreshock card {CLASSIFIER}")
    print(f"  foreshock predict {CLASSIFIER} {out / 'record.mseed'} --json")
    print(f"  foreshock export {FORECASTER} --format onnx --out exported")


def waveform_lane(out: Path) -> list[Path]:
    """A real record, and simulated ones whose class is known."""
    import obspy

    from .datasets.simulate.seismic_cycle import simulate_seismic_cycle

    print("Waveform lane: obspy's bundled real record of station RJOB, Bavaria, P by obspy's picker")
    model = registry.load(CLASSIFIER)
    stream = obspy.read()
    answer = model.predict(stream)
    print(answer.to_text())
    print("(the network learned from SIMULATED records: on a real one this shows the way, not the truth)")

    records = list(simulate_seismic_cycle(events=60, seed=20, cause="source"))
    print(f"\nSIMULATED foreshocks and aftershocks, {len(records)} records of 60 events at stations no model has seen:")
    for name in (CLASSIFIER, CLASSIFIER_BASELINE):
        told = registry.load(name).predict(records)
        truth = {record.event_id: record.label for record in records}
        by_record = np.mean([row["label"] == truth[row["event"]] for row in told.table()])
        by_event = np.mean([vote["label"] == truth[vote["event"]] for vote in told.votes()])
        print(f"  {name:20s} right in {by_record:.0%} of records, {by_event:.0%} of events by vote")
    headline = model.card.headline
    print(f"  at the stations of its training {CLASSIFIER} reaches {headline.ours}: it learned them too")

    paths = [out / "record.mseed", out / "record.png", out / "record.csv"]
    with replacing(paths[0]) as temporary:
        stream.write(str(temporary), format="MSEED")
    answer.plot(paths[1])
    answer.to_csv(paths[2])
    return paths


def catalogue_lane(out: Path) -> list[Path]:
    """A simulated catalogue, a year of weekly forecasts, and the map of the week after its largest event."""
    region = Region.named("simulated")
    catalog = region.catalog()
    models = {name: registry.load(name) for name in (FORECASTER, FORECASTER_BASELINE)}
    model = models[FORECASTER]
    print(f"\nCatalogue lane: {catalog!r}, SIMULATED by ETAS")
    card = model.card
    window, magnitude = tuple(card.settings["window_days"]), card.settings["magnitude"]
    maps = sparse_days(catalog, region.grid, ISSUE_DAYS[0], ISSUE_DAYS[-1] + window[1])
    hit = occurrence_by_cell(maps, ISSUE_DAYS, window, magnitude)
    score = {}
    for name, each in models.items():
        probability = np.stack([each.predict(catalog, day).probability for day in ISSUE_DAYS])
        score[name] = np.where(hit, np.log(probability), np.log1p(-probability)).sum()
    gain = (score[FORECASTER] - score[FORECASTER_BASELINE]) / hit.sum()
    print(f"{len(ISSUE_DAYS)} weekly forecasts of M >= {magnitude:g}, {int(hit.sum())} cells hit:")
    print(f"  {FORECASTER} over {FORECASTER_BASELINE}: {gain:+.3f} nats a hit cell")
    headline = card.headline
    print(f"  on its card, over five years, {headline.score}: {headline.ours}; the true intensity {headline.ceiling}")

    year = catalog.between(ISSUE_DAYS[0], ISSUE_DAYS[-1])
    largest = int(year.magnitude.argmax())
    day = year.time[largest].astype("datetime64[D]") + 1
    forecast = model.predict(catalog, day)
    print(f"the day after the year's largest event, M {year.magnitude[largest]:.1f}:\n  {forecast!r}")
    paths = [out / "forecast.csv", out / "forecast.png", out / "catalog.csv"]
    forecast.to_csv(paths[0])
    forecast.plot(paths[1])
    catalog.between("2017-01-01", "2019-01-01").to_csv(paths[2])
    return paths
