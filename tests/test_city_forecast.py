"""The forecast of a city: its recipe in either form, balanced days, training beside rate, recency and ETAS, answers."""

import json
from dataclasses import replace

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.datasets.labels import haversine_km
from foreshock.datasets.period import Period, Split
from foreshock.datasets.regions import Region, Source
from foreshock.datasets.windows import Circle
from foreshock.training.city.baselines import circle_weights, decaying_sums, etas_region
from foreshock.training.city.case import CityCase
from foreshock.training.city.recipe import CityForecasting, Resampling
from foreshock.training.city.report import decisions
from foreshock.training.city.resampling import resampled, sparse_rows
from foreshock.training.city.train import calibration
from foreshock.training.recipe import read_recipe
from foreshock.zoo.forecast.city import FULL_SCALE

# A box of 400 x 400 km in which a place shakes in bursts: quiet for weeks, then a day with many events.
ENTRY = {
    "id": "box",
    "displayName": {"en": "Box", "ja": "箱"},
    "window_days": 3,
    "predict_range_days": 1,
    "lat_granularity": 6,
    "lng_granularity": 8,
    "predict_center_lat": 36.0,
    "predict_center_lng": 140.0,
    "predict_radius_meters": 80000,
    "threshold_mag": 4.0,
    "test_ratio": 0.25,
    "learning_rate": 1e-3,
    "decay": 0.01,
    "epochs": 2,
    "dropout": 0.1,
    "resampling_methods": [
        {"name": "RandomUnderSampler", "args": {"sampling_strategy": 0.5}},
        {"name": "SMOTE", "args": {"k_neighbors": 2}},
    ],
}


def bursts(seed=1, depth=10.0):
    """A day in twenty-five has some four events, the five days after it fewer and fewer; others one in a week."""
    rng = np.random.default_rng(seed)
    days = np.arange("2000-01-01", "2001-07-01", dtype="datetime64[D]")
    burst = rng.random(len(days)) < 0.04
    rate = 0.15 + np.convolve(burst, [4.0, *3.0 * np.exp(-np.arange(5.0))])[: len(days)]
    day = np.repeat(days, rng.poisson(rate))
    n = len(day)
    time = day.astype("datetime64[us]") + rng.integers(0, 86_400_000_000, n).astype("timedelta64[us]")
    magnitude = np.minimum(4.0 + rng.exponential(0.4, n), 7.0)
    return Catalog.unsorted(time, rng.normal(36.0, 0.4, n), rng.normal(140.0, 0.5, n), np.full(n, depth), magnitude)


