"""The published networks: their layer tables, gradients, saving and export."""

import keras
import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.zoo.forecast.conv_lstm import conv_lstm
from foreshock.zoo.forecast.recurrent import carried_model, cnn, cnn_lstm, step_model
from foreshock.zoo.forecast.unet import unet
from foreshock.zoo.layers.scaling import LogPower
from foreshock.zoo.layers.spectrogram import Spectrogram
from foreshock.zoo.waveform import networks
from foreshock.zoo.waveform.laurenti import PARAMETERS, laurenti
from foreshock.zoo.waveform.spectrogram_cnn import VARIANTS, fit_standardise, framax, spectrogram_cnn

SHAPES = {  # image, and the flattened features of the published tables
    "framax-log": ((33, 153, 3), 9728),
    "framax-psd": ((33, 153, 3), 9728),
    "p64": ((33, 77, 3), 19456),
    "p32": ((17, 353, 3), 45056),
    "s64": ((33, 61, 3), 15360),
    "s32": ((17, 282, 3), 35840),
    "nrca-13s": ((33, 96, 3), 24576),
}


def trained(layer):
    """Trainable parameters."""
    return sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)


def table(model):
    """Trainable parameters of each layer that has any."""
    return {layer.name: trained(layer) for layer in model.layers if trained(layer)}


def records(count, samples, seed=0):
    return (np.random.default_rng(seed).standard_normal((count, samples, 3)) * 100).astype("float32")


def maps(count, *shape, seed=0):
    """Day maps with the magnitude in a tenth of the cells."""
    rng = np.random.default_rng(seed)
    magnitude = rng.uniform(2.5, 7, (count, *shape))
    return np.where(rng.random(magnitude.shape) < 0.1, magnitude, 0).astype("float32")


def settle(model, seed=0):
    """Give the normalisation statistics as after training, so that inference puts them to the test."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.name == "moving_mean":
            weight.assign(rng.normal(0, 0.1, weight.shape))
        elif weight.name == "moving_variance":
            weight.assign(rng.uniform(0.5, 2, weight.shape))


@pytest.mark.parametrize("name", VARIANTS)
def test_spectrogram_cnn_has_the_published_table(name):
    model = spectrogram_cnn(name)
    image, features = SHAPES[name]
    assert model.get_layer("spectrogram").output.shape[1:] == image
    assert model.get_layer("flatten").output.shape[1:] == (features,)
    assert table(model) == {
        "convolution_1": 896,
        "norm_1": 64,
        "convolution_2": 18_496,
        "norm_2": 128,
        "convolution_3": 73_856,
        "norm_3": 256,
        "dense": features * 128 + 128,
        "logits": 258,
    }
    assert trained(model) == VARIANTS[name].parameters
    assert framax("psd").get_layer("power").kind == "none"
    with pytest.raises(InputError, match="variant among"):
        spectrogram_cnn("p65")


def test_laurenti_has_the_published_count():
    model = laurenti()
    convolutions = [704, 14_400, 20_544, 20_544, 41_088, 98_560, 196_864]
    assert [table(model)[f"convolution_{i}"] for i in range(1, 8)] == convolutions
    assert trained(model) == PARAMETERS == 394_946


def test_conv_lstm_has_the_published_table():
    model = conv_lstm()
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.count_params()}
    assert counts == {"conv_lstm": 35_760, "norm": 120, "dense": 1_800_100, "logits": 101}
    assert model.count_params() == 1_836_081
    assert trained(model) == 1_836_021
    scaled = keras.Model(model.input, model.get_layer("clip").output)
    day = np.zeros((1, 15, 20, 30, 3), "float32")
    day[0, 3, 4, 5] = [5.0, 250.0, 50.0]
    np.testing.assert_allclose(scaled({"maps": day})[0, 3, 4, 5], [0.5, 1.0, 0.1], rtol=1e-6)


def test_recurrent_networks_have_the_published_counts():
    plain = cnn_lstm(20, 25, 2)
    assert table(plain) == {"embedding_1": 144, "embedding_2": 2_304, "recurrent": 55_296, "head": 576}
    assert trained(plain) == 58_320
    assert trained(cnn_lstm(20, 25, 2, residual=0.0)) == 95_184
    assert trained(cnn_lstm(20, 25, 2, residual=0.0, learned=True)) == 95_186
    assert trained(cnn(20, 25)) == 15_348
    assert trained(cnn(20, 25, residual=1.0)) == 4 * 9_216 + 576


def test_unet_has_the_published_count():
    model = unet()
    assert trained(model) == 31_060_290
    assert model.get_layer("level_4b").output.shape == (None, 14, 14, 1024)
    assert model.output["probability"].shape == (None, 224, 224)
    with pytest.raises(InputError, match="divisible by 16"):
        unet(200, 250)


def test_unet_answers_and_learns():
    keras.utils.set_random_seed(0)
    model = unet(16, 16, 3, widths=(4, 8, 16))
    check_gradients(model, {"maps": maps(2, 3, 16, 16, 1)})


def check_gradients(model, inputs):
    """Every trained weight has a finite gradient that is not zero, through the loss on logits."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        outputs = model(inputs, training=True)
        logits = outputs["logits"]
        loss = tf.reduce_mean(tf.square(logits - tf.random.stateless_normal(logits.shape, [1, 2])))
    assert np.isfinite(outputs["probability"].numpy()).all()
    for weight, gradient in zip(model.trainable_weights, tape.gradient(loss, model.trainable_weights), strict=True):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient.numpy()).all(), weight.path
        assert np.abs(gradient.numpy()).max() > 0, weight.path


