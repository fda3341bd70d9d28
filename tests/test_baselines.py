"""Features, fits and files of the baselines, against plain loops and independent implementations."""

from dataclasses import replace

import numpy as np
import pytest
from foreshock.benchmarks.forecast.run import quick_region
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.datasets.period import Split
from foreshock.datasets.regions import Region
from foreshock.training.forecast.baselines import BASELINES, LEAKING, Fits
from foreshock.training.forecast.case import ForecastCase
from foreshock.training.forecast.log_rate import fit_log_rate
from foreshock.training.forecast.protocol import Protocol
from foreshock.training.forecast.sample import sampled
from foreshock.zoo.forecast import features
from foreshock.zoo.forecast.history import History
from foreshock.zoo.forecast.rate_model import load_rate_model
from foreshock.zoo.forecast.rtl import rtl, rtl_parts

GRID = Grid.local(latitude0=35, longitude0=-121, rows=6, columns=5, cell_km=10)
DAY = np.datetime64("2020-03-01")


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(3)
    row, column = rng.uniform(-1.9, 7.9, 120), rng.uniform(-1.9, 6.9, 120)
    time = np.datetime64("2020-01-01", "us") + np.sort(rng.integers(0, 80 * 86400, 120)).astype("timedelta64[s]")
    return Catalog(time, *GRID.points(row, column), np.zeros(120), rng.uniform(2.0, 6.0, 120))


@pytest.fixture(scope="module")
def history(events):
    return History(events, GRID, 2.5, padding_km=20)


def loop(events, weight):
    """Sums over events before DAY of weight(age in days, magnitude, distance of cells in km), cell by cell."""
    x, y = GRID.projection.forward(events.latitude, events.longitude)
    total = np.zeros(GRID.shape)
    for t, ex, ey, m in zip(events.time, x, y, events.magnitude, strict=True):
        age = (DAY - t.astype("datetime64[D]")).astype(int)
        if age < 1 or m < 2.5:
            continue
        for row in range(GRID.rows):
            for column in range(GRID.columns):
                dy, dx = 10 * (row - np.floor(ey / 10)), 10 * (column - np.floor(ex / 10))
                total[row, column] += weight(age, m, dx, dy)
    return total


def test_decaying_counts_are_a_sum_over_events(events, history):
    from scipy.stats import norm

    def weight(age, m, dx, dy, decay=3.0, width=12.0):
        share = np.prod([np.diff(norm.cdf([d - 5, d + 5], scale=width))[0] for d in (dx, dy)])
        return np.exp(-(age - 0.5) / decay) * share

    maps = features.decaying_counts(history, DAY, (3.0, 30.0), (12.0, 0.0))
    np.testing.assert_allclose(maps[0], loop(events, weight), rtol=2e-4, atol=1e-7)
    here = loop(events, lambda age, m, dx, dy: np.exp(-(age - 0.5) / 30.0) * (dx == dy == 0))
    np.testing.assert_allclose(maps[3], here, rtol=1e-5, atol=1e-7)


def test_counts_energies_and_indicators_by_loops(events, history):
    seen = loop(events, lambda age, m, dx, dy: (age <= 30) * (dx == dy == 0))
    np.testing.assert_allclose(features.counts(history, DAY, (30,), (0.0,))[0], np.log1p(seen), rtol=1e-5)
    joule = loop(events, lambda age, m, dx, dy: (age <= 30) * (dx == dy == 0) * 10 ** (1.5 * m))
    expected = np.log10(np.maximum(joule, 1)) / 1.5
    np.testing.assert_allclose(features.energies(history, DAY, (30,), (0.0,))[0], expected, rtol=1e-5)
    days = features.indicators(history, DAY, 20)
    for ago in range(20):
        there = loop(events, lambda age, m, dx, dy, ago=ago: (age == ago + 1) * (dx == dy == 0))
        np.testing.assert_array_equal(days[ago], there > 0)


def test_rtl_by_loops(events, history):
    r0, t0 = 25.0, 20.0
    far = loop(events, lambda age, m, dx, dy: (age <= t0) * np.exp(-np.hypot(dx, dy) / r0))
    near = loop(events, lambda age, m, dx, dy: np.exp(-(age - 1) / t0) * (np.hypot(dx, dy) <= r0))
    length = loop(
        events,
        lambda age, m, dx, dy: (age <= t0) * (np.hypot(dx, dy) <= r0) * np.exp(-np.exp(0.5 * m - 1.8) / r0),
    )
    parts = rtl_parts(history, DAY, (r0,), (t0,))[:, 0]
    for part, expected in zip(parts, (far, near, length), strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-3, atol=2e-4)
    np.testing.assert_allclose(rtl(history, DAY, (r0,), (t0,))[0], np.log1p(parts.prod(axis=0)), rtol=1e-5)
    mean, deviation = np.full((3, 1, 6, 5), 2.0), np.full((3, 1, 6, 5), 0.5)
    classic = rtl(history, DAY, (r0,), (t0,), mean, deviation)[0]
    np.testing.assert_allclose(classic, ((parts - 2) / 0.5).prod(axis=0), rtol=1e-5)


