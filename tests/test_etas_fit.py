"""The ETAS fit and its forecasts against the simulator's own intensity, direct sums and simulated catalogues."""

import time
from dataclasses import replace

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.datasets.period import Period
from foreshock.datasets.regions import Region, Source
from foreshock.datasets.simulate.etas import simulate_etas, simulated_counts
from foreshock.datasets.simulate.etas_background import MapBackground, box
from foreshock.datasets.simulate.etas_cells import box_share, cell_share
from foreshock.datasets.simulate.etas_intensity import EtasIntensity
from foreshock.datasets.simulate.etas_parameters import EtasParameters
from foreshock.zoo.forecast.etas.declustering import Declustering
from foreshock.zoo.forecast.etas.estimation import fit_etas, gutenberg_richter_slope
from foreshock.zoo.forecast.etas.fit import EtasFit
from foreshock.zoo.forecast.etas.forecast import EtasForecasts, expected_counts
from foreshock.zoo.forecast.etas.likelihood import NAMES, EtasLikelihood, Evaluation, edge_points, theta_of, values_of
from foreshock.zoo.forecast.etas.maximum import BOUNDS, LOW, Maximum, maximise, standard_errors
from foreshock.zoo.forecast.etas.observation import EtasObservation, observed_windows, padded
from foreshock.zoo.forecast.etas.pairs import BLOCK, _exponentials, _logarithms
from scipy import stats

DAY = np.timedelta64(1, "D")
GRID = Grid.local(latitude0=38, longitude0=-150, rows=16, columns=14, cell_km=10, x0_km=-70)
REGION = Region("box", "a simulated box", GRID, 3.0, (3.5,), 20.0, (), Source())
PERIOD = Period("2000-01-01", "2000-10-26")
PARAMETERS = EtasParameters(
    mu_per_day=2.5,
    K=0.18,
    alpha=1.5,
    c_days=0.02,
    p=1.25,
    D_km2=0.5,
    gamma=0.8,
    q=1.8,
    b=1.0,
    m0=3.0,
    m_max=7.0,
)
TRUTH = theta_of([getattr(PARAMETERS, name) for name in NAMES])


def background() -> MapBackground:
    """Two humps and a floor, on the padded grid."""
    region = padded(GRID, 20.0)
    row, column = np.indices(region.shape)
    humps = np.exp(-((row - 6) ** 2 + (column - 5) ** 2) / 8) + np.exp(-((row - 14) ** 2 + (column - 11) ** 2) / 18)
    return MapBackground(region, humps + 0.03)


@pytest.fixture(scope="module")
def simulated():
    return simulate_etas(PARAMETERS, background(), PERIOD.first, PERIOD.last + DAY, seed=4, padding_km=0)


@pytest.fixture(scope="module")
def fit(simulated):
    return fit_etas(simulated.catalog, REGION, PERIOD, blind=False)


@pytest.fixture(scope="module")
def truth_as_fit():
    """The truth in the form of a fit, so that forecasts can be compared with the simulator."""
    settings = {"history_days": 0.0}
    return EtasFit(
        PARAMETERS,
        background(),
        dict.fromkeys(NAMES),
        (),
        ("2000-01-01", "2000-10-26"),
        0.0,
        0,
        0,
        0,
        0,
        0,
        1,
        0,
        settings,
    )


def observed(simulated, **options) -> EtasObservation:
    options = {"history_days": 0.0, "blind": False, **options}
    return EtasObservation.of(simulated.catalog, padded(GRID, 20.0), 3.0, PERIOD, **options)


def density_of(observation) -> np.ndarray:
    return background().density(observation.x_km[observation.target], observation.y_km[observation.target])


# The likelihood


def test_likelihood_is_the_log_intensity_at_events_less_its_integral(simulated):
    observation = observed(simulated)
    catalog, truth = simulated.catalog, simulated.truth
    assert len(observation.target) == len(catalog) > 2 * BLOCK
    intensity = truth.intensity(catalog.time, catalog.latitude, catalog.longitude)
    expected = np.log(intensity).sum() - float(truth.compensator(simulated.end))
    assert EtasLikelihood(observation, density_of(observation))(TRUTH).value == pytest.approx(expected, abs=1e-3)


