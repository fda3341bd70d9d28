"""The eight cities of ml-earthquake: each network beside rate, recency and ETAS on the same days, in one table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ...datasets.atomic import replacing
from ...datasets.errors import InputError
from ...training.recipe import names, read_recipe
from ...training.run import train_recipe
from ...zoo.card import Card

# Columns of the table and the scores of a card that fill them.
COLUMNS = {
    "roc_auc": "ROC AUC",
    "gain_over_rate": "information gain over the circle's rate, nats a day with an event",
    "brier": "Brier score",
    "log_loss": "log loss, nats a day",
}


@dataclass(frozen=True)
class CityTable:
    """A row a city and forecaster."""

    rows: list[dict]

    def to_csv(self, path: Path) -> None:
        """Write all rows."""
        with replacing(path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, self.rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)

    def to_text(self) -> str:
        """ROC area and information gain, with intervals."""
        lines = [
            f"{'city':10s} {'days':>5s} {'hit':>4s}  {'forecaster':16s} {'ROC AUC':24s} gain over rate, nats a hit"
        ]
        for row in self.rows:
            auc, gain = (
                f"{row[c]:.3f} [{row[f'{c}_low']:.3f}, {row[f'{c}_high']:.3f}]" for c in ("roc_auc", "gain_over_rate")
            )
            head = f"{row['city']:10s} {row['days']:5d} {row['hit_days']:4d}"
            lines.append(f"{head}  {row['forecaster']:16s} {auc:24s} {gain}")
        return "\n".join(lines)


def cities() -> list[str]:
    """The recipes of cities that come with the package."""
    return [name for name in names() if read_recipe(name).task == "city-forecast"]


def run(chosen: list[str], data: Path | None, out: Path) -> CityTable:
    """Train the cities that OUT does not hold yet, and put the scores of all cards into one table."""
    rows = []
    for city in chosen or cities():
        recipe = read_recipe(city)
        if recipe.task != "city-forecast":
            raise InputError(f"a city of {', '.join(cities())}", city, "choose from the list")
        path = out / recipe.name / "card.json"
        card = Card.read(path) if path.is_file() else None
        told = recipe.model_dump(mode="json", exclude={"name", "task", "summary", "architecture"})
        if card is None or card.hyperparameters != told:
            begun = out / f".{recipe.name}.training" / "recipe.json"
            # A training that was stopped goes on; one of another recipe does not.
            resume = begun.is_file() and begun.read_text() == recipe.model_dump_json(indent=1)
            train_recipe(recipe, out, data, resume, command=f"foreshock train {city} --data DIR")
            card = Card.read(path)
        rows += rows_of(card)
    return CityTable(rows)


def rows_of(card: Card) -> list[dict]:
    """A row for the network and for each of its baselines."""
    results = {result.score: result for result in card.results}
    first = results[COLUMNS["roc_auc"]]
    words = first.cases.split()
    days, hit = int(words[0]), int(words[2])
    rows = []
    for number, forecaster in enumerate(("network", *(b.model for b in first.baselines))):
        row = {
            "city": card.settings["id"],
            "magnitude": card.settings["magnitude"],
            "days": days,
            "hit_days": hit,
            "forecaster": forecaster,
        }
        for column, score in COLUMNS.items():
            of = (results[score].ours, *results[score].baselines)[number]
            row |= {column: of.value, f"{column}_low": of.low, f"{column}_high": of.high}
        rows.append(row)
    return rows
