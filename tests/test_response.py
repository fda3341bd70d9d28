"""Responses to a planted earthquake: of ETAS against its own law, of maps and circles; the table of cities."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from foreshock.benchmarks.forecast.response import (
    AGES_DAYS,
    RINGS_KM,
    Stage,
    map_response,
    places_of,
    ring_ratio,
    run,
    stage_of,
    to_text,
    write_csv,
)
from foreshock.benchmarks.forecast.response_picture import plot_responses
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.datasets.simulate.etas_region import simulated_grid, simulated_model
from foreshock.zoo import registry

GRID = Grid.local(36.0, 140.0, 40, 40, 10.0, -200.0, -200.0)


def test_rings_are_sums_over_sums_and_empty_ones_are_no_number():
    after = np.array([[[3.0, 1.0, 4.0]], [[1.0, 1.0, 2.0]]])
    before = np.ones((2, 1, 3))
    ratio = ring_ratio(after, before, np.array([[4.0, 9.0, 25.0]]))
    np.testing.assert_allclose(ratio[:, 0], [2.0, 1.0])
    np.testing.assert_allclose(ratio[:, 2], [4.0, 2.0])
    assert np.isnan(ratio[:, 1]).all()


def test_places_are_cells_of_events_apart_and_off_the_edge():
    # Two cells 20 km apart, one far from both, and one at the edge.
    spots = [(36.05, 140.05), (36.23, 140.05), (36.05, 138.83), (34.22, 140.05)]
    latitude, longitude = np.repeat(spots, 10, axis=0).T
    time = np.datetime64("2020-01-01", "us") + np.arange(40).astype("timedelta64[h]")
    events = Catalog(time, latitude, longitude, np.full(40, 10.0), np.full(40, 4.0))
    for seed in range(8):
        found = np.array(places_of(events, GRID, np.random.default_rng(seed)))
        assert len(found) == 2
        far, near = sorted(found.tolist(), key=lambda place: place[1])
        np.testing.assert_allclose(far, spots[2], atol=0.06)
        assert min(np.abs(np.subtract(near, spot)).max() for spot in spots[:2]) < 0.06


class Omori:
    """Rates that answer to a planted earthquake by 1 + 100 / age in its own cell, and to nothing else."""

    card = SimpleNamespace(name="omori")
    window_days, magnitude = (0, 7), 5.0

    def rates(self, catalog, days):
        rates = np.ones((len(days), *GRID.shape))
        large = catalog.magnitude >= 6.0
        row, column, _ = GRID.cells(catalog.latitude[large], catalog.longitude[large])
        for i, day in enumerate(days):
            age = (day - GRID.days(catalog.time[large])).astype(int)
            rates[i, row, column] += 100.0 / age
        return rates


def test_a_response_is_the_geometric_mean_of_ratios_by_ring_and_age():
    quiet = Catalog(["2020-01-01"], [36.0], [140.0], [10.0], [4.0])

    def etas(catalog, days, window_days, magnitude):
        assert (window_days, magnitude) == ((0, 7), 5.0)
        return np.full((len(days), *GRID.shape), 1.0 + (catalog.magnitude >= 6.0).sum())

    places = [(36.05, 140.05), (36.05, 140.05)]
    stage = Stage(GRID, quiet, np.datetime64("2020-03-01"), places, etas)
    found = map_response(Omori(), stage, 6.0)
    x, y = GRID.projection.forward(*GRID.centres())
    at = GRID.projection.forward(36.05, 140.05)
    cells = (np.hypot(x - at[0], y - at[1]) < 10.0).sum()
    np.testing.assert_allclose(found.ratio[:, 0], [1 + 100 / age / cells for age in AGES_DAYS])
    np.testing.assert_allclose(found.ratio[:, 3:], 1.0)
    np.testing.assert_allclose(found.etas, 2.0)


@pytest.fixture(scope="module")
def simulated():
    return run(["cnn-lstm-prior-sim"])[0]


def test_the_simulators_own_answer_follows_its_law(simulated):
    parameters, _ = simulated_model()
    stage = stage_of(simulated_grid(), seed=1)
    assert stage.quiet.magnitude.max() <= parameters.m0 + 1.0
    rate = len(stage.quiet) / 1562
    assert rate == pytest.approx(parameters.mu_per_day, rel=0.05)
    etas = simulated[0].etas
    assert (np.diff(etas[:, 0]) < 0).all(), "less and less with time"
    assert (np.diff(etas[0, :7]) < 0).all(), "less and less with distance, as far as there is any"
    # Direct offspring of m 6 from one to eight days after, all of it, against what the whole map gained.
    latitude, longitude = stage.places[0]
    day = stage.days[:1]
    planted = stage.planted(latitude, longitude, 6.0)
    more = stage.etas(planted, day, (0, 7), 2.5).sum() - stage.etas(stage.quiet, day, (0, 7), 2.5).sum()
    direct = parameters.utsu_productivity(6.0) * (parameters.omori_fraction(7.5) - parameters.omori_fraction(0.5))
    assert direct < more < 2.5 * direct


def test_table_picture_and_names(simulated, tmp_path):
    text = to_text(simulated)
    assert "cnn-lstm-prior-sim" in text
    write_csv(simulated, tmp_path / "r.csv")
    lines = (tmp_path / "r.csv").read_text().splitlines()
    assert len(lines) == 1 + len(AGES_DAYS) * (len(RINGS_KM) - 1)
    assert lines[1].startswith("cnn-lstm-prior-sim,0-7,3.5,earthquake,1,5.0,")
    figure = plot_responses(simulated, 6.0, tmp_path / "r.png")
    assert (tmp_path / "r.png").stat().st_size > 10_000
    assert len(figure.axes[0].lines) == 2 * len(AGES_DAYS) + 1
    with pytest.raises(InputError, match="a forecaster"):
        run(["p64-simcycle"])


def test_etas_answers_like_itself():
    model = registry.load("etas-norcal")
    stage = replace(stage_of(model.grid, seed=2), places=stage_of(model.grid, seed=2).places[:1])
    found = map_response(model, stage, 6.0)
    np.testing.assert_allclose(found.ratio, found.etas, rtol=1e-6)
    assert found.ratio[0, 0] > 10


def test_a_circle_answers_to_what_happens_around_it(monkeypatch):
    from foreshock.benchmarks.forecast.response import circle_response
    from foreshock.datasets.labels import haversine_km
    from foreshock.datasets.windows import Circle

    circle = Circle(36.0, 140.0, 60.0)

    class Near:
        card = SimpleNamespace(name="near", settings={"window_days": [0, 1], "magnitude": 4.5})

        def probabilities(self, catalog, days):
            large = catalog.magnitude >= 6.0
            far = haversine_km(catalog.latitude[large], catalog.longitude[large], 36.0, 140.0)
            return np.full(len(days), 1 - np.exp(-0.1 * (1 + (far < 100.0).sum())))

    Near.circle = circle

    def etas(catalog, days, window_days, magnitude):
        assert (window_days, magnitude) == ((0, 1), 4.5)
        return np.ones((len(days), *GRID.shape)) * len(catalog)

    quiet = Catalog(["2020-01-01"], [36.0], [140.0], [10.0], [4.0])
    stage = Stage(GRID, quiet, np.datetime64("2020-03-01"), [], etas)
    found = circle_response(Near(), stage, 6.0)
    middle = found.distance_km
    np.testing.assert_allclose(found.ratio, np.broadcast_to(np.where(middle < 100.0, 2.0, 1.0), found.ratio.shape))
    np.testing.assert_allclose(found.etas, 2.0)


def test_the_table_of_cities_has_a_row_a_forecaster(tmp_path):
    from foreshock.benchmarks.forecast.cities import COLUMNS, CityTable, cities, rows_of
    from foreshock.zoo.card import Result, Score

    assert cities() == sorted(["tokyo", "niigata", "iwaki", "sapporo", "sendai", "nagoya", "nankai", "fukuoka"])

    def score(name, value):
        return Score(model=name, value=value, low=value - 0.1, high=value + 0.1)

    results = [
        Result(
            score=of,
            cases="1096 days, 88 with a target event, from 2014-01-01 to 2016-12-31",
            ours=score("convlstm-tokyo", i),
            baselines=(score("rate", i + 0.25), score("etas", i + 0.5)),
        )
        for i, of in enumerate(COLUMNS.values())
    ]
    card = SimpleNamespace(settings={"id": "tokyo", "magnitude": 4.5}, results=results)
    table = CityTable(rows_of(card))
    assert [row["forecaster"] for row in table.rows] == ["network", "rate", "etas"]
    assert (table.rows[0]["days"], table.rows[0]["hit_days"]) == (1096, 88)
    assert table.rows[2]["brier"] == 2.5
    assert table.rows[1]["gain_over_rate_low"] == pytest.approx(1.15)
    table.to_csv(tmp_path / "t.csv")
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 4
    assert "etas             0.500 [0.400, 0.600]" in table.to_text()
