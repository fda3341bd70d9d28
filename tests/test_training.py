"""The training loop: resumed after a stop it ends where it would have ended; a tiny recipe goes from data to a zoo."""

import foreshock
import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.waveforms.batches import shifted_batches
from foreshock.training.recipe import read_recipe
from foreshock.training.section import Fit

SETTINGS = Fit(learning_rate=1e-2, batch=8, epochs=4, patience=4)


def small_problem():
    import keras

    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 64)
    waveform = (rng.standard_normal((64, 24, 3)) * (1 + label)[:, None, None]).astype(np.float32)
    keras.utils.set_random_seed(3)
    inputs = keras.Input((20, 3), name="waveform")
    features = keras.layers.Dropout(0.2)(keras.layers.Conv1D(4, 3, activation="relu")(inputs))
    logits = keras.layers.Dense(2, name="logits")(keras.layers.GlobalMaxPooling1D()(features))
    network = keras.Model({"waveform": inputs}, {"logits": logits})
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    validation = shifted_batches(waveform[:16], label[:16], 20, 16)
    return network, loss, lambda epoch: shifted_batches(waveform, label, 20, 8, seed=1, epoch=epoch), validation


def trained(folder, stop_after=None, resume=False):
    from foreshock.training.fit import fit

    network, loss, train, validation = small_problem()

    def until(epoch):
        if stop_after is not None and epoch >= stop_after:
            raise KeyboardInterrupt
        return train(epoch)

    folder.mkdir(exist_ok=True)
    course = fit(network, loss, until, validation, SETTINGS, 7, folder, resume)
    return course, network.get_weights()


def test_a_stopped_training_resumes_to_the_same_weights(tmp_path):
    course, whole = trained(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "halves", stop_after=2)
    resumed, halves = trained(tmp_path / "halves", resume=True)
    assert resumed.epoch == course.epoch == 4
    np.testing.assert_allclose(
        [row["loss"] for row in resumed.history], [row["loss"] for row in course.history], rtol=1e-5
    )
    for a, b in zip(whole, halves, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_the_kept_weights_are_those_of_the_best_epoch(tmp_path):
    import keras

    course, weights = trained(tmp_path / "x")
    network, loss, _, validation = small_problem()
    network.set_weights(weights)
    view = keras.Model(network.inputs, network.output["logits"])
    view.compile(loss=loss)
    assert view.evaluate(validation, verbose=0) == pytest.approx(course.best_loss, abs=1e-5)
    assert course.best_loss == min(row["validation_loss"] for row in course.history)


def test_a_training_that_diverges_is_an_error(tmp_path):
    from foreshock.training.fit import fit

    network, loss, train, validation = small_problem()
    network.set_weights([np.full_like(w, np.nan) for w in network.get_weights()])
    with pytest.raises(InputError, match=r"lower fit\.learning_rate"):
        fit(network, loss, train, validation, SETTINGS, 1, tmp_path)


def test_a_recipe_goes_from_data_to_a_model_of_the_zoo(tmp_path, monkeypatch):
    from foreshock.training.run import train_recipe

    monkeypatch.setenv("FORESHOCK_DATA", str(tmp_path / "data"))
    changes = {"name": "tiny", "events": "60", "fit.epochs": "2", "fit.seeds": "[1]"}
    folder = train_recipe(read_recipe("logistic-simcycle", changes), tmp_path / "zoo")
    assert {p.name for p in folder.iterdir()} == {
        *("background_records.npz", "card.json", "golden.npz", "model.keras", "model.onnx")
    }
    assert [p.name for p in (tmp_path / "zoo").iterdir()] == ["tiny"]
    monkeypatch.setenv("FORESHOCK_ZOO", str(tmp_path / "zoo"))
    card = foreshock.load("tiny").card
    assert card.data.simulated
    assert card.hyperparameters["events"] == 60
    rows = {row.control.split(",")[0]: row for row in card.audit}
    assert rows["linear probe of the frames before P"].verdict == "clear"
    assert "other stations" in card.audit[-1].control
    assert card.fails[0].startswith("audit, ")


def test_a_learning_rate_that_decays_goes_on_where_it_was(tmp_path):
    import keras
    import tensorflow as tf
    from foreshock.training.fit import fit

    inputs = keras.Input((1,), name="x")
    logits = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", name="logits")(inputs)
    batches = tf.data.Dataset.from_tensors((np.ones((2, 1), np.float32), np.zeros((2, 1), np.float32)))

    def loss(label, logit):
        return keras.ops.mean(logit)

    # A slope of 1 at every step: 1 + 1/2 after two epochs of one step, 1/3 more after the third.
    for epochs, moved in ((2, 1.5), (3, 1.5 + 1 / 3)):
        network = keras.Model({"x": inputs}, {"logits": logits})
        settings = Fit(optimizer="sgd", learning_rate=1.0, learning_rate_decay=1.0, epochs=epochs)
        fit(network, loss, lambda epoch: batches, batches, settings, 1, tmp_path, resume=epochs == 3)
        assert float(np.asarray(network.weights[0]).item()) == pytest.approx(-moved)


def test_settled_statistics_are_those_of_the_training_data(tmp_path):
    import keras
    import tensorflow as tf
    from foreshock.training.fit import fit

    x = np.random.default_rng(6).normal(3.0, 2.0, (64, 5)).astype(np.float32)
    y = (x[:, :1] > 3).astype(np.float32)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    for batches, known in ((0, False), (4, True)):
        inputs = keras.Input((5,), name="x")
        norm = keras.layers.BatchNormalization(momentum=0.9)
        network = keras.Model({"x": inputs}, {"logits": keras.layers.Dense(1, name="logits")(norm(inputs))})
        settings = Fit(epochs=1, settle=batches)
        fit(network, loss, lambda epoch: data, data, settings, 1, tmp_path / str(batches))
        assert norm.momentum == 0.9
        close = np.allclose(norm.moving_mean, x.mean(0), atol=1e-4) and np.allclose(
            norm.moving_variance, x.var(0), rtol=1e-4
        )
        assert close == known
