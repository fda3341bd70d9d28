"""Benchmark pictures show the numbers they were given."""

import numpy as np
import pytest
from foreshock.benchmarks.forecast import plots
from foreshock.benchmarks.forecast.molchan import alarm_ranking
from foreshock.datasets.errors import InputError
from foreshock.training.scores.information import poisson_gain_by_day
from foreshock.training.scores.probabilities import reliability
from foreshock.training.scores.ranking import Ranking


@pytest.fixture(scope="module")
def series():
    """A year of true rates with one burst, two forecasts of them, and the counts."""
    rng = np.random.default_rng(8)
    truth = rng.gamma(0.4, 0.01, 200)[None, :] * np.ones((365, 1))
    truth[120:150, 17] += 3 / (1 + np.arange(30))
    flat = np.broadcast_to(truth[0], truth.shape)
    forecasts = {"etas": truth, "smoothed": flat, "uniform": np.full(truth.shape, truth[0].mean())}
    return forecasts, rng.poisson(truth)


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_curves_carry_their_areas(series, tmp_path):
    forecasts, count = series
    rankings = {name: Ranking.of(rate, count > 0) for name, rate in forecasts.items()}
    figure = plots.plot_roc(rankings, tmp_path / "roc.png")
    axes = figure.axes[0]
    assert labels(axes)[0] == f"etas  {rankings['etas'].roc_auc:.3f}" and labels(axes)[-1] == "chance  0.500"
    false, hit = axes.lines[0].get_data()
    assert np.trapezoid(hit, false) == pytest.approx(rankings["etas"].roc_auc, abs=2e-3)
    assert (tmp_path / "roc.png").stat().st_size > 5000
    figure = plots.plot_pr(rankings, tmp_path / "pr.png")
    assert labels(figure.axes[0])[-1] == f"base rate  {(count > 0).mean():.4f}"
    alarms = {name: alarm_ranking(rate, count) for name, rate in forecasts.items()}
    figure = plots.plot_molchan(alarms, tmp_path / "molchan.png")
    share, missed = figure.axes[0].lines[0].get_data()
    assert 1 - np.trapezoid(missed, share) == pytest.approx(alarms["etas"].roc_auc, abs=2e-3)
    with pytest.raises(InputError, match="at least one model"):
        plots.plot_roc({})


def test_reliability_draws_bins_without_positives_as_bounds(series, tmp_path):
    forecasts, count = series
    diagrams = {n: reliability(-np.expm1(-rate), count > 0, equal="expected") for n, rate in forecasts.items()}
    figure = plots.plot_reliability(diagrams, tmp_path / "reliability.png")
    assert labels(figure.axes[0])[0] == "perfect  0" and figure.axes[0].get_xscale() == "log"
    quiet = {"quiet": reliability([0.1, 0.1, 0.4, 0.4], [0, 0, 0, 1], bins=2)}
    axes = plots.plot_reliability(quiet).axes[0]
    arrow = next(line for line in axes.lines if line.get_marker() == "v")
    # No positive of two: the exact upper bound solves (1 - p)^2 = .025.
    assert arrow.get_ydata() == pytest.approx([1 - np.sqrt(0.025)])


def test_gain_ends_at_its_total_and_stays_flat_without_the_sequence(series, tmp_path):
    forecasts, count = series
    days = np.datetime64("2019-01-01") + np.arange(365)
    gains, events = {}, None
    for name in ("etas", "uniform"):
        gains[name], events = poisson_gain_by_day(forecasts[name], forecasts["smoothed"], count)
    figure = plots.plot_gain(days, gains, events, "smoothed", tmp_path / "gain.png", ("2019-05-01", "2019-05-30"))
    above, below = figure.axes
    assert above.lines[0].get_ydata()[-1] == pytest.approx(gains["etas"].sum())
    assert labels(above)[0] == f"etas  {gains['etas'].sum() / events.sum():+.2f}"
    # Outside the burst the truth and the smoothed rate are one forecast.
    assert np.abs(below.lines[0].get_ydata()).max() == pytest.approx(0, abs=1e-9)
