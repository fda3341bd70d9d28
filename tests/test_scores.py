"""Scores: hand-worked values, agreement with scikit-learn and scipy, coverage, degenerate input."""

import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.training import scores
from foreshock.training.scores.classification import accuracy_of, macro_f1_of
from foreshock.training.scores.intervals import draws


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def tied(rng):
    """Scores with heavy ties in float32, labels that follow them, weights: a small rate map through 60 days."""
    score = (np.round(rng.gamma(0.3, 1.0, (60, 8, 9)), 1) / 10).astype(np.float32)
    label = rng.random(score.shape) < np.clip(score, 0.01, 0.9)
    return score, label, rng.random(score.shape)


def test_areas_equal_sklearn_with_ties_weights_and_mask(tied):
    from sklearn.metrics import average_precision_score, roc_auc_score

    score, label, weight = tied
    active = np.arange(72).reshape(8, 9) % 3 > 0
    flat = score.ravel(), label.ravel(), weight.ravel()
    inside = score[:, active].ravel(), label[:, active].ravel(), weight[:, active].ravel()
    for ours, theirs in ((scores.roc_auc, roc_auc_score), (scores.pr_auc, average_precision_score)):
        assert ours(score, label) == pytest.approx(theirs(flat[1], flat[0]), abs=1e-12)
        assert ours(score, label, weight) == pytest.approx(theirs(flat[1], flat[0], sample_weight=flat[2]), abs=1e-12)
        assert ours(score, label, mask=active) == pytest.approx(theirs(inside[1], inside[0]), abs=1e-12)
        weighted = theirs(inside[1], inside[0], sample_weight=inside[2])
        assert ours(score, label, weight, active) == pytest.approx(weighted, abs=1e-12)


def test_areas_know_the_extremes():
    assert scores.roc_auc([0.0, 1.0], [0, 1]) == 1.0
    assert scores.roc_auc([1.0, 0.0], [0, 1]) == 0.0
    assert scores.roc_auc([-np.inf, -np.inf, -np.inf], [0, 1, 0]) == 0.5
    assert scores.pr_auc([3.0, 3.0, 3.0, 3.0], [0, 0, 0, 1]) == 0.25
    # Adding cells that never have an event raises the ROC area and leaves the average precision where it was.
    assert scores.roc_auc([2, 1, 0, 0], [0, 1, 0, 0]) == pytest.approx(2 / 3)
    assert scores.pr_auc([2, 1, 0, 0], [0, 1, 0, 0]) == scores.pr_auc([2, 1], [0, 1]) == 0.5


def test_curves_enclose_the_areas_also_when_thinned(tied):
    score, label, _ = tied
    false, hit = scores.roc_curve(score, label, points=None)
    assert np.trapezoid(hit, false) == pytest.approx(scores.roc_auc(score, label), abs=1e-12)
    assert (false[0], hit[0], false[-1], hit[-1]) == (0, 0, 1, 1)
    continuous = score + np.random.default_rng(1).random(score.shape) * 1e-3
    thin = scores.roc_curve(continuous, label, points=50)
    assert thin[0].size <= 51 and np.trapezoid(thin[1], thin[0]) == pytest.approx(
        scores.roc_auc(continuous, label), abs=0.01
    )
    recall, precision = scores.pr_curve(score, label, points=None)
    assert np.sum(np.diff(recall, prepend=0) * precision) == pytest.approx(scores.pr_auc(score, label), abs=1e-12)


def test_decisions_equal_sklearn(rng):
    from sklearn import metrics

    truth, prediction = rng.integers(3, size=200), rng.integers(3, size=200)
    assert (scores.confusion(truth, prediction) == metrics.confusion_matrix(truth, prediction)).all()
    assert scores.accuracy(truth, prediction) == pytest.approx(metrics.accuracy_score(truth, prediction))
    assert scores.macro_f1(truth, prediction) == pytest.approx(metrics.f1_score(truth, prediction, average="macro"))
    assert scores.balanced_accuracy(truth, prediction) == pytest.approx(
        metrics.balanced_accuracy_score(truth, prediction)
    )
    assert scores.f1(truth > 0, prediction > 0) == pytest.approx(metrics.f1_score(truth > 0, prediction > 0))