def test_gradient_is_the_slope_of_the_value_with_gaps_and_a_history(simulated):
    later = Period("2000-05-01", "2000-10-26")
    events = simulated.catalog
    large = Catalog.joined(
        [events, Catalog(["2000-06-01", "2000-07-01"], [38.5, 38.9], [-150, -149.8], [5, 5], [6.8, 6.4])]
    )
    observation = EtasObservation.of(large, padded(GRID, 20.0), 3.0, later, 90.0)
    assert (observation.t_days < 0).sum() > 50 and len(observation.low) > 1
    likelihood = EtasLikelihood(observation, density_of(observation))
    at = likelihood(TRUTH)
    for k, unit in enumerate(np.eye(8)):
        slope = (likelihood(TRUTH + 1e-5 * unit).value - likelihood(TRUTH - 1e-5 * unit).value) / 2e-5
        assert at.gradient[k] == pytest.approx(slope, rel=1e-5, abs=1e-4), NAMES[k]


def test_at_the_truth_the_information_is_that_of_the_curvature(simulated):
    observation = observed(simulated)
    likelihood = EtasLikelihood(observation, density_of(observation))
    shift = 1e-3 * np.eye(8)
    curvature = np.array([likelihood(TRUTH - h).gradient - likelihood(TRUTH + h).gradient for h in shift]) / 2e-3
    squared_scores = likelihood(TRUTH).information
    # Equal in the mean over catalogues; one of 1 300 events comes within a few errors of a tenth.
    ratio = np.diag(curvature) / np.diag(squared_scores)
    assert (abs(ratio - 1) < 0.35).all()


def test_vector_logarithm_and_exponential():
    rng = np.random.default_rng(1)
    power = np.empty(BLOCK)
    for numbers, compiled, reference in (
        (np.append(1.0, np.exp(rng.uniform(0, 30, BLOCK - 1))), _logarithms, np.log),
        (np.append(0.0, rng.uniform(-300, 0, BLOCK - 1)), _exponentials, np.exp),
    ):
        expected = reference(numbers)
        compiled(numbers, numbers.view(np.uint64), power, power.view(np.uint64), BLOCK)
        assert numbers == pytest.approx(expected, rel=1e-12, abs=1e-300)


def test_share_in_the_box_by_distances_to_its_edge():
    x, y = np.array([0.0, -69.9, 55.0, 0.0]), np.array([80.0, 80.0, -9.0, 160.0])
    sigma = np.array([0.3, 2.0, 50.0, 900.0])
    r2, weight = edge_points(x, y, box(GRID, 10.0))
    share = (weight * (1 - (1 + r2 / sigma[:, None]) ** -0.8)).sum(1)
    assert share == pytest.approx(box_share(x, y, sigma, 1.8, box(GRID, 10.0)), abs=1e-6)


def test_coordinates_of_the_fit():
    values = [2.0, 0.2, 1.5, 0.01, 1.1, 1.0, 1.0, 1.8]
    # ln(p - 1) and ln(q - 1), the logarithm for the others.
    assert theta_of(values)[[0, 4, 7]] == pytest.approx([np.log(2), np.log(0.1), np.log(0.8)])
    assert values_of(theta_of(values)) == pytest.approx(values)


# What is observed


def test_windows_without_the_wake_of_large_events():
    # 10^((7 - 2.5 - 4.5) / 0.75) = 1 day, 10^((7.75 - 2.5 - 4.5) / 0.75) = 10 days, and M 4 hides less than a minute.
    low, high = observed_windows([2.0, 10.0, 10.5, 25.0, 30.0], [7.0, 7.75, 7.0, 4.0, 7.0], 2.5, 30.5)
    assert low == pytest.approx([0.0, 3.0, 20.0]) and high == pytest.approx([2.0, 10.0, 30.0])
    # One before the period hides its beginning.
    low, high = observed_windows([-4.0], [7.75], 2.5, 30.0)
    assert low == pytest.approx([6.0]) and high == pytest.approx([30.0])
    low, high = observed_windows([], [], 2.5, 30.0)
    assert low.tolist() == [0.0] and high.tolist() == [30.0]


