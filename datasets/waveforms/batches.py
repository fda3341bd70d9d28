"""Batches of waveforms as tf.data: from arrays, shuffled, shifted, augmented by (seed, epoch), or from a builder."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from .augment import Augmentation, balanced_order


def shifted_windows(
    waveform: np.ndarray,
    samples: int,
    rng: np.random.Generator | None = None,
    first: np.ndarray | None = None,
    most: int | None = None,
) -> np.ndarray:
    """Windows (n, samples, components) of longer waveforms, in their places or shifted at random if `rng` is given.

    Arguments:
        first: (n,) first sample of each window in its place, see `aligned_first`; the middle of the waveform if None.
        most: the largest shift in samples either way; as far as the waveform goes if None.

    >>> shifted_windows(np.arange(6.0).reshape(1, 6, 1), 4).ravel().tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    spare = waveform.shape[1] - samples
    if first is None and rng is None:
        return waveform[:, spare // 2 : spare // 2 + samples]
    if rng is not None:
        if first is None and most is None:
            first = rng.integers(spare + 1, size=len(waveform))
        else:
            middle = np.full(len(waveform), spare // 2) if first is None else first
            low = np.zeros_like(middle) if most is None else np.maximum(middle - most, 0)
            high = np.full_like(middle, spare) if most is None else np.minimum(middle + most, spare)
            first = rng.integers(low, high + 1)
    return np.stack([record[start : start + samples] for record, start in zip(waveform, first, strict=True)])


def aligned_first(arrival: np.ndarray, before: int, samples: int, length: int) -> np.ndarray:
    """First samples of windows with the arrivals `before` samples after their start.

    Arguments:
        arrival: (n,) sample of P, or of S, in waveforms of `length` samples; NaN where unknown, which is refused.

    >>> aligned_first(np.array([700.4, 650.0]), 500, 2500, 3000).tolist()
    [200, 150]
    """
    place = np.round(np.asarray(arrival, dtype=np.float64)) - before
    bad = ~((place >= 0) & (place + samples <= length))
    if bad.any():
        received = f"{np.count_nonzero(bad)} of {len(bad)} records without, first number {np.flatnonzero(bad)[0]}"
        raise InputError(
            "an arrival with the window around it inside the waveform", received, "leave these records out"
        )
    return place.astype(np.int64)


def shifted_batches(
    waveform: np.ndarray,
    label: np.ndarray,
    samples: int,
    batch: int,
    seed: int | None = None,
    epoch: int = 0,
    *,
    first: np.ndarray | None = None,
    most: int | None = None,
    augment: Augmentation | None = None,
    balance: bool = False,
):
    """A `tf.data.Dataset` of (windows, labels): with a seed shuffled and shifted, the same for the same (seed, epoch).

    Without a seed the windows come in order and in their places, and nothing is augmented: for validation.

    Arguments:
        waveform: (n, samples + spare, components); the arrival lies in its place in the middle window, or in that
            which `first` gives (`shifted_windows`, `aligned_first`).
        most: the largest shift in samples either way.
        augment: what is done to the windows, see `augment.Augmentation`.
        balance: an epoch holds equally many of each class, of the larger ones another part each time.
    """
    import tensorflow as tf

    if len(waveform) != len(label) or not len(label):
        raise InputError("a label for each of some waveforms", f"{len(waveform)} and {len(label)}", "mend the arrays")
    if seed is None and (augment is not None or balance):
        raise InputError("a seed to augment or balance by", "none", "give one, or leave both to training")

    def batches():
        rng = None if seed is None else np.random.default_rng([seed, epoch])
        if rng is None:
            order = np.arange(len(label))
        else:
            order = balanced_order(label, rng) if balance else rng.permutation(len(label))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            place = None if first is None else first[chosen]
            windows = shifted_windows(waveform[chosen], samples, rng, place, most)
            yield windows if augment is None else augment(windows, rng), label[chosen]

    signature = (
        tf.TensorSpec((None, samples, waveform.shape[2]), tf.float32),
        tf.TensorSpec((None,), tf.int64),
    )
    counts = np.unique(label, return_counts=True)[1]
    steps = -(-(len(counts) * counts.min() if balance else len(label)) // batch)
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return _fixed(dataset.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2), threads=2)


def batches_from_builder(
    builder,
    split: str = "train",
    batch_size: int = 32,
    shuffle_seed: int | None = None,
    columns: tuple[str, ...] = ("waveform", "label"),
    shuffle_records: int = 4096,
    threads: int = 2,
):
    """A tf.data.Dataset of batches from a prepared TFDS builder, read as a stream.

    Arguments:
        builder: with `download_and_prepare` done. split: "train", "validation", "test" or a slice of them.
        shuffle_seed: None keeps the order on disk (which TFDS shuffles once, by record name).
        columns: features, in the order of the tuple that each batch is.
        shuffle_records: length of the shuffle buffer; 4096 records of 25 s take 123 MB.
    """
    import tensorflow_datasets as tfds

    missing = [name for name in columns if name not in builder.info.features]
    if missing:
        raise InputError(f"features among {', '.join(builder.info.features)}", ", ".join(missing), "name others")
    config = tfds.ReadConfig(
        shuffle_seed=shuffle_seed,
        interleave_cycle_length=1,
        num_parallel_calls_for_decode=threads,
        num_parallel_calls_for_interleave_files=1,
        try_autocache=False,
        skip_prefetch=True,
    )
    decoders = tfds.decode.PartialDecoding({name: True for name in columns})
    dataset = builder.as_dataset(split=split, shuffle_files=False, read_config=config, decoders=decoders)
    dataset = dataset.map(lambda record: tuple(record[name] for name in columns), num_parallel_calls=threads)
    if shuffle_seed is not None:
        dataset = dataset.shuffle(shuffle_records, seed=shuffle_seed, reshuffle_each_iteration=True)
    return _fixed(dataset.batch(batch_size).prefetch(2), threads)


def _fixed(dataset, threads: int):
    """The dataset with a pool of its own and no autotuning, which costs small networks a quarter of their speed."""
    import tensorflow as tf

    options = tf.data.Options()
    options.deterministic = True
    options.autotune.enabled = False
    options.threading.private_threadpool_size = threads
    return dataset.with_options(options)
