"""The programs in export/README.md do what they say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import foreshock
import pytest
from foreshock.export import FORMATS
from foreshock.zoo.golden import read_golden

README = Path(__file__).parents[1] / "export" / "README.md"


def program(language):
    (text,) = re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)
    return text


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the export and one record, and the line that a program should print."""
    folder = tmp_path_factory.mktemp("bare")
    model = foreshock.load("p64-simcycle")
    FORMATS["onnx"](model, folder / "served")
    inputs, outputs = read_golden(model.file("golden.npz"))
    inputs["waveform"][0].astype("<f4").tofile(folder / "waveform.f32")
    probability = float(outputs["probability"][0, 1])
    label = model.card.classes[int(probability >= model.card.threshold.value)]
    return folder, label, probability


def check(output, label, probability):
    word, number = output.split()
    assert word == label
    assert float(number) == pytest.approx(probability, abs=2e-4)


def test_the_python_program(place):
    folder, label, probability = place
    code = program("python")
    assert "foreshock" not in code
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    check(done.stdout, label, probability)


def test_the_javascript_program(place):
    folder, label, probability = place
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    probe = subprocess.run([node, "-e", "require.resolve('onnxruntime-node')"], cwd=folder, capture_output=True)
    if probe.returncode:
        pytest.skip("needs onnxruntime-node: npm install onnxruntime-node, and NODE_PATH at its node_modules")
    (folder / "classify.js").write_text(program("javascript"))
    done = subprocess.run([node, "classify.js"], cwd=folder, capture_output=True, text=True, check=True, env=os.environ)
    check(done.stdout, label, probability)


def test_every_command_of_the_page_is_one_of_ours(place):
    """Names and options in the indented commands exist."""
    from foreshock.cli import app
    from typer.main import get_command

    commands = get_command(app).commands
    found = re.findall(r"^    foreshock (\w+) (.*?)(?:\s{2,}#.*)?$", README.read_text(), re.MULTILINE)
    assert len(found) >= 6
    for name, rest in found:
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= known
        for model in re.findall(r"\b[a-z0-9]+-[a-z0-9-]+\b", re.sub(r"--\S+( \S+)?", "", rest)):
            assert model in foreshock.models(), model
