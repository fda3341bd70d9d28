"""Simulated blasts and earthquakes against theory, and against what they declare."""

import time
from itertools import pairwise

import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.simulate import rayleigh
from foreshock.datasets.simulate.blast_or_quake import WINDOW, blast_or_quake_truth, simulate_blast_or_quake
from foreshock.datasets.simulate.blast_or_quake import records_of as records_of_rows
from foreshock.datasets.simulate.blast_regions import BLAST_REGIONS
from foreshock.datasets.simulate.blast_scene import LABELS, BlastOrQuake, draw_scene
from foreshock.datasets.simulate.instrument import seismometer
from foreshock.datasets.simulate.path import LayeredCrust
from foreshock.datasets.simulate.ripple import comb
from foreshock.datasets.simulate.scene import complete_truth
from foreshock.datasets.simulate.waveform import synthesise
from foreshock.datasets.splits import by_event, event_folds, random_records
from scipy.optimize import minimize
from scipy.signal import butter, freqs, hilbert, sosfiltfilt
from scipy.stats import ks_2samp, spearmanr

RATE_HZ = WINDOW.sampling_rate_hz


def noise_free(settings: BlastOrQuake, **changes) -> tuple[np.ndarray, dict]:
    """Counts over gain without noise or rounding, and the truth; `changes` overwrite columns of the truth."""
    truth = blast_or_quake_truth(settings)
    truth |= {name: np.full(len(truth["label"]), value) for name, value in changes.items()}
    data = synthesise(truth, WINDOW, seed=3, with_noise=False, quantise=False)
    return data / truth["gain_counts_s_m"][:, None, None], truth


def amplitude(data, first_s, length_s, low_hz, high_hz) -> np.ndarray:
    """Root mean square Fourier amplitude over a band, all components, of each record's own piece; shape (n,)."""
    out = np.empty(len(data))
    for i, (row, begin, long) in enumerate(zip(data, first_s, length_s, strict=True)):
        piece = row[:, round(begin * RATE_HZ) : round((begin + long) * RATE_HZ)]
        frequency = np.fft.rfftfreq(piece.shape[1], 1 / RATE_HZ)
        band = (frequency >= low_hz) & (frequency <= high_hz)
        out[i] = np.sqrt((np.abs(np.fft.rfft(piece, axis=1)[:, band]) ** 2).sum(0).mean()) / RATE_HZ
    return out


# ---- P over S


def test_p_over_s_by_hand():
    """One record's declared ratio from the formulae of the source and the path, written out anew."""
    truth = blast_or_quake_truth(BlastOrQuake(region="A", events=20))
    row = int(np.flatnonzero(truth["label"] == "blast")[0])
    t = {name: values[row] for name, values in truth.items()}
    f = np.arange(10.0, 20.01, 0.5)
    q = 1.0 * t["q_s_1_hz"] * f**0.6
    site = 1 + (t["site_gain"] - 1) * np.exp(-(np.log(f / t["site_hz"]) ** 2))
    velocity = 4.0  # a blast lies in the uppermost layer
    p = t["radiation_p"] / velocity**3 / (1 + (f / (1.75 * t["corner_s_hz"])) ** 2) * site ** (1 / 3)
    p *= np.exp(-np.pi * f * (t["p_travel_s"] / (1.5 * q) + t["kappa_s"] / 1.5))
    s = t["radiation_s"] / (velocity / 1.75) ** 3 / (1 + (f / t["corner_s_hz"]) ** 2) * site
    s *= np.exp(-np.pi * f * (t["s_travel_s"] / q + t["kappa_s"]))
    by_hand = np.sqrt(((f * p) ** 2).mean() / ((f * s) ** 2).mean())
    assert t["depth_km"] <= 0.5
    assert t["p_over_s"] == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("region", BLAST_REGIONS)
