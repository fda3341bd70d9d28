"""The audit on known truth: it convicts where the noise carries the label, clears where the event does."""

import json

import numpy as np
import pytest
from foreshock.benchmarks.audit.run import run
from foreshock.datasets.errors import InputError
from foreshock.training.audit import controls, disguise
from foreshock.training.audit.probe import linear, mean_spectra
from foreshock.training.audit.rules import Verdict, row, verdict_of
from foreshock.training.audit.subject import Subject
from foreshock.training.scores.intervals import Interval
from foreshock.training.waveform.records import Records
from typer.testing import CliRunner


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """cause -> Report of the small recipe of that cause."""
    home = tmp_path_factory.mktemp("data")
    return {cause: run(f"seismic-cycle-{cause}", home, quick=True) for cause in ("source", "path", "noise", "none")}


def by_control(report) -> dict:
    return {row.control.split(",")[0]: row for row in report.audit.rows}


def test_it_convicts_a_model_where_the_noise_alone_tells_the_classes_apart(reports):
    report = reports["noise"]
    assert report.audit.verdict.verdict == "convicted"
    rows = by_control(report)
    whole = rows["the model on whole records"]
    for name in ("the noise before P alone", "linear probe of the frames before P"):
        assert rows[name].verdict == "convicted"
        assert rows[name].value >= whole.value - 0.02
    # The noise changed at the mainshock, not within a class, and not below 1 Hz.
    assert rows["linear probe of a wrong date"].verdict == "clear"
    assert rows["linear probe of what lies below 1 Hz"].verdict == "clear"


@pytest.mark.parametrize("cause", ["source", "path"])
def test_it_clears_a_model_where_the_event_tells_the_classes_apart(reports, cause):
    report = reports[cause]
    assert report.audit.verdict.verdict == "clear"
    rows = by_control(report)
    assert rows["the model on whole records"].low > 0.6
    for name in ("the noise before P alone", "linear probe of the frames before P", "linear probe of a wrong date"):
        assert rows[name].verdict == "clear" and abs(rows[name].value - 0.5) < 0.05
    assert rows["linear probe of what lies above 20 Hz"].low > 0.5


def test_a_model_of_nothing_scores_chance(reports):
    assert reports["none"].audit.verdict.verdict == "no skill"
    whole = reports["none"].audit.rows[0]
    assert whole.low <= 0.5 <= whole.high


