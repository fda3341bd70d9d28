"""Training and scoring of foreshock-or-aftershock classifiers on the simulated cycle, with their leak controls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...datasets.home import data_home
from ...datasets.simulate.scene import Window
from ...datasets.simulate.seismic_cycle import LABELS, SPLITS, SeismicCycle, simulate_seismic_cycle
from ...datasets.waveforms.batches import shifted_batches, shifted_windows
from ...zoo.card import Control, Data, Result, Score, Threshold
from ...zoo.card import Split as CardSplit
from ...zoo.explain.background import chosen_background
from ...zoo.waveform import networks, screening
from ...zoo.waveform.logistic import SIDES
from ...zoo.waveform.spectrogram_cnn import fit_standardise
from ..outcome import Outcome, first_line, scored
from ..scores.classification import accuracy_of
from ..scores.intervals import calibration_interval, confusion_interval, ratio_interval
from ..section import Fit
from .calibration import calibrate
from .logistic_fit import best_regression, features_of, set_dense
from .recipe import SeismicCycle as Recipe

# Records reach this much beyond the network's window on either side, and training shifts its windows within it: picks
# of real records are not exact.
SHIFT_S = 0.5
PERMUTATIONS = 20
OTHER_EVENTS = 300


@dataclass(frozen=True)
class Records:
    """Waveforms (n, samples, 3) with SHIFT_S to spare on either side, labels (n,) and event ids (n,)."""

    waveform: np.ndarray
    label: np.ndarray
    event: np.ndarray

    def centred(self, samples: int) -> np.ndarray:
        """(n, samples, 3), the arrival in its place."""
        return shifted_windows(self.waveform, samples)


def train(recipe: Recipe, data: Path | None, folder: Path, resume: bool) -> Outcome:
    """Build, fit and score one classifier, its baselines and its controls."""
    cycle = SeismicCycle(cause=recipe.cause, events=recipe.events, seed=recipe.data_seed)
    sets = load(cycle, recipe.architecture, data)
    trials = [
        fitted(recipe.architecture, sets, recipe.fit, seed, folder / f"seed-{seed}", resume)
        for seed in recipe.fit.seeds
    ]
    _, seed, network = min(trials, key=lambda trial: trial[0])

    variant = networks.window_of(recipe.architecture)
    held = sets["validation"].centred(variant.samples())
    settings = calibrate(network, held, sets["validation"].label)
    settings["screen"] = screening.limits(sets["train"].centred(variant.samples()), 100.0, variant.before_s)

    test = sets["test"]
    answers = {recipe.name: probabilities(network, test)}
    seeds = {s: float((probabilities(n, test).argmax(1) == test.label).mean()) for _, s, n in trials}
    if recipe.architecture != "logistic":
        _, _, baseline = fitted("logistic", sets, recipe.fit, 1, folder, resume)
        answers["logistic on mean spectra"] = probabilities(baseline, test)
    majority = np.bincount(sets["train"].label).argmax()
    answers["majority class"] = np.tile(np.eye(2)[majority], (len(test.label), 1))
    results = _results(recipe.name, answers, test, cycle.ceiling_accuracy(), settings["sure_from"])
    controls = [*_controls(sets), elsewhere(network, cycle, recipe.architecture)]
    golden = test.centred(variant.samples())[:: max(1, len(test.label) // 3)][:3]
    settings |= {"test_accuracy_by_seed": {str(k): round(v, 4) for k, v in seeds.items()}, "seed_kept": seed}
    card = _card(recipe, cycle, sets, results, controls, settings)
    seen = sets["train"]
    background = chosen_background(seen.centred(variant.samples()), seen.label, seen.event)
    return Outcome(network, {"waveform": golden}, card, background)


def load(cycle: SeismicCycle, architecture: str, data: Path | None) -> dict[str, Records]:
    """train, validation and test of a cycle, prepared as a TFDS data set in the data folder and read from it."""
    import tensorflow_datasets as tfds

    from ...datasets.builders.seismic_cycle_simulated import seismic_cycle_simulated_dataset_builder as module

    window = _window(architecture)
    name = f"{cycle.cause}_{cycle.events}_events_seed_{cycle.seed}_{window.duration_s:g}s"
    config = module.SeismicCycleConfig(name=name, description="training", cycle=cycle, window=window)
    builder = module.Builder(data_dir=data_home(data) / "tfds", config=config)
    tfds.disable_progress_bar()
    builder.download_and_prepare()
    sets = {}
    for split in SPLITS:
        examples = list(tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False)))
        columns = {key: np.array([e[key] for e in examples]) for key in ("waveform", "label", "event_id")}
        sets[split] = Records(columns["waveform"], columns["label"].astype(np.int64), columns["event_id"])
    return sets


def fitted(architecture: str, sets: dict[str, Records], settings: Fit, seed: int, folder: Path, resume: bool):
    """(validation loss, seed, network) of one training."""
    import keras

    from ..fit import fit

    keras.utils.set_random_seed(seed)
    network = networks.build(architecture)
    samples = network.inputs[0].shape[1]
    folder.mkdir(parents=True, exist_ok=True)
    if any(layer.name == "standardise" for layer in network.layers):
        centred = sets["train"].centred(samples)
        fit_standardise(network, (centred[i : i + 256] for i in range(0, len(centred), 256)))
    if architecture in SIDES:
        regression, loss = best_regression(*_features(network, sets, ("train", "validation")))
        set_dense(network, regression)
        return loss, seed, network

    def epoch_of(epoch: int):
        part = sets["train"]
        return shifted_batches(part.waveform, part.label, samples, settings.batch, seed=seed, epoch=epoch)

    validation = sets["validation"]
    held = shifted_batches(validation.waveform, validation.label, samples, 128)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    course = fit(network, loss, epoch_of, held, settings, seed, folder, resume)
    return course.best_loss, seed, network


def probabilities(network, records: Records) -> np.ndarray:
    """Probability of each class, (n, 2)."""
    centred = records.centred(network.inputs[0].shape[1])
    parts = [
        network({"waveform": centred[i : i + 256]}, training=False)["probability"] for i in range(0, len(centred), 256)
    ]
    return np.concatenate([np.asarray(part) for part in parts])


def vote(probability: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Soft vote: (mean probability of each event, index of its first record)."""
    _, first, number = np.unique(event, return_index=True, return_inverse=True)
    total = np.stack([np.bincount(number, column) for column in probability.T], axis=1)
    return total / np.bincount(number)[:, None], first


