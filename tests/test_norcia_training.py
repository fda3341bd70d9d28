"""The recipes of the simulated cycle train on real records in the Norcia layout, with the data folder alone changed."""

import csv

import h5py
import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.readers.norcia_hdf5 import files_of, sources_of
from foreshock.training.recipe import read_recipe
from foreshock.training.waveform.cycle_data import cycle_data
from foreshock.zoo.card import Card

STATIONS, EVENTS = ("NRCA", "MC2", "T1212"), 40
COLUMNS = (
    "trace_name",
    "trace_start_time",
    "network_code",
    "receiver_name",
    "receiver_type",
    "source_id",
    "source_magnitude",
    "source_origin_time",
    "p_travel_sec",
    "s_travel_sec",
    "p_s_diff_sec",
)


@pytest.fixture(scope="module")
def norcia(tmp_path_factory):
    """So many events a side, each at every station; foreshocks ring at 15 Hz and aftershocks at 5."""
    folder = tmp_path_factory.mktemp("norcia")
    rng = np.random.default_rng(0)
    t = np.arange(2000) / 100
    for station in STATIONS:
        for side, day, frequency_hz in (("pre", "2016-09-01", 15.0), ("post", "2016-11-01", 5.0)):
            rows = []
            with h5py.File(folder / f"{station}_waveforms_{side}.hdf5", "w") as file:
                for event in range(EVENTS):
                    name = f"{station}.IV.{side}{event}_EV"
                    waveform = rng.normal(0, 100, (3, 2500))
                    waveform[:, 500:] += 3000 * np.exp(-t / 3) * np.sin(2 * np.pi * frequency_hz * t)
                    file[name] = waveform
                    start = np.datetime64(day) + np.timedelta64(event, "D")
                    s_s = "" if event % 10 == 0 else f"{2 + event / 100}"
                    values = (name, f"{start}T00:00:00Z", "IV", station, "HH", f"{side}{event}", 2 + event / 40, "")
                    rows.append(dict(zip(COLUMNS, (*values, 1 + event / 20, "", s_s), strict=True)))
            with open(folder / f"{station}_attributes_{side}.csv", "w", newline="") as file:
                table = csv.DictWriter(file, COLUMNS)
                table.writeheader()
                table.writerows(rows)
    return folder


def test_the_data_are_the_folders_own_and_its_events_are_in_one_part_each(norcia):
    found = cycle_data(read_recipe("p64-simcycle"), norcia)
    assert not found.about.simulated and found.about.name == "norcia" and found.ceiling is None
    sizes = {part: len(records) for part, records in found.sets.items()}
    # 28, 4 and 8 events of each class at three stations.
    assert sizes == {"train": 168, "validation": 24, "test": 48}
    parts = [set(records.event) for records in found.sets.values()]
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
    # Parts follow one another in time within each class.
    for label in (0, 1):
        times = [records.time_us[records.label == label] for records in found.sets.values()]
        assert times[0].max() < times[1].min() and times[1].max() < times[2].min()
    test = found.sets["test"]
    row = int(np.flatnonzero((test.event == "pre39") & (test.station == "IV.MC2"))[0])
    assert test.magnitude[row] == pytest.approx(2.975)
    assert test.distance_km[row] == pytest.approx(6 * 2.95)
    assert test.label[row] == 0 and test.p[row] == 500


def test_records_without_s_are_left_out_around_s_and_counted(norcia):
    found = cycle_data(read_recipe("s64-simcycle"), norcia)
    # Events 0, 10, 20 and 30 of either class at three stations.
    assert found.left_out == {"no S with 20 s around it": 24}
    assert sum(map(len, found.sets.values())) == 240 - 24
    assert found.sets["train"].s.min() == pytest.approx(701)


def test_attributes_tell_magnitude_and_travel_time(norcia):
    path = files_of(norcia, [])[0]
    assert sources_of(path)["post3", "MC2"] == pytest.approx((2.075, 1.15))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("logistic-simcycle", {}),
        ("s64-simcycle", {"fit.epochs": "1", "audit.records": "60", "audit.epochs": "1"}),
    ],
)
def test_a_recipe_trains_on_them(norcia, tmp_path, name, changes):
    from foreshock.training.run import train_recipe

    folder = train_recipe(read_recipe(name, changes), tmp_path, norcia)
    card = Card.read(folder / "card.json")
    assert (card.data.name, card.data.simulated) == ("norcia", False)
    assert "SIMULATED" not in card.summary and "simulated" not in card.headline.cases
    assert card.headline.ceiling is None
    assert "audit" in card.fails[0]
    if name == "logistic-simcycle":
        assert card.headline.ours.value == 1.0
        rows = {row.control: row for row in card.audit}
        assert rows["linear probe of the frames before P"].verdict == "clear"
    else:
        assert any("left out" in line or "no S" in line for line in card.fails)


def test_a_folder_without_both_classes_is_refused(norcia, tmp_path):
    for path in norcia.glob("NRCA_*_pre.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="both classes"):
        cycle_data(read_recipe("p64-simcycle"), tmp_path)