def test_the_command_prints_one_document_and_draws(tmp_path, monkeypatch):
    from foreshock.cli import app

    monkeypatch.setenv("FORESHOCK_DATA", str(tmp_path))
    picture = tmp_path / "audit.png"
    arguments = ["audit", "seismic-cycle-noise", "--quick", "--json", "--plot", str(picture)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["verdict"] == "convicted"
    assert picture.stat().st_size > 10_000


def test_a_model_of_the_zoo_is_audited_beside_its_card(tmp_path):
    report = run("logistic-simcycle", tmp_path, quick=True)
    assert report.audit.verdict.verdict == "clear"
    assert report.card_rows and "On the card" in report.to_text()
    with pytest.raises(InputError, match="audit a classifier"):
        run("smoothed-sim")
    with pytest.raises(InputError, match="the name of a model or a recipe"):
        run("p46-simcycle")


def noise_records(n: int, event, label, time_us, seed: int = 0, level=1.0) -> Records:
    """White noise of 10 s with P at 5 s; `level` is a factor for each record."""
    rng = np.random.default_rng(seed)
    waveform = rng.standard_normal((n, 1000, 3)).astype(np.float32) * np.reshape(level, (-1, 1, 1))
    ones = np.ones(n)
    return Records(
        waveform.astype(np.float32),
        np.asarray(label),
        np.asarray(event).astype(str),
        np.full(n, "A"),
        500 * ones,
        600 * ones,
        np.asarray(time_us),
        rng.uniform(2, 4, n),
        rng.uniform(5, 40, n),
    )


def subject_of(records: Records) -> Subject:
    """The linear probe under audit, parts cut from the records in turn."""
    part = np.arange(len(records)) % 5
    sets = {
        "train": records.select(part < 3),
        "validation": records.select(part == 3),
        "test": records.select(part == 4),
    }
    return Subject("probe", sets, linear(mean_spectra)(sets["train"], sets["validation"]))


def test_a_drift_of_the_noise_through_the_epochs_is_told_by_the_wrong_date():
    n = 300
    time = np.arange(n)
    label = (time >= n // 2).astype(int)
    drifting = subject_of(noise_records(n, time, label, time, level=1 + time / n))
    steady = subject_of(noise_records(n, time, label, time))
    assert controls.wrong_date(drifting)[0].verdict == "convicted"
    assert controls.wrong_date(steady)[0].low <= 0.5


def test_what_is_left_of_a_record_in_disguise():
    rng = np.random.default_rng(0)
    t = np.arange(1000) / 100
    records = noise_records(4, range(4), [0, 1, 0, 1], range(4))
    noise = records.waveform.copy()
    records.waveform[:, 500:] += 100 * np.sin(2 * np.pi * 5 * t[:500])[None, :, None]
    hidden = disguise.noise_only(records)
    assert hidden.waveform.shape == records.waveform.shape
    # Nothing that lies behind P, or in the half second before it, is left.
    assert set(hidden.waveform.ravel().tolist()) == set(noise[:, :450].ravel().tolist())
    np.testing.assert_array_equal(hidden.waveform[:, :450], noise[:, :450])
    np.testing.assert_array_equal(hidden.waveform[:, 450:899], noise[:, 448::-1])

    two = np.sin(2 * np.pi * 0.5 * t) + np.sin(2 * np.pi * 30 * t)
    low = disguise.band_of(np.tile(two[None, :, None], (1, 1, 3)), 100.0, 0.0, 1.0, rng)
    power = np.abs(np.fft.rfft(low[0, :, 0])) ** 2
    frequency = np.fft.rfftfreq(1000, 0.01)
    assert power[frequency > 1.05].sum() < 1e-5 * power.sum()
    assert disguise.without(records, 2).waveform[:, :, 2].max() == 0
    with pytest.raises(InputError, match="a second of noise"):
        disguise.noise_only(records.select([0]).__class__(**{**vars(records), "p": np.full(4, 60.0)}))


def test_matched_records_have_the_same_counts_in_every_cell():
    rng = np.random.default_rng(1)
    n = 2000
    label = rng.integers(0, 2, n)
    records = noise_records(n, range(n), label, range(n))
    records.magnitude[:] += label  # one class is larger by a magnitude
    rows = controls.matched_rows(records, rng)
    kept = records.select(rows)
    assert (kept.label == 0).sum() == (kept.label == 1).sum()
    gap = kept.magnitude[kept.label == 1].mean() - kept.magnitude[kept.label == 0].mean()
    assert abs(gap) < 0.25 and len(np.unique(rows)) == len(rows)


def test_remembered_events_show_after_a_split_by_record():
    # Each event has a level of its own that no label depends on: only one who has seen the event knows its label.
    rng = np.random.default_rng(2)
    event = np.repeat(np.arange(120), 6)
    label = rng.integers(0, 2, 120)[event]
    level = np.exp(rng.uniform(-4, 4, 120))[event]
    records = noise_records(len(event), event, label, event, level=level)
    part = event % 3
    sets = {name: records.select(part == i) for i, name in enumerate(("train", "validation", "test"))}
    subject = Subject("x", sets, lambda records: None)
    by_event, by_record = controls.record_and_event_split(subject)
    assert by_event.high < by_record.low


def test_verdicts_follow_the_rules():
    def found(value):
        return Interval(value, value - 0.02, value + 0.02, 0.95, 2000, 0)

    whole = row("the model on whole records", found(0.9), "")
    bad = row("a", found(0.8), "0.5", "convicted")
    odd = row("b", found(0.6), "0.5", "suspicious")
    good = row("c", found(0.5), "0.5", "clear")
    assert verdict_of([whole, good, odd, bad]).verdict == "convicted"
    assert verdict_of([whole, good, odd]).verdict == "suspicious"
    assert verdict_of([whole, good]) == Verdict(
        "clear",
        "none of 1 controls finds a leak; c scores 0.500 [0.480, 0.520]; the model scores 0.900 [0.880, 0.920]",
    )
    assert verdict_of([row("m", found(0.51), ""), bad]).verdict == "no skill"
