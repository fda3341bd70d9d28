"""The benchmark of earthquake or blast: every regime and system in the table, trainings run once."""

import csv

import numpy as np
import pytest
from foreshock.benchmarks.discriminate import experiments
from foreshock.benchmarks.discriminate.run import run
from foreshock.training.section import Fit
from foreshock.training.waveform import blast_systems, blast_tuning
from foreshock.training.waveform.blast_data import simulated_region
from foreshock.training.waveform.blast_heads import FrontFeatures, head_batches, head_of
from foreshock.training.waveform.blast_tuning import ANEW, FROZEN, REGIMES, WHOLE, Tuning
from foreshock.training.waveform.ensemble import logits_of, train_members
from foreshock.zoo.layers.members import MemberConvolution, MemberNorm, member_weights


@pytest.fixture(scope="module")
def region():
    return simulated_region("A", 20, 1, (0.4, 0.3, 0.3))


def test_the_table_holds_every_regime_and_a_second_run_trains_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "QUICK", {regime: {"epochs": 0} for regime in (FROZEN, WHOLE, ANEW)})
    monkeypatch.setattr(experiments, "PRETRAINING", Fit(epochs=0))
    monkeypatch.setattr(experiments, "QUICK_EVENTS", 60)
    monkeypatch.setattr(blast_systems, "TREES", 30)
    table = run(None, quick=True, out=tmp_path)
    folder = tmp_path / "discriminate-quick"
    with open(folder / "discriminate.csv") as file:
        assert file.readline().startswith("# {")
        rows = list(csv.DictReader(file))
    assert {row["regime"] for row in rows} >= {*REGIMES, experiments.CHOSEN, "gain", "curve, front frozen"}
    assert {row["system"] for row in rows} >= {
        "spectrogram, best single",
        "waveform, vote of 5",
        "both, vote of 10",
        "forest on P/S and spectra",
        "forest on P/S and spectra, simulation too",
    }
    assert {row["target_events"] for row in rows if row["regime"] == "not tuned"} == {"0"}
    assert len({row["target_events"] for row in rows if row["regime"] == "curve, from scratch"}) == 2
    for row in rows:
        # Resampling adds to a calibration error, so that its interval may lie above it.
        if "calibration" not in row["score"]:
            assert float(row["low"]) <= float(row["value"]) <= float(row["high"])
    assert (folder / "discriminate.png").stat().st_size > 10_000
    assert "simulated region" in table.to_text()

    def never(*args, **kwargs):
        raise AssertionError("trained again")

    monkeypatch.setattr(experiments, "train_members", never)
    monkeypatch.setattr(blast_tuning, "train_members", never)
    monkeypatch.setattr(blast_tuning, "train_heads", never)
    again = run(None, quick=True, out=tmp_path)
    assert [row.scores for row in again.rows] == [row.scores for row in table.rows]


def test_a_frozen_front_stays_and_its_dense_layers_learn(region, tmp_path):
    known = region["train"]
    start, _ = train_members(known, region["validation"], Fit(epochs=0), tmp_path / "start")
    settings = {FROZEN: Fit(epochs=1, batch=32, learning_rate=1e-2)}
    tuned = Tuning(start, known, tmp_path, region["validation"], settings).network("a", FROZEN, np.arange(len(known)))
    fixed = (MemberConvolution, MemberNorm)
    front = {weight.path for layer in start.layers if isinstance(layer, fixed) for weight in layer.weights}
    changed = {
        path
        for (path, before), (_, after) in zip(member_weights(start), member_weights(tuned), strict=True)
        if not np.array_equal(before, after)
    }
    assert changed
    assert not changed & front
    assert not np.array_equal(logits_of(start, region["test"]), logits_of(tuned, region["test"]))


def test_the_dense_layers_alone_give_the_whole_networks_logits(region, tmp_path):
    start, _ = train_members(region["train"], region["validation"], Fit(epochs=0), tmp_path)
    records = region["test"]
    inputs, labels, weights = head_batches(FrontFeatures.of(start, records), len(records), range(5))[0]
    np.testing.assert_allclose(head_of(start)(inputs), logits_of(start, records), atol=1e-5)
    assert labels.shape == weights.shape == (len(records), 10)
    assert (labels[:, 0] == records.label).all()
