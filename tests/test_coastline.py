"""Coastlines: cut at the box, whole over the date line, without the seams of the files."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
from foreshock.datasets.coastline import coastline, folder
from foreshock.datasets.errors import InputError


def points(*box, **how):
    return np.concatenate(coastline(*box, **how))


@pytest.mark.parametrize("resolution", ["c", "l", "i"])
def test_lines_stay_in_the_box_and_reach_its_edge(resolution):
    found = points(36.0, 39.0, -124.0, -121.0, resolution=resolution)
    assert found[:, 1].min() >= 36.0 and found[:, 1].max() <= 39.0
    assert found[:, 0].min() >= -124.0 and found[:, 0].max() <= -121.0
    # California's coast crosses 36 N near 121.5 W, and the cut ends on the edge itself.
    at_edge = found[found[:, 1] == 36.0]
    assert len(at_edge) and np.abs(at_edge[:, 0] + 121.5).min() < 0.2


def test_known_capes():
    # Shionomisaki, the southern tip of Honshu: 33.43 N 135.76 E.
    honshu = points(33.0, 34.0, 135.5, 136.0, resolution="i")
    assert honshu[:, 1].min() == pytest.approx(33.43, abs=0.03)
    # Point Reyes, California: 38.0 N 123.02 W.
    reyes = points(37.9, 38.1, -123.1, -122.9, resolution="i")
    assert reyes[:, 0].min() == pytest.approx(-123.02, abs=0.03)


def test_over_the_date_line_longitudes_go_on():
    fiji = points(-20.0, -15.0, 176.0, -178.0)
    assert fiji[:, 0].min() >= 176.0 and fiji[:, 0].max() <= 182.0
    assert (fiji[:, 0] > 180.0).any() and (fiji[:, 0] < 180.0).any()


def test_the_same_coast_from_both_sides_of_the_date_line():
    west = points(50.0, 72.0, -180.0, -140.0, resolution="c")
    both = points(50.0, 72.0, 160.0, -140.0, resolution="c")
    east_part = both[both[:, 0] > 180.0] - (360.0, 0.0)
    assert {tuple(p) for p in np.round(east_part, 4)} <= {tuple(p) for p in np.round(west, 4)}


def test_no_seam_is_drawn():
    for line in coastline(-90.0, 90.0, -180.0, 180.0, resolution="c"):
        start, stop = line[:-1], line[1:]
        along = (np.abs(start[:, 0]) == 180.0) & (start[:, 0] == stop[:, 0])
        assert not along.any()
        assert line[:, 1].min() > -90.0


def test_an_ocean_has_no_coast():
    assert coastline(-40.0, -35.0, -110.0, -105.0, resolution="c") == []


def test_a_crossing_line_is_cut_on_both_sides():
    # A narrow box across the coast of California: every piece begins and ends on the edge or at a vertex inside.
    for line in coastline(36.9, 37.0, -123.0, -121.0, resolution="i"):
        ends = line[[0, -1]]
        closed = np.allclose(ends[0], ends[1])
        on_edge = np.isclose(ends[:, 1], 36.9) | np.isclose(ends[:, 1], 37.0)
        assert closed or on_edge.any()


@pytest.mark.parametrize("box", [(10, 5, 0, 10), (-100, 5, 0, 10), (0, 5, 0, 400)])
def test_impossible_boxes_raise(box):
    with pytest.raises(InputError, match="south below north"):
        coastline(*box)


def test_unknown_resolution_raises():
    with pytest.raises(InputError, match="a resolution of"):
        coastline(0, 1, 0, 1, resolution="h")


def test_basemap_itself_is_not_imported():
    code = "import sys; from foreshock.datasets.coastline import coastline; coastline(30, 46, 128, 147); "
    code += "sys.exit(any(name.startswith('mpl_toolkits.basemap') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=pathlib.Path(__file__).parent).returncode == 0
    assert (folder() / "gshhs_l.dat").is_file()
