"""From windows to tf.data, and from the TFDS data set back to sparse maps; without TensorFlow use `Windows.batches`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .errors import InputError
from .grid import Grid
from .raster import SparseMaps
from .windows import Windows, WindowSettings


def tf_dataset(
    windows: Windows,
    batch_size: int,
    shuffle_seed: int | None = None,
    first_epoch: int = 0,
    drop_remainder: bool = False,
    prefetch: int = 2,
):
    """A `tf.data.Dataset` of (inputs, labels) batches: events stay sparse, a batch becomes dense when it is due.

    Every pass over the data set is the next epoch, whose order comes from (shuffle_seed, epoch) alone: the arrays equal
    those of `windows.batches(batch_size, shuffle_seed, epoch)`. Batches are made in one thread ahead of the training
    step; tf.data's autotuner is off, for it cost small networks a quarter of their speed.
    """
    import tensorflow as tf

    epoch = first_epoch

    def one_epoch():
        nonlocal epoch
        current, epoch = epoch, epoch + 1
        yield from windows.batches(batch_size, shuffle_seed, current, drop_remainder)

    size = batch_size if drop_remainder else None
    signature = (
        tf.TensorSpec((size, *windows.input_shape), tf.float32),
        tf.TensorSpec((size, *windows.label_shape), tf.float32),
    )
    steps = len(windows) // batch_size if drop_remainder else -(-len(windows) // batch_size)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    options.threading.private_threadpool_size = 1
    dataset = tf.data.Dataset.from_generator(one_epoch, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(prefetch).with_options(options)


def maps_from_examples(examples: Iterable[dict], grid: Grid) -> SparseMaps:
    """Sparse maps from examples of the TFDS data set `earthquake_catalog`: one a day, in any order, no day missing.

    Arguments:
        examples: dicts of NumPy values `day` (days since 1970-01-01), `row`, `column`, `magnitude`, `depth_km`.
    """
    examples = sorted(examples, key=lambda example: int(example["day"]))
    if not examples:
        raise InputError("at least one day", "none", "prepare the data set first")
    day = np.array([int(example["day"]) for example in examples])
    if np.any(np.diff(day) != 1):
        before = int(np.flatnonzero(np.diff(day) != 1)[0])
        received = f"{np.datetime64(int(day[before]), 'D')} followed by {np.datetime64(int(day[before + 1]), 'D')}"
        raise InputError("consecutive days, each once", received, "read one whole split")
    offsets = np.concatenate([[0], np.cumsum([len(example["row"]) for example in examples])])
    columns = [
        np.concatenate([np.asarray(example[name], dtype) for example in examples])
        for name, dtype in (("row", np.int32), ("column", np.int32), ("magnitude", float), ("depth_km", float))
    ]
    return SparseMaps(grid, np.datetime64(int(day[0]), "D"), offsets, *columns)


def windows_from_tfds(builder, split: str, settings: WindowSettings, every: int = 1) -> Windows:
    """Windows over one split of a prepared `earthquake_catalog` builder; windows and horizons stay within the split.

    Arguments:
        builder: of `tensorflow_datasets.builder("earthquake_catalog/japan")` or the like, prepared.
        split: "train", "validation" or "test".
        settings: what a window and a label are; a circle needs the catalogue and therefore `Windows` itself.
        every: days between two windows; `settings.days` for a stateful pass that sees each day once.
    """
    import tensorflow_datasets as tfds

    from .period import Period

    grid = Grid.from_dict(builder.info.metadata["grid"])
    maps = maps_from_examples(tfds.as_numpy(builder.as_dataset(split=split)), grid)
    period = Period(maps.first_day, maps.last_day)
    return Windows(maps, settings, period.issue_days(settings.horizon, every, history_days=settings.days))
