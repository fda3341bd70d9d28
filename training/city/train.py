"""Training of a city's network: balanced days drawn anew each epoch; validation chooses epoch, seed, calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...datasets.errors import InputError
from ...datasets.windows import Windows
from ...zoo.card import Tensor
from ...zoo.forecast.city import FULL_SCALE, calibrated
from ..outcome import Outcome
from ..scores.recalibration import recalibrate
from .baselines import etas_counts, rate_probability, recency_probability
from .card import card_fields, results_of
from .case import CityCase
from .recipe import CityForecasting
from .report import summary_of, write_report
from .resampling import Sample, resampled, sparse_rows

HELD_BATCH = 64
MAPS_UNIT = "magnitude of the day's summed energy, events, mean depth in km; 0 where none"


def train(recipe: CityForecasting, data: Path | None, folder: Path, resume: bool) -> Outcome:
    """Fit and score one city's network beside its baselines."""
    case = CityCase.of(recipe, data)
    windows = {period: case.windows(period) for period in ("train", "validation", "test")}
    held = case.counts("validation") > 0
    network, course, seed = _trained(case, windows, folder, resume)

    settings = {"window_days": list(case.horizon)}
    line = calibration(-np.log1p(-_clipped(predict(network, windows["validation"]))), held)
    settings["recalibration"] = {"{}-{}".format(*case.horizon): list(line)}
    probability = {p: calibrated(predict(network, windows[p]), settings) for p in ("validation", "test")}
    others = baseline_probabilities(case, held)

    hit = case.counts("test") > 0
    results = results_of(recipe.name, case, probability["test"], others, hit)
    summary = summary_of(case, course, probability, hit)
    extra = {**settings, "seed_kept": seed, "summary": summary["scores"], "threshold": summary["threshold"]}
    card = card_fields(recipe, case, results, extra)
    steps = (None, recipe.window_days, recipe.rows, recipe.columns, len(FULL_SCALE))
    card["inputs"] = [Tensor(name="maps", shape=steps, unit=MAPS_UNIT)]
    golden = {"maps": windows["test"].inputs([0, len(windows["test"]) // 2])}

    def report(place: Path) -> None:
        write_report(place, case, windows["test"], probability["test"], summary)

    return Outcome(network, golden, card, folders={recipe.id: report})


def baseline_probabilities(case: CityCase, held: np.ndarray) -> dict[str, np.ndarray]:
    """Test probabilities of rate, recency, ETAS as it is and ETAS calibrated on validation."""
    counts = etas_counts(case)
    line = calibration(counts["validation"], held)
    return {
        "rate": np.full(len(counts["test"]), rate_probability(case)),
        "recency": recency_probability(case)["test"],
        "etas": -np.expm1(-counts["test"].astype(np.float64)),
        "etas-calibrated": _by_line(counts["test"], line),
    }


def calibration(rate: np.ndarray, hit: np.ndarray) -> tuple[float, float]:
    """(a, b) of p = 1 - exp(-exp(a + b ln rate)) from validation; a rate that falls where events come is worth nothing.

    Where the few days with an event lie above all others no finite slope fits; then b is 1, and the probabilities sum
    to them.

    >>> calibration(np.array([0.5, 0.6, 2.0, 2.1]), np.array([True, True, False, True]))[1]
    0.0
    """
    positives = int(np.sum(hit))
    if not 0 < positives < len(hit):
        raise InputError(
            "days with and without a target event in the validation period",
            f"{positives} with one of {len(hit)}",
            "raise validation_ratio or lower the magnitude",
        )
    falling = float(np.log(-np.log1p(-positives / len(hit)))), 0.0
    try:
        a, b, _ = recalibrate(rate, hit)
    except InputError:
        if rate[hit].mean() <= rate[~hit].mean():
            return falling
        from scipy.optimize import brentq

        return float(brentq(lambda a: -np.expm1(-np.exp(a) * rate).sum() - positives, -50.0, 50.0)), 1.0
    return (float(a), float(b)) if b >= 0 else falling


def _by_line(rate, line: tuple[float, float]) -> np.ndarray:
    return -np.expm1(-np.exp(line[0] + line[1] * np.log(np.asarray(rate, np.float64))))


def _clipped(probability: np.ndarray) -> np.ndarray:
    return np.clip(probability.astype(np.float64), 1e-12, 1 - 1e-7)


def predict(network, windows: Windows) -> np.ndarray:
    """The network's own probability for every window, (days,)."""
    parts = [
        np.asarray(
            network({"maps": windows.inputs(np.arange(i, min(i + HELD_BATCH, len(windows))))}, training=False)[
                "probability"
            ]
        )[:, 0]
        for i in range(0, len(windows), HELD_BATCH)
    ]
    return np.concatenate(parts)


def _trained(case: CityCase, windows: dict[str, Windows], folder: Path, resume: bool):
    """The network with its weights, its course, and the seed that validation chose."""
    import keras

    from ...zoo.forecast.conv_lstm import conv_lstm
    from ..fit import fit

    recipe = case.recipe
    label = case.counts("train") > 0
    if not 0 < label.sum() < len(label):
        raise InputError(
            "days with and without a target event in the training period",
            f"{label.sum()} with one of {len(label)}",
            "choose another magnitude or circle",
        )
    kept: list = []

    def rows():
        if not kept:
            kept.append(sparse_rows(windows["train"], FULL_SCALE))
        return kept[0]

    trials = []
    for seed in recipe.fit.seeds:
        keras.utils.set_random_seed(seed)
        network = conv_lstm(
            recipe.dropout,
            recipe.window_days,
            recipe.rows,
            recipe.columns,
            tuple(FULL_SCALE.tolist()),
            recipe.norm_momentum,
        )
        place = folder / f"seed-{seed}"
        place.mkdir(exist_ok=True)

        def sample_of(epoch: int, seed=seed) -> Sample:
            return resampled(rows, label, recipe.resampling, (seed, epoch))

        def epoch_of(epoch: int, seed=seed):
            sample = sample_of(epoch)
            order = np.random.default_rng([seed, epoch]).permutation(len(sample))[: recipe.samples_per_epoch]
            return _dataset(windows["train"], sample, order, recipe.fit.batch)

        # Balanced days teach; on validation each class weighs what it weighs in them, or the bias alone would choose.
        held = _held_dataset(windows["validation"], case.counts("validation") > 0, sample_of(0).label.mean())
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        course = fit(network, loss, epoch_of, held, recipe.fit, seed, place, resume)
        trials.append((course.best_loss, seed, network, course))
    _, seed, network, course = min(trials, key=lambda trial: trial[0])
    return network, course, seed


def _dataset(windows: Windows, sample: Sample, order: np.ndarray, batch: int):
    """tf.data of (inputs, labels) batches; a batch becomes dense when it is due."""

    def batches():
        for start in range(0, len(order), batch):
            which = order[start : start + batch]
            yield sample.inputs(windows, which, FULL_SCALE), sample.label[which, None].astype(np.float32)

    return _streamed(batches, windows.input_shape, 2, -(-len(order) // batch))


def _held_dataset(windows: Windows, hit: np.ndarray, share: float):
    """tf.data of (inputs, labels, weights) batches; the days with an event weigh `share` of all."""
    weight = np.where(hit, share / hit.mean(), (1 - share) / (1 - hit.mean())).astype(np.float32)

    def batches():
        for start in range(0, len(windows), HELD_BATCH):
            which = np.arange(start, min(start + HELD_BATCH, len(windows)))
            yield windows.inputs(which), hit[which, None].astype(np.float32), weight[which, None]

    return _streamed(batches, windows.input_shape, 3, -(-len(windows) // HELD_BATCH))


def _streamed(batches, input_shape, columns: int, steps: int):
    import tensorflow as tf

    column = tf.TensorSpec((None, 1), tf.float32)
    signature = (tf.TensorSpec((None, *input_shape), tf.float32), *[column] * (columns - 1))
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    options.threading.private_threadpool_size = 1
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2).with_options(options)
