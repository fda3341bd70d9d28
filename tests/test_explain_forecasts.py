"""SHAP values of forecasters and trees: by hand, by the whole model, and by shap on the original trees."""

import foreshock
import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.zoo.explain.coalitions import player_values
from foreshock.zoo.explain.event_groups import AGE_NAMES, edges_around, grouped
from foreshock.zoo.explain.forecast_games import game_of
from foreshock.zoo.explain.forecasts import explain_forecast
from foreshock.zoo.explain.trees import tree_values, trees_of

DAY = "2015-06-01"


def gloves(present, number=0):
    """One left glove and two right ones: only a pair is worth something."""
    return (present[:, 0] & (present[:, 1] | present[:, 2])).astype(float)


@pytest.mark.parametrize("method", ["permutation", "kernel"])
def test_the_glove_game_has_the_values_of_the_textbook(method):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    found = player_values(gloves, 3, method, seed=1, tolerance=0.01, time_limit_s=20, rounds=300)
    np.testing.assert_allclose(found.values, [4 / 6, 1 / 6, 1 / 6], atol=0.04)
    assert found.values.sum() == pytest.approx(found.output - found.base_value)
    assert found.output_range == 1.0
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_a_game_in_which_nobody_matters_is_zero_and_an_unknown_method_is_named():
    found = player_values(lambda present, _: np.full(len(present), -2.0), 5)
    assert found.values.tolist() == [0.0] * 5 and found.base_value == found.output == -2.0
    with pytest.raises(InputError, match="permutation, kernel"):
        player_values(gloves, 3, "guess")


def test_tiles_cover_the_grid_without_gaps_and_every_event_has_one():
    rng = np.random.default_rng(0)
    for cell, cells in ((0, 1), (0, 250), (249, 250), (100, 250)):
        edges = edges_around(cell, cells)
        assert edges[0] == 0 and edges[-1] == cells and (np.diff(edges) > 0).all()
        assert {cell, cell + 1} <= set(edges.tolist())
    row, column, age = rng.integers(-5, 55, 400), rng.integers(-5, 45, 400), rng.exponential(200, 400)
    groups = grouped(row, column, age, (20, 30), (50, 40))
    assert groups.size.sum() == 400 and groups.on_tiles(groups.size).sum() == 400
    at = groups.tile[groups.player]
    inside = np.clip(row, 0, 49)
    assert (groups.row_edges[at[:, 0]] <= inside).all() and (inside < groups.row_edges[at[:, 0] + 1]).all()
    assert (at[:, 2][age <= 1] == 0).all() and (at[:, 2][age > 365] == len(AGE_NAMES) - 1).all()


@pytest.fixture(scope="module")
def etas():
    return foreshock.load("etas-norcal")