def test_p_over_s_above_10_hz_separates_the_classes_as_declared(region):
    data, truth = noise_free(BlastOrQuake(region=region, events=150, ripple=0.0))
    lag_s = truth["s_s"] - truth["p_s"]
    p, s = (amplitude(data, truth[name], lag_s, 10.0, 20.0) for name in ("p_s", "s_s"))
    measured, declared = np.log(p / s), np.log(truth["p_over_s"])
    assert spearmanr(measured, declared).statistic > 0.8
    blast = truth["label"] == "blast"
    apart = np.median(measured[blast]) - np.median(measured[~blast])
    # The coda of P lies under S and pulls large ratios down.
    assert apart == pytest.approx(np.median(declared[blast]) - np.median(declared[~blast]), rel=0.35)
    assert apart > np.log(1.7)


def test_corner_frequencies_come_back_from_the_spectra():
    from scipy.optimize import least_squares

    truth = blast_or_quake_truth(BlastOrQuake(region="B", events=150, ripple=0.0))
    plain = {"rg_level_m_s": 0.0, "kappa_s": 0.0, "q_s_1_hz": 1e9, "site_gain": 1.0, "instrument_hz": 0.0}
    truth |= {name: np.full(len(truth["label"]), value) for name, value in plain.items()}
    for wave, other in (("p", "s"), ("s", "p")):
        # The other wave is silenced, and with it its coda.
        alone = {**truth, f"{other}_level_m_s": truth[f"{other}_level_m_s"] * 1e-9}
        data = synthesise(alone, WINDOW, seed=4, with_noise=False, quantise=False)
        frequency = np.fft.rfftfreq(data.shape[2], 1 / RATE_HZ)
        taper = np.ones(data.shape[2])
        taper[-500:] = np.cos(np.linspace(0, np.pi / 2, 500)) ** 2
        power = (np.abs(np.fft.rfft(data * taper, axis=2)) ** 2).sum(1)
        band = (frequency > 0.5) & (frequency < 18)
        f = frequency[band]
        displacement = np.log(np.sqrt(power[:, band]) / f)
        usable = (truth[f"corner_{wave}_hz"] > 2) & (truth[f"corner_{wave}_hz"] < 12)
        assert usable.sum() > 20

        def fitted(observed, f=f):
            def residual(p):
                return p[0] - np.log1p((f / np.exp(p[1])) ** 2) - observed

            return np.exp(least_squares(residual, [observed[:9].mean(), np.log(5.0)]).x[1])

        ratio = np.array([fitted(row) for row in displacement[usable]]) / truth[f"corner_{wave}_hz"][usable]
        assert np.median(ratio) == pytest.approx(1.0, abs=0.06)
    blast = truth["label"] == "blast"
    np.testing.assert_allclose((truth["corner_p_hz"] / truth["corner_s_hz"])[blast], 1.75)
    np.testing.assert_allclose((truth["corner_p_hz"] / truth["corner_s_hz"])[~blast], 1.5)


# ---- ripple firing


def test_the_comb_is_that_of_equal_shots():
    f, delay_s, shots = np.linspace(0.3, 24.7, 60), 0.083, 7
    columns = {"delay_ms": [83.0], "shots": [7], "delay_jitter": [0.0], "shot_seed": [1]}
    closed = np.sin(np.pi * shots * f * delay_s) / (shots * np.sin(np.pi * f * delay_s))
    assert np.abs(comb(columns, f))[0] == pytest.approx(np.abs(closed), abs=1e-6)


