"""What the shortcuts of the recurrent step cost in score: `python -m foreshock.benchmarks.speed.recurrent_cost`.

Each network of the zoo is rolled through the validation period exactly, in bfloat16, on bands, and by two days a step;
every forecast is recalibrated alike on that period. The test period is not read.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.regions import Region
from ...training.forecast.case import ForecastCase
from ...training.forecast.court import BLOCK_DAYS
from ...training.forecast.network import days_of
from ...training.forecast.protocol import Protocol
from ...training.recipe import read_recipe
from ...training.scores.information import bernoulli_gain_by_day
from ...training.scores.intervals import ratio_interval, time_blocks
from ...training.scores.recalibration import recalibrate
from ...zoo import registry
from .bands import active_cells, band_model, bands_of, empty_state, share_of_map

NETWORKS = ("cnn-lstm-prior-norcal", "cnn-lstm-prior-japan")
RESULT = Path(__file__).parents[1] / "results" / "recurrent-shortcuts.csv"
# Name -> precision of the convolutions, on bands, days a step.
SHORTCUTS = {
    "exact": (None, False, 1),
    "bfloat16": ("bfloat16", False, 1),
    "bands": (None, True, 1),
    "bfloat16, bands": ("bfloat16", True, 1),
    "bfloat16, bands, two days a step": ("bfloat16", True, 2),
    "bfloat16, bands, four days a step": ("bfloat16", True, 4),
}


def rolled(network, case: ForecastCase, days: np.ndarray, warm_up: int, precision, bands, stride: int) -> np.ndarray:
    """Probabilities (issues, rows, columns) of a network rolled through the days before and between the issues.

    Arguments:
        bands: rectangles to compute on, elsewhere the prior stands; None for the whole map.
        stride: days a step; each cell then holds the largest magnitude of them.
    """
    import tensorflow as tf

    from ...zoo.forecast.recurrent import head_model, state_model
    from ...zoo.layers.recurrent import convolve_in

    convolve_in(network, precision)
    advance = tf.function(band_model(network, bands) if bands else state_model(network), autograph=False)
    answer = tf.function(head_model(network), autograph=False)
    hidden = network.get_layer("recurrent").hidden
    state = empty_state(bands, hidden) if bands else dict.fromkeys("hc", np.zeros((1, *case.grid.shape, hidden), "f"))
    prior = 1 / (1 + np.exp(-np.asarray(network.get_layer("logits").prior_logit)))
    issue = case.maps.index(days)
    day, answers = int(issue.min()) - warm_up, []
    for stop in issue.tolist():
        while day < stop:
            step = min(stride, stop - day)
            maps = days_of(case, day, day + step).max(axis=0, keepdims=True)[None]
            state = {name.removesuffix("_next"): value for name, value in advance({"maps": maps, **state}).items()}
            day += step
        answers.append(_answered(answer, state, bands, prior))
    convolve_in(network, None)
    return np.stack(answers)


def _answered(answer, state: dict, bands, prior: np.ndarray) -> np.ndarray:
    if not bands:
        return answer({"h": state["h"]})["probability"].numpy()[0]
    h = np.zeros((1, *prior.shape, state["h0"].shape[-1]), np.float32)
    inside = np.zeros(prior.shape, bool)
    for index, band in enumerate(bands):
        h[:, *band.cells], inside[band.cells] = state[f"h{index}"], True
    return np.where(inside, answer({"h": h})["probability"].numpy()[0], prior)


def costs(name: str, data: Path) -> list[dict]:
    """A row for each shortcut: its gain over the prior in validation, and what it loses to the exact roll."""
    recipe = read_recipe(name)
    region, protocol = Region.named(recipe.region, data), Protocol.of_window(recipe.window_days)
    case = ForecastCase.of(region, protocol, recipe.split, recipe.magnitude, data)
    network, days = registry.load(name).keras, case.issue_days("validation")
    label, block = case.counts("validation") > 0, time_blocks(days, BLOCK_DAYS)
    prior = 1 / (1 + np.exp(-np.asarray(network.get_layer("logits").prior_logit, np.float64)))
    bands = bands_of(active_cells(prior))

    def recalibrated(probability) -> np.ndarray:
        rate = -np.log1p(-np.minimum(probability.astype(np.float64), 1 - 1e-7))
        return recalibrate(rate, label).apply(rate)

    def gain(probability, over):
        return ratio_interval(*bernoulli_gain_by_day(probability, over, label), block, np.random.default_rng(0))

    rows, exact = [], None
    bar = recalibrated(np.broadcast_to(prior, label.shape))
    for shortcut, (precision, on_bands, stride) in SHORTCUTS.items():
        began = time.monotonic()
        used = bands if on_bands else None
        answered = rolled(network, case, days, recipe.crops.warm_up_days, precision, used, stride)
        found = recalibrated(answered)
        exact = found if exact is None else exact
        ours, lost = gain(found, bar), gain(exact, found)
        rows.append(
            {
                "network": name,
                "shortcut": shortcut,
                "share_of_map": share_of_map(bands, prior.shape) if on_bands else 1.0,
                **{f"gain_over_prior{end}": v for end, v in zip(("", "_low", "_high"), ours[:3], strict=True)},
                **{f"lost{end}": v for end, v in zip(("", "_low", "_high"), lost[:3], strict=True)},
                "cases": f"{len(days)} validation windows, {int(label.sum())} cells hit",
                "seconds": round(time.monotonic() - began, 1),
            }
        )
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def main() -> None:
    """Measure the networks named and keep the rows."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0] + ", on validation")
    parser.add_argument("names", nargs="*", default=list(NETWORKS))
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    rows = [row for name in arguments.names for row in costs(name, arguments.data)]
    with replacing(RESULT) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({k: round(v, 5) if isinstance(v, float) else v for k, v in row.items()} for row in rows)


if __name__ == "__main__":
    main()
