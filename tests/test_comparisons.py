"""Comparisons of forecasts: against pyCSEP, against hand-worked values, and the format between the two."""

import numpy as np
import pytest
from foreshock.benchmarks.forecast.comparisons import diebold_mariano, paired_t_test, w_test
from foreshock.benchmarks.forecast.consistency import consistency, csep_tests, observed
from foreshock.benchmarks.forecast.molchan import area_skill, molchan_curve, unskilled_bound
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.csep_forecast import Lattice, read_csep, resampled, write_csep
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid


@pytest.fixture(scope="module")
def grid():
    return Grid.local(latitude0=37, longitude0=140, rows=25, columns=20, cell_km=10)


@pytest.fixture(scope="module")
def rates(grid):
    """A smooth forecast and a rougher one, events expected in all: 30 and 36."""
    y, x = np.mgrid[:25, :20]
    smooth = np.exp(-((y - 12) ** 2 + (x - 8) ** 2) / 60) + 0.02
    rough = smooth * np.random.default_rng(4).gamma(2, 0.5, smooth.shape) + 0.01
    return 30 * smooth / smooth.sum(), 36 * rough / rough.sum()


def drawn(rate, grid, seed, factor=1.0):
    """A catalogue whose events fall into the cells as a Poisson forecast says."""
    rng = np.random.default_rng(seed)
    row, column = np.nonzero(np.ones(grid.shape))
    count = rng.poisson(factor * rate[row, column])
    row, column = row.repeat(count) + rng.random(count.sum()), column.repeat(count) + rng.random(count.sum())
    latitude, longitude = grid.points(row, column)
    time = np.datetime64("2011-01-01T00:00:00") + np.arange(row.size).astype("timedelta64[h]")
    return Catalog(time, latitude, longitude, np.full(row.size, np.nan), 5 + rng.exponential(0.3, row.size))


def test_resampling_keeps_the_total_and_the_places(grid, rates):
    lattice = resampled(rates[0], grid)
    assert lattice.rate.sum() == pytest.approx(rates[0].sum(), rel=1e-12)
    # The centre of gravity moves by far less than a cell of 10 km.
    latitude, longitude = grid.centres()
    for ours, theirs in ((latitude, lattice.latitude + 0.05), (longitude, lattice.longitude + 0.05)):
        assert np.average(theirs, weights=lattice.rate) == pytest.approx(np.average(ours, weights=rates[0]), abs=2e-3)
    # An even density stays even: the area of a square of .1 degrees is 10 000 km2 times (.0111228)^2 cos(latitude).
    flat = resampled(np.ones(grid.shape), grid)
    inner = (abs(flat.latitude - 38) < 0.5) & (abs(flat.longitude - 141) < 0.5)
    area = (0.1 * np.pi / 180 * 6373) ** 2 * np.cos(np.radians(flat.latitude + 0.05)) / 100
    np.testing.assert_allclose(flat.rate[inner], area[inner], rtol=1e-3)


def test_resampling_crosses_the_date_line_and_goes_round_the_world():
    fiji = Grid.local(latitude0=-20, longitude0=179, rows=10, columns=30, cell_km=10)
    lattice = resampled(np.ones(fiji.shape), fiji, 0.2)
    assert lattice.rate.sum() == pytest.approx(300) and 179 <= lattice.longitude.min() < lattice.longitude.max() < 182
    world = Grid.world()
    lattice = resampled(np.arange(600.0).reshape(20, 30), world, 3.0)
    assert lattice.rate.size == 60 * 120 and lattice.rate.sum() == pytest.approx(600 * 599 / 2)
    # Cells of 9 by 12 degrees hold 12 squares of 3 by 3 each; the first is the south-western one.
    assert lattice.rate[0] == 0 and lattice.rate[-1] == pytest.approx(599 / 12)


def test_forecast_survives_pycsep_format(tmp_path, grid, rates):
    lattice = resampled(rates[0], grid)
    forecast = read_csep(write_csep(lattice, 5.0, tmp_path / "smooth.dat"))
    np.testing.assert_array_equal(forecast.data[:, 0], lattice.rate)
    np.testing.assert_allclose(forecast.get_longitudes(), lattice.longitude, atol=1e-6)
    assert forecast.name == "smooth" and forecast.min_magnitude == 5.0
    at = forecast.get_rates(lattice.longitude[7:8] + 0.05, lattice.latitude[7:8] + 0.05, np.array([6.0]))
    assert at[0] == lattice.rate[7]
    with pytest.raises(InputError, match=r"ends in \.dat"):
        write_csep(lattice, 5.0, tmp_path / "smooth.txt")
    with pytest.raises(InputError, match="no file"):
        read_csep(tmp_path / "none.dat")
    with pytest.raises(InputError, match=r"of shape \(25, 20\)"):
        resampled(np.ones((3, 3)), grid)


