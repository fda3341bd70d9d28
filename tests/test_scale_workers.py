"""Training on several processes: two local workers go the way of one with the joint batch."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.training.workers import joined

# 33 cases in batches of 16: the last batch is one case, of which the second worker has no part.
SCRIPT = """
import json, sys, pathlib
import numpy as np
from foreshock.training.fit import fit
from foreshock.training.section import Fit
from foreshock.training.workers import joined
joined()
import keras, tensorflow as tf
rng = np.random.default_rng(0)
x = rng.normal(size=(45, 6)).astype("float32")
y = (x[:, 0] * x[:, 1] > 0).astype("int32")
keras.utils.set_random_seed(5)
inputs = keras.Input((6,), name="x")
hidden = keras.layers.Dense(8, activation="tanh", kernel_regularizer=keras.regularizers.L2(1e-3))(inputs)
network = keras.Model(inputs, {"logits": keras.layers.Dense(2)(hidden)})
def train(epoch):
    order = np.random.default_rng(epoch).permutation(33)
    return tf.data.Dataset.from_tensor_slices((x[order], y[order])).batch(16)
held = tf.data.Dataset.from_tensor_slices((x[33:], y[33:])).batch(12)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
settings = Fit(learning_rate=0.02, epochs=3, weight_decay=1e-3)
course = fit(network, loss, train, held, settings, 5, pathlib.Path(sys.argv[1]))
weights = np.concatenate([w.ravel() for w in network.get_weights()])
print(json.dumps({"history": course.history, "best": course.best_epoch, "weights": weights.tolist()}))
"""


def start(folder, rank=None, ports=()):
    folder.mkdir()
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    environment.pop("TF_CONFIG", None)
    if ports:
        cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
        environment["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": rank}})
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )


def test_two_workers_end_where_one_with_the_joint_batch_ends(tmp_path):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    processes = [start(tmp_path / "alone")]
    processes += [start(tmp_path / f"worker{rank}", rank, ports) for rank in range(2)]
    answers = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err[-2000:]
        answers.append(json.loads(out.splitlines()[-1]))
    alone, first, second = answers
    assert len(alone["history"]) == 3
    assert alone["history"][0]["loss"] != pytest.approx(alone["history"][1]["loss"], rel=1e-3)
    for worker in (first, second):
        assert worker["best"] == alone["best"]
        for ours, theirs in zip(worker["history"], alone["history"], strict=True):
            assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
            assert ours["validation_loss"] == pytest.approx(theirs["validation_loss"], rel=1e-5)
        np.testing.assert_allclose(worker["weights"], alone["weights"], atol=1e-5)
    assert first["weights"] == second["weights"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "TF_CONFIG as"),
        ('{"cluster": {"worker": ["a:1", "b:1"]}}', "TF_CONFIG as"),
        ('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}', "from 0 to 1"),
    ],
)
def test_a_wrong_tf_config_is_one_line(monkeypatch, text, words):
    joined.cache_clear()
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match=words):
        joined()
    joined.cache_clear()


def test_one_worker_is_none(monkeypatch):
    joined.cache_clear()
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}')
    assert joined() is None
    joined.cache_clear()
