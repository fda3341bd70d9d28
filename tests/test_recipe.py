"""Recipes: read, changed, refused with the key's name."""

import pytest
from foreshock.datasets.errors import InputError
from foreshock.training.recipe import names, read_recipe


@pytest.mark.parametrize("name", names())
def test_every_recipe_in_the_package_is_valid_and_bears_its_files_name(name):
    # A city's recipe bears the city's name, its model the network's too.
    assert read_recipe(name).name in (name, f"convlstm-{name}")


def test_values_are_changed_by_dotted_keys():
    recipe = read_recipe("p64-simcycle", {"fit.seeds": "[5, 6]", "cause": "path"})
    assert (recipe.fit.seeds, recipe.cause) == ((5, 6), "path")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"fit.epochs": "many"}, "fit.epochs"),
        ({"cause": "weather"}, "cause"),
        ({"learning": "1"}, "learning"),
        ({"task": "astrology"}, "a task of"),
        ({"fit.batch": "0"}, "fit.batch"),
    ],
)
def test_a_bad_value_is_named(changes, told):
    with pytest.raises(InputError, match=told):
        read_recipe("p64-simcycle", changes)


def test_an_unknown_recipe_answers_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match="nearest recipes: p64-simcycle"):
        read_recipe("p46-simcycle")
    broken = tmp_path / "x.toml"
    broken.write_text("name = ")
    with pytest.raises(InputError, match="TOML"):
        read_recipe(broken)
