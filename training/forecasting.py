"""Training and scoring of forecasters: static rates and networks with a prior, on the same cells and days."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..datasets.period import Period, Split
from ..datasets.raster import SparseMaps, sparse_days
from ..datasets.regions import Region
from ..datasets.windows import Windows, WindowSettings
from ..zoo.card import Data, Result, Score, Threshold
from ..zoo.card import Split as CardSplit
from ..zoo.forecast.rates import choose_neighbours, historical_rate, smoothed_rate, window_probability
from .information import bernoulli_gain_by_day
from .intervals import ratio_interval, time_blocks
from .outcome import Outcome, first_line, scored
from .recipe import Forecasting

CHANNELS = ("max_magnitude",)


class Setting:
    """A recipe's region, split, maps and labels: what every forecaster of it shares."""

    def __init__(self, recipe: Forecasting, data: Path | None):
        self.recipe = recipe
        self.region = Region.named(recipe.region, data)
        self.catalog = self.region.catalog(data)
        self.days = recipe.window_days[1] - recipe.window_days[0]
        self.split: Split = self.region.split(recipe.split).with_gap(max(recipe.steps, recipe.window_days[1]))
        self.maps: SparseMaps = sparse_days(
            self.catalog, self.region.grid, self.split.train.first, self.split.test.last
        )

    def windows(self, period: Period, every: int) -> Windows:
        """Input windows and labels with the days of issue and the targets inside the period."""
        recipe = self.recipe
        settings = WindowSettings(recipe.steps, recipe.window_days, recipe.magnitude, CHANNELS)
        # Only the first period of all has no history to look back on.
        history = recipe.steps if period.first == self.maps.first_day else 0
        return Windows(self.maps, settings, period.issue_days(recipe.window_days, every, history))

    def labels(self, period: Period) -> tuple[np.ndarray, np.ndarray]:
        """(days of issue, labels): windows that follow each other without overlap; labels (issues, rows, columns)."""
        windows = self.windows(period, self.days)
        return windows.issue_days, windows.labels(np.arange(len(windows)))[..., 0]

    def static_rates(self) -> dict[str, np.ndarray]:
        """Daily rates of target events (rows, columns): uniform, rate and smoothed, all from the training period."""
        grid, train = self.region.grid, self.split.train
        seen = self.catalog.between(train.first, train.last + np.timedelta64(1, "D"))
        targets = seen.above(self.recipe.magnitude)
        rate = historical_rate(targets, grid, train.days)
        validation = self.maps.above(self.recipe.magnitude).cell_days
        low, high = (self.maps.index(day) for day in (self.split.validation.first, self.split.validation.last))
        part = slice(validation.offsets[low], validation.offsets[high + 1])
        counts = np.bincount(validation.cell[part], validation.count[part], grid.rows * grid.columns).reshape(
            grid.shape
        )
        total = float(rate.sum())
        # The many small events tell where the few large ones will be; their number is that of the large ones.
        neighbours = choose_neighbours(seen, grid, train.days, counts, total_per_day=total)
        return {
            "uniform": np.full(grid.shape, total / rate.size),
            "rate": rate,
            "smoothed": smoothed_rate(seen, grid, train.days, neighbours, total),
        }

    def truth(self, days: np.ndarray) -> np.ndarray | None:
        """Expected target events (issues, rows, columns) of a simulated region's own intensity; None for real data."""
        if not self.region.source.simulator:
            return None
        a, b = (np.timedelta64(n, "D") for n in self.recipe.window_days)
        return self.region.simulated().expected_counts(
            self.region.grid, days + a, days + b, issued=days, magnitude=self.recipe.magnitude
        )


