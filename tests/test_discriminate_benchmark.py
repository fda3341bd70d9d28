"""The benchmark of earthquake or blast: every regime and system in the table, trainings run once."""

import csv

import numpy as np
import pytest
from foreshock.benchmarks.discriminate import experiments, fits
from foreshock.benchmarks.discriminate.run import run
from foreshock.training.section import Fit
from foreshock.training.waveform import blast_systems
from foreshock.training.waveform.blast_data import simulated_region
from foreshock.training.waveform.ensemble import logits_of, train_members
from foreshock.zoo.layers.members import member_weights
from foreshock.zoo.waveform.blast_networks import front_layers


@pytest.fixture(scope="module")
def region():
    return simulated_region("A", 20, 1, (0.4, 0.3, 0.3))


def test_the_table_holds_every_regime_and_a_second_run_trains_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(fits, "QUICK", {"epochs": 0})
    monkeypatch.setattr(experiments, "QUICK_EVENTS", 100)
    monkeypatch.setattr(blast_systems, "TREES", 30)
    table = run(None, quick=True, out=tmp_path)
    folder = tmp_path / "discriminate-quick"
    with open(folder / "discriminate.csv") as file:
        assert file.readline().startswith("# {")
        rows = list(csv.DictReader(file))
    assert {row["regime"] for row in rows} >= {*fits.REGIMES, experiments.CHOSEN, "curve, all layers", "curve"}
    assert {row["system"] for row in rows} >= {
        "spectrogram, best single",
        "waveform, vote of 5",
        "both, vote of 10",
        "forest on P/S and spectra",
    }
    assert {row["target_events"] for row in rows if row["regime"] == "not tuned"} == {"0"}
    for row in rows:
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"])
    assert (folder / "discriminate.png").stat().st_size > 10_000
    assert "simulated region" in table.to_text()

    def never(*args, **kwargs):
        raise AssertionError("trained again")

    monkeypatch.setattr(fits, "train_members", never)
    again = run(None, quick=True, out=tmp_path)
    assert [row.scores for row in again.rows] == [row.scores for row in table.rows]


def test_a_frozen_front_stays_and_its_dense_layers_learn(region, tmp_path):
    settings = Fit(epochs=1, batch=32, learning_rate=1e-2)
    start, _ = train_members(
        region["train"], region["validation"], Fit(epochs=0), tmp_path / "start", architecture="blast-waveform"
    )
    tuned, _ = train_members(
        region["train"],
        region["validation"],
        settings,
        tmp_path / "tuned",
        start=start,
        frozen=True,
        architecture="blast-waveform",
    )
    front = {weight.path for layer in front_layers(start) for weight in layer.weights}
    changed = {
        path
        for (path, before), (_, after) in zip(member_weights(start), member_weights(tuned), strict=True)
        if not np.array_equal(before, after)
    }
    assert changed
    assert not changed & front
    assert not np.array_equal(logits_of(start, region["test"]), logits_of(tuned, region["test"]))
