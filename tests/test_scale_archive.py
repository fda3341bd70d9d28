"""Bulk answers: the same as one by one, restartable, and nothing lost or twice when a worker is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import foreshock
import numpy as np
import obspy
import pytest
from foreshock.benchmarks.speed.archive import worker_processes
from foreshock.datasets.errors import InputError
from foreshock.datasets.simulate.seismic_cycle_files import write_seismic_cycle
from foreshock.export import bulk
from foreshock.export.bulk import answer_shard, predict_archive, shard_path

MODEL = "logistic-simcycle"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive") / "cycle"
    write_seismic_cycle(folder, records=48)
    return folder


def rows_of(out):
    return [json.loads(line) for path in sorted(out.glob("shard-*.jsonl")) for line in path.read_text().splitlines()]


def test_answers_are_those_of_the_files_one_by_one(archive, tmp_path):
    done = predict_archive(MODEL, archive / "waveforms", tmp_path / "out", archive / "picks.csv", files_a_shard=7)
    rows = rows_of(tmp_path / "out")
    assert (done.files, done.records, done.rejected, done.shards, done.done_before) == (48, 48, 0, 7, 0)
    assert Counter(row["file"] for row in rows) == Counter(p.name for p in (archive / "waveforms").iterdir())
    assert sum(done.labels.values()) == 48
    model = foreshock.load(MODEL)
    for row in rows[::12]:
        stream = obspy.read(archive / "waveforms" / row["file"])
        (alone,) = model.predict(stream, {stream[0].stats.station: 5.0}).to_dict()["records"]
        assert row["p_s"] == pytest.approx(5.0, abs=0.02)
        assert row["probability_aftershock"] == pytest.approx(alone["probability_aftershock"], abs=2e-2)
        assert row["event"] == row["file"].split(".")[0]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["records"] == 48 and summary["model"] == MODEL


def test_the_command_tells_what_it_did(archive, tmp_path, monkeypatch, capsys):
    from foreshock import cli

    words = ["predict-archive", MODEL, str(archive / "waveforms"), "--out", str(tmp_path / "out"), "--json"]
    monkeypatch.setattr(sys, "argv", ["foreshock", *words, "--picks", str(archive / "picks.csv")])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    told = json.loads(capsys.readouterr().out)
    assert (told["records"], told["files"], told["shards"]) == (48, 48, 1)
    monkeypatch.setattr(sys, "argv", ["foreshock", *words[:-1]])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    error = capsys.readouterr().err
    assert stop.value.code == 1 and "picks" in error and error.count("\n") == 1


def test_a_second_run_does_only_what_is_missing(archive, tmp_path, monkeypatch):
    out = tmp_path / "out"
    call = (MODEL, archive / "waveforms", out, archive / "picks.csv")
    predict_archive(*call, files_a_shard=12)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    shard_path(out, 2).unlink()
    asked = []
    monkeypatch.setattr(
        bulk, "answer_shard", lambda folder, number: (asked.append(number), answer_shard(folder, number))
    )
    done = predict_archive(*call, files_a_shard=12)
    assert asked == [2] and done.done_before == 3
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_shard_is_whole_or_not_there(archive, tmp_path, monkeypatch):
    out = tmp_path / "out"
    real, calls = bulk._answers, []

    def dies(plan, file):
        calls.append(file)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(plan, file)

    monkeypatch.setattr(bulk, "_answers", dies)
    with pytest.raises(KeyboardInterrupt):
        predict_archive(MODEL, archive / "waveforms", out, files_a_shard=10)
    assert sorted(path.name for path in out.iterdir()) == ["files.txt", "plan.json"]


def test_bad_files_are_counted_and_named(tmp_path):
    folder = tmp_path / "archive" / "2009"
    folder.mkdir(parents=True)
    obspy.read().write(str(folder / "good.mseed"), format="MSEED")
    (folder / "cut.mseed").write_bytes((folder / "good.mseed").read_bytes()[:-700])
    (folder / "notes.txt").write_text("no seismogram\n" * 30)
    stream = obspy.read()
    for trace in stream:
        trace.data = np.zeros_like(trace.data)
    stream.write(str(folder / "dead.mseed"), format="MSEED")
    done = predict_archive(MODEL, tmp_path / "archive", tmp_path / "out")
    rows = {row["file"]: row for row in rows_of(tmp_path / "out")}
    assert set(rows) == {f"2009/{name}" for name in ("good.mseed", "cut.mseed", "notes.txt", "dead.mseed")}
    assert (done.records, done.rejected) == (1, 3)
    assert rows["2009/good.mseed"]["event"] == "2009/good.mseed"
    assert "cut short" in rows["2009/cut.mseed"]["rejected"]
    assert "not recognised" in rows["2009/notes.txt"]["rejected"]
    assert str(tmp_path) not in json.dumps(rows)


def test_another_call_into_the_same_folder_is_refused(archive, tmp_path):
    out = tmp_path / "out"
    predict_archive(MODEL, archive / "waveforms", out, files_a_shard=24)
    with pytest.raises(InputError, match="model p64-simcycle, was logistic-simcycle"):
        predict_archive("p64-simcycle", archive / "waveforms", out, files_a_shard=24)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match="empty or new folder"):
        predict_archive(MODEL, archive / "waveforms", tmp_path / "full")
    with pytest.raises(InputError, match="which is empty"):
        (tmp_path / "nothing").mkdir()
        predict_archive(MODEL, tmp_path / "nothing", tmp_path / "new")
    with pytest.raises(InputError, match="forecast-series"):
        predict_archive("smoothed-sim", archive / "waveforms", tmp_path / "new")
    with pytest.raises(InputError, match="at least one worker"):
        predict_archive(MODEL, archive / "waveforms", tmp_path / "new", workers=0)


def test_a_shard_that_lost_or_doubled_a_file_is_found(archive, tmp_path):
    out = tmp_path / "out"
    predict_archive(MODEL, archive / "waveforms", out, files_a_shard=24)
    lines = shard_path(out, 0).read_text().splitlines(keepends=True)
    shard_path(out, 0).write_text("".join(lines[1:]))
    with pytest.raises(InputError, match="every file in one shard"):
        predict_archive(MODEL, archive / "waveforms", out, files_a_shard=24)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the workers in /proc")
def test_two_workers_one_killed_half_way_nothing_lost_and_nothing_twice(archive, tmp_path):
    pytest.importorskip("apache_beam")
    expected = tmp_path / "alone"
    predict_archive(MODEL, archive / "waveforms", expected, archive / "picks.csv", files_a_shard=1)
    out = tmp_path / "out"
    code = (
        "import sys; from pathlib import Path; from foreshock.export.bulk import predict_archive; "
        "print(predict_archive(sys.argv[1], *map(Path, sys.argv[2:5]), workers=2, files_a_shard=1))"
    )
    words = [sys.executable, "-c", code, MODEL, str(archive / "waveforms"), str(out), str(archive / "picks.csv")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    until = time.monotonic() + 60
    while len(list(out.glob("shard-*"))) < 8 and time.monotonic() < until:
        time.sleep(0.005)
    workers = worker_processes(process.pid)
    os.kill(workers[0], signal.SIGKILL)
    told, error = process.communicate(timeout=90)
    assert process.returncode == 0, error
    assert len(workers) == 2
    assert "a worker died" in error and "48 records of 48 files" in told
    assert {p.name: p.read_bytes() for p in out.glob("shard-*")} == {
        p.name: p.read_bytes() for p in expected.glob("shard-*")
    }
    assert not (out / "beam.log").exists()
