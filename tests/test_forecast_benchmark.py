"""The forecast benchmark in its quick form: every baseline on a small simulated region, beside the truth."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from foreshock.benchmarks.forecast.pictures import cell_gain, largest_sequence
from foreshock.benchmarks.forecast.run import quick_region, run
from foreshock.benchmarks.forecast.table import SCORES, TESTS
from foreshock.benchmarks.forecast.verdicts import apart, consistent, events_of, paired
from foreshock.datasets.errors import InputError
from foreshock.datasets.regions import Region
from foreshock.training.forecast.baselines import BASELINES, LEAKING
from foreshock.training.forecast.case import ForecastCase
from foreshock.training.forecast.court import Court, Judged, judged
from foreshock.training.forecast.protocol import Protocol


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("benchmark")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """A cache of this module's own."""
    place = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORESHOCK_CACHE", str(place))
        yield place / "fits"


@pytest.fixture(scope="module")
def table(out, cache):
    return run(region="simulated", protocol="P2", quick=True, out=out)


def test_every_baseline_and_the_truth_have_a_row_with_every_score(table):
    assert [row.model for row in table.rows] == [*BASELINES, "truth"]
    for row in table.rows:
        assert list(row.scores) == list(SCORES)
        for score, interval in row.scores.items():
            assert np.isfinite(interval[:3]).all(), (row.model, score)
            assert interval.low <= interval.value <= interval.high
    assert [row.model for row in table.rows if row.leaks] == ["rate-leaky"]


def test_nothing_honest_beats_the_truth_beyond_its_interval(table):
    honest = [row for row in table.rows if row.model not in (*LEAKING, "truth")]
    assert all(row.scores["gain_truth"].low <= 0 for row in honest)
    assert table.row("uniform").scores["gain_truth"].high < 0
    # The etas-fit issue asks for this on every simulated region.
    assert table.row("etas").scores["gain_truth"].value > -0.1


def test_the_order_that_theory_asks_for(table):
    gain = {row.model: row.scores["gain_smoothed"].value for row in table.rows}
    assert gain["uniform"] < gain["rate"] < gain["smoothed"] == 0 < gain["etas"]
    assert table.row("truth").scores["share"].value == pytest.approx(1)
    assert table.row("etas").scores["share"].value == pytest.approx(gain["etas"] / gain["truth"])
    assert table.row("uniform").scores["roc_auc"].value == 0.5
    assert gain["rate-leaky"] > gain["smoothed"]


def test_the_csv_says_where_its_numbers_come_from(table, out):
    path = out / "forecast-simulated-quick-P2-7d" / "forecast-simulated-quick-P2-7d.csv"
    with open(path) as file:
        about = json.loads(file.readline().removeprefix("# "))
        rows = list(csv.DictReader(file))
    assert about["command"] == "foreshock benchmark forecast --region simulated --protocol P2 --quick"
    assert len(about["data_sha256"]) == 64
    assert {"foreshock", "python", "numpy", "xgboost"} <= set(about["software"])
    assert len(rows) == sum(len(row.scores) + len(row.tests) for row in table.rows)
    row = next(r for r in rows if (r["model"], r["score"]) == ("etas", "gain_smoothed"))
    interval = table.row("etas").scores["gain_smoothed"]
    assert [float(row[k]) for k in ("value", "low", "high")] == pytest.approx(interval[:3], rel=1e-5)
    assert "etas" in table.to_text()


def test_the_tests_stand_below_the_scores(table, out):
    text = table.to_text()
    assert "Diebold-Mariano" in text
    assert set(table.row("recency").tests) >= set(TESTS)
    # A forecast is not tested against itself, and every one against the events.
    assert set(table.row("etas").tests) == {"n_observed", "n_expected", "n_at_least", "n_at_most", "s", "l"}
    assert {row.tests["n_observed"] for row in table.rows} == {table.row("etas").tests["n_observed"]}
    # Where windows do not overlap the T test's mean is the gain itself.
    for row in table.rows:
        if row.model != "etas":
            assert row.tests["t_gain"][0] == pytest.approx(row.scores["gain_etas"].value, abs=1e-6)
    uniform = table.row("uniform").tests
    assert uniform["s"][0] < 0.05 and uniform["t_p"][0] < 0.05 and uniform["w_z"][0] < 0 and uniform["dm"][0] < 0


def test_events_of_windows_are_those_that_the_court_counts(case):
    for name in ("P1", "P2"):
        other = replace(case, protocol=Protocol.named(name))
        court = Court.of(other)
        kept = apart(court)
        assert len(court.days) / len(kept) == pytest.approx({"P1": 4, "P2": 1}[name], rel=0.1)
        events = events_of(other, court.days[kept])
        _, _, inside = other.grid.cells(events.latitude, events.longitude)
        assert inside.sum() == court.counts[kept].sum() > 0


def test_all_pictures_are_drawn(table):
    from pathlib import Path

    names = {"roc.png", "pr.png", "molchan.png", "reliability.png", "gain.png", "gain-map.png"}
    assert {Path(path).name for path in table.pictures} == names
    assert all(Path(path).stat().st_size > 10_000 for path in table.pictures)


