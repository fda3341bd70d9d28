"""Pictures of explanations can be read one way only: frequency upwards, P at zero, colours symmetric about zero."""

import json

import foreshock
import numpy as np
import pytest
from foreshock.benchmarks.explain import pictures
from foreshock.benchmarks.explain.cases import Cases
from foreshock.datasets.errors import InputError
from foreshock.datasets.grid import Grid
from foreshock.datasets.record import Record
from foreshock.zoo.explain.explanation import Axis, Explanation
from matplotlib.collections import QuadMesh
from typer.testing import CliRunner

FREQUENCY, TIME = np.fft.rfftfreq(64, 0.01), np.arange(77) * 0.32 + 0.32 - 5.0


def meshes(axes):
    return [child for child in axes.get_children() if isinstance(child, QuadMesh)]


def explanation_of(values, s_s=9.0):
    rng = np.random.default_rng(0)
    record = Record(rng.normal(size=(3, 2500)) * 100, 100.0, "2016-10-30", "SY", "SC01", p_s=5.0, s_s=s_s)
    axes = (
        Axis("frequency", "Hz", FREQUENCY),
        Axis("time from P", "s", TIME),
        Axis("component", "", np.array(list("ENZ"))),
    )
    details = {"classes": ["foreshock", "aftershock"], "target": "aftershock", "nperseg": 64, "noverlap": 32}
    output = np.full(1, values.sum())
    return Explanation(
        *("m", "log-odds of aftershock", "nats", "gradient", 0, 64, values, np.zeros(1), output, 5.0, axes, 0.1),
        records=(record,),
        details=details,
    )


