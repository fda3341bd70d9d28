"""The checks of explanations can fail: each is fed a map of which the answer is known."""

import foreshock
import numpy as np
import pytest
from foreshock.benchmarks.explain import run as benchmark
from foreshock.benchmarks.explain.cases import simulated_cases
from foreshock.benchmarks.explain.checks import (
    at_random,
    before_p_mask,
    cause_mask,
    mass_inside,
    randomised_network,
    rank_correlation,
    rolled,
)
from foreshock.benchmarks.explain.fidelity import FRACTIONS, deletion, inpainting_deletion, insertion, ranked
from foreshock.benchmarks.explain.mean_maps import class_mean, profile
from foreshock.datasets.errors import InputError


def summed(x):
    return x.reshape(len(x), -1).sum(axis=1)


def test_deletion_and_insertion_by_hand():
    """One bin of fifty makes the whole answer: deleted first it is gone from the second share on."""
    x, nothing = np.zeros((1, 5, 10, 1)), np.zeros((5, 10, 1))
    x[0, 2, 3, 0] = 4.0
    right, wrong = x.copy(), -x
    shares = np.array(FRACTIONS)
    gone = np.trapezoid(np.where(shares > 0, 4.0, 0.0), shares) / shares[-1]
    assert deletion(summed, x, right, nothing)[0] == pytest.approx(gone)
    assert insertion(summed, x, right, nothing)[0] == pytest.approx(gone)
    assert deletion(summed, x, wrong, nothing)[0] == 0.0 == insertion(summed, x, wrong, nothing)[0]
    # An answer below the reference's is made by negative values.
    assert deletion(summed, -x, -right, nothing)[0] == pytest.approx(gone)
    assert ranked(np.array([[1.0, -2.0]]), np.array([-1.0])).tolist() == [[1, 0]]


def test_painting_over_the_one_bright_pixel_takes_the_answer_away():
    pytest.importorskip("cv2")
    x = np.zeros((1, 8, 10, 3))
    x[0, 4, 5] = 1.0
    known, unknown = x.copy(), np.zeros_like(x)
    unknown[0, 0, 0] = 1.0
    peak = lambda image: image.reshape(len(image), -1).max(axis=1)  # noqa: E731
    nothing = np.zeros((8, 10, 3))
    assert inpainting_deletion(peak, x, known, nothing)[0] > 0.9 > inpainting_deletion(peak, x, unknown, nothing)[0]


def test_masks_lie_where_the_cause_is():
    frequency_hz, times_s = np.array([1.0, 10.0, 30.0]), np.array([-1.0, -0.3, 0.2, 2.0])
    cause = cause_mask(frequency_hz, times_s, (3.0, 20.0), after_p=True)
    assert cause.tolist() == [[False] * 4, [False, False, True, True], [False] * 4]
    assert cause_mask(frequency_hz, times_s, (3.0, 20.0), after_p=False).sum() == 4
    assert before_p_mask(frequency_hz, times_s, 0.64)[0].tolist() == [True, False, False, False]
    values = np.zeros((1, 3, 4, 2))
    values[0, 1, 2, 0], values[0, 0, 0, 1] = -3.0, 1.0
    inside, total = mass_inside(values, cause)
    assert (inside[0], total[0]) == (3.0, 4.0)


def test_rank_correlation_is_scipys_and_controls_keep_the_values():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 6, 7, 3)), rng.normal(size=(2, 6, 7, 3))
    b += 0.5 * a
    expected = [spearmanr(x.ravel(), y.ravel()).statistic for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(rank_correlation(a, b), expected)
    for control in (rolled, at_random):
        moved = control(a, seed=1)
        np.testing.assert_allclose(np.sort(moved.reshape(2, -1)), np.sort(a.reshape(2, -1)))
        assert np.abs(rank_correlation(moved, a)).max() < 0.4


def test_means_count_each_event_once():
    values = np.zeros((3, 1, 1, 1))
    values[:, 0, 0, 0] = 1.0, 3.0, 6.0
    event = np.array(["a", "a", "b"])
    found = class_mean(values, np.ones(3, bool), event)
    assert found.mean.item() == 4.0 and found.events == 2
    assert found.standard_error.item() == pytest.approx(np.std([2.0, 6.0], ddof=1) / np.sqrt(2))
    assert profile(values, 1, event)[0].tolist() == [4.0]


def test_a_randomised_network_keeps_its_front_end_and_forgets_what_it_learned():
    model = foreshock.load("logistic-simcycle")
    x = np.random.default_rng(0).normal(size=(2, 2500, 3)).astype(np.float32)
    other = randomised_network(model.keras, x, 0)
    logits = [np.asarray(n({"waveform": x})["logits"]) for n in (model.keras, other)]
    assert not np.allclose(*logits)
    again = randomised_network(model.keras, x, 0)
    np.testing.assert_array_equal(logits[1], np.asarray(again({"waveform": x})["logits"]))
    fronts = [np.asarray(n.get_layer("standardise").mean) for n in (model.keras, other)]
    np.testing.assert_array_equal(*fronts)


def test_cases_are_unseen_and_balanced():
    model = foreshock.load("logistic-simcycle")
    cases = simulated_cases(model, 5)
    assert np.bincount(cases.label).tolist() == [5, 5] and len(set(cases.event)) == 10
    assert cases.waveform.shape == (10, 2500, 3) and cases.band_hz == (3.0, 40.0) and cases.after_p
    assert ((cases.days_from_mainshock > 0) == (cases.label == 1)).all()
    with pytest.raises(InputError, match="no known cause"):
        simulated_cases(foreshock.load("smoothed-sim"), 5)


def test_the_table_of_a_linear_model_says_that_its_map_is_right(monkeypatch, tmp_path):
    pytest.importorskip("cv2")
    monkeypatch.setattr(benchmark, "LINEAR_METHODS", {"linear": {"method": "linear"}})
    monkeypatch.setattr(benchmark, "EACH_QUICK", 4)
    table = benchmark.run("logistic-simcycle", quick=True, out=tmp_path, pictures=False)
    rows = {row["method"]: row for row in table.rows}
    exact, chance = rows["linear"], rows["random bins"]
    assert exact["deletion_low"] > chance["deletion_high"] and exact["insertion_low"] > chance["insertion_high"]
    assert exact["before_p"] == 0.0 and exact["additivity_error"] < 1e-3
    assert chance["pointing_low"] <= 1.0 <= chance["pointing_high"] or abs(chance["pointing"] - 1) < 0.05
    assert (tmp_path / "explain.csv").is_file() and "random bins" in table.to_text()


def test_the_speed_figures_stand_beside_the_published_way():
    pytest.importorskip("cv2")
    from foreshock.benchmarks.speed.explain import run

    published, ours, mean = run(each=1, class_each=1, evaluations=40)
    assert published["times_faster"] == 1.0 and published["samples"] == 40
    assert ours["times_faster"] == pytest.approx(published["s_a_record"] / ours["s_a_record"])
    assert "aim 120 s" in mean["what"]
