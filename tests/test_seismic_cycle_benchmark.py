"""The seismic-cycle benchmark on a small cycle: every network and every pair of stations, in tables that add up."""

import csv

import numpy as np
import pytest
from foreshock.benchmarks.seismic_cycle.run import run
from foreshock.benchmarks.seismic_cycle.variants import PUBLISHED
from foreshock.training.recipe import read_recipe
from foreshock.zoo.waveform import networks
from foreshock.zoo.waveform.laurenti import PARAMETERS


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    return run(folder / "data", quick=True, out=folder)


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        assert file.readline().startswith('# {"command": "foreshock benchmark seismic-cycle --quick"')
        return list(csv.DictReader(file))


def test_all_published_networks_stand_in_the_table_with_their_parameters(tables):
    rows = [row for row in rows_of(tables.written[0]) if row["score"] == "accuracy by record"]
    found = {row["model"]: row for row in rows}
    for name in PUBLISHED:
        architecture = read_recipe(name).architecture
        known = PARAMETERS if architecture == "laurenti" else networks.window_of(architecture).parameters
        assert int(found[name]["parameters"]) == known
    assert found["framax-log-simcycle"]["published_on_norcia"] == "0.9575"
    assert "logistic on mean spectra, cause source" in found
    for row in rows:
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"])


def test_the_means_over_networks_of_one_station_are_those_of_the_pairs(tables):
    rows = {(row.trained_on, row.tested_on): row for row in tables.stations}
    stations = sorted({a for a, _ in rows} - {"all", "one"})
    assert len(stations) == 3 and len(rows) == 4 * 4 + 3
    cases = {name: int(rows[name, name].cases.split()[0]) for name in stations}
    own = sum(rows[name, name].interval.value * cases[name] for name in stations) / sum(cases.values())
    assert rows["one", "itself"].interval.value == pytest.approx(own)
    everywhere = np.mean([rows[name, "all"].interval.value for name in stations])
    assert rows["one", "all"].interval.value == pytest.approx(everywhere)
    assert [rows[key].published for key in (("one", "itself"), ("all", "all"), ("one", "all"))] == [
        0.9957,
        0.9575,
        0.5019,
    ]
    assert "published 0.5019" in tables.to_text()
    assert tables.written[2].stat().st_size > 10_000
