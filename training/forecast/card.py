"""What a forecaster's card says: results beside the baselines, settings, data, split and where it fails."""

from __future__ import annotations

from ...zoo.card import Data, Result, Score, Threshold
from ...zoo.card import Split as CardSplit
from ..outcome import first_line, scored
from ..scores.intervals import Interval
from .case import ForecastCase
from .court import Court, Judged
from .recipe import Forecasting

STATIC = ("uniform", "rate", "smoothed")


def results_of(
    court: Court, ours: Judged, others: list[Judged], ceiling: Judged | None, made: dict | None = None
) -> list[Result]:
    """Scores on the test period, the gain over the smoothed rate (over uniform, for that rate itself) first.

    Arguments:
        made: scores of `others` and of `ceiling` by (score, name), of earlier calls; new ones are added.
    """
    made = {} if made is None else made
    known = {other.name: other for other in others}
    reference = known.get("smoothed") or known["uniform"]
    scores = (
        (f"information gain over {reference.name}, nats {court.unit}", lambda f: court.gain(f, reference), True),
        ("ROC AUC", court.roc_auc, True),
        ("ROC AUC within active cells", lambda f: court.roc_auc(f, active=True), True),
        # A Brier score of rare events is small; in thousandths it can be read.
        ("Brier score x 1000", lambda f: _times(court.brier(f), 1e3), False),
    )

    def once(name: str, score, forecast: Judged) -> Score:
        if (name, forecast.name) not in made:
            made[name, forecast.name] = scored(forecast.name, score(forecast))
        return made[name, forecast.name]

    return [
        Result(
            score=name,
            cases=court.cases(),
            ours=scored(ours.name, score(ours)),
            baselines=tuple(once(name, score, other) for other in others),
            ceiling=None if ceiling is None else once(name, score, ceiling),
            higher_is_better=better,
        )
        for name, score, better in scores
    ]


def _times(interval: Interval, factor: float) -> Interval:
    value, low, high = (factor * v for v in interval[:3])
    return interval._replace(value=value, low=low, high=high)


def card_fields(recipe: Forecasting, case: ForecastCase, results: list[Result], settings: dict) -> dict:
    """The fields of the card that a forecast's training knows."""
    region, split, protocol = case.region, case.split, case.protocol
    fails = [
        f"it knows only {region.title} and this grid; elsewhere it has no meaning",
        f"M >= {case.magnitude:g} is an event of any size above: it says nothing of the size of the next one",
    ]
    if recipe.architecture in STATIC:
        fails.append(
            "it is the same every day: aftershocks are as unlikely the day after a mainshock as the day before"
        )
    elif recipe.architecture.startswith("etas"):
        fails.append("one set of parameters for all sequences: the total after a great mainshock can be far off")
    elif recipe.architecture in ("rtl-boosting", "indicator-boosting"):
        fails.append("its features hold no map of places: what it knows of a cell is its recent past alone")
    else:
        fails.append(
            "in the hours after a large event small ones are missing from catalogues, and it takes that for calm"
        )
    if recipe.crops:
        fails.append(
            "each layer takes the maximum over 3 x 3 cells: what it has seen is blurred over tens of kilometres, "
            "while most aftershocks lie in the mainshock's own cells"
        )
        if recipe.crops.shortcut:
            fails.append(recipe.crops.shortcut)
    simulated = bool(region.source.simulator)
    return {
        "summary": first_line(recipe.summary, region.title, simulated, results),
        "settings": {
            "grid": region.grid.to_dict(),
            "input_magnitude": region.m0,
            "window_days": list(protocol.window_days),
            "magnitude": case.magnitude,
            "protocol": protocol.name,
            **settings,
        },
        "threshold": Threshold(value=0.5, chosen="not tuned: a forecast is used as a probability"),
        "data": Data(
            name=region.name,
            version=case.data_sha256[:12],
            source=region.title,
            licence="Apache-2.0" if simulated else "see the agency",
            simulated=simulated,
            period=f"{split.train.first} to {split.test.last}",
            completeness=region.m0,
            events=len(case.catalog.between(split.train.first, split.test.last)),
        ),
        "split": CardSplit(
            method="by time; targets of one period end before the next begins",
            **{name: f"{p.first} to {p.last}" for name, p in vars(split).items()},
        ),
        "results": results,
        "fails": fails,
    }
