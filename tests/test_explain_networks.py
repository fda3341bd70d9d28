"""SHAP values of networks: they add up, they find a planted cause, and independent implementations agree."""

import subprocess
import sys

import foreshock
import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.zoo.explain import background as backgrounds
from foreshock.zoo.explain.gradients import expected_gradients, linear_values
from foreshock.zoo.explain.network_graph import cut
from foreshock.zoo.explain.waveforms import attribution, axes_of, explain_waveforms, graph_of
from foreshock.zoo.golden import read_golden

SAMPLES, SEGMENT = 256, 32


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, SAMPLES, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    """A spectrogram network of a few hundred weights, ReLU and all."""
    import keras
    from foreshock.zoo.layers.scaling import LogPower, MinMax, Standardise
    from foreshock.zoo.layers.spectrogram import Spectrogram
    from foreshock.zoo.waveform.spectrogram_cnn import class_outputs

    keras.utils.set_random_seed(3)
    waveform = keras.Input((SAMPLES, 3), name="waveform")
    image = Spectrogram(SEGMENT, SEGMENT // 2, 100.0, name="spectrogram")(waveform)
    image = Standardise(name="standardise")(MinMax(name="range")(LogPower(name="power")(image)))
    features = keras.layers.Conv2D(6, 3, padding="same", activation="relu", name="convolution")(image)
    features = keras.layers.MaxPooling2D(2, name="maximum")(features)
    features = keras.layers.Dense(8, "relu", name="dense")(keras.layers.Flatten(name="flatten")(features))
    return keras.Model({"waveform": waveform}, class_outputs(features, 2), name="tiny")


@pytest.fixture(scope="module")
def planted():
    """A linear network that looks at 10 to 20 Hz of the vertical component behind P, and at nothing else."""
    network = foreshock.load("logistic-simcycle").keras
    kernel = np.zeros((33, 3, 2))
    kernel[7:13, 2, 1] = 1.0
    bias = network.get_layer("logits").get_weights()[1]
    network.get_layer("logits").set_weights([kernel.reshape(99, 2), bias])
    return network


def total(found):
    return found.base_value + found.values.reshape(len(found.values), -1).sum(axis=1, dtype=np.float64)


def test_a_network_is_cut_at_its_scaled_spectrogram_and_the_parts_make_the_whole(network):
    graph, x = cut(network, 1), noise(4)
    assert graph.place == "spectrogram" and not graph.linear
    prepared = graph.prepared(x)
    assert prepared.shape == (4, 17, 15, 3)
    logits = network({"waveform": x}, training=False)["logits"].numpy()
    np.testing.assert_allclose(graph.margins(prepared), logits[:, 1] - logits[:, 0], atol=1e-4)
    np.testing.assert_allclose(cut(network, 1, "waveform").margins(x), logits[:, 1] - logits[:, 0], atol=1e-4)
    np.testing.assert_allclose(cut(network, 0).margins(prepared), logits[:, 0] - logits[:, 1], atol=1e-4)
    np.testing.assert_array_equal(graph.frequencies_hz, np.fft.rfftfreq(SEGMENT, 0.01))
    assert np.all(np.diff(graph.times_s) > 0)


def test_a_network_without_a_spectrogram_is_explained_on_its_waveform():
    from foreshock.zoo.waveform.laurenti import laurenti

    network = laurenti(samples=128)
    assert cut(network, 1).place == "waveform"
    with pytest.raises(InputError, match="explain its waveform"):
        cut(network, 1, "spectrogram")


def test_expected_gradients_add_up_and_agree_with_shaps_own(network):
    import shap

    graph = cut(network, 1)
    inputs, reference = graph.prepared(noise(3)), graph.prepared(noise(8, seed=1))
    found = expected_gradients(graph, inputs, reference, seed=0, tolerance=0.01, time_limit_s=20)
    assert np.abs(total(found) - found.output).max() <= 0.01 * found.output_range
    again = expected_gradients(graph, inputs, reference, seed=0, tolerance=0.01, time_limit_s=20)
    np.testing.assert_array_equal(found.values, again.values)
    theirs = shap.GradientExplainer(graph.back, [reference]).shap_values(inputs, nsamples=2000, rseed=1)
    theirs = np.asarray(theirs)[..., 1] - np.asarray(theirs)[..., 0]
    many = expected_gradients(graph, inputs, reference, seed=0, tolerance=0.0, time_limit_s=20, most=2048)
    for ours, other in zip(many.values, theirs, strict=True):
        assert np.corrcoef(ours.ravel(), other.ravel())[0, 1] > 0.97


def test_a_linear_network_is_explained_exactly_and_only_where_its_weights_are(planted):
    graph = cut(planted, 1)
    assert graph.linear
    golden, _ = read_golden(foreshock.load("logistic-simcycle").file("golden.npz"))
    reference = backgrounds.read_background(foreshock.load("logistic-simcycle"))
    inputs, known = graph.prepared(golden["waveform"]), graph.prepared(reference)
    found = linear_values(graph, inputs, known)
    np.testing.assert_allclose(total(found), found.output, atol=1e-3 * found.output_range)
    outside = found.values.copy()
    outside[:, 7:13, :, 2] = 0.0
    assert np.abs(outside).max() == 0.0 < np.abs(found.values).max()
    before_p = graph.times_s + 0.32 <= 5.0
    assert np.abs(found.values[:, :, before_p]).max() == 0.0
    gradients = expected_gradients(graph, inputs, known)
    np.testing.assert_allclose(gradients.values, found.values, atol=1e-4 * np.abs(found.values).max())
    # By hand: the weight of a bin is its feature's, over deviation and number of frames.
    variance = np.asarray(planted.get_layer("standardise").variance).reshape(33, 3)
    frames = int((graph.times_s - 0.32 >= 5.0).sum())
    weight = 1.0 / np.sqrt(variance[9, 2]) / frames
    by_hand = weight * (inputs[0, 9, -1, 2] - known[:, 9, -1, 2].mean())
    assert found.values[0, 9, -1, 2] == pytest.approx(by_hand, rel=1e-3)


def test_partition_is_shaps_own_and_says_what_it_lacks(network, monkeypatch):
    pytest.importorskip("cv2")
    from foreshock.zoo.explain.partition import partition_values

    graph = cut(network, 1)
    inputs, reference = graph.prepared(noise(2)), graph.prepared(noise(8, seed=1))
    found = partition_values(graph, inputs, reference, evaluations=60)
    assert found.values.shape == inputs.shape
    assert np.abs(total(found) - found.output).max() < 0.05 * found.output_range  # eight bits
    np.testing.assert_array_equal(found.values[..., 0], found.values[..., 1])  # its masker hides all components
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(InputError, match="method=gradient"):
        partition_values(graph, inputs, reference)


def test_segments_of_a_waveform_get_what_they_are_worth(planted):
    graph = cut(planted, 1, "waveform")
    model = foreshock.load("logistic-simcycle")
    golden, _ = read_golden(model.file("golden.npz"))
    options = {"seed": 0, "tolerance": 0.1, "time_limit_s": 20}
    reference = backgrounds.read_background(model)[:4]
    found, _, error = attribution(model, graph, "permutation", golden["waveform"][:1], reference, **options)
    np.testing.assert_allclose(total(found), found.output, rtol=1e-3)
    assert error.max() <= 0.1
    assert np.abs(found.values[..., :2]).max() < 1e-3 * np.abs(found.values[..., 2]).max()  # only Z is looked at


def test_p64_of_the_zoo_is_explained_by_methods_that_agree():
    model = foreshock.load("p64-simcycle")
    golden, _ = read_golden(model.file("golden.npz"))
    explanation = model.explain(golden["waveform"])
    assert explanation.method == "gradient" and explanation.values.shape == (3, 33, 77, 3)
    assert explanation.converged and explanation.additivity_error.max() <= 0.05
    logits = model.run(waveform=golden["waveform"])["logits"]
    np.testing.assert_allclose(explanation.output, logits[:, 1] - logits[:, 0], atol=1e-2)
    time_s, frequency_hz = explanation.axis("time from P"), explanation.axis("frequency")
    assert time_s[0] == pytest.approx(-4.68) and frequency_hz[-1] == 50.0
    assert "additivity error" in explanation.to_text() and len(explanation.to_dict()["cases"]) == 3
    deep = model.explain(golden["waveform"], "deep")
    assert deep.additivity_error.max() < 1e-3
    for ours, other in zip(explanation.values, deep.values, strict=True):
        assert np.corrcoef(ours.ravel(), other.ravel())[0, 1] > 0.6
    # Deep SHAP ran in another process: gradients of this one are as they were.
    again = model.explain(golden["waveform"])
    np.testing.assert_array_equal(again.values, explanation.values)
    against = model.explain(golden["waveform"][:1], against="foreshock", target="foreshock")
    assert against.target == "log-odds of foreshock"
    assert against.output[0] == pytest.approx(-explanation.output[0], abs=1e-3)


def test_what_cannot_be_explained_is_said_in_one_line(network):
    model = foreshock.load("p64-simcycle")
    golden, _ = read_golden(model.file("golden.npz"))
    for options, match in (
        ({"method": "guess"}, "choose one"),
        ({"target": "tremor"}, "a class of foreshock, aftershock"),
        ({"against": "tremor"}, "a class of foreshock, aftershock"),
        ({"place": "cepstrum"}, "spectrogram, waveform"),
        ({"method": "permutation"}, "place=waveform"),
        ({"method": "linear"}, "method=gradient"),
        ({"method": "deep", "place": "waveform"}, "Spectrogram"),
    ):
        with pytest.raises(InputError, match=match):
            explain_waveforms(model, golden["waveform"][:1], **options)


def test_the_background_is_the_trainings_own_and_the_same_in_any_order(tmp_path):
    rng = np.random.default_rng(0)
    waveform = np.rint(rng.normal(size=(60, 20, 3)) * 1000).astype(np.float32)
    label, event = np.repeat([0, 1], 30), np.repeat([f"e{i}" for i in range(20)], 3)
    chosen = backgrounds.chosen_background(waveform, label, event, each=5)
    assert np.bincount(chosen["label"]).tolist() == [5, 5]
    order = rng.permutation(60)
    again = backgrounds.chosen_background(waveform[order], label[order], event[order], each=5)
    np.testing.assert_array_equal(chosen["waveform"], again["waveform"])
    rows = [int(np.flatnonzero((waveform == w).all(axis=(1, 2)))[0]) for w in chosen["waveform"]]
    assert len(set(event[rows])) == 10 and (label[rows] == chosen["label"]).all()
    backgrounds.write_background(tmp_path / "b.npz", **chosen)
    with np.load(tmp_path / "b.npz") as stored:
        assert stored["waveform"].dtype == np.int32
        np.testing.assert_array_equal(stored["waveform"], chosen["waveform"])
    model = foreshock.load("p64-simcycle")
    stored = backgrounds.read_background(model)
    assert len(backgrounds.read_background(model, "foreshock")) == len(stored) // 2
    assert axes_of(graph_of(model, 1), 5.0, 100.0)[0].unit == "Hz"


def test_an_ensemble_that_votes_is_explained_by_the_log_odds_of_its_vote():
    from foreshock.zoo.waveform.blast_networks import build

    waveform = np.random.default_rng(0).normal(size=(6, 2000, 1)).astype(np.float32)
    network = build("blast-spectrogram", members=2)
    graph = cut(network, 1)
    assert graph.place == "spectrogram" and graph.of_probability
    assert graph.shape == (25, 61, 1) and len(graph.frequencies_hz) == 25  # the band that is kept
    assert graph.frequencies_hz[0] == pytest.approx(50 / 64)
    inputs = graph.prepared(waveform)
    probability = network({"waveform": waveform}, training=False)["probability"].numpy().astype(float)
    expected = np.log(probability[:, 1]) - np.log(probability[:, 0])
    np.testing.assert_allclose(graph.margins(inputs), expected, atol=1e-3)
    found = expected_gradients(graph, inputs[:2], inputs[2:], tolerance=0.05, time_limit_s=20)
    assert np.abs(total(found) - found.output).max() <= 0.05 * found.output_range
    axes = axes_of(graph, 5.0, 50.0, "P")
    assert axes[2].values.tolist() == ["Z"] and axes[1].name == "time from P"
    # Another branch goes around the spectrogram: only the waveform holds all of the answer.
    assert cut(build("blast-both", members=2), 1).place == "waveform"


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import foreshock.zoo.explain.dispatch, foreshock.zoo.explain.waveforms, foreshock.zoo.explain.forecasts, sys;"
        "print(sorted({'tensorflow', 'keras', 'shap', 'matplotlib', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
