"""Fits kept in the cache: found again by any process, and made anew when anything that decides them changes."""

from dataclasses import replace

import numpy as np
import pytest
from foreshock.benchmarks.forecast.run import quick_region
from foreshock.datasets.home import cache_home
from foreshock.datasets.regions import Region
from foreshock.training.forecast import fitted_cache
from foreshock.training.forecast.baselines import BASELINES, OPTIONAL, Fits
from foreshock.training.forecast.case import ForecastCase
from foreshock.training.forecast.protocol import Protocol


@pytest.fixture(scope="module")
def case():
    return ForecastCase.of(quick_region(Region.named("simulated")), Protocol.named("P2"))


def kept(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_fit_is_read_again_with_what_it_is_built_on(case, tmp_path, monkeypatch):
    first = Fits(case, cache=tmp_path)
    rates = first.model("smoothed").rate_per_day
    assert [name.rsplit("-", 1)[0] for name in kept(tmp_path)] == ["simulated-quick-rate", "simulated-quick-smoothed"]
    monkeypatch.setitem(BASELINES, "smoothed", lambda fits: pytest.fail("fitted again"))
    again = Fits(case, cache=tmp_path)
    np.testing.assert_array_equal(again.model("smoothed").rate_per_day, rates)
    assert again.seconds == pytest.approx(first.seconds, abs=0.006)


def test_whatever_decides_a_fit_makes_a_new_one(case, tmp_path, monkeypatch):
    Fits(case, cache=tmp_path).model("rate")
    later = replace(case, split=replace(case.split, train=case.split.train.shortened(100)))
    others = [
        Fits(replace(case, magnitude=4.0), cache=tmp_path),
        Fits(case, seed=2, cache=tmp_path),
        Fits(later, cache=tmp_path),
        Fits(replace(case, catalog=case.catalog[1:]), cache=tmp_path),
    ]
    for number, fits in enumerate(others, start=2):
        fits.model("rate")
        assert len(kept(tmp_path)) == number
    # A static map is the same for every window, a learnt one is not.
    Fits(replace(case, protocol=Protocol.named("P1")), cache=tmp_path).model("rate")
    assert len(kept(tmp_path)) == 5
    monkeypatch.setattr(fitted_cache, "code_hash", lambda patterns: "other code")
    Fits(case, cache=tmp_path).model("rate")
    assert len(kept(tmp_path)) == 6


def test_the_code_that_fits_is_among_the_hashed():
    for name, fit in (BASELINES | OPTIONAL).items():
        hashed = [list(fitted_cache.PACKAGE.glob(pattern)) for pattern in fitted_cache.SOURCES[name]]
        assert all(hashed), name
        module = fitted_cache.PACKAGE / f"{fit.__module__.removeprefix('foreshock.').replace('.', '/')}.py"
        assert [module] in hashed


def test_comments_do_not_change_the_hash_and_code_does(tmp_path, monkeypatch):
    monkeypatch.setattr(fitted_cache, "PACKAGE", tmp_path)

    def hash_of(text):
        (tmp_path / "a.py").write_text(text)
        return fitted_cache.code_hash.__wrapped__(("a.py",))

    assert hash_of("x = 1\n") == hash_of("# why\nx  =  1\n") != hash_of("x = 2\n")


def test_the_cache_is_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv("FORESHOCK_CACHE", str(tmp_path / "mine"))
    assert cache_home() == tmp_path / "mine"
    assert fitted_cache.fits_home() == tmp_path / "mine" / "fits"
