"""Regions, periods and data sets of one's own."""

import json
import pathlib

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.home import data_home
from foreshock.datasets.period import Period, Split
from foreshock.datasets.prepare import grid_from_box, prepare_catalog
from foreshock.datasets.raster import sparse_days
from foreshock.datasets.regions import Region
from foreshock.datasets.windows import Windows, WindowSettings

PACKAGED = ("japan", "norcal", "simulated", "socal", "world")
SHARED = pathlib.Path(__file__).parents[1].parent / "shared" / "data"


# The table of the benchmark: origin, box in km, cells, M0, Mc.
@pytest.mark.parametrize(
    ("name", "origin", "box", "shape", "m0", "mc"),
    [
        ("japan", (27, 127), (0, 2000, 0, 2500), (250, 200), 4.5, (5.0, 4.5)),
        ("norcal", (35, -121), (-360, 360, 0, 780), (78, 72), 2.5, (3.5, 3.0)),
        ("socal", (32, -118), (-380, 380, 0, 560), (56, 76), 2.5, (3.5, 3.0)),
        ("simulated", (38, -150), (-160, 160, 0, 320), (32, 32), 2.5, (3.5, 3.0)),
    ],
)
def test_regions_have_the_published_cells(name, origin, box, shape, m0, mc):
    region = Region.named(name)
    grid = region.grid
    assert (grid.projection.latitude0, grid.projection.longitude0) == origin
    assert (grid.x0, grid.x0 + grid.columns * grid.cell_x, grid.y0, grid.y0 + grid.rows * grid.cell_y) == box
    assert grid.shape == shape and grid.timezone == "UTC" and region.padding_km == 100
    assert (region.m0, region.mc) == (m0, mc)


@pytest.mark.parametrize(
    ("name", "split", "train", "validation", "test"),
    [
        ("japan", "hard", "1990-01-01 2007-12-31", "2008-01-01 2010-12-31", "2011-01-01 2013-12-31"),
        ("japan", "late", "1990-01-01 2012-12-31", "2013-01-01 2014-03-31", "2014-04-01 2016-12-31"),
        ("norcal", "hard", "1984-01-01 1999-12-31", "2000-01-01 2002-12-31", "2003-01-01 2005-12-31"),
        ("norcal", "late", "1984-01-01 2013-12-31", "2014-01-01 2016-12-31", "2017-01-01 2019-12-31"),
        ("socal", "hard", "1993-01-01 2006-12-31", "2007-01-01 2009-12-31", "2010-01-01 2012-12-31"),
        ("socal", "late", "1993-01-01 2013-12-31", "2014-01-01 2016-12-31", "2017-01-01 2018-12-31"),
    ],
)
def test_splits_have_the_published_days(name, split, train, validation, test):
    for period, days in zip(vars(Region.named(name).split(split)).values(), (train, validation, test), strict=True):
        assert f"{period.first} {period.last}" == days


@pytest.mark.parametrize("name", PACKAGED)
def test_region_files_read_back(name, tmp_path):
    region = Region.named(name)
    (tmp_path / "region.toml").write_text(region.to_toml())
    assert Region.from_toml(tmp_path / "region.toml") == region


def test_unknown_names_get_the_nearest(tmp_path):
    assert Region.names(tmp_path) == list(PACKAGED)
    with pytest.raises(InputError, match="received 'japon'; try japan"):
        Region.named("japon", tmp_path)
    with pytest.raises(InputError, match="hard, late"):
        Region.named("japan").split("easy")
    with pytest.raises(InputError):
        Region.named("../japan", tmp_path)


def test_selection_is_by_kind_magnitude_and_padded_box():
    region = Region.named("socal")
    plane = region.grid.projection
    # 99 and 101 km west of the box, 99 and 101 km south of it, the same north; then too small, then a blast.
    x = [-479, -481, 0, 0, 0, 0, 0, 0]
    y = [100, 100, -99, -101, 659, 661, 100, 100]
    latitude, longitude = plane.inverse(x, y)
    magnitude = [2.5] * 6 + [2.49, 3.0]
    kind = ["earthquake"] * 7 + ["quarry blast"]
    times = np.arange("2000-01-01", "2000-01-09", dtype="datetime64[D]").astype("datetime64[us]")
    catalog = Catalog(times, latitude, longitude, [5] * 8, magnitude, kind, [str(i) for i in range(8)])
    assert region.select(catalog).event_id.tolist() == ["0", "2", "4"]
    with pytest.raises(InputError, match="none among 1"):
        region.select(catalog[1:2])


