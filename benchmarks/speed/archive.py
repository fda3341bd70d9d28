"""Bulk answers at size: 10 000 simulated records on two workers of Apache Beam, one of them killed half-way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

MODEL = "p64-simcycle"
RECORDS = 10_000


def run(records: int = RECORDS, workers: int = 2, files_a_shard: int = 100) -> list[dict]:
    """Rows: records a second, and how many records were lost or answered twice after the kill."""
    import json

    from ...datasets.simulate.seismic_cycle_files import write_seismic_cycle

    with tempfile.TemporaryDirectory() as scratch:
        folder, out = Path(scratch) / "cycle", Path(scratch) / "answers"
        write_seismic_cycle(folder, records=records)
        shards = -(-records // files_a_shard)
        killer = threading.Thread(target=_kill_half_way, args=(out, shards // 2), daemon=True)
        killer.start()
        code = (
            "import sys; from pathlib import Path; from foreshock.export.bulk import predict_archive; "
            "print(predict_archive(sys.argv[1], *map(Path, sys.argv[2:5]), workers=int(sys.argv[5]), "
            "files_a_shard=int(sys.argv[6])))"
        )
        words = [
            MODEL,
            str(folder / "waveforms"),
            str(out),
            str(folder / "picks.csv"),
            str(workers),
            str(files_a_shard),
        ]
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code, *words], cwd=scratch, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        if done.returncode:
            raise RuntimeError(done.stderr[-500:])
        answered: Counter[str] = Counter()
        for path in out.glob("shard-*.jsonl"):
            answered.update(path.read_text().splitlines())
        seen = {json.loads(line)["file"] for line in answered}
        files = {path.name for path in (folder / "waveforms").iterdir()}
    # A file with the arrivals of two events has two answers, which differ; a shard written twice repeats its lines.
    lost, twice = len(files - seen), sum(count > 1 for count in answered.values())
    return [
        {"what": f"{records} simulated records, {workers} workers", "value": records / seconds, "unit": "records/s"},
        {"what": "workers killed half-way", "value": done.stderr.count("a worker died"), "unit": ""},
        {"what": "records lost", "value": lost, "unit": "", "aim": 0, "met": lost == 0},
        {"what": "records answered twice", "value": twice, "unit": "", "aim": 0, "met": twice == 0},
    ]


def _kill_half_way(out: Path, shards: int) -> None:
    """Kill one of this process's Beam workers when so many shards are there."""
    while len(list(out.glob("shard-*"))) < shards:
        time.sleep(0.02)
    os.kill(worker_processes(os.getpid())[0], signal.SIGKILL)


def worker_processes(parent: int) -> list[int]:
    """Beam's Python workers below a process, by Linux's own account."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError):
                continue
    below = {parent}
    while grown := {pid for pid, above in parents.items() if above in below} - below:
        below |= grown
    found = []
    for pid in sorted(below - {parent}):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        except OSError:
            continue
        if "python" in words[0] and any("sdk_worker" in word for word in words):
            found.append(pid)
    return found
