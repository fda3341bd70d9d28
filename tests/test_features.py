"""Waveform features against a plain loop over records and channels with numpy and scipy."""

import numpy as np
import pytest
import scipy.signal
import scipy.stats
from foreshock.datasets.errors import InputError
from foreshock.datasets.record import Record
from foreshock.datasets.waveforms.features import (
    FEATURES,
    channel_features,
    feature_names,
    s_minus_p_s,
    spectral_amplitudes,
)

RATE_HZ = 100.0


def reference(x, rate):
    """The 23 features of one channel from numpy and scipy."""
    x = np.asarray(x, dtype=np.float64)
    frequency, psd = scipy.signal.welch(x, fs=rate, nperseg=256)
    return [
        *(x.max(), x.min(), x.mean(), x.std(), np.median(x), np.ptp(x), (x**2).sum()),
        *(np.sqrt((x**2).mean()), np.abs(x).mean()),
        *(psd.max(), frequency[psd.argmax()], psd.mean()),
        *(scipy.stats.entropy(psd), scipy.stats.gmean(psd) / psd.mean()),
        *(np.count_nonzero(np.diff(np.sign(x))), len(scipy.signal.find_peaks(x)[0])),
        *(scipy.stats.kurtosis(x), scipy.stats.skew(x), x.var(), scipy.stats.iqr(x)),
        *(x.argmax(), len(x) - 1 - x.argmax(), x.max() - x.min()),
    ]


def records(n=20, samples=2500, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(n, 3, samples)) * 10.0 ** rng.uniform(
        -2 if np.dtype(dtype).kind == "f" else 1, 5, (n, 1, 1)
    )
    data[:, :, samples // 5 :] *= 4.0
    data[::2] += rng.uniform(-3, 3, (len(data[::2]), 3, 1)) * data[::2].std(axis=2, keepdims=True)
    return data.astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize(("samples", "rate"), [(2500, 100.0), (1301, 40.0), (256, 200.0)])
def test_features_equal_scipys(dtype, samples, rate):
    data = records(20, samples, dtype=dtype)
    expected = np.array([[reference(channel, rate) for channel in record] for record in data])
    got = channel_features(data, rate)
    assert got.shape == (20, 3, len(FEATURES)) == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9 * np.abs(data).max())


def test_flat_tops_zeros_and_ties_count_as_in_scipy():
    rng = np.random.default_rng(1)
    data = rng.integers(-2, 3, size=(40, 3, 600)).astype(np.float32)
    data[0, 0, :50] = 2.0
    data[0, 1, -50:] = 2.0
    expected = np.array([[reference(channel, RATE_HZ) for channel in record] for record in data])
    np.testing.assert_allclose(channel_features(data, RATE_HZ), expected, rtol=1e-6, atol=1e-9)


def test_a_constant_channel_has_no_shape():
    data = records(1)
    data[0, 1] = 0.0
    dead = dict(zip(FEATURES, channel_features(data, RATE_HZ)[0, 1], strict=True))
    unknown = {name for name, value in dead.items() if np.isnan(value)}
    assert unknown == {"kurtosis", "skewness", "spectral_entropy", "spectral_flatness"}
    assert dead["energy"] == dead["peaks"] == dead["sign_changes"] == 0.0
    assert np.isfinite(channel_features(data, RATE_HZ)[0, [0, 2]]).all()


def test_features_do_not_depend_on_the_other_records():
    data = records(70)
    together = channel_features(data, RATE_HZ)
    np.testing.assert_array_equal(channel_features(data[[33]], RATE_HZ)[0], together[33])


def test_names():
    assert len(set(FEATURES)) == 23
    assert feature_names("ENZ")[23:25] == ["N_max", "N_min"]


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (np.zeros((2, 3, 255)), "at least 256"),
        (np.zeros((3, 999)), "n, channels"),
        (np.full((1, 1, 300), np.nan), "NaN"),
    ],
)
def test_what_has_no_features(data, match):
    with pytest.raises(InputError, match=match):
        channel_features(data, RATE_HZ)


def test_s_minus_p():
    picks = [{"p_s": 2.0, "s_s": 5.5}, {"p_s": 2.0}, {}]
    made = [Record(np.ones((3, 9)), 1.0, "2020-01-01", **pick) for pick in picks]
    np.testing.assert_array_equal(s_minus_p_s(made), [3.5, np.nan, np.nan])


def test_spectral_amplitudes_equal_scipys_less_the_noise():
    data, p_s = records(6), np.array([5.0, 5.5, 6.0, 7.25, 4.0, 9.0])
    got = spectral_amplitudes(data, RATE_HZ, p_s, ((2, 4), (10, 30)), noise_s=4.0, signal_s=16.0)
    for i, first in enumerate(np.round(p_s * 100).astype(int)):
        for channel in range(3):
            x = data[i, channel].astype(float)
            f, signal = scipy.signal.welch(x[first : first + 1600], RATE_HZ, nperseg=400)
            _, noise = scipy.signal.welch(x[first - 400 : first], RATE_HZ, nperseg=400)
            for band, (low, high) in enumerate(((2, 4), (10, 30))):
                inside = (f >= low) & (f < high)
                power = max((signal - noise)[inside].mean(), 0.05 * noise[inside].mean())
                assert got[i, channel, band] == pytest.approx(0.5 * np.log10(power), abs=1e-6)


def test_noise_is_taken_off():
    """A tone of known power in noise of known power: the amplitude is the tone's, whatever the noise."""
    rng = np.random.default_rng(0)
    time_s = np.arange(2500) / RATE_HZ
    tone = np.where(time_s >= 5.0, 1.0, 0.0) * np.sin(2 * np.pi * 6.0 * time_s)
    for level in (0.01, 0.3):
        data = tone + level * rng.normal(size=(400, 1, 2500))
        # Half a squared unit over a band of 4 Hz.
        got = spectral_amplitudes(data, RATE_HZ, np.full(400, 5.0), ((4, 8),))
        assert np.median(got) == pytest.approx(0.5 * np.log10(0.5 / 4.0), abs=0.01)


@pytest.mark.parametrize(
    ("p_s", "bands", "match"),
    [
        ([3.0, 5.0], ((1, 2),), "1 of 2 records"),
        ([5.0, np.nan], ((1, 2),), "1 of 2 records"),
        ([5.0, 12.0], ((1, 2),), "1 of 2 records"),
        ([5.0, 5.0], ((1, 60),), "below 50 Hz"),
        ([5.0, 5.0], ((1.1, 1.2),), "at least 0.25 Hz"),
    ],
)
def test_spectral_amplitudes_that_cannot_be(p_s, bands, match):
    with pytest.raises(InputError, match=match):
        spectral_amplitudes(records(2), RATE_HZ, np.array(p_s), bands)