def test_period_and_split_refuse_what_overlaps():
    assert Period("2000-01-01", "2000-12-31").days == 366
    with pytest.raises(InputError, match="at least one day"):
        Period("2000-01-02", "2000-01-01")
    with pytest.raises(InputError, match="'soon'"):
        Period("soon", "2000-01-01")
    with pytest.raises(InputError, match="before validation begins"):
        Split(("2000-01-01", "2001-01-01"), ("2001-01-01", "2001-02-01"), ("2001-03-01", "2001-04-01"))
    with pytest.raises(InputError, match="before test begins"):
        Split(("2000-01-01", "2000-12-31"), ("2001-01-01", "2001-04-01"), ("2001-03-01", "2001-05-01"))


def test_issue_days_keep_history_and_horizon_within_the_period():
    period = Period("2001-01-01", "2001-01-31")
    days = period.issue_days(horizon=(0, 7), every=1, history_days=15)
    # 15 days of history end before 16 January, and 25 January + 7 days ends with the 31st.
    assert (str(days[0]), str(days[-1])) == ("2001-01-16", "2001-01-25")
    with pytest.raises(InputError, match="horizon of 50"):
        period.issue_days(horizon=(10, 50))


@pytest.mark.parametrize("gap", [0, 10, 50])
def test_gap_leaves_the_test_alone(gap):
    split = Region.named("japan").split("hard")
    wider = split.with_gap(gap)
    assert wider.test == split.test and wider.gap_days == gap
    assert (wider.validation.first - wider.train.last).astype(int) == gap + 1
    assert wider.with_gap(gap) == wider


def test_the_simulated_region_needs_no_file():
    region = Region.named("simulated")
    catalog = region.catalog()
    first, last = region.period()
    assert len(catalog) > 10_000 and catalog == region.catalog()
    assert catalog.time[0] >= first and catalog.time[-1] < last + np.timedelta64(1, "D")
    with pytest.raises(InputError, match="simulator"):
        Region.named("japan").simulated()


def test_missing_catalogues_say_where_they_were_sought(tmp_path):
    with pytest.raises(InputError, match=r"japan_comcat\.csv; run foreshock data download --region japan"):
        Region.named("japan").catalog(tmp_path)


