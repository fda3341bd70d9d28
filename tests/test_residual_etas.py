"""The residual network on ETAS: its inputs by hand and by quadrature, its start, its fit, and that no future leaks."""

import subprocess
import sys
from dataclasses import replace

import foreshock
import numpy as np
import pytest
from foreshock.benchmarks.forecast import residual_ideas
from foreshock.benchmarks.forecast.residual_run import run
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.grid import Grid
from foreshock.datasets.period import Split
from foreshock.datasets.regions import Region, Source
from foreshock.datasets.simulate.etas import simulate_etas
from foreshock.datasets.simulate.etas_background import MapBackground
from foreshock.datasets.simulate.etas_parameters import EtasParameters
from foreshock.training.forecast.baselines import Fits
from foreshock.training.forecast.case import ForecastCase
from foreshock.training.forecast.protocol import Protocol
from foreshock.training.forecast.residual_fit import averaged, fit_residual, level_of, mean_residual, validated_gain
from foreshock.training.forecast.residual_fit import validation_court as court_of
from foreshock.training.forecast.residual_head import Scale, fit_head
from foreshock.training.forecast.residual_material import Material
from foreshock.training.forecast.residual_sample import ErrorSample, cross_fitted, error_samples, period_maps
from foreshock.training.forecast.rivals import Rivals
from foreshock.training.recipe import read_recipe
from foreshock.training.run import train_recipe
from foreshock.zoo.forecast.etas.fit import EtasFit
from foreshock.zoo.forecast.etas.forecast import expected_counts
from foreshock.zoo.forecast.etas.observation import padded
from foreshock.zoo.forecast.history import History
from foreshock.zoo.forecast.residual.account import Account
from foreshock.zoo.forecast.residual.network import REACH, residual_network
from foreshock.zoo.forecast.residual.ratios import EDGES_DAYS, ErrorMaps, Ratio, stretch_weights

GRID = Grid.local(latitude0=38, longitude0=-150, rows=9, columns=8, cell_km=10)
SPLIT = Split(("2000-01-01", "2002-12-31"), ("2003-01-01", "2003-12-31"), ("2004-01-01", "2005-03-31"))
REGION = Region("box", "a simulated box", GRID, 3.0, (3.5,), 20.0, (("late", SPLIT),), Source(simulator="etas"))
PARAMETERS = EtasParameters(
    mu_per_day=0.8, K=0.18, alpha=1.2, c_days=0.02, p=1.2, D_km2=1.0, gamma=0.6, q=1.8, b=1.0, m0=3.0, m_max=6.5
)
RATIOS = (Ratio(15.0, 364.0, 1.0), Ratio(0.0, 28.0, 1.0), Ratio(None, 91.0, 20.0))
DAY = np.timedelta64(1, "D")
TINY = {
    "name": "residual-etas-tiny",
    "region": "box",
    "magnitude": "3.5",
    "fit.seeds": "[1, 2]",
    "baselines": '["uniform", "smoothed"]',
}


def background() -> MapBackground:
    region = padded(GRID, 20.0)
    row, column = np.indices(region.shape)
    return MapBackground(region, np.exp(-((row - 6) ** 2 + (column - 5) ** 2) / 20) + 0.05)


def as_fit(period=("2000-01-01", "2005-12-31")) -> EtasFit:
    """The truth in the form of a fit."""
    nothing = dict.fromkeys(("mu_per_day", "K"))
    rest = (period, 0.0, 0, 0, 0.0, 0, 0, True, 0.0, {"history_days": 400.0})
    return EtasFit(PARAMETERS, background(), nothing, (), *rest)


@pytest.fixture(scope="module")
def events():
    return simulate_etas(PARAMETERS, background(), "1999-07-01", "2005-04-01", seed=8, padding_km=0).catalog


@pytest.fixture(scope="module")
def case(events):
    return ForecastCase(REGION, events, SPLIT, Protocol.named("P2"), 3.5)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def fits(case, cache):
    return Fits(case, cache=cache)


def one_event(magnitude=4.5, latitude=38.405, longitude=-149.52):
    """An event inside the grid on 10 January 2003, some hours after midnight."""
    return Catalog(["2003-01-10T06:00"], [latitude], [longitude], [10.0], [magnitude])