def test_best_threshold_is_the_best_of_all(tied):
    score, label, _ = tied
    candidates = np.unique(score)
    f1 = [scores.f1(label, score >= value) for value in candidates]
    best = scores.best_threshold(score, label)
    assert best.reached == pytest.approx(max(f1)) and scores.f1(label, score >= best.value) == best.reached
    youden = [(score[label] >= v).mean() - (score[~label] >= v).mean() for v in candidates]
    best = scores.best_threshold(score, label, by="youden")
    assert best.reached == pytest.approx(max(youden))
    with pytest.raises(InputError, match="f1 or youden"):
        scores.best_threshold(score, label, by="luck")


def test_errors_at_thresholds_count_like_comparisons(tied):
    score, label, _ = tied
    thresholds = [0.99, 0.1, 0.0, 0.1, 0.0001]
    errors = scores.errors_at_thresholds(score, label, thresholds)
    for threshold, missed, false in zip(*errors, strict=True):
        assert missed == (label & (score < threshold)).sum()
        assert false == (~label & (score >= threshold)).sum()


def test_probability_scores_equal_sklearn(tied):
    from sklearn.metrics import brier_score_loss, log_loss

    score, label, _ = tied
    probability = np.clip(score, 0.001, 0.999)
    flat, truth = probability.ravel().astype(np.float64), label.ravel()
    assert scores.brier(probability, label) == pytest.approx(brier_score_loss(truth, flat), abs=1e-12)
    assert scores.log_loss(probability, label) == pytest.approx(log_loss(truth, flat), abs=1e-12)
    assert scores.brier_by_day(probability, label).sum() / truth.size == pytest.approx(
        scores.brier(probability, label), abs=1e-15
    )
    assert scores.brier_skill(probability, label, reference=probability) == 0
    # The Brier score of a constant c is y(1 - c)^2 + (1 - y)c^2 for a share y of positives.
    share = label.mean()
    constant = share * 0.9**2 + (1 - share) * 0.1**2
    assert scores.brier_skill(probability, label, 0.1) == pytest.approx(1 - scores.brier(probability, label) / constant)


def test_infinite_loss_is_visible_and_a_floor_is_declared():
    assert scores.log_loss([0.0, 0.5], [1, 0]) == np.inf
    assert scores.log_loss([1.0, 0.5], [0, 0]) == np.inf
    assert scores.log_loss([0.0, 1.0], [0, 1]) == 0.0
    assert scores.log_loss([0.0], [1], floor=np.exp(-5)) == pytest.approx(5)
    with pytest.raises(InputError, match="floor between 0 and"):
        scores.log_loss([0.0], [1], floor=0.0)


def test_sums_in_pieces_equal_sums_at_once(monkeypatch, tied):
    score, label, _ = tied
    mask = np.arange(72).reshape(8, 9) % 2 == 0
    whole = scores.brier(score, label), scores.brier_by_day(score, label, mask), scores.log_loss(score, label, 1e-6)
    monkeypatch.setattr("foreshock.training.scores.cases.PIECE", 50)
    pieces = scores.brier(score, label), scores.brier_by_day(score, label, mask), scores.log_loss(score, label, 1e-6)
    np.testing.assert_allclose(np.hstack(whole), np.hstack(pieces), rtol=1e-12)
    expected = ((score.astype(float) - label) ** 2)[:, mask].sum(axis=1)
    np.testing.assert_allclose(whole[1], expected, rtol=1e-12)


