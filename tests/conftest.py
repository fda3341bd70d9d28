"""What every test shares: fits of baselines go to a folder of the run, not to the user's cache."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_run(tmp_path_factory):
    before = os.environ.get("FORESHOCK_CACHE")
    os.environ["FORESHOCK_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["FORESHOCK_CACHE"]
    else:
        os.environ["FORESHOCK_CACHE"] = before