def test_hidden_events_are_parents_but_not_targets(simulated):
    after = Catalog(["2000-06-01", "2000-06-01T00:30", "2000-06-02"], [38.5] * 3, [-150] * 3, [5] * 3, [7.5, 4.0, 4.0])
    seen = observed(replace(simulated, catalog=Catalog.joined([simulated.catalog, after])), blind=True)
    day = (np.datetime64("2000-06-01") - np.datetime64(PERIOD.first)).astype(int)
    index = np.searchsorted(seen.t_days, [day, day + 0.5 / 24, day + 1], "left")
    # M 7.5 hides M 3 for one day; the event itself and the one at its end are seen.
    assert np.isin(index, seen.target).tolist() == [True, False, True]
    assert seen.days == pytest.approx(PERIOD.days - 1, abs=0.15)


def test_padded_grid():
    region = padded(GRID, 25.0)
    assert region.shape == (20, 18) and (region.x0, region.y0) == (-90.0, -20.0)
    with pytest.raises(InputError, match="grid in km"):
        padded(Grid.world(), 100.0)


def test_too_few_events_are_told():
    few = Catalog(["2000-02-01"], [38.5], [-150], [5], [4])
    with pytest.raises(InputError, match="at least 50 events"):
        fit_etas(few, REGION, PERIOD)


# The background


def test_declustering_by_a_plain_sum():
    rng = np.random.default_rng(3)
    x, y, weight = rng.uniform(-60, 60, 30), rng.uniform(5, 150, 30), rng.uniform(0.1, 1.0, 30)
    # Thirty events in thirty days: ten parts of three events, of which each sees the other nine.
    declustering = Declustering(np.arange(30.0), x, y, GRID, floor_share=0.1)
    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    width = np.empty(30)
    for event in range(30):
        # Outwards from the event, until the weights of those met add up to 2.
        others = np.argsort(distance[event])[1:]
        width[event] = distance[event, others[np.argmax(np.cumsum(weight[others]) >= 2.0)]]
    assert declustering.widths(weight, 2.0) == pytest.approx(width, rel=1e-6)
    along_x, along_y = stats.norm(x, width), stats.norm(y, width)
    inside = (along_x.cdf(70) - along_x.cdf(-70)) * (along_y.cdf(160) - along_y.cdf(0))
    for event, density in enumerate(declustering.density_at_events(weight, 2.0)):
        others = np.arange(30) // 3 != event // 3
        kernel = (weight * along_x.pdf(x[event]) * along_y.pdf(y[event]))[others].sum()
        expected = 0.9 * kernel / (weight * inside)[others].sum() + 0.1 / (140 * 160)
        assert density == pytest.approx(expected, rel=1e-6)
    corner = (along_x.cdf(-60) - along_x.cdf(-70)) * (along_y.cdf(10) - along_y.cdf(0))
    share = declustering.shares(weight, 2.0)
    assert share[0, 0] == pytest.approx(0.9 * (weight * corner).sum() / (weight * inside).sum() + 0.1 / 224, rel=1e-6)
    assert share.sum() == pytest.approx(1.0)


def test_kernels_are_as_wide_as_the_background_is_thin_not_the_aftershocks():
    rng = np.random.default_rng(4)
    x, y = rng.uniform(-60, 60, 300), rng.uniform(5, 150, 300)
    swarm_x, swarm_y = np.append(x, rng.normal(0, 0.5, 200)), np.append(y, rng.normal(80, 0.5, 200))
    weight = np.append(np.ones(300), np.zeros(200))
    alone = Declustering(np.arange(300), x, y, GRID).shares(np.ones(300), 3)
    assert Declustering(np.arange(500), swarm_x, swarm_y, GRID).shares(weight, 3) == pytest.approx(alone, rel=1e-5)


def test_slope_of_magnitudes_by_their_step():
    rng = np.random.default_rng(5)
    # From the lower edge of the first bin where rounded, from m0 itself where not.
    exact = rng.exponential(1 / np.log(10), 40_000)
    for magnitude in (3.0 + exact, np.round(2.95 + exact, 1), np.round(2.995 + exact, 2)):
        slope = gutenberg_richter_slope(magnitude, 3.0)
        assert slope == pytest.approx(1.0, abs=3 / np.sqrt(40_000))
    with pytest.raises(InputError, match="several sizes"):
        gutenberg_richter_slope(np.full(5, np.pi), np.pi)


# The search


def quadratic(top, curvature):
    """A parabola as a log-likelihood, with its maximum at `top`."""
    return lambda theta: Evaluation(
        -0.5 * float((theta - top) @ curvature @ (theta - top)), -curvature @ (theta - top), curvature
    )