def test_reliability_by_hand_and_against_scipy(rng):
    from scipy.stats import binomtest

    points = scores.reliability([0.0, 0.2, 0.2, 0.2, 0.6, 1.0], [0, 0, 1, 0, 1, 1], bins=3)
    assert points.cases.tolist() == [1, 3, 2] and points.positives.tolist() == [0, 1, 2]
    np.testing.assert_allclose(points.forecast, [0.0, 0.2, 0.8])
    exact = [
        binomtest(int(k), int(n)).proportion_ci(method="exact")
        for k, n in zip(points.positives, points.cases, strict=True)
    ]
    np.testing.assert_allclose(points.low, [bounds.low for bounds in exact], atol=1e-12)
    np.testing.assert_allclose(points.high, [bounds.high for bounds in exact], atol=1e-12)
    # 1/6 x 0 + 3/6 x |.2 - 1/3| + 2/6 x |.8 - 1|
    assert points.calibration_error == pytest.approx(0.5 * (1 / 3 - 0.2) + 0.2 / 3)
    probability = rng.beta(0.05, 2.0, 200_000)
    label = rng.random(probability.size) < probability
    by_expected = scores.reliability(probability, label, equal="expected")
    np.testing.assert_allclose(by_expected.cases * by_expected.forecast, probability.sum() / 10, rtol=0.05)
    assert ((by_expected.low < by_expected.forecast) & (by_expected.forecast < by_expected.high)).sum() >= 8
    assert scores.expected_calibration_error(probability, label) < 0.003
    assert scores.reliability([0.3, 0.3], [0, 1], bins=10).cases.tolist() == [2]


def test_gains_equal_scipy_likelihoods(rng):
    from scipy.stats import poisson

    rate, reference = rng.gamma(1, 0.2, (20, 30)), rng.gamma(1, 0.2, (20, 30))
    count = rng.poisson(rate)
    expected = (poisson.logpmf(count, rate) - poisson.logpmf(count, reference)).sum() / count.sum()
    assert scores.poisson_gain(rate, reference, count) == pytest.approx(expected)
    assert float(scores.poisson_log_likelihood(rate, count)) == pytest.approx(poisson.logpmf(count, rate).sum())
    # Rescaled, only the logarithms of the shares of the total remain.
    shares = np.log(rate / rate.sum()) - np.log(reference / reference.sum())
    assert scores.poisson_gain(rate, reference, count, rescaled=True) == pytest.approx(
        (count * shares).sum() / count.sum()
    )
    probability, bar, label = -np.expm1(-rate), -np.expm1(-reference), count > 0
    expected = np.where(label, np.log(probability / bar), np.log((1 - probability) / (1 - bar))).sum() / label.sum()
    assert scores.bernoulli_gain(probability, bar, label) == pytest.approx(expected)
    # With rates scaled to one total a multiplied forecast is the same forecast.
    tripled = -np.expm1(-3 * rate)
    assert scores.bernoulli_gain(tripled, probability, label, rescaled=True) == pytest.approx(0, abs=1e-9)
    assert scores.rescaled_probability(tripled, label.sum()).sum() == pytest.approx(label.sum())


def test_impossible_events_cost_infinitely():
    assert scores.poisson_gain([0.0, 1.0], [0.5, 0.5], [1, 0]) == -np.inf
    assert scores.bernoulli_gain([0.0, 0.5], [0.5, 0.5], [1, 0]) == -np.inf
    with pytest.raises(InputError, match="reference"):
        scores.poisson_gain([0.5], [0.0], [1])
    with pytest.raises(InputError, match="reference"):
        scores.bernoulli_gain([0.5], [0.0], [1])
    with pytest.raises(InputError, match="at least one of the events, received 0"):
        scores.poisson_gain([0.5], [0.5], [0])
    # A cell of rate 0 where nothing happens is no fault.
    assert scores.poisson_gain([0.0, 1.0], [0.5, 0.5], [0, 1]) == pytest.approx(np.log(2))