def test_high_frequencies_are_up_and_late_times_right(tmp_path):
    values = np.zeros((1, 33, 77, 3), np.float32)
    high, late = 29, 25  # 45.3 Hz, 3.3 s after P
    values[0, high, late, 2] = 2.0
    figure = explanation_of(values).plot(tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 20_000
    panels = [axes for axes in figure.axes if meshes(axes) and axes.get_xlim()[0] == -5.0]
    assert len(panels) == 6  # three spectrograms over three maps
    for axes in panels:
        up = axes.transData.transform([(0, 5.0), (0, 45.0)])[:, 1]
        assert up[1] > up[0], "frequency must point upwards"
        assert axes.get_ylim() == (0.0, 50.0)
        assert any(line.get_xdata()[0] == 0.0 and line.get_label() == "P" for line in axes.lines)
        assert any(line.get_xdata()[0] == 4.0 and line.get_label() == "S" for line in axes.lines)
    (mesh,) = meshes(panels[-1])
    row, column = np.unravel_index(mesh.get_array().argmax(), (33, 77))
    corner = mesh.get_coordinates()[row : row + 2, column : column + 2].reshape(-1, 2)
    assert corner[:, 1].min() < FREQUENCY[high] < corner[:, 1].max()
    assert corner[:, 0].min() < TIME[late] < corner[:, 0].max()
    assert mesh.norm.vmin == -mesh.norm.vmax
    labels = " ".join(axes.get_ylabel() for axes in figure.axes)
    assert "frequency (Hz)" in labels and "+ aftershock, − foreshock" in labels
    assert "additivity error" in figure._supxlabel.get_text()
    assert all("time from P (s)" in axes.get_xlabel() for axes in panels[3:])


def test_a_bad_wish_is_one_line():
    explanation = explanation_of(np.zeros((1, 33, 77, 3)))
    with pytest.raises(InputError, match="leave kind out"):
        explanation.plot(kind="waterfall")
    with pytest.raises(InputError, match="a case from 0 to 0"):
        explanation.plot(case=3)


def test_an_error_above_the_tolerance_is_drawn_and_printed():
    values = np.full((1, 33, 77, 3), 1e-4)
    explanation = explanation_of(values)
    wrong = Explanation(**{**vars(explanation), "output": explanation.output + 1.0})
    assert not wrong.converged and wrong.additivity_error[0] == pytest.approx(0.2)
    assert "MORE THAN 5%" in wrong.to_text()
    assert "MORE THAN 5%" in wrong.plot()._supxlabel.get_text().replace("\n", " ")


def test_the_map_shows_the_cell_and_what_raised_it():
    grid = Grid.local(35, 138, rows=6, columns=5)
    edges = np.array([0, 2, 3, 6]), np.array([0, 1, 2, 5])
    values, events = np.zeros((1, 3, 3, 2)), np.zeros((1, 3, 3, 2))
    values[0, 2, 0, 0], values[0, 0, 2, 1], events[0, 2, 0], events[0, 0, 2] = 1.5, -0.5, 3, 2
    latitude, longitude = (v[2, 1] for v in grid.centres())
    from foreshock.datasets.catalog import Catalog

    details = {
        "grid": grid,
        "cell": [latitude, longitude],
        "row_column": [2, 1],
        "row_edges": edges[0],
        "column_edges": edges[1],
        "recent": Catalog(["2011-03-11"], [35.2], [138.2], [10], [6.0]),
        "day": "2011-03-12",
        "probability": 0.2,
        "counted": "events",
        "standard_error": np.full((3, 3, 2), 1e-3),
    }
    axes = (
        Axis("latitude", "degrees", np.arange(3.0)),
        Axis("longitude", "degrees", np.arange(3.0)),
        Axis("days before", "", np.array(["last day", "older"])),
    )
    explanation = Explanation(
        *("m", "log rate", "nats", "permutation", 0, 9, values, np.full(1, -3.0), np.full(1, -2.0), 2.0, axes, 0.1),
        inputs=events,
        details=details,
    )
    figure = explanation.plot()
    whole = figure.axes[0]
    assert whole.get_xlabel() == "longitude (degrees east)" and whole.get_ylabel() == "latitude (degrees)"
    (mesh,) = meshes(whole)
    assert mesh.norm.vmin == -mesh.norm.vmax == -1.5
    shown = np.ma.masked_invalid(mesh.get_array().reshape(3, 3))
    assert shown[2, 0] == 1.5 and shown[0, 2] == -0.5 and shown.mask.sum() == 7
    corner = mesh.get_coordinates()[2:4, 0:2].reshape(-1, 2)
    assert corner[:, 1].min() == pytest.approx(grid.points(3, 0)[0])  # the tile is north of the middle rows
    star = next(c for c in whole.collections if "cell that is explained" in str(c.get_label()))
    np.testing.assert_allclose(star.get_offsets()[0], [longitude, latitude])
    assert [bar.get_width() for bar in figure.axes[2].patches] == [1.5, -0.5]


@pytest.fixture(scope="module")
def many():
    """Foreshocks whose low frequencies and aftershocks whose high ones speak, thirty events each."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1e-3, (60, 33, 77, 3))
    values[:30, 4, 30], values[30:, 28, 30] = -0.5, 0.5
    label = np.repeat([0, 1], 30)
    days = np.where(label, 1, -1) * rng.uniform(1, 200, 60)
    event = np.array([f"e{i}" for i in range(60)])
    cases = Cases(np.zeros((60, 2500, 3)), label, event, rng.uniform(2, 6, 60), days, 5.0, (3.0, 40.0), True)
    return values, cases, (FREQUENCY, TIME), ("foreshock", "aftershock"), "note"


def test_class_pictures_keep_the_axes_and_hide_what_is_noise(many):
    figure = pictures.plot_class_means(*many)
    panels = [axes for axes in figure.axes if meshes(axes) and axes.get_xlabel() != ""] + [
        axes for axes in figure.axes if axes.get_ylabel().endswith("frequency (Hz)")
    ]
    assert panels and all(axes.get_ylim() == (0.0, 50.0) for axes in panels)
    fore, after = (meshes(axes)[0].get_array().reshape(33, 77) for axes in (figure.axes[0], figure.axes[3]))
    assert fore[4, 30] == pytest.approx(-0.5, abs=0.01) and after[28, 30] == pytest.approx(0.5, abs=0.01)
    assert (fore == 0).mean() > 0.9  # noise is white
    difference = meshes(pictures.plot_difference(*many).axes[0])[0].get_array().reshape(33, 77)
    assert difference[4, 30] == pytest.approx(0.5, abs=0.01) and difference[28, 30] == pytest.approx(0.5, abs=0.01)
    by_frequency = pictures.plot_profiles(*many).axes[0]
    fore, after = (line.get_ydata() for line in by_frequency.lines[:2])
    assert fore.argmin() == 4 and after.argmax() == 28
    cycle = pictures.plot_cycle(*many)
    assert cycle.axes[0].get_ylim() == (0.0, 50.0) and "weeks from the mainshock" in cycle.axes[2].get_xlabel()


def test_the_command_prints_draws_and_speaks_json(tmp_path):
    import obspy
    from foreshock.cli import app

    stream = obspy.read()
    stream.write(str(tmp_path / "event.mseed"), format="MSEED")
    runner = CliRunner()
    path = tmp_path / "why.png"
    done = runner.invoke(app, ["explain", "logistic-simcycle", str(tmp_path / "event.mseed"), "--plot", str(path)])
    assert done.exit_code == 0, done.output
    assert "method linear" in done.stdout and path.stat().st_size > 20_000
    done = runner.invoke(app, ["explain", "logistic-simcycle", str(tmp_path / "event.mseed"), "--json"])
    answer = json.loads(done.stdout)
    assert answer["additivity_error"][0] < 1e-3 and answer["axes"][0]["unit"] == "Hz"
    from foreshock.zoo.explain.answer import explain_files

    model, forecaster = foreshock.load("logistic-simcycle"), foreshock.load("smoothed-sim")
    for call, match in (
        (lambda: explain_files(model, [], cell="1,2"), "--cell"),
        (lambda: explain_files(forecaster, [], target="aftershock"), "--target"),
        (lambda: explain_files(forecaster, [tmp_path / "event.mseed"], cell="here"), "event.mseed|two numbers"),
    ):
        with pytest.raises(InputError, match=match):
            call()
