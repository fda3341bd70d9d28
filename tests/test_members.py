"""Ensembles in one graph: members side by side equal members alone, and share nothing."""

import time

import keras
import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.waveforms.discriminants import discriminants, phase_ratios
from foreshock.zoo.layers.members import MemberConvolution, member_weights, seed_members, set_member_weights
from foreshock.zoo.layers.phase_ratios import PhaseRatios
from foreshock.zoo.onnx_graph import write_onnx
from foreshock.zoo.waveform.blast_networks import ARCHITECTURES, HighPass, build
from scipy.signal import correlate2d

SEEDS = (3, 14, 15, 92, 65)


@pytest.fixture(scope="module")
def waveform():
    rng = np.random.default_rng(0)
    data = rng.standard_normal((6, 2000, 1)).astype(np.float32)
    data[:, 250:320] *= 30
    data[:, 400:600] *= 10
    return data


def alone(architecture, seed):
    network = build(architecture, members=1)
    seed_members(network, [seed])
    return network


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_pass_of_five_members_equals_five_passes_of_one(architecture, waveform):
    together = build(architecture, members=5)
    seed_members(together, SEEDS)
    answers = together({"waveform": waveform}, training=False)
    singles = [alone(architecture, seed)({"waveform": waveform}, training=False) for seed in SEEDS]
    groups = answers["logits"].shape[1] // 5
    for group in range(groups):
        expected = np.stack([np.asarray(s["logits"])[:, group] for s in singles], axis=1)
        np.testing.assert_allclose(answers["logits"][:, 5 * group : 5 * group + 5], expected, atol=1e-5)
    mean = np.mean([np.asarray(single["probability"]) for single in singles], axis=0)
    np.testing.assert_allclose(answers["probability"], mean, atol=1e-5)


