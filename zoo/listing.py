"""Cards for people: a row in the list of models, a table, and a page."""

from __future__ import annotations

from .card import Card, Score


def as_row(card: Card) -> dict:
    """One card as a flat row of plain values.

    >>> from .registry import cards
    >>> as_row(cards("p64-simcycle")[0])["task"]
    'seismic-cycle'
    """
    result = card.headline
    return {
        "name": card.name,
        "task": card.task,
        "version": card.version,
        "parameters": card.parameters,
        "bytes": card.bytes,
        "licence": card.licence,
        "headline": {
            "score": result.score,
            "cases": result.cases,
            **_plain(result.ours),
            "best_baseline": _plain(result.best_baseline),
        },
        "summary": card.summary,
        "simulated": card.data.simulated,
    }


def _plain(score: Score) -> dict:
    return {"model": score.model, "value": score.value, "low": score.low, "high": score.high}


def as_table(cards: list[Card]):
    """A rich table with a row a card."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in (
        ("name", "left"),
        ("task", "left"),
        ("headline score [95 %]", "left"),
        ("best baseline", "left"),
        ("data", "left"),
        ("parameters", "right"),
        ("size", "right"),
        ("licence", "left"),
    ):
        table.add_column(heading, justify=justify, no_wrap=heading in ("name", "size", "parameters"))
    for card in cards:
        result = card.headline
        table.add_row(
            card.name,
            card.task,
            f"{result.score} {result.ours}".replace("[", r"\["),
            f"{result.best_baseline.model} {result.best_baseline}".replace("[", r"\["),
            f"{card.data.name}{' (simulated)' if card.data.simulated else ''}",
            f"{card.parameters:,}",
            f"{card.bytes / 1e6:.1f} MB",
            card.licence,
        )
    return table


def as_text(card: Card) -> str:
    """The card as a page: what fails first, then the leak controls, then scores, then how it was made."""
    lines = [f"{card.name} {card.version}: {card.summary}", "", "Where it fails"]
    lines += [f"  - {text}" for text in card.fails]
    if card.audit:
        lines += ["", "Leak controls"]
        lines += [f"  {row}" for row in card.audit]
    lines += ["", "Results with 95 % intervals, on the same cases"]
    for result in card.results:
        lines.append(f"  {result.score}, {result.cases}{'' if result.higher_is_better else ' (lower is better)'}")
        lines += [f"    {score.model:28s} {score}" for score in (result.ours, *result.baselines)]
        lines += [f"    {result.ceiling.model:28s} {result.ceiling} (ceiling)"] if result.ceiling else []
    data, split = card.data, card.split
    completeness = "" if data.completeness is None else f", complete from M {data.completeness:g}"
    records = "" if data.records is None else f", {data.records} records"
    lines += [
        "",
        "Data",
        f"  {data.name} {data.version}{' (simulated)' if data.simulated else ''}: {data.source}",
        f"  {data.period}, {data.events} events{records}{completeness}; licence {data.licence}",
        f"  split {split.method}: train {split.train}; validation {split.validation}; test {split.test}",
        "",
        "Model",
        f"  {card.architecture}, {card.parameters:,} parameters, {card.bytes / 1e6:.1f} MB",
        *(f"  in   {t.name} {_shape(t.shape)} {t.unit}" for t in card.inputs),
        *(f"  out  {t.name} {_shape(t.shape)} {t.unit}" for t in card.outputs),
        *([f"  classes {', '.join(card.classes)}"] if card.classes else []),
        f"  threshold {card.threshold.value:g}, {card.threshold.chosen}",
        f"  settings {_brief(card.settings)}",
        f"  hyperparameters {_brief(card.hyperparameters)}, seeds {', '.join(map(str, card.seeds))}",
        f"  trained in {card.wall_time_s:.0f} s with {_brief(card.software)}",
        "",
        f"Made by   {card.command}",
        f"Cite      {card.cite}",
        f"Licence   {card.licence}",
    ]
    return "\n".join(lines)


def _shape(shape: tuple) -> str:
    return "x".join("n" if size is None else str(size) for size in shape)


def _brief(values: dict) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items() if not isinstance(value, dict))