def seismicity(grid, day, seed, count=300, low=2.6, high=5.0):
    """Events at random over the grid and the two years before a day, one large event the day before."""
    rng = np.random.default_rng(seed)
    latitude, longitude = grid.points(rng.uniform(0, grid.rows, count), rng.uniform(0, grid.columns, count))
    end = grid.day_start(day)
    time = end - (rng.uniform(0.01, 730, count) * 86400e6).astype("timedelta64[us]")
    magnitude = np.minimum(low + rng.exponential(0.4, count), high)
    centre = [v[grid.rows // 2, grid.columns // 2] for v in grid.centres()]
    return Catalog.unsorted(
        np.append(time, end - np.timedelta64(6, "h")),
        np.append(latitude, centre[0]),
        np.append(longitude, centre[1]),
        np.full(count + 1, 8.0),
        np.append(magnitude, high + 1),
    )


def test_an_etas_forecast_is_the_sum_of_what_its_events_add(etas):
    from foreshock.zoo.forecast.etas.contributions import contributions
    from foreshock.zoo.forecast.etas.forecast import EtasForecasts

    grid = etas.grid
    catalog = seismicity(grid, DAY, 1)
    rates = etas.rates(catalog, DAY)[0]
    forecasts = EtasForecasts(etas.rate_model.fit, catalog, grid, etas.window_days, DAY)
    for row, column in ((0, 0), (grid.rows // 2, grid.columns // 2), (grid.rows // 2 + 20, grid.columns // 2 - 5)):
        parts = contributions(forecasts, DAY, row, column, etas.magnitude)
        assert (parts.event >= 0).all()
        assert parts.background + parts.event.sum() == pytest.approx(float(rates[row, column]), rel=1e-5)


def test_an_etas_explanation_adds_up_and_the_large_event_stands_out(etas):
    grid, row, column = etas.grid, etas.grid.rows // 2, etas.grid.columns // 2
    cell = tuple(float(v[row, column]) for v in grid.centres())
    catalog = seismicity(grid, DAY, 1)
    explanation = etas.explain(catalog, day=DAY, cell=cell, time_limit_s=20)
    assert explanation.method == "permutation" and explanation.additivity_error.max() < 1e-6
    assert explanation.output[0] == pytest.approx(float(np.log(etas.rates(catalog, DAY)[0][row, column])), abs=1e-4)
    assert explanation.output[0] - explanation.base_value[0] == pytest.approx(explanation.values.sum(), abs=1e-5)
    assert (explanation.values > -1e-9).all()  # an event of ETAS never lowers a rate
    place, _ = explanation.largest(0, 1)[0]
    assert "last day" in place and f"latitude {cell[0]:.4g}" in place
    again = etas.explain(catalog, day=DAY, cell=cell, time_limit_s=20)
    np.testing.assert_array_equal(again.values, explanation.values)


@pytest.mark.parametrize("name", ["recency-norcal", "etas-calibrated-norcal"])
def test_closed_forms_give_what_the_model_gives_without_the_events(name):
    model = foreshock.load(name)
    grid, place = model.grid, (model.grid.rows // 2, model.grid.columns // 2 + 1)
    past = seismicity(grid, DAY, 1).between(None, grid.day_start(DAY))
    game = game_of(model, past, np.datetime64(DAY), place, 60.0)
    both = game.outcome(np.array([[True] * game.groups.players, [False] * game.groups.players]), 0)
    assert both[0] == pytest.approx(float(np.log(model.rates(past, DAY)[0][place])), abs=1e-4)
    long_ago = past[:1]  # a forecast needs an event; this one is two years old
    assert both[1] == pytest.approx(float(np.log(model.rates(long_ago, DAY)[0][place])), abs=0.02)
    assert explain_forecast(model, past, day=DAY).additivity_error.max() < 1e-4


def test_values_of_two_groups_are_those_of_the_formula(etas):
    """log(b + c1 + c2): the mean over both orders, by hand."""
    background, first, second = 0.01, 0.03, 0.3
    found = player_values(lambda p, _: np.log(background + p @ np.array([first, second])), 2)
    alone = np.log((background + first) / background)
    last = np.log((background + first + second) / (background + second))
    assert found.values[0] == pytest.approx((alone + last) / 2)


def test_zeros_in_the_maps_are_events_that_never_were():
    model = foreshock.load("cnn-lstm-prior-sim")
    catalog = seismicity(model.grid, DAY, 2, count=3000, high=4.5)
    past = catalog.between(None, model.grid.day_start(DAY))
    place = (model.grid.rows // 2, model.grid.columns // 2)
    game = game_of(model, past, np.datetime64(DAY), place, 60.0)
    present = np.random.default_rng(0).random((2, game.groups.players)) < 0.5
    events = past.above(model.card.settings["input_magnitude"])
    row, column, inside = model.grid.cells(events.latitude, events.longitude)
    age = (np.datetime64(DAY) - model.grid.days(events.time)).astype(int) - 0.5
    seen = inside & (age < model.card.settings["steps"])
    own = grouped(row[seen], column[seen], age[seen], place, model.grid.shape)
    np.testing.assert_array_equal(own.tile, game.groups.tile)
    for keep, answer in zip(present, game.outcome(present, 0), strict=True):
        kept = np.flatnonzero(seen)[keep[own.player]]
        assert np.log(model.rates(events[kept], DAY)[0][place]) == pytest.approx(answer, abs=1e-4)


def test_a_static_rate_owes_nothing_to_past_events():
    model = foreshock.load("smoothed-sim")
    explanation = model.explain(seismicity(model.grid, DAY, 3, high=4.5), day=DAY)
    assert not explanation.values.any() and explanation.converged


def test_questions_without_an_answer_are_one_line(etas):
    catalog = seismicity(etas.grid, DAY, 1)
    for options, match in (
        ({"cell": (10.0, 10.0)}, "a latitude and a longitude inside"),
        ({"method": "gradient"}, "permutation, kernel, tree"),
        ({"method": "tree"}, "method=permutation"),
        ({"cells": 5}, "leave cells out"),
    ):
        with pytest.raises(InputError, match=match):
            explain_forecast(etas, catalog, day=DAY, **options)


@pytest.fixture(scope="module")
def booster():
    import xgboost

    rng = np.random.default_rng(0)
    x = np.round(rng.normal(size=(400, 4)), 1).astype(np.float32)  # rows lie on thresholds
    y = x[:, 0] * (x[:, 1] > 0) + 0.1 * x[:, 2]
    matrix = xgboost.DMatrix(x, label=y)
    return xgboost.train({"max_depth": 3, "base_score": 0.0, "nthread": 1}, matrix, 12), x


def test_trees_out_of_onnx_have_the_values_of_the_booster_itself(booster):
    import shap
    import xgboost
    from foreshock.training.forecast.boosting_fit import to_onnx

    trees, x = booster
    found = tree_values(to_onnx(trees), x[:20], x[100:200])
    np.testing.assert_allclose(found.output, trees.predict(xgboost.DMatrix(x[:20])), atol=1e-5)
    theirs = shap.TreeExplainer(trees, x[100:200], feature_perturbation="interventional").shap_values(x[:20])
    np.testing.assert_allclose(found.values, theirs, atol=1e-5)
    np.testing.assert_allclose(found.base_value + found.values.sum(axis=1), found.output, atol=1e-6)


def test_a_forest_in_onnx_is_read_like_a_booster():
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.ensemble import RandomForestRegressor

    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 3)).astype(np.float32)
    forest = RandomForestRegressor(8, max_depth=4, random_state=0).fit(x, x[:, 0] * 2 + x[:, 1] ** 2)
    graph = skl2onnx.to_onnx(forest, x[:1], target_opset=15).SerializeToString()
    found = tree_values(graph, x[:10], x[50:90])
    np.testing.assert_allclose(found.output, forest.predict(x[:10]), atol=1e-5)
    np.testing.assert_allclose(found.base_value, forest.predict(x[50:90]).mean(), atol=1e-5)
    np.testing.assert_allclose(found.base_value + found.values.sum(axis=1), found.output, atol=1e-5)
    assert np.abs(found.values[:, 2]).mean() < np.abs(found.values[:, 0]).mean()


def test_a_graph_without_trees_is_refused():
    graph = foreshock.load("smoothed-sim").file("model.onnx").read_bytes()
    with pytest.raises(InputError, match="one tree ensemble"):
        trees_of(graph)


@pytest.mark.parametrize("residual", [True, False])
def test_a_boosted_forecast_is_explained_by_its_features(residual):
    import xgboost
    from foreshock.training.forecast.boosting_fit import to_onnx
    from foreshock.zoo.explain.boosted import boosted_explanation
    from foreshock.zoo.forecast.boosting import Boosting

    grid = Grid.local(38, -120, rows=8, columns=6)
    features = [{"name": "decaying_counts", "decay_days": [2.0, 30.0], "widths_km": [10.0]}]
    rng = np.random.default_rng(0)
    x = rng.exponential(size=(200, 2 + residual)).astype(np.float32)
    trees = xgboost.train({"max_depth": 3, "base_score": 0.0}, xgboost.DMatrix(x, label=x[:, -1]), 10)
    heads = {(0, 7): {"trees": to_onnx(trees), "leaves": 80, "offset": -2.0}}
    rate = rng.uniform(0.001, 0.01, grid.shape)
    model = Boosting(grid, rate, 3.5, 2.5, 20.0, features, residual, heads)
    catalog = seismicity(grid, DAY, 4)
    cells = np.array([27, 3, 11])
    common = {"model": "boosting", "target": "log rate", "unit": "nats", "seed": 0}
    explanation = boosted_explanation(model, catalog, np.datetime64(DAY), (0, 7), cells, 0, {}, common)
    names = explanation.axis("feature").tolist()
    assert names == ["log smoothed rate"] * residual + ["events, decay 2 d, 10 km", "events, decay 30 d, 10 km"]
    rates = model.rates(catalog, DAY, (0, 7), 3.5)[0].reshape(-1)[cells]
    np.testing.assert_allclose(explanation.output, np.log(rates), rtol=1e-5)
    assert explanation.additivity_error.max() < 1e-5
    for kind in ("waterfall", "beeswarm", "decision"):
        figure = explanation.plot(case=1, kind=kind)
        labels = {text.get_text() for axes in figure.axes for text in axes.get_yticklabels()}
        assert any("decay" in label for label in labels), kind


def test_trees_on_features_of_records_are_explained_by_name(tmp_path):
    from types import SimpleNamespace

    from foreshock.training.trees import forest_graph
    from foreshock.zoo.explain.features import explain_features
    from sklearn.ensemble import RandomForestRegressor

    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 3)).astype(np.float32)
    forest = RandomForestRegressor(5, max_depth=4, random_state=0).fit(x, 3 * x[:, 1])
    (tmp_path / "model.onnx").write_bytes(forest_graph(forest))
    rows = [SimpleNamespace(window=None, magnitude=m) for m in forest.predict(x[:4])]
    model = SimpleNamespace(
        card=SimpleNamespace(name="forest", settings={"features": ["E_max", "N_max", "Z_max"]}),
        predict=lambda source, picks: SimpleNamespace(rows=rows if source else [], rejected=()),
        features=lambda rows: x[: len(rows)],
        file=lambda name: tmp_path / name,
    )
    explanation = explain_features(model, ["a file"], background=x[50:90])
    assert explanation.additivity_error.max() < 1e-5 and explanation.method == "tree"
    assert explanation.largest(0, 1)[0][0] == "N_max"
    for options, match in (({"method": "gradient"}, "method tree"), ({"target": "blast"}, "not a class")):
        with pytest.raises(InputError, match=match):
            explain_features(model, ["a file"], background=x, **options)
    with pytest.raises(InputError, match="at least one record"):
        explain_features(model, [], background=x)