def test_one_graph_is_faster_than_five_passes(waveform, tmp_path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    many = np.repeat(waveform, 5, axis=0)
    seconds = {}
    for members in (1, 5):
        network = build("blast-waveform", members)
        write_onnx(network, tmp_path / "model.onnx")
        session = onnxruntime.InferenceSession(tmp_path / "model.onnx", options)
        session.run(None, {"waveform": many})
        times = []
        for _ in range(7):
            began = time.process_time()
            session.run(None, {"waveform": many})
            times.append(time.process_time() - began)
        seconds[members] = min(times)
    assert seconds[5] < 5 * seconds[1]


def test_members_differ_and_no_gradient_runs_from_one_to_another(waveform):
    import tensorflow as tf

    network = build("blast-spectrogram", members=5)
    seed_members(network, SEEDS)
    with tf.GradientTape() as tape:
        logits = network({"waveform": waveform}, training=False)["logits"]
        second = tf.reduce_sum(tf.square(logits[:, 1]))
    assert len({round(float(v), 4) for v in np.asarray(logits)[0, :, 1]}) == 5
    for gradient in tape.gradient(second, network.trainable_weights):
        others = np.delete(np.asarray(gradient), 1, axis=0)
        assert not others.any()
        assert np.asarray(gradient)[1].any()


def test_each_member_takes_the_stream_of_its_own(waveform):
    shared, own = build("blast-waveform", 5), build("blast-waveform", 5, streams=5)
    seed_members(shared, SEEDS)
    set_member_weights(own, [values for _, values in member_weights(shared)])
    streams = np.concatenate([np.roll(waveform, 1 + i, axis=0) for i in range(5)], axis=2)
    answers = np.asarray(own({"waveform": streams}, training=False)["logits"])
    for member in range(5):
        expected = shared({"waveform": streams[..., member : member + 1]}, training=False)["logits"]
        np.testing.assert_allclose(answers[:, member], expected[:, member], atol=1e-5)


def test_the_convolution_is_a_correlation_with_zero_padding():
    rng = np.random.default_rng(1)
    layer = MemberConvolution(3, (4, 2), (2, 2), members=2)
    image = rng.standard_normal((2, 1, 6, 8, 1)).astype(np.float32)
    result = np.asarray(layer(image))
    assert result.shape == (2, 1, 3, 4, 3)
    kernel = np.asarray(layer.kernel)
    for member in range(2):
        for filter_ in range(3):
            # Rows of the kernel run over blocks first, then within a block.
            weights = np.empty((4, 2))
            row = 0
            for block in range(2):
                for i in range(2):
                    for j in range(2):
                        weights[2 * block + i, j] = kernel[member, row, filter_]
                        row += 1
            padded = np.pad(image[member, 0, :, :, 0], ((1, 1), (0, 0)))
            expected = correlate2d(padded, weights, mode="valid")[::2, ::2]
            np.testing.assert_allclose(result[member, 0, :, :, filter_], np.maximum(expected, 0), atol=1e-5)
    with pytest.raises(InputError, match="whole strides"):
        MemberConvolution(3, (3,), (2,), members=2)


def test_phase_ratios_in_the_graph_are_those_of_scipy(waveform):
    layer = PhaseRatios(50.0, 5.0)
    expected = phase_ratios(waveform[..., 0].astype(np.float64), 50.0, 5.0)
    np.testing.assert_allclose(np.asarray(layer(waveform))[0], expected, atol=1e-4)
    features, names = discriminants(waveform[..., 0], 50.0, 5.0)
    assert features.shape == (6, len(names))
    assert np.isfinite(features).all()


def test_a_ripple_shows_in_the_cepstrum():
    rng = np.random.default_rng(0)
    signal = np.zeros((1, 2000))
    signal[0, 250:] = rng.standard_normal(1750) * np.exp(-np.arange(1750) / 200)
    rippled = signal + np.roll(signal, 5, axis=1) + np.roll(signal, 10, axis=1)
    (plain, names), (shot, _) = (
        discriminants(x + 1e-3 * rng.standard_normal(x.shape), 50.0, 5.0) for x in (signal, rippled)
    )
    assert shot[0, names.index("cepstral_peak")] > 1.5 * plain[0, names.index("cepstral_peak")]
    assert abs(shot[0, names.index("cepstral_delay_s")] - 0.1) < 0.01


def test_the_high_pass_takes_microseisms_and_keeps_local_waves():
    time_s = np.arange(2000) / 50.0
    slow, fast = (np.sin(2 * np.pi * f * time_s) for f in (0.15, 5.0))
    mixed = np.asarray(HighPass()((100 * slow + fast).astype(np.float32)[None, :, None]))[0, 100:-100, 0]
    spectrum = np.abs(np.fft.rfft(mixed * np.hanning(len(mixed))))
    frequency = np.fft.rfftfreq(len(mixed), 0.02)
    ratio = spectrum[np.argmin(abs(frequency - 5.0))] / spectrum[np.argmin(abs(frequency - 0.15))]
    # 1 - sinc(0.15) is 0.0367; twice gives 0.00135, against 1.0 at 5 Hz: 100 slow to 1 fast becomes 0.135 to 1.
    assert 5.0 < ratio < 10.0
    assert not np.asarray(HighPass()(np.full((1, 2000, 1), 7.0, np.float32))).any()


@pytest.mark.parametrize("factor", [1e-9, 1e6])
def test_no_answer_depends_on_the_unit(factor, waveform):
    network = build("blast-both")
    seed_members(network, SEEDS)
    answers = [network({"waveform": waveform * f}, training=False)["logits"] for f in (1.0, np.float32(factor))]
    np.testing.assert_allclose(*answers, atol=2e-4)


def test_unknown_architectures_are_named_and_a_network_survives_its_config():
    with pytest.raises(InputError, match="blast-spectrogram"):
        build("blast")
    network = build("blast-both")
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(network)).count_params() == (
        network.count_params()
    )


def test_one_graph_and_ten_passes_answer_the_same_where_their_speed_is_measured():
    from foreshock.benchmarks.speed.ensemble import run

    (row,) = run(batches=(2,), rounds=1)
    assert row["difference"] < 1e-5
    assert row["one_graph_records_per_s"] > 0
