"""Batches of waveforms: complete, seeded, in the order asked for."""

import numpy as np
import pytest
from foreshock.datasets.errors import InputError

pytest.importorskip("tensorflow")

from foreshock.datasets.waveform_pipeline import batches_from_arrays


@pytest.fixture
def arrays():
    numbers = np.arange(50)
    return {
        "waveform": np.broadcast_to(numbers[:, None, None], (50, 8, 3)).astype(np.float32),
        "label": numbers % 2,
        "magnitude": numbers / 10,
    }


def numbers_by_batch(dataset) -> list[list[int]]:
    return [waveform[:, 0, 0].numpy().astype(int).tolist() for waveform, *_ in dataset]


def order(dataset) -> list[int]:
    return [number for batch in numbers_by_batch(dataset) for number in batch]


def test_order_is_kept_without_a_seed(arrays):
    dataset = batches_from_arrays(arrays, batch_size=20)
    assert numbers_by_batch(dataset) == [list(range(20)), list(range(20, 40)), list(range(40, 50))]
    waveform, label = next(iter(dataset))
    assert waveform.shape == (20, 8, 3) and waveform.dtype == "float32"
    assert (label.numpy() == waveform.numpy()[:, 0, 0] % 2).all()


def test_a_seed_shuffles_reproducibly_and_anew_each_epoch(arrays):
    first = batches_from_arrays(arrays, batch_size=7, shuffle_seed=1)
    epochs = [order(first) for _ in range(2)]
    again = batches_from_arrays(arrays, batch_size=7, shuffle_seed=1)
    other = batches_from_arrays(arrays, batch_size=7, shuffle_seed=2)
    assert [order(again) for _ in range(2)] == epochs
    assert epochs[0] != epochs[1]
    assert order(other) != epochs[0]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(50))


def test_other_columns_come_in_the_order_asked(arrays):
    dataset = batches_from_arrays(arrays, columns=("magnitude", "label", "waveform"))
    magnitude, label, waveform = next(iter(dataset))
    assert magnitude.numpy()[:3] == pytest.approx([0, 0.1, 0.2])
    assert label.shape == (32,) and waveform.shape == (32, 8, 3)


def test_autotuning_is_off(arrays):
    options = batches_from_arrays(arrays).options()
    assert options.autotune.enabled is False
    assert options.threading.private_threadpool_size == 2


def test_missing_columns_and_unequal_lengths_are_refused(arrays):
    with pytest.raises(InputError, match="no azimuth"):
        batches_from_arrays(arrays, columns=("waveform", "azimuth"))
    with pytest.raises(InputError, match="50 of waveform, 49 of label"):
        batches_from_arrays({**arrays, "label": arrays["label"][1:]})
    with pytest.raises(InputError, match="at least one record"):
        batches_from_arrays({name: values[:0] for name, values in arrays.items()})
