"""Networks trained on tiles: what a batch holds, the state carried along, kill and resume, step by step in ONNX."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from foreshock.benchmarks.forecast.run import quick_region
from foreshock.datasets.regions import Region
from foreshock.training.forecast.case import ForecastCase
from foreshock.training.forecast.crops import CropSampler
from foreshock.training.forecast.protocol import Protocol
from foreshock.training.forecast.recipe import Crops
from foreshock.training.recipe import names, read_recipe
from foreshock.training.run import train_recipe

REGION = quick_region(Region.named("simulated"))
TINY = {
    "name": "cnn-lstm-prior-tiny",
    "region": "simulated",
    "baselines": '["uniform", "smoothed"]',
    "steps": "3",
    "embedding": "2",
    "hidden": "3",
    "crops": "{tile = 8, lanes = 2, stretch_days = 4, stretches = 3, label_days = 2, passes = 2, "
    "validation_passes = 1, warm_up_days = 12}",
    "fit.epochs": "2",
}


@pytest.fixture(scope="module")
def case():
    return ForecastCase.of(REGION, Protocol.named("P1"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    place = tmp_path_factory.mktemp("zoo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Region, "named", classmethod(lambda cls, name, data=None: REGION))
        train_recipe(read_recipe("cnn-lstm-prior-norcal", TINY), place)
    return place / "cnn-lstm-prior-tiny"


def test_a_batch_holds_the_maps_before_each_label_of_its_tile(case):
    crops = Crops(tile=8, lanes=5, stretch_days=6, stretches=2, label_days=3, passes=1)
    prior = np.random.default_rng(0).uniform(0, 0.1, case.grid.shape)
    sampler = CropSampler(case, case.split.train, prior, crops)
    lanes = sampler.lanes(np.random.default_rng(3))
    (first, label, weight), (second, later, _) = sampler.batches(1, 3)
    assert first["maps"].shape == (5, 6, 8, 8, 1)
    assert label.shape == (5, 2, 8, 8)
    assert first["fresh"].tolist() == [1] * 5
    assert second["fresh"].tolist() == [0] * 5
    assert weight.max() <= 2
    counts = {}
    for lane in range(5):
        r, c = lanes.row[lane], lanes.column[lane]
        np.testing.assert_array_equal(first["prior"][lane], prior[r : r + 8, c : c + 8].astype(np.float32))
        # The first label stands after three days, its maps are those of the three days before it.
        issue = int(sampler.labelled[lanes.start[lane]])
        day = case.maps.first_day + issue
        maps = np.concatenate([first["maps"][lane], second["maps"][lane]])
        expected = case.maps.dense(issue - 3, issue + 9)[:, r : r + 8, c : c + 8]
        np.testing.assert_array_equal(maps, expected)
        for answers, offset in ((label, 0), (later, 6)):
            for k in range(2):
                start = day + offset + 3 * k + 10
                events = case.catalog.between(start, start + 40).above(case.magnitude)
                row, column, inside = case.grid.cells(events.latitude, events.longitude)
                hit = np.zeros(case.grid.shape)
                hit[row[inside], column[inside]] = 1
                np.testing.assert_array_equal(answers[lane, k], hit[r : r + 8, c : c + 8])
                counts[lane] = counts.get(lane, 0) + hit.sum()
    assert max(counts.values()) > 0


def test_no_label_leaves_its_period(case):
    crops = Crops(tile=16, stretch_days=4, stretches=2, label_days=2)
    for name in ("train", "validation"):
        period = getattr(case.split, name)
        sampler = CropSampler(case, period, np.zeros(case.grid.shape), crops)
        last = case.maps.first_day + int(sampler.labelled[-1]) + 50
        assert last <= period.last + 1
        assert last > period.last - 2
        assert case.maps.first_day + int(sampler.labelled[0]) - 2 == period.first


def test_weighted_draws_give_the_even_mean(case):
    """The mean number of positives over weighted lanes is that of all tiles and times."""
    crops = Crops(tile=8, lanes=4000, stretch_days=4, stretches=2, label_days=4)
    sampler = CropSampler(case, case.split.train, np.zeros(case.grid.shape), crops)
    lanes = sampler.lanes(np.random.default_rng(0))
    dense = sampler.labels.dense(dtype=bool)
    drawn = [
        dense[s : s + 2, r : r + 8, c : c + 8].sum()
        for s, r, c in zip(lanes.start, lanes.row, lanes.column, strict=True)
    ]
    every = [
        (dense[:-1, r : r + 8, c : c + 8].sum() + dense[1:, r : r + 8, c : c + 8].sum()) / (len(dense) - 1)
        for r, c in sampler._corners
    ]
    error = np.std(lanes.weight * drawn) / np.sqrt(len(drawn))
    assert abs(np.mean(lanes.weight * drawn) - np.mean(every)) < 4 * error
    # Even draws would scatter more.
    assert np.std(lanes.weight * drawn) / np.mean(every) < 2.0


def test_each_part_is_learnt_over_a_prior_that_does_not_know_its_targets(case):
    from foreshock.training.forecast.baselines import Fits
    from foreshock.training.forecast.crossed_prior import crossed_prior
    from foreshock.zoo.forecast.rates import window_probability

    fits, train = Fits(case), case.split.train
    crossed = crossed_prior(fits, train, 4, 60)
    crops = Crops(tile=8, lanes=20, stretch_days=4, stretches=2, label_days=4, passes=1)
    sampler = CropSampler(case, train, crossed, crops)
    lanes, (inputs, _, _) = sampler.lanes(np.random.default_rng(0)), next(sampler.batches(1, 0))
    begins = sampler.labelled[lanes.start] - crops.label_days - case.maps.index(train.first)
    for lane, fold in enumerate(begins * 4 // train.days):
        r, c = lanes.row[lane], lanes.column[lane]
        np.testing.assert_allclose(inputs["prior"][lane], crossed[fold, r : r + 8, c : c + 8], rtol=1e-6)
    # What a map has smoothed it explains better than what comes as news to it.
    days, hit = case.issue_days("train"), case.counts("train") > 0
    folds = (days - train.first).astype(int) * 4 // train.days
    known = np.broadcast_to(window_probability(fits.smoothed, case.protocol.days), hit.shape)
    assert np.log(known[hit]).mean() > np.log(crossed[folds][hit]).mean() + 0.01


def test_the_state_is_carried_within_a_pass_and_fresh_at_its_start():
    import keras
    from foreshock.training.forecast.stretch_view import stretch_view
    from foreshock.zoo.forecast.recurrent import cnn_lstm

    keras.utils.set_random_seed(0)
    network = cnn_lstm(6, 7, 4, residual=0.0, embedding=2, hidden=3, prior_input=True)
    whole = cnn_lstm(6, 7, 8, residual=0.0, embedding=2, hidden=3, prior_input=True)
    whole.set_weights(network.get_weights())
    view = stretch_view(network, 2, 2)
    rng = np.random.default_rng(0)
    maps = (rng.random((2, 8, 6, 7, 1)) < 0.2).astype("float32") * 4
    prior = rng.uniform(0.01, 0.2, (2, 6, 7)).astype("float32")
    for _ in range(2):  # the second time from a state that is not zero
        fresh = np.ones(2, "float32")
        view({"maps": maps[:, :4], "prior": prior, "fresh": fresh})
        second = view({"maps": maps[:, 4:], "prior": prior, "fresh": 0 * fresh})
        expected = whole({"maps": maps, "prior": prior})["logits"]
        np.testing.assert_allclose(second[:, -1], expected, atol=1e-5)
    assert second.shape == (2, 2, 6, 7)


def test_gradients_run_through_the_days_of_a_stretch():
    import keras
    import tensorflow as tf
    from foreshock.training.forecast.stretch_view import stretch_view
    from foreshock.zoo.forecast.recurrent import cnn_lstm

    keras.utils.set_random_seed(0)
    view = stretch_view(cnn_lstm(4, 4, 16, embedding=2, hidden=3), 1, 16)
    maps = tf.constant(np.random.default_rng(0).random((1, 16, 4, 4, 1)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(maps)
        logits = view({"maps": maps, "prior": tf.zeros((1, 4, 4)), "fresh": tf.ones(1)})
        total = tf.reduce_sum(tf.square(logits))
    by_day = np.abs(tape.gradient(total, maps).numpy()).sum(axis=(0, 2, 3, 4))
    assert (by_day > 0).all()


def settled(memory_days):
    """(network, view, batch) of a small network over a prior, settled on one batch."""
    import keras
    from foreshock.training.forecast.stretch_view import settle, stretch_view
    from foreshock.zoo.forecast.recurrent import cnn_lstm

    keras.utils.set_random_seed(0)
    network = cnn_lstm(6, 7, 4, residual=0.0, learned=True, embedding=2, hidden=3, prior_input=True)
    view = stretch_view(network, 2, 2)
    rng = np.random.default_rng(0)
    maps = (rng.random((2, 4, 6, 7, 1)) < 0.2).astype("float32") * 4
    batch = {"maps": maps, "prior": rng.uniform(0.01, 0.2, (2, 6, 7)).astype("float32"), "fresh": np.ones(2, "float32")}
    settle(network, view, [(batch, None)] * 20, memory_days)
    return network, view, batch


def test_settled_gates_begin_with_memories_from_two_days_to_the_longest():
    def bias(memory_days):
        norm = settled(memory_days)[0].get_layer("recurrent").cell.gates.norm
        return np.asarray(-norm.moving_mean / np.sqrt(norm.moving_variance + norm.epsilon))

    forget, enter, leave, update = np.split(bias(50.0) - bias(0.0), 4)
    # Kept a day with probability 1 - 1/tau, which is sigmoid(log(tau - 1)), and let in with 1/tau.
    np.testing.assert_allclose(1 / (1 - 1 / (1 + np.exp(-forget))), [2, 10, 50], rtol=1e-4)
    np.testing.assert_allclose(enter, -forget)
    np.testing.assert_allclose([*leave, *update], 0, atol=1e-6)


def test_a_network_that_begins_with_a_regression_knows_what_its_features_tell():
    """Where events are hit again by the labels, the regression alone is far better than the prior."""
    import keras
    from foreshock.training.forecast.readout import begin_with_regression, sharpen
    from foreshock.training.forecast.stretch_view import settle, stretch_view
    from foreshock.zoo.forecast.recurrent import cnn_lstm

    keras.utils.set_random_seed(0)
    network = cnn_lstm(8, 8, 4, residual=0.0, learned=True, embedding=4, hidden=8, prior_input=True)
    view = stretch_view(network, 4, 4)
    sharpen(network, 0.2)
    np.testing.assert_array_equal(network.get_layer("head_1").kernel[1, 1], -np.eye(8))
    rng = np.random.default_rng(0)

    def batches(passes):
        for _ in range(passes):
            past = np.zeros((4, 8, 8))
            for stretch in range(8):
                maps = (rng.random((4, 4, 8, 8)) < 0.02) * 4.0
                past = maps.any(axis=1)
                label = (rng.random(past.shape) < np.where(past, 0.5, 0.02))[:, None].astype("float32")
                inputs = {
                    "maps": maps[..., None].astype("float32"),
                    "prior": np.full((4, 8, 8), 0.05, "float32"),
                    "fresh": np.full(4, float(stretch == 0), "float32"),
                }
                yield inputs, label, np.ones(4, "float32")

    settle(network, view, batches(3))
    begin_with_regression(network, view, batches(20), seed=1)
    gain = hits = 0.0
    for inputs, label, _ in batches(5):
        p = 1 / (1 + np.exp(-np.asarray(view(inputs), dtype=float)))
        base = label.mean()
        gain += np.log(np.where(label > 0, p, 1 - p)).sum() - np.log(np.where(label > 0, base, 1 - base)).sum()
        hits += label.sum()
    assert gain / hits > 0.1


KILLED = """
import sys, time, pathlib
import foreshock.training.fit as loop
from foreshock.benchmarks.forecast.run import quick_region
from foreshock.datasets.regions import Region
from foreshock.training.forecast.crops import CropSampler
from foreshock.training.recipe import read_recipe
from foreshock.training.run import train_recipe
region = quick_region(Region.named("simulated"))
Region.named = classmethod(lambda cls, name, data=None: region)
place, mode, changes = pathlib.Path(sys.argv[1]), sys.argv[2], eval(sys.argv[3])
batches = CropSampler.batches
def slow(self, passes, seed):
    for i, batch in enumerate(batches(self, passes, seed)):
        if mode == "first" and list(seed)[1:] == [1, 1] and i == 3:
            (place / "in-epoch-2").touch()
            time.sleep(600)
        yield batch