def test_maximum_and_errors_of_a_parabola():
    rng = np.random.default_rng(2)
    root = rng.normal(size=(8, 8))
    curvature = 400 * (root @ root.T + 8 * np.eye(8))
    found = maximise(quadratic(TRUTH, curvature), TRUTH + 0.5)
    assert found.converged and found.theta == pytest.approx(TRUTH, abs=2e-3)
    errors = standard_errors(quadratic(TRUTH, curvature), found)
    theta_error = np.sqrt(np.diag(np.linalg.inv(curvature)))
    # d mu = mu d theta, d p = (p - 1) d theta
    assert errors["mu_per_day"] == pytest.approx(2.5 * theta_error[0], rel=1e-2)
    assert errors["p"] == pytest.approx(0.25 * theta_error[4], rel=1e-2)


def test_a_parameter_pressed_to_its_bound_has_no_error():
    top = TRUTH.copy()
    top[4] = LOW[4] - 1.0
    curvature = 100 * np.eye(8)
    curvature[4, 3] = curvature[3, 4] = 30.0
    found = maximise(quadratic(top, curvature), TRUTH)
    assert values_of(found.theta)[4] == pytest.approx(BOUNDS["p"][0])
    # At p's bound the best ln c is shifted by 0.3 for each unit that p is held above its own best.
    assert found.theta[3] == pytest.approx(top[3] - 0.3 * 1.0, abs=1e-3)
    errors = standard_errors(quadratic(top, curvature), Maximum(found.theta, found.at, 0, True))
    assert errors["p"] is None and errors["c_days"] == pytest.approx(0.02 * np.exp(-0.3) / 10, rel=1e-2)


# Recovery


def off(fit) -> np.ndarray:
    """Distance from the truth in standard errors."""
    return np.array([(getattr(fit.parameters, n) - getattr(PARAMETERS, n)) / fit.standard_errors[n] for n in NAMES])


def test_five_catalogues_give_the_truth_back_within_two_standard_errors():
    distance = []
    for seed in range(5):
        drawn = simulate_etas(PARAMETERS, background(), PERIOD.first, PERIOD.last + DAY, seed=seed, padding_km=0)
        found = fit_etas(drawn.catalog, REGION, PERIOD, background=background(), blind=False)
        assert found.converged
        distance.append(off(found))
    # 95 of 100 are expected within two errors: 38 of 40, and fewer than 35 once in 20 times; none beyond four.
    distance = abs(np.array(distance))
    assert (distance < 2).sum() >= 35 and distance.max() < 4
    # An error that is too large would hide a bias.
    assert 0.5 < np.sqrt((distance**2).mean()) < 1.5


def test_three_starts_end_at_the_same_maximum(simulated):
    starts = (
        {},
        {"K": 0.02, "alpha": 0.5, "c_days": 0.5, "p": 2.0, "D_km2": 20.0, "gamma": 0.2, "q": 3.0},
        {"mu_per_day": 0.2, "K": 2.0, "alpha": 2.5, "c_days": 0.001, "p": 1.02, "D_km2": 0.05, "q": 1.2},
    )
    first, *others = (
        fit_etas(simulated.catalog, REGION, PERIOD, background=background(), start=start, blind=False, errors=not start)
        for start in starts
    )
    assert first.converged
    # The maximum is not below the truth.
    observation = observed(simulated)
    assert first.log_likelihood > EtasLikelihood(observation, density_of(observation))(TRUTH).value
    for other in others:
        assert other.converged and other.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-3)
        for name in NAMES:
            difference = getattr(other.parameters, name) - getattr(first.parameters, name)
            assert abs(difference) < 0.02 * first.standard_errors[name]


def test_recovers_parameters_and_background_by_declustering(simulated, fit):
    assert fit.converged and fit.rounds > 1 and fit.at_bound == ()
    assert fit.targets == fit.parents == len(simulated.catalog)
    # Of eight parameters one in three catalogues has one beyond two errors.
    assert (abs(off(fit)) < 2).sum() >= 7 and abs(off(fit)).max() < 3
    share = np.mean(simulated.parent == -1)
    assert fit.parameters.mu_per_day * PERIOD.days / fit.targets == pytest.approx(share, abs=0.05)
    # The map is nearer to the truth than an even one, in nats a background event.
    weight, true = fit.background.weight, background().weight
    loss = (true * np.log(true / weight)).sum()
    even = (true * np.log(true * true.size)).sum()
    assert loss < 0.35 * even


