"""What is unlike the training data is doubted and not classified with confidence; confidence is calibrated."""

from types import SimpleNamespace

import numpy as np
import pytest
from foreshock.datasets.record import Record
from foreshock.datasets.simulate.scene import Window
from foreshock.datasets.simulate.seismic_cycle import SeismicCycle, simulate_seismic_cycle
from foreshock.training.waveform.calibration import sure_from, temperature_of
from foreshock.zoo.waveform import screening
from foreshock.zoo.waveform.classification import Classification, Row
from foreshock.zoo.waveform.classifier import WaveformClassifier

RATE, BEFORE_S, SAMPLES = 100.0, 5.0, 2500


@pytest.fixture(scope="module")
def records():
    """(training windows, other windows with as much noise before), P at 5 s."""
    cycle = SeismicCycle(cause="source", events=120, seed=1)
    found = simulate_seismic_cycle(cycle, window=Window(duration_s=40.0, p_s=20.0))
    waveform = found.data.transpose(0, 2, 1)
    half = len(waveform) // 2
    return waveform[:half, 1500 : 1500 + SAMPLES], waveform[half:]


@pytest.fixture(scope="module")
def limits(records):
    return screening.limits(records[0], RATE, BEFORE_S)


def doubted(waveform, limits) -> float:
    return np.mean([bool(d) for d in screening.doubts(waveform, RATE, BEFORE_S, limits)])


def test_records_like_the_training_pass(records, limits):
    assert doubted(records[1][:, 1500 : 1500 + SAMPLES], limits) < 0.1


@pytest.mark.parametrize("factor", [1e-9, 1e6])
def test_loudness_alone_is_no_doubt(records, limits, factor):
    window = records[1][:50, 1500 : 1500 + SAMPLES]
    assert screening.doubts(window * factor, RATE, BEFORE_S, limits) == screening.doubts(window, RATE, BEFORE_S, limits)


def test_the_noise_before_p_is_doubted(records, limits):
    before = records[1][:, :1950]
    assert doubted(np.concatenate([before, before[:, : SAMPLES - 1950]], axis=1), limits) > 0.9


def test_white_noise_is_doubted(limits):
    assert doubted(np.random.default_rng(0).standard_normal((40, SAMPLES, 3)), limits) == 1.0


def test_a_spike_is_doubted(records, limits):
    window = records[1][:, 1500 : 1500 + SAMPLES].copy()
    window[:, 1200, 0] += 50 * np.abs(window).max(axis=(1, 2))
    assert doubted(window, limits) == 1.0


def test_zeros_and_a_dead_component_are_doubted(records, limits):
    window = records[1][:, 1500 : 1500 + SAMPLES].copy()
    window[..., 1] = 0.0
    assert doubted(window, limits) == doubted(np.zeros((2, SAMPLES, 3)), limits) == 1.0
    assert "2 components that are not silent, in training 3" in screening.doubts(window, RATE, BEFORE_S, limits)[0]


class Certain(WaveformClassifier):
    """A classifier that is certain of everything; screening is all that is left."""

    def __init__(self, limits, **settings):
        about = {"phase": "P", "before_s": BEFORE_S, "window_s": 25.0, "sampling_rate_hz": RATE, "shift_s": 0.5}
        self.card = SimpleNamespace(
            name="certain",
            classes=("foreshock", "aftershock"),
            threshold=SimpleNamespace(value=0.5),
            settings={**about, "screen": limits, "sure_from": 0.8, **settings},
        )

    def run(self, waveform):
        return {"probability": np.tile(np.float32([0.01, 0.99]), (len(waveform), 1))}


def record_of(window, rate=RATE, p_s=BEFORE_S):
    return Record(np.ascontiguousarray(window.T), rate, "2020-01-01", p_s=p_s)


def test_an_answer_in_doubt_is_unsure_and_has_no_vote(records, limits):
    good = next(w for w in records[0] if not screening.doubts(w[None], RATE, BEFORE_S, limits)[0])
    zeros = np.zeros_like(good)
    zeros[0] = 1.0
    answer = Certain(limits).predict([record_of(good), record_of(zeros)])
    assert [row["label"] for row in answer.table()] == ["aftershock", "unsure"]
    assert [vote["label"] for vote in answer.votes()] == ["aftershock", "unsure"]
    assert "unlike the training data" in answer.to_text()


def test_a_record_of_a_slower_family_is_doubted(records, limits):
    answer = Certain(limits).predict(record_of(records[0][0][::2], rate=50.0))
    assert "recorded at 50 Hz, nothing from 25 to 50 Hz" in answer.table()[0]["doubt"]
    assert answer.table()[0]["label"] == "unsure"


def test_below_sure_from_the_label_is_unsure():
    window = Record(np.zeros((3, 10)), RATE, "2020-01-01", p_s=0.05)
    rows = tuple(Row(window, "event", "given", p) for p in ((0.3, 0.7), (0.05, 0.95)))
    answer = Classification("m", ("a", "b"), 0.5, {}, rows, (), sure_from=0.8)
    assert [row["label"] for row in answer.table()] == ["unsure", "b"]
    (vote,) = answer.votes()
    assert vote["label"] == "b" and vote["probability_b"] == pytest.approx(0.825)


def test_temperature_undoes_a_factor():
    rng = np.random.default_rng(0)
    log_odds = rng.normal(0, 2, 20_000)
    label = (rng.random(20_000) < 1 / (1 + np.exp(-log_odds))).astype(int)
    logits = np.stack([np.zeros_like(log_odds), 3.0 * log_odds], axis=1)
    assert temperature_of(logits, label) == pytest.approx(3.0, rel=0.05)


def test_sure_from_keeps_its_promise_where_it_can():
    rng = np.random.default_rng(1)
    p = rng.uniform(0, 1, 20_000)
    label = (rng.random(20_000) < p).astype(int)
    probability = np.stack([1 - p, p], axis=1)
    level = sure_from(probability, label, accuracy=0.9)
    sure = probability.max(axis=1) >= level
    assert (probability.argmax(1) == label)[sure].mean() >= 0.9
    assert level == pytest.approx(0.8, abs=0.03)  # above c the mean confidence is (1 + c) / 2
    # Where nothing can be known a fifth stays answered.
    blind = sure_from(probability, rng.integers(0, 2, 20_000), accuracy=0.9)
    assert (probability.max(axis=1) >= blind).mean() == pytest.approx(0.2, abs=0.001)