@pytest.mark.parametrize(
    ("build", "inputs"),
    [
        (lambda: spectrogram_cnn("p64"), {"waveform": records(2, 2500)}),
        (lambda: framax("log"), {"waveform": records(2, 2500)}),
        (lambda: laurenti(500), {"waveform": records(2, 500)}),
        (lambda: conv_lstm(0.0, 3, 6, 8), {"maps": maps(2, 3, 6, 8, 3)}),
        (lambda: cnn(9, 12, 32), {"maps": maps(2, 32, 9, 12, 1)}),
        (lambda: cnn(9, 12, 32, residual=1.0, learned=True), {"maps": maps(2, 32, 9, 12, 1)}),
        (lambda: cnn_lstm(9, 12, 4), {"maps": maps(2, 4, 9, 12, 1)}),
        (lambda: cnn_lstm(9, 12, 4, residual=0.0, learned=True), {"maps": maps(2, 4, 9, 12, 1)}),
    ],
    ids=["p64", "framax", "laurenti", "conv_lstm", "cnn", "cnn-residual", "cnn_lstm", "cnn_lstm-residual"],
)
def test_networks_learn_save_and_load(build, inputs, tmp_path):
    keras.utils.set_random_seed(0)
    model = build()
    check_gradients(model, inputs)
    settle(model)
    for value in (0.0, 5.0):
        extreme = {name: np.full_like(array, value) for name, array in inputs.items()}
        assert all(np.isfinite(np.asarray(value)).all() for value in model(extreme).values())
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    for name, value in model(inputs).items():
        np.testing.assert_allclose(again(inputs)[name], value, atol=1e-6)


