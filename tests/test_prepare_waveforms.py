"""Preparing waveform data sets: here or by Beam's direct runner with one worker or two, always the same records."""

import json
import pathlib

import numpy as np
import pytest

tfds = pytest.importorskip("tensorflow_datasets")

from foreshock.datasets import builders  # noqa: E402
from foreshock.datasets.errors import InputError  # noqa: E402
from foreshock.datasets.prepare_waveforms import prepare_waveforms, prepared_waveforms  # noqa: E402
from foreshock.datasets.waveforms.batches import batches_from_builder  # noqa: E402
from foreshock.datasets.waveforms.cut import Cut  # noqa: E402

HOME = pathlib.Path(builders.__file__).parent
OWN = HOME / "event_waveforms" / "dummy_data" / "waveforms"
SEISBENCH = HOME / "seisbench_waveforms" / "dummy_data"
NORCIA = HOME / "norcia" / "dummy_data"


def content(made):
    """Every record of every part, in the order on disk, as bytes."""
    builder = made.builder()
    return {
        part: [
            {key: value.tobytes() if isinstance(value, np.ndarray) else value for key, value in example.items()}
            for example in tfds.as_numpy(builder.as_dataset(split=part))
        ]
        for part in ("train", "validation", "test")
    }


def test_own_files_are_found_with_their_events_and_picks(tmp_path, capsys):
    made = prepare_waveforms(OWN, None, "mine", data=tmp_path)
    assert capsys.readouterr().out == ""
    assert made.manifest["records"] == {"train": 11, "validation": 2, "test": 2}
    assert made.manifest["labels"] == ["earthquake", "explosion"]
    assert made.manifest["rejected"] == 1
    ((name, reason),) = json.loads((made.folder / "rejected.json").read_text())
    assert name.startswith("ev0.XX.AAA") and "a record with a pick of P" in reason
    # The tables may also lie in the folder itself.
    whole = prepare_waveforms(OWN.parent, None, "whole", data=tmp_path)
    assert (content(whole), whole.manifest["rejected"]) == (content(made), 1)
    again = prepared_waveforms("mine", tmp_path)
    assert again.manifest == json.loads(json.dumps(made.manifest))
    waveform, label = next(iter(batches_from_builder(again.builder(), "train", 11)))
    assert waveform.shape == (11, 2500, 3) and set(label.numpy()) == {0, 1}


@pytest.mark.parametrize(
    ("folder", "cut", "records"), [(SEISBENCH, Cut("", 0.0, 20.0), 16), (NORCIA, Cut("S", 5.0, 15.0), 20)]
)
def test_other_layouts_bring_their_events(tmp_path, folder, cut, records):
    made = prepare_waveforms(folder, None, "other", data=tmp_path, cut=cut, split_by="time")
    assert sum(made.manifest["records"].values()) == records
    assert made.builder().info.features["waveform"].shape == (cut.samples, 3)


def test_beam_gives_the_same_records_with_one_and_with_two_workers(tmp_path, monkeypatch):
    pytest.importorskip("apache_beam")
    from foreshock.datasets.builders import waveform_sources

    # More than one unit, so that two workers have something each.
    monkeypatch.setattr(waveform_sources, "UNIT_ROWS", 3)
    cut = Cut("P", 5.0, 20.0)
    here = prepare_waveforms(SEISBENCH, None, "here", data=tmp_path, cut=cut)
    expected = content(here)
    assert sum(map(len, expected.values())) == 15
    for workers in (1, 2):
        made = prepare_waveforms(SEISBENCH, None, f"beam-{workers}", "DirectRunner", workers, data=tmp_path, cut=cut)
        assert content(made) == expected
        assert (made.manifest["runner"], made.manifest["rejected"]) == ("DirectRunner", 1)
        assert made.manifest["rejected_reasons"] == here.manifest["rejected_reasons"]


def test_names_and_folders_that_are_refused(tmp_path):
    prepare_waveforms(SEISBENCH, None, "one", data=tmp_path)
    with pytest.raises(InputError, match="no data set one yet"):
        prepare_waveforms(SEISBENCH, None, "one", data=tmp_path)
    before = (tmp_path / "one" / "waveforms.json").read_text()
    with pytest.raises(InputError, match="a part without any"):
        prepare_waveforms(SEISBENCH, None, "one", data=tmp_path, overwrite=True, cut=Cut("P", 5.0, 90.0))
    assert (tmp_path / "one" / "waveforms.json").read_text() == before
    assert (
        prepare_waveforms(SEISBENCH, None, "one", data=tmp_path, overwrite=True, seed=1).manifest["split"]["seed"] == 1
    )
    (tmp_path / "two").mkdir()
    with pytest.raises(InputError, match="something else"):
        prepare_waveforms(SEISBENCH, None, "two", data=tmp_path, overwrite=True)
    with pytest.raises(InputError, match="lower-case"):
        prepare_waveforms(SEISBENCH, None, "A B", data=tmp_path)
    with pytest.raises(InputError, match="at least one worker"):
        prepare_waveforms(SEISBENCH, None, "three", workers=0, data=tmp_path)
    with pytest.raises(InputError, match="a split by event or time"):
        prepare_waveforms(SEISBENCH, None, "three", split_by="record", data=tmp_path)
    with pytest.raises(InputError, match="prepare it first"):
        prepared_waveforms("three", tmp_path)
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "a.mseed").write_bytes((OWN / "ev1.AAA.mseed").read_bytes())
    with pytest.raises(InputError, match="kind waveforms without events"):
        prepare_waveforms(bare, None, "three", data=tmp_path)
