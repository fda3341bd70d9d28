"""Simulated records against theory, and simulated seismic cycles against their declaration."""

import time

import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.simulate.cycle_scene import CAUSES, SPLITS, SeismicCycle, draw_scene
from foreshock.datasets.simulate.noise import acceleration_psd_db
from foreshock.datasets.simulate.path import LayeredCrust, attenuation
from foreshock.datasets.simulate.scene import Window, complete_truth
from foreshock.datasets.simulate.seismic_cycle import seismic_cycle_arrays, simulate_seismic_cycle
from foreshock.datasets.simulate.source import corner_frequency_hz, stress_drop_mpa
from foreshock.datasets.simulate.wave_train import minimum_phase
from foreshock.datasets.simulate.waveform import simulate_records, synthesise
from foreshock.datasets.splits import IndexSplit
from scipy.optimize import least_squares, minimize_scalar
from scipy.signal import welch
from scipy.stats import ks_2samp

RATE_HZ = 100.0


def scene(count: int, **changes) -> dict:
    """`count` equal records of a plain scene: no site resonance, no excess of noise."""
    plain = {
        "magnitude": 3.0,
        "stress_drop_mpa": 3.0,
        "epicentral_km": 15.0,
        "depth_km": 8.0,
        "back_azimuth_deg": 90.0,
        "polarisation_deg": 30.0,
        "radiation_p": 0.52,
        "radiation_s": 0.63,
        "q_s_1_hz": 100.0,
        "q_exponent": 0.5,
        "q_p_over_s": 1.5,
        "kappa_s": 0.02,
        "velocity_change": 0.0,
        "site_hz": 5.0,
        "site_gain": 1.0,
        "noise_level": 0.5,
        "noise_slope": 0.0,
        "noise_excess_db": 0.0,
        "gain_counts_s_m": 4e8,
    }
    columns = {name: np.broadcast_to(value, (count,)) for name, value in {**plain, **changes}.items()}
    numbers = np.arange(count).astype(str)
    times = np.datetime64("2016-10-01T00:00:00", "us") + np.arange(count) * np.timedelta64(3600, "s")
    return {
        **columns,
        "event_id": numbers,
        "station": np.full(count, "SC01"),
        "label": np.full(count, "foreshock"),
        "origin_time": times,
    }


