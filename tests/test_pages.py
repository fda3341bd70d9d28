"""MODELS.md and README say what the cards say, and README's Python runs."""

import re
from pathlib import Path

from foreshock.zoo.models_page import page, with_table
from foreshock.zoo.registry import cards

ROOT = Path(__file__).parents[1]


def test_models_page_is_made_from_the_cards():
    assert (ROOT / "MODELS.md").read_text() == page(cards())


def test_readmes_table_is_made_from_the_cards():
    readme = (ROOT / "README.md").read_text()
    assert with_table(readme, cards()) == readme


def test_readmes_python_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert "BW.RJOB" in capsys.readouterr().out
    assert {"map.png", "map.csv"} == {path.name for path in tmp_path.iterdir()}


def test_readmes_pictures_and_pages_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).is_file(), target


def test_no_page_carries_a_path_of_one_machine():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("zoo/weights/*/card.json"), *ROOT.glob("benchmarks/results/*.csv")]:
        assert not re.search(r"/(?:home|root|work|tmp|opt)/", path.read_text()), path
