"""Every example in a docstring runs and gives what it says."""

import doctest
import importlib
import pkgutil

import foreshock
import pytest

NAMES = [name for _, name, _ in pkgutil.walk_packages(foreshock.__path__, "foreshock.") if ".tests" not in name]


@pytest.mark.parametrize("name", ["foreshock", *NAMES])
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, _ = doctest.testmod(module, optionflags=options)
    assert not failed
