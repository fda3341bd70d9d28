"""The records that a foreshock-or-aftershock classifier is trained and scored on: simulated, or of Norcia 2016."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...datasets.errors import InputError
from ...datasets.home import data_home
from ...datasets.readers import norcia_hdf5
from ...datasets.readers.folder_kinds import kind_of
from ...datasets.simulate.scene import Window
from ...datasets.simulate.seismic_cycle import LABELS, SPLITS, SeismicCycle, simulate_seismic_cycle
from ...zoo.card import Data
from ...zoo.waveform import networks
from .recipe import SeismicCycle as Recipe
from .records import Records

# Training shifts its windows by up to this much, as picks of real records are not exact.
SHIFT_S = 0.5
# What is simulated for networks of windows around P, and around S, which follows by up to 7 s: room to shift included.
SIMULATED = {"P": Window(duration_s=26.0, p_s=5.5), "S": Window(duration_s=28.0, p_s=5.5)}
OTHER_EVENTS = 300
# P travels about as fast in the upper crust: what the attributes of Norcia tell of distance is a travel time.
P_KM_S = 6.0
NORCIA_FRACTIONS = (0.7, 0.1, 0.2)


@dataclass(frozen=True)
class CycleData:
    """Train, validation and test, and what a card says of them.

    Arguments:
        sets: part -> Records that hold the network's window.
        about: the card's data.
        ceiling: accuracy of one who knows the simulated cause; None for real records.
        place: where the records come from, for a summary.
        stations: in the network.
        left_out: reason -> how many records.
        cycle: the simulated one; None for real records.
    """

    sets: Mapping[str, Records]
    about: Data
    ceiling: float | None
    place: str
    stations: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    cycle: SeismicCycle | None = None


def cycle_data(recipe: Recipe, data: Path | None) -> CycleData:
    """The data of a recipe, prepared as a TFDS data set in the data folder and read from it.

    Arguments:
        data: the data folder; where it holds files in the Norcia layout, those are the data, else the recipe's
            simulated cycle.
    """
    if data is not None and Path(data).is_dir() and kind_of(data) == "norcia":
        return _norcia(recipe, Path(data))
    cycle = SeismicCycle(cause=recipe.cause, events=recipe.events, seed=recipe.data_seed)
    sets = simulated_sets(cycle, recipe.architecture, data)
    about = Data(
        name=f"seismic_cycle_simulated/{cycle.cause}",
        version="1.0.0",
        source=f"foreshock data simulate seismic-cycle --cause {cycle.cause}, seed {cycle.seed}",
        licence="Apache-2.0",
        simulated=True,
        period=f"{cycle.months:g} months before and after a simulated mainshock",
        completeness=cycle.magnitude[0],
        events=cycle.events,
        records=sum(map(len, sets.values())),
    )
    place = f"a cycle that differs by cause {cycle.cause}"
    return CycleData(sets, about, cycle.ceiling_accuracy(), place, cycle.stations, cycle=cycle)


def simulated_sets(cycle: SeismicCycle, architecture: str, data: Path | None) -> dict[str, Records]:
    """train, validation and test of a simulated cycle."""
    from ...datasets.builders.seismic_cycle_simulated import seismic_cycle_simulated_dataset_builder as module

    window = SIMULATED[networks.window_of(architecture).phase]
    name = f"{cycle.cause}_{cycle.events}_events_seed_{cycle.seed}_{window.duration_s:g}s"
    config = module.SeismicCycleConfig(name=name, description="training", cycle=cycle, window=window)
    builder = module.Builder(data_dir=data_home(data) / "tfds", config=config)
    columns = ("origin_time_us", "magnitude", "distance_km")
    return {split: _read(builder, split, window.sampling_rate_hz, *columns) for split in _prepared(builder)}


def other_stations(cycle: SeismicCycle, architecture: str, events: int = OTHER_EVENTS) -> Records:
    """Records of a cycle of the same cause at nine stations that no model has seen."""
    window = SIMULATED[networks.window_of(architecture).phase]
    found = simulate_seismic_cycle(cycle, window=window, seed=cycle.seed + 1000, events=events)
    truth, rate = found.truth, window.sampling_rate_hz
    return Records(
        waveform=np.ascontiguousarray(found.data.transpose(0, 2, 1)),
        label=(found.label == LABELS[1]).astype(np.int64),
        event=found.event_id,
        station=found.station,
        p=truth["p_s"] * rate,
        s=truth["s_s"] * rate,
        time_us=truth["origin_time"].astype("datetime64[us]").astype(np.int64),
        magnitude=truth["magnitude"],
        distance_km=truth["distance_km"],
    )


def _norcia(recipe: Recipe, folder: Path) -> CycleData:
    """Norcia 2016, each class divided into a stretch of time for training, validation and test (Laurenti et al.)."""
    from ...datasets.builders.norcia import norcia_dataset_builder as module
    from ...datasets.builders.waveform_builder import WaveformConfig
    from ...datasets.waveforms.cut import Cut

    labels = tuple(norcia_hdf5.LABELS.values())
    paths = norcia_hdf5.files_of(folder, [])
    config = WaveformConfig(
        # Other files make another data set.
        name=f"all_p_in_time_{_fingerprint(paths)}",
        description="All stations, 25 s with P at 5 s, parts in order of time.",
        cut=Cut("P", norcia_hdf5.P_S, 25.0, norcia_hdf5.SAMPLING_RATE_HZ),
        labels=labels,
        source=module.NorciaSource(str(folder)),
        split_by="time",
        fractions=NORCIA_FRACTIONS,
    )
    builder = module.Builder(data_dir=data_home(folder) / "tfds", config=config)
    sources = {key: source for path in paths for key, source in norcia_hdf5.sources_of(path).items()}
    variant = networks.window_of(recipe.architecture)
    sets, short = {}, 0
    for split in _prepared(builder):
        records = _read(builder, split, config.cut.sampling_rate_hz, "start_us")
        unknown = norcia_hdf5.Source(np.nan, np.nan)
        found = [
            sources.get((event, station.split(".")[-1]), unknown)
            for event, station in zip(records.event, records.station, strict=True)
        ]
        records.magnitude[:] = [source.magnitude for source in found]
        records.distance_km[:] = [P_KM_S * source.p_travel_s for source in found]
        whole = records.holds(variant)
        short += int((~whole).sum())
        sets[split] = records.select(whole)
        if len(np.unique(sets[split].label)) < len(labels):
            raise InputError(
                f"records of both classes for {split} around {variant.phase}",
                f"{len(sets[split])} of {len(whole)}",
                "add files",
            )
    left_out = dict(builder.info.metadata["rejected_reasons"]) if builder.info.metadata["rejected"] else {}
    if short:
        left_out[f"no {variant.phase} with {variant.window_s:g} s around it"] = short
    days = (
        np.concatenate([records.time_us for records in sets.values()]).astype("datetime64[us]").astype("datetime64[D]")
    )
    about = Data(
        name="norcia",
        version=str(module.Builder.VERSION),
        source="the user's own files in the Norcia layout (Laurenti et al. 2024)",
        licence="that of the files' distributor; they are not part of this package",
        simulated=False,
        period=f"{days.min()} to {days.max()}",
        completeness=None,
        events=sum(records.events for records in sets.values()),
        records=sum(map(len, sets.values())),
    )
    stations = len(np.unique(np.concatenate([records.station for records in sets.values()])))
    return CycleData(sets, about, None, "Norcia 2016 before and after the mainshock", stations, left_out)


def _fingerprint(paths: list[Path]) -> str:
    told = "".join(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}\n" for path in paths)
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def _prepared(builder) -> tuple[str, ...]:
    """The parts of a TFDS data set, after it was prepared where that was not done before."""
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    # TFDS prints on standard output, which belongs to the caller's own answer.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            builder.download_and_prepare()
        except OSError:
            # Another process prepared the same data meanwhile: read what it made.
            if not Path(builder.data_dir).is_dir():
                raise
            builder.download_and_prepare()
    return SPLITS


def _read(builder, split: str, rate_hz: float, time: str, *sizes: str) -> Records:
    """One part as arrays; `time` and `sizes` (magnitude, distance in km) are columns, NaN where none are named."""
    import tensorflow_datasets as tfds

    number = builder.info.splits[split].num_examples
    waveform = np.empty((number, *builder.info.features["waveform"].shape), np.float32)
    columns: dict[str, list] = {name: [] for name in ("label", "event_id", "station", "p_s", "s_s", time, *sizes)}
    examples = tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False))
    for row, example in enumerate(examples):
        waveform[row] = example["waveform"]
        for name, values in columns.items():
            values.append(example[name])
    unknown = np.full(number, np.nan)
    magnitude, distance_km = (np.asarray(columns[n], np.float64) for n in sizes) if sizes else (unknown, unknown.copy())
    return Records(
        waveform=waveform,
        label=np.asarray(columns["label"], np.int64),
        event=np.array([name.decode() for name in columns["event_id"]]),
        station=np.array([name.decode() for name in columns["station"]]),
        p=np.asarray(columns["p_s"], np.float64) * rate_hz,
        s=np.asarray(columns["s_s"], np.float64) * rate_hz,
        time_us=np.asarray(columns[time], np.int64),
        magnitude=magnitude,
        distance_km=distance_km,
        sampling_rate_hz=rate_hz,
    )
