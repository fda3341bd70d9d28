"""WaveformBuilder: windows of a source of records in train, validation and test, split by event; by Beam too."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from ..errors import InputError
from ..splits import PARTS, by_event
from ..waveforms.cut import Cut

NAMED = 20
# Events of a class from which shares of it can be taken.
ENOUGH = 10


@dataclasses.dataclass
class WaveformConfig(tfds.core.BuilderConfig):
    """What is cut from a source's records and how it is split.

    Arguments:
        source: of `waveform_sources`; None takes the builder's own from the manual folder.
        cut: the window. labels: the classes in order; empty keeps them as text.
        split_by: "event" divides the events at random; "time" gives each part a stretch of time, class by class. No
            event is in two parts either way.
        seed, fractions: of the split; the seed is that of the division at random.
        beam: whether to read by Apache Beam; the runner goes into tfds.download.DownloadConfig.
    """

    source: Any = None
    cut: Cut = dataclasses.field(default_factory=Cut)
    labels: tuple[str, ...] = ()
    split_by: str = "event"
    seed: int = 0
    fractions: tuple[float, float, float] = (0.7, 0.15, 0.15)
    beam: bool = False


class WaveformBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Windows of three-component records; a subclass says where they come from."""

    HOMEPAGE = ""

    def source_in(self, folder: Path):
        """The source that lies in the manual folder."""
        raise InputError("a source in the config", "none", f"put {self.name}'s files into {folder}")

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        encoding = tfds.features.Encoding.BYTES
        features = {
            # Unit of the source; components E, N, Z.
            "waveform": tfds.features.Tensor(shape=(config.cut.samples, 3), dtype=np.float32, encoding=encoding),
            "label": tfds.features.ClassLabel(names=config.labels) if config.labels else tfds.features.Text(),
            # Seconds after the first sample, NaN where unknown; s_s may lie behind the end of the window.
            "p_s": np.float32,
            "s_s": np.float32,
            "event_id": tfds.features.Text(),
            "station": tfds.features.Text(),
            # Microseconds since 1970-01-01 UTC of the first sample; the smallest integer where unknown.
            "start_us": np.int64,
            "history": tfds.features.Text(doc="What was done to the samples, in order."),
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("waveform", "label"),
            homepage=self.HOMEPAGE,
            metadata=tfds.core.MetadataDict(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        config = self.builder_config
        source = config.source or self.source_in(Path(dl_manager.manual_dir))
        rejected: list[tuple[str, str]] = []
        listing = source.listing(rejected)
        known = [not config.labels or label in config.labels for label in listing.labels]
        rejected += [
            (event, f"its class {label!r} is not of {', '.join(config.labels)}")
            for event, label, good in zip(listing.events, listing.labels, known, strict=True)
            if not good
        ]
        events, labels, times = (
            [value for value, good in zip(column, known, strict=True) if good]
            for column in (listing.events, listing.labels, listing.times)
        )
        if config.split_by == "time":
            parts = parts_in_time(events, labels, times, config.fractions)
        else:
            parts = parts_of(events, labels, config.seed, config.fractions)
        # Workers of Beam leave what they rejected here; the folder must be one that they share.
        self._ledger = Path(tempfile.mkdtemp(prefix="rejected-"))
        (self._ledger / "listing.json").write_text(json.dumps([rejected, []]), encoding="utf-8")
        self._events = events
        units = list(enumerate(listing.units))
        return {part: self._generate_examples(source, part, parts, units) for part in PARTS}

    def _generate_examples(self, source, part: str, parts: dict[str, str], units: list):
        config = self.builder_config
        of_part = frozenset(event for event, name in parts.items() if name == part)
        read = partial(
            examples_of_unit,
            source=source,
            part=part,
            events=of_part,
            cut=config.cut,
            ledger=str(self._ledger),
        )
        if config.beam:
            import apache_beam as beam

            return beam.Create(units) | beam.Reshuffle() | beam.FlatMap(read)
        return (example for unit in units for example in read(unit))

    def _generate_splits(self, dl_manager, download_config):
        try:
            splits = super()._generate_splits(dl_manager, download_config)
        except AssertionError as error:
            if "No examples were yielded" not in str(error):
                raise
            found = [f"{name}: {reason}" for name, reason in _collected(self._ledger, self._events)]
            told = f"a part without any ({'; '.join(found[:3])}{'; ...' if len(found) > 3 else ''})"
            raise InputError("records for train, validation and test", told, "give more data") from error
        self.rejected = _collected(self._ledger, self._events)
        self.info.metadata.update(
            rejected=len(self.rejected),
            rejected_reasons=dict(Counter(reason for _, reason in self.rejected).most_common(NAMED)),
            rejected_named=[list(row) for row in self.rejected[:NAMED]],
            cut=dataclasses.asdict(self.builder_config.cut),
            split={name: getattr(self.builder_config, name) for name in ("split_by", "seed")}
            | {"fractions": list(self.builder_config.fractions)},
        )
        return splits


def parts_of(events: list[str], labels: list[str], seed: int, fractions) -> dict[str, str]:
    """Event to train, validation or test; classes are divided alike where each has ten events or more.

    >>> Counter(parts_of([f"e{i}" for i in range(20)], ["a", "b"] * 10, 1, (0.6, 0.2, 0.2)).values())["test"]
    4
    """
    if len(events) < 3:
        raise InputError("at least three events, for train, validation and test", f"{len(events)}", "give more data")
    enough = min(Counter(labels).values()) >= ENOUGH
    split = by_event(events, seed, fractions, labels if enough else None)
    return {events[row]: part for part in PARTS for row in getattr(split, part)}


def parts_in_time(events: list[str], labels: list[str], times: list[np.datetime64], fractions) -> dict[str, str]:
    """Event to train, validation or test: of each class the first stretch of time, the second and the third.

    Classes that differ in time, such as before and after a mainshock, have three stretches each.

    >>> days = list(np.datetime64("2020-01-01") + np.arange(10))
    >>> "".join(part[0] for part in parts_in_time(list("abcdefghij"), [""] * 10, days, (0.6, 0.2, 0.2)).values())
    'ttttttvvtt'
    """
    time, label = np.array(times, dtype="datetime64[us]"), np.array(labels, dtype=np.str_)
    if not len(time) or np.isnat(time).any():
        received = f"{int(np.isnat(time).sum())} of {len(time)} events without"
        raise InputError("a time for every event, to split by time", received, "split by event")
    parts = {}
    for name in np.unique(label):
        rows = np.flatnonzero(label == name)
        rows = rows[np.argsort(time[rows], kind="stable")]
        cuts = np.round(np.cumsum(fractions)[:2] / np.sum(fractions) * len(rows)).astype(int)
        if len(rows) >= 3:
            # Each part gets an event at least.
            cuts[0] = np.clip(cuts[0], 1, len(rows) - 2)
            cuts[1] = np.clip(cuts[1], cuts[0] + 1, len(rows) - 1)
        for part, members in zip(PARTS, np.split(rows, cuts), strict=True):
            parts |= {events[row]: part for row in members}
    if empty := [part for part in PARTS if part not in parts.values()]:
        raise InputError("events for train, validation and test", f"none for {', '.join(empty)}", "give more data")
    return parts


def examples_of_unit(unit, source, part: str, events: frozenset, cut: Cut, ledger: str) -> Iterator[tuple[str, dict]]:
    """(key, example) of the windows of one unit that belong to a part; what gives none goes to the ledger's folder."""
    number, content = unit
    rejected: list[tuple[str, str]] = []
    used: set[str] = set()
    for key, event, record in source.read(content, events.__contains__, rejected):
        try:
            window = cut.of(record)
        except InputError as error:
            rejected.append((key, str(error)))
            continue
        used.add(event)
        yield (
            key,
            {
                "waveform": np.ascontiguousarray(window.data.T),
                "label": window.label,
                "p_s": np.nan if window.p_s is None else window.p_s,
                "s_s": np.nan if window.s_s is None else window.s_s,
                "event_id": event,
                "station": f"{window.network}.{window.station}",
                "start_us": int(window.start.astype(np.int64)),
                "history": "; ".join(window.history),
            },
        )
    # A bundle that a runner repeats writes the same file again.
    (Path(ledger) / f"{part}-{number}.json").write_text(json.dumps([rejected, sorted(used)]), encoding="utf-8")


def _collected(ledger: Path, events: list[str]) -> list[tuple[str, str]]:
    """What the units rejected, once each though every part looked at it, and the events that gave no record."""
    rows, used = {}, set()
    for path in sorted(ledger.glob("*.json")):
        rejected, seen = json.loads(path.read_text(encoding="utf-8"))
        rows |= {tuple(row): None for row in rejected}
        used.update(seen)
        path.unlink()
    ledger.rmdir()
    return [*rows, *((event, "no record of this event") for event in events if event not in used)]
