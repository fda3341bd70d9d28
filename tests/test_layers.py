"""The layers against scipy, hand calculation and a plain NumPy cell."""

import keras
import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.zoo.layers.prior import LogOdds, PriorLogit
from foreshock.zoo.layers.recurrent import ConvBlock, GatedConvCell, RecurrentMaps
from foreshock.zoo.layers.scaling import Demean, LogPower, MinMax, Standardise, UnitNorm
from foreshock.zoo.layers.spectrogram import Spectrogram
from keras import ops
from scipy.ndimage import maximum_filter
from scipy.signal import correlate, spectrogram

SETTINGS = [  # nperseg, overlap, samples, frames: seismic-cycle's table of images
    (64, 48, 2500, 153),
    (64, 32, 2500, 77),
    (32, 25, 2500, 353),
    (64, 32, 2000, 61),
    (32, 25, 2000, 282),
    (64, 51, 1300, 96),
]


def records(samples, count=3, seed=0):
    """Noise with a burst, in counts; float32 (count, samples, 3)."""
    rng = np.random.default_rng(seed)
    burst = np.exp(-np.maximum(np.arange(samples) - samples / 5, 0) / 300) * (np.arange(samples) > samples / 5)
    return (rng.standard_normal((count, samples, 3)) * (5 + 500 * burst[:, None])).astype("float32")


def reference(waveform, nperseg, noverlap):
    """Scipy's defaults in float64, in the layer's order of axes."""
    frequencies, times, power = spectrogram(waveform.astype("float64"), 100, nperseg=nperseg, noverlap=noverlap, axis=1)
    return frequencies, times, power.transpose(0, 1, 3, 2)


