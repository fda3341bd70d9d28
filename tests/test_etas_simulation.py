"""The ETAS simulator against the theory it draws from, within the sampling errors of fixed seeds."""

from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.datasets.projection import LocalPlane
from foreshock.datasets.simulate.etas import simulate_etas, simulate_events, simulated_counts
from foreshock.datasets.simulate.etas_background import MapBackground, MixtureBackground
from foreshock.datasets.simulate.etas_cells import box_share, cell_share
from foreshock.datasets.simulate.etas_generations import DelaySums
from foreshock.datasets.simulate.etas_intensity import EtasIntensity
from foreshock.datasets.simulate.etas_parameters import EtasParameters
from foreshock.datasets.simulate.etas_region import simulated_catalog, simulated_grid, simulated_model
from scipy import integrate, optimize, stats

DAY = np.timedelta64(86_400_000_000, "us")
REGION = Grid.local(latitude0=38, longitude0=-150, rows=20, columns=20, cell_km=10, x0_km=-100)
UNIFORM = MapBackground(REGION, np.ones((20, 20)))
# A law that ends after thirty days, so that almost every event has had all its offspring.
PARAMETERS = EtasParameters(
    mu_per_day=5.0,
    K=0.2,
    alpha=1.3,
    c_days=0.02,
    p=1.3,
    D_km2=0.5,
    gamma=0.8,
    q=2.2,
    b=1.1,
    m0=3.0,
    m_max=7.0,
    omori_days=30.0,
)


@pytest.fixture(scope="module")
def long_run():
    return simulate_etas(PARAMETERS, UNIFORM, "2000-01-01", "2012-01-01", seed=7, padding_km=300)


@pytest.fixture(scope="module")
def small_run():
    return simulated_catalog(days=400, seed=3)


def pairs(simulated):
    """Delay (days), squared distance (km2) and the parent's index of every event with a listed parent."""
    child = np.flatnonzero(simulated.parent >= 0)
    parent = simulated.parent[child]
    catalog = simulated.catalog
    x, y = REGION.projection.forward(catalog.latitude, catalog.longitude)
    delay = (catalog.time[child] - catalog.time[parent]) / DAY
    return delay, (x[child] - x[parent]) ** 2 + (y[child] - y[parent]) ** 2, parent


# The laws


def test_branching_ratio_is_the_mean_productivity_over_gutenberg_richter():
    p = PARAMETERS
    beta = p.b * np.log(10)
    norm = 1 - np.exp(-beta * (p.m_max - p.m0))
    expected, _ = integrate.quad(
        lambda m: beta * np.exp(-beta * (m - p.m0)) / norm * p.K * np.exp(p.alpha * (m - p.m0)), p.m0, p.m_max
    )
    assert p.branching_ratio() == pytest.approx(expected, rel=1e-9)
    within, _ = integrate.quad(lambda t: (1 + t / p.c_days) ** -p.p, 0, 3, points=[0.1])
    whole, _ = integrate.quad(lambda t: (1 + t / p.c_days) ** -p.p, 0, 30, points=[0.1])
    assert p.branching_ratio(3.0) == pytest.approx(expected * within / whole, rel=1e-6)


def test_branching_ratio_where_alpha_equals_beta():
    # n = K beta d / (1 - exp(-beta d)) with beta = ln 10, d = 2: K 2 ln 10 / (1 - 0.01)
    p = replace(PARAMETERS, K=0.1, b=1.0, alpha=float(np.log(10)), m_max=5.0)
    assert p.branching_ratio() == pytest.approx(0.1 * 2 * np.log(10) / 0.99, rel=1e-9)