def test_a_second_run_under_another_protocol_uses_the_fits_again_and_recalibrates(table, out, cache):
    kept = {path.name for path in cache.iterdir()}
    again = run(region="simulated", protocol="P1", models="recency", quick=True, out=out, pictures=False)
    assert [row.model for row in again.rows] == ["smoothed", "recency", "etas", "truth"]
    new = {path.name for path in cache.iterdir()} - kept
    assert {name.rsplit("-", 1)[0] for name in new} == {"simulated-quick-recency"}
    assert all("recalibrated on validation" in row.note for row in again.rows)
    assert again.row("etas").fit_s == pytest.approx(table.row("etas").fit_s, abs=0.01)


def test_quick_is_for_simulated_regions():
    with pytest.raises(InputError, match=r"--quick with a simulated region.*japan"):
        run(region="japan", quick=True)


@pytest.fixture(scope="module")
def case():
    return ForecastCase.of(quick_region(Region.named("simulated")), Protocol.named("P2"))


def test_gains_of_a_court_by_hand():
    """Two windows of two cells; one event where the model says 1 and the reference 1/2."""
    days = np.array(["2020-01-01", "2020-03-01"], "datetime64[D]")
    counts = np.array([[[1, 0]], [[0, 0]]])
    court = Court(Protocol.named("P2"), days, counts, np.array([[True, False]]))
    model = judged("model", court.protocol, np.array([[[1.0, 0.5]], [[0.5, 0.5]]], np.float32))
    bar = judged("bar", court.protocol, np.full((2, 1, 2), 0.5, np.float32))
    assert court.gain(model, bar).value == pytest.approx(np.log(2) - 0.5)
    # Rescaled to one event in all: 1 / 2.5 against 1 / 4.
    assert court.gain(model, bar, rescaled=True).value == pytest.approx(np.log(1.6))
    assert court.roc_auc(model).value == 1.0
    p, q = -np.expm1(-1.0), -np.expm1(-0.5)
    ours, theirs = (1 - p) ** 2 + 3 * q**2, (1 - q) ** 2 + 3 * q**2
    assert court.brier_skill(model, bar).value == pytest.approx(1 - ours / theirs)
    assert court.brier(model).value == pytest.approx(ours / 4)
    np.testing.assert_allclose(cell_gain(court, model, bar), [[np.log(2) - 0.5, 0.0]], atol=1e-7)


def test_a_map_of_gain_adds_up_to_the_gain_in_both_protocols(case):
    rng = np.random.default_rng(0)
    for name in ("P1", "P2"):
        court = Court.of(replace(case, protocol=Protocol.named(name)))
        pair = []
        for _ in range(2):
            rate = rng.uniform(0.01, 0.5, court.counts.shape)
            pair.append(Judged("x", rate, -np.expm1(-rate)))
        total = court.gain_by_day(*pair)[0].sum()
        assert cell_gain(court, *pair).sum() == pytest.approx(total, rel=1e-9)


def test_labels_and_days_are_those_of_the_protocol(case):
    days = case.issue_days("test")
    assert str(days[0]) == "2006-01-01"
    assert set(np.diff(days).astype(int)) == {7}
    assert days[-1] + 7 <= np.datetime64("2008-01-01") < days[-1] + 14
    _, _, inside = case.grid.cells(case.catalog.latitude, case.catalog.longitude)
    events = case.catalog[inside & (case.catalog.magnitude >= 3.5)].between(days[3], days[3] + 7)
    assert case.counts("test")[3].sum() == len(events) > 0


def test_the_largest_sequence_begins_with_the_first_window_that_holds_its_mainshock(case):
    court = Court.of(case)
    first, last = (np.datetime64(day) for day in largest_sequence(case, court))
    _, _, inside = case.grid.cells(case.catalog.latitude, case.catalog.longitude)
    test = case.catalog[inside].between("2006-01-01", "2008-01-01")
    day = test.time[test.magnitude.argmax()].astype("datetime64[D]")
    assert (day - first).astype(int) == 6
    assert (last - day).astype(int) == 180


def test_where_hits_are_judged_the_t_test_takes_cells_hit_and_the_n_test_events(case):
    other = replace(case, protocol=Protocol.named("P1"))
    court = Court.of(other)
    kept = apart(court)
    rng = np.random.default_rng(0)
    rates = [rng.uniform(0.1, 0.3, court.counts.shape).astype(np.float32) for _ in range(2)]
    ours, theirs = (Judged("x", rate, -np.expm1(-rate)) for rate in rates)
    got = paired(court, ours, theirs)
    hit = court.label[kept]
    ratio = np.log(rates[0][kept][hit].astype(float) / rates[1][kept][hit])
    difference = float(rates[0][kept].sum(dtype=float) - rates[1][kept].sum(dtype=float))
    assert got["t_gain"][0] == pytest.approx(ratio.mean() - difference / hit.sum(), rel=1e-4)
    assert paired(court, ours, ours) == {}
    numbers = consistent(other, court, ours)
    assert numbers["n_observed"][0] == court.counts[kept].sum() > hit.sum()
    assert numbers["n_expected"][0] == pytest.approx(rates[0][kept].sum(dtype=float), rel=1e-5)