def scalloped_delay_ms(data: np.ndarray, p_s: np.ndarray) -> np.ndarray:
    """The delay between 55 and 160 ms whose multiples of 1 / delay are strongest against what lies between them."""
    candidates_s = np.arange(55, 160.5, 0.5) * 1e-3
    # An odd number of shots has a small maximum halfway.
    between_them = np.linspace(0.2, 0.8, 13)
    found = np.empty(len(data))
    for i, (row, first) in enumerate(zip(data, np.round(p_s * RATE_HZ).astype(int), strict=True)):
        frequency = np.fft.rfftfreq(4096, 1 / RATE_HZ)
        power = (np.abs(np.fft.rfft(row[:, first : first + 2000], n=4096, axis=1)) ** 2).sum(0)
        level = np.log(np.convolve(power, np.hanning(25) / 12, "same"))
        band = (frequency > 3) & (frequency < 20)
        level[band] -= np.polyval(np.polyfit(frequency[band], level[band], 3), frequency[band])

        def contrast(delay_s, frequency=frequency, level=level):
            at, between = (
                np.interp(f[(f > 3.5) & (f < 19.5)], frequency, level)
                for f in (np.arange(1, 20) / delay_s, (np.arange(20)[:, None] + between_them).ravel() / delay_s)
            )
            return at.mean() - between.mean()

        found[i] = 1e3 * candidates_s[np.argmax([contrast(delay_s) for delay_s in candidates_s])]
    return found


def test_scallops_lie_at_multiples_of_one_over_the_delay():
    settings = BlastOrQuake(region="B", events=40, ripple=1.0, delay_ms=(60.0, 140.0), delay_jitter=0.0)
    data, truth = noise_free(settings)
    blast = truth["label"] == "blast"
    np.testing.assert_allclose(truth["scallop_hz"][blast], 1e3 / truth["delay_ms"][blast])
    found = scalloped_delay_ms(data[blast], truth["p_s"][blast])
    assert np.mean(np.abs(found / truth["delay_ms"][blast] - 1) < 0.04) > 0.9
    assert np.isnan(truth["delay_ms"][~blast]).all() and (truth["shots"][~blast] == 1).all()
    # Power at the multiples against halfway between them, for one delay: 10 and 20 Hz against 5 and 15 Hz.
    fixed = BlastOrQuake(region="B", events=40, ripple=1.0, delay_ms=(100.0, 100.0), shots=(8, 8), delay_jitter=0.0)
    data, truth = noise_free(fixed)
    near_f = np.linspace(-0.4, 0.4, 41) + 1e-6
    closed = {f: np.sin(0.8 * np.pi * (f + near_f)) / (8 * np.sin(0.1 * np.pi * (f + near_f))) for f in (10.0, 5.0)}
    expected = np.sqrt(np.mean(closed[10.0] ** 2) / np.mean(closed[5.0] ** 2))
    assert expected > 10
    for label, ratio in (("blast", expected), ("earthquake", 1.0)):
        mine = truth["label"] == label
        begin, long = truth["p_s"][mine], np.full(mine.sum(), 40.0)
        on, off = (
            np.median([amplitude(data[mine], begin, long, f - 0.4, f + 0.4) for f in pair], axis=1)
            for pair in ((10.0, 20.0), (5.0, 15.0))
        )
        # Between the slopes of the spectrum: 10 lies between 5 and 15 Hz, 15 between 10 and 20.
        assert on[0] / np.sqrt(off[0] * off[1]) == pytest.approx(ratio, rel=0.25)


def test_all_records_of_a_blast_have_its_shots():
    truth = blast_or_quake_truth(BlastOrQuake(region="A", events=40))
    for event in np.unique(truth["event_id"]):
        mine = truth["event_id"] == event
        for column in ("label", "delay_ms", "shots", "shot_seed", "depth_km", "magnitude", "split", "fold", "place"):
            assert len(np.unique(truth[column][mine])) == 1


# ---- Rg


@pytest.fixture(scope="module")
def rg_alone():
    """What Rg adds to the records of region A, the truth, and the records."""
    settings = BlastOrQuake(region="A", events=100, ripple=0.0)
    with_rg, truth = noise_free(settings)
    without, _ = noise_free(settings, rg_level_m_s=0.0)
    return with_rg - without, truth, with_rg