def test_recalibration_finds_the_maximum_and_the_truth(rng):
    from scipy.optimize import minimize

    rate = rng.gamma(0.3, 0.05, 300_000)
    truth = -np.expm1(-np.exp(-0.5 + 0.7 * np.log(np.maximum(rate, 1e-6))))
    label = rng.random(rate.size) < truth
    fit = scores.recalibrate(rate, label, floor=1e-6)
    x = np.log(np.maximum(rate, 1e-6))

    def loss(parameters):
        mu = np.exp(parameters[0] + parameters[1] * x)
        return mu[~label].sum() - np.log(-np.expm1(-mu[label])).sum()

    best = minimize(loss, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})
    assert (fit.a, fit.b) == pytest.approx(tuple(best.x), abs=1e-4)
    assert (fit.a, fit.b) == pytest.approx((-0.5, 0.7), abs=0.1)
    # At the maximum of this likelihood a scaled rate gives the same probabilities.
    again = scores.recalibrate(1e4 * rate, label, floor=1e-2)
    np.testing.assert_allclose(again.apply(1e4 * rate), fit.apply(rate), rtol=1e-6)
    assert fit.apply(np.zeros((2, 3), np.float32)).shape == (2, 3)


def test_recalibration_of_a_flat_forecast_matches_the_base_rate():
    fit = scores.recalibrate(np.full(10, 0.3), np.arange(10) < 3)
    assert fit.b == 1 and fit.apply([0.3]) == pytest.approx(0.3)


def test_recalibration_refuses_what_it_cannot_fit():
    with pytest.raises(InputError, match="declare a floor"):
        scores.recalibrate([0.0, 1.0, 2.0, 1.5], [0, 1, 0, 1])
    with pytest.raises(InputError, match="0 positives of 3"):
        scores.recalibrate([1.0, 2.0, 3.0], [0, 0, 0])


def test_recalibration_without_a_finite_slope_matches_the_number_of_positives():
    rate = np.array([1.0, 2.0, 3.0, 3.0])
    fit = scores.recalibrate(rate, [0, 0, 1, 0])
    assert fit.b == 1 and fit.apply(rate).sum() == pytest.approx(1.0)
    assert fit.apply(rate)[1] == pytest.approx(1 - np.exp(-2 * np.exp(fit.a)))


def test_degenerate_input_is_named():
    with pytest.raises(InputError, match="at least one positive"):
        scores.roc_auc([0.1, 0.2], [0, 0])
    with pytest.raises(InputError, match="at least one positive"):
        scores.pr_auc([0.1, 0.2], [1, 1])
    with pytest.raises(InputError, match="score without NaN, received 1 NaN of 2"):
        scores.roc_auc([0.1, np.nan], [0, 1])
    with pytest.raises(InputError, match="probability without NaN"):
        scores.brier([0.1, np.nan], [0, 1])
    with pytest.raises(InputError, match="rate without NaN"):
        scores.poisson_gain([0.1, np.nan], [0.1, 0.1], [0, 1])
    with pytest.raises(InputError, match=r"probability in \[0, 1\], received 1.5"):
        scores.log_loss([0.1, 1.5], [0, 1])
    with pytest.raises(InputError, match="labels of 0 and 1, received 2"):
        scores.roc_auc([0.1, 0.2, 0.3], [0, 1, 2])
    with pytest.raises(InputError, match="of one shape"):
        scores.roc_auc([0.1, 0.2, 0.3], [0, 1])
    with pytest.raises(InputError, match="a mask that broadcasts"):
        scores.roc_auc(np.zeros((4, 3)), np.eye(4, 3), mask=np.ones(4, dtype=bool))
    with pytest.raises(InputError, match="at least one case"):
        scores.brier([], [])
    with pytest.raises(InputError, match="whole numbers of events"):
        scores.poisson_gain([0.1], [0.1], [0.5])
    # NaN outside the region is no case.
    assert scores.brier([[0.5, np.nan]], [[1, 0]], mask=[True, False]) == 0.25


def test_time_blocks_hold_thirty_days():
    days = np.datetime64("2011-01-01") + np.arange(0, 100, 10)
    assert scores.time_blocks(days).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]
    assert scores.time_blocks(np.arange(5), 2).tolist() == [0, 0, 1, 1, 2]


