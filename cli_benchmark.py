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


@app.command(epilog="Example: foreshock benchmark cities tokyo sendai --data ../shared/data --out foreshock-models")
def cities(
    names: Annotated[list[str] | None, typer.Argument(help="Of the eight; all if none is named.")] = None,
    data: DataFolder = None,
    out: Annotated[Path, typer.Option(help="Trained models; one that lies there is not trained again.")] = Path(
        "foreshock-models"
    ),
    table: Annotated[Path | None, typer.Option("--csv", help="Write the table here.")] = None,
) -> None:
    """ml-earthquake's cities: each network beside the circle's rate, its recency and ETAS, on the same days."""
    from .benchmarks.forecast.cities import run

    found = run(names or [], data, out)
    if table is not None:
        found.to_csv(table)
    print(found.to_text())


@app.command(epilog="Example: foreshock benchmark response etas-japan --plot response.png")
def response(
    names: Annotated[list[str] | None, typer.Argument(help="Forecasters; all that change by the day if none.")] = None,
    magnitude: Annotated[float, typer.Option(help="Of the planted earthquake.")] = 6.0,
    plot: Annotated[Path | None, typer.Option(help="Write the picture here (png, pdf or svg).")] = None,
    table: Annotated[Path | None, typer.Option("--csv", help="Write all ratios here.")] = None,
    seed: Annotated[int, typer.Option(help="Of the quiet years.")] = 1,
) -> None:
    """What a forecaster answers to: one planted earthquake, by distance and time, beside ETAS."""
    from .benchmarks.forecast.response import run, to_text, write_csv
    from .benchmarks.forecast.response_picture import plot_responses

    found, left_out = run(names or [], magnitude, seed)
    if table is not None:
        write_csv(found, table)
    if plot is not None:
        plot_responses(found, magnitude, plot)
    print("\n".join([to_text(found), *(f"left out {name}: {why}" for name, why in left_out.items())]))


@app.command(epilog="Example: foreshock benchmark residual --region norcal --protocol P1 --data ../shared/data")
def residual(
    region: Annotated[str, typer.Option(help="norcal, socal or japan.")] = "norcal",
    protocol: Annotated[str, typer.Option(help="P1, P2-7d or P2-1d; P2 is P2-7d.")] = "P1",
    split: Annotated[str, typer.Option(help="hard or late.")] = "hard",
    data: DataFolder = None,
) -> None:
    """The network on ETAS of residual-etas-REGION under another protocol or split, beside ETAS: a table, a CSV."""
    from .benchmarks.forecast.residual_run import run

    print(run(region, protocol, split, data).to_text())


@app.command(epilog="Example: foreshock benchmark residual-ideas --data ../shared/data --csv ideas.csv")
def residual_ideas(
    data: DataFolder = None,
    table: Annotated[Path | None, typer.Option("--csv", help="Write the table here.")] = None,
) -> None:
    """What each idea for a network on ETAS gives in the validation period, over calibrated ETAS."""
    from .benchmarks.forecast.residual_ideas import run, to_text, write_csv

    rows = run(data)
    if table is not None:
        write_csv(rows, table)
    print(to_text(rows))


@app.command(epilog="Example: foreshock benchmark explain --quick")
def explain(
    models: Annotated[
        str, typer.Option(help="Wildcards over the models of the simulated cycle.")
    ] = "logistic-simcycle,p64-simcycle",
    quick: Annotated[bool, typer.Option("--quick", help="Few records; the CSV goes to --out.")] = False,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for pictures.")] = Path("foreshock-benchmark"),
) -> None:
    """SHAP maps put to the test: fidelity, pointing at a planted cause, shuffled weights, agreement, seconds."""
    from .benchmarks.explain.run import run

    print(run(models, quick, out, seed=seed).to_text())


@app.command(epilog="Example: foreshock benchmark kail --region norcal --data ../shared/data")
def kail(
    region: Annotated[str, typer.Option(help="A region's name.")] = "simulated",
    quick: Annotated[bool, typer.Option("--quick", help="A small part of the simulated region.")] = False,
    unet: Annotated[bool, typer.Option("--unet", help="Train the U-Net too, which is not in the zoo.")] = False,
    tables: Annotated[str, typer.Option(help="Which of the three.")] = "I,II,III",
    networks: Annotated[str, typer.Option(help="A wildcard over the networks.")] = "*",
    data: DataFolder = None,
    out: Annotated[Path, typer.Option(help="Networks trained here are kept in it.")] = Path("foreshock-benchmark"),
) -> None:
    """The tables of Kail et al. 2020 without their leaks: weights, methods, errors; ours beside the published."""
    from .benchmarks.kail.run import run

    print(run(region, data, quick, out, None, unet, tuple(tables.split(",")), networks).to_text())


@app.command(epilog="Example: foreshock benchmark discriminate --quick")
def discriminate(
    quick: Annotated[bool, typer.Option("--quick", help="Few events and epochs; the CSV goes to --out.")] = False,
    data: DataFolder = None,
    targets: Annotated[str, typer.Option(help="Simulated regions to transfer to; '' for real records only.")] = "CAB",
    out: Annotated[Path, typer.Option(help="Trainings and pictures; what is there is not trained again.")] = Path(
        "foreshock-benchmark"
    ),
) -> None:
    """Earthquake or blast: transfer between simulated regions and to real records, beside a forest on P/S ratios."""
    from .benchmarks.discriminate.run import run

    print(run(data, quick, out, targets=targets).to_text())


@app.command(epilog="Example: foreshock benchmark magnitude --quick")
def magnitude(
    quick: Annotated[bool, typer.Option("--quick", help="Few events; the CSV goes to --out.")] = False,
    data: DataFolder = None,
    out: Annotated[Path, typer.Option(help="Folder for pictures.")] = Path("foreshock-benchmark"),
) -> None:
    """Magnitude from one record: forest, boosting and a small network, split by event, with intervals."""
    from .benchmarks.magnitude.run import run

    print(run(data, quick, out).to_text())


@app.command("seismic-cycle", epilog="Example: foreshock benchmark seismic-cycle --quick")
def seismic_cycle(
    models: Annotated[str, typer.Option(help="A wildcard over the recipes of the first table.")] = "*",
    quick: Annotated[bool, typer.Option("--quick", help="A small cycle and short trainings.")] = False,
    data: DataFolder = None,
    out: Annotated[Path, typer.Option(help="Folder for trainings and the picture.")] = Path("foreshock-benchmark"),
) -> None:
    """The published networks on the same records, and from station to station: two tables, CSV, a picture."""
    from .benchmarks.seismic_cycle.run import run

    print(run(data, quick, out, models=models).to_text())