def test_rg_is_there_for_shallow_sources_and_absent_for_deep_ones(rg_alone):
    added, truth, with_rg = rg_alone
    strength = np.abs(added).max((1, 2))
    blast, deep = truth["label"] == "blast", truth["depth_km"] > 5
    assert (truth["depth_km"][blast] <= 0.5).all() and deep.sum() > 50
    near = truth["epicentral_km"] < 40
    assert (strength / np.abs(with_rg).max((1, 2)))[deep].max() < 0.01
    # In its band it outdoes the body waves of a blast nearby, and less where it has been damped.
    begin, long = truth["p_s"], np.full(len(added), 45.0)
    share = amplitude(added, begin, long, 0.5, 2.0) / amplitude(with_rg - added, begin, long, 0.5, 2.0)
    assert np.median(share[blast & near]) > 2
    assert np.median(share[blast & near]) > 1.5 * np.median(share[blast & ~near])
    # Energy lies in the declared band: more than nine tenths of it, with the shoulders of the wave train.
    spectrum = (np.abs(np.fft.rfft(added[blast], axis=2)) ** 2).sum(1)
    frequency = np.fft.rfftfreq(added.shape[2], 1 / RATE_HZ)
    inside = (frequency >= 0.8 * 0.5) & (frequency <= 1.25 * 2.0)
    assert np.median(spectrum[:, inside].sum(1) / spectrum.sum(1)) > 0.9


def test_rg_disperses_as_declared(rg_alone):
    added, truth, _ = rg_alone
    rows = np.flatnonzero((truth["label"] == "blast") & (truth["epicentral_km"] > 25) & (truth["epicentral_km"] < 75))
    origin_s = truth["p_s"] - truth["p_travel_s"]
    late_s = {}
    # Region A: 2.8 km/s at 0.5 Hz, 2.0 km/s at 2 Hz, linear in octaves between.
    for hz, velocity in ((0.6, 2.8 - 0.4 * np.log2(1.2)), (1.0, 2.4), (1.7, 2.8 - 0.4 * np.log2(3.4))):
        sections = butter(3, (hz / 1.15, hz * 1.15), "bandpass", fs=RATE_HZ, output="sos")
        envelope = np.abs(hilbert(sosfiltfilt(sections, added[rows, 2].astype(float), axis=1), axis=1))
        expected_s = origin_s[rows] + truth["epicentral_km"][rows] / velocity
        late_s[hz] = envelope.argmax(1) / RATE_HZ - expected_s
        # Echoes come later and may be larger than the direct wave.
        assert np.median(late_s[hz]) == pytest.approx(0.5, abs=0.8)
    assert (truth["rg_s"] < truth["rg_end_s"]).all()
    np.testing.assert_allclose(truth["rg_s"], origin_s + truth["epicentral_km"] / 2.8)


def test_rg_rolls_backwards(rg_alone):
    added, truth, _ = rg_alone
    rows = np.flatnonzero(truth["label"] == "blast")[:60]
    azimuth = np.radians(truth["back_azimuth_deg"][rows])[:, None]
    # Away from the source is opposite to the back azimuth.
    away = -(added[rows, 0] * np.sin(azimuth) + added[rows, 1] * np.cos(azimuth))
    # Retrograde: where the ground is highest it moves towards the source, so `away` leads by a quarter of a period.
    leading = -np.imag(hilbert(added[rows, 2], axis=1))
    similarity = [np.corrcoef(a, b)[0, 1] for a, b in zip(away, leading, strict=True)]
    assert np.median(similarity) > 0.5


def test_rg_decays_with_depth_as_the_dilatation_of_a_rayleigh_wave():
    # Poisson solid: c = .9194 beta, alpha = 1.732 beta; exp(-k z sqrt(1 - c^2 / alpha^2)), k = 2 pi f / c.
    k = 2 * np.pi * 1.3 / rayleigh.PHASE_VELOCITY_KM_S
    expected = np.exp(-k * 0.4 * np.sqrt(1 - (0.9194 / np.sqrt(3)) ** 2))
    assert rayleigh.depth_factor(1.3, 0.4) == pytest.approx(expected, rel=1e-3)


# ---- path and instrument


