"""The one training loop: an epoch at a time, the best epoch by validation kept, resumable after any kill."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.atomic import replacing
from ..datasets.errors import InputError
from .section import Fit
from .stored_precision import round_weights
from .workers import joined

# Share of the validation loss that rounding may cost: scores keep their third digit.
MOST_LOST = 3e-3


@dataclass
class Course:
    """How far a training has come and how it went; kept as course.json beside the checkpoint."""

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)

    @property
    def waited(self) -> int:
        """Epochs since the best one."""
        return self.epoch - self.best_epoch


def fit(
    network,
    loss,
    train: Callable[[int], Any],
    validation: Any,
    settings: Fit,
    seed: int,
    folder: Path,
    resume: bool = False,
    view=None,
) -> Course:
    """Train `network` on its output `logits` and leave it with the weights of the epoch of lowest validation loss.

    Arguments:
        network: keras.Model whose outputs are a dict with `logits`.
        loss: a Keras loss from logits.
        train: epoch -> dataset of (inputs, labels) batches; the same epoch always gives the same batches, so that a
            resumed training ends with the weights of an uninterrupted one.
        validation: dataset of batches; chooses the epoch.
        folder: for the checkpoint of every epoch; with `resume` the training goes on from the last one.
        view: the model that is trained, on the network's own layers; from its inputs to `logits` where None.
    """
    import keras

    workers = joined()
    if workers and settings.settle:
        raise InputError(
            "fit.settle = 0 on several workers", str(settings.settle), "train it on one, or --set fit.settle=0"
        )
    keras.utils.set_random_seed(seed)
    view = view or keras.Model(network.inputs, network.output["logits"])
    rule = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[settings.optimizer]
    # XLA made these networks slower on CPUs, and Keras may choose it by itself.
    rate = settings.learning_rate
    if settings.learning_rate_decay:
        rate = keras.optimizers.schedules.InverseTimeDecay(rate, 1, settings.learning_rate_decay)
    view.compile(rule(rate, weight_decay=settings.weight_decay or None), loss, jit_compile=False)
    view.optimizer.build(view.trainable_variables)

    course, best, record = Course(), folder / "best.weights.h5", folder / "course.json"
    if resume and record.is_file():
        course = Course(**json.loads(record.read_text()))
        view.load_weights(folder / f"epoch-{course.epoch}.weights.h5")
    while course.epoch < settings.epochs and course.waited < settings.patience:
        began = time.monotonic()
        _reseed(view, seed, course.epoch, workers.rank if workers else 0)
        if workers:
            fitted = workers.epoch(view, train(course.epoch))
            validated = workers.agreed(view.evaluate(validation, verbose=0))
        else:
            fitted = view.fit(train(course.epoch), shuffle=False, verbose=0).history["loss"][0]
            _settle(view, train(course.epoch), settings.settle)
            validated = float(view.evaluate(validation, verbose=0))
        course.epoch += 1
        course.history.append({"loss": float(fitted), "validation_loss": validated})
        if validated < course.best_loss:
            course.best_loss, course.best_epoch = validated, course.epoch
            with replacing(best) as temporary:
                network.save_weights(temporary)
        last = folder / f"epoch-{course.epoch}.weights.h5"
        with replacing(last) as temporary:
            view.save_weights(temporary)
        course.seconds += time.monotonic() - began
        # The course names the checkpoint that belongs to it, so a kill between the two files costs one epoch at most.
        with replacing(record) as temporary:
            temporary.write_text(json.dumps(asdict(course)))
        (folder / f"epoch-{course.epoch - 1}.weights.h5").unlink(missing_ok=True)
        print(
            f"seed {seed} epoch {course.epoch}/{settings.epochs}: loss {fitted:.4f}, validation {validated:.4f}",
            file=sys.stderr,
            flush=True,
        )
    if course.epoch and not course.best_epoch:
        raise InputError(
            "a finite validation loss in some epoch", f"{course.history[-1]}", "lower fit.learning_rate in the recipe"
        )
    if course.best_epoch:
        network.load_weights(best)
    if settings.precision != "float32":
        round_weights(network, settings.precision)
        now = float(view.evaluate(validation, verbose=0))
        print(f"seed {seed} in {settings.precision}: validation {course.best_loss:.4f} -> {now:.4f}", file=sys.stderr)
        if not now <= course.best_loss + MOST_LOST * abs(course.best_loss):
            raise InputError(
                f"a validation loss within {MOST_LOST:.1%} of {course.best_loss:.4g} in {settings.precision}",
                f"{now:.4g}",
                "choose a higher fit.precision in the recipe",
            )
    return course


def _settle(network, batches, most: int) -> None:
    """Take the statistics of the normalisations anew, over so many batches, with the weights as they are now.

    A moving average mixes the last few batches, each seen with other weights.
    """
    import keras

    norms = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta, found = [layer.momentum for layer in norms], []
    for layer in norms:
        layer.momentum = 0.0
    for inputs, *_ in itertools.islice(batches, most):
        network(inputs, training=True)
        found.append([(np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)) for layer in norms])
    for index, (layer, momentum) in enumerate(zip(norms, momenta, strict=True)):
        layer.momentum = momentum
        if found:
            mean, variance = (np.stack([batch[index][part] for batch in found]) for part in (0, 1))
            layer.moving_mean.assign(mean.mean(axis=0))
            layer.moving_variance.assign(variance.mean(axis=0) + mean.var(axis=0))


def _reseed(network, seed: int, epoch: int, rank: int) -> None:
    """Draw each dropout's state from (seed, epoch), and the worker's rank: checkpoints do not hold it."""
    rng = np.random.default_rng([seed, epoch, rank] if rank else [seed, epoch])
    for layer in network.layers:
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            generator.state.assign(rng.integers(2**31, size=2))
