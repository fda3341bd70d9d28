"""The explanation benchmark: method x model with fidelity, pointing, sanity and seconds, and the class pictures."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.errors import InputError
from ...training.scores.intervals import ratio_interval
from ...zoo import registry
from ...zoo.explain.background import FILE as BACKGROUND
from ...zoo.explain.background import read_background
from ...zoo.explain.network_graph import NetworkGraph, cut
from ...zoo.explain.waveforms import attribution, automatic, graph_of
from .cases import Cases, simulated_cases
from .checks import (
    at_random,
    before_p_mask,
    cause_mask,
    mass_inside,
    randomised_network,
    rank_correlation,
    rolled,
)
from .fidelity import deletion, inpainting_deletion, insertion

RESULTS = Path(__file__).parents[1] / "results"
MODELS = "logistic-simcycle,p64-simcycle"
EACH, EACH_QUICK = 24, 3
PICTURE_EACH, PICTURE_EACH_QUICK = 300, 24
PARTITION = "partition, inpaint_telea"
METHODS = {
    "gradient": {"method": "gradient"},
    "gradient, error below 1 %": {"method": "gradient", "tolerance": 0.01},
    PARTITION: {"method": "partition"},
    "partition, blur": {"method": "partition", "masker": "blur(9,9)"},
    "deep": {"method": "deep"},
}
LINEAR_METHODS = {
    "linear": {"method": "linear"},
    "gradient": {"method": "gradient"},
    PARTITION: {"method": "partition"},
}
TIME_LIMIT_S = 600.0


ABOUT = (
    "{each} SIMULATED records a class, each of another event of the test period; 95 % intervals from whole events. "
    "deletion, insertion: mean change of the log-odds (nats) as the first half of the bins goes to or comes from the "
    "background's mean; painted: on pixels painted over as the partition's masker does. pointing: share of |SHAP| "
    "inside the planted cause's band and window, over its share of the area (1: chance). randomised: rank correlation "
    "of |SHAP| with that of the network with random kernels (0: the map comes from the weights). agreement: rank "
    "correlation with the model's automatic method."
)
HEAD = (
    *("model", "method", "deletion", "insertion", "deletion, painted", "pointing", "before P"),
    *("randomised", "agreement", "additivity", "s a record"),
)


@dataclass(frozen=True)
class Table:
    """Rows of plain values, and what was drawn."""

    rows: tuple[dict, ...]
    about: str
    pictures: tuple[Path, ...] = ()

    def to_csv(self, path: Path) -> None:
        """Write all columns."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, list(self.rows[0]))
            writer.writeheader()
            writer.writerows(self.rows)

    def to_text(self) -> str:
        """The columns that matter, aligned, with intervals."""
        lines = [HEAD]
        for row in self.rows:
            scores = [_interval(row, name) for name in SCORES]
            error = "" if row["additivity_error"] == "" else f"{row['additivity_error']:.1%}"
            seconds = "" if row["seconds"] == "" else f"{row['seconds']:.3f}"
            lines.append((row["model"], row["method"], *scores, error, seconds))
        widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
        text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        return "\n".join([*(line.rstrip() for line in text), self.about, *(f"wrote {p}" for p in self.pictures)])


SCORES = ("deletion", "insertion", "inpainting_deletion", "pointing", "before_p", "randomised", "agreement")


def run(
    models: str = MODELS,
    quick: bool = False,
    out: Path = Path("foreshock-benchmark"),
    results: Path | None = None,
    pictures: bool = True,
    seed: int = 0,
) -> Table:
    """Explain the same unseen simulated records by every method, score the maps, write the CSV and the pictures.

    Arguments:
        models: wildcards over the zoo's models of the simulated cycle, with commas between them.
        results: folder of explain.csv; `out` when quick, else the package's benchmarks/results.
    """
    found = {card.name: card for pattern in models.split(",") for card in registry.cards(pattern)}
    cards = [card for card in found.values() if BACKGROUND in card.files and "cause" in card.hyperparameters]
    names = [card.name for card in cards if card.settings["phase"] == "P"]
    # The window of the planted cause is told from P.
    left_out = [card.name for card in cards if card.name not in names]
    if not names:
        raise InputError("a model of the simulated cycle with background records", models, "see `foreshock models`")
    rows, drawn = [], []
    for name in names:
        model = registry.load(name)
        cases = simulated_cases(model, EACH_QUICK if quick else EACH, seed)
        rows += score_model(model, cases, seed)
        if pictures:
            from .pictures import draw_classes

            each = PICTURE_EACH_QUICK if quick else PICTURE_EACH
            drawn += draw_classes(model, each, out / f"explain-{name}", seed)
    about = ABOUT.format(each=EACH_QUICK if quick else EACH)
    if left_out:
        about += f" Left out, with windows around S: {', '.join(left_out)}."
    table = Table(tuple(rows), about, tuple(drawn))
    table.to_csv((results or (out if quick else RESULTS)) / "explain.csv")
    return table


