"""The card of a residual network: gains over ETAS and over calibrated ETAS, as given and rescaled, and seed by seed."""

from __future__ import annotations

import time

import numpy as np

from ...zoo.card import Result, Score
from ..outcome import Outcome, scored
from .card import card_fields
from .court import Court, Judged, judged
from .recipe import Forecasting
from .rivals import Rivals

REFERENCES = ("etas-calibrated", "etas")


def gains_over(court: Court, ours: Judged, others: list[Judged], reference: Judged, rescaled: bool) -> Result:
    """Gains of a forecaster and of the others over one of them, all on the same days."""

    def gain(forecast: Judged) -> Score:
        if forecast.name == reference.name:
            return Score(model=reference.name, value=0.0, low=0.0, high=0.0)
        return scored(forecast.name, court.gain(forecast, reference, rescaled))

    how = ", each rescaled to the observed total" if rescaled else ""
    return Result(
        score=f"information gain over {reference.name}, nats {court.unit}{how}",
        cases=court.cases(),
        ours=gain(ours),
        baselines=tuple(gain(other) for other in others),
    )


def residual_outcome(
    recipe: Forecasting,
    rivals: Rivals,
    began: float,
    network,
    rates: dict[str, np.ndarray],
    golden: dict,
    settings: dict,
    etas,
) -> Outcome:
    """Score the test forecasts and fill the card; the first result decides what its first line says.

    Arguments:
        began: `time.monotonic()` of the training's beginning.
        network, rates, golden, settings, etas: what `residual_fit.finished` gave.
    """
    case, court = rivals.case, rivals.court
    ours = judged(recipe.name, case.protocol, rates["mean"])
    names = list(dict.fromkeys((*recipe.baselines, *REFERENCES)))
    others = [rivals.judged(name) for name in names]
    results = [
        gains_over(court, ours, others, rivals.judged(reference), rescaled)
        for reference in REFERENCES
        for rescaled in (True, False)
    ]
    reference = rivals.judged(REFERENCES[0])
    for name, rate in rates.items():
        if name != "mean":
            alone = judged(recipe.name, case.protocol, rate)
            one = gains_over(court, alone, [reference], reference, True)
            results.append(one.model_copy(update={"score": f"{one.score}, {name} alone"}))
    results += rivals.results(ours, names)
    fields = card_fields(recipe, case, results, settings)
    if results[0].ours.low <= 0 and not fields["summary"].startswith("LOSES"):
        fields["summary"] = f"NOT CLEARLY BETTER than {REFERENCES[0]}, its interval holds zero: {fields['summary']}"
    fields["settings"]["etas_fit"] = {
        "seconds": round(float(rivals.fits.seconds_of("etas")), 1),
        "parameters": {k: round(float(v), 5) for k, v in vars(etas.parameters).items() if v is not None},
        "at_bound": list(etas.at_bound),
        "period": list(etas.period),
    }
    low, value, high = (settings["validation_gain"][i] for i in (1, 0, 2))
    fields["fails"] += [
        "where ETAS fails in a way that its last three years do not show, it fails as ETAS does",
        f"its rescaled gain over calibrated ETAS in the validation period was {value:.3f} [{low:.3f}, {high:.3f}]",
    ]
    # Whatever a cache had a part in.
    fields["wall_time_s"] = round(time.monotonic() - began + settings["seconds_of_etas_and_features"], 1)
    return Outcome(network, golden, fields, etas=etas)
