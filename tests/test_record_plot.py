"""The picture of a record: axes that say what they show, frequency upwards, one time axis, whole files."""

import subprocess
import sys

import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.record import Record
from foreshock.zoo.waveform.plot import plot_record, power_db
from scipy.signal import spectrogram

ANSWER = "p64-simcycle: before, probability 0.71 (threshold 0.5)"


def tone(frequency_hz=12.5, samples=2500, rate=100.0, **fields):
    """A tone on Z from 10 s on, weak noise elsewhere."""
    data = np.random.default_rng(0).normal(scale=0.01, size=(3, samples))
    time_s = np.arange(samples) / rate
    data[2] += (time_s >= 10.0) * np.sin(2 * np.pi * frequency_hz * time_s)
    return Record(data, rate, "2016-10-30T06:40:17", "IV", "NRCA", band="HH", **{"p_s": 10.0, "s_s": 12.0, **fields})


def mesh_of(axes):
    """Corner coordinates (time, frequency) and values of the colours on an axes."""
    (mesh,) = axes.collections
    corners = mesh.get_coordinates()
    return corners[..., 0], corners[..., 1], np.asarray(mesh.get_array())


def test_frequency_increases_upwards_and_a_tone_is_where_it_belongs():
    figure = plot_record(tone(12.5))
    axes = figure.axes[3]
    bottom, top = axes.get_ylim()
    assert (bottom, top) == (0.0, 50.0)
    time_s, frequency_hz, values = mesh_of(axes)
    assert (np.diff(frequency_hz, axis=0) > 0).all()
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert frequency_hz[row, 0] <= 12.5 <= frequency_hz[row + 1, 0]
    assert time_s[0, column + 1] > 0.0  # after P, where the tone is
    # On the canvas, too, the tone lies in the lower half: pixels count upwards in matplotlib.
    figure.canvas.draw()
    pixel = axes.transData.transform((5.0, 12.5))[1]
    low, high = axes.transData.transform([(5.0, 0.0), (5.0, 50.0)])[:, 1]
    assert low < pixel < (low + high) / 2


def test_frequencies_given_from_high_to_low_are_turned():
    record = tone(12.5)
    values, frequencies_hz, times_s = power_db(record, "Z", 64, 32)
    figure = plot_record(record, (values[0, ::-1], frequencies_hz[::-1], times_s))
    _, _, drawn = mesh_of(figure.axes[3])
    np.testing.assert_array_equal(drawn, values[0])


def test_values_are_scipys():
    record = tone()
    values, frequencies_hz, times_s = power_db(record, "EZ", 64, 50)
    expected = spectrogram(record.data[[0, 2]].astype(float), 100.0, nperseg=64, noverlap=50)
    np.testing.assert_allclose(10 ** (values / 10), expected[2], rtol=1e-9)
    np.testing.assert_array_equal(frequencies_hz, expected[0])
    np.testing.assert_array_equal(times_s, expected[1])


def test_one_time_axis_with_p_at_zero():
    figure = plot_record(tone(), components="ENZ")
    for axes in figure.axes[:6]:
        assert axes.get_xlim() == (-10.0, 15.0)
        lines = {line.get_label(): line.get_xdata()[0] for line in axes.lines if line.get_label() in ("P", "S")}
        assert lines == {"P": 0.0, "S": pytest.approx(2.0)}
    assert figure.axes[5].get_xlabel() == "time from P (s)"
    time_s, _, _ = mesh_of(figure.axes[5])
    # The first segment covers the samples 0 to 63, so that its centre is .32 s after the start.
    assert (time_s[0, 0] + time_s[0, 1]) / 2 == pytest.approx(-10.0 + 0.32)


def test_without_a_pick_time_counts_from_the_start():
    figure = plot_record(tone(p_s=None, s_s=None))
    assert figure.axes[3].get_xlabel() == "time from start (s)"
    assert figure.axes[3].get_xlim() == (0.0, 25.0)
    assert figure.axes[0].get_legend() is None


def test_labels_units_title_and_history():
    figure = plot_record(tone(history=("resampled from 200 to 100 Hz",)), answer_text=ANSWER, unit="m/s")
    assert [axes.get_ylabel() for axes in figure.axes[:4]] == ["E (m/s)", "N (m/s)", "Z (m/s)", "Z: frequency (Hz)"]
    title = figure.get_suptitle()
    assert "IV.NRCA..HH" in title and "P 2016-10-30 06:40:27.00 UTC" in title and ANSWER in title
    assert "dB re 1 m/s²/Hz" in figure.axes[4].get_ylabel()
    assert "resampled from 200 to 100 Hz" in figure.get_supxlabel()


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_files(tmp_path, suffix, magic):
    path = tmp_path / f"record.{suffix}"
    plot_record(tone(), answer_text=ANSWER, path=path)
    assert path.read_bytes().startswith(magic)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_other_suffix_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match=r"\*\.png"):
        plot_record(tone(), path=tmp_path / "record.bmp")
    assert list(tmp_path.iterdir()) == []


def test_constant_record_can_be_drawn():
    figure = plot_record(Record(np.zeros((3, 2500)), 100.0, "2020-01-01"))
    figure.canvas.draw()


@pytest.mark.parametrize("components", ["", "X", "EX"])
def test_unknown_components(components):
    with pytest.raises(InputError, match="components among ENZ"):
        plot_record(tone(), components=components)


def test_wrong_spectrogram_shape():
    values, frequencies_hz, times_s = power_db(tone(), "Z", 64, 32)
    with pytest.raises(InputError, match="values of shape"):
        plot_record(tone(), (values.transpose(0, 2, 1), frequencies_hz, times_s))
    with pytest.raises(InputError, match="at least 64 samples"):
        plot_record(tone(samples=40, p_s=None, s_s=None))


def test_neither_pyplot_nor_tensorflow_is_imported():
    code = (
        "import sys, foreshock.datasets.waveforms.stream, foreshock.datasets.waveforms.windowing\n"
        "import foreshock.datasets.waveforms.picking\n"
        "import foreshock.datasets.readers.miniseed, foreshock.zoo.waveform.plot as plot, numpy as np\n"
        "assert 'obspy' not in sys.modules and 'matplotlib' not in sys.modules, 'heavy imports at the top'\n"
        "plot.plot_record(plot.Record(np.ones((3, 200)), 100.0, '2020-01-01'))\n"
        "assert not {'tensorflow', 'keras', 'matplotlib.pyplot'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