CropSampler.batches = slow
train_recipe(read_recipe("cnn-lstm-prior-norcal", changes), place, resume=mode == "again")
"""


def test_a_training_killed_in_mid_epoch_ends_with_the_weights_of_an_uninterrupted_one(tiny, tmp_path):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}

    def start(mode):
        command = [sys.executable, "-c", KILLED, str(tmp_path), mode, repr(TINY)]
        return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)

    process = start("first")
    deadline = time.monotonic() + 120
    while not (tmp_path / "in-epoch-2").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "cnn-lstm-prior-tiny").exists()
    assert start("again").wait(timeout=180) == 0
    with np.load(tiny / "golden.npz") as a, np.load(tmp_path / "cnn-lstm-prior-tiny" / "golden.npz") as b:
        for name in a.files:
            np.testing.assert_allclose(a[name], b[name], atol=1e-6)
    from foreshock.zoo.registry import from_folder

    ours, theirs = (from_folder(f).keras.get_weights() for f in (tiny, tmp_path / "cnn-lstm-prior-tiny"))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_recurrent_forecaster_rolls_its_step(tiny, case):
    from foreshock.zoo.registry import from_folder

    model, other = from_folder(tiny), from_folder(tiny, runtime="keras")
    assert type(model).__name__ == "RecurrentForecaster"
    days = case.issue_days("test")[:3]
    rates = model.rates(case.catalog, days)
    np.testing.assert_allclose(other.rates(case.catalog, days), rates, rtol=1e-4)
    # The order of days does not matter, nor how far apart they lie beyond the warm-up.
    np.testing.assert_allclose(model.rates(case.catalog, days[::-1]), rates[::-1], rtol=1e-5)
    probability = model.predict(case.catalog, days[0]).probability
    np.testing.assert_allclose(probability, model.probability(rates)[0], rtol=1e-4)
    early = model.rates(case.catalog.between(None, days[0]), days[:1])
    np.testing.assert_allclose(early, rates[:1], rtol=1e-5)


def test_a_hundred_steps_in_onnx_stay_with_keras(tmp_path):
    """Exported as a step, the network is rolled forward by a server without drifting away."""
    import keras
    from foreshock.zoo.forecast.recurrent import cnn_lstm, step_model
    from foreshock.zoo.onnx_graph import write_onnx

    onnxruntime = pytest.importorskip("onnxruntime")
    keras.utils.set_random_seed(1)
    network = cnn_lstm(7, 9, 2, residual=0.0, learned=True)
    network.get_layer("logits").set_prior(np.random.default_rng(1).uniform(0, 0.1, (7, 9)))
    step = step_model(network)
    write_onnx(step, tmp_path / "step.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "step.onnx"), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    assert set(names) == {"logits", "probability", "h_next", "c_next"}
    rng = np.random.default_rng(0)
    state = np.zeros((2, 1, 7, 9, 32), "float32")
    theirs = state.copy()
    for _ in range(100):
        maps = np.where(rng.random((1, 7, 9, 1)) < 0.05, rng.uniform(2.5, 7, (1, 7, 9, 1)), 0).astype("float32")
        ours = step({"maps": maps, "h": state[0], "c": state[1]})
        answer = dict(zip(names, session.run(None, {"maps": maps, "h": theirs[0], "c": theirs[1]}), strict=True))
        state = np.stack([ours["h_next"], ours["c_next"]])
        theirs = np.stack([answer["h_next"], answer["c_next"]])
    np.testing.assert_allclose(answer["logits"], ours["logits"], atol=1e-4)
    assert np.abs(state).max() > 0.1


def test_export_writes_the_step_beside_the_sequence(tiny, tmp_path):
    import onnxruntime
    from foreshock.export import FORMATS
    from foreshock.zoo.golden import read_golden
    from foreshock.zoo.registry import from_folder

    model = from_folder(tiny)
    written = FORMATS["onnx"](model, tmp_path)
    assert any(row.input == "golden step-by-step" for row in written.parity)
    session = onnxruntime.InferenceSession(str(written.folder / "step.onnx"), providers=["CPUExecutionProvider"])
    inputs, expected = read_golden(model.file("golden.npz"))
    h = c = np.zeros((2, 16, 16, 3), "float32")
    for day in range(3):
        p, h, c = session.run(["probability", "h_next", "c_next"], {"maps": inputs["maps"][:, day], "h": h, "c": c})
    np.testing.assert_allclose(p, expected["probability"], atol=1e-5)


def test_recipes_of_networks_name_their_region():
    for name in (name for name in names() if name.startswith("cnn") and not name.endswith("sim")):
        recipe = read_recipe(name)
        assert recipe.name == name == f"{recipe.architecture}-{recipe.region}"
        assert recipe.window_days == (10, 50)