def test_area_intervals_resample_exactly(tied, rng):
    """Both ways of resampling give the area of the weighted sample, for every draw."""
    from foreshock.training.scores.area_intervals import _areas_by_block, _areas_by_case

    score, label, _ = tied
    block = scores.time_blocks(np.arange(60), 10)
    flat = np.repeat(block, 72)
    counts = draws(6, 20, rng).astype(float)
    for curve, area in (("roc", scores.roc_auc), ("pr", scores.pr_auc)):
        expected = [area(score, label, weight=c[block][:, None, None]) for c in counts]
        for method in (_areas_by_block, _areas_by_case):
            # A shuffled order must not matter.
            order = rng.permutation(flat.size)
            areas, _ = method(score.ravel()[order], label.ravel()[order], flat[order], 6, curve)
            np.testing.assert_allclose(areas(counts), expected, rtol=1e-12)


def test_area_interval_holds_the_value_and_counts_failures(tied):
    score, label, _ = tied
    block = scores.time_blocks(np.arange(60), 10)
    mask = np.arange(72).reshape(8, 9) % 2 == 0
    interval = scores.auc_interval(score, label, block, np.random.default_rng(1), mask=mask)
    assert interval.value == pytest.approx(scores.roc_auc(score, label, mask=mask))
    assert interval.low < interval.value < interval.high and interval.failed == 0
    same = scores.auc_interval(score, label, block, np.random.default_rng(1), "pr", reference=score)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    # The positives lie in one of four groups: a resample misses it with the chance (3/4)^4 = .316.
    rare = scores.auc_interval([1.0, 0.0, 0.0, 0.0, 0.5], [1, 0, 0, 0, 0], [0, 1, 2, 3, 1], np.random.default_rng(1))
    assert 0.25 < rare.failed / rare.resamples < 0.38
    with pytest.raises(InputError, match="at least two blocks"):
        scores.auc_interval(score, label, np.zeros(60), np.random.default_rng(1))
    with pytest.raises(InputError, match="0 positives"):
        scores.auc_interval(score, np.zeros_like(label), block, np.random.default_rng(1))


def test_event_intervals_resample_whole_events():
    """Eight copies of a record are one case: the interval is that of the events, not of the records."""
    rng = np.random.default_rng(3)
    right = rng.random(100) < 0.8
    truth = rng.integers(2, size=100)
    prediction = np.where(right, truth, 1 - truth)
    events = np.arange(100)
    once = scores.confusion_interval(truth, prediction, events, np.random.default_rng(0))
    eight = scores.confusion_interval(
        truth.repeat(8), prediction.repeat(8), events.repeat(8), np.random.default_rng(0), accuracy_of
    )
    assert once == eight
    # The standard error of a share of about .8 of 100 is .04.
    assert once.high - once.low == pytest.approx(2 * 1.98 * np.sqrt(right.mean() * (1 - right.mean()) / 100), rel=0.15)
    macro = scores.confusion_interval(truth, prediction, events, np.random.default_rng(0), macro_f1_of)
    assert macro.value == pytest.approx(scores.macro_f1(truth, prediction)) and macro.low < macro.value < macro.high


def test_block_interval_covers_as_often_as_it_says():
    """Gain per event with bursts inside blocks: 95 % intervals from 36 blocks hold the truth 93 to 97 times of 100."""
    rng = np.random.default_rng(11)
    blocks, days_a_block, trials = 36, 30, 400
    group = np.repeat(np.arange(blocks), days_a_block)
    held = 0
    for trial in range(trials):
        level = rng.gamma(4.0, 0.25, blocks)
        events = rng.poisson(level[group])
        # Every event of a block shares the block's deviation: records within it are far from independent.
        gain = events * (0.5 + rng.normal(0, 0.3, blocks)[group]) + rng.normal(0, 0.5, events.size)
        interval = scores.ratio_interval(gain, events, group, np.random.default_rng(trial), resamples=400)
        held += interval.low <= 0.5 <= interval.high
    assert 0.92 <= held / trials <= 0.98


def test_ratio_interval_refuses_bad_input():
    with pytest.raises(InputError, match="a group for each of 2"):
        scores.ratio_interval([1.0, 2.0], [1.0, 1.0], [0], np.random.default_rng(0))
    with pytest.raises(InputError, match="numerator without NaN"):
        scores.ratio_interval([1.0, np.nan], [1.0, 1.0], [0, 1], np.random.default_rng(0))
