"""The shards of a bulk run dealt out by Apache Beam: to processes of this machine, or to a cluster."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ..datasets.errors import InputError
from .bulk import answer_shard, shard_path

LOG = "beam.log"
WORKER_DIED = 3


def run_on_beam(out: Path, missing: list[int], workers: int, runner: str, options: Sequence[str]) -> None:
    """Answer the missing shards; where a local worker dies, what is still missing is dealt out again.

    Runners of a cluster see to their own workers. The DirectRunner waits for ever for one that was killed, so it runs
    in a process that ends when a worker does, and is started again as long as shards are finished.
    """
    if find_spec("apache_beam") is None:
        raise InputError(
            f"Apache Beam for the runner {runner}", "no package apache_beam", 'pip install "foreshock[beam]"'
        )
    if runner != "DirectRunner" or workers == 1:
        run_pipeline(str(out), missing, workers, runner, options)
        return
    while missing:
        status = _in_process(out, missing, workers, options)
        left = [number for number in missing if not shard_path(out, number).exists()]
        if status and len(left) == len(missing):
            last = (out / LOG).read_text().strip().splitlines() or ["nothing in the log"]
            raise InputError("workers that finish a shard", last[-1][:200], f"see {out / LOG} and run it again")
        if left:
            print(f"a worker died; {len(left)} of {len(missing)} shards are dealt out again", file=sys.stderr)
        missing = left
    (out / LOG).unlink(missing_ok=True)


def _in_process(out: Path, missing: list[int], workers: int, options: Sequence[str]) -> int:
    """Run the pipeline in a process group of its own, which ends as a whole; its status."""
    code = "import sys; from foreshock.export.bulk_beam import main; main(sys.stdin.read())"
    call = json.dumps({"out": str(out), "missing": missing, "workers": workers, "options": list(options)})
    with open(out / LOG, "w") as log:
        # -P: the folder the command was called in is no place to import from.
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", code],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        try:
            process.communicate(call)
        finally:
            # Workers outlive a driver that was killed.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return process.returncode


def main(call: str) -> None:
    """The process behind `_in_process`: ends at once when a worker dies, which the DirectRunner only prints."""
    wanted = json.loads(call)
    told = threading.excepthook

    def end(failure) -> None:
        told(failure)
        if failure.thread is not None and failure.thread.name == "run_worker":
            os._exit(WORKER_DIED)

    threading.excepthook = end
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    run_pipeline(wanted["out"], wanted["missing"], wanted["workers"], "DirectRunner", wanted["options"])


def run_pipeline(out: str, missing: list[int], workers: int, runner: str, options: Sequence[str]) -> None:
    """A shard is an element of the pipeline; `answer_shard` writes it whole or not at all."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    options = [f"--runner={runner}", *options]
    if runner == "DirectRunner":
        # One worker needs no other process, and several threads of one process share one lock.
        mode = "multi_processing" if workers > 1 else "in_memory"
        options += [f"--direct_num_workers={workers}", f"--direct_running_mode={mode}"]
    with beam.Pipeline(options=PipelineOptions(options)) as pipeline:
        numbers = pipeline | "shards" >> beam.Create(missing) | beam.Reshuffle()
        _ = numbers | "answer" >> beam.Map(lambda number: answer_shard(out, number))
