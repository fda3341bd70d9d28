"""What is tried on an ETAS forecast: channels of past events by hand, learners on planted truths, the whole table."""

import csv
from pathlib import Path

import numpy as np
import pytest
from foreshock.benchmarks.forecast.residual_bench import groups_of, with_fields
from foreshock.benchmarks.forecast.residual_channels import AGES_DAYS, Activity, of_days, of_samples
from foreshock.benchmarks.forecast.residual_learners import chosen_ridge, dispersion_of, head, networks, trees
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.grid import Grid
from foreshock.training.forecast.residual_sample import ErrorSample
from foreshock.zoo.forecast.history import History
from foreshock.zoo.forecast.residual.ratios import Ratio, kernel_cells

GRID = Grid.local(latitude0=38, longitude0=-150, rows=9, columns=8, cell_km=10)
TIME, LATITUDE, LONGITUDE = "2003-01-10T06:00", 38.405, -149.52


def activity(magnitude: float) -> Activity:
    catalog = Catalog([TIME], [LATITUDE], [LONGITUDE], [10.0], [magnitude])
    return Activity(History(catalog, GRID, 3.0, 20.0), 3.0, 0.4, 7)


def test_channels_of_one_event_by_hand():
    one, day = activity(4.5), np.datetime64("2003-01-20")
    row, column, _ = GRID.cells([LATITUDE], [LONGITUDE])
    place = row[0], column[0]
    ages = one.ages(day)
    # Ten days old: in the third stretch of ages, and in no other; spread by 10, 30 and 100 km.
    seen = ages[place].reshape(len(AGES_DAYS) - 1, 3)
    assert (seen[2] > 0).all()
    assert np.count_nonzero(seen) == 3
    spread = one.history.blurred(one.history.summed(day, lambda age, m: np.ones_like(m)), 10.0)
    np.testing.assert_allclose(seen[2, 0], np.log1p(spread[place] * kernel_cells(10.0, 100.0)), rtol=1e-5)
    # Not in the last week, but in the last four and the last year; as wide as the squares.
    largest = one.magnitudes(day)
    np.testing.assert_allclose(largest[place], [0, 0, 1.5, 1.5, 1.5, 1.5])
    assert np.count_nonzero(largest[..., 2]) == 9
    np.testing.assert_allclose(np.exp(one.past(day)[..., 0]).sum(), 7 / 10, rtol=0.2)
    # Nothing is seen on its own day.
    assert one.ages(np.datetime64("2003-01-10")).max() == one.magnitudes(np.datetime64("2003-01-10")).max() == 0


def test_a_large_event_hides_small_ones_for_a_while():
    day = np.datetime64("2003-01-11")
    near, anywhere, mean = np.moveaxis(activity(7.0).completeness(day), -1, 0)
    # 7 - 4.5 - 0.75 log10(1/2) lies 0.226 - 0.5 above m0 = 3; the channel begins one magnitude below.
    expected = 7 - 4.5 - 0.75 * np.log10(0.5) - 3 + 1
    assert near.max() == pytest.approx(expected)
    assert (near == 0).any()
    np.testing.assert_allclose(anywhere, expected)
    assert mean.max() > 0.5
    assert activity(3.5).completeness(day)[..., :2].max() == 0
    # A month later it is over.
    assert activity(7.0).completeness(np.datetime64("2003-02-15"))[..., :2].max() == 0


def test_samples_see_what_the_maps_hold():
    one, days = activity(5.0), np.array(["2003-01-12", "2003-01-15"], "datetime64[D]")
    day, cell = days.astype(np.int64)[[1, 0, 1]], np.array([5, 20, 30])
    sample = ErrorSample(*(np.zeros(3) for _ in range(5)), cell, day)
    (found,) = of_samples(one, Activity.GROUPS, [sample])
    maps = of_days(one, Activity.GROUPS, days).reshape(2, 72, -1)
    np.testing.assert_array_equal(found, maps[[1, 0, 1], cell])
    assert found.shape[1] == sum(Activity.SIZES)


def planted(effect, events: float = 0.5, n: int = 20_000, seed: int = 3) -> ErrorSample:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    log_etas = np.full(n, np.log(events))
    count = rng.poisson(np.exp(log_etas + effect(x)))
    fold = np.repeat([0, 1], n // 2)
    return ErrorSample(x, log_etas, count, np.ones(n), fold, fold, np.arange(n) // 100)


def test_networks_and_trees_find_what_a_head_cannot():
    sample = planted(lambda x: np.abs(x[:, 0]) - 0.8)
    x = np.column_stack([np.linspace(-2, 2, 9), np.zeros(9)])
    straight, bent, boosted = (f(x) for f in (head(sample, 10.0), networks(sample, 10.0, range(2)), trees(sample, 1)))
    assert np.ptp(straight) < 0.2
    for found in (bent, boosted):
        assert found[[0, -1]].min() - found[4] > 0.7


def test_the_ridge_is_chosen_by_what_was_left_out():
    assert chosen_ridge(planted(lambda x: 0.5 * x[:, 0])) < 1000
    assert chosen_ridge(planted(lambda x: 0.0 * x[:, 0], n=2000)) >= 1000


def test_the_dispersion_of_clustered_counts_is_found():
    rng = np.random.default_rng(1)
    sample = planted(lambda x: 0.0 * x[:, 0])
    clustered = sample._replace(count=rng.poisson(0.5 * rng.gamma(0.5, 2.0, 20_000)))
    assert dispersion_of(clustered) == pytest.approx(2.0, rel=0.1)
    assert dispersion_of(sample) < 0.05


def test_channels_are_found_by_their_groups():
    own = (Ratio(30.0, 28.0, 1.0), Ratio(None, 28.0, 20.0))
    ratios = with_fields(own)
    assert ratios[:2] == own
    assert len(ratios) == 2 + 15 - 1
    groups = groups_of(ratios, 2)
    assert groups["recipe"] == [0, 1, 16]
    assert [ratios[i].width_km for i in groups["3 x 3"][3:]] == [10.0] * 5
    assert sorted(groups["fields"]) == [0, *range(2, 17)]


@pytest.mark.parametrize(
    ("region", "start"),
    [("japan", "Japan, M 5, 2011 to 2013"), ("norcal", "Northern California, M 3.5, 2003 to 2005")],
)
def test_readmes_gains_under_p1_are_the_measured_ones(region, start):
    root = Path(__file__).parents[1]
    with open(root / "benchmarks" / "results" / f"residual-etas-{region}-P1-hard.csv", encoding="utf-8") as file:
        file.readline()
        rows = {row["score"]: row for row in csv.DictReader(file) if row["model"] == "residual-etas"}
    cells = [
        "{:.3f} [{:.3f}, {:.3f}]".format(*(float(rows[score][key]) for key in ("value", "low", "high")))
        for score in ("gain_etas", "gain_etas_rescaled")
    ]
    assert f"| {start} | {cells[0]} | {cells[1]} |" in (root / "README.md").read_text().splitlines()
