"""Whole-process times of the commands that should start in a blink, beside a plain obspy process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AIMS_S = {
    "import foreshock": 0.3,
    "foreshock models": 1.0,
    "foreshock predict p64-simcycle FILE": 2.5,
}


def run(rounds: int = 5) -> list[dict]:
    """A row a command: median seconds of `rounds` processes after a warm-up, and its aim."""
    import obspy

    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "record.mseed"
        obspy.read().write(str(record), format="MSEED")
        command = [sys.executable, "-m", "foreshock.cli"]
        processes = {
            "python": [sys.executable, "-c", ""],
            "import obspy; read the file": [sys.executable, "-c", f"import obspy; obspy.read({str(record)!r})"],
            "import foreshock": [sys.executable, "-c", "import foreshock"],
            "foreshock models": [*command, "models"],
            "foreshock predict p64-simcycle FILE": [*command, "predict", "p64-simcycle", str(record)],
        }
        return [
            {"what": name, "seconds": round(_median_s(words, rounds), 3), "aim_s": AIMS_S.get(name)}
            for name, words in processes.items()
        ]


def _median_s(words: list[str], rounds: int) -> float:
    seconds = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        # The working folder must not be the checkout, whose own folders would be taken for packages.
        subprocess.run(words, check=True, capture_output=True, cwd=tempfile.gettempdir(), env=os.environ)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])
