"""Magnitude from one record: features, scores, intervals, trees as ONNX, the join of real magnitudes, the command."""

import json
import pathlib
import subprocess
import sys

import foreshock
import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.simulate.seismic_cycle import simulate_seismic_cycle
from foreshock.training.trees import forest_graph
from foreshock.training.waveform.magnitude_data import NAMES, MagnitudeRecords, join_check, ncedc_magnitudes
from foreshock.training.waveform.magnitude_fits import (
    fit_amplitude,
    fit_boosting,
    fit_forest,
    fit_mean,
    fit_network,
)
from foreshock.training.waveform.magnitude_scores import (
    conformal_half_width,
    coverage_interval,
    event_median,
    r2_interval,
    residuals_by,
    rmse_interval,
    scores_of,
)

DATA = pathlib.Path(__file__).parents[1].parent / "shared" / "data"
NAME = "magnitude-forest-sim"


def made_up(events=60, each=3, noise=0.1, seed=0):
    """Amplitudes that grow tenfold a magnitude and fall with the square of distance, in every amplitude feature."""
    rng = np.random.default_rng(seed)
    magnitude = np.repeat(rng.uniform(1, 4, events), each)
    count = len(magnitude)
    distance = rng.uniform(5, 80, count)
    amplitude = 10 ** (magnitude + 5.0 - 2 * np.log10(distance) + noise * rng.standard_normal(count))
    features = rng.standard_normal((count, len(NAMES)))
    for column, name in enumerate(NAMES):
        if name.endswith(("_std", "peak_to_peak", "_max", "rms")):
            features[:, column] = amplitude
    # S - P goes into a feature that knows the distance a little, as shapes do.
    features[:, NAMES.index("Z_index_of_max")] = distance * rng.uniform(0.9, 1.1, count)
    names = np.repeat([f"e{i}" for i in range(events)], each)
    empty = np.full(count, "")
    return MagnitudeRecords(features, np.zeros((count, 4)), magnitude, distance, names, empty, empty)


def test_r2_and_rmse_are_those_of_scikit_learn():
    from sklearn.metrics import r2_score, root_mean_squared_error

    rng = np.random.default_rng(0)
    truth = rng.normal(2, 1, 200)
    guess = truth + rng.normal(0, 0.5, 200)
    event = np.arange(200) // 4
    r2, rmse = r2_interval(guess, truth, event), rmse_interval(guess, truth, event)
    assert r2.value == pytest.approx(r2_score(truth, guess))
    assert rmse.value == pytest.approx(root_mean_squared_error(truth, guess))
    assert r2.low < r2.value < r2.high
    assert rmse.low < rmse.value < rmse.high


def test_residuals_by_hand():
    truth, guess = np.array([1.0, 1.0, 2.0, 2.0]), np.array([1.2, 1.0, 1.6, 1.8])
    rows = residuals_by(truth, [0.5, 1.5, 2.5, 3.5], guess, truth, np.array(["a", "b", "c", "d"]))
    assert [row["records"] for row in rows] == [2, 2]
    assert [round(row["bias"].value, 6) for row in rows] == [0.1, -0.3]
    assert [round(row["MAE"].value, 6) for row in rows] == [0.1, 0.3]


def test_conformal_intervals_hold_nine_of_ten_new_cases():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(200):
        half = conformal_half_width(rng.standard_t(3, 99))
        held.append((np.abs(rng.standard_t(3, 500)) <= half).mean())
    # With 99 cases the expected coverage is exactly 90/100.
    assert np.mean(held) == pytest.approx(0.9, abs=0.006)
    assert conformal_half_width(np.arange(5.0)) == np.inf


def test_models_beat_the_mean_and_the_local_scale_finds_its_own_law():
    train, held, test = (made_up(seed=seed) for seed in range(3))
    r2 = {
        name: scores_of(predict(test), test.magnitude, test.event)["R2"].value
        for name, predict in {
            "forest": fit_forest(train, trees=30)[1],
            "boosting": fit_boosting(train, held),
            "network": fit_network(train, held),
            "amplitude": fit_amplitude(train, False),
            "amplitude and distance": fit_amplitude(train, True),
            "mean": fit_mean(train),
        }.items()
    }
    assert r2["mean"] < 0.01
    assert r2["amplitude and distance"] > 0.97
    assert min(r2["forest"], r2["boosting"]) > r2["amplitude"] > 0.3
    # Most of its 69 inputs are noise here, and 180 records are few.
    assert r2["network"] > 0.2


def test_the_forest_as_onnx_answers_as_scikit_learn_and_its_size_follows_its_leaves():
    import onnxruntime

    train = made_up()
    sizes = []
    for leaves in (10, 60):
        forest, predict = fit_forest(train, trees=20, leaves=leaves)
        assert max(tree.get_n_leaves() for tree in forest.estimators_) <= leaves
        graph = forest_graph(forest)
        sizes.append(len(graph))
        session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        answer = session.run(["magnitude"], {"features": train.seen(False)})[0][:, 0]
        np.testing.assert_allclose(answer, predict(train), atol=1e-4)
    assert sizes[0] < 0.5 * sizes[1]