def test_unknown_start_is_told(simulated):
    with pytest.raises(InputError, match="received beta"):
        fit_etas(simulated.catalog, REGION, PERIOD, start={"beta": 1.0})


def test_saved_and_read_back_equal(fit, tmp_path):
    fit.save(tmp_path)
    read = EtasFit.read(tmp_path)
    assert read == fit and read.parameters == fit.parameters
    assert sorted(path.name for path in tmp_path.iterdir()) == ["background.npz", "etas.json"]
    np.savez_compressed(tmp_path / "background.npz", weight=np.ones(fit.background.weight.shape))
    with pytest.raises(InputError, match="saved with its parameters"):
        EtasFit.read(tmp_path)
    with pytest.raises(InputError, match="a folder with etas"):
        EtasFit.read(tmp_path / "nowhere")


# Forecasts


@pytest.mark.parametrize("horizon", [(0, 1), (0, 7), (10, 50)])
def test_forecast_is_the_simulators_closed_form(simulated, truth_as_fit, horizon):
    largest = simulated.catalog.time[:1000][simulated.catalog.magnitude[:1000].argmax()].astype("datetime64[D]")
    day = largest + 1
    assert day + horizon[1] < np.datetime64(PERIOD.last)
    forecast = expected_counts(truth_as_fit, simulated.catalog, GRID, day, horizon)
    reference = simulated.expected_counts(GRID, day + horizon[0], day + horizon[1], issued=day)
    assert forecast.shape == GRID.shape and forecast.dtype == np.float32
    assert forecast.sum() == pytest.approx(reference.sum(), rel=5e-3)
    # The place of later events within their cell is evened out: that costs up to two thousandths of a nat an event on
    # the day after a mainshock, and less later.
    loss = (reference * np.log(reference / forecast) - reference + forecast).sum() / reference.sum()
    assert 0 <= loss < (3e-3 if horizon == (0, 1) else 1e-3)


def test_direct_offspring_is_exact_near_its_parent(truth_as_fit):
    """One event, and no later generation: background plus the cells' shares by the simulator's own integral."""
    one = Catalog(["2000-03-01T18:00"], [38.7], [-150.1], [5], [6.0])
    forecasts = EtasForecasts(truth_as_fit, one, GRID, (0, 1), "2000-03-02")
    forecasts.sums, forecasts.background = (), PARAMETERS.mu_per_day * background().weight
    x, y = GRID.projection.forward(one.latitude, one.longitude)
    edges = -70 + 10 * np.arange(15), 10 * np.arange(17)
    share = cell_share(x, y, PARAMETERS.sigma_km2(one.magnitude), PARAMETERS.q, *edges)[0]
    born = PARAMETERS.omori_fraction(1.25) - PARAMETERS.omori_fraction(0.25)
    expected = PARAMETERS.utsu_productivity(6.0) * born * share
    expected += PARAMETERS.mu_per_day * background().cell_shares(*edges)
    assert forecasts.counts("2000-03-02") == pytest.approx(expected, rel=3e-3)


def test_forecast_agrees_with_simulation(simulated, truth_as_fit):
    day = np.datetime64("2000-06-10")
    forecast = expected_counts(truth_as_fit, simulated.catalog, GRID, day, (0, 7), magnitude=3.5)
    drawn = simulated_counts(simulated.truth, GRID, day, day + 7, day, 3.5, copies=4000, seed=8)
    total = drawn.sum((1, 2))
    assert abs(total.mean() - forecast.sum()) < 3 * total.std() / np.sqrt(len(total))
    rows = drawn.sum(2)
    assert (abs(rows.mean(0) - forecast.sum(1)) < 4 * rows.std(0) / np.sqrt(len(rows)) + 1e-3).all()


def test_a_series_is_its_days_and_a_larger_magnitude_its_share(simulated, truth_as_fit):
    days = np.array(["2000-08-01", "2000-04-11", "2000-05-01"], dtype="datetime64[D]")
    series = expected_counts(truth_as_fit, simulated.catalog, GRID, days, (0, 7))
    assert series.shape == (3, *GRID.shape)
    for day, one in zip(days, series, strict=True):
        assert np.array_equal(expected_counts(truth_as_fit, simulated.catalog, GRID, day, (0, 7)), one)
    larger = expected_counts(truth_as_fit, simulated.catalog, GRID, days, (0, 7), magnitude=4.0)
    # (10^-1 - 10^-4) / (1 - 10^-4)
    assert larger == pytest.approx(series * 0.0999 / 0.9999, rel=1e-5)
    part = Grid.local(latitude0=38, longitude0=-150, rows=3, columns=5, cell_km=10, x0_km=-50, y0_km=40)
    inner = expected_counts(truth_as_fit, simulated.catalog, part, days, (0, 7))
    assert np.array_equal(inner, series[:, 4:7, 2:7])


