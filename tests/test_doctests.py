"""Every example in a docstring runs and gives what it says."""

import doctest
import importlib
import pkgutil

import foreshock
import pytest

NAMES = [name for _, name, _ in pkgutil.walk_packages(foreshock.__path__, "foreshock.") if ".tests" not in name]
# MLServer and what comes with it.
SERVE_EXTRA = ("mlserver", "uvicorn", "fastapi")


@pytest.mark.parametrize("name", ["foreshock", *NAMES])
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in SERVE_EXTRA:
            raise
        pytest.skip(f"needs {error.name}, of the extra `serve`")
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, _ = doctest.testmod(module, optionflags=options)
    assert not failed
