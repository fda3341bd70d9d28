"""Bulk answers: a waveform model over an archive of any size, on many processes or machines, restartable.

The archive's files are dealt into shards. A shard's answers are one file that is written whole or not at all, so a
killed worker costs its unfinished shards and nothing else; a later run of the same command does those alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..datasets.atomic import replacing
from ..datasets.errors import InputError
from ..datasets.progress import track

PLAN, SUMMARY = "plan.json", "summary.json"
FILES_A_SHARD = 100


@dataclass(frozen=True)
class Bulk:
    """What a bulk run has answered so far.

    Arguments:
        out: the folder with plan.json, shard-NNNNN.jsonl, and summary.json when all is there.
        files, records, rejected: how many went in, were answered, and were left out with a reason.
        labels: answers by label.
        shards, done_before: how many there are, and how many were there already.
    """

    out: Path
    files: int
    records: int
    rejected: int
    labels: dict[str, int]
    shards: int
    done_before: int

    def __str__(self) -> str:
        told = ", ".join(f"{count} {label}" for label, count in self.labels.items())
        before = f", {self.done_before} of them by an earlier run" if self.done_before else ""
        return (
            f"{self.records} records of {self.files} files answered ({told or 'none'}), {self.rejected} left out; "
            f"{self.shards} shards{before} in {self.out}"
        )


def predict_archive(
    name: str,
    archive: Path,
    out: Path,
    picks: Path | None = None,
    workers: int = 1,
    runner: str | None = None,
    options: Sequence[str] = (),
    files_a_shard: int = FILES_A_SHARD,
) -> Bulk:
    """Answer every waveform file under a folder; go on where an earlier run of the same call ended.

    Arguments:
        name: a waveform model, by name or folder.
        archive: a folder of waveform files, searched to its bottom.
        out: where the shards go; on a cluster a place that all workers see.
        picks: a CSV or QuakeML file for all of them.
        workers: processes on this machine.
        runner: an Apache Beam runner; DirectRunner where None and there are several workers.
        options: further options of the runner, such as "--flink_master=localhost:8081".
    """
    if workers < 1 or files_a_shard < 1:
        raise InputError("at least one worker and one file a shard", f"{workers} and {files_a_shard}", "raise it")
    plan = _plan(name, Path(archive), Path(out), picks, files_a_shard)
    missing = [number for number in range(plan["shards"]) if not shard_path(out, number).exists()]
    runner = "DirectRunner" if runner is None and workers > 1 else runner
    if runner is None:
        for number in track(missing, "answering"):
            answer_shard(str(out), number)
    elif missing:
        from .bulk_beam import run_on_beam

        run_on_beam(Path(out), missing, workers, runner, options)
    return _summed(Path(out), plan, plan["shards"] - len(missing))


def shard_path(out: Path, number: int) -> Path:
    """Where the answers of a shard are."""
    return Path(out) / f"shard-{number:05d}.jsonl"


def _plan(name: str, archive: Path, out: Path, picks: Path | None, files_a_shard: int) -> dict:
    """Write or check OUT/plan.json: a folder of answers holds those of one model, one archive and one set of picks."""
    if not archive.is_dir():
        raise InputError("a folder of waveform files", f"{archive}", "check the path")
    files = sorted(path.relative_to(archive).as_posix() for path in archive.rglob("*") if path.is_file())
    if not files:
        raise InputError("a folder of waveform files", f"{archive}, which is empty", "check the path")
    card = _model(name).card
    if card.task == "forecast":
        raise InputError("a waveform model", f"the forecaster {card.name}", "use forecast-series for many days")
    listing = hashlib.sha256()
    for file in files:
        listing.update(f"{file} {(archive / file).stat().st_size}\n".encode())
    plan = {
        "model": name,
        "version": card.version,
        "graph": card.files["model.onnx"].sha256 if "model.onnx" in card.files else None,
        "archive": str(archive.resolve()),
        "files": len(files),
        "listing": listing.hexdigest(),
        "picks": None if picks is None else str(Path(picks).resolve()),
        "files_a_shard": files_a_shard,
        "shards": -(-len(files) // files_a_shard),
    }
    path = out / PLAN
    if path.exists():
        earlier = json.loads(path.read_text())
        changed = [key for key in plan if earlier.get(key) != plan[key]]
        if changed:
            told = ", ".join(f"{key} {str(plan[key])[:40]}, was {str(earlier.get(key))[:40]}" for key in changed)
            raise InputError(f"the call that {out} was begun with", told, "give another --out, or the earlier call")
        return plan
    if out.exists() and any(out.iterdir()):
        raise InputError("an empty or new folder for the answers", f"{out}", "choose another")
    with replacing(out / "files.txt") as temporary:
        temporary.write_text("\n".join(files) + "\n")
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(plan, indent=1) + "\n")
    return plan


@lru_cache(maxsize=1)
def _model(name: str):
    """The model, once a process; its runs take one core, for there are other workers."""
    from ..zoo import registry

    folder = Path(name)
    model = registry.from_folder(folder) if (folder / "card.json").is_file() else registry.load(name)
    model.threads = 1
    return model


@lru_cache(maxsize=1)
def _picks_by_station(path: str | None) -> dict | None:
    from ..datasets.waveforms.picks import read_picks

    if path is None:
        return None
    found: dict[str, list] = {}
    for pick in read_picks(path):
        parts = pick.station.split(".")
        found.setdefault(parts[1] if len(parts) > 1 else parts[0], []).append(pick)
    return found


def _picks_of(stream, picks: dict | None) -> tuple | None:
    """The picks of a stream's stations and time: those of other files are not missing from this one."""
    if picks is None:
        return None
    start, end = (np.datetime64(t.datetime, "us") for t in _span(stream))
    stations = {trace.stats.station for trace in stream} | {"*"}
    near = [pick for station in sorted(stations) for pick in picks.get(station, ())]
    return tuple(pick for pick in near if pick.time is None or start <= pick.time <= end) or None