def test_what_happens_later_changes_neither_fit_nor_forecast(simulated, fit):
    planted = Catalog(["2000-10-27T00:00"], [38.7], [-150.1], [5], [7.5])
    with_future = Catalog.joined([simulated.catalog, planted])
    again = fit_etas(with_future, REGION, PERIOD, blind=False)
    assert replace(again, seconds=fit.seconds) == fit
    days = np.array(["2000-10-01", "2000-10-27", "2000-10-28"], dtype="datetime64[D]")
    before, after = (expected_counts(fit, catalog, GRID, days, (0, 1)) for catalog in (simulated.catalog, with_future))
    # A forecast for a day uses events strictly before its midnight.
    assert np.array_equal(before[:2], after[:2])
    assert after[2].sum() > 3 * before[2].sum()


def test_forecast_without_any_event_is_the_background_with_its_offspring(truth_as_fit):
    none = Catalog(np.empty(0, "datetime64[us]"), [], [], [], [])
    forecast = expected_counts(truth_as_fit, none, truth_as_fit.background.region, "2000-06-01", (0, 7))
    model = EtasIntensity(PARAMETERS, background(), none, "2000-01-01", "2000-12-31", 0.0)
    start = np.datetime64("2000-06-01")
    reference = model.expected_counts(truth_as_fit.background.region, start, start + 7)
    assert forecast == pytest.approx(reference, rel=0.02)
    assert forecast.sum() > 1.2 * 7 * PARAMETERS.mu_per_day


def test_forecast_refuses_what_it_cannot_answer(simulated, truth_as_fit):
    catalog, day = simulated.catalog, "2000-06-01"
    with pytest.raises(InputError, match="magnitude of at least 3"):
        expected_counts(truth_as_fit, catalog, GRID, day, (0, 1), magnitude=2.5)
    with pytest.raises(InputError, match="0 <= a < b"):
        expected_counts(truth_as_fit, catalog, GRID, day, (7, 7))
    for other in (replace(GRID, x0=-75.0), replace(GRID, cell_x=5.0), replace(GRID, rows=40), Grid.world()):
        with pytest.raises(InputError, match="cells of Grid"):
            expected_counts(truth_as_fit, catalog, other, day, (0, 1))


def test_a_map_of_japans_size_takes_less_than_a_second():
    grid = Grid.local(latitude0=27, longitude0=127, rows=250, columns=200, cell_km=10)
    region = padded(grid, 100.0)
    rng = np.random.default_rng(6)
    count = 16_000
    x, y = rng.normal(1400, 200, count).clip(-90, 2090), rng.normal(1200, 400, count).clip(-90, 2590)
    latitude, longitude = region.projection.inverse(x, y)
    times = np.datetime64("1990-01-01", "us") + np.sort(rng.integers(0, 9000 * 86_400, count)).astype("timedelta64[s]")
    catalog = Catalog(times, latitude, longitude, np.full(count, 10.0), 4.5 + rng.exponential(0.43, count).clip(0, 4.5))
    parameters = EtasParameters(0.5, 0.3, 1.4, 0.013, 1.1, 90.0, 0.7, 2.1, b=1.0, m0=4.5, m_max=9.3)
    settings = {"history_days": 0.0}
    japan = EtasFit(
        parameters,
        MapBackground(region, np.ones(region.shape)),
        dict.fromkeys(NAMES),
        (),
        ("1990-01-01", "2007-12-31"),
        *(0.0, 0, 0, 0.0, 0, 0, True, 0.0, settings),
    )
    expected_counts(japan, catalog[:1000], grid, "2014-08-01", (0, 1))
    # Of processor time, all threads together: the machine may be busy with other things.
    began = time.process_time()
    forecast = expected_counts(japan, catalog, grid, "2014-08-01", (0, 1))
    assert time.process_time() - began < 1.0
    assert np.isfinite(forecast).all() and forecast.min() > 0
