"""MODELS.md and README's table of models, made from the cards alone."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from .card import Card

HEAD = """# Models

Made from the cards by `python -m foreshock.zoo.models_page MODELS.md README.md`; a test compares them. Scores are on
test data, with 95 % intervals, beside the best baseline on the same cases; README says which tests were read more than
once. `foreshock card NAME` tells more.

| name | task | data | score | ours | best baseline | ceiling | parameters | MB |
|---|---|---|---|---|---|---|---|---|
"""


def page(cards: list[Card]) -> str:
    """The whole page."""
    rows, parts = [], []
    for card in cards:
        for i, result in enumerate(card.results):
            first = i == 0
            rows.append(
                [
                    f"`{card.name}`" if first else "",
                    card.task if first else "",
                    f"{card.data.name}{', simulated' if card.data.simulated else ''}" if first else "",
                    result.score + ("" if result.higher_is_better else " (lower is better)"),
                    str(result.ours),
                    f"{result.best_baseline.model} {result.best_baseline}",
                    str(result.ceiling) if result.ceiling else "",
                    f"{card.parameters:,}" if first else "",
                    f"{card.bytes / 1e6:.1f}" if first else "",
                ]
            )
        parts.append(_section(card))
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows) + "".join(parts)


def _section(card: Card) -> str:
    lines = [f"\n## {card.name}\n", f"{card.summary}. Made by `{card.command}` in {card.wall_time_s:.0f} s.\n"]
    lines.append("Where it fails:\n")
    lines += [f"- {text}" for text in card.fails]
    if card.audit:
        lines.append("\nLeak controls:\n")
        lines += [f"- {row}" for row in card.audit]
    return "\n".join(lines) + "\n"


def readme_table(cards: list[Card]) -> str:
    """The headline of every model as a short Markdown table; baselines are named below it."""
    baselines = [card for card in cards if "baseline: " in card.summary]
    rows = ["| name | what it does | headline score [95 %] | best baseline |", "|---|---|---|---|"]
    for card in cards:
        if card in baselines:
            continue
        result = card.headline
        best = result.best_baseline
        rows.append(f"| `{card.name}` | {card.summary} | {result.score}: {result.ours} | {best.model} {best} |")
    return "\n".join([*rows, "", f"Baselines: {', '.join(f'`{card.name}`' for card in baselines)}."])


def with_table(readme: str, cards: list[Card]) -> str:
    """README's text with the table between its two marks made anew."""
    block = f"<!-- models -->\n{readme_table(cards)}\n<!-- /models -->"
    return re.sub(r"<!-- models -->\n.*?<!-- /models -->", lambda _: block, readme, flags=re.DOTALL)


if __name__ == "__main__":
    from .registry import cards

    models, readme = (Path(name) for name in sys.argv[1:3])
    models.write_text(page(cards()))
    readme.write_text(with_table(readme.read_text(), cards()))
