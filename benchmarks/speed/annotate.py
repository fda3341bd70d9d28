"""A day of continuous data through `annotate`, beside SeisBench's PhaseNet where that is installed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

HOURS, RATE_HZ, EVERY_S = 24.0, 100.0, 5.0
# Seconds of data a second, and the memory, that a user may expect.
AIM_RATE, AIM_MB = 5000.0, 1500.0


def run(hours: float = HOURS) -> list[dict]:
    """A row a tool: seconds of three-component data a second, peak memory of its process, windows."""
    tools = ["foreshock p64-simcycle"]
    if importlib.util.find_spec("seisbench"):
        tools.append("seisbench PhaseNet")
    rows = []
    for tool in tools:
        # A process each, so that the peak of memory is its own.
        code = f"from {__name__} import measure; measure({tool!r}, {hours!r})"
        rows.append(json.loads(subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout))
    for row in rows:
        ours = row["tool"].startswith("foreshock")
        row |= {"aim": AIM_RATE if ours else None, "aim_mb": AIM_MB if ours else None}
    return rows


def measure(tool: str, hours: float) -> None:
    """Annotate a day of noise with events in it and print the row as JSON."""
    import resource
    import time

    stream = noise_stream(hours)
    if tool.startswith("foreshock"):
        from ...zoo import registry

        model = registry.load(tool.split()[1])
        model.annotate(noise_stream(60 / 3600), EVERY_S)
        began = time.perf_counter()
        answer = model.annotate(stream, EVERY_S)
        windows = sum(len(course.probability) for course in answer.courses)
    else:
        import seisbench.models

        model = seisbench.models.PhaseNet(phases="NPS")
        began = time.perf_counter()
        windows = sum(len(trace) for trace in model.annotate(stream))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row = {
        "tool": tool,
        "hours": hours,
        "answers": windows,
        "seconds": seconds,
        "data_s_per_s": hours * 3600 / seconds,
        "peak_mb": peak / (1e6 if sys.platform == "darwin" else 1e3),
    }
    print(json.dumps(row))


def noise_stream(hours: float):
    """An obspy Stream of three components of noise."""
    import numpy as np
    import obspy

    rng = np.random.default_rng(0)
    traces = []
    for channel in ("HHE", "HHN", "HHZ"):
        header = {"network": "XX", "station": "AAA", "channel": channel, "sampling_rate": RATE_HZ}
        traces.append(obspy.Trace(rng.standard_normal(round(hours * 3600 * RATE_HZ), dtype=np.float32), header))
    return obspy.Stream(traces)