def test_features_of_a_day_do_not_change_with_what_comes_after(events):
    later = Catalog.joined([events, Catalog(["2020-03-01T00:00:00"], [35.2], [-120.8], [5], [7.0])])
    wanted = [{"name": name} for name in features.FEATURES]
    before, after = (features.stacked(History(c, GRID, 2.5, 20), DAY, wanted) for c in (events, later))
    np.testing.assert_array_equal(before, after)
    tomorrow = features.stacked(History(later, GRID, 2.5, 20), DAY + 1, wanted)
    assert not np.array_equal(tomorrow, features.stacked(History(events, GRID, 2.5, 20), DAY + 1, wanted))


def test_poisson_log_rate_equals_scikit_learn():
    from sklearn.linear_model import PoissonRegressor

    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(4000, 3)), rng.uniform(0.5, 2.0, 4000)
    count = rng.poisson(np.exp(-2 + x @ [0.5, -0.3, 0.0]))
    found = fit_log_rate(x, count, weight, "poisson")
    model = PoissonRegressor(alpha=0.0, tol=1e-9, max_iter=1000).fit(x, count, sample_weight=weight)
    np.testing.assert_allclose(found, [model.intercept_, *model.coef_], atol=2e-4)


def test_bernoulli_log_rate_equals_a_general_optimiser():
    from scipy.optimize import minimize

    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 2))
    hit = rng.random(4000) < -np.expm1(-np.exp(-1.5 + x @ [0.8, -0.4]))

    def loss(beta):
        rate = np.exp(beta[0] + x @ beta[1:])
        return -np.log(-np.expm1(-rate[hit])).sum() + rate[~hit].sum()

    expected = minimize(loss, np.array([-1.0, 0.0, 0.0]), method="BFGS", options={"gtol": 1e-6}).x
    found = fit_log_rate(x, hit.astype(int), np.ones(4000), "bernoulli")
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_trees_in_onnx_answer_as_xgboost_does():
    import onnxruntime
    import xgboost
    from foreshock.training.forecast.boosting_fit import to_onnx

    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 4)).astype(np.float32)
    data = xgboost.DMatrix(x, label=x[:, 0] * x[:, 1] + rng.normal(size=3000))
    booster = xgboost.train({"base_score": 0.0, "max_depth": 4, "nthread": 1}, data, 25)
    session = onnxruntime.InferenceSession(to_onnx(booster))
    answer = session.run(None, {"x": x})[0].ravel()
    np.testing.assert_allclose(answer, booster.predict(data, output_margin=True), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "window", "every", "likelihood", "recalibrated"),
    [
        ("P1", (10, 50), 10, "bernoulli", True),
        ("P2", (0, 7), 7, "poisson", False),
        ("P2-7d", (0, 7), 7, "poisson", False),
        ("P2-1d", (0, 1), 1, "poisson", False),
    ],
)
def test_protocols_are_those_of_the_specification(name, window, every, likelihood, recalibrated):
    protocol = Protocol.named(name)
    got = (protocol.window_days, protocol.every_days, protocol.likelihood, protocol.recalibrated)
    assert got == (window, every, likelihood, recalibrated)


def test_an_unknown_protocol_names_those_there_are():
    with pytest.raises(InputError, match=r"P1, P2-1d, P2-7d.*'P3'"):
        Protocol.named("P3")


def tiny_case(protocol, planted=None):
    """Four simulated years on 8 x 8 cells; `planted` is added to the catalogue."""
    region = quick_region(Region.named("simulated"))
    grid = replace(region.grid, rows=8, columns=8, x0=region.grid.x0 + 40, y0=region.grid.y0 + 40)
    split = Split(("2000-01-01", "2001-12-31"), ("2002-01-01", "2002-12-31"), ("2003-01-01", "2003-12-31"))
    region = replace(region, name="tiny", grid=grid, padding_km=20.0, splits=(("hard", split),))
    case = ForecastCase.of(region, Protocol.named(protocol), magnitude=3.0)
    if planted is None:
        return case
    return replace(case, catalog=region.select(Catalog.joined([case.catalog, planted])))


