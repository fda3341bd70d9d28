"""Batches of waveforms: complete, in order or shuffled and shifted by their seed."""

import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.waveforms.batches import shifted_batches, shifted_windows

# A record's samples hold its own number times 100 plus the sample's place.
NUMBER = np.arange(50)
WAVEFORM = (100.0 * NUMBER[:, None, None] + np.arange(8)[None, :, None] + np.zeros(3)).astype(np.float32)
LABEL = NUMBER % 2


def firsts(dataset) -> list[int]:
    """Number of the record and place of the first sample, as one integer, in the order they come."""
    return [int(value) for waveform, _ in dataset for value in waveform[:, 0, 0].numpy()]


def test_without_a_seed_the_middle_windows_come_in_order():
    dataset = shifted_batches(WAVEFORM, LABEL, 6, 20)
    assert firsts(dataset) == [100 * n + 1 for n in NUMBER]
    waveform, label = next(iter(dataset))
    assert waveform.shape == (20, 6, 3)
    assert label.numpy().tolist() == LABEL[:20].tolist()


def test_a_seed_shuffles_and_shifts_the_same_way_again():
    first = firsts(shifted_batches(WAVEFORM, LABEL, 6, 7, seed=1, epoch=0))
    assert first == firsts(shifted_batches(WAVEFORM, LABEL, 6, 7, seed=1, epoch=0))
    assert first != firsts(shifted_batches(WAVEFORM, LABEL, 6, 7, seed=1, epoch=1))
    assert first != firsts(shifted_batches(WAVEFORM, LABEL, 6, 7, seed=2, epoch=0))
    assert sorted(value // 100 for value in first) == NUMBER.tolist()
    assert {value % 100 for value in first} == {0, 1, 2}


def test_labels_stay_with_their_records():
    for waveform, label in shifted_batches(WAVEFORM, LABEL, 6, 7, seed=3):
        assert (waveform.numpy()[:, 0, 0] // 100 % 2 == label.numpy()).all()


def test_windows_are_views_where_nothing_is_shifted():
    assert np.shares_memory(shifted_windows(WAVEFORM, 6), WAVEFORM)


def test_autotuning_is_off():
    options = shifted_batches(WAVEFORM, LABEL, 8, 10).options()
    assert options.autotune.enabled is False
    assert options.threading.private_threadpool_size == 2


def test_arrays_of_unequal_length_are_refused():
    with pytest.raises(InputError, match="50 and 49"):
        shifted_batches(WAVEFORM, LABEL[1:], 6, 7)
    with pytest.raises(InputError, match="0 and 0"):
        shifted_batches(WAVEFORM[:0], LABEL[:0], 6, 7)