def s_spectrum(records) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies, and the velocity amplitude (m) over all components from S to the end of the record."""
    after_s = np.arange(records.data.shape[2]) / RATE_HZ >= records.truth["s_s"][:, None] - 0.005
    # Without the taper the cut through the coda would leak into high frequencies.
    taper = np.ones(records.data.shape[2])
    taper[-400:] = np.cos(np.linspace(0, np.pi / 2, 400)) ** 2
    spectrum = np.fft.rfft(records.data * (after_s * taper)[:, None, :], axis=2) / RATE_HZ
    frequency = np.fft.rfftfreq(records.data.shape[2], 1 / RATE_HZ)
    return frequency, np.sqrt((np.abs(spectrum) ** 2).sum(1)) / records.truth["gain_counts_s_m"][:, None]


def test_corner_frequency_by_hand():
    # M 2.6: moment 10**13 N m. A crack of stress drop 3.5 MPa has the radius (7e13 / (16 * 3.5e6))**(1/3) = 107.72 m,
    # and its corner is 2.34 * 3000 / (2 pi * 107.72) = 10.372 Hz.
    assert corner_frequency_hz(2.6, 3.5, 3.0) == pytest.approx(10.372, abs=1e-3)
    assert stress_drop_mpa(2.6, 10.372, 3.0) == pytest.approx(3.5, rel=1e-3)


@pytest.mark.parametrize(("magnitude", "stress_drop"), [(2.5, 1.0), (2.5, 4.0), (3.5, 3.0)])
def test_corner_and_stress_drop_come_back_from_the_spectra(magnitude, stress_drop):
    records = simulate_records(
        scene(60, magnitude=magnitude, stress_drop_mpa=stress_drop), seed=5, with_noise=False, quantise=False
    )
    frequency, velocity = s_spectrum(records)
    truth = {name: values[0] for name, values in records.truth.items()}
    band = (frequency >= 0.5) & (frequency <= 35)
    f = frequency[band]
    loss = attenuation(f, truth["s_travel_s"], truth["q_s_1_hz"], truth["q_exponent"], truth["kappa_s"])
    displacement = np.log(velocity[:, band] / (2 * np.pi * f) / loss)

    def fitted_corner(observed):
        def residual(p):
            return p[0] - np.log1p((f / np.exp(p[1])) ** 2) - observed

        return np.exp(least_squares(residual, [observed[:5].mean(), np.log(5.0)]).x[1])

    corners = np.array([fitted_corner(row) for row in displacement])
    assert np.median(corners) == pytest.approx(truth["corner_s_hz"], rel=0.1)
    shear_velocity = LayeredCrust().direct([15.0], [8.0], "S").source_velocity_km_s[0]
    assert np.median(stress_drop_mpa(magnitude, corners, shear_velocity)) == pytest.approx(stress_drop, rel=0.3)


def test_spectral_level_is_that_of_the_moment():
    # Well below the corner of 3.9 Hz, without losses: 2 * .63 * M0 / (4 pi rho beta**3 R) / (1 + (f / fc)**2).
    lossless = {"q_s_1_hz": 1e9, "kappa_s": 0.0, "radiation_p": 1e-9}
    records = simulate_records(scene(100, magnitude=3.5, **lossless), seed=1, with_noise=False, quantise=False)
    frequency, velocity = s_spectrum(records)
    band = (frequency > 0.5) & (frequency < 1.5)
    f = frequency[band]
    level = np.sqrt(np.mean((velocity[:, band] / (2 * np.pi * f) * (1 + (f / 3.9285) ** 2)) ** 2))
    distance_m, beta = 17e3, 5900 / 1.75
    by_hand = 2 * 0.63 * 10 ** (1.5 * 3.5 + 9.1) / (4 * np.pi * 2700 * beta**3 * distance_m)
    assert level == pytest.approx(by_hand, rel=0.05)


def test_spectral_ratio_gives_q():
    q = 300.0
    # Without P, whose coda decays less and lies under S.
    plain = {"q_s_1_hz": q, "q_exponent": 0.0, "radiation_p": 1e-9}
    how = {"with_noise": False, "quantise": False}
    near = simulate_records(scene(150, epicentral_km=10.0, **plain), seed=2, **how)
    far = simulate_records(scene(150, epicentral_km=45.0, **plain), seed=3, **how)
    frequency, near_spectrum = s_spectrum(near)
    _, far_spectrum = s_spectrum(far)
    band = (frequency > 3) & (frequency < 35)
    ratio = np.log(far_spectrum[:, band]).mean(0) - np.log(near_spectrum[:, band]).mean(0)
    slope = np.polyfit(frequency[band], ratio, 1)[0]
    later_s = far.truth["s_travel_s"][0] - near.truth["s_travel_s"][0]
    assert -np.pi * later_s / slope == pytest.approx(q, rel=0.1)
    assert far.truth["t_star_s_s"][0] == pytest.approx(far.truth["s_travel_s"][0] / q)


def test_direct_ray_is_the_fastest_path():
    crust = LayeredCrust((0.0, 5.0), (4.0, 6.0), vp_vs=2.0)
    depth, distance = 9.0, 20.0

    def travel_s(crossing_km):
        return np.hypot(crossing_km, 5.0) / 4.0 + np.hypot(distance - crossing_km, 4.0) / 6.0

    fermat = minimize_scalar(travel_s, bounds=(0, distance), method="bounded", options={"xatol": 1e-9})
    ray = crust.direct([distance], [depth])
    assert ray.travel_s[0] == pytest.approx(fermat.fun, rel=1e-9)
    assert np.tan(ray.incidence_rad[0]) == pytest.approx(fermat.x / 5.0, rel=1e-4)
    assert crust.direct([distance], [depth], "S").travel_s[0] == pytest.approx(2 * fermat.fun, rel=1e-9)
    # Straight up, and along a layer without bending.
    assert crust.direct([0.0], [9.0]).travel_s[0] == pytest.approx(5 / 4 + 4 / 6)
    assert crust.direct([30.0], [4.0]).travel_s[0] == pytest.approx(np.hypot(30, 4) / 4)


def test_waves_arrive_when_the_truth_says():
    distances = np.linspace(5, 60, 80)
    records = simulate_records(scene(80, epicentral_km=distances), seed=4, with_noise=False, quantise=False)
    data, truth = np.abs(records.data), records.truth
    p = round(5.0 * RATE_HZ)
    assert truth["p_s"] == pytest.approx(5.0)
    # Nothing before P but the transform's rounding.
    assert (data[:, :, :p].max((1, 2)) < 2e-5 * data.max((1, 2))).all()
    p_peak = data[:, 2, p : p + 50].max(1)
    onset = p + (data[:, 2, p : p + 50] > 0.05 * p_peak[:, None]).argmax(1)
    assert (onset - p <= 5).all()
    crust = LayeredCrust()
    lag_s = (crust.direct(distances, 8.0, "S").travel_s - crust.direct(distances, 8.0, "P").travel_s).round(2)
    assert truth["s_s"] - 5.0 == pytest.approx(lag_s, abs=0.011)
    rows, s = np.arange(80), np.round(truth["s_s"] * RATE_HZ).astype(int)
    horizontal = (records.data[:, :2] ** 2).sum(1).cumsum(1)
    jump = (horizontal[rows, s + 30] - horizontal[rows, s]) / (horizontal[rows, s] - horizontal[rows, s - 30])
    assert np.quantile(jump, 0.1) > 5


def test_p_is_mainly_vertical_and_s_mainly_horizontal():
    records = simulate_records(scene(50, epicentral_km=25.0), seed=8, with_noise=False, quantise=False)
    s = round(records.truth["s_s"][0] * RATE_HZ)
    p_energy = (records.data[:, :, 500 : s - 1] ** 2).sum((0, 2))
    s_energy = (records.data[:, :, s : s + 300] ** 2).sum((0, 2))
    assert p_energy[2] > 1.5 * p_energy[:2].max()
    assert s_energy[2] < 0.8 * s_energy[:2].min()
    # Towards the east (back azimuth 90 degrees): P's horizontal part is more on E than on N.
    assert p_energy[0] > p_energy[1]


def test_minimum_phase_of_a_known_filter():
    # 1 + .5 z and its mirror image .5 + z have one amplitude spectrum; the former has minimum phase.
    response = minimum_phase(np.abs(np.fft.rfft([0.5, 1.0] + [0.0] * 62))[None])
    assert np.fft.irfft(response[0])[:3] == pytest.approx([1.0, 0.5, 0.0], abs=1e-9)


def test_noise_lies_between_petersons_models():
    from obspy.signal.spectral_estimation import get_nhnm, get_nlnm

    window = Window(duration_s=200.0, p_s=195.0)
    levels = np.repeat([0.05, 0.5, 0.95], 4)
    quiet = scene(12, magnitude=-4.0, noise_level=levels, gain_counts_s_m=1e12)
    records = simulate_records(quiet, seed=6, window=window, quantise=False)
    assert records.data.shape == (12, 3, 20000)
    noise = records.data[:, :, :19400].astype(float)
    frequency, psd = welch(noise, RATE_HZ, window="hann", nperseg=2048, axis=2)
    band = (frequency > 0.25) & (frequency < 10)
    f = frequency[band]
    acceleration_db = 10 * np.log10(psd.mean(1)[:, band] * (2 * np.pi * f) ** 2 / 1e24)
    models = []
    for period, db in (get_nlnm(), get_nhnm()):
        models.append(np.interp(np.log10(f), np.log10(1 / period), db))
    low, high = models
    # An estimate of three components and some twenty segments scatters by about 0.6 dB.
    assert (acceleration_db > low - 3).all()
    assert (acceleration_db < high + 3).all()
    expected = low + levels[:, None] * (high - low)
    assert np.abs(np.median(acceleration_db - expected, axis=1)).max() < 0.5
    assert np.abs(acceleration_psd_db(f, 0.5) - (low + high) / 2).max() < 0.3


def test_a_record_is_the_same_alone_and_among_others():
    truth = complete_truth(scene(300, magnitude=np.linspace(2, 4, 300)), LayeredCrust(), Window())
    together = synthesise(truth, Window(), seed=9)
    rows = np.array([299, 3, 140])
    alone = synthesise({name: values[rows] for name, values in truth.items()}, Window(), 9, rows)
    np.testing.assert_array_equal(together[rows], alone)
    assert (together == np.rint(together)).all()
    assert not np.array_equal(together[3], together[4])


def test_a_large_event_nearby_clips_at_the_digitiser():
    records = simulate_records(scene(2, magnitude=6.0, epicentral_km=2.0), seed=1)
    assert np.abs(records.data).max() == 2**23 - 1


def test_s_behind_the_window_is_no_pick():
    records = simulate_records(scene(2, epicentral_km=[20.0, 300.0]), seed=1)
    assert [record.s_s is None for record in records] == [False, True]


def test_a_scene_without_a_column_is_refused():
    incomplete = scene(2)
    del incomplete["kappa_s"]
    with pytest.raises(InputError, match="kappa_s"):
        simulate_records(incomplete, seed=1)
    with pytest.raises(InputError, match="below the surface"):
        simulate_records(scene(2, depth_km=0.0), seed=1)


def test_a_thousand_records_take_less_than_ten_seconds():
    begin = time.perf_counter()
    records = simulate_records(scene(1000), seed=1)
    assert len(records) == 1000
    assert time.perf_counter() - begin < 10


# ---- the seismic cycle


def test_a_cycle_is_reproducible_and_its_seed_matters():
    first, again, other = (simulate_seismic_cycle(events=10, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.data, again.data)
    assert len(first) != len(other) or not np.array_equal(first.data, other.data)


def test_records_of_an_event_share_the_source_and_have_their_own_station():
    scene_ = draw_scene(SeismicCycle(events=60))
    for event in np.unique(scene_["event_id"]):
        rows = scene_["event_id"] == event
        assert 3 <= rows.sum() <= 8
        assert len(np.unique(scene_["station"][rows])) == rows.sum()
        for column in ("magnitude", "stress_drop_mpa", "origin_time", "label", "split"):
            assert len(np.unique(scene_[column][rows])) == 1


EVENT_COLUMNS = ("magnitude", "stress_drop_mpa", "depth_km")
RECORD_COLUMNS = (
    "epicentral_km",
    "q_s_1_hz",
    "noise_level",
    "noise_excess_db",
    "noise_slope",
    "gain_counts_s_m",
    "kappa_s",
    "site_hz",
    "site_gain",
    "radiation_p",
    "radiation_s",
    "back_azimuth_deg",
    "polarisation_deg",
    "velocity_change",
)
CAUSED = {
    "source": {"stress_drop_mpa"},
    "path": {"q_s_1_hz", "velocity_change"},
    "noise": {"noise_excess_db"},
    "none": set(),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_classes_differ_in_the_declared_cause_alone(cause):
    scene_ = draw_scene(SeismicCycle(cause=cause, events=2000, seed=7))
    _, one_an_event = np.unique(scene_["event_id"], return_index=True)
    different = set()
    for columns, rows in ((EVENT_COLUMNS, one_an_event), (RECORD_COLUMNS, np.arange(len(scene_["label"])))):
        after = scene_["label"][rows] == "aftershock"
        for column in columns:
            p = ks_2samp(scene_[column][rows][after], scene_[column][rows][~after]).pvalue
            if p < 1e-12:
                different.add(column)
            else:
                # 17 columns and 4 causes: by chance one in 70 lies below this.
                assert p > 2e-4, f"{column}: p = {p}"
    assert different == CAUSED[cause]
    stations = [np.unique(scene_["station"][scene_["label"] == label], return_counts=True)[1] for label in CLASSES]
    assert np.abs(stations[0] / stations[0].sum() - stations[1] / stations[1].sum()).max() < 0.01


CLASSES = ("foreshock", "aftershock")


@pytest.mark.parametrize("cause", CAUSES)
def test_the_ceiling_is_reached_by_one_who_knows_the_truth(cause):
    cycle = SeismicCycle(cause=cause, events=4000, seed=3)
    scene_ = draw_scene(cycle)
    after = scene_["label"] == "aftershock"
    value, threshold = {
        "source": (-scene_["stress_drop_mpa"], -np.sqrt(np.prod(cycle.stress_drop_mpa))),
        "path": (-scene_["q_s_1_hz"], -80 * np.sqrt(cycle.q_ratio)),
        "noise": (scene_["noise_excess_db"], cycle.noise_rise_db / 2),
        "none": (-scene_["stress_drop_mpa"], -np.sqrt(np.prod(cycle.stress_drop_mpa))),
    }[cause]
    # Two standard errors of a share among 4000 events are at most .016.
    assert np.mean((value > threshold) == after) == pytest.approx(cycle.ceiling_accuracy(), abs=0.016)


def test_ceiling_by_hand():
    # ln 4 / .4 = 3.4657 standard deviations: Phi(1.7329) = .95844.
    assert SeismicCycle(stress_drop_mpa=(4.0, 1.0), stress_drop_spread=0.4).ceiling_accuracy() == pytest.approx(
        0.95844, abs=2e-5
    )


def test_splits_share_no_event_and_are_blocks_of_time():
    scene_ = draw_scene(SeismicCycle(events=260))
    split = IndexSplit(*(np.flatnonzero(scene_["split"] == name) for name in SPLITS))
    split.require_disjoint(scene_["event_id"], "event")
    mainshock = np.datetime64(SeismicCycle().mainshock)
    for label in CLASSES:
        mine = scene_["label"] == label
        assert ((scene_["origin_time"][mine] > mainshock) == (label == "aftershock")).all()
        train, validation, test = (scene_["origin_time"][mine & (scene_["split"] == name)] for name in SPLITS)
        assert train.max() < validation.min() < validation.max() < test.min()
        events = [len(np.unique(times)) for times in (train, validation, test)]
        assert events == [80, 20, 30]


def log_spectra(waveform: np.ndarray, first: int, last: int) -> np.ndarray:
    part = waveform[:, first:last].astype(float)
    frames = part[:, : (last - first) // 64 * 64].reshape(len(part), -1, 64, 3)
    frames = (frames - frames.mean(2, keepdims=True)) * np.hanning(64)[:, None]
    power = np.abs(np.fft.rfft(frames, axis=2)) ** 2
    return np.log(power.mean(1) + 1).reshape(len(part), -1)


@pytest.mark.parametrize(
    ("cause", "before_p", "after_p"), [("source", (0.4, 0.6), (0.65, 0.9)), ("noise", (0.85, 1.0), (0.0, 1.0))]
)
def test_a_linear_probe_finds_the_cause_where_it_is_declared(cause, before_p, after_p):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    arrays = seismic_cycle_arrays(cause, events=200, seed=1)
    for (first, last), (least, most) in (((0, 490), before_p), ((500, 2500), after_p)):
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
        probe.fit(log_spectra(arrays["train"]["waveform"], first, last), arrays["train"]["label"])
        test = arrays["test"]
        accuracy = probe.score(log_spectra(test["waveform"], first, last), test["label"])
        assert least <= accuracy <= most


def test_a_simulated_record_is_a_record():
    records = simulate_seismic_cycle(cause="none", events=8, seed=4)
    record = records.record(5)
    np.testing.assert_array_equal(record.data, records.data[5])
    assert (record.p_s, record.event_id, record.label) == (5.0, records.event_id[5], records.label[5])
    assert record.s_s == pytest.approx(records.truth["s_s"][5])
    assert record.duration_s == 25.0
    # The window opens 5 s before P, which comes a travel time after the origin.
    wait = (record.start - records.truth["origin_time"][5]) / np.timedelta64(1, "s")
    assert wait == pytest.approx(records.truth["p_travel_s"][5] - 5.0, abs=1e-6)
    some = records.select(records.label == "aftershock")
    assert set(some.label) == {"aftershock"} and len(some) == (records.label == "aftershock").sum()


def test_arrays_hold_what_the_records_hold():
    arrays = seismic_cycle_arrays("path", events=12, seed=5)
    records = simulate_seismic_cycle(cause="path", events=12, seed=5)
    for split in SPLITS:
        mine = records.select(records.truth["split"] == split)
        np.testing.assert_array_equal(arrays[split]["waveform"], mine.data.transpose(0, 2, 1))
        assert (arrays[split]["label"] == (mine.label == "aftershock")).all()
        assert arrays[split]["event_id"].tolist() == mine.event_id.tolist()


@pytest.mark.parametrize(
    "wrong", [{"cause": "weather"}, {"events": 2}, {"records_an_event": (3, 12)}, {"records_an_event": (5, 2)}]
)
def test_a_wrong_cycle_is_refused(wrong):
    with pytest.raises(InputError):
        SeismicCycle(**wrong)


@pytest.mark.parametrize("p_s", [-1.0, 25.0])
def test_a_window_without_p_is_refused(p_s):
    with pytest.raises(InputError, match="P inside"):
        Window(p_s=p_s)
