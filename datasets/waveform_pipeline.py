"""Waveforms to tf.data: batches of (waveform, label), seeded and with fixed parallelism."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .errors import InputError


def _fixed(dataset, threads: int):
    """The dataset with a pool of its own and no autotuning, which costs small networks a quarter of their speed."""
    import tensorflow as tf

    options = tf.data.Options()
    options.deterministic = True
    options.autotune.enabled = False
    options.threading.private_threadpool_size = threads
    return dataset.with_options(options)


def batches_from_arrays(
    arrays: Mapping[str, np.ndarray],
    batch_size: int = 32,
    shuffle_seed: int | None = None,
    columns: tuple[str, ...] = ("waveform", "label"),
    threads: int = 2,
):
    """A tf.data.Dataset of batches from arrays in memory, such as one split of `seismic_cycle_arrays`.

    Arguments:
        arrays: name to array, (n, ...) each.
        shuffle_seed: shuffles all records anew in every pass, the same way for the same seed; None keeps their order.
        columns: which arrays, in the order of the tuple that each batch is.
    """
    import tensorflow as tf

    missing = [name for name in columns if name not in arrays]
    if missing:
        raise InputError(f"arrays {', '.join(columns)}", f"no {', '.join(missing)}", "name other columns")
    count = len(arrays[columns[0]])
    if not count or any(len(arrays[name]) != count for name in columns):
        lengths = ", ".join(f"{len(arrays[name])} of {name}" for name in columns)
        raise InputError("at least one record and one row a record in every array", lengths, "mend the arrays")
    tensors = tuple(tf.constant(arrays[name]) for name in columns)
    # Rows are shuffled by number: a whole epoch's order costs 8 bytes a record and moves no waveform.
    rows = tf.data.Dataset.range(count)
    if shuffle_seed is not None:
        rows = rows.shuffle(count, seed=shuffle_seed, reshuffle_each_iteration=True)
    batches = rows.batch(batch_size).map(
        lambda part: tuple(tf.gather(tensor, part) for tensor in tensors), num_parallel_calls=threads
    )
    return _fixed(batches.prefetch(2), threads)


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
