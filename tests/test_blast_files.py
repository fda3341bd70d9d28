"""Blasts and earthquakes as files, with planted gaps and glitches, and over measured noise."""

import csv
import json
import pathlib

import numpy as np
import obspy
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.readers.reading import read_catalog
from foreshock.datasets.record import Record
from foreshock.datasets.simulate import blast_or_quake_files
from foreshock.datasets.simulate.blast_or_quake import WINDOW, blast_or_quake_truth, simulate_blast_or_quake
from foreshock.datasets.simulate.blast_or_quake_files import settings_of_size, write_blast_or_quake
from foreshock.datasets.simulate.blast_scene import BlastOrQuake
from foreshock.datasets.simulate.measured_noise import MeasuredNoise
from foreshock.datasets.waveforms.picks import read_picks
from scipy.signal import welch

SHARED = pathlib.Path(__file__).parents[1].parent / "shared" / "data"
RATE_HZ = WINDOW.sampling_rate_hz


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("blasts") / "set"
    return folder, write_blast_or_quake(folder, "A", records=100, seed=3, gaps=0.3, glitches=0.3)


def rows_of(path) -> list[dict]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_the_summary_counts_what_lies_there(written):
    folder, summary = written
    rows = rows_of(folder / "records.csv")
    assert len(rows) == summary["records"] == 100
    assert sorted(path.name for path in folder.iterdir()) == ["events.csv", "picks.csv", "records.csv", "waveforms"]
    assert {str(path.relative_to(folder)) for path in folder.glob("waveforms/*")} == {row["file"] for row in rows}
    for name in ("label", "split"):
        values, counts = np.unique([row[name] for row in rows], return_counts=True)
        assert summary[name] == dict(zip(values.tolist(), counts.tolist(), strict=True))
    blasts = {row["event_id"] for row in rows if row["label"] == "blast"}
    assert summary["events_by_label"]["blast"] == len(blasts)
    assert summary["events"] == len({row["event_id"] for row in rows}) == sum(summary["events_by_label"].values())
    json.dumps(summary)
    for name in ("split", "fold", "label"):
        assert len({(row["event_id"], row[name]) for row in rows}) == summary["events"]


def test_waveforms_come_back_with_their_gaps(written):
    folder, _ = written
    settings, kept = settings_of_size(BlastOrQuake(region="A", seed=3, gaps=0.3, glitches=0.3), 100)
    simulated = simulate_blast_or_quake(settings).select(kept)
    torn = 0
    for number, row in enumerate(rows_of(folder / "records.csv")):
        stream = obspy.read(folder / row["file"])
        assert (row["event_id"], row["station"]) == (simulated.event_id[number], simulated.station[number])
        gaps = stream.get_gaps()
        stream.merge(fill_value=0).sort(["channel"])
        assert [trace.id for trace in stream] == [f"SY.{row['station']}..HH{component}" for component in "ENZ"]
        np.testing.assert_array_equal(np.stack([trace.data for trace in stream]), simulated.data[number])
        assert obspy.UTCDateTime(row["p_time"]) - stream[0].stats.starttime == pytest.approx(WINDOW.p_s)
        if row["gap_start_s"] == "nan":
            assert not gaps
            continue
        torn += 1
        assert len(gaps) == 3
        # obspy gives the last sample before the gap, the first after it, and what is missing in between.
        begin = gaps[0][4] - stream[0].stats.starttime + 1 / RATE_HZ
        assert begin == pytest.approx(float(row["gap_start_s"]))
        assert gaps[0][6] == pytest.approx(float(row["gap_end_s"]) - float(row["gap_start_s"]))
    assert 15 < torn < 45


def test_events_and_picks_are_read_by_the_package(written):
    folder, summary = written
    catalog = read_catalog(folder / "events.csv").catalog
    assert len(catalog) == summary["events"]
    blasts = {row["event_id"] for row in rows_of(folder / "records.csv") if row["label"] == "blast"}
    assert set(catalog.of_kind("quarry blast").event_id) == blasts
    assert catalog.of_kind("quarry blast").depth_km.max() <= 0.5 < catalog.of_kind("earthquake").depth_km.min()
    picks = read_picks(folder / "picks.csv")
    assert sum(pick.phase == "P" for pick in picks) == 100


def test_a_folder_of_something_else_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="something else"):
        write_blast_or_quake(tmp_path, "A", records=100)
    with pytest.raises(InputError, match="at least 400 records in region C"):
        write_blast_or_quake(tmp_path / "set", "C", records=100)
    with pytest.raises(InputError, match="a region among"):
        write_blast_or_quake(tmp_path / "set", "D", records=100)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(blast_or_quake_files, "write_tables", full)
    with pytest.raises(OSError, match="No space"):
        write_blast_or_quake(tmp_path / "set", "A", records=100)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


# ---- gaps and glitches


