"""Forecast and the static rates: values worked by hand, files, pictures, bad input."""

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.zoo.forecast.forecast import Forecast
from foreshock.zoo.forecast.rates import choose_neighbours, historical_rate, smoothed_rate, window_probability

GRID = Grid.local(latitude0=35, longitude0=-121, rows=6, columns=5, cell_km=10)


def forecast(probability=None):
    if probability is None:
        probability = np.linspace(0.001, 0.5, 30).reshape(6, 5)
    return Forecast("a-model", GRID, probability, "2011-03-12", (10, 50), 5.0)


def events(points, times=None):
    latitude, longitude = GRID.points(*np.array(points, float).T)
    n = len(points)
    times = np.datetime64("2020-01-01", "us") + np.arange(n) * np.timedelta64(1, "D") if times is None else times
    return Catalog(times, latitude, longitude, np.zeros(n), np.full(n, 3.0))


def test_rate_and_period_by_hand():
    f = forecast(np.full((6, 5), 0.5))
    assert f.rate.sum() == pytest.approx(30 * np.log(2))
    assert [str(day) for day in f.period] == ["2011-03-22", "2011-05-01"]


def test_csv_gives_the_forecast_back(tmp_path):
    f = forecast()
    f.to_csv(tmp_path / "f.csv")
    again = Forecast.from_csv(tmp_path / "f.csv")
    np.testing.assert_allclose(again.probability, f.probability, rtol=1e-7)
    assert (again.grid, again.period, again.magnitude, again.model) == (f.grid, f.period, f.magnitude, f.model)


def test_pycsep_reads_the_forecast_with_its_total(tmp_path):
    from foreshock.datasets.csep_forecast import read_csep

    f = forecast()
    f.to_csep(tmp_path / "f.dat")
    assert read_csep(tmp_path / "f.dat").event_count == pytest.approx(f.rate.sum(), rel=1e-9)


def test_the_picture_has_north_up_and_units(tmp_path):
    figure = forecast().plot(tmp_path / "f.png")
    axes, bar = figure.axes[:2]
    assert axes.get_ylim()[0] < axes.get_ylim()[1]
    assert "latitude" in axes.get_ylabel()
    assert "probability" in bar.get_ylabel()
    assert (tmp_path / "f.png").stat().st_size > 5000


@pytest.mark.parametrize("bad", [np.full((6, 5), 1.5), np.full((6, 5), np.nan), np.zeros((5, 6))])
def test_probabilities_are_checked(bad):
    with pytest.raises(InputError, match="probabilities in"):
        forecast(bad)


def test_historical_rate_by_hand():
    rate = historical_rate(events([(0.5, 0.5), (0.5, 0.5), (5.5, 4.5)]), GRID, days=30, floor_share=0.1)
    # Three events in 30 days are .1 a day: nine tenths in their cells, a tenth over 30 cells.
    assert rate.sum() == pytest.approx(0.1)
    assert rate[0, 0] == pytest.approx(0.1 * (0.9 * 2 / 3 + 0.1 / 30))
    assert rate[2, 2] == pytest.approx(0.1 * 0.1 / 30)


def test_smoothed_rate_equals_a_plain_sum_of_gaussians():
    from scipy.stats import norm

    points = [(1.2, 1.1), (1.3, 1.4), (4.0, 3.3), (4.4, 3.9)]
    catalog = events(points)
    rate = smoothed_rate(catalog, GRID, days=4, neighbours=1, floor_share=0.0)
    x, y = GRID.projection.forward(catalog.latitude, catalog.longitude)
    expected = np.zeros((6, 5))
    for i in range(4):
        width = max(sorted(np.hypot(x - x[i], y - y[i]))[1], 5.0)
        for row in range(6):
            for column in range(5):
                across = norm.cdf([10 * column, 10 * column + 10], x[i], width)
                along = norm.cdf([10 * row, 10 * row + 10], y[i], width)
                expected[row, column] += np.diff(across)[0] * np.diff(along)[0]
    np.testing.assert_allclose(rate, expected / expected.sum() * 1.0, rtol=1e-9)


def test_the_chosen_neighbours_are_the_likeliest_on_validation():
    rng = np.random.default_rng(0)
    catalog = events(rng.normal((3, 2.5), 0.8, (60, 2)).clip(0.01, 4.99))
    counts = np.zeros((6, 5))
    counts[2:4, 2] = 5
    best = choose_neighbours(catalog, GRID, 60, counts, candidates=(1, 4, 30))
    gains = {}
    for k in (1, 4, 30):
        rate = smoothed_rate(catalog, GRID, 60, k)
        gains[k] = (counts * np.log(rate / rate.sum())).sum()
    assert gains[best] == max(gains.values())
    assert len(set(gains.values())) == 3


def test_window_probability_is_a_poisson_process():
    assert window_probability(np.array(0.0), 7) == 0
    assert window_probability(np.array(np.log(2) / 7), 7) == pytest.approx(0.5)