def test_t_and_w_equal_pycsep(tmp_path, grid, rates):
    from csep.core import poisson_evaluations as theirs

    forecasts = [
        read_csep(write_csep(resampled(rate, grid), 5.0, tmp_path / f"{i}.dat")) for i, rate in enumerate(rates)
    ]
    events, outside = observed(drawn(rates[0], grid, seed=1), forecasts[0])
    assert outside == 0 and events.event_count > 15
    at_events = [forecast.target_event_rates(events)[0] for forecast in forecasts]
    totals = [forecast.event_count for forecast in forecasts]
    test, expected = paired_t_test(*at_events, *totals), theirs.paired_t_test(*forecasts, events)
    assert test.gain == pytest.approx(expected.observed_statistic)
    assert (test.low, test.high) == pytest.approx(expected.test_distribution)
    assert test.t == pytest.approx(expected.quantile[0]) and test.events == events.event_count
    test, expected = w_test(*at_events, *totals), theirs.w_test(*forecasts, events)
    # pyCSEP gives the smaller of the two rank sums, ours the sign too.
    assert abs(test.z) == pytest.approx(abs(expected.observed_statistic))
    assert test.p_value == pytest.approx(expected.quantile)
    swapped = w_test(*at_events[::-1], *totals[::-1])
    assert swapped.z == pytest.approx(-test.z)