@pytest.fixture(scope="module")
def pair():
    """The same case without and with a magnitude 7 on 2003-06-01, and the baselines fitted on each."""
    case = tiny_case("P2-7d")
    latitude, longitude = case.grid.points(4.5, 4.5)
    planted = Catalog(["2003-06-01T12:00:00"], [latitude], [longitude], [8], [7.0])
    return [Fits(c) for c in (case, tiny_case("P2-7d", planted))]


@pytest.mark.parametrize("name", [name for name in BASELINES if name not in LEAKING])
def test_an_event_of_the_test_period_changes_no_fit_and_no_earlier_forecast(pair, name):
    plain, planted = (fits.model(name) for fits in pair)
    first, second = plain.state(), planted.state()
    assert first[0] == second[0]
    assert first[1].keys() == second[1].keys()
    for key in first[1]:
        np.testing.assert_array_equal(first[1][key], second[1][key])
    if name == "etas":
        found = [{k: v for k, v in model.fit.to_dict().items() if k != "seconds"} for model in (plain, planted)]
        assert found[0] == found[1]
        np.testing.assert_array_equal(plain.fit.background.weight, planted.fit.background.weight)
    case = pair[0].case
    days = case.issue_days("test")
    rates = [m.rates(f.case.catalog, days, (0, 7), case.magnitude) for m, f in zip((plain, planted), pair, strict=True)]
    before = days <= np.datetime64("2003-06-01")
    assert before.any() and not before.all()
    np.testing.assert_array_equal(rates[0][before], rates[1][before])
    moves = name not in ("uniform", "rate", "smoothed")
    assert np.array_equal(rates[0][~before], rates[1][~before]) != moves


def test_the_leaking_prior_does_change(pair):
    plain, planted = (fits.model("rate-leaky").rate_per_day for fits in pair)
    assert not np.array_equal(plain, planted)


@pytest.mark.parametrize("name", ["smoothed", "recency", "boosting", "etas-calibrated"])
def test_a_model_comes_back_from_its_files(pair, tmp_path, name):
    model, case = pair[0].model(name), pair[0].case
    model.save(tmp_path)
    again = load_rate_model(tmp_path)
    days = case.issue_days("test")[:3]
    np.testing.assert_array_equal(
        model.rates(case.catalog, days, (0, 7), 3.0), again.rates(case.catalog, days, (0, 7), 3.0)
    )
    assert again.parameters == model.parameters
    assert not list(tmp_path.rglob("*.pkl"))


def test_a_model_refuses_a_window_or_magnitude_it_was_not_fitted_for(pair):
    case = pair[0].case
    with pytest.raises(InputError, match=r"window of days 0 to 7.*10 to 50"):
        pair[0].model("recency").rates(case.catalog, case.issue_days("test")[:1], (10, 50), 3.0)
    with pytest.raises(InputError, match=r"magnitude 3 of the fit.*4"):
        pair[0].model("smoothed").rates(case.catalog, case.issue_days("test")[:1], (0, 7), 4.0)


@pytest.mark.parametrize("name", [name for name in BASELINES if name not in LEAKING])
def test_without_any_past_event_rates_are_finite_and_above_zero(pair, name):
    nothing = Catalog([], [], [], [], [])
    rates = pair[0].model(name).rates(nothing, np.datetime64("2003-01-01"), (0, 7), 3.0)
    assert rates.shape == (1, 8, 8)
    assert np.isfinite(rates).all()
    assert (rates > 0).all()


def test_forecasts_of_one_day_are_those_of_the_series(pair):
    case = pair[0].case
    days = case.issue_days("test")[:4]
    for name in ("recency", "rtl-boosting", "etas"):
        model = pair[0].model(name)
        whole = model.rates(case.catalog, days, (0, 7), 3.0)
        one = model.rates(case.catalog.between(None, case.grid.day_start(days[2])), days[2], (0, 7), 3.0)
        np.testing.assert_allclose(one[0], whole[2], rtol=1e-4)


def test_a_sample_stands_for_all_cell_days(pair):
    case, history, rate = pair[0].case, pair[0].history(), pair[0].smoothed
    days, counts = case.issue_days("train"), case.counts("train")
    whole = sum(features.decaying_counts(history, day)[3].sum() for day in days)
    draw = [
        sampled(
            case, "train", history, lambda d: features.decaying_counts(history, d), rate, np.random.default_rng(s), 800
        )
        for s in range(20)
    ]
    assert all(s.count.sum() == counts.sum() for s in draw)
    assert all(len(s.count) < counts.size / 2 for s in draw)
    for sums, expected in (
        ([s.weight.sum() for s in draw], counts.size),
        ([s.weight @ s.x[:, 3] for s in draw], whole),
    ):
        assert abs(np.mean(sums) - expected) < 4 * np.std(sums) / np.sqrt(len(sums))
        assert np.std(sums) < 0.3 * expected
