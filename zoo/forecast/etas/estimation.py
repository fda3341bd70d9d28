"""Fits a space-time ETAS model to a catalogue: parameters and background by turns."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from ....datasets.catalog import Catalog
from ....datasets.errors import InputError
from ....datasets.period import Period
from ....datasets.progress import track
from ....datasets.regions import Region
from ....datasets.simulate.etas_background import MapBackground, MixtureBackground
from ....datasets.simulate.etas_parameters import EtasParameters
from ..rates import FLOOR_SHARE
from .declustering import Declustering
from .fit import TEN_YEARS_DAYS, EtasFit
from .likelihood import NAMES, EtasLikelihood, theta_of, values_of
from .maximum import maximise, pressed, standard_errors
from .observation import EtasObservation, padded

# How many other background events a kernel of the background is wide enough to hold: one of these. With fewer than
# three, kernels follow what is left of aftershock sequences.
NEIGHBOURS = (3, 5, 8, 12, 18, 27, 40)
# The Gutenberg-Richter law ends this far above the largest event seen: with an open end, offspring would be counted of
# events far beyond all experience where alpha comes close to b ln 10. No earthquake is larger than M 10.
ROOM_ABOVE, LARGEST = 1.0, 10.0
# A round that moves the parameters by less than this, in the metric of the information, is the last one:
# three hundredths of a standard error.
AT_REST = 1e-3
MOST_ROUNDS = 40
STEPS_A_ROUND = 4


def fit_etas(
    catalog: Catalog,
    region: Region,
    period: Period,
    *,
    start: dict[str, float] | None = None,
    background: MapBackground | MixtureBackground | None = None,
    history_days: float = TEN_YEARS_DAYS,
    neighbours: tuple[int, ...] = NEIGHBOURS,
    blind: bool = True,
    errors: bool = True,
) -> EtasFit:
    """Maximum likelihood of a period's events, the background by stochastic declustering.

    By turns, the parameters are fitted to the background at hand, and the background is drawn again from all events
    weighted by their probability of being one, until both are at rest (Zhuang, Ogata and Vere-Jones 2002, algorithm 1).
    The events of m0 and more in the grid's padded box count; those before the period are parents only, and nothing
    after the period's last day is looked at.

    Arguments:
        catalog: events; others than the region's (`Region.select`) are left out.
        region: its grid, m0 and padding_km are used; the grid must be in km.
        period: what is fitted, for instance `region.split("hard").train`.
        start: where to begin, any of the eight parameters by name.
        background: a known one, which is then not estimated.
        history_days: how long before the period events count as parents; what older ones still cause is left to the
            background. No other limit in time or space is set.
        neighbours: candidates, ascending, for how many other background events a kernel of the background holds. Each
            round goes a place up or down where the period's events are likelier, each judged by kernels of other times.
        blind: leave out the hours after large events, when small ones are missed.
        errors: also compute standard errors, at the cost of 16 gradients.
    """
    began = perf_counter()
    grid = padded(region.grid, region.padding_km)
    observation = EtasObservation.of(catalog, grid, region.m0, period, history_days, blind)
    b = gutenberg_richter_slope(region.m0 + observation.excess[observation.target], region.m0)
    theta = _start(start or {}, observation, b)
    steps = rounds = 0
    x, y = observation.x_km[observation.target], observation.y_km[observation.target]
    chosen = None
    if background is None:
        declustering = Declustering(observation.t_days[observation.target], x, y, grid)
        weight, chosen = np.ones(len(x)), neighbours[len(neighbours) // 2]
        likelihood = EtasLikelihood(observation, declustering.density_at_events(weight, chosen))
        at_rest = False
        for _ in track(range(MOST_ROUNDS), "declustering"):
            best = maximise(likelihood, theta, STEPS_A_ROUND)
            moved = best.theta - theta
            theta, steps, rounds = best.theta, steps + best.steps, rounds + 1
            at_rest = at_rest and best.converged and moved @ best.at.information @ moved < AT_REST
            if at_rest:
                break
            weight, before = likelihood.background_probability(theta), chosen
            place = neighbours.index(chosen)
            near = neighbours[max(place - 1, 0) : place + 2]
            densities = {k: declustering.density_at_events(weight, k) for k in near}
            chosen = max(near, key=lambda k: likelihood.log_rates(theta, densities[k]))
            at_rest, likelihood.density = chosen == before, densities[chosen]
        map_background = MapBackground(grid, declustering.shares(weight, chosen))
    else:
        at_rest = True
        likelihood = EtasLikelihood(observation, background.density(x, y))
        edges = (grid.x0 + grid.cell_x * np.arange(grid.columns + 1), grid.y0 + grid.cell_y * np.arange(grid.rows + 1))
        map_background = MapBackground(grid, background.cell_shares(*edges))
    best = maximise(likelihood, theta)
    found = dict(zip(NAMES, values_of(best.theta).tolist(), strict=True))
    at_bound = tuple(np.array(NAMES)[pressed(best.theta, best.at.gradient)].tolist())
    return EtasFit(
        parameters=EtasParameters(
            **found, b=b, m0=region.m0, m_max=min(region.m0 + float(observation.excess.max()) + ROOM_ABOVE, LARGEST)
        ),
        background=map_background,
        standard_errors=standard_errors(likelihood, best) if errors else dict.fromkeys(NAMES),
        at_bound=at_bound,
        period=(str(period.first), str(period.last)),
        log_likelihood=best.at.value,
        targets=len(observation.target),
        parents=len(observation.t_days),
        hidden_days=round(period.days - observation.days, 6),
        iterations=steps + best.steps,
        rounds=rounds,
        converged=bool(at_rest and best.converged),
        seconds=round(perf_counter() - began, 1),
        settings={
            "history_days": float(history_days),
            "neighbours": chosen,
            "floor_share": FLOOR_SHARE,
            "blind": blind,
            "background": "declustered" if background is None else "given",
        },
    )


def gutenberg_richter_slope(magnitude, m0: float) -> float:
    """b of magnitudes from m0 up, log10(e) / (mean - m0 + step / 2) (Aki 1965; Utsu 1966).

    The step is 0.1 or 0.01 where all magnitudes are multiples of it, and nothing otherwise.

    >>> round(gutenberg_richter_slope([4.5, 4.6, 5.0, 5.1], 4.5), 4)
    1.2408
    """
    magnitude = np.asarray(magnitude, dtype=np.float64)
    steps = (step for step in (0.1, 0.01) if np.allclose(magnitude / step, np.round(magnitude / step), atol=1e-6))
    excess = float(magnitude.mean()) - m0 + next(steps, 0.0) / 2
    if not excess > 0:
        raise InputError("magnitudes of several sizes", f"all of {m0:g}", "take a longer period or a lower m0")
    return float(np.log10(np.e) / excess)


def _start(given: dict[str, float], observation: EtasObservation, b: float) -> np.ndarray:
    unknown = sorted(set(given) - set(NAMES))
    if unknown:
        raise InputError(f"a start for some of {', '.join(NAMES)}", ", ".join(unknown), "mend the names")
    beta = b * np.log(10)
    values = {
        "mu_per_day": 0.5 * len(observation.target) / observation.days,
        # Half of all events are offspring.
        "K": max(0.5 * (beta - 1.2) / beta, 0.1),
        "alpha": 1.2,
        "c_days": 0.01,
        "p": 1.1,
        "D_km2": 1.0,
        "gamma": 1.0,
        "q": 1.7,
    }
    return theta_of([{**values, **given}[name] for name in NAMES])