def test_t_equals_scipy_where_totals_are_equal():
    from scipy.stats import ttest_1samp

    rng = np.random.default_rng(0)
    rate, reference = rng.gamma(2, 1, 40), rng.gamma(2, 1, 40)
    expected = ttest_1samp(np.log(rate / reference), 0)
    test = paired_t_test(rate, reference, 7.0, 7.0)
    assert (test.t, test.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    interval = expected.confidence_interval()
    assert (test.low, test.high) == pytest.approx((interval.low, interval.high))


def test_w_equals_scipy_with_ties():
    from scipy.stats import wilcoxon

    rate = np.array([1, 2, 2, 4, 0.5, 3, 3, 0.5, 8, 1, 2, 5.0])
    expected = wilcoxon(np.log(rate), zero_method="wilcox", correction=False, method="asymptotic")
    test = w_test(rate, np.ones(12), 3.0, 3.0)
    assert test.p_value == pytest.approx(expected.pvalue) and test.events == 10


def test_consistency_accepts_the_truth_and_rejects_the_wrong(grid, rates, tmp_path):
    kept = tmp_path / "kept.dat"
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    good = csep_tests(rates[0], grid, drawn(rates[0], grid, 2), 5.0, seed=0, path=kept, simulations=300)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    assert kept.is_file() and good.outside == 0 and good.expected == pytest.approx(30)
    assert min(good.at_least, good.at_most) > 0.025 and good.spatial > 0.05 and good.likelihood > 0.05
    # P(at least n) + P(at most n) = 1 + P(n).
    from scipy.stats import poisson

    assert good.at_least + good.at_most == pytest.approx(1 + poisson.pmf(good.events, good.expected))
    many = csep_tests(rates[0], grid, drawn(rates[0], grid, 2, factor=2.5), 5.0, seed=0, simulations=300)
    assert many.at_least < 0.001 and many.likelihood < 0.01 and many.spatial > 0.05
    misplaced = csep_tests(rates[0][::-1, ::-1] ** 2, grid, drawn(rates[0], grid, 2), 5.0, seed=0, simulations=300)
    assert misplaced.spatial < 0.01
    again = csep_tests(rates[0], grid, drawn(rates[0], grid, 2), 5.0, seed=0, simulations=300)
    assert again == good


def test_lattice_of_degrees_hardly_moves_the_likelihood(grid, rates, tmp_path):
    """The S quantile on squares of .1 degrees beside the one on our own cells, which pyCSEP sees as a plain lattice."""
    row, column = np.nonzero(np.ones(grid.shape))
    by_column = np.lexsort((row, column))
    row, column = row[by_column], column[by_column]
    own = read_csep(write_csep(Lattice(column * 0.1, row * 0.1, rates[0][row, column], 0.1), 5.0, tmp_path / "own.dat"))
    catalog = drawn(rates[0], grid, 3)
    at_row, at_column, _ = grid.cells(catalog.latitude, catalog.longitude)
    moved = Catalog(catalog.time, at_row * 0.1 + 0.05, at_column * 0.1 + 0.05, catalog.depth_km, catalog.magnitude)
    exact = consistency(own, moved, seed=0, simulations=500)
    degrees = csep_tests(rates[0], grid, catalog, 5.0, seed=0, simulations=500)
    assert (degrees.at_least, degrees.at_most) == pytest.approx((exact.at_least, exact.at_most))
    assert degrees.spatial == pytest.approx(exact.spatial, abs=0.1)


def test_events_outside_are_counted_and_none_is_no_failure(grid, rates):
    far = Catalog(["2011-01-01", "2011-01-02"], [10.0, 38.0], [140.0, 141.0], [5, 5], [6.0, 4.0])
    result = csep_tests(rates[0], grid, far, 5.0, seed=0, simulations=100)
    assert (result.events, result.outside) == (0, 1) and np.isnan(result.spatial)
    assert result.at_most == pytest.approx(np.exp(-30))


def test_diebold_mariano_by_hand():
    # Differences 0, 2, 0, 2: mean 1, autocovariances 1 and -3/4; the lag weighs 1/2, the variance is (1 - 3/4) / 4.
    test = diebold_mariano([0.0, 2.0, 0.0, 2.0], np.zeros(4), lags=1)
    assert test.difference == 1 and test.statistic == pytest.approx(1 / np.sqrt(0.25 / 4))
    assert (test.periods, test.lags) == (4, 1)
    assert diebold_mariano(np.arange(100.0), np.zeros(100)).lags == 4
    swapped = diebold_mariano(np.zeros(4), [0.0, 2.0, 0.0, 2.0], lags=1)
    assert swapped.statistic == -test.statistic and swapped.p_value == test.p_value


def test_diebold_mariano_rejects_as_often_as_it_says():
    """Losses with memory: the test with lags rejects about 5 % of equal forecasts, the one without far more."""
    rng = np.random.default_rng(5)
    shocks = rng.normal(size=(500, 240))
    kernel = np.ones(4)
    losses = [np.convolve(row, kernel, mode="valid") for row in shocks]
    share = {
        lags: np.mean([diebold_mariano(loss, np.zeros(loss.size), lags).p_value < 0.05 for loss in losses])
        for lags in (0, 8)
    }
    assert share[8] < 0.10 and share[0] > 0.2


def test_degenerate_comparisons_are_named():
    with pytest.raises(InputError, match="at least two events"):
        paired_t_test([1.0], [2.0], 1, 1)
    with pytest.raises(InputError, match="rates above 0 at every event, received 1"):
        paired_t_test([0.0, 1.0], [1.0, 1.0], 1, 1)
    with pytest.raises(InputError, match="differ from event to event"):
        paired_t_test([1.0, 1.0], [1.0, 1.0], 1, 1)
    with pytest.raises(InputError, match="differ at some event"):
        w_test([1.0, 1.0], [1.0, 1.0], 1, 1)
    with pytest.raises(InputError, match="finite losses"):
        diebold_mariano([np.inf, 1.0, 2.0], [0.0, 0.0, 0.0], 0)
    with pytest.raises(InputError, match="differ from day to day"):
        diebold_mariano([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], 0)
    with pytest.raises(InputError, match="NaN"):
        diebold_mariano([np.nan, 1.0, 1.0], [0.0, 0.0, 0.0], 0)


def test_molchan_by_hand():
    # Two events in the best cell and one in the third of four.
    alarmed, missed = molchan_curve([4.0, 3.0, 2.0, 1.0], [2, 0, 1, 0], points=None)
    # alarmed 0, (0, 1/4), (1/2, 3/4), 1; missed 1, (1, 1/3), (1/3, 0), 0
    assert alarmed.tolist() == [0, 0, 0.25, 0.5, 0.75, 1] and missed == pytest.approx([1, 1, 1 / 3, 1 / 3, 0, 0])
    # Area below: 1/4 x 2/3 + 1/4 x 1/3 + 1/4 x 1/6.
    assert area_skill([4.0, 3.0, 2.0, 1.0], [2, 0, 1, 0]) == pytest.approx(1 - (2 / 3 + 1 / 3 + 1 / 6) / 4)
    assert area_skill(np.ones((3, 4)), np.eye(3, 4)) == 0.5


def test_a_forecast_has_no_skill_against_itself():
    rng = np.random.default_rng(2)
    rate = rng.gamma(0.5, 0.02, (400, 100))
    count = rng.poisson(rate)
    assert area_skill(rate, count, weight=rate) == pytest.approx(0.5, abs=0.03)
    assert area_skill(rate, count) > 0.75
    active = rate.mean(axis=0) > np.median(rate.mean(axis=0))
    assert area_skill(rate, count, mask=active) == pytest.approx(area_skill(rate[:, active], count[:, active]))


def test_unskilled_bound_is_binomial():
    from scipy.stats import binom

    alarmed, missed = unskilled_bound(20)
    assert binom.sf(np.arange(20), 20, alarmed) == pytest.approx(0.05)
    assert missed[0] == 0.95 and missed[-1] == 0
    with pytest.raises(InputError, match="at least one event"):
        unskilled_bound(0)
    with pytest.raises(InputError, match="score without NaN"):
        area_skill([np.nan, 1.0], [0, 1])
    with pytest.raises(InputError, match="at least one positive"):
        area_skill([0.0, 1.0], [0, 0])