def test_gaps_and_glitches_are_where_the_truth_says_and_nowhere_else():
    clean = simulate_blast_or_quake(region="B", events=40)
    spoilt = simulate_blast_or_quake(region="B", events=40, gaps=0.25, glitches=0.25)
    for name in ("gap_start_s", "gap_end_s", "glitch_s"):
        assert np.isnan(clean.truth[name]).all()
    assert (clean.truth["glitch_component"] == -1).all()
    gap, glitch = (np.isfinite(spoilt.truth[name]) for name in ("gap_start_s", "glitch_s"))
    assert 0.15 < gap.mean() < 0.35 and 0.15 < glitch.mean() < 0.35
    for row in range(len(clean)):
        before, after = clean.data[row], spoilt.data[row]
        changed = before != after
        expected = np.zeros(changed.shape, bool)
        if gap[row]:
            first, last = (round(spoilt.truth[name][row] * RATE_HZ) for name in ("gap_start_s", "gap_end_s"))
            assert not after[:, first:last].any()
            assert 0.5 <= (last - first) / RATE_HZ <= 3.02
            expected[:, first:last] = True
        if glitch[row]:
            component, first = spoilt.truth["glitch_component"][row], round(spoilt.truth["glitch_s"][row] * RATE_HZ)
            expected[component, first:] = True
            outside_gap = not (gap[row] and (after[:, first] == 0).all())
            jump = float(after[component, first] - before[component, first])
            if outside_gap and abs(after[component, first]) < 2**23 - 1:
                peak = np.abs(before[component]).max()
                assert jump == pytest.approx(spoilt.truth["glitch_over_peak"][row] * peak, abs=1)
        assert not (changed & ~expected).any()


# ---- measured noise


def coloured(rng, count: int, samples: int) -> list[np.ndarray]:
    """Windows of noise with a line at 7 Hz, of quite different strengths."""
    time_s = np.arange(samples) / RATE_HZ
    return [
        2.0**i * (rng.standard_normal((3, samples)) + 3 * np.sin(2 * np.pi * 7 * time_s + rng.uniform(0, 6, (3, 1))))
        for i in range(count)
    ]


def test_measured_noise_lies_under_the_records():
    windows = coloured(np.random.default_rng(0), 4, 1000)
    noise = MeasuredNoise(tuple(windows), RATE_HZ, gain_counts_s_m=1e8)
    records = simulate_blast_or_quake(region="A", events=40, noise=noise)
    chosen = records.truth["noise_window"]
    assert set(chosen) == {0, 1, 2, 3}
    assert np.isnan(records.truth["noise_level"]).all()
    before = records.data[:, :, : round(WINDOW.p_s * RATE_HZ)]
    # Variance 1 + 9 / 2, times the window's strength and the ratio of the gains.
    expected = 2.0**chosen * np.sqrt(5.5) * records.truth["gain_counts_s_m"] / 1e8
    assert np.median(before.std((1, 2)) / expected) == pytest.approx(1, abs=0.03)
    frequency, power = welch(before, RATE_HZ, nperseg=250, axis=2)
    assert frequency[power.mean((0, 1)).argmax()] == pytest.approx(7, abs=0.2)
    again = simulate_blast_or_quake(region="A", events=40, noise=noise)
    np.testing.assert_array_equal(records.data, again.data)
    # Louder noise, lower ratio: 20 log10(2) dB a step, on average over many records.
    simulated = blast_or_quake_truth(BlastOrQuake(region="A", events=40))
    assert (records.truth["snr_db"] != simulated["snr_db"]).all()
    slope = np.polyfit(chosen, records.truth["snr_db"] - simulated["snr_db"], 1)[0]
    assert slope == pytest.approx(-6.02, abs=1.5)
    # The choice of a window knows nothing of the class.
    blast = records.label == "blast"
    shares = [np.bincount(chosen[mine], minlength=4) / mine.sum() for mine in (blast, ~blast)]
    assert np.abs(shares[0] - shares[1]).max() < 0.15


def test_noise_is_what_comes_before_p():
    data = np.random.default_rng(1).standard_normal((3, 6000))
    data[:, 3000:] *= 1e4
    time = "2020-01-01"
    records = [
        Record(data, 100.0, time, "XX", "GOOD", p_s=30.0),
        Record(data, 100.0, time, "XX", "NOPICK"),
        Record(data, 100.0, time, "XX", "EARLY", p_s=4.0),
        Record(data[:, :3000], 20.0, time, "XX", "SLOW", p_s=30.0),
    ]
    noise = MeasuredNoise.from_records(records, RATE_HZ)
    assert len(noise) == 1
    assert noise.windows[0].shape == (3, 1475)
    assert noise.windows[0].std() < 1.0
    assert [name.split(".")[1] for name, _ in noise.rejected] == ["NOPICK", "EARLY", "SLOW"]
    with pytest.raises(InputError, match="at least one window"):
        MeasuredNoise.from_records(records[1:], RATE_HZ)
    with pytest.raises(InputError, match="dead channel"):
        MeasuredNoise((np.zeros((3, 1000)),), RATE_HZ)


def test_noise_comes_from_a_folder_that_the_package_wrote(written):
    folder, _ = written
    noise = MeasuredNoise.from_folder(folder / "waveforms", RATE_HZ, folder / "picks.csv")
    # Every record has 10 s before P; those with a gap there have less.
    assert 80 < len(noise) <= 100
    assert max(window.shape[1] for window in noise.windows) == round((WINDOW.p_s - 0.5) * RATE_HZ)
    with pytest.raises(InputError, match="a folder of waveform files"):
        MeasuredNoise.from_folder(folder / "nothing", RATE_HZ)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data folder ../shared/data")
def test_real_noise_of_northern_california():
    noise = MeasuredNoise.from_folder(SHARED / "waveforms" / "ncedc", RATE_HZ)
    assert len(noise) + len(noise.rejected) == 253
    assert len(noise) > 200
    records = simulate_blast_or_quake(region="B", events=20, noise=noise)
    assert np.isfinite(records.data).all()
    assert np.isfinite(records.truth["snr_db"]).all()
