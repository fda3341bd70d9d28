"""The command as a person meets it: answers, one-line errors, exit statuses, JSON that is only JSON."""

import csv
import json
import subprocess
import sys

import numpy as np
import obspy
import pytest
from foreshock import cli
from foreshock.datasets.regions import Region
from foreshock.zoo.forecast.forecast import Forecast


@pytest.fixture
def run(monkeypatch, capsys):
    """Call the command in this process: (exit status, stdout, stderr)."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["foreshock", *map(str, words)])
        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = stop.code or 0
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "RJOB.mseed"
    obspy.read().write(str(path), format="MSEED")
    return path


@pytest.fixture(scope="session")
def catalog(tmp_path_factory):
    path = tmp_path_factory.mktemp("catalog") / "simulated.csv"
    Region.named("simulated").catalog().between("2017-06-01", "2018-01-01").to_csv(path)
    return path


def one_line(text):
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


def test_models_as_table_and_as_json(run):
    status, out, _ = run("models")
    assert status == 0
    assert "p64-simcycle" in out
    status, out, err = run("models", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert (status, err) == (0, "")
    assert {"name", "task", "version", "parameters", "bytes", "licence", "headline"} <= set(rows["p64-simcycle"])
    assert rows["p64-simcycle"]["parameters"] == 2_584_450


def test_a_pattern_without_a_match_says_what_there_is(run):
    status, out, _ = run("models", "*mars*")
    assert status == 1
    assert "p64-simcycle" in out


def test_card_as_page_and_as_json(run):
    assert "Where it fails" in run("card", "p64-simcycle")[1]
    assert json.loads(run("card", "p64-simcycle", "--json")[1])["name"] == "p64-simcycle"


def test_an_unknown_model_is_one_line_with_the_nearest_names(run):
    status, out, err = run("predict", "p46-simcycle", "x.mseed")
    assert (status, out) == (1, "")
    assert "nearest names: p64-simcycle" in one_line(err)


def test_misuse_is_status_two(run):
    assert run("predict")[0] == 2
    assert run("nonsense")[0] == 2
    assert run("export", "p64-simcycle", "--out", "x", "--format", "pickle")[0] == 2


def test_predict_a_record_with_every_output(run, record, tmp_path):
    picture, table = tmp_path / "a.png", tmp_path / "a.csv"
    status, out, err = run("predict", "p64-simcycle", record, "--json", "--plot", picture, "--csv", table)
    answer = json.loads(out)
    assert status == 0
    assert picture.read_bytes()[:4] == b"\x89PNG"
    (row,) = answer["records"]
    assert row["pick"] == "picker"
    assert 4.5 < row["p_s"] < 5.0
    assert row["probability_foreshock"] + row["probability_aftershock"] == pytest.approx(1, abs=1e-5)
    with open(table, newline="") as file:
        assert next(csv.DictReader(file))["record"] == "BW.RJOB..EH"
    assert "wrote" in err
    assert "from 1 record(s)" in run("predict", "p64-simcycle", record)[1]


def test_a_given_pick_is_used_and_one_outside_is_told(run, record, tmp_path):
    picks = tmp_path / "picks.csv"
    picks.write_text("station,phase,time\nRJOB,P,2009-08-24T00:20:08.0Z\n")
    row = json.loads(run("predict", "p64-simcycle", record, "--picks", picks, "--json")[1])["records"][0]
    assert (row["pick"], row["p_s"]) == ("given", 5.0)
    picks.write_text("station,phase,time\nRJOB,P,2009-08-24T02:20:08.0Z\n")
    answer = json.loads(run("predict", "p64-simcycle", record, "--picks", picks, "--json")[1])
    assert any("pick" in item["name"] for item in answer["rejected"])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.mseed", b"", "empty"),
        ("text.mseed", b"no seismogram at all, only words\n" * 20, "not recognised"),
        ("gone.mseed", None, "does not exist"),
    ],
)
def test_files_that_are_no_record_are_one_line(run, tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    status, out, err = run("predict", "p64-simcycle", path)
    assert (status, out) == (1, "")
    assert words in one_line(err)


def test_a_truncated_file_is_one_line(run, record):
    record.write_bytes(record.read_bytes()[:-700])
    status, _, err = run("predict", "p64-simcycle", record)
    assert status == 1
    assert "cut short" in one_line(err)


def _write(path, change):
    stream = obspy.read()
    change(stream)
    stream.write(str(path), format="MSEED")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.remove(s.select(component="N")[0]), "component N missing"),
        (lambda s: s.trim(s[0].stats.starttime, s[0].stats.starttime + 12), "12"),
        (lambda s: s.resample(40.0), "at least 50 Hz"),
        (lambda s: [t.data.fill(0) for t in s], "dead channel"),
    ],
)
def test_records_that_do_not_fit_are_one_line(run, tmp_path, change, words):
    path = tmp_path / "bad.mseed"
    _write(path, change)
    status, _, err = run("predict", "p64-simcycle", path)
    assert status == 1
    assert words in one_line(err)


def test_another_rate_is_brought_to_the_models_and_told(run, tmp_path):
    path = tmp_path / "slow.mseed"
    _write(path, lambda s: s.resample(80.0))
    row = json.loads(run("predict", "p64-simcycle", path, "--json")[1])["records"][0]
    assert "resampled from 80 to 100 Hz" in row["history"]


def test_a_batch_goes_past_a_bad_file_and_says_so(run, record, tmp_path):
    bad = tmp_path / "bad.mseed"
    bad.write_bytes(b"")
    status, out, _ = run("predict", "p64-simcycle", record, bad)
    assert status == 1
    assert "BW.RJOB" in out
    assert "1 file(s) could not be used" in out
    answer = json.loads(run("predict", "p64-simcycle", bad, record, "--json")[1])
    assert len(answer["records"]) == len(answer["bad_files"]) == 1


def test_forecast_as_map_picture_and_json(run, catalog, tmp_path):
    table, picture = tmp_path / "map.csv", tmp_path / "map.png"
    status, out, _ = run(
        "predict", "cnn-lstm-prior-sim", catalog, "--day", "2017-12-01", "--json", "--csv", table, "--plot", picture
    )
    answer = json.loads(out)
    assert status == 0
    assert (answer["from"], answer["to"]) == ("2017-12-01", "2017-12-08")
    assert picture.read_bytes()[:4] == b"\x89PNG"
    forecast = Forecast.from_csv(table)
    assert forecast.rate.sum() == pytest.approx(answer["expected_events"], rel=1e-5)
    assert answer["cells"][0]["probability"] == pytest.approx(forecast.probability.max(), rel=1e-6)


def test_a_forecast_knows_nothing_of_later_events(run, catalog, tmp_path):
    """An event of M 7 planted on the day of issue changes no number of the forecast."""
    lines = catalog.read_text().splitlines()
    first = run("predict", "cnn-lstm-prior-sim", catalog, "--day", "2017-12-01", "--json")[1]
    at = next(i for i, line in enumerate(lines) if line.strip('"').startswith("2017-12-01"))
    fields = lines[at].split(",")
    fields[0], fields[4] = "2017-12-01T00:00:00Z", "7.0"
    planted = tmp_path / "simulated.csv"
    planted.write_text("\n".join([*lines[:at], ",".join(fields), *lines[at:]]))
    second = run("predict", "cnn-lstm-prior-sim", planted, "--day", "2017-12-01", "--json")[1]
    keys = ("cells", "expected_events")
    assert [json.loads(first)[k] for k in keys] == [json.loads(second)[k] for k in keys]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--day", "yesterday"), "a day such as 2011-03-12"),
        (("--day", "1999-01-01"), "events before 1999-01-01"),
        (("--picks", "p.csv"), "leave --picks out"),
    ],
)
def test_forecast_questions_that_make_no_sense(run, catalog, words, told):
    status, _, err = run("predict", "cnn-lstm-prior-sim", catalog, *words)
    assert status == 1
    assert told in one_line(err)


def test_an_output_that_cannot_be_written_leaves_nothing(run, record, tmp_path):
    (tmp_path / "file").write_text("")
    status, _, err = run("predict", "p64-simcycle", record, "--csv", tmp_path / "file" / "a.csv")
    assert status == 1
    assert "choose another folder" in one_line(err)
    status, _, err = run("predict", "p64-simcycle", record, "--plot", tmp_path / "a.jpeg2000")
    assert status == 1
    assert "change the suffix" in err


def test_a_full_disk_half_way_leaves_nothing(run, record, tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("foreshock.zoo.waveform.classification.csv.DictWriter.writerows", full)
    status, _, err = run("predict", "p64-simcycle", record, "--csv", tmp_path / "out" / "a.csv")
    assert status == 1
    assert "No space left" in one_line(err)
    assert not list((tmp_path / "out").iterdir())


def test_export_prints_its_parity(run, tmp_path):
    status, out, _ = run("export", "smoothed-sim", "--format", "onnx", "--out", tmp_path, "--json")
    answer = json.loads(out)
    assert status == 0
    assert {row["batch"] for row in answer["parity"]} == {1, 3, 7}
    assert (tmp_path / "smoothed-sim" / "model.onnx").is_file()


def test_data_check_and_simulate(run, catalog, tmp_path):
    assert json.loads(run("data", "check", catalog, "--json")[1])["events"] > 1000
    out = tmp_path / "e.parquet"
    assert run("data", "simulate", "etas", "--events", "500", "--seed", "1", "--out", out)[0] == 0
    assert json.loads(run("data", "check", out, "--json")[1])["events"] == 500
    status, _, err = run("data", "simulate", "etas", "--events", "5", "--out", tmp_path / "e.xls")
    assert status == 1
    assert "change the suffix" in one_line(err)


def test_data_prepare_makes_a_region_that_data_list_shows(run, catalog, tmp_path):
    words = ("--catalog", catalog, "--region", "simulated", "--name", "mine", "--data", tmp_path)
    assert run("data", "prepare", *words)[0] in (0, 1)
    names = [row["name"] for row in json.loads(run("data", "list", "--json", "--data", tmp_path)[1])]
    assert {"japan", "norcal", "socal", "simulated"} <= set(names)


def test_waveforms_are_simulated_checked_and_prepared(run, tmp_path):
    made = json.loads(
        run("data", "simulate", "blast-or-quake", "--records", "120", "--out", tmp_path / "bq", "--json")[1]
    )
    assert made["records"] == 120
    told = json.loads(run("data", "check", tmp_path / "bq", "--json")[1])
    assert told["records"] == 120
    words = ("--waveforms", tmp_path / "bq", "--name", "mine", "--data", tmp_path / "home", "--json")
    prepared = json.loads(run("data", "prepare", *words)[1])
    assert sum(prepared["records"].values()) == 120


def test_prepare_wants_a_catalogue_or_waveforms(run, catalog):
    assert run("data", "prepare", "--name", "mine")[0] == 2
    assert run("data", "prepare", "--name", "mine", "--catalog", catalog)[0] == 2


def test_a_series_of_forecasts_is_written_for_anyone_to_score(run, catalog, tmp_path):
    out = tmp_path / "rates.npz"
    words = ("--region", "simulated", "--from", "2017-09-01", "--to", "2017-10-31", "--protocol", "P2-7d", "--out", out)
    assert run("forecast-series", "smoothed-sim", catalog, *words)[0] == 0
    with np.load(out, allow_pickle=False) as series:
        assert series["rate"].shape == (len(series["days"]), 32, 32)


def test_debug_shows_the_traceback(run, monkeypatch):
    from foreshock.datasets.errors import InputError

    with pytest.raises(InputError):
        run("--debug", "card", "nothing-here")


def test_json_is_alone_on_stdout_of_a_real_process(record):
    done = subprocess.run(
        [sys.executable, "-m", "foreshock.cli", "predict", "p64-simcycle", str(record), "--json"],
        capture_output=True,
        text=True,
        cwd=record.parent,
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert np.isfinite(json.loads(done.stdout)["records"][0]["probability_foreshock"])


def test_every_command_has_help_with_an_example(run):
    for words in (["demo"], ["models"], ["card"], ["predict"], ["train"], ["export"]):
        status, out, _ = run(*words, "--help")
        assert status == 0
        assert "Example: foreshock" in out
    for words in ("list", "download", "check", "prepare"):
        assert "Example: foreshock" in run("data", words, "--help")[1]