def test_the_published_seed_gives_the_same_trees_twice_and_coordinates_are_left_out_by_default():
    train = made_up(events=20)
    first, second = (fit_forest(train, trees=5)[1](train) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert fit_forest(train, trees=1)[0].n_features_in_ == 69
    assert fit_forest(train, trees=1, coordinates=True)[0].n_features_in_ == 73


def test_the_check_of_a_join_tells_a_right_one_from_a_shuffled_one():
    right = made_up(events=100, each=1)
    found = join_check(right)
    assert found["slope"] == pytest.approx(1.0, abs=0.1)
    assert found["distance_slope"] == pytest.approx(-2.0, abs=0.2)
    assert found["slope"] > 2 * found["largest_permuted_slope"]
    order = np.random.default_rng(1).permutation(100)
    wrong = join_check(MagnitudeRecords(**{**vars(right), "magnitude": right.magnitude[order]}))
    assert abs(wrong["slope"]) < 0.3


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the real data folder ../shared/data")
def test_the_real_join_holds_and_what_cannot_be_used_is_named():
    records = ncedc_magnitudes(DATA / "waveforms")
    assert len(records) + len(records.left_out) == 136
    assert all(reason for _, reason in records.left_out)
    found = join_check(records, permutations=100)
    assert 0.8 < found["slope"] < 1.3
    assert found["slope"] > 2 * found["largest_permuted_slope"]
    assert -3.0 < found["distance_slope"] < -1.0


def test_the_zoo_model_is_small_and_covers_what_it_promises_on_new_events():
    model = foreshock.load(NAME)
    assert model.card.bytes < 4e6
    assert model.card.data.simulated
    records = simulate_seismic_cycle(cause="none", events=60, seed=model.card.split.seed, split=None)
    fresh = simulate_seismic_cycle(cause="none", events=40, seed=99)
    for batch, least in ((records, 0.8), (fresh, 0.5)):
        answer = model.predict([batch.record(row) for row in range(len(batch))])
        assert len(answer.rows) == len(batch)
        predicted = np.array([row.magnitude for row in answer.rows])
        half = model.card.settings["half_width"]
        covered = coverage_interval(predicted, batch.truth["magnitude"], batch.event_id, half)
        assert covered.value > least
    coverage = next(r for r in model.card.results if r.score.startswith("coverage of the 90 % interval by record"))
    assert coverage.ours.low < 0.95
    assert coverage.ours.high > 0.85


def test_an_event_is_the_median_of_its_records(tmp_path):
    batch = simulate_seismic_cycle(cause="none", events=8, seed=5, records_an_event=(3, 5))
    answer = foreshock.load(NAME).predict(list(batch))
    table, events = answer.table(), answer.events()
    assert {row["event"] for row in table} == set(batch.event_id)
    for event in events:
        values = [row["magnitude"] for row in table if row["event"] == event["event"]]
        assert event["magnitude"] == pytest.approx(np.median(values), abs=1e-3)
        assert event["low"] < event["magnitude"] < event["high"]
    median, _, names = event_median(
        np.array([row["magnitude"] for row in table]), batch.truth["magnitude"], batch.event_id
    )
    assert {e["event"]: e["magnitude"] for e in events} == pytest.approx(
        dict(zip(names, median, strict=True)), abs=1e-3
    )
    answer.to_csv(tmp_path / "magnitudes.csv")
    assert len((tmp_path / "magnitudes.csv").read_text().splitlines()) == len(batch) + 1
    answer.plot(tmp_path / "magnitude.png")
    assert (tmp_path / "magnitude.png").stat().st_size > 10_000


def test_the_command_answers_a_row_a_record_and_names_a_bad_file(tmp_path):
    batch = simulate_seismic_cycle(cause="none", events=6, seed=7, records_an_event=(1, 1))
    batch.record(0).to_obspy().write(str(tmp_path / "one.mseed"), format="MSEED")
    (tmp_path / "bad.mseed").write_bytes(b"nothing")
    picks = tmp_path / "picks.csv"
    picks.write_text(f"station,phase,time\n{batch.station[0]},P,5.0\n")
    command = [sys.executable, "-m", "foreshock.cli", "predict", NAME, str(tmp_path / "one.mseed")]
    done = subprocess.run(
        [*command, str(tmp_path / "bad.mseed"), "--picks", str(picks), "--json"], capture_output=True, text=True
    )
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert len(answer["records"]) == 1
    assert answer["records"][0]["low"] < answer["records"][0]["magnitude"] < answer["records"][0]["high"]
    assert answer["bad_files"][0]["file"].endswith("bad.mseed")
    with pytest.raises(InputError, match="day"):
        foreshock.load(NAME).predict_files([tmp_path / "one.mseed"], day="2020-01-01")


def test_the_benchmark_writes_every_model_and_the_leaking_one(tmp_path, monkeypatch):
    from foreshock.benchmarks.magnitude import run as benchmark

    monkeypatch.setattr(benchmark, "QUICK_EVENTS", 60)
    monkeypatch.setattr(benchmark, "TREES", 10)
    monkeypatch.setattr(benchmark, "data_home", lambda data: tmp_path)
    table = benchmark.run(None, quick=True, out=tmp_path)
    text = (tmp_path / "magnitude-quick" / "magnitude.csv").read_text()
    assert "forest as published" in text
    assert "other stations" in text
    assert (tmp_path / "magnitude-quick" / "magnitude.png").is_file()
    found = {row.model: row for row in table.rows if row.data == "simulated"}
    assert found["forest"].scores["R2"].value > found["mean of the training"].scores["R2"].value
    assert "MB" in found["forest"].note
    assert "Magnitude from one record" in table.to_text()
