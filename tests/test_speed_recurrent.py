"""The speed rows of the recurrent step, and that the published formulation gives the same numbers and gradients."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def pair():
    import keras
    from foreshock.benchmarks.speed.recurrent import copy_weights, published_step
    from foreshock.zoo.forecast.recurrent import cnn_lstm, step_model

    keras.utils.set_random_seed(0)
    network = cnn_lstm(9, 11, 1)
    rng = np.random.default_rng(0)
    for weight in network.weights:
        if weight.name == "moving_mean":
            weight.assign(rng.normal(0, 0.1, weight.shape))
        elif weight.name == "moving_variance":
            weight.assign(rng.uniform(0.5, 2, weight.shape))
    published = published_step(9, 11)
    copy_weights(network, published)
    return step_model(network), published


def test_the_published_cell_has_the_published_count(pair):
    assert sum(int(np.prod(w.shape)) for w in pair[1].trainable_weights) == 58_320


@pytest.mark.parametrize("training", [False, True])
def test_the_same_weights_give_the_same_answer(pair, training):
    from foreshock.benchmarks.speed.recurrent import example, numbers

    inputs = example(9, 11)
    before = [model.get_weights() for model in pair]
    ours, theirs = (numbers(model(inputs, training=training)) for model in pair)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    # Statistics move alike in training.
    moved = [[w for w in model.weights if "moving" in w.name] for model in pair]
    sums = [sum(float(np.sum(np.asarray(w))) for w in weights) for weights in moved]
    assert sums[0] == pytest.approx(sums[1], rel=1e-5)
    for model, weights in zip(pair, before, strict=True):
        model.set_weights(weights)


def test_the_same_step_of_training_changes_the_weights_alike(pair):
    from foreshock.benchmarks.speed.recurrent import example, numbers, training_step

    inputs = example(9, 11)
    losses = [[float(step(inputs)) for _ in range(3)] for step in map(training_step, pair)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0][2] < losses[0][0]
    for a, b in zip(*(numbers(model(inputs, training=False)) for model in pair), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)


def test_rows_have_one_form():
    from foreshock.benchmarks.speed.recurrent import run

    rows = run(16, 20, rounds=1)
    assert {tuple(row) for row in rows} == {("what", "value", "unit", "beside", "ratio", "aim", "met", "note")}
    assert all(row["value"] > 0 for row in rows if "difference" not in row["what"])
    assert next(row for row in rows if "difference" in row["what"])["value"] < 1e-5
