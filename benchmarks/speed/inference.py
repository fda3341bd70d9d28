"""One network in every runtime it can be had in: time of an answer, records a second, memory, and the cold start."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

MODELS = ("p64-simcycle", "cnn-lstm-prior-sim")
BATCHES = (1, 8, 64)
RUNTIMES = (
    "Keras predict",
    "Keras compiled function",
    "SavedModel",
    "ONNX Runtime, 1 thread",
    "ONNX Runtime, 2 threads",
)
AIM_RATIO = 3.0
SECONDS = 1.0


def run(models: tuple[str, ...] = MODELS, runtimes: tuple[str, ...] = RUNTIMES, seconds: float = SECONDS) -> list[dict]:
    """A row a model, runtime and batch size; each runtime has a process of its own.

    `ratio` is the gain in records a second over Keras predict at the same batch; `cold_start_s` is the whole process
    up to its first answer, `memory_mb` its largest size.
    """
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for model in models:
            for runtime in runtimes:
                if runtime == "SavedModel":
                    _export(model, scratch)
                rows += _in_process(model, runtime, seconds, scratch)
    peers = {(r["model"], r["batch"]): r["records_per_s"] for r in rows if r["runtime"] == RUNTIMES[0]}
    for row in rows:
        peer = peers.get((row["model"], row["batch"]))
        row["ratio"] = None if peer is None else row["records_per_s"] / peer
        aimed = row["batch"] == 1 and row["runtime"].startswith("ONNX")
        row["aim"] = AIM_RATIO if aimed else None
        row["met"] = None if not aimed or peer is None else row["ratio"] >= AIM_RATIO
    return rows


def _in_process(model: str, runtime: str, seconds: float, scratch: str) -> list[dict]:
    code = (
        "import sys, time; from foreshock.benchmarks.speed.inference import measure; "
        "print(measure(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]))"
    )
    started = time.time()
    done = subprocess.run(
        [sys.executable, "-c", code, model, runtime, str(seconds), scratch],
        check=True,
        capture_output=True,
        text=True,
        cwd=scratch,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    cold = found.pop("first_answer") - started
    memory = found.pop("memory_mb")
    return [
        {"model": model, "runtime": runtime, **row, "memory_mb": memory, "cold_start_s": round(cold, 2)}
        for row in found["rows"]
    ]


def measure(name: str, runtime: str, seconds: float, scratch: str) -> str:
    """Times of one model in one runtime, as JSON; called in a process of its own."""
    from ...zoo.golden import read_golden
    from ...zoo.registry import load

    model = load(name, "onnx" if runtime.startswith("ONNX") else "keras")
    golden, _ = read_golden(model.file("golden.npz"))
    answer = _runner(model, runtime, Path(scratch))
    answer(_batch(golden, 1))
    first = time.time()
    rows = [_timed(answer, _batch(golden, batch), seconds) for batch in BATCHES]
    return json.dumps({"rows": rows, "first_answer": first, "memory_mb": largest_mb("self")})


def largest_mb(process: int | str) -> int | None:
    """A process's largest size so far, where the system tells it; `resource` counts what stood there before too."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return None
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024)


def _batch(golden: dict[str, np.ndarray], batch: int) -> dict[str, np.ndarray]:
    return {name: values[np.arange(batch) % len(values)] for name, values in golden.items()}


def _runner(model, runtime: str, scratch: Path):
    """The way from named arrays to numpy arrays."""
    if runtime.startswith("ONNX"):
        model.threads = int(runtime.split()[2])
        return lambda inputs: model.run(**inputs)
    if runtime == "Keras predict":
        return lambda inputs: model.keras.predict(inputs, verbose=0)
    import tensorflow as tf

    if runtime == "Keras compiled function":
        network = model.keras
        graph = tf.function(lambda inputs: network(inputs, training=False), autograph=False)
        return lambda inputs: {k: v.numpy() for k, v in graph(_tensors(inputs)).items()}
    serve = tf.saved_model.load(str(scratch / model.card.name / "saved_model")).signatures["serving_default"]
    return lambda inputs: {k: v.numpy() for k, v in serve(**_tensors(inputs)).items()}


def _tensors(inputs: dict) -> dict:
    import tensorflow as tf

    return {name: tf.constant(values) for name, values in inputs.items()}


def _export(name: str, scratch: str) -> None:
    """Write the SavedModel, in a process of its own like all that holds TensorFlow."""
    words = ["-m", "foreshock.cli", "export", name, "--format", "savedmodel", "--out", scratch]
    subprocess.run([sys.executable, *words], check=True, capture_output=True, cwd=scratch)


def _timed(answer, inputs: dict[str, np.ndarray], seconds: float) -> dict:
    for _ in range(2):
        answer(inputs)
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        answer(inputs)
        times.append(time.perf_counter() - start)
    batch = len(next(iter(inputs.values())))
    median = float(np.median(times))
    return {
        "batch": batch,
        "p50_ms": round(1e3 * median, 3),
        "p99_ms": round(1e3 * float(np.quantile(times, 0.99)), 3),
        "records_per_s": round(batch / median, 1),
    }