def train(recipe: Forecasting, data: Path | None, folder: Path, resume: bool) -> Outcome:
    """Build, fit and score one forecaster."""
    setting = Setting(recipe, data)
    rates = setting.static_rates()
    static = {name: window_probability(rate, setting.days) for name, rate in rates.items()}
    network, seed = _network(setting, static, folder, resume)

    days, labels = setting.labels(setting.split.test)
    windows = setting.windows(setting.split.test, setting.days)
    answer = predict(network, windows)
    reference = "uniform" if recipe.architecture in static else "smoothed"
    others = {name: np.broadcast_to(p, labels.shape) for name, p in static.items() if name != recipe.architecture}
    results = _results(recipe.name, answer, others, labels, days, reference, _ceiling(setting))
    return Outcome(network, {"maps": windows.inputs([0, len(windows) // 2])}, _card(setting, results, windows, seed))


def predict(network, windows: Windows, batch: int = 16) -> np.ndarray:
    """Probabilities (issues, rows, columns) of all windows."""
    parts = [
        np.asarray(
            network({"maps": windows.inputs(np.arange(i, min(i + batch, len(windows))))}, training=False)["probability"]
        )
        for i in range(0, len(windows), batch)
    ]
    return np.concatenate(parts).astype(np.float64)


def _network(setting: Setting, static: dict[str, np.ndarray], folder: Path, resume: bool):
    """The recipe's network with its weights, and the seed that validation chose."""
    import keras
    from keras import ops

    from ..zoo.forecast.constant import constant
    from ..zoo.forecast.recurrent import cnn_lstm
    from .fit import fit

    recipe, grid = setting.recipe, setting.region.grid
    if recipe.architecture in static:
        network = constant(grid.rows, grid.columns)
        network.get_layer("logits").set_prior(static[recipe.architecture])
        return network, None

    train = setting.windows(setting.split.train, recipe.train_every_days)
    validation = setting.windows(setting.split.validation, setting.days)

    def loss(label, logit):
        label = ops.reshape(label, ops.shape(logit))
        weight = 1.0 + (recipe.positive_weight - 1.0) * label
        return ops.mean(weight * ops.binary_crossentropy(label, logit, from_logits=True))

    from ..datasets.pipeline import tf_dataset

    trials = []
    for seed in recipe.fit.seeds:
        keras.utils.set_random_seed(seed)
        network = cnn_lstm(
            grid.rows,
            grid.columns,
            recipe.steps,
            recipe.prior_shift,
            embedding=recipe.embedding,
            hidden=recipe.hidden,
            learned=True,
        )
        network.get_layer("logits").set_prior(static["smoothed"])
        place = folder / f"seed-{seed}"
        place.mkdir(exist_ok=True)

        def epoch_of(epoch: int, seed=seed):
            return tf_dataset(train, recipe.fit.batch, shuffle_seed=seed, first_epoch=epoch)

        course = fit(network, loss, epoch_of, tf_dataset(validation, 16), recipe.fit, seed, place, resume)
        trials.append((course.best_loss, seed, network))
    _, seed, network = min(trials, key=lambda trial: trial[0])
    return network, seed


def _ceiling(setting: Setting) -> np.ndarray | None:
    """The probability by the true intensity, its mean count turned into one on the validation period."""
    from .recalibration import recalibrate

    days, labels = setting.labels(setting.split.validation)
    expected = setting.truth(days)
    if expected is None:
        return None
    return recalibrate(expected, labels).apply(setting.truth(setting.labels(setting.split.test)[0]))


def _results(name, answer, others, labels, days, reference, ceiling) -> list[Result]:
    """Scores on the test period, with intervals from blocks of 30 days."""
    block = time_blocks(days)

    def gain(model: str, probability, over) -> Score:
        nats, positives = bernoulli_gain_by_day(probability, over, labels)
        return scored(model, ratio_interval(nats, positives, block, np.random.default_rng(0)))

    def brier(model: str, probability) -> Score:
        squared = ((probability - labels) ** 2).mean(axis=(1, 2))
        # A Brier score of rare events is small; in thousandths it can be read.
        return scored(model, ratio_interval(1e3 * squared, np.ones(len(days)), block, np.random.default_rng(0)))

    cases = f"{len(days)} windows of {labels[0].size} cells, {int(labels.sum())} hit, from {days[0]} to {days[-1]}"
    over = others[reference]
    rows = []
    for score, of, better in (
        (f"information gain over {reference}, nats a hit cell", lambda n, p: gain(n, p, over), True),
        ("Brier score x 1000", brier, False),
    ):
        rows.append(
            Result(
                score=score,
                cases=cases,
                ours=of(name, answer),
                baselines=tuple(of(other, probability) for other, probability in others.items()),
                ceiling=None if ceiling is None else of("true intensity", ceiling),
                higher_is_better=better,
            )
        )
    return rows


def _card(setting: Setting, results: list[Result], windows: Windows, seed: int | None) -> dict:
    recipe, region, split = setting.recipe, setting.region, setting.split
    fails = [
        f"it knows only {region.title} and this grid; elsewhere it has no meaning",
        f"M >= {recipe.magnitude:g} is an event of any size above: it says nothing of the size of the next one",
    ]
    if recipe.architecture in ("rate", "smoothed"):
        fails.append(
            "it is the same every day: aftershocks are as unlikely the day after a mainshock as the day before"
        )
    simulated = bool(region.source.simulator)
    return {
        "summary": first_line(recipe.summary, region.title, simulated, results),
        "settings": {
            "grid": region.grid.to_dict(),
            "steps": recipe.steps,
            "channels": list(CHANNELS),
            "input_magnitude": region.m0,
            "window_days": list(recipe.window_days),
            "magnitude": recipe.magnitude,
            **({} if seed is None else {"seed_kept": seed}),
        },
        "threshold": Threshold(value=0.5, chosen="not tuned: a forecast is used as a probability"),
        "data": Data(
            name=region.name,
            version="1",
            source=region.title,
            licence="Apache-2.0" if simulated else "see the agency",
            simulated=simulated,
            period=f"{split.train.first} to {split.test.last}",
            completeness=region.m0,
            events=len(setting.catalog),
        ),
        "split": CardSplit(
            method=f"by time, {split.gap_days} days between",
            **{name: f"{p.first} to {p.last}" for name, p in vars(split).items()},
        ),
        "results": results,
        "fails": fails,
    }