def test_head_waves_take_the_fastest_path():
    crust = LayeredCrust((0.0, 3.0), (4.0, 6.0), vp_vs=2.0, head_waves=True)
    distance, depth = 60.0, 1.0

    def travel_s(x):
        down, up = np.hypot(x[0], 3.0 - depth) / 4.0, np.hypot(x[1], 3.0) / 4.0
        return down + up + (distance - x[0] - x[1]) / 6.0

    fermat = minimize(travel_s, [1.0, 1.0], tol=1e-12)
    ray = crust.first([distance], [depth])
    assert ray.travel_s[0] == pytest.approx(fermat.fun, rel=1e-8)
    assert np.tan(ray.incidence_rad[0]) == pytest.approx(fermat.x[1] / 3.0, rel=1e-4)
    # Near the source there is no head wave, and without them nothing changes.
    assert crust.first([2.0], [depth]).travel_s[0] == pytest.approx(np.hypot(2, 1) / 4)
    direct = LayeredCrust((0.0, 3.0), (4.0, 6.0), vp_vs=2.0)
    assert direct.first([60.0], [1.0]).travel_s[0] == pytest.approx(np.hypot(60, 1) / 4)


def test_the_geophone_is_a_damped_pendulum():
    f = np.array([0.1, 0.5, 1.0, 4.0])
    # s^2 / (s^2 + 2 h w0 s + w0^2), by scipy.
    w0 = 2 * np.pi
    _, expected = freqs([1, 0, 0], [1, 2 * 0.7 * w0, w0**2], 2 * np.pi * f)
    assert seismometer([1.0], f)[0] == pytest.approx(expected, rel=1e-5)
    assert seismometer([0.0], f)[0] == pytest.approx(np.ones(4))


def test_attenuation_slopes_differ_between_regions_as_declared():
    slopes = {}
    for name, region in BLAST_REGIONS.items():
        settings = BlastOrQuake(region=name, events=200)
        # One source and one site, no P, so that only the way to the station differs.
        truth = draw_scene(settings)
        count = len(truth["label"])
        same = {"stress_drop_mpa": 3.0, "magnitude": 2.0, "kappa_s": 0.01, "site_gain": 1.0, "instrument_hz": 0.0}
        truth |= {key: np.full(count, value) for key, value in {**same, "radiation_p": 1e-9, "shots": 1}.items()}
        truth["q_s_1_hz"], truth["depth_km"] = np.full(count, region.q_s_1_hz), np.full(count, 7.0)
        truth = complete_truth(truth, region.crust, WINDOW)
        near = np.flatnonzero(truth["s_s"] < 30)
        truth = {key: values[near] for key, values in truth.items()}
        data = synthesise(truth, WINDOW, seed=5, with_noise=False, quantise=False)
        data /= truth["gain_counts_s_m"][:, None, None]
        begin, long = truth["s_s"], np.full(len(near), 25.0)
        low, high = (amplitude(data, begin, long, f - 1, f + 1) for f in (4.0, 14.0))
        slopes[name] = np.polyfit(truth["s_travel_s"], np.log(high / low), 1)[0]
        q = region.q_s_1_hz * np.array([4.0, 14.0]) ** region.q_exponent
        declared = -np.pi * (14.0 / q[1] - 4.0 / q[0])
        # Coda that is cut off at the window's end and takes its own way costs some of the slope.
        assert slopes[name] == pytest.approx(declared, rel=0.15)
    assert abs(slopes["B"]) < abs(slopes["A"]) < abs(slopes["C"]) or slopes["C"] == pytest.approx(slopes["A"], rel=0.3)


# ---- the set