@pytest.mark.parametrize(("nperseg", "noverlap", "samples", "frames"), SETTINGS)
def test_spectrogram_is_scipys(nperseg, noverlap, samples, frames):
    waveform = records(samples)
    frequencies, times, expected = reference(waveform, nperseg, noverlap)
    layer = Spectrogram(nperseg, noverlap, 100.0)
    power = np.asarray(layer(waveform))
    assert power.shape == expected.shape == (3, nperseg // 2 + 1, frames, 3)
    np.testing.assert_array_equal(layer.frequencies_hz, frequencies)
    np.testing.assert_allclose(layer.times_s, times, rtol=1e-12)
    error = np.abs(power - expected)
    largest = expected.max(axis=1, keepdims=True)
    assert (error / largest).max() < 1e-5  # of the segment's largest bin
    assert (error / expected)[expected > 1e-2 * largest].max() < 1e-5  # of the bin itself, where there is power


@pytest.mark.parametrize("offset", [1e3, 1e5])
def test_spectrogram_keeps_its_digits_beside_an_offset(offset):
    waveform = records(2500) + np.float32(offset) * np.array([1, -1, 2], "float32")
    _, _, expected = reference(waveform, 64, 51)
    power = np.asarray(Spectrogram(64, 51)(waveform))
    assert (np.abs(power - expected) / expected.max(axis=1, keepdims=True)).max() < 1e-5


def test_spectrogram_takes_odd_segments_and_other_rates():
    waveform = records(200)
    _, _, expected = reference(waveform, 33, 20)
    power = np.asarray(Spectrogram(33, 20, 50.0)(waveform)) / 2  # half the rate: twice the density
    np.testing.assert_allclose(power, expected, rtol=1e-3, atol=1e-5 * expected.max())


def test_spectrogram_of_a_constant_is_nothing_and_its_gradient_finite():
    import tensorflow as tf

    layer = Spectrogram(64, 48)
    assert np.asarray(layer(np.full((1, 500, 3), 1e6, "float32"))).max() < 1e-10
    for waveform in (np.zeros((1, 500, 3), "float32"), records(500)):
        waveform = tf.constant(waveform)
        with tf.GradientTape() as tape:
            tape.watch(waveform)
            total = ops.sum(MinMax()(LogPower()(layer(waveform)))[:, 3])
        gradient = tape.gradient(total, waveform).numpy()
        assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0


def test_spectrogram_refuses_what_it_cannot_transform():
    with pytest.raises(InputError, match="overlap from 0"):
        Spectrogram(64, 64)
    with pytest.raises(InputError, match="at least 64 samples"):
        Spectrogram(64, 32)(np.zeros((1, 63, 3)))
    with pytest.raises(InputError, match="fixed length"):
        Spectrogram(64, 32)(keras.Input((None, 3)))


def test_log_power():
    power = np.array([0.0, 1.0, 99.0], "float32")
    np.testing.assert_allclose(LogPower("log10")(power), [-10, 0, 1.9956352], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(LogPower("log1p")(power), [0, 0.6931472, 4.6051702], rtol=1e-6)
    np.testing.assert_array_equal(LogPower("none")(power), power)
    with pytest.raises(InputError, match="kind among"):
        LogPower("ln")


def test_min_max_over_record_keeps_the_ratio_of_components():
    image = np.array([[[[0.0, 2.0], [1.0, 10.0]]], [[[7.0, 7.0], [7.0, 7.0]]]])  # (2, 1, 2, 2)
    np.testing.assert_allclose(MinMax("record")(image)[0, 0], [[0.0, 0.2], [0.1, 1.0]], rtol=1e-6)
    np.testing.assert_allclose(MinMax("component")(image)[0, 0], [[0.0, 0.0], [1.0, 1.0]], rtol=1e-6)
    for over in ("record", "component"):
        assert not np.asarray(MinMax(over)(image))[1].any()


def test_demean_and_unit_norm():
    waveform = np.array([[[1.0, 5.0, 1e-30], [5.0, 5.0, 1e-30]]], "float32")
    np.testing.assert_array_equal(Demean()(waveform), [[[-2, 0, 0], [2, 0, 0]]])
    constant = np.full((1, 2500, 3), 123456.7, "float32")
    assert not np.asarray(Demean()(constant)).any()
    small = np.array([[[3e-25, 0.0], [4e-25, 0.0]]], "float32")  # squares would underflow
    np.testing.assert_allclose(UnitNorm()(small), [[[0.6, 0.0], [0.8, 0.0]]], rtol=1e-6)


def test_standardise_adapts_in_batches_as_in_one():
    rng = np.random.default_rng(1)
    values = rng.normal([1e4, -3.0, 7.0], [2.0, 0.1, 0.0], (1000, 4, 3))
    layer = Standardise()
    layer.adapt([values[:10], values[10:700], values[700:]])
    flat = values.reshape(-1, 3)
    np.testing.assert_allclose(layer.mean, flat.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(layer.variance, flat.var(axis=0), rtol=1e-5, atol=1e-12)
    scaled = np.asarray(layer(values[..., :].astype("float32"))).reshape(-1, 3)
    np.testing.assert_allclose(scaled.std(axis=0), [1, 1, 0], atol=1e-3)
    assert not layer.trainable_weights
    with pytest.raises(InputError, match="0 samples"):
        Standardise().adapt([])


def test_prior_comes_back_from_a_network_that_answers_zero():
    prior = np.array([[0.5, 1e-4], [0.0, 0.9]])
    layer = PriorLogit(c=0.0, floor=1e-6)
    layer.build((None, 2, 2))
    assert layer.set_prior(prior) == 1
    zero = np.zeros((3, 2, 2), "float32")
    expected = np.broadcast_to(np.maximum(prior, 1e-6), zero.shape)
    np.testing.assert_allclose(ops.sigmoid(layer(zero)), expected, rtol=1e-5)
    as_input = PriorLogit(floor=1e-6)
    np.testing.assert_allclose(ops.sigmoid(as_input(zero, prior.astype("float32"))), expected, rtol=1e-5)
    assert not as_input.weights
    np.testing.assert_allclose(PriorLogit(c=1.0, gain=2.0)(zero + 3), np.full(zero.shape, 7.0))


def test_prior_learns_two_numbers_and_refuses_what_is_no_probability():
    layer = PriorLogit(c=0.5, gain=0.1, learned=True)
    np.testing.assert_allclose(layer(np.ones((1, 2, 3), "float32")), np.full((1, 2, 3), 0.6), rtol=1e-6)
    assert [w.name for w in layer.trainable_weights] == ["c", "gain"]
    for wrong in (np.full((2, 3), 1.0), np.full((2, 3), -0.1), np.full((2, 3), np.nan)):
        with pytest.raises(InputError, match="probabilities in"):
            layer.set_prior(wrong)
    with pytest.raises(InputError, match="prior of shape"):
        layer.set_prior(np.zeros((3, 2)))


def test_log_odds_is_the_softmax():
    pair = np.random.default_rng(0).normal(size=(2, 3, 4, 2)).astype("float32")
    np.testing.assert_allclose(ops.sigmoid(LogOdds()(pair)), ops.softmax(pair)[..., 1], rtol=1e-5)


def numpy_block(maps, kernel, mean, variance):
    """Convolution, normalisation, maximum by scipy, one image (rows, columns, channels)."""
    out = [
        sum(correlate(np.pad(maps[..., i], 1), kernel[..., i, f], "valid") for i in range(maps.shape[-1]))
        for f in range(kernel.shape[-1])
    ]
    out = (np.stack(out, axis=-1) - mean) / np.sqrt(variance + 1e-5)
    return maximum_filter(out, size=(3, 3, 1), mode="constant", cval=-np.inf)


def randomise(layer, rng):
    """Statistics as after training, so that folding them is put to the test."""
    layer.norm.moving_mean.assign(rng.normal(size=layer.norm.moving_mean.shape))
    layer.norm.moving_variance.assign(rng.uniform(0.5, 2, layer.norm.moving_variance.shape))


def test_conv_block_and_cell_against_numpy():
    rng = np.random.default_rng(2)
    maps, h, c = (rng.normal(size=(2, 5, 6, n)).astype("float32") for n in (3, 4, 4))
    cell = GatedConvCell(4)
    cell(maps, h, c)
    randomise(cell.gates, rng)
    h_next, c_next = cell(maps, h, c)
    kernel, mean, variance = (
        np.asarray(w) for w in (cell.gates.kernel, cell.gates.norm.moving_mean, cell.gates.norm.moving_variance)
    )

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    for i in range(2):
        beside = np.concatenate([maps[i], h[i]], axis=-1)
        # four separate blocks, as published
        f, e, o, g = (
            numpy_block(beside, kernel[..., s], mean[s], variance[s])
            for s in (slice(4 * k, 4 * k + 4) for k in range(4))
        )
        want_c = sigmoid(f) * c[i] + sigmoid(e) * np.tanh(g)
        np.testing.assert_allclose(c_next[i], want_c, atol=1e-5)
        np.testing.assert_allclose(h_next[i], sigmoid(o) * np.tanh(want_c), atol=1e-5)


def test_conv_block_normalises_in_training_and_folds_sequences():
    rng = np.random.default_rng(3)
    maps = rng.normal(3, 2, (2, 4, 6, 7, 3)).astype("float32")
    block = ConvBlock(5)
    every = np.asarray(block(maps))
    assert every.shape == (2, 4, 6, 7, 5)
    np.testing.assert_allclose(every[:, 2], block(maps[:, 2]), atol=1e-5)
    before = np.asarray(block.norm.moving_mean)
    trained = np.asarray(block(maps, training=True))
    plain = ops.conv(maps.reshape(8, 6, 7, 3), block.kernel, padding="same")
    mean, variance = np.mean(plain, axis=(0, 1, 2)), np.var(plain, axis=(0, 1, 2))
    want = numpy_block(maps[1, 3], np.asarray(block.kernel), mean, variance)
    np.testing.assert_allclose(trained[1, 3], want, atol=1e-4)
    np.testing.assert_allclose(block.norm.moving_mean, 0.9 * before + 0.1 * mean, atol=1e-5)


def test_recurrent_maps_is_the_cell_step_by_step():
    rng = np.random.default_rng(4)
    maps = rng.normal(size=(2, 6, 5, 4, 3)).astype("float32")
    layer = RecurrentMaps(4)
    every, h, c = layer(maps)
    state_h = state_c = np.zeros((2, 5, 4, 4), "float32")
    for step in range(6):
        state_h, state_c = layer.cell(maps[:, step], state_h, state_c)
        np.testing.assert_allclose(every[:, step], state_h, atol=1e-6)
    np.testing.assert_allclose(h, state_h, atol=1e-6)
    np.testing.assert_allclose(c, state_c, atol=1e-6)
    _, h_first, c_first = layer(maps[:, :2])
    _, h_both, _ = layer(maps[:, 2:], h_first, c_first)
    np.testing.assert_allclose(h_both, h, atol=1e-6)


@pytest.mark.parametrize(
    "layer",
    [
        Spectrogram(32, 25, 50.0),
        LogPower("log1p"),
        MinMax("component"),
        Standardise([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]),
        Standardise(),
        UnitNorm(),
        Demean(),
    ],
    ids=lambda layer: layer.name,
)
def test_layers_survive_saving(layer, tmp_path):
    waveform = records(100)
    inputs = keras.Input((100, 3))
    model = keras.Model(inputs, layer(inputs))
    if isinstance(layer, Standardise) and layer.get_config()["mean"] is None:
        layer.adapt([waveform])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(again(waveform), model(waveform))
    assert again.layers[-1].get_config() == layer.get_config()


@pytest.mark.parametrize("over", ["record", "component"])
def test_an_image_that_varies_by_rounding_only_counts_as_constant(over):
    image = np.full((1, 4, 5, 3), -10.0, np.float32)
    image[0, 1, 2] = np.nextafter(np.float32(-10.0), np.float32(0))
    assert (np.asarray(MinMax(over)(image)) == 0).all()
    image[0, 1, 2] = -9.0
    assert np.asarray(MinMax(over)(image)).max() == 1
