"""Cards are checked when read, and an edit by hand is noticed."""

import json
import shutil

import pytest
from foreshock.datasets.errors import InputError
from foreshock.zoo import registry
from foreshock.zoo.card import Card, Result, Score
from foreshock.zoo.listing import as_text

NAME = "smoothed-sim"


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of a small model in a zoo of its own."""
    shutil.copytree(registry.folder_of(NAME), tmp_path / NAME)
    monkeypatch.setenv("FORESHOCK_ZOO", str(tmp_path))
    return tmp_path / NAME


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_write_and_read_give_the_same_card(copy):
    card = Card.read(copy / "card.json")
    card.write(copy / "again.json")
    assert Card.read(copy / "again.json") == card


def test_a_better_number_written_by_hand_is_noticed(copy):
    edit(copy / "card.json", lambda c: c.update(summary="the best model ever"))
    with pytest.raises(InputError, match="seal does not fit"):
        registry.load(NAME)


def test_a_field_of_the_wrong_kind_is_named(copy):
    edit(copy / "card.json", lambda c: c.update(parameters="many"))
    with pytest.raises(InputError, match=r"parameters.*received many"):
        registry.load(NAME)


def test_a_card_that_is_no_json_says_which_file(copy):
    (copy / "card.json").write_text("{")
    with pytest.raises(InputError, match=r"JSON.*card\.json"):
        registry.load(NAME)


def test_an_interval_must_hold_its_value():
    with pytest.raises(ValueError, match="does not hold"):
        Score(model="x", value=0.9, low=0.1, high=0.2)


def test_the_baseline_to_beat_is_the_best_one_on_either_kind_of_score():
    low, high = (Score(model=m, value=v, low=v, high=v) for m, v in (("low", 0.1), ("high", 0.9)))
    result = Result(score="s", cases="c", ours=low, baselines=(low, high))
    assert result.best_baseline.model == "high"
    assert result.model_copy(update={"higher_is_better": False}).best_baseline.model == "low"


@pytest.mark.parametrize("name", registry.models())
def test_the_page_of_a_card_leads_with_what_fails(name):
    card = Card.read(registry.folder_of(name) / "card.json")
    text = as_text(card)
    assert text.index("Where it fails") < text.index("Results with 95 %")
    assert all(baseline.model in text for result in card.results for baseline in result.baselines)
    if card.data.simulated:
        assert "SIMULATED" in card.summary