@pytest.mark.parametrize(("p", "omori_days"), [(1.2, None), (1.2, 100.0), (1.0, 100.0), (0.8, 100.0), (1.0001, None)])
def test_omori_law(p, omori_days):
    law = replace(PARAMETERS, p=p, c_days=0.05, omori_days=omori_days)
    age = np.array([0.0, 0.01, 1.0, 40.0])
    steps = [0.0, *np.geomspace(1e-3, 40, 9)]
    numeric = sum(integrate.quad(law.omori_density, a, b)[0] for a, b in pairwise(steps))
    assert law.omori_fraction(40.0) == pytest.approx(numeric, rel=1e-8)
    assert law.omori_age(law.omori_fraction(age)) == pytest.approx(age, rel=1e-9)
    assert law.omori_fraction(-1.0) == 0 and law.omori_density(-1.0) == 0
    if omori_days is None:
        assert law.omori_density(2.0) == pytest.approx((p - 1) / 0.05 * 41**-p, rel=1e-9)
    else:
        assert law.omori_fraction(200.0) == pytest.approx(1.0) and law.omori_density(200.0) == 0


def test_magnitude_law_is_truncated_gutenberg_richter():
    p = replace(PARAMETERS, b=1.0, m0=3.0, m_max=5.0)
    # Above M 4: (10^-1 - 10^-2) / (1 - 10^-2) = 1/11
    assert p.share_above(4.0) == pytest.approx(1 / 11)
    assert p.magnitude_at(10 / 11) == pytest.approx(4.0)
    assert p.magnitude_at([0.0, 1.0]) == pytest.approx([3.0, 5.0])
    assert p.share_above([2.0, 3.0, 5.0, 6.0]) == pytest.approx([1, 1, 0, 0])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"p": 1.0, "omori_days": None}, "p above 1"),
        ({"q": 1.0}, "q above 1"),
        ({"c_days": 0.0}, "c_days above 0"),
        ({"D_km2": -1.0}, "D_km2 above 0"),
        ({"b": 0.0}, "b above 0"),
        ({"K": -0.1}, "K of at least 0"),
        ({"alpha": float("nan")}, "finite number for alpha"),
        ({"mu_per_day": "5"}, "finite number for mu_per_day"),
        ({"m_max": 3.0}, "m0 < m_max"),
        ({"omori_days": 0.0}, "omori_days above 0"),
    ],
)
def test_bad_parameters_are_told(change, told):
    with pytest.raises(InputError, match=told):
        EtasParameters(**{**asdict(PARAMETERS), **change})


def test_a_process_without_end_is_refused_and_a_finite_one_is_not():
    fierce = replace(PARAMETERS, K=2.0, p=1.01, c_days=0.01, omori_days=None)
    with pytest.raises(InputError, match="branching ratio below 1"):
        fierce.branching_ratio()
    assert fierce.branching_ratio(1.0) < 1
    simulated = simulate_etas(fierce, UNIFORM, "2000-01-01", "2000-01-02", seed=1)
    assert len(simulated) > 0
    with pytest.raises(InputError, match="branching ratio below 1"):
        simulate_events(fierce, UNIFORM, 100, seed=1)
    with pytest.raises(InputError, match="branching ratio below 1 within 3653 days"):
        simulate_etas(replace(fierce, K=10.0), UNIFORM, "2000-01-01", "2010-01-01", seed=1)


# The catalogue


def test_branching_ratio_of_the_catalogue(long_run):
    old = long_run.catalog.time < long_run.end - 30 * DAY
    offspring = np.bincount(long_run.parent[long_run.parent >= 0], minlength=len(long_run))[old]
    # What fell outside the padded box is counted for all parents together: far below the sampling error.
    assert long_run.dropped_outside < 0.001 * offspring.sum()
    expected = PARAMETERS.utsu_productivity(long_run.catalog.magnitude[old])
    assert abs(offspring.sum() - expected.sum()) < 3 * np.sqrt(expected.sum())
    error = offspring.std() / np.sqrt(len(offspring))
    assert error < 0.01
    assert abs(offspring.mean() - PARAMETERS.branching_ratio()) < 3 * error