def _span(stream):
    return min(trace.stats.starttime for trace in stream), max(trace.stats.endtime for trace in stream)


def answer_shard(out: str, number: int) -> dict[str, int]:
    """Answer the files of one shard, unless it is there already; counts for the runner's log."""
    target = shard_path(Path(out), number)
    if target.exists():
        return {"skipped": 1}
    plan = json.loads((Path(out) / PLAN).read_text())
    size = plan["files_a_shard"]
    files = (Path(out) / "files.txt").read_text().splitlines()[number * size : (number + 1) * size]
    counts: Counter[str] = Counter()
    with replacing(target) as temporary, open(temporary, "w") as lines:
        for file in files:
            for row in _answers(plan, file):
                counts["rejected" if "rejected" in row else "records"] += 1
                lines.write(json.dumps(row) + "\n")
    return dict(counts)


def _answers(plan: dict, file: str) -> list[dict]:
    """A row a record, and one for whatever was left out; a file that cannot be read is one of those."""
    from ..datasets.readers.miniseed import read_stream

    try:
        stream = read_stream(Path(plan["archive"]) / file)
        picks = _picks_of(stream, _picks_by_station(plan["picks"]))
        answer = _model(plan["model"]).predict(stream, picks).to_dict()
    except InputError as error:
        return [{"file": file, "rejected": str(error).replace(f"{plan['archive']}{os.sep}", "")}]
    rows = [{"file": file, **row} for row in answer["records"]]
    for row in rows:
        # A file counts as one event where its records name none.
        if str(row.get("event", "")).startswith("source "):
            row["event"] = file
    rows += [{"file": file, "record": r["name"], "rejected": r["reason"]} for r in answer["rejected"]]
    return rows or [{"file": file, "rejected": "no record in it"}]


def _summed(out: Path, plan: dict, done_before: int) -> Bulk:
    """Count the answers of all shards, see that every file is in one, and write summary.json."""
    labels: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    rejected = records = 0
    for number in range(plan["shards"]):
        path = shard_path(out, number)
        if not path.exists():
            raise InputError("all shards", f"none at {path}", "run the same command again: the others are kept")
        here = set()
        with open(path) as lines:
            for line in lines:
                row = json.loads(line)
                here.add(row["file"])
                rejected += "rejected" in row
                records += "rejected" not in row
                if "label" in row:
                    labels[row["label"]] += 1
        seen.update(here)
    files = (out / "files.txt").read_text().splitlines()
    if seen != Counter(files):
        wrong = [file for file in {*seen, *files} if seen[file] != 1][:3]
        raise InputError(
            "every file in one shard", f"{', '.join(wrong)} in none or several", "begin again in a new folder"
        )
    bulk = Bulk(out, len(files), records, rejected, dict(sorted(labels.items())), plan["shards"], done_before)
    content = {**plan, "records": records, "rejected": rejected, "labels": bulk.labels}
    with replacing(out / SUMMARY) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n")
    return bulk
