"""From a recipe to a baseline of the zoo, and from there to a series of forecasts."""

import json
from dataclasses import replace

import foreshock
import numpy as np
import pytest
from foreshock.benchmarks.forecast.contestants import from_zoo
from foreshock.benchmarks.forecast.run import quick_region
from foreshock.benchmarks.forecast.series import forecast_series
from foreshock.datasets.errors import InputError
from foreshock.datasets.regions import Region
from foreshock.training.forecast.baselines import BASELINES, LEAKING
from foreshock.training.forecast.case import ForecastCase
from foreshock.training.forecast.protocol import Protocol
from foreshock.training.recipe import names, read_recipe
from foreshock.training.run import train_recipe
from foreshock.zoo.golden import read_golden

REGION = quick_region(Region.named("simulated"))
RECENCY = {"name": "recency-tiny", "region": "simulated", "magnitude": "3.5", "baselines": '["uniform", "smoothed"]'}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    """recency-tiny for three windows and smoothed-tiny, trained on the quick region."""
    place = tmp_path_factory.mktemp("zoo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Region, "named", classmethod(lambda cls, name, data=None: REGION))
        patch.setenv("FORESHOCK_CACHE", str(tmp_path_factory.mktemp("cache")))
        train_recipe(read_recipe("recency-norcal", RECENCY), place)
        train_recipe(read_recipe("smoothed-sim", {"name": "smoothed-tiny", "baselines": '["uniform"]'}), place)
    return place


def test_several_recipes_of_a_region_share_their_case(tmp_path, monkeypatch):
    from foreshock import cli
    from foreshock.training.forecast.rivals import rivals_of
    from typer.testing import CliRunner

    made = []
    of = ForecastCase.of
    monkeypatch.setattr(ForecastCase, "of", classmethod(lambda cls, *a: made.append(a) or of(*a)))
    monkeypatch.setattr(Region, "named", classmethod(lambda cls, name, data=None: REGION))
    monkeypatch.setenv("FORESHOCK_CACHE", str(tmp_path / "cache"))
    rivals_of.cache_clear()
    arguments = ["train", "rate-sim", "smoothed-sim", "--set", 'baselines=["uniform", "smoothed"]', "--out"]
    answer = CliRunner().invoke(cli.app, [*arguments, str(tmp_path / "zoo")])
    assert answer.exit_code == 0, answer.output
    assert len(made) == 1
    cards = [json.loads((tmp_path / "zoo" / name / "card.json").read_text()) for name in ("rate-sim", "smoothed-sim")]
    assert cards[0]["command"].startswith("foreshock train rate-sim ")
    scores = [{b["model"]: b for b in card["results"][1]["baselines"]} for card in cards]
    assert scores[0]["uniform"] == scores[1]["uniform"]
    assert scores[0]["smoothed"]["value"] == cards[1]["results"][1]["ours"]["value"]


@pytest.fixture
def recency(zoo, monkeypatch):
    monkeypatch.setenv("FORESHOCK_ZOO", str(zoo))
    return foreshock.load("recency-tiny")


@pytest.fixture(scope="module")
def case():
    return ForecastCase.of(REGION, Protocol.named("P2"))


def test_a_baseline_has_a_folder_and_a_card_like_a_network(recency):
    card = recency.card
    assert set(card.files) == {"model.json", "arrays.npz", "golden.npz"}
    assert [r.score for r in card.results][:2] == ["information gain over smoothed, nats an event", "ROC AUC"]
    assert [b.model for b in card.headline.baselines] == ["uniform", "smoothed"]
    assert card.headline.baselines[1].value == 0
    assert card.headline.ceiling.value >= card.headline.ours.low
    # Six coefficients for each of three windows.
    assert card.parameters == 18
    # The time of the fits, not that of the baselines beside it or of a cache.
    assert 0 < card.wall_time_s < 60
    assert recency.window_days == (0, 7)


def test_golden_cases_come_out_again(recency):
    inputs, expected = read_golden(recency.file("golden.npz"))
    got = recency.run(**inputs)
    assert got.keys() == expected.keys() == {"rate", "probability"}
    for name, values in expected.items():
        np.testing.assert_allclose(got[name], values, rtol=1e-6)
        assert values.std() > 0


def test_a_changed_file_is_refused(recency, tmp_path):
    import shutil

    from foreshock.zoo.registry import from_folder

    shutil.copytree(recency.folder, tmp_path / "copy")
    path = tmp_path / "copy" / "model.json"
    path.write_text(path.read_text().replace("100.0", "101.0", 1))
    model = from_folder(tmp_path / "copy")
    with pytest.raises(InputError, match=r"model\.json"):
        _ = model.rate_model


def test_predict_is_one_day_of_the_series_and_keeps_to_the_window(recency, case):
    days = case.issue_days("test")[:3]
    rates = recency.rates(case.catalog, days)
    forecast = recency.predict(case.catalog, days[1])
    np.testing.assert_allclose(forecast.rate, rates[1], rtol=1e-5)
    assert forecast.window_days == (0, 7)
    # The picture shows the last month, though the model looks back further.
    recent = case.catalog.between(days[1] - 30, days[1]).above(REGION.m0)
    south, north, west, east = case.grid.bounds()
    assert len(forecast.recent) == len(recent.within((south, north), (west, east))) > 0
    later = recency.predict(case.catalog, days[1], window_days=(10, 50))
    a, b = recency.card.settings["recalibration"]["10-50"]
    raw = recency.rates(case.catalog, days[1], (10, 50))[0].astype(float)
    np.testing.assert_allclose(later.probability, -np.expm1(-np.exp(a + b * np.log(raw))), rtol=1e-6)
    with pytest.raises(InputError, match=r"0 to 7, 10 to 50, 0 to 1.*0 to 30"):
        recency.predict(case.catalog, days[1], window_days=(0, 30))


def test_a_static_network_answers_for_any_window(zoo, case, monkeypatch):
    monkeypatch.setenv("FORESHOCK_ZOO", str(zoo))
    model = foreshock.load("smoothed-tiny")
    days = case.issue_days("test")[:2]
    week, month = (model.rates(case.catalog, days, window) for window in ((0, 7), (10, 50)))
    np.testing.assert_allclose(month, week * 40 / 7, rtol=1e-5)
    np.testing.assert_allclose(week[0], week[1])
    network = -np.log1p(-model.run(maps=np.zeros((1, 1, 16, 16, 1)))["probability"][0].astype(float))
    np.testing.assert_allclose(week[0], network, rtol=1e-5)


def test_predicting_with_a_baseline_imports_nothing_heavy(zoo, case, tmp_path):
    import os
    import subprocess
    import sys

    case.catalog.to_csv(tmp_path / "c.csv")
    code = (
        "import foreshock, sys; from foreshock.datasets.readers.reading import read_catalog;"
        f"catalog = read_catalog({str(tmp_path / 'c.csv')!r}).catalog;"
        "foreshock.load('recency-tiny').predict(catalog, '2006-05-01'); print(' '.join(sys.modules))"
    )
    environment = {**os.environ, "FORESHOCK_ZOO": str(zoo)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"tensorflow", "keras", "xgboost", "sklearn", "matplotlib", "numba"}


def test_a_series_holds_what_a_scorer_needs(recency, case, tmp_path):
    path = forecast_series(
        "recency-tiny", case.catalog, REGION, "2006-01-01", "2006-03-31", Protocol.named("P1"), tmp_path / "s.npz"
    )
    with np.load(path, allow_pickle=False) as file:
        days, rate, probability, about = (file[k] for k in ("days", "rate", "probability", "about"))
    # Windows of [t + 10, t + 50) that end by the last of March: 40 days from day 10 on.
    assert days.astype(str).tolist() == ["2006-01-01", "2006-01-11", "2006-01-21", "2006-01-31", "2006-02-10"]
    assert rate.shape == probability.shape == (5, 16, 16)
    np.testing.assert_allclose(rate[2], recency.rates(case.catalog, days[2], (10, 50))[0], rtol=1e-6)
    about = json.loads(str(about))
    assert about["grid"] == REGION.grid.to_dict()
    assert (about["protocol"], about["window_days"], about["magnitude"]) == ("P1", [10, 50], 3.5)
    assert about["trained_until"] == "2005-12-31"


def test_a_series_refuses_another_region_and_another_file_type(recency, case, tmp_path):
    with pytest.raises(InputError, match=r"a model of region norcal's cells"):
        forecast_series(
            "recency-tiny",
            case.catalog,
            Region.named("norcal"),
            "2006-01-01",
            "2006-12-31",
            Protocol.named("P2"),
            tmp_path / "s.npz",
        )
    with pytest.raises(InputError, match=r"ends in .npz"):
        forecast_series(
            "recency-tiny", case.catalog, REGION, "2006-01-01", "2006-12-31", Protocol.named("P2"), tmp_path / "s.csv"
        )
    assert not list(tmp_path.iterdir())


def test_the_benchmark_takes_models_that_have_not_seen_its_test(recency, case):
    assert from_zoo(case, "*-tiny") == (["recency-tiny", "smoothed-tiny"], {})
    assert from_zoo(case, "*") == ([], {})
    other = replace(case, magnitude=3.0)
    assert "M >= 3.5, not 3" in from_zoo(other, "recency-tiny")[1]["recency-tiny"]
    earlier = replace(case, split=replace(case.split, validation=case.split.validation.shortened(200)))
    early_test = type(earlier.split.test)("2005-08-01", "2006-12-31")
    earlier = replace(earlier, split=replace(earlier.split, test=early_test))
    taken, left_out = from_zoo(earlier, "recency-tiny")
    assert not taken
    assert "has seen events to 2005-12-31" in left_out["recency-tiny"]


def test_recipes_of_the_regions_name_their_model_region_and_magnitude():
    found = [name for name in names() if name.endswith(("-japan", "-norcal", "-socal"))]
    kinds = [name for name in BASELINES if name not in LEAKING]
    assert {f"{kind}-{region}" for kind in kinds for region in ("japan", "norcal", "socal")} <= set(found)
    for name in found:
        recipe = read_recipe(name)
        assert recipe.name == name
        assert name.startswith(recipe.architecture)
        assert name.endswith(recipe.region)
        # The residual looks at the lower magnitude, which has the events.
        lower = recipe.architecture.startswith("residual")
        assert recipe.magnitude == Region.named(recipe.region).mc[1 if lower else 0]
