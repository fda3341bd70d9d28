"""Batches of waveforms as tf.data: from arrays, shuffled and shifted by (seed, epoch), or streamed from a builder."""

from __future__ import annotations

import numpy as np

from ..errors import InputError


def shifted_windows(waveform: np.ndarray, samples: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """Windows (n, samples, components) of longer waveforms: from the middle, or from anywhere if `rng` is given.

    >>> shifted_windows(np.arange(6.0).reshape(1, 6, 1), 4).ravel().tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    spare = waveform.shape[1] - samples
    if rng is None:
        return waveform[:, spare // 2 : spare // 2 + samples]
    first = rng.integers(spare + 1, size=len(waveform))
    return np.stack([record[start : start + samples] for record, start in zip(waveform, first, strict=True)])


def shifted_batches(
    waveform: np.ndarray, label: np.ndarray, samples: int, batch: int, seed: int | None = None, epoch: int = 0
):
    """A `tf.data.Dataset` of (windows, labels): with a seed shuffled and shifted, the same for the same (seed, epoch).

    Arguments:
        waveform: (n, samples + spare, components); the arrival lies in its place in the middle window.
    """
    import tensorflow as tf

    if len(waveform) != len(label) or not len(label):
        raise InputError("a label for each of some waveforms", f"{len(waveform)} and {len(label)}", "mend the arrays")

    def batches():
        rng = None if seed is None else np.random.default_rng([seed, epoch])
        order = np.arange(len(label)) if rng is None else rng.permutation(len(label))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            yield shifted_windows(waveform[chosen], samples, rng), label[chosen]

    signature = (
        tf.TensorSpec((None, samples, waveform.shape[2]), tf.float32),
        tf.TensorSpec((None,), tf.int64),
    )
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    steps = -(-len(label) // batch)
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
