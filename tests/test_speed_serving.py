"""The speed tables of runtimes and server: every row is measured, and the ratios are those of the rows."""

import importlib.util

import pytest
from foreshock.benchmarks.speed.inference import BATCHES, run


def test_a_row_a_runtime_and_batch_beside_keras_predict():
    rows = run(("logistic-simcycle",), ("Keras predict", "ONNX Runtime, 1 thread"), seconds=0.05)
    assert [(r["runtime"].split(",")[0], r["batch"]) for r in rows] == [
        (runtime, batch) for runtime in ("Keras predict", "ONNX Runtime") for batch in BATCHES
    ]
    for row, peer in zip(rows[3:], rows[:3], strict=True):
        assert row["ratio"] == pytest.approx(row["records_per_s"] / peer["records_per_s"])
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        # No TensorFlow in it.
        assert row["memory_mb"] is None or row["memory_mb"] < peer["memory_mb"] / 2
        assert 0 < row["cold_start_s"] < peer["cold_start_s"]
    assert rows[3]["aim"] == 3.0 and rows[3]["met"] is True
    assert rows[4]["aim"] is None and rows[0]["met"] is None


@pytest.mark.skipif(not importlib.util.find_spec("mlserver"), reason="the server is the extra `serve`")
def test_a_row_for_the_start_and_one_a_transport_and_number_of_clients():
    from foreshock.benchmarks.speed.serving import run as run_server

    start, *rows = run_server(clients=(1, 4), seconds=0.5)
    assert start["what"].startswith("cold start") and 0 < start["cold_start_s"] < 20
    assert [(r["what"].split(",")[0], r["clients"]) for r in rows] == [
        (t, c) for t in ("gRPC", "REST", "REST") for c in (1, 4)
    ]
    for row in rows:
        assert row["requests_per_s"] > 1 and 0 < row["p50_ms"] <= row["p99_ms"]
        assert row["memory_mb"] is None or 50 < row["memory_mb"] < 1500, "TensorFlow alone would take more than 500"
    best = max(r["requests_per_s"] for r in rows[:2])
    assert [r["requests_per_s"] for r in rows if "aim" in r] == [best]
