"""What each idea for a network on an ETAS forecast gives in the validation period; the test is never looked at."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from functools import cache

import numpy as np

from ...datasets.atomic import replacing
from ...training.forecast.residual_sample import ErrorSample, joined
from .residual_bench import BELOW, FIELDS_KM, Bench
from .residual_learners import DEPTH, HIDDEN, TREES, chosen_ridge, dispersion_of, head, networks, trees

REGIONS = ("japan", "norcal", "socal")
# Networks of an ensemble, a seed.
ENSEMBLE = 3
COLUMNS = ("region", "split", "idea", "gain", "low", "high", "seeds")
COLUMNS += ("over_recipe", "over_recipe_low", "over_recipe_high", "first_half", "second_half")


def ideas_of(bench: Bench, all_samples: Callable[[], list[ErrorSample]]) -> dict[str, Callable[[], np.ndarray]]:
    """By the name of each idea, what makes its addition to the log ETAS rate of validation, (issues, rows, columns)."""
    groups, ridge = bench.groups, bench.recipe.residual.ridge
    recipe = groups["recipe"]
    near, recent, wide = (bench.channel(*c) for c in ((15.0, 364.0), (30.0, 28.0), (None, 28.0)))
    few = [near, recent, wide, bench.channel(0.0, 1400.0), bench.channel(150.0, 28.0)]

    answer = cache(bench.answer)

    def by(learner):
        return lambda: answer(learner)

    def linear(channels: list[int], samples=None):
        return lambda: bench.answer(lambda sample, _: head(sample, ridge), channels, samples and samples())

    def nets(sample, seed):
        return networks(sample, ridge, range(ENSEMBLE * seed, ENSEMBLE * (seed + 1)))

    def ensemble():
        return np.mean([linear(recipe)(), answer(nets), answer(trees)], axis=0)

    ideas = {
        "ETAS as it is": lambda: np.zeros_like(bench.log_etas),
        "ETAS times observed over expected of the whole region, a year": (
            lambda: bench.features[..., bench.channel(None, 364.0)]
        ),
        "share of the background alone": linear([recipe[-1]]),
        "one error: 15 km, a year": linear([near]),
        "two errors: 15 km a year, 30 km four weeks": linear([near, recent]),
        "five errors, cell to region, four weeks to four years": linear(few),
        recipe_of(bench): linear(recipe),
        "the same, one head for all regions": linear(recipe, all_samples),
        "the same on the smoothed rate in the place of ETAS": lambda: _on_smoothed(bench),
        "the same by a negative-binomial likelihood": by(lambda s, _: head(s, ridge, dispersion_of(s))),
        "the same, ridge chosen within the training period": by(lambda s, _: head(s, chosen_ridge(s))),
        f"the same beside {HIDDEN} hidden units": by(lambda s, seed: networks(s, ridge, range(seed, seed + 1))),
        f"mean of {ENSEMBLE * len(bench.samples)} such networks": by(nets),
        f"the same features, {TREES} trees of depth {DEPTH}": by(trees),
        "mean of the head, these networks and these trees": ensemble,
        "the same beside five errors of 3 x 3 cells": linear(groups["3 x 3"]),
        f"errors of {FIELDS_KM[0]:g}, {FIELDS_KM[1]:g} and {FIELDS_KM[2]:g} km in their place": linear(
            groups["fields"]
        ),
        "the same beside the log ETAS rate and its square": linear(recipe + groups["rate"]),
        "the same beside recent events in log bins of age": linear(recipe + groups["ages"]),
        "the same beside the largest magnitudes": linear(recipe + groups["magnitudes"]),
        "the same beside the completeness of four weeks": linear(recipe + groups["completeness"]),
        "the same beside the smoothed rate of all the past": linear(recipe + groups["past and ETAS"]),
    }
    if "below m0" in groups:
        name = f"the same beside recent events of M >= {BELOW[bench.recipe.region]:g}"
        ideas[name] = linear(recipe + groups["below m0"])
    return ideas


def recipe_of(bench: Bench) -> str:
    """The name of what the recipe does."""
    return f"{len(bench.recipe.residual.errors)} errors and the share of the background"


def _on_smoothed(bench: Bench) -> np.ndarray:
    """The smoothed rate of the training period, corrected by the same features; as what it adds to the log ETAS rate.

    It has seen the weeks that its correction is learnt on, as every prior had that was published with a network.
    """
    log_rate = np.log(bench.fits.smoothed * bench.fits.case.protocol.days).astype(np.float32)
    samples = [s._replace(log_etas=log_rate.ravel()[s.cell]) for s in bench.samples]
    ridge = bench.recipe.residual.ridge
    return log_rate - bench.log_etas + bench.answer(lambda sample, _: head(sample, ridge), samples=samples)


def run(data: str | os.PathLike | None = None, regions: tuple[str, ...] = REGIONS) -> list[dict]:
    """A row for each region and idea, in the columns of `COLUMNS`.

    The gain is that over ETAS calibrated on the same period, both rescaled to its events: calibrated ETAS has seen what
    it is judged by, the ideas have not. It is in nats an event, with the interval of blocks of 30 days; beside it the
    gain over what the recipe does, with its interval, and in each half of the period.
    """
    benches = [Bench.of(name, data) for name in regions]
    rows = []
    for bench in benches:
        ideas = ideas_of(bench, lambda: together(benches))
        recipe = ideas[recipe_of(bench)]()
        rows += [row_of(bench, idea, make(), recipe) for idea, make in ideas.items()]
    return rows


def row_of(bench: Bench, idea: str, residual: np.ndarray, recipe: np.ndarray) -> dict:
    """The scores of an idea's residual."""
    values = (*bench.gain(residual), *bench.gain_over(residual, recipe))
    gain, low, high, *over = (f"{value:.4f}" for value in values)
    seeds = " ".join(str(seed) for seed in bench.recipe.fit.seeds)
    row = (bench.recipe.region, f"{bench.recipe.split} validation", idea, gain, low, high, seeds, *over)
    return dict(zip(COLUMNS, row, strict=True))


def together(benches: list[Bench]) -> list[ErrorSample]:
    """Samples of several regions, one for each seed; each fold keeps a level of its own."""
    found = []
    for same_seed in zip(*(bench.samples for bench in benches), strict=True):
        first, moved = 0, []
        for bench, sample in zip(benches, same_seed, strict=True):
            x = np.zeros((len(sample.x), 1 + max(bench.groups["recipe"])), np.float32)
            x[:, bench.groups["recipe"]] = sample.x[:, bench.groups["recipe"]]
            moved.append(sample._replace(x=x, fold=sample.fold + first))
            first += int(sample.fold.max()) + 1
        found.append(joined(moved))
    return found


def write_csv(rows: list[dict], path: str | os.PathLike) -> None:
    """Write the table, whole or not at all."""
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def to_text(rows: list[dict]) -> str:
    """The table for people."""
    lines = ["rescaled gain over calibrated ETAS in the validation period, nats an event; gain over the recipe"]
    for r in rows:
        ours = f"{r['gain']:>8s} [{r['low']:>7s}, {r['high']:>7s}]"
        over = f"{r['over_recipe']:>8s} [{r['over_recipe_low']:>7s}, {r['over_recipe_high']:>7s}]"
        lines.append(f"{r['region']:8s} {ours} {over}  {r['idea']}")
    return "\n".join(lines)
