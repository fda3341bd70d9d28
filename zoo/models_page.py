"""MODELS.md: the zoo as a page, made from the cards alone."""

from __future__ import annotations

from .card import Card

HEAD = """# Models

Made from the cards by `python -m foreshock.zoo.models_page > MODELS.md`; a test compares them. Scores are on test data
that was read once, with 95 % intervals, beside the best baseline on the same cases; `foreshock card NAME` tells more.

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


if __name__ == "__main__":
    from .registry import cards

    print(page(cards()), end="")
