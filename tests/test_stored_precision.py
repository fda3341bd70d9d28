"""Less precision on disk: rounded once, stored as what it is, read back to the last bit by both runtimes."""

from types import SimpleNamespace

import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.file_hash import sha256_of
from foreshock.training.stored_precision import eight_bits, halve_keras, halve_onnx, is_half, round_weights, rounded


def test_rounding_keeps_eleven_binary_digits_and_refuses_what_does_not_fit():
    values = np.random.default_rng(1).standard_normal(5000).astype(np.float32)
    np.testing.assert_allclose(rounded(values), values, rtol=2.0**-11, atol=3e-8)
    assert is_half(rounded(values))
    assert not is_half(values)
    assert not is_half(np.zeros(10, np.float32)), "small arrays stay as they are"
    for factor in (1e6, 1e-9):
        with pytest.raises(InputError, match="half precision's range"):
            rounded(values * np.float32(factor))


@pytest.fixture(scope="module")
def network():
    import keras

    keras.utils.set_random_seed(2)
    maps = keras.Input((4, 6, 5, 2), name="maps")
    state = keras.layers.ConvLSTM2D(6, 3, padding="same")(maps)
    features = keras.layers.Dense(20, "relu")(keras.layers.Flatten()(keras.layers.BatchNormalization()(state)))
    logits = keras.layers.Dense(1, name="logits")(features)
    return keras.Model({"maps": maps}, {"logits": logits})


def test_both_files_halve_and_answer_as_before(network, tmp_path):
    import keras
    import onnxruntime
    from foreshock.zoo.onnx_graph import write_onnx

    maps = np.random.default_rng(3).random((3, 4, 6, 5, 2), np.float32)
    full = [np.asarray(w) for w in network.weights]
    round_weights(network)
    for before, after in zip(full, network.weights, strict=True):
        assert np.array_equal(before, np.asarray(after)) == (before.size < 1024)
    expected = np.asarray(network({"maps": maps}, training=False)["logits"])
    network.save(tmp_path / "model.keras")
    write_onnx(network, tmp_path / "model.onnx")
    sizes = {path: path.stat().st_size for path in tmp_path.iterdir()}
    large = sum(w.size for w in full if w.size >= 1024)
    halve_keras(tmp_path / "model.keras")
    halve_onnx(tmp_path / "model.onnx")
    for path, before in sizes.items():
        assert path.stat().st_size < before - 1.8 * large

    again = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    for stored, kept in zip(again.weights, network.weights, strict=True):
        assert np.asarray(stored).dtype == np.float32
        np.testing.assert_array_equal(np.asarray(stored), np.asarray(kept))
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    np.testing.assert_allclose(session.run(["logits"], {"maps": maps})[0], expected, atol=1e-6)


def test_eight_bits_a_number_with_a_step_for_each_column():
    values = np.random.default_rng(7).standard_normal((600, 500)).astype(np.float32) * np.geomspace(1e-3, 1, 500)
    values = values.astype(np.float32)
    kept = eight_bits(values)
    largest = np.abs(values).max(axis=0)
    assert (np.abs(kept - values) <= largest / 127 + 1e-12).all()
    assert all(len(np.unique(column)) <= 255 for column in kept.T)
    assert is_half(kept)
    np.testing.assert_array_equal(eight_bits(kept), kept)
    assert not eight_bits(np.zeros((3, 2), np.float32)).any()


def test_a_model_stores_its_large_arrays_once(tmp_path):
    import keras
    import onnx
    from foreshock.training.model_files import write_files
    from foreshock.zoo.card import File
    from foreshock.zoo.model import Model

    keras.utils.set_random_seed(8)
    x = keras.Input((700,), name="waveform")
    hidden = keras.layers.Dense(500, "relu", name="hidden")(x)
    hidden = keras.layers.Dense(20, "relu", name="small")(hidden)
    network = keras.Model({"waveform": x}, {"logits": keras.layers.Dense(2, name="logits")(hidden)})
    round_weights(network, "int8")
    kernel = np.asarray(network.get_layer("hidden").kernel)
    np.testing.assert_array_equal(eight_bits(kernel), kernel)
    golden = {"waveform": np.random.default_rng(9).standard_normal((3, 700)).astype(np.float32)}
    written = write_files(network, golden, {}, tmp_path)
    assert written.shared == ["layers/dense/vars/0"]
    assert (tmp_path / "model.onnx").stat().st_size < 30_000
    assert (tmp_path / "model.keras").stat().st_size < 1.4 * kernel.size
    graph = onnx.load(tmp_path / "model.onnx", load_external_data=False).graph
    (outside,) = [t for t in graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL]
    assert outside.name == written.shared[0]

    files = {
        path.name: File(
            sha256=sha256_of(path), bytes=path.stat().st_size, arrays=written.shared * (path.suffix == ".onnx")
        )
        for path in tmp_path.iterdir()
    }
    card = SimpleNamespace(name="large", files=files, inputs=written.inputs, outputs=written.outputs)
    answers = {runtime: Model(card, tmp_path, runtime).run(**golden)["logits"] for runtime in ("onnx", "keras")}
    np.testing.assert_allclose(answers["onnx"], answers["keras"], atol=1e-5)
    np.testing.assert_allclose(answers["onnx"], np.load(tmp_path / "golden.npz")["output logits"], atol=1e-5)


def test_files_of_full_precision_stay_as_they_are(tmp_path):
    import keras
    from foreshock.zoo.onnx_graph import write_onnx

    keras.utils.set_random_seed(4)
    x = keras.Input((40,), name="x")
    network = keras.Model({"x": x}, {"logits": keras.layers.Dense(50)(x)})
    network.save(tmp_path / "model.keras")
    write_onnx(network, tmp_path / "model.onnx")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    halve_keras(tmp_path / "model.keras")
    halve_onnx(tmp_path / "model.onnx")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_training_in_half_precision_ends_with_rounded_weights(tmp_path, capsys):
    import keras
    from foreshock.training.fit import fit
    from foreshock.training.section import Fit

    keras.utils.set_random_seed(5)
    rng = np.random.default_rng(5)
    x = rng.standard_normal((64, 40)).astype(np.float32)
    y = (x[:, :1] > 0).astype(np.float32)
    inputs = keras.Input((40,), name="x")
    logits = keras.layers.Dense(1, name="logits")(keras.layers.Dense(30, "tanh", name="hidden")(inputs))
    network = keras.Model({"x": inputs}, {"logits": logits})
    settings = Fit(epochs=2, precision="float16")
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    fit(network, keras.losses.BinaryCrossentropy(from_logits=True), lambda epoch: data, data, settings, 1, tmp_path)
    assert is_half(np.asarray(network.get_layer("hidden").kernel))
    assert "in float16" in capsys.readouterr().err
