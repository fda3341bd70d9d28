"""Prepare a waveform data set of one's own: cut windows, split by event, write; in this process or by Apache Beam."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .atomic import replacing_folder
from .errors import InputError
from .home import data_home
from .prepare import NAME
from .splits import PARTS
from .waveforms.cut import Cut

MANIFEST = "waveforms.json"


@dataclass(frozen=True)
class PreparedWaveforms:
    """A waveform data set on disk: its folder and what its manifest says."""

    folder: Path
    manifest: dict

    def builder(self):
        """The TFDS builder that reads it, for `waveforms.batches.batches_from_builder`."""
        import tensorflow_datasets as tfds

        return tfds.builder_from_directory(self.folder / self.manifest["records_in"])


def prepare_waveforms(
    waveforms: str | os.PathLike,
    events,
    name: str,
    beam_runner: str | None = None,
    workers: int = 1,
    data: str | os.PathLike | None = None,
    *,
    picks=None,
    files: Mapping[str, str] | None = None,
    cut: Cut | None = None,
    labels: Sequence[str] | None = None,
    split_by: str = "event",
    seed: int = 0,
    fractions: tuple[float, float, float] = (0.7, 0.15, 0.15),
    beam_options: Sequence[str] = (),
    overwrite: bool = False,
) -> PreparedWaveforms:
    """Write the records of a folder as a TFDS data set `name` in the data home, whole or not at all.

    The records do not depend on the runner or on the number of workers.

    Arguments:
        waveforms: a folder of waveform files, or of SeisBench's or Norcia's layout.
        events: for waveform files, what `event_table.read_events` takes, None to find events.csv in or beside the
            folder; the other layouts carry their events.
        beam_runner: DirectRunner, FlinkRunner, SparkRunner, DataflowRunner or another of Apache Beam; None reads in
            this process, or with more than one worker by the DirectRunner.
        workers: processes of the DirectRunner.
        data: the data home; see `home.data_home`.
        picks: what `picks.as_picks` takes; None to find picks.csv in or beside the folder.
        files: file name to event id, where a table says it.
        cut: the window; 25 s with P at 5 s where None.
        labels: the classes; those of the events where None.
        split_by: "event" or "time", see `builders.waveform_builder.WaveformConfig`. seed, fractions: of the split.
        beam_options: further options of the runner, such as "--flink_master=localhost:8081".
        overwrite: replace a data set of the same name.
    """
    from .builders.waveform_sources import source_of
    from .readers.event_table import find_beside
    from .readers.folder_kinds import kind_of

    if split_by not in ("event", "time"):
        raise InputError("a split by event or time", repr(split_by), "choose one of them")
    if workers < 1:
        raise InputError("at least one worker", f"{workers}", "give --workers 1 or more")
    folder = _checked_folder(data_home(data), name, overwrite)
    kind = kind_of(waveforms)
    if kind == "waveforms":
        events = find_beside(waveforms, "events") if events is None else events
        picks = find_beside(waveforms, "picks") if picks is None else picks
    source = source_of(kind, waveforms, events, picks, files)
    labels = source.classes() if labels is None else labels
    beam_runner = "DirectRunner" if beam_runner is None and workers > 1 else beam_runner
    with replacing_folder(folder) as writing:
        split = {"split_by": split_by, "seed": seed, "fractions": tuple(fractions)}
        module, config = _config(kind, name, source, cut or Cut(), tuple(labels), split, beam_runner)
        builder = module.Builder(config=config, data_dir=writing / "tfds")
        tables = {Path(table).name for table in (events, picks) if isinstance(table, (str, os.PathLike))}
        rejected = _download_and_prepare(builder, beam_runner, workers, beam_options)
        # The tables may lie among the waveforms.
        rejected = [(name, reason) for name, reason in rejected if name not in tables]
        splits = builder.info.splits
        manifest = {
            "name": name,
            "waveforms": str(waveforms),
            "kind": kind,
            "builder": builder.name,
            "records_in": builder.data_path.relative_to(writing).as_posix(),
            "cut": vars(config.cut),
            "labels": list(labels),
            "records": {part: splits[part].num_examples for part in PARTS},
            "bytes": builder.info.dataset_size,
            "split": {**split, "fractions": list(fractions)},
            "rejected": len(rejected),
            "rejected_reasons": dict(Counter(reason for _, reason in rejected).most_common(20)),
            "runner": beam_runner,
        }
        (writing / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        (writing / "rejected.json").write_text(json.dumps(rejected, indent=0) + "\n", encoding="utf-8")
    return PreparedWaveforms(folder, manifest)


def prepared_waveforms(name: str, data: str | os.PathLike | None = None) -> PreparedWaveforms:
    """The data set of this name that `prepare_waveforms` wrote."""
    folder = data_home(data) / name
    if not (folder / MANIFEST).is_file():
        raise InputError(f"a prepared waveform data set {name}", f"none in {folder}", "prepare it first")
    return PreparedWaveforms(folder, json.loads((folder / MANIFEST).read_text(encoding="utf-8")))


def _checked_folder(home: Path, name: str, overwrite: bool) -> Path:
    if not NAME.fullmatch(name):
        raise InputError("a name of lower-case letters, digits, - and _", repr(name), "choose another name")
    folder = home / name
    if folder.exists() and not overwrite:
        raise InputError(f"no data set {name} yet", f"{folder}", "choose another name, or overwrite it")
    if folder.exists() and not (folder / MANIFEST).is_file():
        raise InputError("a waveform data set to overwrite", f"{folder}, something else", "choose another name")
    return folder


def _config(kind: str, name: str, source, cut: Cut, labels: tuple[str, ...], split: dict, beam_runner):
    """The module of the builder for a kind, and the config of this data set."""
    from .builders.event_waveforms import event_waveforms_dataset_builder as of_files
    from .builders.norcia import norcia_dataset_builder as of_norcia
    from .builders.seisbench_waveforms import seisbench_waveforms_dataset_builder as of_seisbench
    from .builders.waveform_builder import WaveformConfig

    config = WaveformConfig(
        name=name.replace("-", "_"),
        description=f"{source.folder}, prepared",
        source=source,
        cut=cut,
        labels=labels,
        **split,
        beam=beam_runner is not None,
    )
    return {"waveforms": of_files, "norcia": of_norcia, "seisbench": of_seisbench}[kind], config


def _download_and_prepare(builder, beam_runner: str | None, workers: int, beam_options) -> list[tuple[str, str]]:
    """Run the builder; what it rejected."""
    import tensorflow_datasets as tfds

    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    how = {}
    if beam_runner is not None:
        try:
            from apache_beam.options.pipeline_options import PipelineOptions
        except ImportError as error:
            raise InputError(
                f"Apache Beam for the runner {beam_runner}", "no package apache_beam", "pip install foreshock[beam]"
            ) from error
        options = list(beam_options)
        if beam_runner == "DirectRunner":
            # One worker needs no other process, and several threads of one process share one lock.
            mode = "multi_processing" if workers > 1 else "in_memory"
            options += [f"--direct_num_workers={workers}", f"--direct_running_mode={mode}"]
        how = {"beam_runner": beam_runner, "beam_options": PipelineOptions(options)}
    # TFDS prints on standard output, which belongs to the caller's own answer.
    with contextlib.redirect_stdout(sys.stderr):
        builder.download_and_prepare(download_config=tfds.download.DownloadConfig(**how))
    return builder.rejected