def account_of(catalog, since="2003-01-01T00:00"):
    return Account(as_fit(), catalog, GRID, (0, 7), np.datetime64("2003-03-01"), np.datetime64(since))


def test_expected_events_of_the_past_are_the_integral_of_the_rate():
    from scipy.integrate import dblquad, quad

    catalog, region, p = one_event(), background().region, PARAMETERS
    found = account_of(catalog).expected("2003-02-01", 28, 7)
    x, y = region.projection.forward(catalog.latitude, catalog.longitude)
    sigma = p.D_km2 * np.exp(p.gamma * 1.5)
    # Of the 21 days from 4 to 25 January, those from the event on.
    born = quad(lambda t: (p.p - 1) / p.c_days * (1 + t / p.c_days) ** -p.p, 0, 25 - 10.25)[0]
    own = int((y[0] - region.y0) // 10), int((x[0] - region.x0) // 10)
    for row, column in (own, (own[0] + 1, own[1] + 2), (own[0] - 5, own[1])):
        west, south = region.x0 + 10 * column, region.y0 + 10 * row

        def density(v, u):
            r2 = (u - x[0]) ** 2 + (v - y[0]) ** 2
            return (p.q - 1) / np.pi * sigma ** (p.q - 1) * (r2 + sigma) ** -p.q

        share = dblquad(density, west, west + 10, south, south + 10, epsabs=1e-10)[0]
        offspring = p.K * np.exp(p.alpha * 1.5) * born * share
        expected = p.mu_per_day * background().weight[row, column] * 21 + offspring
        np.testing.assert_allclose(found[row, column], expected, rtol=2e-3)


def test_stretches_add_up_and_end_with_the_catalogue():
    account = account_of(one_event())
    parts = [account.expected("2003-02-01", a, b) for a, b in ((28, 14), (14, 0))]
    np.testing.assert_allclose(sum(parts), account.expected("2003-02-01", 28, 0), rtol=1e-9)
    # Nothing is expected before the first of January.
    np.testing.assert_allclose(account.expected("2003-02-01", 400, 0), account.expected("2003-02-01", 31, 0))
    assert account.expected("2003-02-01", 400, 200).max() == 0


def test_a_ratio_is_observed_over_expected_by_hand():
    catalog = one_event()
    account, history = account_of(catalog), History(catalog, GRID, 3.0, 20.0)
    maps = ErrorMaps(account, history, (Ratio(0.0, 28.0, 2.0), Ratio(None, 28.0, 2.0)), share=0.3)
    day = np.datetime64("2003-01-20")
    log_etas, features = maps.of(day)
    weights = stretch_weights(28.0)
    # Ten days ago is in the second week.
    observed = np.zeros(GRID.shape)
    row, column, _ = GRID.cells(catalog.latitude, catalog.longitude)
    observed[row, column] = weights[1]
    pairs = zip(weights, EDGES_DAYS[1:], EDGES_DAYS[:-1], strict=True)
    expected = sum(w * account.expected(day, long, short) for w, long, short in pairs)
    inner = expected[2:-2, 2:-2]
    np.testing.assert_allclose(features[..., 0], np.log((observed + 2) / (inner + 2)), atol=1e-6)
    np.testing.assert_allclose(features[..., 1], np.log((weights[1] + 2) / (expected.sum() + 2)), atol=1e-6)
    etas = expected_counts(as_fit(), catalog, GRID, day, (0, 7))
    np.testing.assert_allclose(log_etas, np.log(0.3 * etas), atol=1e-5)
    assert (features[..., 2] <= 0).all()


def test_a_network_starts_as_etas_exactly():
    rng = np.random.default_rng(0)
    log_etas = rng.normal(-8, 3, (2, *GRID.shape)).astype(np.float32)
    features = rng.normal(0, 2, (2, *GRID.shape, 3)).astype(np.float32)
    for hidden in (0, 5):
        network = residual_network(GRID.shape, [0.1, 0.2, 0.3], [1.0, 2.0, 0.5], hidden)
        answer = network({"log_etas": log_etas, "features": features})
        np.testing.assert_array_equal(np.asarray(answer["logits"]), log_etas)
        np.testing.assert_allclose(answer["probability"], -np.expm1(-np.exp(log_etas)), rtol=1e-5)


def test_the_head_finds_the_coefficients_of_a_simulated_sample():
    rng = np.random.default_rng(5)
    x, log_etas = rng.normal(size=(40_000, 2)), rng.normal(-2, 1, 40_000)
    fold = rng.integers(0, 2, 40_000)
    count = rng.poisson(np.exp(log_etas + x @ [0.4, -0.2] + np.array([0.7, -0.3])[fold]))
    sample = ErrorSample(x, log_etas, count, np.ones(40_000), fold, fold, fold)
    np.testing.assert_allclose(fit_head(x, sample, 1e-6), [0.4, -0.2], atol=0.02)
    # Counts that cluster: the negative binomial finds the same, by their size as it was planted.
    mean = np.exp(log_etas + x @ [0.4, -0.2] + np.array([0.7, -0.3])[fold])
    clustered = sample._replace(count=rng.poisson(mean * rng.gamma(0.5, 2.0, 40_000)))
    np.testing.assert_allclose(fit_head(x, clustered, 1e-6, dispersion=2.0), [0.4, -0.2], atol=0.05)
    np.testing.assert_allclose(fit_head(x, sample, 1e-6, dispersion=1e-6), fit_head(x, sample, 1e-6), atol=1e-4)
    # A ridge far above the number of events allows no correction.
    assert np.abs(fit_head(x, sample, 1e9)).max() < 1e-4


def test_the_sample_stands_for_all_cells_and_weeks(case, fits):
    folds = cross_fitted(fits)
    few, all_cells = (error_samples(case, folds, RATIOS, (1,), n)[0] for n in (40, 10**9))
    assert (all_cells.weight == 1).all()
    assert len(few.count) < len(all_cells.count) / 1.5
    # Every event is there; the expected sum is that of all cells but for chance.
    assert few.count.sum() == all_cells.count.sum()
    expected = [float(s.weight @ np.exp(s.log_etas)) for s in (few, all_cells)]
    assert expected[0] == pytest.approx(expected[1], rel=0.05)
    # Each half's level was set to its events.
    for fold in (0, 1):
        part = all_cells.fold == fold
        assert np.exp(all_cells.log_etas[part]).sum() == pytest.approx(all_cells.count[part].sum(), rel=1e-4)


def test_each_half_is_forecast_by_a_fit_that_has_not_seen_it(case, fits, cache):
    first, second = cross_fitted(fits)
    assert first.period.last < second.period.first
    # Events of the second half do not change the fit that forecasts it, nor those of the first the other one.
    for fold, other in ((first, 1), (second, 0)):
        start, end = (GRID.day_start(d) for d in (fold.period.first, fold.period.last + DAY))
        half = case.catalog.between(start, end)
        pushed = replace_magnitudes(half, 3.2)
        changed = Catalog.joined([case.catalog.between(None, start), pushed, case.catalog.between(end, None)])
        again = cross_fitted(Fits(replace(case, catalog=changed)))[1 - other]
        if other == 0:
            # What comes later than a fit's period is not looked at.
            assert again.fit.parameters == fold.fit.parameters
            np.testing.assert_array_equal(again.fit.background.weight, fold.fit.background.weight)
        assert again.fit.targets == fold.fit.targets


def replace_magnitudes(catalog, magnitude):
    same = np.full(len(catalog), magnitude)
    return Catalog(catalog.time, catalog.latitude, catalog.longitude, catalog.depth_km, same)


def test_an_event_of_the_test_period_changes_nothing_before_it(case, fits):
    planted = Catalog(["2004-06-01T12:00"], [38.4], [-149.5], [10.0], [6.4])
    other = Catalog.joined([case.catalog.between(None, planted.time[0]), planted])
    other = Catalog.joined([other, case.catalog.between(planted.time[0], None)])
    leaked = replace(case, catalog=other)
    one = Material.of(fits, RATIOS, (1,), 40)
    two = Material.of(Fits(leaked), RATIOS, (1,), 40)
    for a, b in zip(one.samples[0], two.samples[0], strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.features, two.features)
    etas = fits.model("etas").fit
    assert etas.parameters == Fits(leaked).model("etas").fit.parameters
    (log_a, a), (log_b, b) = (period_maps(c, etas, "test", RATIOS) for c in (case, leaked))
    earlier = case.issue_days("test") <= np.datetime64("2004-06-01")
    np.testing.assert_allclose(log_a[earlier], log_b[earlier], atol=1e-6)
    np.testing.assert_allclose(a[earlier], b[earlier], atol=1e-5)
    assert np.abs(a[~earlier] - b[~earlier]).max() > 0.1


def test_hidden_units_of_the_seeds_are_averaged_in_one_network(case, fits, tmp_path):
    changes = {**TINY, "residual.hidden": "3", "fit.epochs": "2", "fit.batch": "2000", "fit.learning_rate": "0.01"}
    recipe = read_recipe("residual-etas-norcal", changes)
    fitted, material = fit_residual(recipe, fits, tmp_path, resume=False)
    mean = mean_residual(fitted.networks, material.features)
    alone = [mean_residual([network], material.features) for network in fitted.networks]
    assert np.abs(alone[0] - alone[1]).max() > 1e-3
    level = level_of(np.exp(material.log_etas + mean), case.counts("validation"))
    network = averaged(fitted, GRID.shape, level)
    answer = network({"log_etas": material.log_etas, "features": material.features})["logits"]
    np.testing.assert_allclose(answer, material.log_etas + mean + level, atol=2e-5)
    assert np.exp(np.asarray(answer, dtype=np.float64)).sum() == pytest.approx(
        case.counts("validation").sum(), rel=1e-4
    )
    # Going on after a kill ends where an uninterrupted training ends.
    again, _ = fit_residual(recipe, fits, tmp_path, resume=True)
    np.testing.assert_array_equal(mean_residual(again.networks, material.features), mean)


@pytest.fixture(scope="module")
def tiny(case, cache, tmp_path_factory):
    """A residual network of the simulated box, trained from its recipe and loaded from its folder."""
    out = tmp_path_factory.mktemp("zoo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Region, "named", classmethod(lambda cls, name, data=None: REGION))
        patch.setattr(ForecastCase, "of", classmethod(lambda cls, *a: case))
        patch.setenv("FORESHOCK_CACHE", str(cache))
        folder = train_recipe(read_recipe("residual-etas-norcal", TINY), out)
    from foreshock.zoo.registry import from_folder

    return from_folder(folder)


def test_a_trained_model_comes_with_its_etas_and_its_evidence(tiny):
    card = tiny.card
    assert set(card.files) == {"model.keras", "model.onnx", "golden.npz", "etas.json", "background.npz"}
    scores = [result.score for result in card.results]
    assert scores[0] == "information gain over etas-calibrated, nats an event, each rescaled to the observed total"
    assert sum("seed" in score for score in scores) == 2
    first = card.results[0]
    assert {b.model: b.value for b in first.baselines}["etas-calibrated"] == 0
    assert card.summary.startswith("LOSES to") == (first.ours.value <= first.best_baseline.value)
    assert card.summary.startswith(("LOSES to", "NOT CLEARLY BETTER")) or first.ours.low > 0
    assert card.settings["etas_fit"]["period"] == ["2000-01-01", "2002-12-31"]
    assert card.parameters == len(card.settings["channels"]) + 1


def test_it_forecasts_a_catalogue_as_training_did(tiny, case, fits):
    days = case.issue_days("test")[[0, 30, -1]]
    rates = tiny.rates(case.catalog, days)
    maps = tiny.error_maps(case.catalog, days)
    for rate, day in zip(rates, days, strict=True):
        log_etas, features = maps.of(day)
        answer = tiny.keras({"log_etas": log_etas[None], "features": features[None]})["logits"][0]
        np.testing.assert_allclose(np.log(rate), answer, atol=1e-4)
        # The correction is bounded: standardised features are cut at REACH deviations.
        assert np.abs(np.log(rate) - log_etas).max() < REACH * np.abs(tiny.card.settings["coefficients"]).sum() + 1
    forecast = tiny.predict(case.catalog, days[1])
    np.testing.assert_allclose(forecast.rate, rates[1], rtol=1e-4)
    # The level is validation's, and the headline of the card is that of the court.
    court = court_of(case)
    log_etas, features = period_maps(case, tiny.etas, "validation", tiny.ratios)
    logits = np.asarray(tiny.keras({"log_etas": log_etas, "features": features})["logits"], dtype=np.float64)
    assert np.exp(logits).sum() == pytest.approx(court.counts.sum(), rel=1e-3)
    gain = validated_gain(court, log_etas, (logits - log_etas).astype(np.float32))
    assert gain[0] == pytest.approx(tiny.card.settings["validation_gain"][0], abs=2e-3)


def test_it_is_scored_under_another_protocol(case, cache, tmp_path, monkeypatch):
    other = replace(case, protocol=Protocol.named("P1"))
    monkeypatch.setattr(Region, "named", classmethod(lambda cls, name, data=None: REGION))
    monkeypatch.setattr(ForecastCase, "of", classmethod(lambda cls, *a, **k: other))
    monkeypatch.setenv("FORESHOCK_CACHE", str(cache))
    table = run("norcal", "P1", "late", results=tmp_path)
    names = ["smoothed", "etas", "residual-etas", *(f"residual-etas, seed {seed}" for seed in (1, 2, 3))]
    assert [row.model for row in table.rows] == names
    assert table.row("etas").scores["gain_etas"].value == 0
    # ETAS and the smoothed rate are those of the whole court.
    rivals = Rivals(other, cache=cache)
    gain = rivals.court.gain(rivals.judged("etas"), rivals.judged("smoothed"))
    assert table.row("etas").scores["gain_smoothed"].value == pytest.approx(gain.value, abs=1e-4)
    alone = [table.row(name).scores["gain_etas"].value for name in names[3:]]
    assert min(alone) - 0.01 < table.row("residual-etas").scores["gain_etas"].value < max(alone) + 0.01
    about = (tmp_path / "residual-etas-norcal-P1-late.csv").read_text().splitlines()[0]
    assert "foreshock benchmark residual --region norcal --protocol P1 --split late" in about


def test_every_idea_is_scored_without_the_test_period(case, cache, monkeypatch):
    known = replace(case, catalog=case.seen)
    monkeypatch.setattr(Region, "named", classmethod(lambda cls, name, data=None: REGION))
    monkeypatch.setattr(ForecastCase, "of", classmethod(lambda cls, *a, **k: known))
    monkeypatch.setenv("FORESHOCK_CACHE", str(cache))
    rows = {row["idea"]: row for row in residual_ideas.run(regions=("norcal",))}
    assert len(rows) == 22
    assert {row["split"] for row in rows.values()} == {"late validation"}
    recipe = rows["12 errors and the share of the background"]
    assert float(recipe["over_recipe"]) == 0
    etas = rows["ETAS as it is"]
    assert float(etas["over_recipe"]) == pytest.approx(float(etas["gain"]) - float(recipe["gain"]), abs=2e-4)
    assert float(etas["gain"]) <= 1e-4


def test_scales_are_of_the_cells_where_events_are_expected():
    x = np.array([[0.0], [1.0], [5.0]])
    none = np.zeros(3, int)
    sample = ErrorSample(x, np.log([0.5, 0.5, 1e-9]), np.zeros(3), np.ones(3), none, none, none)
    scale = Scale.of(sample)
    np.testing.assert_allclose((scale.mean[0], scale.spread[0]), (0.5, 0.5), atol=1e-4)
    np.testing.assert_allclose(scale.applied(x)[:, 0], [-1, 1, REACH], atol=1e-3)


@pytest.mark.parametrize("name", foreshock.models("residual-etas-*"))
def test_those_of_the_zoo_answer_at_once_and_without_tensorflow(name):
    code = (
        "import sys, time, numpy as np, foreshock\n"
        "from foreshock.datasets.catalog import Catalog\n"
        f"model = foreshock.load({name!r})\n"
        "south, north, west, east = model.grid.bounds()\n"
        "rng = np.random.default_rng(0)\n"
        "n = 3000\n"
        "seconds = np.sort(rng.integers(0, 3650 * 86400, n)).astype('timedelta64[s]')\n"
        "place = rng.uniform(south, north, n), rng.uniform(west, east, n)\n"
        "size = model.card.settings['input_magnitude'] + rng.exponential(0.43, n)\n"
        "catalog = Catalog(np.datetime64('2010-01-01', 'us') + seconds, *place, np.full(n, 10.0), size)\n"
        "forecast = model.predict(catalog, '2019-12-20')\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
        "began = time.time()\n"
        "again = model.predict(catalog, '2019-12-20')\n"
        "assert time.time() - began < 10, time.time() - began\n"
        "assert np.isfinite(again.rate).all() and again.rate.sum() > 0\n"
        "np.testing.assert_array_equal(again.probability, forecast.probability)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
