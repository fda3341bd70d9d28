"""Augmentation, balance and alignment of windows: what they do, and that (seed, epoch) decides all of it."""

import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.waveforms.augment import Augmentation, balanced_order, noise_before_p
from foreshock.datasets.waveforms.batches import aligned_first, shifted_batches, shifted_windows


def windows(n=400, samples=500, seed=0):
    return np.random.default_rng(seed).normal(size=(n, samples, 3)).astype(np.float32)


def rng(seed=1):
    return np.random.default_rng(seed)


def test_nothing_is_changed_by_default_but_a_copy_is_made():
    data = windows(5)
    out = Augmentation()(data, rng())
    np.testing.assert_array_equal(out, data)
    assert not np.shares_memory(out, data)


def test_gain_is_uniform_in_db_and_one_a_window():
    data = windows()
    ratio = Augmentation(gain_db=10.0)(data, rng()) / data
    db = 20 * np.log10(ratio[:, 0, 0])
    np.testing.assert_allclose(ratio, ratio[:, :1, :1] * np.ones_like(ratio), rtol=1e-4)
    assert -10 <= db.min() < -9 and 9 < db.max() <= 10 and abs(db.mean()) < 1.0


def test_noise_is_added_at_the_wanted_ratio():
    noise = 7.0 + 3.0 * windows(20, 800, seed=5)
    data = 100.0 * windows(300)
    out = Augmentation(noise=noise, noise_share=0.4, noise_snr_db=(6.0, 6.0))(data, rng())
    added = out - data
    touched = np.abs(added).max(axis=(1, 2)) > 0
    assert 0.3 < touched.mean() < 0.5
    ratio = data[touched].std(axis=(1, 2)) / added[touched].std(axis=(1, 2))
    np.testing.assert_allclose(20 * np.log10(ratio), 6.0, atol=0.01)
    # It is a piece of the given noise without its offset, not something drawn anew.
    one = added[touched][0]
    one = one / one.std()
    views = np.lib.stride_tricks.sliding_window_view(noise[:, :, 0], 500, axis=1)
    best = max(abs(np.corrcoef(one[:, 0], view)[0, 1]) for view in views.reshape(-1, 500))
    assert best > 0.999


def test_dropped_components_and_gaps():
    data = windows() + 5.0
    out = Augmentation(drop_share=0.3)(data, rng())
    dead = (out == 0).all(axis=1)
    assert 0.2 < dead.any(axis=1).mean() < 0.4 and (dead.sum(axis=1) <= 1).all() and dead.any(axis=0).all()
    assert (out[~dead.any(axis=1)] == data[~dead.any(axis=1)]).all()
    out = Augmentation(gap_share=0.5, gap_s=(0.5, 1.5), sampling_rate_hz=100.0)(data, rng())
    still = (out == 0).all(axis=2)
    lengths = still.sum(axis=1)
    assert 0.4 < (lengths > 0).mean() < 0.6
    assert set(lengths[lengths > 0]) <= set(range(50, 151)) and lengths.max() > 140
    # One stretch a window.
    assert (np.abs(np.diff(still.astype(int), axis=1)).sum(axis=1) <= 2).all()


def test_one_setting_does_not_move_the_others():
    data = windows()
    plain = Augmentation(drop_share=0.3)(data, rng())
    with_gain = Augmentation(drop_share=0.3, gain_db=10.0)(data, rng())
    np.testing.assert_array_equal(plain == 0, with_gain == 0)


@pytest.mark.parametrize(
    "wrong",
    [{"drop_share": 1.5}, {"gap_share": -0.1}, {"gap_s": (2.0, 1.0)}, {"noise": np.zeros((0, 5, 3))}],
)
def test_settings_that_make_no_sense(wrong):
    with pytest.raises(InputError):
        Augmentation(**wrong)


def test_noise_that_is_too_short_is_refused():
    with pytest.raises(InputError, match="at least 500 samples"):
        Augmentation(noise=windows(3, 400), noise_share=1.0)(windows(2), rng())


def test_silent_noise_adds_nothing():
    out = Augmentation(noise=np.zeros((2, 600, 3), np.float32), noise_share=1.0)(windows(4), rng())
    np.testing.assert_array_equal(out, windows(4))


def test_noise_before_p_ends_before_p():
    data = np.arange(3 * 900, dtype=float).reshape(3, 900, 1)
    noise = noise_before_p(data, np.array([700.0, np.nan, 300.0]), 400, margin=50)
    np.testing.assert_array_equal(noise, data[:1, 250:650])
    with pytest.raises(InputError, match="800 samples before P"):
        noise_before_p(data, np.array([700.0, np.nan, 300.0]), 750)


def test_balance_takes_another_part_each_time():
    label = np.repeat([0, 1, 2], [50, 10, 30])
    first, second = balanced_order(label, rng(1)), balanced_order(label, rng(2))
    for order in (first, second):
        assert np.bincount(label[order]).tolist() == [10, 10, 10] and len(set(order)) == 30
    assert set(first) != set(second)
    assert label[first].tolist() != sorted(label[first])


def test_windows_are_aligned_on_either_arrival_and_jittered():
    """Samples hold their own number, so that the first one of a window tells its place."""
    waveform = np.tile(np.arange(3000.0)[None, :, None], (200, 1, 3))
    for arrival in (np.full(200, 700.0), np.linspace(600, 900, 200)):
        first = aligned_first(arrival, 500, 2000, 3000)
        np.testing.assert_array_equal(shifted_windows(waveform, 2000, None, first)[:, 500, 0], np.round(arrival))
        shift = shifted_windows(waveform, 2000, rng(), first, most=50)[:, 500, 0] - np.round(arrival)
        assert shift.min() >= -50 and shift.max() <= 50 and len(set(shift)) > 60
    at_edge = shifted_windows(waveform, 2000, rng(), np.zeros(200, int), most=50)[:, 0, 0]
    assert at_edge.min() == 0 and at_edge.max() <= 50
    assert shifted_windows(waveform, 2900, rng(), most=10)[:, 0, 0].min() >= 40


@pytest.mark.parametrize("arrival", [400.0, 1600.0, np.nan])
def test_arrivals_whose_window_is_not_there(arrival):
    with pytest.raises(InputError, match="1 of 2 records without, first number 1"):
        aligned_first(np.array([700.0, arrival]), 500, 2000, 3000)


def content(**options):
    waveform, label = windows(60, 600), np.repeat([0, 1], [40, 20])
    dataset = shifted_batches(waveform, label, 500, 16, **options)
    parts = [(w.numpy(), y.numpy()) for w, y in dataset]
    assert len(parts) == dataset.cardinality().numpy()
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def test_batches_are_augmented_and_balanced_by_seed_and_epoch():
    how = {"augment": Augmentation(gain_db=6.0, drop_share=0.2, noise=windows(9, 700, 3)), "balance": True, "most": 20}
    one, label = content(seed=1, epoch=0, **how)
    assert np.bincount(label).tolist() == [20, 20]
    again, _ = content(seed=1, epoch=0, **how)
    np.testing.assert_array_equal(one, again)
    for other in ({"seed": 1, "epoch": 1}, {"seed": 2, "epoch": 0}):
        assert not np.array_equal(one, content(**other, **how)[0])


def test_without_a_seed_nothing_is_augmented():
    with pytest.raises(InputError, match="a seed to augment or balance by"):
        content(balance=True)
    with pytest.raises(InputError, match="a seed"):
        content(augment=Augmentation())
    first = np.full(60, 30)
    np.testing.assert_array_equal(content(first=first)[0], windows(60, 600)[:, 30:530])