def test_regions_differ_as_declared():
    shares = {}
    for name, region in BLAST_REGIONS.items():
        truth = draw_scene(BlastOrQuake(region=name, events=300))
        _, one = np.unique(truth["event_id"], return_index=True)
        shares[name] = np.mean(truth["label"][one] == "blast")
        assert shares[name] == pytest.approx(region.blast_share, abs=0.01)
        low, high = region.distance_km
        assert low <= truth["epicentral_km"].min() and truth["epicentral_km"].max() <= high
        assert np.bincount(np.unique(truth["event_id"], return_inverse=True)[1]).max() > 2
    assert min(shares.values()) == shares["C"] <= 0.1
    assert len({(r.q_s_1_hz, r.kappa_s, r.crust, r.noise_level) for r in BLAST_REGIONS.values()}) == 3


NOT_OF_THE_CLASS = (
    "epicentral_km", "back_azimuth_deg", "q_s_1_hz", "kappa_s", "site_hz", "site_gain", "noise_level", "noise_slope",
    "noise_excess_db", "gain_counts_s_m", "instrument_hz", "polarisation_deg", "gap_start_s", "glitch_s",
)  # fmt: skip


@pytest.mark.parametrize("region", BLAST_REGIONS)
def test_magnitude_distance_noise_and_gain_tell_nothing_of_the_class(region):
    settings = BlastOrQuake(region=region, events=3000, gaps=0.3, glitches=0.3)
    truth = blast_or_quake_truth(settings)
    _, one = np.unique(truth["event_id"], return_index=True)
    for column, rows in (("magnitude", one), ("place", one), *((name, one) for name in NOT_OF_THE_CLASS)):
        blast = truth["label"][rows] == "blast"
        values = truth[column][rows]
        halves = [part[np.isfinite(part)] for part in (values[blast], values[~blast])]
        # 16 columns and 3 regions: by chance one in 40 lies below this.
        assert ks_2samp(*halves).pvalue > 5e-4, column
        # A true difference of two tenths of a standard deviation would be seen.
    gap = np.isfinite(truth["gap_start_s"])
    blast = truth["label"] == "blast"
    assert gap[blast].mean() == pytest.approx(gap[~blast].mean(), abs=0.05)
    # What is declared does differ.
    for column in ("depth_km", "p_over_s", "stress_drop_mpa"):
        assert ks_2samp(truth[column][blast], truth[column][~blast]).pvalue < 1e-12


def band_levels(data: np.ndarray, first: int, last: int) -> np.ndarray:
    """Log power in ten bands of each record's samples first to last, vertical and horizontal."""
    frequency = np.fft.rfftfreq(last - first, 1 / RATE_HZ)
    piece = data[:, :, first:last] - data[:, :, first:last].mean(2, keepdims=True)
    power = np.abs(np.fft.rfft(piece * np.hanning(last - first), axis=2)) ** 2
    edges = np.array([0.5, 1, 2, 3, 5, 7, 9, 11, 13, 16, 20])
    bands = [(frequency >= a) & (frequency < b) for a, b in pairwise(edges)]
    return np.concatenate(
        [np.log1p(power[:, part][:, :, band].mean((1, 2)))[:, None] for part in ([2], [0, 1]) for band in bands], 1
    )


def features(records) -> np.ndarray:
    """Band levels of P, of S and of what follows S, and their differences."""
    rows = []
    for row in range(len(records)):
        p, s = (round(records.truth[name][row] * RATE_HZ) for name in ("p_s", "s_s"))
        length = max(s - p, 64)
        data = records.data[row : row + 1]
        at_p, at_s, late = (band_levels(data, a, a + n)[0] for a, n in ((p, length), (s, length), (s, 1000)))
        rows.append(np.concatenate([at_p, at_s, at_p - at_s, late]))
    return np.array(rows)