def _results(
    name: str, answers: dict[str, np.ndarray], test: Records, ceiling: float, sure_from: float
) -> list[Result]:
    """Accuracy by record, by event and of the sure answers, Brier score and calibration; intervals from events."""
    events = len(np.unique(test.event))

    def record_accuracy(model, probability) -> Score:
        rng = np.random.default_rng(0)
        return scored(model, confusion_interval(test.label, probability.argmax(1), test.event, rng, accuracy_of))

    def event_accuracy(model, probability) -> Score:
        mean, first = vote(probability, test.event)
        rng, label = np.random.default_rng(0), test.label[first]
        return scored(model, confusion_interval(label, mean.argmax(1), test.event[first], rng, accuracy_of))

    def brier(model, probability) -> Score:
        squared = (probability[:, 1] - test.label) ** 2
        return scored(model, ratio_interval(squared, np.ones(len(squared)), test.event, np.random.default_rng(0)))

    def calibration(model, probability) -> Score:
        rng = np.random.default_rng(0)
        return scored(model, calibration_interval(probability[:, 1], test.label, test.event, rng))

    sure = answers[name].max(axis=1) >= sure_from

    def sure_accuracy(model, probability) -> Score:
        rng, guess = np.random.default_rng(0), probability.argmax(1)
        return scored(model, confusion_interval(test.label[sure], guess[sure], test.event[sure], rng, accuracy_of))

    known = round(ceiling, 4)
    top = Score(model="true cause known", value=known, low=known, high=known)
    records = f"{len(test.label)} simulated records of {events} events"
    rows = []
    for score, cases, of, better, bound in (
        ("accuracy by record", records, record_accuracy, True, top),
        ("accuracy by event, soft vote", f"{events} simulated events", event_accuracy, True, None),
        (
            "accuracy where the model is sure",
            f"{sure.mean():.0%} of {records}, those of confidence {sure_from:.2f} and more",
            sure_accuracy,
            True,
            None,
        ),
        ("Brier score by record", records, brier, False, None),
        ("expected calibration error by record", records, calibration, False, None),
    ):
        ours, *others = (of(model, probability) for model, probability in answers.items())
        rows.append(
            Result(score=score, cases=cases, ours=ours, baselines=tuple(others), ceiling=bound, higher_is_better=better)
        )
    return rows


