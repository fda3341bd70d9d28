"""The speed rows of the recurrent step, and that the published formulation gives the same numbers and gradients."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def pair():
    import keras
    from foreshock.benchmarks.speed.published_step import copy_weights, published_step
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


def test_bands_hold_the_active_cells_and_answer_as_the_whole_map_inside():
    import keras
    from foreshock.benchmarks.speed.bands import Band, band_model, bands_of, empty_state
    from foreshock.zoo.forecast.recurrent import cnn_lstm, state_model

    keras.utils.set_random_seed(3)
    network = cnn_lstm(12, 20, 1)
    active = np.zeros((12, 20), bool)
    active[2:9, :16] = True
    bands = bands_of(active, height=6)
    assert bands == [Band(0, 0, 8, 18), Band(4, 0, 8, 18)]
    maps = np.random.default_rng(3).random((1, 1, 12, 20, 1), np.float32)
    zeros = np.zeros((1, 12, 20, 32), np.float32)
    whole = state_model(network)({"maps": maps, "h": zeros, "c": zeros})
    parts = band_model(network, bands)({"maps": maps, **empty_state(bands, 32)})
    # Three blocks reach two cells each: six cells from a cut nothing is known of it after one step.
    np.testing.assert_allclose(parts["h0"][0, :2, :12], np.asarray(whole["h_next"])[0, :2, :12], atol=1e-5)
    assert np.abs(parts["h0"][0, :2, 17] - np.asarray(whole["h_next"])[0, :2, 17]).max() > 1e-4
    everything = [Band(0, 0, 12, 20)]
    same = band_model(network, everything)({"maps": maps, **empty_state(everything, 32)})
    np.testing.assert_allclose(same["c0"], whole["c_next"], atol=1e-5)


def test_bfloat16_changes_the_answer_little_and_the_weights_not_at_all():
    import keras
    from foreshock.benchmarks.speed.recurrent import example
    from foreshock.zoo.forecast.recurrent import cnn_lstm, step_model
    from foreshock.zoo.layers.recurrent import conv_blocks, convolve_in

    keras.utils.set_random_seed(4)
    network = cnn_lstm(9, 11, 1, 0.0)
    assert set(conv_blocks(network)) >= {"embedding_1", "embedding_2", "recurrent", "head"}
    inputs, weights = example(9, 11), network.get_weights()
    exact = np.asarray(step_model(network)(inputs)["c_next"])
    convolve_in(network, "bfloat16")
    half = np.asarray(step_model(network)(inputs)["c_next"])
    convolve_in(network, None)
    assert half.dtype == np.float32
    assert 0 < np.abs(half - exact).max() < 0.05
    np.testing.assert_array_equal(np.asarray(step_model(network)(inputs)["c_next"]), exact)
    assert all(np.array_equal(a, b) for a, b in zip(weights, network.get_weights(), strict=True))