def box_region():
    periods = [("2000-01-01", "2000-12-31"), ("2001-01-01", "2001-03-31"), ("2001-04-01", "2001-06-30")]
    split = Split(*(Period(*p) for p in periods))
    grid = Grid.local(36.0, 140.0, 40, 40, 10.0, -200.0, -200.0)
    return Region("box", "A box", grid, 4.0, (4.0,), 50.0, (("hard", split),), Source(path="box.csv", format="own"))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A data folder with the region, its catalogue, and their recipe.json."""
    folder = tmp_path_factory.mktemp("box")
    (folder / "box").mkdir()
    (folder / "box" / "region.toml").write_text(box_region().to_toml())
    bursts().to_csv(folder / "box.csv")
    (folder / "recipe.json").write_text(json.dumps({"recipe": [ENTRY, {**ENTRY, "id": "other"}]}))
    return folder


@pytest.fixture(scope="module")
def trained(place, tmp_path_factory):
    from foreshock.training.run import train_recipe

    out = tmp_path_factory.mktemp("out")
    recipe = read_recipe(f"{place / 'recipe.json'}:box", {"region": "box"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORESHOCK_CACHE", str(place / "cache"))
        return train_recipe(recipe, out, place), recipe


def case_of(catalog=None, **changes):
    from foreshock.training.city.ml_earthquake import translated

    recipe = CityForecasting.model_validate({**translated(ENTRY), **changes})
    region = box_region()
    region = replace(region, grid=replace(region.grid, timezone="Asia/Tokyo"))
    catalog = region.select(bursts() if catalog is None else catalog)
    split = Split.fractions(Period(*region.period()), 0.15, 0.25).with_gap(3)
    return CityCase(recipe, region, catalog, split, Grid.world(6, 8, 140.0, "Asia/Tokyo"), 4.0)


def test_their_recipe_is_read_as_it_is(place):
    recipe = read_recipe(f"{place / 'recipe.json'}:box")
    assert (recipe.name, recipe.id, recipe.display_name["ja"]) == ("convlstm-box", "box", "箱")
    assert (recipe.rows, recipe.columns, recipe.window_days, recipe.test_ratio) == (6, 8, 3, 0.25)
    assert recipe.circle.radius_km == 80.0
    assert (recipe.fit.learning_rate, recipe.fit.learning_rate_decay, recipe.fit.epochs) == (1e-3, 0.01, 2)
    assert [m.name for m in recipe.resampling] == ["RandomUnderSampler", "SMOTE"]
    assert recipe.published.threshold_mag == 4.0
    assert recipe.magnitude is None
    changed = read_recipe(f"{place / 'recipe.json'}:other", {"magnitude": "4.7"})
    assert (changed.name, changed.magnitude) == ("convlstm-other", 4.7)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}:nowhere", "an id of box, other"),
        ("{}x.json:box", "a file of ml-earthquake"),
    ],
)
def test_what_is_not_in_their_file_is_named(place, text, told):
    with pytest.raises(InputError, match=told):
        read_recipe(text.format(place / "recipe.json"))


def test_an_entry_with_an_unknown_key_or_without_a_centre_is_refused(place, tmp_path):
    for change, told in (({"window": 3}, "unknown window"), ({"predict_center_lat": None}, "missing predict_center")):
        entry = {k: v for k, v in {**ENTRY, **change}.items() if v is not None}
        (tmp_path / "recipe.json").write_text(json.dumps({"recipe": [entry]}))
        with pytest.raises(InputError, match=told):
            read_recipe(f"{tmp_path / 'recipe.json'}:box")


def test_balanced_batches_and_missing_keys_mean_what_they_meant_there():
    from foreshock.training.city.ml_earthquake import translated

    few = {k: v for k, v in ENTRY.items() if k not in ("learning_rate", "decay", "epochs", "resampling_methods")}
    recipe = CityForecasting.model_validate(translated({**few, "balanced_batch": True}))
    assert [m.name for m in recipe.resampling] == ["RandomUnderSampler"]
    assert (recipe.fit.learning_rate, recipe.fit.epochs, recipe.fit.learning_rate_decay) == (5e-6, 50, 0.0)


def test_the_eight_recipes_of_the_package_are_theirs_but_for_threshold_and_training():
    shared = foreshock_shared() / "ml-earthquake-recipe.json"
    if not shared.is_file():
        pytest.skip("needs the real data folder ../shared/data")
    entries = json.loads(shared.read_text())["recipe"]
    assert len(entries) == 8
    for entry in entries:
        ours, theirs = read_recipe(entry["id"]), read_recipe(f"{shared}:{entry['id']}")
        for field in ("name", "id", "circle", "window_days", "predict_range_days", "rows", "columns", "dropout"):
            assert getattr(ours, field) == getattr(theirs, field), field
        assert ours.resampling == theirs.resampling
        assert ours.published.threshold_mag == entry["threshold_mag"] <= ours.magnitude == 4.5
        assert ours.published.learning_rate == theirs.fit.learning_rate == entry["learning_rate"]


def foreshock_shared():
    from pathlib import Path

    return Path(__file__).parents[1].parent / "shared" / "data"


def test_periods_lie_apart_and_windows_never_hold_a_day_of_another():
    case = case_of()
    train, validation, test = (case.windows(p) for p in ("train", "validation", "test"))
    for before, after in ((train, validation), (validation, test)):
        last_target = before.issue_days[-1]
        first_seen = after.issue_days[0] - case.recipe.window_days
        assert last_target < first_seen
    assert case.split.test.last == np.datetime64("2001-06-30")
    # Labels are those of the circle, days those of Tokyo.
    far = haversine_km(case.catalog.latitude, case.catalog.longitude, 36.0, 140.0)
    near = case.catalog[far <= 80.0]
    days = (near.time + np.timedelta64(9, "h")).astype("datetime64[D]")
    expected = np.isin(test.issue_days, days)
    np.testing.assert_array_equal(case.counts("test") > 0, expected)
    np.testing.assert_array_equal(test.labels(np.arange(len(test)))[:, 0] > 0, expected)


def test_a_magnitude_below_completeness_is_refused(place):
    recipe = read_recipe(f"{place / 'recipe.json'}:box", {"region": "box", "magnitude": "3.0"})
    with pytest.raises(InputError, match="targets of at least 4"):
        CityCase.of(recipe, place)
    lower = read_recipe(f"{place / 'recipe.json'}:box", {"region": "box", "published.threshold_mag": "3.0"})
    assert CityCase.of(lower, place).magnitude == 4.0


def sample_of(methods, case, seed=1):
    windows = case.windows("train")
    label = case.counts("train") > 0
    return windows, label, resampled(lambda: sparse_rows(windows, FULL_SCALE), label, methods, seed)


def test_under_sampling_takes_days_and_no_copies():
    windows, label, sample = sample_of((Resampling(name="RandomUnderSampler"),), case_of())
    assert sample.invented is None
    assert sample.label.sum() * 2 == len(sample) == 2 * label.sum()
    np.testing.assert_array_equal(label[sample.index], sample.label)
    which = np.array([0, len(sample) - 1])
    np.testing.assert_array_equal(sample.inputs(windows, which, FULL_SCALE), windows.inputs(sample.index[which]))


def test_smote_makes_days_between_two_days_with_an_event():
    methods = (
        Resampling(name="RandomUnderSampler", args={"sampling_strategy": 0.5}),
        Resampling(name="SMOTE", args={"k_neighbors": 2}),
    )
    windows, label, sample = sample_of(methods, case_of())
    positives = int(label.sum())
    assert len(sample.index) == 3 * positives
    assert sample.invented.shape == (positives, np.prod(windows.input_shape))
    assert sample.label.mean() == 0.5
    real = windows.inputs(np.flatnonzero(label)).reshape(positives, -1)
    made = sample.inputs(windows, np.arange(len(sample.index), len(sample)), FULL_SCALE).reshape(positives, -1)
    for row in made[:10]:
        # On the line between two real ones: the sum of the distances is the distance.
        distance = np.linalg.norm(real - row, axis=1)
        between = np.linalg.norm(real[:, None] - real[None], axis=2)
        assert np.abs(distance[:, None] + distance[None] - between).min() < 1e-3


def test_methods_that_compare_days_see_them_and_bad_arguments_are_named():
    _, label, sample = sample_of((Resampling(name="NearMiss"),), case_of())
    assert sample.label.sum() == label.sum() == len(sample) / 2
    for method, told in (
        (Resampling(name="RandomUnderSampler", args={"sampling_strategy": 0.0001}), "can resample"),
        (Resampling(name="SMOTE", args={"neighbours": 3}), "arguments of SMOTE"),
    ):
        with pytest.raises(InputError, match=told):
            resampled(lambda: None, label, (method,), 1)


def test_recency_knows_only_the_days_before():
    grid = Grid.world(timezone="Asia/Tokyo")
    # 20:00 UTC is the next day in Tokyo.
    events = Catalog(["2020-01-01T20:00", "2020-01-05"], [36.0, 36.5], [140.0, 140.0], [10, 10], [5.0, 5.0])
    days = np.arange("2020-01-01", "2020-01-07", dtype="datetime64[D]")
    x = np.expm1(decaying_sums(events, grid, days, Circle(36.0, 140.0, 40.0)))
    at_one_day, twice = x[:, 0], x[:, 4]
    np.testing.assert_allclose(at_one_day, [0, 0, *np.exp([-1.0, -2.0, -3.0, -4.0])], atol=1e-12)
    # The second event lies 56 km away: within twice the radius only.
    np.testing.assert_allclose(twice - at_one_day, [0, 0, 0, 0, 0, np.exp(-1.0)], atol=1e-12)


def test_cells_count_by_their_share_of_the_circle():
    circle = Circle(36.0, 140.0, 80.0)
    grid = Grid.local(36.0, 140.0, 40, 40, 10.0, -200.0, -200.0)
    weight = circle_weights(grid, circle)
    assert weight.sum() * 100.0 == pytest.approx(np.pi * 80.0**2, rel=0.01)
    assert set(np.unique(weight[18:22, 18:22])) == {1.0}
    assert weight[0].sum() == 0.0


def test_a_circle_on_a_grid_of_degrees_gets_an_etas_of_its_surroundings():
    case = case_of()
    world = replace(case.region, grid=Grid.world(6, 8, 140.0, "Asia/Tokyo"))
    region = etas_region(replace(case, region=world))
    assert region.grid.shape == (76, 76)
    row, column, inside = region.grid.cells([36.0], [140.0])
    assert (int(row[0]), int(column[0]), bool(inside[0])) == (38, 38, True)


def test_calibration_never_falls_and_always_ends():
    rng = np.random.default_rng(3)
    rate = rng.exponential(0.2, 4000)
    hit = rng.random(4000) < -np.expm1(-2.0 * rate)
    a, b = calibration(rate, hit)
    assert (a, b) == (pytest.approx(np.log(2.0), abs=0.15), pytest.approx(1.0, abs=0.1))
    # All events on the days of highest rate: b stays 1 and the sum is met.
    a, b = calibration(np.array([0.1, 0.2, 0.3, 5.0]), np.array([False, False, False, True]))
    assert b == 1.0
    assert -np.expm1(-np.exp(a) * np.array([0.1, 0.2, 0.3, 5.0])).sum() == pytest.approx(1.0)
    with pytest.raises(InputError, match="in the validation period"):
        calibration(rate, np.zeros(4000, bool))


def test_undefined_scores_are_null_with_a_note():
    nobody = decisions(np.full(3, 0.1), np.zeros(3, bool), 0.5)
    assert [nobody[k] for k in ("f1", "precision", "recall", "auc")] == [None] * 4
    assert set(nobody["notes"]) == {"f1", "precision", "recall", "auc"}
    some = decisions(np.array([0.9, 0.8, 0.2, 0.1]), np.array([True, False, True, False]), 0.5)
    assert (some["acc"], some["f1"], some["precision"], some["recall"], some["auc"]) == (0.5, 0.5, 0.5, 0.5, 0.75)
    assert (some["tp"], some["fn"], some["fp"], some["tn"], some["notes"]) == (1, 1, 1, 1, {})


def test_a_training_writes_model_card_and_their_files(trained, place):
    from foreshock.zoo import registry

    folder, recipe = trained
    model = registry.from_folder(folder)
    card = model.card
    assert (card.name, card.task, card.architecture) == ("convlstm-box", "city-forecast", "conv-lstm")
    assert card.headline.score == "ROC AUC"
    for result in card.results:
        assert [b.model for b in result.baselines] == ["rate", "recency", "etas", "etas-calibrated"]
    # The rate is the same every day: it ranks nothing and gains nothing over itself.
    assert card.results[0].baselines[0].value == 0.5
    assert card.results[1].baselines[0].value == 0.0
    assert any("AUC of .6 to .7" in text for text in card.fails)
    assert card.hyperparameters["published"]["threshold_mag"] == 4.0

    case = CityCase.of(recipe, place)
    report = folder.parent / "box"
    summary = json.loads((report / "summary.json").read_text())
    keys = ("acc", "auc", "f1", "precision", "recall", "tp", "fn", "fp", "tn", "loss", "val_loss")
    assert set(keys) | {f"{p}_{end}_date" for p in ("train", "test") for end in ("start", "end")} <= set(summary)
    hit = case.counts("test") > 0
    assert summary["tp"] + summary["fn"] == hit.sum()
    assert summary["tp"] + summary["fn"] + summary["fp"] + summary["tn"] == len(hit)
    assert len(summary["loss"]) == len(summary["val_loss"]) == 2
    assert summary["test_end_date"] == "20010701"

    days = case.issue_days("test")
    validations = json.loads((report / "validations.json").read_text())["validations"]
    assert len(validations) == len(days)
    assert [row["fact"] for row in validations] == hit.astype(float).tolist()
    assert {row["detail"] for row in validations} == {path.name for path in report.glob("detail_*.json")}
    # The model in the zoo answers for those days as its report says.
    np.testing.assert_allclose(
        model.probabilities(bursts(), days), [row["prediction"] for row in validations], rtol=1e-4, atol=1e-7
    )
    busy = next(row for row in validations if row["fact"])
    detail = json.loads((report / busy["detail"]).read_text())
    assert busy["max_mag"] == max(event["mag"] for event in detail["earthquakes"]) >= 4.0
    assert len(detail["mag_heatmaps"]) == len(detail["freq_heatmaps"]) == len(detail["depth_heatmaps"]) == 3
    quiet = next(row for row in validations if not row["fact"])
    assert quiet["max_mag"] == 0


def test_a_heat_map_holds_the_scaled_channels_of_its_day(trained, place):
    folder, recipe = trained
    case = CityCase.of(recipe, place)
    windows = case.windows("test")
    number = int(np.argmax([windows.inputs(i).any() for i in range(len(windows))]))
    day = windows.issue_days[number]
    name = next(p for p in (folder.parent / "box").glob(f"detail_{str(day).replace('-', '')}_*.json"))
    detail = json.loads(name.read_text())
    maps = np.zeros((3, 6, 8, 3))
    for channel, key in enumerate(("mag_heatmaps", "freq_heatmaps", "depth_heatmaps")):
        for i, heats in enumerate(detail[key]):
            for heat in heats:
                maps[i, heat["lat"], heat["lng"], channel] = heat["heat"]
    np.testing.assert_allclose(maps, windows.inputs(number)[0] / FULL_SCALE, atol=1e-6)
    assert maps.any()
    assert (detail["lat_gap"], detail["lng_gap"]) == (30.0, 45.0)


def test_predict_writes_their_predictions(trained, place, monkeypatch, tmp_path):
    from foreshock.cli import app
    from foreshock.zoo import registry
    from typer.testing import CliRunner

    folder, _ = trained
    monkeypatch.setenv("FORESHOCK_ZOO", str(folder.parent))
    ask = ["predict", "convlstm-box", str(place / "box.csv"), "--day", "2001-05-01"]
    done = CliRunner().invoke(app, [*ask, "--json", "--out", str(tmp_path), "--csv", str(tmp_path / "a.csv")])
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)["predictions"][0]
    written = json.loads((tmp_path / "predictions.json").read_text())["predictions"][0]
    assert row == written
    theirs = {"id", "start_date", "predict_center_lat", "predict_center_lng", "predict_radius_meters"}
    theirs |= {"predict_range_days", "probability", "displayName", "threshold_mag", "acc", "auc", "f1", "precision"}
    assert theirs | {"recall"} <= set(row)
    assert (row["id"], row["start_date"], row["predict_radius_meters"]) == ("box", "20010501", 80000.0)
    model = registry.load("convlstm-box")
    assert row["probability"] == pytest.approx(model.probabilities(bursts(), "2001-05-01")[0])
    summary = json.loads((folder.parent / "box" / "summary.json").read_text())
    assert row["auc"] == summary["auc"]
    assert (tmp_path / "box" / "detail_20010501_20010502.json").is_file()
    assert (tmp_path / "a.csv").read_text().startswith("id,start_date")
    shown = CliRunner().invoke(app, [*ask, "--plot", str(tmp_path / "map.png")])
    assert "within 80 km of Box on the day 2001-05-01" in shown.stdout
    assert (tmp_path / "map.png").stat().st_size > 10_000


def test_nothing_of_the_day_itself_or_from_elsewhere_is_seen(trained):
    from foreshock.zoo import registry

    model = registry.from_folder(trained[0])
    day = np.datetime64("2001-05-01")
    events = bursts()
    known = events.between(None, model.grid.day_start(day))
    assert model.probabilities(events, day) == model.probabilities(known, day)
    elsewhere = Catalog(["2001-04-29"], [-30.0], [-70.0], [10.0], [8.0])
    small = Catalog(["2001-04-29"], [36.0], [140.0], [10.0], [3.9])
    for more in (elsewhere, small):
        assert model.probabilities(Catalog.joined([known, more]), day) == model.probabilities(known, day)
    with pytest.raises(InputError, match="events before"):
        model.predict(events, "1999-01-01")


def test_a_network_that_knew_no_depths_is_shown_none():
    deep, unknown = case_of(bursts(depth=300.0)), case_of(bursts(depth=np.nan))
    assert deep.knows_depth
    assert not unknown.knows_depth
    assert unknown.windows("test").inputs(np.arange(20))[..., 2].max() == 0.0
    assert deep.windows("test").inputs(np.arange(20))[..., 2].max() == 300.0


def test_a_stored_network_without_depths_ignores_those_of_a_catalogue(trained):
    from foreshock.zoo import registry

    model = registry.from_folder(trained[0])
    assert model.card.settings["knows_depth"]
    days = np.arange("2001-05-01", "2001-06-01", dtype="datetime64[D]")
    assert model.maps(bursts(), days)[..., 2].max() == 10.0
    blind = model.card.model_copy(update={"settings": {**model.card.settings, "knows_depth": False}})
    other = type(model)(blind, model.folder)
    assert other.maps(bursts(), days)[..., 2].max() == 0.0


def test_explain_points_to_the_response_instead(trained):
    from foreshock.zoo import registry
    from foreshock.zoo.explain.dispatch import explain

    with pytest.raises(InputError, match="foreshock benchmark response"):
        explain(registry.from_folder(trained[0]), bursts())


def test_etas_in_the_circle_is_its_map_of_that_day(tmp_path):
    from foreshock.training.city.baselines import etas_counts
    from foreshock.training.forecast.baselines import Fits
    from foreshock.training.forecast.case import ForecastCase
    from foreshock.training.forecast.protocol import Protocol

    case = case_of()
    counts = etas_counts(case, tmp_path)
    protocol = Protocol("day", (0, 1), 1, "bernoulli")
    around = ForecastCase(case.region, case.catalog, case.split, protocol, case.magnitude)
    etas = Fits(around, cache=tmp_path).model("etas")
    for period, number in (("validation", 0), ("validation", 20), ("test", -1)):
        day = case.issue_days(period)[number]
        # Only what came before the day is given: nothing later may matter.
        before = case.catalog.between(None, case.grid.day_start(day))
        rates = etas.rates(before, [day], (0, 1), case.magnitude)[0]
        expected = (rates * circle_weights(case.region.grid, case.circle)).sum()
        assert counts[period][number] == pytest.approx(expected, rel=1e-4)
