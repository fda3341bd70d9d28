"""The seismic-cycle benchmark: two tables, as CSV and text, and a picture of the second."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ...datasets.readers.folder_kinds import kind_of
from .picture import plot_stations
from .stations import station_rows
from .table import Row, as_text, write_csv
from .variants import variant_rows

RESULTS = Path(__file__).parents[1] / "results"


@dataclass(frozen=True)
class Tables:
    """Both tables and the files that were written."""

    variants: list[Row]
    stations: list[Row]
    written: tuple[Path, ...]

    def to_text(self) -> str:
        """Both tables, and what they mean."""
        pairs = [row for row in self.stations if row.trained_on != "one"]
        together = [row for row in self.stations if (row.trained_on, row.tested_on) == ("all", "all")]
        together += [row for row in self.stations if row.trained_on == "one"]
        return "\n".join(
            [
                "The published networks on their test records; published is the accuracy by record on Norcia 2016",
                as_text(self.variants, "score"),
                *(f"{cases}: {', '.join(names)}" for cases, names in _by_cases(self.variants).items()),
                "",
                "FRAMAX log from station to station, accuracy by record: trained on (rows), tested on (columns)",
                as_text(pairs, "tested_on"),
                "",
                *(_summary(row) for row in together),
                *(f"wrote {path}" for path in self.written),
            ]
        )


def run(
    data: Path | None = None,
    quick: bool = False,
    out: Path = Path("foreshock-benchmark"),
    results: Path | None = None,
    models: str = "*",
) -> Tables:
    """Score the published networks and the table from station to station.

    Arguments:
        data: the data folder; with files in the Norcia layout all networks are trained and scored on those.
        quick: a small simulated cycle, one epoch where a model is not in the zoo, three stations.
        out: for checkpoints and the picture.
        models: a wildcard over the recipes of the first table.
        results: of the CSV; `out` when quick or with one's own data, else the package's benchmarks/results.
    """
    real = data is not None and Path(data).is_dir() and kind_of(data) == "norcia"
    name = "seismic-cycle-norcia" if real else "seismic-cycle"
    folder = out / name
    work = folder / ("quick" if quick else "trainings")
    variants, stations = variant_rows(data, quick, work, models), station_rows(data, quick, work)
    chosen = "" if models == "*" else f' --models "{models}"'
    command = f"foreshock benchmark seismic-cycle{' --quick' if quick else ''}{' --data DIR' if real else ''}{chosen}"
    about = {
        "command": command,
        "simulated": not real,
        "split": "by event, the test a block of time in each class",
        "intervals": "95 %, bootstrap over events",
        "versions": {"python": platform.python_version(), **{n: version(n) for n in ("foreshock", "tensorflow")}},
    }
    place = results or (folder if quick or real else RESULTS)
    paths = [place / f"{name}.csv", place / f"{name}-stations.csv", folder / "stations.png"]
    write_csv(variants, about, paths[0])
    write_csv(stations, about, paths[1])
    plot_stations(stations, paths[2])
    return Tables(variants, stations, tuple(paths))


def _by_cases(rows: list[Row]) -> dict[str, list[str]]:
    """Test records -> the models that were scored on them."""
    found: dict[str, list[str]] = {}
    for row in rows:
        names = found.setdefault(row.cases, [])
        if row.model not in names:
            names.append(row.model)
    return found


def _summary(row: Row) -> str:
    value, low, high = row.interval[:3]
    published = "" if row.published is None else f", published {row.published:.4f}"
    return f"trained on {row.trained_on}, tested on {row.tested_on}: {value:.3f} [{low:.3f}, {high:.3f}]{published}"