def test_offspring_grows_with_magnitude_as_utsu_says(long_run):
    offspring = np.bincount(long_run.parent[long_run.parent >= 0], minlength=len(long_run))
    magnitude = long_run.catalog.magnitude
    for low, high in ((3.0, 3.5), (3.5, 4.5), (4.5, 7.0)):
        chosen = (magnitude >= low) & (magnitude < high)
        expected = (0.2 * np.exp(1.3 * (magnitude[chosen] - 3.0))).sum()
        assert abs(offspring[chosen].sum() - expected) < 3 * np.sqrt(expected)


def test_omori_slope_of_the_catalogue(long_run):
    delay, _, parent = pairs(long_run)
    # Parents with thirty days to the end: their delays follow the whole law.
    delay = delay[long_run.catalog.time[parent] < long_run.end - 30 * DAY]
    assert stats.kstest(delay, PARAMETERS.omori_fraction).pvalue > 0.01

    def loss(theta):
        c, p = np.exp(theta[0]), theta[1]
        total = c * (1 - (1 + 30 / c) ** (1 - p)) / (p - 1)
        return np.sum(p * np.log1p(delay / c)) + len(delay) * np.log(total)

    fit = optimize.minimize(loss, [np.log(0.05), 1.5], method="BFGS")
    error = np.sqrt(np.diag(fit.hess_inv))
    assert error[1] < 0.05
    assert abs(fit.x[1] - 1.3) < 3 * error[1]
    assert abs(fit.x[0] - np.log(0.02)) < 3 * error[0]


def test_distances_follow_the_power_law(long_run):
    _, r2, parent = pairs(long_run)
    sigma = 0.5 * np.exp(0.8 * (long_run.catalog.magnitude[parent] - 3.0))
    # q = 2.2: each 1 - (1 + r2/sigma)^-1.2 is uniform.
    assert stats.kstest(1 - (1 + r2 / sigma) ** -1.2, "uniform").pvalue > 0.01