def score_model(model, cases: Cases, seed: int) -> list[dict]:
    """A row for each method, and for maps that know nothing."""
    graph = graph_of(model, 1, None)
    background = read_background(model)
    maps, seconds, errors = {}, {}, {}
    for label, options in (LINEAR_METHODS if graph.linear else METHODS).items():
        maps[label], seconds[label], errors[label] = _explained(model, graph, cases.waveform, background, seed, options)
    first = next(
        label for label, o in (LINEAR_METHODS if graph.linear else METHODS).items() if o["method"] == automatic(graph)
    )
    untrained = cut(randomised_network(model.keras, background, seed), graph.target, graph.place)
    other, _, _ = _explained(model, untrained, cases.waveform, background, seed, {"method": automatic(graph)})
    inputs, reference = graph.prepared(cases.waveform), graph.prepared(background).mean(axis=0)
    cause = _cause(graph, cases)
    controls = {"random bins": at_random(maps[first], seed), "the first map, shifted": rolled(maps[first], seed)}
    rows = []
    for label, values in {**maps, **controls}.items():
        scores = _scores(graph, cases, inputs, reference, values)
        known = label in maps
        scores["randomised"] = rank_correlation(np.abs(values), np.abs(other)) if label == first else None
        scores["agreement"] = rank_correlation(values, maps[first]) if known and label != first else None
        rows.append(
            {
                "model": model.card.name,
                "method": label,
                "records": len(cases),
                **_with_intervals(scores, cases.event),
                "cause_area": float(cause.mean()),
                "additivity_error": float(np.median(errors[label])) if known else "",
                "seconds": seconds[label] / len(cases) if known else "",
            }
        )
    return rows


def _explained(model, graph: NetworkGraph, waveform, background, seed: int, options: dict):
    """(values, seconds, additivity errors) of a method; the graph is traced before the clock starts."""
    options = {"tolerance": 0.05, **options}
    if options["method"] in ("gradient", "linear"):
        attribution(model, graph, options["method"], waveform[:1], background, seed, 1.0, 1.0)
    found, _, _ = attribution(
        model, graph, waveform=waveform, background=background, seed=seed, time_limit_s=TIME_LIMIT_S, **options
    )
    total = found.values.reshape(len(waveform), -1).sum(axis=1, dtype=np.float64)
    return found.values, found.seconds, np.abs(found.base_value + total - found.output) / found.output_range


def _scores(graph: NetworkGraph, cases: Cases, inputs, reference, values) -> dict:
    cause = _cause(graph, cases)
    inside, total = mass_inside(values, cause)
    # The first segment's centre is half a segment after the start.
    before = before_p_mask(graph.frequencies_hz, graph.times_s - cases.p_s, 2 * graph.times_s[0])
    early, _ = mass_inside(values, before)
    return {
        "deletion": deletion(graph.margins, inputs, values, reference),
        "insertion": insertion(graph.margins, inputs, values, reference),
        "inpainting_deletion": inpainting_deletion(graph.margins, inputs, values, reference),
        "pointing": inside / total / cause.mean(),
        "before_p": early / total,
    }


def _cause(graph: NetworkGraph, cases: Cases) -> np.ndarray:
    return cause_mask(graph.frequencies_hz, graph.times_s - cases.p_s, cases.band_hz, cases.after_p)


def _with_intervals(scores: dict, event: np.ndarray) -> dict:
    """Mean and 95 % interval of every score, empty where a method has none."""
    row = {}
    for name in SCORES:
        found = ("", "", "")
        if scores[name] is not None:
            interval = ratio_interval(scores[name], np.ones(len(event)), event, np.random.default_rng(0))
            found = tuple(round(float(part), 4) for part in interval[:3])
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), found, strict=True))
    return row


def _interval(row: dict, name: str) -> str:
    if row[name] == "":
        return ""
    return f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"