def test_fit_standardise_gives_the_network_standard_images():
    model = spectrogram_cnn("nrca-13s")
    waveforms = records(12, 1300)
    fit_standardise(model, [waveforms[:5], waveforms[5:]])
    image = np.asarray(keras.Model(model.input, model.get_layer("standardise").output)({"waveform": waveforms}))
    np.testing.assert_allclose(image.mean(axis=(0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(image.std(axis=(0, 1, 2)), 1, atol=1e-4)


def test_dictionary_of_outputs_trains_on_logits_alone():
    keras.utils.set_random_seed(0)
    model = spectrogram_cnn("nrca-13s")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss={"logits": loss}, metrics={"probability": ["accuracy"]}, jit_compile=False)
    waveforms = records(8, 1300)
    waveforms[::2] *= np.linspace(1, 20, 1300)[:, None].astype("float32")
    label = np.tile([0, 1], 4)
    history = model.fit(
        {"waveform": waveforms}, {"logits": label, "probability": label}, epochs=4, batch_size=8, verbose=0
    ).history
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize("residual", [None, 0.0])
def test_step_rolled_equals_the_sequence(residual):
    model = cnn_lstm(6, 7, 20, residual=residual)
    settle(model)
    if residual is not None:
        model.get_layer("logits").set_prior(np.random.default_rng(0).uniform(0, 0.2, (6, 7)))
    days = maps(3, 20, 6, 7, 1)
    step, stretch = step_model(model), carried_model(model, 10)
    h = c = np.zeros((3, 6, 7, 32), "float32")
    by_day = []
    for day in range(20):
        answer = step({"maps": days[:, day], "h": h, "c": c})
        h, c = np.asarray(answer["h_next"]), np.asarray(answer["c_next"])
        by_day.append(np.asarray(answer["logits"]))
    np.testing.assert_allclose(by_day[-1], model({"maps": days})["logits"], atol=1e-5)
    first = stretch({"maps": days[:, :10], "h": h * 0, "c": c * 0})
    second = stretch({"maps": days[:, 10:], "h": np.asarray(first["h_next"]), "c": np.asarray(first["c_next"])})
    np.testing.assert_allclose(
        np.concatenate([first["logits"], second["logits"]], axis=1), np.stack(by_day, axis=1), atol=1e-5
    )
    assert {id(w) for w in step.weights} == {id(w) for w in stretch.weights} == {id(w) for w in model.weights}


def test_prior_as_an_input():
    model = cnn_lstm(6, 7, 3, residual=0.0, prior_input=True)
    settle(model)
    days, prior = maps(2, 3, 6, 7, 1), np.random.default_rng(0).uniform(0.01, 0.9, (2, 6, 7)).astype("float32")
    even = model({"maps": days, "prior": np.full_like(prior, 0.5)})["logits"]
    np.testing.assert_allclose(
        model({"maps": days, "prior": prior})["logits"] - even, np.log(prior / (1 - prior)), atol=1e-5
    )
    carried = carried_model(model, 3)
    state = np.zeros((2, 6, 7, 32), "float32")
    every = np.repeat(prior[:, None], 3, axis=1)
    answer = carried({"maps": days, "h": state, "c": state, "prior": every})
    np.testing.assert_allclose(answer["logits"][:, -1], model({"maps": days, "prior": prior})["logits"], atol=1e-5)


def spectrogram_model():
    waveform = keras.Input((2500, 3), name="waveform")
    return keras.Model({"waveform": waveform}, {"power": Spectrogram(64, 48)(waveform)})


def small_step():
    return step_model(cnn_lstm(6, 7, 2))


@pytest.mark.parametrize(
    ("build", "make"),
    [
        (spectrogram_model, lambda n: {"waveform": records(n, 2500)}),
        (lambda: spectrogram_cnn("p64"), lambda n: {"waveform": records(n, 2500)}),
        (lambda: cnn_lstm(6, 7, 20, residual=0.0), lambda n: {"maps": maps(n, 20, 6, 7, 1)}),
        (
            small_step,
            lambda n: {"maps": maps(n, 6, 7, 1), "h": maps(n, 6, 7, 32) / 7, "c": maps(n, 6, 7, 32, seed=1) / 7},
        ),
    ],
    ids=["spectrogram", "p64", "cnn_lstm", "step"],
)
def test_onnx_answers_the_same(build, make, tmp_path):
    """Through tf2onnx with named inputs and outputs, and through Keras's own export."""
    onnxruntime = pytest.importorskip("onnxruntime")
    tf = pytest.importorskip("tensorflow")
    tf2onnx = pytest.importorskip("tf2onnx")
    model = build()
    settle(model)
    example = make(1)
    model(example)
    signature = {name: tf.TensorSpec((None, *value.shape[1:]), tf.float32, name) for name, value in example.items()}

    @tf.function(input_signature=[signature])
    def serve(inputs):
        return model(inputs, training=False)

    tf2onnx.convert.from_function(serve, [signature], opset=17, output_path=str(tmp_path / "function.onnx"))
    model.export(tmp_path / "keras.onnx", format="onnx", verbose=False)
    for file in ("function.onnx", "keras.onnx"):
        session = onnxruntime.InferenceSession(str(tmp_path / file), providers=["CPUExecutionProvider"])
        assert len(session.get_inputs()) == len(example)
        for count in (1, 3, 7):
            inputs = make(count)
            expected = model(inputs)
            feed = {
                i.name: inputs[min(inputs, key=lambda n: (n != i.name.split(":")[0], n))] for i in session.get_inputs()
            }
            answers = dict(
                zip([o.name.split(":")[0] for o in session.get_outputs()], session.run(None, feed), strict=True)
            )
            for name, value in expected.items():
                value = np.asarray(value)
                np.testing.assert_allclose(answers[name], value, atol=1e-5 * max(1.0, np.abs(value).max()))


@pytest.mark.parametrize("architecture", ["framax-log", "framax-psd", "laurenti"])
def test_a_network_without_weights_in_the_zoo_becomes_an_onnx_graph_of_the_same_answers(architecture, tmp_path):
    import onnxruntime
    from foreshock.zoo.onnx_graph import write_onnx

    network = networks.build(architecture)
    write_onnx(network, tmp_path / "model.onnx")
    waveform = np.random.default_rng(0).normal(0, 300, (2, 2500, 3)).astype(np.float32)
    (answer,) = onnxruntime.InferenceSession(str(tmp_path / "model.onnx")).run(["probability"], {"waveform": waveform})
    np.testing.assert_allclose(answer, network({"waveform": waveform})["probability"], atol=1e-5)


def test_log1p_is_numpys_from_the_smallest_power_to_the_largest():
    power = np.geomspace(1e-30, 1e30, 400).astype(np.float32)
    np.testing.assert_allclose(LogPower("log1p")(power), np.log1p(power.astype(np.float64)), rtol=5e-7)
