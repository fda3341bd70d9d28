"""Files and folders come whole or not at all, whatever happens in between."""

import errno
import os

import pytest
from foreshock.datasets.atomic import replacing, replacing_folder
from foreshock.datasets.errors import InputError


def test_a_failure_half_way_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "rates.csv"
    target.write_text("old")
    with pytest.raises(OSError, match="No space"), replacing(target) as path:
        path.write_text("half of the new")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["rates.csv"]


def test_ctrl_c_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "new.csv") as path:
        path.write_text("half")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_a_folder_takes_the_place_of_the_old_one_or_does_not(tmp_path):
    target = tmp_path / "model"
    with replacing_folder(target) as fresh:
        (fresh / "a").write_text("1")
    with pytest.raises(ZeroDivisionError), replacing_folder(target) as fresh:
        (fresh / "b").write_text("2")
        _ = 1 / 0
    assert [p.name for p in target.iterdir()] == ["a"]
    with replacing_folder(target) as fresh:
        (fresh / "c").write_text("3")
    assert [p.name for p in target.iterdir()] == ["c"]
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose another folder"), replacing(tmp_path / "file" / "x.csv"):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_clear_line(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"), replacing(tmp_path / "x.csv"):
        pass
