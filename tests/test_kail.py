"""The published tables in their quick form, on the simulated region; errors and leaks by hand."""

import csv
import json

import numpy as np
import pytest
from foreshock.benchmarks.kail.run import (
    BASELINES,
    BESIDE,
    NETWORKS,
    PUBLISHED,
    WEIGHTS,
    errors,
    hard_answers,
    leaked,
    run,
)
from foreshock.datasets.errors import InputError
from foreshock.training.forecast.court import Judged


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("kail")


@pytest.fixture(scope="module")
def tables(out):
    return run(quick=True, out=out)


def test_published_values_are_those_of_the_paper():
    assert PUBLISHED["methods"]["5"]["cnn-lstm-prior"] == [0.992, 0.00911]
    assert PUBLISHED["weights"]["3.5"]["10000000"] == [0.961, 0.0797]
    for magnitude in ("3.5", "5"):
        assert list(PUBLISHED["weights"][magnitude]) == [str(weight) for weight in WEIGHTS]
        assert set(PUBLISHED["methods"][magnitude]) == {*BASELINES, *NETWORKS}


def test_every_method_stands_beside_its_published_value(tables):
    for name in (*BASELINES, *BESIDE, *NETWORKS):
        row = tables.value("II", name, "ROC AUC")
        assert row.low <= row.value <= row.high
        assert row.note
        assert (row.published is None) == (name in BESIDE)
    for weight in WEIGHTS:
        assert 0 <= tables.value("I", f"weight {weight:g}", "PR AUC").value <= 1
    text = tables.to_text()
    assert "SIMULATED" in text
    assert all(title in text for title in ("Table I:", "Table II:", "Table III:"))


def test_the_leak_gives_the_published_impression(tables):
    """A prior that has seen the test period ranks its cells far better than one that has not."""
    for name in ("cnn-prior", "cnn-lstm-prior"):
        honest, leak = (tables.value("II", case, "ROC AUC").value for case in (name, f"{name}, leaking prior"))
        assert leak > honest


def test_errors_fall_and_rise_with_the_threshold(tables):
    rows = [row for row in tables.rows if row.table == "III" and row.case.startswith("rate")]
    missed, alarms = ([row.value for row in rows if row.score == score] for score in ("FN", "FP"))
    assert missed == sorted(missed)
    assert alarms == sorted(alarms, reverse=True)
    assert alarms[0] > 0


def test_errors_by_hand():
    probability, label = np.array([[0.05, 0.2], [0.9, 0.4]]), np.array([[True, False], [True, False]])
    assert errors(probability, label, 0.0) == (0, 2)
    assert errors(probability, label, 0.3) == (1, 1)
    assert errors(probability, label, 0.95) == (2, 0)


def test_hard_answers_and_the_leak_by_hand():
    p = np.array([[[0.2, 0.6]]])
    forecast = Judged("x", -np.log1p(-p), p)
    assert hard_answers(forecast).rate.tolist() == [[[0.0, 1.0]]]

    class Rivals:
        class case:
            class protocol:
                days = 1

        class fits:
            @staticmethod
            def model(name):
                prior = np.array([[0.5, 0.5]]) if name == "smoothed" else np.array([[0.8, 0.5]])
                return type("Static", (), {"rate_per_day": -np.log1p(-prior)})

    # Odds of 1 to 4 under even odds are 1 to 1 under odds of 4 to 1.
    np.testing.assert_allclose(leaked(Rivals, forecast).probability, [[[0.5, 0.6]]])


def test_the_csv_says_where_its_numbers_come_from(tables, out):
    path = out / "kail-simulated-quick" / "kail-simulated-quick.csv"
    with open(path) as file:
        about = json.loads(file.readline().removeprefix("# "))
        rows = list(csv.DictReader(file))
    assert about["command"] == "foreshock benchmark kail --region simulated --quick"
    assert "arXiv 2004.09140" in about["published"]
    assert len(rows) == len(tables.rows)
    row = next(r for r in rows if (r["table"], r["case"], r["score"]) == ("II", "cnn-lstm", "ROC AUC"))
    assert float(row["value"]) == pytest.approx(tables.value("II", "cnn-lstm", "ROC AUC").value, rel=1e-5)


def test_a_second_run_reads_the_trained_networks(tables, out):
    import time

    began = time.monotonic()
    again = run(quick=True, out=out, tables=("II",), networks="cnn-prior")
    first = [row for row in tables.rows if (row.table, row.case) == ("II", "cnn-prior")]
    second = [row for row in again.rows if row.case == "cnn-prior"]
    assert [row.value for row in second] == pytest.approx([row.value for row in first], abs=1e-6)
    assert {row.table for row in again.rows} == {"II"}
    assert again.about["command"].endswith("--tables II --networks 'cnn-prior' --quick")
    assert time.monotonic() - began < 60


def test_forecasts_are_made_once(tmp_path):
    from foreshock.benchmarks.kail.contestants import judged_once

    class Case:
        issue_days = staticmethod(lambda period: np.array(["2000-01-01"], "datetime64[D]"))

    asked = []

    def rates(days):
        asked.append(days)
        return np.full((1, 2, 2), 0.5, np.float32)

    forecasts = [judged_once("x", Case, rates, tmp_path / "x") for _ in range(2)]
    assert len(asked) == 1
    np.testing.assert_array_equal(forecasts[0].rate, forecasts[1].rate)
    np.testing.assert_allclose(forecasts[1].probability, 1 - np.exp(-0.5))


def test_unknown_tables_are_refused():
    with pytest.raises(InputError, match="tables of I, II, III"):
        run(quick=True, tables=("IV",))
