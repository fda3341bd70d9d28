"""pyCSEP's N, S and L tests on rate forecasts that were written in its own format and read back."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.csep_forecast import read_csep, resampled, write_csep
from ...datasets.grid import Grid


def observed(catalog: Catalog, forecast):
    """The catalogue's events of a forecast's region and magnitudes as a pyCSEP catalogue, and the number left out."""
    from csep.core.catalogs import CSEPCatalog

    region = forecast.region
    catalog = catalog.above(forecast.min_magnitude)
    # Longitudes as the region counts them, which runs past 180 where it crosses the date line.
    longitude = region.xs[0] + (catalog.longitude - region.xs[0] + 1e-9) % 360.0 - 1e-9
    inside = np.zeros(len(catalog), dtype=bool)
    if len(catalog):
        inside = ~region.get_masked(longitude, catalog.latitude)
    milliseconds = catalog.time.astype("datetime64[ms]").astype(np.int64)
    depth_km = np.nan_to_num(catalog.depth_km, nan=0.0)
    events = [
        (str(i), int(milliseconds[i]), catalog.latitude[i], longitude[i], depth_km[i], catalog.magnitude[i])
        for i in np.nonzero(inside)[0]
    ]
    return CSEPCatalog(data=events, region=region, name="observed", compute_stats=False), int((~inside).sum())


class Consistency(NamedTuple):
    """pyCSEP's answers for one forecast: N below .025 on either side, or S or L below .05, rejects it at 95 %.

    Arguments:
        events, expected: observed and forecast numbers; `outside` events lay in no square and were left out.
        at_least, at_most: N test, the chances of at least and at most that many events.
        spatial: S test, the share of simulated catalogues whose places are no likelier than the observed ones; NaN
            without events.
        likelihood: L test, the same for the joint likelihood of number and places.
    """

    events: int
    outside: int
    expected: float
    at_least: float
    at_most: float
    spatial: float
    likelihood: float


def consistency(forecast, catalog: Catalog, seed: int, simulations: int = 1000) -> Consistency:
    """N, S and L tests of a gridded rate forecast (Schorlemmer et al. 2007; Zechar et al. 2010), run by pyCSEP.

    All three take the events as independent and Poisson: in a sequence they reject good forecasts too. The rates must
    be those of the whole test period, from windows that do not overlap (protocols P2).

    Arguments:
        forecast: what `read_csep` returns.
        catalog: events of the test period.
    """
    from csep.core import poisson_evaluations as tests

    events, outside = observed(catalog, forecast)
    at_least, at_most = tests.number_test(forecast, events).quantile
    rng = np.random.default_rng(seed)
    spatial = np.nan
    # Squares of rate 0 give a logarithm of minus infinity, which is meant.
    with np.errstate(divide="ignore", invalid="ignore"):
        if events.event_count:
            numbers = rng.random((simulations, events.event_count))
            spatial = tests.spatial_test(forecast, events, simulations, random_numbers=numbers).quantile
        # The L test draws its numbers of events from numpy's global generator, which is put back as it was.
        state = np.random.get_state()  # noqa: NPY002
        try:
            likelihood = tests.likelihood_test(forecast, events, simulations, seed=int(rng.integers(2**31))).quantile
        finally:
            np.random.set_state(state)  # noqa: NPY002
    return Consistency(
        int(events.event_count),
        outside,
        float(forecast.event_count),
        float(at_least),
        float(at_most),
        float(spatial),
        float(likelihood),
    )


def csep_tests(
    rate,
    grid: Grid,
    catalog: Catalog,
    minimum_magnitude: float,
    seed: int,
    path: str | os.PathLike | None = None,
    cell_degrees: float = 0.1,
    simulations: int = 1000,
) -> Consistency:
    """Write a forecast in pyCSEP's format (and keep it at `path`), read it back and test it.

    Arguments:
        rate: events expected in the whole test period, (rows, columns).
        catalog: events of that period; those outside the grid are counted and left out.
    """
    _, _, inside = grid.cells(catalog.latitude, catalog.longitude)
    lattice = resampled(rate, grid, cell_degrees)
    with tempfile.TemporaryDirectory() as folder:
        forecast = read_csep(write_csep(lattice, minimum_magnitude, path or Path(folder) / "forecast.dat"))
    large = catalog.magnitude >= minimum_magnitude
    result = consistency(forecast, catalog[inside], seed, simulations)
    return result._replace(outside=result.outside + int((large & ~inside).sum()))