def test_data_home_is_argument_then_variable_then_platform(monkeypatch, tmp_path):
    monkeypatch.setenv("FORESHOCK_DATA", str(tmp_path))
    assert data_home() == tmp_path and data_home("a") == pathlib.Path("a")
    monkeypatch.delenv("FORESHOCK_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert data_home() == tmp_path / "foreshock"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert data_home() == tmp_path / "local" / "foreshock" / "data"


@pytest.fixture(scope="module")
def own_csv(tmp_path_factory):
    """Two years of a Gutenberg-Richter catalogue, complete from M 2, half a degree wider than the box."""
    rng = np.random.default_rng(7)
    path = tmp_path_factory.mktemp("csv") / "mine.csv"
    times = np.datetime64("2018-01-01", "s") + np.sort(rng.integers(0, 730 * 86400, 6000))
    lines = ["time,latitude,longitude,depth,mag,type"]
    for time, latitude, longitude, magnitude in zip(
        times, rng.uniform(41.5, 44, 6000), rng.uniform(12, 14.5, 6000), rng.exponential(0.434, 6000), strict=True
    ):
        lines.append(f"{time}Z,{latitude:.4f},{longitude:.4f},8.0,{1.95 + magnitude:.1f},earthquake")
    lines.insert(5, "yesterday,42,13,8,3,earthquake")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_own_region_in_one_command(own_csv, tmp_path):
    prepared = prepare_catalog(own_csv, "42,43.5,12.5,14", "mine", cell_km=5, data=tmp_path)
    region = Region.named("mine", tmp_path)
    assert region == prepared.region and "mine" in Region.names(tmp_path)
    assert region.grid.shape == (34, 25)
    manifest = json.loads((tmp_path / "mine" / "manifest.json").read_text())
    assert manifest == prepared.manifest
    assert manifest["events_read"] == 6000 and list(manifest["rows_rejected"].values()) == [1]
    # The list is cut at 2.0, its most frequent magnitude, and follows the law from there.
    assert manifest["completeness"]["maximum_curvature"] == region.m0 == 2.0
    assert region.mc == (3.0, 2.5, 2.0)
    catalog = region.catalog(tmp_path)
    assert len(catalog) == manifest["events_of_m0"] and catalog.magnitude.min() == 2.0
    # A recipe's windows over each part, without another word about the region.
    maps = sparse_days(catalog, region.grid, *region.period())
    for period in vars(region.split("hard")).values():
        days = period.issue_days((0, 7), every=7, history_days=10)
        x, y = Windows(maps, WindowSettings(10, (0, 7), region.mc[0]), days).batch(np.arange(len(days)))
        assert x.any() and y.any()


def test_box_grids_hold_their_box():
    for box in ("42,43.5,12.5,14", "-5,5,170,-170", "-44,-40,170,176", "60,70,350,10"):
        south, north, west, east = map(float, box.split(","))
        grid = grid_from_box(box, 20)
        width = (east - west) % 360
        latitude = np.linspace(south, north - 1e-6, 20)[:, None]
        longitude = west + np.linspace(1e-6, width - 1e-6, 20)
        assert grid.cells(*np.broadcast_arrays(latitude, longitude))[2].all(), box
    for bad in ("1,2,3", "north", "43,42,12,14", "0,1,5,5", "0,95,0,10"):
        with pytest.raises(InputError):
            grid_from_box(bad)


def test_prepare_keeps_a_known_region(tmp_path):
    region = Region.named("simulated")
    prepared = prepare_catalog(region.catalog(), "simulated", "copy", data=tmp_path)
    again = Region.named("copy", tmp_path)
    assert again.grid == region.grid and again.splits == region.splits and prepared.region == again
    assert again.catalog(tmp_path).magnitude.tolist() == region.catalog().magnitude.tolist()


def test_prepare_refuses(own_csv, tmp_path):
    prepare_catalog(own_csv, "42,43.5,12.5,14", "mine", data=tmp_path)
    before = (tmp_path / "mine" / "manifest.json").read_bytes()
    for arguments, message in (
        (("42,43.5,12.5,14", "mine"), "overwrite"),
        (("42,43.5,12.5,14", "japan"), "a name other than japan"),
        (("42,43.5,12.5,14", "../mine"), "lower-case"),
        (("10,11,12,13", "empty"), "none among 6000"),
        (("japan", "japan"), "none among 6000"),
    ):
        with pytest.raises(InputError, match=message):
            prepare_catalog(own_csv, *arguments, data=tmp_path)
    with pytest.raises(InputError, match="at least 30 days"):
        prepare_catalog(own_csv, "42,43.5,12.5,14", "short", data=tmp_path, period=("2018-01-01", "2018-01-10"))
    with pytest.raises(InputError, match="none from 2010"):
        prepare_catalog(own_csv, "42,43.5,12.5,14", "early", data=tmp_path, period=("2010-01-01", "2018-06-01"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine"]
    prepare_catalog(own_csv, "42,43.5,12.5,14", "mine", data=tmp_path, overwrite=True)
    assert (tmp_path / "mine" / "manifest.json").read_bytes() == before


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data folder ../shared/data")
@pytest.mark.parametrize("name", ["japan", "norcal", "socal", "world"])
def test_real_catalogues_fill_every_period(name):
    region = Region.named(name)
    catalog = region.catalog(SHARED)
    for _, split in region.splits:
        for period in vars(split).values():
            assert len(sparse_days(catalog, region.grid, period.first, period.last).row) > 100