def cross_validated(values: np.ndarray, records) -> tuple[float, float]:
    """Area under the curve of a logistic regression over the five folds, for records and for events."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    blast, fold = records.label == "blast", records.truth["fold"]
    score = np.empty(len(records))
    for held_out in range(5):
        test = fold == held_out
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500, class_weight="balanced"))
        score[test] = model.fit(values[~test], blast[~test]).predict_proba(values[test])[:, 1]
    _, event = np.unique(records.event_id, return_inverse=True)
    voted = np.bincount(event, score) / np.bincount(event)
    return roc_auc_score(blast, score), roc_auc_score(np.bincount(event, blast) > 0, voted)


@pytest.mark.parametrize("region", BLAST_REGIONS)
def test_a_linear_model_tells_the_classes_from_the_waves_and_not_from_the_noise(region):
    # Enough events of the rare class for a margin of three standard errors of the area at chance.
    records = simulate_blast_or_quake(region=region, events=250, records_an_event=(3, 4))
    of_records, of_events = cross_validated(features(records), records)
    assert 0.85 < of_records < 0.995
    assert of_records < of_events
    before_p = round(WINDOW.p_s * RATE_HZ) - 5
    noise = cross_validated(band_levels(records.data, 0, before_p), records)[0]
    blasts = len(np.unique(records.event_id[records.label == "blast"]))
    # Hanley and McNeil (1982): at chance the area scatters by about 1 / sqrt(12 n) of the rarer class, here events.
    assert noise == pytest.approx(0.5, abs=max(3 / np.sqrt(12 * blasts), 0.07))


def test_a_set_is_reproducible_and_a_record_the_same_alone_and_among_others():
    settings = BlastOrQuake(region="C", events=60)
    records = simulate_blast_or_quake(settings)
    np.testing.assert_array_equal(records.data, simulate_blast_or_quake(settings).data)
    truth, rows = blast_or_quake_truth(settings), np.array([150, 3, 77])
    np.testing.assert_array_equal(records_of_rows(settings, truth, rows).data, records.data[rows])
    assert not np.array_equal(simulate_blast_or_quake(settings, seed=2).data[:5], records.data[:5])
    assert (records.data == np.rint(records.data)).all()


def test_nothing_arrives_before_p():
    data, truth = noise_free(BlastOrQuake(region="C", events=60))
    first = round(truth["p_s"][0] * RATE_HZ)
    assert (truth["p_s"] == WINDOW.p_s).all()
    assert not data[:, :, :first].any()
    assert (np.abs(data[:, 2, first : first + 10]).max(1) > 0).all()


def test_a_thousand_records_take_less_than_ten_seconds():
    begin = time.process_time()
    records = simulate_blast_or_quake(region="A", events=210)
    assert len(records) >= 1000
    assert (time.process_time() - begin) * 1000 / len(records) < 10


# ---- events and splits


def test_a_split_that_shares_an_event_cannot_be_built_by_accident():
    records = simulate_blast_or_quake(region="A", events=24)
    by_records = random_records(len(records), seed=1)
    assert by_records.shared(records.event_id) > 0
    with pytest.raises(InputError, match="split by event"):
        records.parts(by_records)
    published = records.parts(by_records, shared_events=True)
    assert sum(map(len, published.values())) == len(records)
    parts = records.parts(by_event(records.event_id, 1, stratum=records.label))
    events = [set(part.event_id) for part in parts.values()]
    assert not (events[0] & events[1] or events[0] & events[2] or events[1] & events[2])
    # The declared split and folds keep events whole too, and have both classes everywhere.
    for column, values in (("split", ("train", "validation", "test")), ("fold", range(5))):
        seen = [records.select(records.truth[column] == value) for value in values]
        assert sum(len(set(part.event_id)) for part in seen) == 24
        assert all(set(part.label) == set(LABELS) for part in seen)


def test_folds_need_an_event_each():
    with pytest.raises(InputError, match="an event a fold"):
        event_folds(["a", "a", "b"], seed=1, folds=3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"region": "D"}, "a region among A, B, C"),
        ({"region": "C", "events": 30}, "events of either class"),
        ({"delay_ms": (0.0, 50.0)}, "delays above 0"),
        ({"records_an_event": (4, 2)}, "records an event"),
        ({"blast_depth_km": (0.0, 0.5)}, "below the surface"),
        ({"gaps": 1.5}, "share of gaps"),
    ],
)
def test_wrong_settings_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        BlastOrQuake(**wrong)