def elsewhere(network, cycle: SeismicCycle, architecture: str) -> Control:
    """Accuracy on a cycle of the same cause at nine stations that no model has seen."""
    records = simulate_seismic_cycle(cycle, window=_window(architecture), seed=cycle.seed + 1000, events=OTHER_EVENTS)
    other = Records(
        np.ascontiguousarray(records.data.transpose(0, 2, 1)),
        (records.label == LABELS[1]).astype(np.int64),
        records.event_id,
    )
    guess = probabilities(network, other).argmax(1)
    interval = confusion_interval(other.label, guess, other.event, np.random.default_rng(0), accuracy_of)
    value, low, high = (round(float(v), 4) for v in interval[:3])
    return Control(
        control=f"{len(other.label)} records of {cycle.stations} other stations",
        score="accuracy",
        value=value,
        low=low,
        high=high,
        honest="the accuracy by record above, if the network learned the source and not its stations",
        verdict="for information",
    )


def _window(architecture: str) -> Window:
    variant = networks.window_of(architecture)
    return Window(duration_s=variant.window_s + 2 * SHIFT_S, p_s=variant.before_s + SHIFT_S)


def _features(network, sets: dict[str, Records], splits) -> list[tuple[np.ndarray, np.ndarray]]:
    """(features, labels) of each split as the network's dense layer sees them."""
    return [(features_of(network, sets[s].centred(network.inputs[0].shape[1])), sets[s].label) for s in splits]


def _controls(sets: dict[str, Records]) -> list[Control]:
    """Probes that an honest data set leaves at chance."""
    before, behind = (networks.build(architecture) for architecture in ("logistic-noise", "logistic"))
    for network in (before, behind):
        fit_standardise(network, [sets["train"].centred(network.inputs[0].shape[1])])
    test = sets["test"]

    train, validation, (seen, truth) = _features(before, sets, SPLITS)
    guess = best_regression(train, validation)[0].predict(seen)
    early = confusion_interval(truth, guess, test.event, np.random.default_rng(0), accuracy_of)

    (known, label), (held, held_label), (seen, truth) = _features(behind, sets, SPLITS)
    rng = np.random.default_rng(0)
    chance = [
        (best_regression((known, rng.permutation(label)), (held, held_label))[0].predict(seen) == truth).mean()
        for _ in range(PERMUTATIONS)
    ]
    permuted = (np.mean(chance), *np.quantile(chance, [0.025, 0.975]))
    rows = []
    for control, interval, honest in (
        ("logistic probe of the 5 s before P", early, "0.5 unless the background tells the classes apart"),
        (f"labels permuted, {PERMUTATIONS} times", permuted, "0.5"),
    ):
        value, low, high = (round(float(v), 4) for v in interval[:3])
        verdict = "clear" if low <= 0.5 else "suspicious"
        rows.append(
            Control(control=control, score="accuracy", value=value, low=low, high=high, honest=honest, verdict=verdict)
        )
    return rows


def _card(recipe, cycle, sets, results, controls, settings) -> dict:
    variant = networks.window_of(recipe.architecture)
    fails = [
        "it has seen simulated records only: on real ones its answer means nothing until it is trained on them",
        f"at other stations than the {cycle.stations} of its training: {controls[-1].value:.2f} of records there",
        "records whose P stands little above the noise",
    ]
    sizes = {name: f"{len(np.unique(r.event))} events, {len(r.label)} records" for name, r in sets.items()}
    return {
        "summary": first_line(recipe.summary, f"a cycle that differs by cause {cycle.cause}", True, results),
        "classes": LABELS,
        "settings": {
            "phase": variant.phase,
            "before_s": variant.before_s,
            "window_s": variant.window_s,
            "sampling_rate_hz": 100.0,
            "shift_s": SHIFT_S,
            "nperseg": variant.nperseg,
            "noverlap": variant.noverlap,
            **settings,
        },
        "threshold": Threshold(value=0.5, chosen="even odds: the simulated classes are equally frequent"),
        "data": Data(
            name=f"seismic_cycle_simulated/{cycle.cause}",
            version="1.0.0",
            source=f"foreshock data simulate seismic-cycle --cause {cycle.cause}, seed {cycle.seed}",
            licence="Apache-2.0",
            simulated=True,
            period=f"{cycle.months:g} months before and after a simulated mainshock",
            completeness=cycle.magnitude[0],
            events=cycle.events,
            records=sum(len(r.label) for r in sets.values()),
        ),
        "split": CardSplit(method="by event, the test a block of time in each class", seed=cycle.seed, **sizes),
        "results": results,
        "audit": controls,
        "fails": fails,
    }