def test_directions_are_even(long_run):
    catalog, child = long_run.catalog, np.flatnonzero(long_run.parent >= 0)
    x, y = REGION.projection.forward(catalog.latitude, catalog.longitude)
    parent = long_run.parent[child]
    angle = np.arctan2(y[child] - y[parent], x[child] - x[parent])
    assert stats.kstest(angle, stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 0.01


def test_b_value_of_the_catalogue():
    parameters = replace(PARAMETERS, m_max=9.0)
    simulated = simulate_etas(parameters, UNIFORM, "2000-01-01", "2006-01-01", seed=11)
    # Aki (1965): b = log10(e) / (mean - m0), error b / sqrt(n); the cut six units up is far below it.
    b = np.log10(np.e) / (simulated.catalog.magnitude.mean() - 3.0)
    assert len(simulated) > 10_000
    assert abs(b - 1.1) < 3 * 1.1 / np.sqrt(len(simulated))
    assert stats.kstest(simulated.catalog.magnitude, lambda m: 1 - parameters.share_above(m)).pvalue > 0.01


def test_background_share_and_rate(long_run):
    background = long_run.parent == -1
    days = (long_run.end - long_run.start) / DAY
    assert abs(background.sum() - 5.0 * days) < 3 * np.sqrt(5.0 * days)
    # Every background event has n + n^2 + ... descendants: a share of 1 - n. Its error from blocks of a year.
    years = long_run.catalog.time.astype("datetime64[Y]")
    shares = np.array([background[years == year].mean() for year in np.unique(years)])
    assert abs(long_run.background_share - (1 - PARAMETERS.branching_ratio())) < 3 * shares.std() / np.sqrt(len(shares))


def test_generations_and_parents_are_consistent(long_run):
    has_parent = long_run.parent >= 0
    assert (long_run.parent[has_parent] < np.flatnonzero(has_parent)).all()
    assert (long_run.generation[~has_parent] == 0).all()
    assert (long_run.generation[has_parent] == long_run.generation[long_run.parent[has_parent]] + 1).all()


def test_mixture_background_is_where_it_should_be():
    background = MixtureBackground(REGION, [1.0, 3.0], [[-40.0, 60.0], [30.0, 150.0]], [np.eye(2) * 64, np.eye(2) * 25])
    x, y = background.sample(np.random.default_rng(0), 4000)
    near_second = np.hypot(x - 30, y - 150) < np.hypot(x + 40, y - 60)
    assert abs(near_second.mean() - 0.75) < 3 * np.sqrt(0.75 * 0.25 / 4000)
    # Squared distances from a round Gaussian's centre, in units of its variance, are chi-square with two degrees.
    r2 = ((x - 30) ** 2 + (y - 150) ** 2)[near_second] / 25
    assert stats.kstest(r2, stats.chi2(2).cdf).pvalue > 0.01
    expected = 0.75 * stats.multivariate_normal([30, 150], 25 * np.eye(2)).pdf([33, 149])
    assert background.density(33.0, 149.0) == pytest.approx(expected, rel=1e-6)


def test_a_mixture_cut_by_the_region_still_integrates_to_one():
    background = MixtureBackground(REGION, [1.0], [[95.0, 20.0]], [[[200.0, 60.0], [60.0, 100.0]]])
    integral, _ = integrate.dblquad(background.density, 0, 200, 40, 100)
    shares = background.cell_shares(np.arange(-100, 101, 10.0), np.arange(0, 201, 10.0))
    assert integral == pytest.approx(1.0, abs=1e-3)
    assert shares.sum() == pytest.approx(1.0, abs=1e-6)
    cell, _ = integrate.dblquad(background.density, 10, 20, 80, 90)
    assert shares[1, 18] == pytest.approx(cell, rel=1e-6)


def test_map_background_shares_on_another_grid():
    background = MapBackground(Grid.local(38, -150, 1, 2, cell_km=10), [[1.0, 3.0]])
    # From x = 5 to 15: half of the first cell and half of the second.
    assert background.cell_shares([5.0, 15.0, 40.0], [0.0, 5.0]).ravel() == pytest.approx([0.25, 0.1875])
    x, _ = background.sample(np.random.default_rng(1), 2000)
    assert abs((x > 10).mean() - 0.75) < 3 * np.sqrt(0.75 * 0.25 / 2000)


@pytest.mark.parametrize(
    "make",
    [
        lambda: MapBackground(REGION, np.ones((3, 3))),
        lambda: MapBackground(REGION, np.zeros((20, 20))),
        lambda: MapBackground(Grid.world(), np.ones((20, 30))),
        lambda: MixtureBackground(REGION, [1.0], [[0.0, 0.0]], [[[1.0, 2.0], [2.0, 1.0]]]),
        lambda: MixtureBackground(REGION, [1.0], [[9000.0, 0.0]], [np.eye(2)]),
        lambda: MixtureBackground(REGION, [1.0, 1.0], [[0.0, 0.0]], [np.eye(2)]),
        lambda: simulate_etas(PARAMETERS, UNIFORM, "2000-01-02", "2000-01-01", seed=1),
        lambda: simulate_etas(PARAMETERS, UNIFORM, "2000-01-01", "2000-01-02", seed=1, padding_km=-1),
        lambda: simulate_etas(PARAMETERS, UNIFORM, "2000-01-01", "2000-01-02", seed=1, padding_km=7000),
        lambda: simulate_etas(PARAMETERS, UNIFORM, "2000-01-01", "2000-01-02", seed=1, depth_range_km=(20, 10)),
        lambda: simulate_events(PARAMETERS, UNIFORM, 0, seed=1),
        lambda: simulate_events(replace(PARAMETERS, mu_per_day=0.0), UNIFORM, 10, seed=1),
    ],
)
def test_bad_input_is_told(make):
    with pytest.raises(InputError):
        make()


def test_seed_makes_the_catalogue():
    one, again, other = (simulated_catalog(days=30, seed=s) for s in (5, 5, 6))
    assert one.catalog == again.catalog and np.array_equal(one.parent, again.parent)
    assert one.catalog != other.catalog


def test_burn_in_gives_the_first_days_a_past(small_run):
    assert len(small_run.history) > 0 and small_run.history.time[-1] < small_run.start <= small_run.catalog.time[0]
    orphan = small_run.parent == -2
    assert orphan.any() and (small_run.generation[orphan] > 0).all()
    assert (small_run.parent >= -2).all()
    assert len(small_run.truth.t_days) == len(small_run.history) + len(small_run)


def test_without_padding_all_events_stay_in_the_region():
    heavy = replace(PARAMETERS, q=1.3)
    tight = simulate_etas(heavy, UNIFORM, "2000-01-01", "2001-01-01", seed=2, padding_km=0)
    assert REGION.cells(tight.catalog.latitude, tight.catalog.longitude)[2].all()
    assert tight.dropped_outside > 100
    wide = simulate_etas(heavy, UNIFORM, "2000-01-01", "2001-01-01", seed=2, padding_km=50)
    assert not REGION.cells(wide.catalog.latitude, wide.catalog.longitude)[2].all()
    low, high = 2.0, 16.0
    assert stats.kstest(tight.catalog.depth_km, stats.uniform(low, high - low).cdf).pvalue > 0.01


def test_a_number_of_events_is_met_exactly():
    simulated = simulate_events(PARAMETERS, UNIFORM, 5000, seed=1, burn_in_days=60)
    assert len(simulated) == 5000 and len(np.unique(simulated.catalog.event_id)) == 5000
    assert simulated.end == simulated.catalog.time[-1] + np.timedelta64(1, "us")
    # 5000 events at mu / (1 - n) a day; the spread of a clustered count is some multiple of Poisson's.
    days = (simulated.end - simulated.start) / DAY
    assert days == pytest.approx(5000 * (1 - PARAMETERS.branching_ratio()) / 5.0, rel=0.1)
    assert (simulated.parent < np.arange(5000)).all()
    # Continuing in steps must not disturb the process: transformed times stay those of a Poisson process.
    assert residual_p_value(simulated) > 0.01


def test_a_hundred_thousand_events_are_drawn_in_seconds():
    import time

    began = time.perf_counter()
    assert len(simulate_events(*simulated_model(), 100_000, seed=1)) == 100_000
    # A million in under a minute, with room for a busy machine: it takes a tenth of a second here.
    assert time.perf_counter() - began < 6


def test_the_csv_and_parquet_hold_the_catalogue(tmp_path, small_run):
    small_run.catalog.to_parquet(tmp_path / "etas.parquet")
    assert Catalog.from_parquet(tmp_path / "etas.parquet") == small_run.catalog
    small_run.catalog.to_csv(tmp_path / "etas.csv")
    assert len((tmp_path / "etas.csv").read_text().splitlines()) == len(small_run) + 1


# The truth


def residual_p_value(simulated):
    """Ogata (1988): under the true model the compensator at the events is a Poisson process of unit rate."""
    transformed = simulated.truth.compensator(simulated.catalog.time)
    return stats.kstest(np.diff(transformed), "expon").pvalue


def test_transformed_times_are_a_unit_rate_poisson_process(small_run):
    truth = small_run.truth
    assert residual_p_value(small_run) > 0.01
    count, total = len(truth.t_days), float(truth.compensator(small_run.end))
    assert abs(count - total) < 3 * np.sqrt(total)


def test_residuals_find_a_wrong_model(small_run):
    events = Catalog.joined([small_run.history, small_run.catalog])
    wrong = replace(small_run.parameters, p=1.6)
    model = EtasIntensity(wrong, small_run.background, events, small_run.truth.start, small_run.end, 100.0)
    assert stats.kstest(np.diff(model.compensator(small_run.catalog.time)), "expon").pvalue < 1e-4


def test_intensity_is_the_textbook_sum():
    parameters = EtasParameters(2.0, 0.3, 1.2, 0.1, 1.5, 2.0, 0.5, 1.8, b=1.0, m0=3.0, m_max=7.0)
    x, y, magnitude = [10.0, -5.0], [100.0, 90.0], [5.0, 3.5]
    latitude, longitude = REGION.projection.inverse(np.array(x), np.array(y))
    times = np.array(["2000-01-01T12:00", "2000-01-03T00:00"], "datetime64[us]")
    events = Catalog(times, latitude, longitude, [8.0, 8.0], magnitude)
    model = EtasIntensity(parameters, UNIFORM, events, "2000-01-01", "2000-01-10", 100.0)
    at = REGION.projection.inverse(12.0, 97.0)
    expected = 2.0 / (200 * 200)
    for age, r2, m in ((2.5, 2**2 + 3**2, 5.0), (1.0, 17**2 + 7**2, 3.5)):
        sigma = 2.0 * np.exp(0.5 * (m - 3))
        time_density = 0.5 / 0.1 * (1 + age / 0.1) ** -1.5
        expected += 0.3 * np.exp(1.2 * (m - 3)) * time_density * 0.8 / (np.pi * sigma) * (1 + r2 / sigma) ** -1.8
    assert model.intensity("2000-01-04", *at) == pytest.approx(expected, rel=1e-9)
    # An event is no part of the history at its own instant, and adds to it a microsecond later.
    at_event = model.intensity(times[0] + np.array([0, 1]).astype("timedelta64[us]"), latitude[0], longitude[0])
    sigma = 2.0 * np.exp(1.0)
    jump = 0.3 * np.exp(2.4) * (0.5 / 0.1) * 0.8 / (np.pi * sigma)
    assert at_event == pytest.approx([2.0 / 40_000, 2.0 / 40_000 + jump], rel=1e-6)
    # Outside the padded region the model is zero.
    assert model.intensity("2000-01-04", *REGION.projection.inverse(0.0, -100.1)) == 0
    with pytest.raises(InputError, match="times from"):
        model.intensity("2000-01-11", *at)


def test_cell_shares_are_the_integral_of_the_kernel():
    sigma, q = 3.0, 1.6

    def kernel(y, x):
        return 0.6 / (np.pi * sigma) * (1 + (x**2 + y**2) / sigma) ** -1.6

    x_edges, y_edges = np.arange(0, 101, 10.0), np.arange(0, 81, 10.0)
    share = cell_share([23.0], [41.5], [sigma], q, x_edges, y_edges)[0]
    for row, column, tolerance in ((4, 2, 1e-6), (4, 3, 1e-6), (1, 0, 1e-5), (0, 9, 3e-3), (7, 8, 3e-3)):
        x, y = 10 * column - 23.0, 10 * row - 41.5
        expected = integrate.dblquad(kernel, x, x + 10, y, y + 10, epsabs=1e-10)[0]
        assert share[row, column] == pytest.approx(expected, rel=tolerance)
    assert share.sum() == pytest.approx(box_share([23.0], [41.5], [sigma], q, (0, 100, 0, 80))[0], rel=1e-4)
    quarters = cell_share([23.0], [41.5], [sigma], q, x_edges, y_edges, subcells=2)[0]
    assert quarters.reshape(8, 2, 10, 2).sum((1, 3)) == pytest.approx(share, rel=1e-5)
    expected = integrate.dblquad(kernel, 2.0, 7.0, 3.5, 8.5, epsabs=1e-10)[0]
    assert quarters[9, 5] == pytest.approx(expected, rel=1e-6)


def test_cell_shares_of_events_on_an_edge_and_off_the_grid():
    edges = np.arange(0, 41, 10.0)
    on_corner, outside = cell_share([20.0, -7.0], [20.0, 15.0], [0.01, 5.0], 1.5, edges, edges)
    # By symmetry the four cells around a corner share alike.
    assert on_corner[1:3, 1:3] == pytest.approx(np.full((2, 2), on_corner[1, 1]), rel=1e-9)
    expected = integrate.dblquad(lambda y, x: 0.5 / (np.pi * 5) * (1 + (x**2 + y**2) / 5) ** -1.5, 7, 17, -5, 5)[0]
    assert outside[1, 0] == pytest.approx(expected, rel=1e-6)


def test_direct_counts_are_the_integral_of_the_intensity(small_run):
    # In a history that stops at the issue, the direct counts are the integral of lambda itself.
    end = small_run.end
    grid, window, steps = simulated_grid(), np.timedelta64(6 * 3_600_000_000, "us"), 6
    known = small_run.catalog.between(end - 100 * DAY, end - window)
    model = EtasIntensity(small_run.parameters, small_run.background, known, small_run.start, end, 100.0)
    counts = model.expected_counts(grid, end - window, end, indirect=False)
    node, weight = np.polynomial.legendre.leggauss(8)
    node, weight = (1 + node) / 2, weight / 2
    # Eight Gauss points in each sixth of a cell's width and height, and eight in time.
    fine, fine_weight = ((np.arange(steps)[:, None] + node) / steps).ravel(), np.tile(weight, steps) / steps
    time_weight = weight[:, None, None] * fine_weight[:, None] * fine_weight
    times = (end - window) + (window.astype(np.int64) * node).astype("timedelta64[us]")[:, None, None]
    ranked = np.argsort(counts, axis=None)
    for cell in ranked[[-1, -2, -30, -300, 0]]:
        row, column = np.unravel_index(cell, counts.shape)
        rate = model.intensity(times, *grid.points(row + fine[:, None], column + fine[None, :]))
        assert counts[row, column] == pytest.approx((rate * time_weight).sum() * 100 * 0.25, rel=0.01)


def test_later_generations_in_time_are_convolutions_of_omori():
    parameters = simulated_model()[0]
    sums = DelaySums(parameters, 20.0)
    fraction, density = parameters.omori_fraction, parameters.omori_density
    points = np.concatenate([[0.0], np.geomspace(1e-4, 10, 24)])

    def second(length, age):
        # int_0^L g(age + u) G(L - u) du, cut where either factor bends.
        cuts = np.unique(np.concatenate([points[points < length], length - points[points < length], [length]]))
        inner = [integrate.quad(lambda u: density(age + u) * fraction(length - u), a, b)[0] for a, b in pairwise(cuts)]
        return sum(inner)

    for age in (0.0, 0.3, 50.0):
        assert sums.after(np.array([age]), 20.0)[0, 0] == pytest.approx(second(20.0, age), rel=2e-3)
    assert sums.of_background(20.0)[0] == pytest.approx(integrate.quad(fraction, 0, 20, limit=400)[0], rel=1e-3)
    assert sums.n_total == pytest.approx(parameters.branching_ratio(), rel=1e-9)


def test_expected_counts_agree_with_simulation(small_run):
    grid, copies = simulated_grid(), 4000
    window = {"start": "2001-01-05", "end": "2001-01-15", "issued": "2001-01-02"}
    expected = small_run.expected_counts(grid, **window)
    drawn = small_run.simulated_counts(grid, **window, copies=copies, seed=1)
    totals = drawn.sum((1, 2))
    error = totals.std() / np.sqrt(copies)
    assert abs(totals.mean() - expected.sum()) < 3 * error
    # The later generations are a third of it: without them the test would fail.
    direct = small_run.expected_counts(grid, **window, indirect=False)
    assert abs(totals.mean() - direct.sum()) > 6 * error
    # Ten groups of cells from the most to the least active.
    order = np.argsort(expected, axis=None)[::-1]
    for cells in np.split(order[:1020], [1, 4, 12, 30, 60, 120, 240, 480, 760]):
        group = drawn.reshape(copies, -1)[:, cells].sum(1)
        assert abs(group.mean() - expected.ravel()[cells].sum()) < 3.5 * max(group.std(), 1e-3) / np.sqrt(copies)


def test_windows_together_equal_windows_alone(small_run):
    grid = simulated_grid()
    days = np.array(["2000-05-01", "2000-09-01"], "datetime64[D]")
    options = {"magnitude": 3.5, "subcells": 1}
    both = small_run.expected_counts(grid, days + 10, days + 50, days, **options)
    alone = small_run.expected_counts(grid, days[1] + 10, days[1] + 50, days[1], **options)
    assert both.shape == (2, 32, 32)
    assert both[1] == pytest.approx(alone, rel=1e-3)
    # Ten to fifty days is nothing to fifty less nothing to ten.
    whole = small_run.expected_counts(grid, days[1], days[1] + 50, **options)
    first = small_run.expected_counts(grid, days[1], days[1] + 10, **options)
    assert alone.sum() == pytest.approx(whole.sum() - first.sum(), rel=1e-3)


def test_magnitude_threshold_thins_expected_and_simulated_counts(small_run):
    grid, window = simulated_grid(), ("2000-05-01", "2000-05-02")
    every = small_run.expected_counts(grid, *window, subcells=1)
    large = small_run.expected_counts(grid, *window, magnitude=3.5, subcells=1)
    share = (10**-1.0 - 10**-5.0) / (1 - 10**-5.0)
    assert large == pytest.approx(every * share, rel=1e-9)
    drawn = simulated_counts(small_run.truth, grid, *window, magnitude=3.5, copies=2000, seed=2).sum((1, 2))
    assert abs(drawn.mean() - large.sum()) < 3.5 * drawn.std() / np.sqrt(2000)


def test_the_future_changes_no_forecast(small_run):
    grid, issue = simulated_grid(), np.datetime64("2000-06-01", "us")
    before = small_run.catalog.between(None, issue)
    late = Catalog([issue], [39.0], [-150.0], [8.0], [7.4])
    forecasts = [
        EtasIntensity(
            small_run.parameters, small_run.background, events, small_run.start, small_run.end, 100.0
        ).expected_counts(grid, issue, issue + DAY, subcells=1)
        for events in (before, Catalog.joined([before, late]))
    ]
    assert np.array_equal(*forecasts)


def test_forecasts_sum_to_what_happens(small_run):
    grid = simulated_grid()
    days = np.arange(small_run.start.astype("datetime64[D]"), small_run.end.astype("datetime64[D]"))
    expected = small_run.expected_counts(grid, days, days + 1, subcells=1).sum((1, 2))
    inside = grid.cells(small_run.catalog.latitude, small_run.catalog.longitude)[2]
    observed = np.bincount((small_run.catalog.time[inside].astype("datetime64[D]") - days[0]).astype(int))
    # The differences are uncorrelated from day to day, given that each forecast is the conditional mean.
    difference = observed - expected[: len(observed)]
    assert abs(difference.mean()) < 3 * difference.std() / np.sqrt(len(difference))


def test_windows_are_checked(small_run):
    grid = simulated_grid()
    with pytest.raises(InputError, match="issued <= start < end"):
        small_run.expected_counts(grid, "2000-05-02", "2000-05-01")
    with pytest.raises(InputError, match="issued <= start < end"):
        small_run.expected_counts(grid, "2000-05-02", "2000-05-03", issued="2000-05-02T12:00")
    with pytest.raises(InputError, match="times from"):
        small_run.expected_counts(grid, "2030-05-02", "2030-05-03")
    with pytest.raises(InputError, match="plane of the model"):
        small_run.expected_counts(Grid.local(0, 0, 3, 3), "2000-05-02", "2000-05-03")
    with pytest.raises(InputError, match="at least one copy"):
        small_run.simulated_counts(grid, "2000-05-02", "2000-05-03", copies=0, seed=1)


def test_the_simulated_region_is_a_realistic_one():
    parameters, background = simulated_model()
    assert parameters.branching_ratio() == pytest.approx(0.6, abs=0.01)
    grid = simulated_grid()
    assert grid.shape == (32, 32) and grid.projection == LocalPlane(-150.0, 38.0)
    simulated = simulated_catalog(days=1500, seed=2)
    assert 5 < len(simulated) / 1500 < 10
    shares = background.cell_shares(np.arange(-160, 161, 10.0), np.arange(0, 321, 10.0))
    assert shares.sum() == pytest.approx(1.0, abs=1e-9)
    # Along the fault: half of the background in a tenth of the cells or less.
    assert np.sort(shares, axis=None)[::-1][:102].sum() > 0.5
