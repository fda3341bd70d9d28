"""What every model of the zoo keeps to; one test over all names."""

import foreshock
import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.export.parity import TOLERANCE, difference
from foreshock.zoo.golden import read_golden

NAMES = foreshock.models()
NETWORKS = [name for name in NAMES if "model.keras" in foreshock.load(name).card.files]
RATE_MODELS = [name for name in NAMES if name not in NETWORKS and foreshock.load(name).card.task != "magnitude"]


@pytest.fixture(params=NAMES, scope="module")
def any_model(request):
    return foreshock.load(request.param)


@pytest.fixture(params=NETWORKS, scope="module")
def model(request):
    return foreshock.load(request.param)


@pytest.fixture(params=RATE_MODELS, scope="module")
def rate_model(request):
    return foreshock.load(request.param)


def inputs_like(model, fill):
    golden, _ = read_golden(model.file("golden.npz"))
    return {name: fill(values) for name, values in golden.items()}


def test_the_zoo_holds_both_lanes():
    assert {"p64-simcycle", "logistic-simcycle", "smoothed-sim", "rate-sim", "cnn-lstm-prior-sim"} <= set(NAMES)


def test_the_zoo_stays_small():
    models = [foreshock.load(name) for name in NAMES]
    assert sum(path.stat().st_size for model in models for path in model.folder.rglob("*") if path.is_file()) < 80e6


def test_the_card_speaks_of_these_files_and_these_tensors(model):
    card = model.card
    assert set(card.files) >= {"model.keras", "model.onnx", "golden.npz"}
    for name in card.files:
        model.file(name)
    assert {t.name: tuple(t.shape) for t in model.session.get_inputs()}.keys() == {t.name for t in card.inputs}
    assert {t.name for t in model.session.get_outputs()} == {t.name for t in card.outputs}
    network = model.keras
    assert card.parameters == sum(int(np.prod(w.shape)) for w in network.trainable_weights)
    assert [tuple(t.shape) for t in network.inputs] == [t.shape for t in card.inputs]


def test_golden_cases_come_out_as_they_were_when_the_weights_were_made(any_model):
    inputs, expected = read_golden(any_model.file("golden.npz"))
    assert difference(expected, any_model.run(**inputs)) < TOLERANCE


def test_every_file_is_the_cards(any_model):
    for name in any_model.card.files:
        any_model.file(name)


def test_a_rate_model_has_finite_rates_and_says_that_it_is_no_network(rate_model, tmp_path):
    from foreshock.export import FORMATS
    from foreshock.export.rate_graph import has_rate_graph

    inputs, _ = read_golden(rate_model.file("golden.npz"))
    nobody = {**inputs, "events": np.full_like(inputs["events"], np.nan)}
    for arrays in (inputs, nobody):
        rate = rate_model.run(**arrays)["rate"]
        assert np.isfinite(rate).all()
        assert (rate >= 0).all()
        assert rate.sum() > 0
    for format, export in FORMATS.items():
        if format == "onnx" and has_rate_graph(rate_model):
            continue
        with pytest.raises(InputError, match="which has none"):
            export(rate_model, tmp_path)
    assert not list(tmp_path.iterdir())


def test_both_runtimes_give_the_same_answer(model):
    inputs, _ = read_golden(model.file("golden.npz"))
    other = foreshock.load(model.card.name, runtime="keras")
    assert difference(model.run(**inputs), other.run(**inputs)) < 1e-5


@pytest.mark.parametrize("kind", ["random", "zero", "constant", "huge"])
def test_outputs_are_finite_probabilities(model, kind):
    rng = np.random.default_rng(1)
    fill = {
        "random": lambda v: rng.standard_normal(v.shape) * max(v.std(), 1e-3),
        "zero": np.zeros_like,
        "constant": lambda v: np.full_like(v, 7.0),
        "huge": lambda v: rng.standard_normal(v.shape) * 8e6,
    }[kind]
    outputs = model.run(**inputs_like(model, fill))
    assert all(np.isfinite(v).all() for v in outputs.values())
    probability = outputs["probability"]
    assert ((probability >= 0) & (probability <= 1)).all()
    if model.card.classes:
        np.testing.assert_allclose(probability.sum(axis=-1), 1, atol=1e-5)


def test_a_gradient_reaches_every_trainable_weight(model):
    import tensorflow as tf

    inputs, _ = read_golden(model.file("golden.npz"))
    network = model.keras
    with tf.GradientTape() as tape:
        logits = network(inputs, training=False)["logits"]
        loss = tf.reduce_mean(tf.square(logits - 1.0))
    gradients = tape.gradient(loss, network.trainable_weights)
    for weight, gradient in zip(network.trainable_weights, gradients, strict=True):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
    assert not gradients or any(np.abs(g).max() > 0 for g in gradients)


def test_saved_and_loaded_again_it_answers_the_same(model, tmp_path):
    import keras

    inputs, _ = read_golden(model.file("golden.npz"))
    model.keras.save(tmp_path / "again.keras")
    again = keras.models.load_model(tmp_path / "again.keras", compile=False, safe_mode=True)
    first, second = (m(inputs, training=False) for m in (model.keras, again))
    for name in first:
        np.testing.assert_array_equal(np.asarray(first[name]), np.asarray(second[name]))


@pytest.mark.parametrize(("format", "layout"), [("onnx", "plain"), ("savedmodel", "tf-serving")])
def test_the_export_keeps_the_answer(model, format, layout, tmp_path):
    from foreshock.export import FORMATS
    from foreshock.export.exported import load_exported
    from foreshock.zoo.card import Card

    written = FORMATS[format](model, tmp_path, layout)
    path, parity = written.path, written.parity
    assert path.exists()
    assert {row.batch for row in parity} in ({1, 3, 7}, {1, 2})
    # The real record has 25 s from 5 s before P on.
    fits = model.card.inputs[0].name == "waveform" and model.card.settings["window_s"] <= 25
    real = {"real"} if fits else set()
    kinds = {row.input for row in parity} - {"golden step-by-step"}
    assert kinds == {"random", "golden", "extreme"} | real
    assert all(row.difference <= row.allowed for row in parity)
    assert Card.read(path.parent / "card.json") == model.card
    if format == "onnx":
        import onnx
        import onnxruntime
        from foreshock.export.precision import reduce_graph

        metadata = {p.key: p.value for p in onnx.load(path).metadata_props}
        assert metadata["name"] == model.card.name
        assert Card.model_validate_json(metadata["card"]) == model.card
        inputs, expected = read_golden(model.file("golden.npz"))
        assert difference(expected, load_exported(written.folder).run(**inputs)) < TOLERANCE
        for precision in ("float16", "int8"):
            small = tmp_path / f"{precision}.onnx"
            small.write_bytes(path.read_bytes())
            try:
                reduce_graph(small, precision)
            except InputError as error:
                assert "one with none" in str(error) or "half precision's range" in str(error)
                continue
            session = onnxruntime.InferenceSession(small.read_bytes(), providers=["CPUExecutionProvider"])
            (probability,) = session.run(["probability"], inputs)
            assert np.abs(probability - expected["probability"]).max() < 0.1
