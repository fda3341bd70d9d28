"""The commands under `foreshock benchmark`: experiments, their scores beside baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .cli_data import DataFolder

app = typer.Typer(help="Experiments: scores beside baselines, results as CSV.", no_args_is_help=True)


@app.command(epilog="Example: foreshock benchmark forecast --region simulated --protocol P1 --quick")
def forecast(
    region: Annotated[str, typer.Option(help="A region's name.")] = "simulated",
    protocol: Annotated[str, typer.Option(help="P1, P2-7d or P2-1d; P2 is P2-7d.")] = "P1",
    models: Annotated[str, typer.Option(help="A wildcard over baselines and the zoo's forecasters.")] = "*",
    split: Annotated[str, typer.Option(help="hard or late.")] = "hard",
    magnitude: Annotated[float | None, typer.Option(help="The smallest target; the region's own if not given.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A small part of the simulated region.")] = False,
    data: DataFolder = None,
    out: Annotated[Path, typer.Option(help="Folder for pictures.")] = Path("foreshock-benchmark"),
) -> None:
    """Every forecaster on the same cells, days and labels: one table, a CSV, pictures."""
    from .benchmarks.forecast.run import run

    print(run(region, protocol, models, data, quick, out, split, magnitude).to_text())
