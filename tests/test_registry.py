"""Names: wildcards, natural order, nearest names, hashes, folders of one's own."""

import shutil

import foreshock
import pytest
from foreshock.datasets.errors import InputError
from foreshock.zoo import registry


def test_wildcards_list_and_unknown_names_answer_with_the_nearest():
    assert foreshock.models("[ps]64-simcycle") == ["p64-simcycle", "s64-simcycle"]
    with pytest.raises(InputError, match="nearest names: p64-simcycle"):
        foreshock.load("p46-simcycle")


@pytest.mark.parametrize("name", ["../p64-simcycle", "a/b", "..", "P64", "", "p64 simcycle", "/etc/passwd"])
def test_a_name_that_is_a_path_is_refused(name):
    with pytest.raises(InputError, match="model name of small letters"):
        foreshock.load(name)


def test_numbers_sort_as_numbers():
    assert sorted(["p64-x", "p8-x"], key=registry._natural) == ["p8-x", "p64-x"]
    assert sorted(["a-12", "a-2", "b-1"], key=registry._natural) == ["a-2", "a-12", "b-1"]


@pytest.mark.parametrize("file", ["model.onnx", "model.keras", "golden.npz"])
def test_one_wrong_byte_is_an_error_that_names_the_file(tmp_path, monkeypatch, file):
    folder = tmp_path / "smoothed-sim"
    shutil.copytree(registry.folder_of("smoothed-sim"), folder)
    monkeypatch.setenv("FORESHOCK_ZOO", str(tmp_path))
    data = bytearray((folder / file).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / file).write_bytes(data)
    model = foreshock.load("smoothed-sim")
    with pytest.raises(InputError, match=f"{file}.*damaged"):
        model.file(file)


def test_weights_cut_short_and_weights_gone(tmp_path, monkeypatch):
    folder = tmp_path / "smoothed-sim"
    shutil.copytree(registry.folder_of("smoothed-sim"), folder)
    monkeypatch.setenv("FORESHOCK_ZOO", str(tmp_path))
    path = folder / "model.onnx"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="of 100 bytes"):
        _ = foreshock.load("smoothed-sim").session
    path.unlink()
    with pytest.raises(InputError, match="none at"):
        _ = foreshock.load("smoothed-sim").session


def test_an_unknown_runtime_is_refused():
    with pytest.raises(InputError, match='runtime "onnx" or "keras"'):
        foreshock.load("smoothed-sim", runtime="torch")
