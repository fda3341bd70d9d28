"""The command `foreshock`: parses, calls one function, prints."""

from __future__ import annotations

import logging
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from . import __version__, cli_benchmark, cli_data
from .cli_data import AsJson, print_json

app = typer.Typer(
    name="foreshock",
    help="A model zoo for earthquake science: load a pretrained model by name, check its number, export it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

SERIES_EXAMPLE = (
    "Example: foreshock forecast-series smoothed-sim sim.csv --region simulated --from 2018-01-01 --to 2018-12-31 "
    "--protocol P2-7d --out rates.npz"
)
Name = Annotated[str, typer.Argument(help="A model's name; `foreshock models` lists them.", show_default=False)]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"foreshock {__version__}")
        raise typer.Exit


@app.callback()
def foreshock(
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback with an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A model zoo for earthquake science: load a pretrained model by name, check its number, export it."""
    # `main` reads --debug again when an error reaches it.


@app.command(epilog="Example: foreshock demo --out foreshock-demo")
def demo(
    out: Annotated[Path, typer.Option(help="Folder for pictures and tables.")] = Path("foreshock-demo"),
) -> None:
    """Both lanes in one go, offline: a seismogram classified and a catalogue turned into a forecast."""
    from .demo import run_demo

    run_demo(out)


@app.command(epilog='Example: foreshock models "*sim*"')
def models(
    pattern: Annotated[str, typer.Argument(help="A shell wildcard.")] = "*",
    as_json: AsJson = False,
) -> None:
    """List the zoo: name, task, headline score with its 95 % interval, best baseline, size, licence."""
    from .zoo import listing, registry

    found = registry.cards(pattern)
    if as_json:
        print_json([listing.as_row(card) for card in found])
        return
    if not found:
        print(f"no model matches {pattern!r}; the zoo holds: {', '.join(registry.models())}")
        raise typer.Exit(1)
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 160).print(listing.as_table(found))


@app.command(epilog="Example: foreshock card p64-simcycle")
def card(name: Name, as_json: AsJson = False) -> None:
    """Print a model's card: where it fails, its scores beside baselines and leak controls, data, split, licence."""
    from .zoo import listing, registry
    from .zoo.card import Card

    found = Card.read(registry.folder_of(name) / "card.json")
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print(listing.as_text(found))


@app.command(epilog="Example: foreshock predict p64-simcycle event.mseed --plot answer.png")
def predict(
    name: Name,
    inputs: Annotated[list[Path], typer.Argument(help="Waveform files, or one catalogue.", show_default=False)],
    day: Annotated[str | None, typer.Option(help="Forecasters: the day of issue, such as 2011-03-12.")] = None,
    picks: Annotated[Path | None, typer.Option(help="Classifiers: a CSV or QuakeML file of picks.")] = None,
    events: Annotated[
        Path | None, typer.Option(help="Blast ensembles: a table of events; records of one vote together.")
    ] = None,
    as_json: AsJson = False,
    csv: Annotated[Path | None, typer.Option(help="Write the table or the map here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the picture here (png, pdf or svg).")] = None,
    out: Annotated[Path | None, typer.Option(help="City forecasts: folder of predictions.json and details.")] = None,
) -> None:
    """Classify seismograms, or forecast from a catalogue."""
    from .zoo import registry
    from .zoo.file_answers import answer_files

    model = registry.load(name)
    if events is not None and model.card.task != "blast-or-quake":
        raise typer.BadParameter(f"expected a blast ensemble, received {name}", param_hint="--events")
    answer = answer_files(model, inputs, day, picks, events)
    if out is not None:
        if model.card.task != "city-forecast":
            raise typer.BadParameter(f"expected --csv or --plot for {name}, received --out", param_hint="--out")
        for path in answer.forecast.write(out):
            print(f"wrote {path}", file=sys.stderr)
    _answer(answer, as_json, csv, plot)


def _answer(answer, as_json: bool, csv: Path | None, plot: Path | None) -> None:
    """Write what was asked for, print the answer, and fail where a part of the input could not be used."""
    for path, write in ((csv, answer.to_csv), (plot, answer.plot)):
        if path is not None:
            write(path)
            print(f"wrote {path}", file=sys.stderr)
    if as_json:
        print_json(answer.to_dict())
    else:
        print(answer.to_text())
    if not answer.complete:
        raise typer.Exit(1)


@app.command(epilog="Example: foreshock annotate p64-simcycle day.mseed --csv day.csv")
def annotate(
    name: Name,
    inputs: Annotated[list[Path], typer.Argument(help="Waveform files of continuous data.", show_default=False)],
    every_s: Annotated[float, typer.Option("--every", help="Seconds from one window to the next.")] = 5.0,
    as_json: AsJson = False,
    csv: Annotated[Path | None, typer.Option(help="Write a row a window here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the picture here (png, pdf or svg).")] = None,
) -> None:
    """Slide a classifier along hours of continuous records."""
    from .zoo import registry
    from .zoo.waveform.answer import annotate_files

    _answer(annotate_files(registry.load(name), inputs, every_s), as_json, csv, plot)


@app.command(epilog="Example: foreshock explain p64-simcycle event.mseed --plot why.png")
def explain(
    name: Name,
    inputs: Annotated[list[Path], typer.Argument(help="Waveform files, or one catalogue.", show_default=False)],
    method: Annotated[
        str | None, typer.Option(help="gradient, partition, deep, linear, permutation, kernel, tree.")
    ] = None,
    day: Annotated[str | None, typer.Option(help="Forecasters: the day of issue, such as 2011-03-12.")] = None,
    cell: Annotated[
        str | None, typer.Option(help="Forecasters: latitude,longitude; the likeliest if not given.")
    ] = None,
    cells: Annotated[int | None, typer.Option(help="Boosting: how many more of the likeliest cells.")] = None,
    picks: Annotated[Path | None, typer.Option(help="Classifiers: a CSV or QuakeML file of picks.")] = None,
    target: Annotated[str | None, typer.Option(help="Classifiers: the class that is explained.")] = None,
    against: Annotated[str | None, typer.Option(help="Classifiers: take the background from this class.")] = None,
    place: Annotated[str | None, typer.Option(help="Classifiers: spectrogram or waveform.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    time_limit_s: Annotated[
        float, typer.Option("--time-limit", help="Seconds after which no samples are added.")
    ] = 60.0,
    record: Annotated[int, typer.Option(help="Which record or case is drawn, from 1.")] = 1,
    kind: Annotated[str | None, typer.Option(help="Of features: waterfall, beeswarm or decision.")] = None,
    as_json: AsJson = False,
    plot: Annotated[Path | None, typer.Option(help="Write the picture here (png, pdf or svg).")] = None,
) -> None:
    """SHAP values of an answer: what in the record, or in past seismicity, spoke for it, and how well they add up."""
    from .zoo import registry
    from .zoo.explain.answer import explain_files

    options = {"cells": cells, "against": against, "place": place, "seed": seed, "time_limit_s": time_limit_s}
    explanation = explain_files(registry.load(name), inputs, method, picks, day, cell, target, **options)
    if plot is not None:
        explanation.plot(plot, record - 1, kind)
        print(f"wrote {plot}", file=sys.stderr)
    if as_json:
        print_json(explanation.to_dict())
    else:
        print(explanation.to_text())


@app.command(epilog="Example: foreshock train p64-simcycle --set fit.epochs=2 --out /tmp/zoo")
def train(
    recipes: Annotated[list[str], typer.Argument(help="Recipes' names or TOML files.", show_default=False)],
    data: Annotated[Path | None, typer.Option(help="The data folder; Norcia's files in it are trained on.")] = None,
    out: Annotated[Path, typer.Option(help="The trained model goes to OUT/NAME.")] = Path("foreshock-models"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last finished epoch.")] = False,
    changes: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change the recipe.")] = None,
) -> None:
    """Train models from recipes; write each one's folder with weights, ONNX graph and card."""
    from .training.recipe import read_recipe
    from .training.run import train_recipe

    found = {recipe: read_recipe(recipe, _pairs(changes)) for recipe in recipes}
    for recipe, values in found.items():
        command = " ".join(["foreshock train", recipe, *(shlex.quote(f"--set={change}") for change in changes or ())])
        folder = train_recipe(values, out, data, resume, command)
        print(f"wrote {folder}; use it with FORESHOCK_ZOO={out} foreshock predict {folder.name} ...", flush=True)


@app.command(epilog="Example: foreshock audit seismic-cycle-noise --json")
def audit(
    name: Annotated[str, typer.Argument(help="A model, a recipe or a recipe's TOML file.", show_default=False)],
    data: Annotated[Path | None, typer.Option(help="The data folder; simulated data needs none.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer events, records and epochs.")] = False,
    as_json: AsJson = False,
    plot: Annotated[Path | None, typer.Option(help="Write the picture here (png, pdf or svg).")] = None,
) -> None:
    """Leak controls of a classifier: what it scores where an honest one has nothing to go by, and the verdict."""
    from .benchmarks.audit.run import run

    report = run(name, data, quick)
    if plot is not None:
        report.plot(plot)
        print(f"wrote {plot}", file=sys.stderr)
    if as_json:
        print_json(report.to_dict())
    else:
        print(report.to_text())


@app.command(epilog="Example: foreshock export p64-simcycle --format onnx --layout triton --out served")
def export(
    name: Name,
    out: Annotated[Path, typer.Option(help="The folder to write OUT/NAME in.", show_default=False)],
    format: Annotated[str, typer.Option(help="onnx or savedmodel.")] = "onnx",
    layout: Annotated[str, typer.Option(help="plain, tf-serving or triton.")] = "plain",
    precision: Annotated[str, typer.Option(help="float32, float16 or int8 (ONNX only).")] = "float32",
    as_json: AsJson = False,
) -> None:
    """Export a model for serving and check that its answers stayed the same."""
    from .export import FORMATS
    from .zoo import registry

    if format not in FORMATS:
        raise typer.BadParameter(f"expected {' or '.join(FORMATS)}, received {format!r}", param_hint="--format")
    written = FORMATS[format](registry.load(name), out, layout, precision)
    if as_json:
        rows = {"parity": [vars(row) for row in written.parity], "changes": [vars(row) for row in written.changes]}
        print_json({"model": name, "format": format, "layout": layout, "path": str(written.path), **rows})
    else:
        print("\n".join([*map(str, written.parity), *map(str, written.changes), f"wrote {written.path}"]))


@app.command(epilog="Example: foreshock serve p64-simcycle smoothed-sim --port 8080")
def serve(
    sources: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Models, or exported folders.", show_default=False)
    ],
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="For REST.")] = 8080,
    grpc_port: Annotated[int, typer.Option(help="For gRPC.")] = 8081,
    metrics_port: Annotated[int, typer.Option(help="For Prometheus, at /metrics.")] = 8082,
    megabytes: Annotated[int, typer.Option(help="The largest request.")] = 16,
) -> None:
    """Answer requests over the network: KServe V2 protocol, tensors or files, batched across clients."""
    try:
        from .export.serving.server import serve as serve_models
    except ModuleNotFoundError as error:
        from .datasets.errors import InputError

        raise InputError("MLServer", f"none ({error})", 'pip install "foreshock[serve]"') from error
    serve_models(sources, host, port, grpc_port, metrics_port, megabytes)


@app.command(
    "predict-archive", epilog="Example: foreshock predict-archive p64-simcycle waveforms --workers 2 --out answers"
)
def predict_archive(
    name: Name,
    archive: Annotated[Path, typer.Argument(help="A folder of waveform files.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The folder for the answers; begun ones are gone on with.")],
    picks: Annotated[Path | None, typer.Option(help="A CSV or QuakeML file of picks.")] = None,
    workers: Annotated[int, typer.Option(help="Processes on this machine.")] = 1,
    beam_runner: Annotated[str | None, typer.Option(help="DirectRunner, FlinkRunner, ...")] = None,
    beam_options: Annotated[list[str] | None, typer.Option("--beam-option", help="Of the runner.")] = None,
    as_json: AsJson = False,
) -> None:
    """Classify a whole archive on many processes; after a kill the same command goes on where it ended."""
    from .export.bulk import predict_archive as answer

    done = answer(name, archive, out, picks, workers, beam_runner, tuple(beam_options or ()))
    if as_json:
        print_json({**vars(done), "out": str(done.out)})
    else:
        print(done)


@app.command("forecast-series", epilog=SERIES_EXAMPLE)
def forecast_series(
    name: Name,
    catalog: Annotated[list[Path], typer.Argument(help="Catalogue files.", show_default=False)],
    region: Annotated[str, typer.Option(help="A region's name.", show_default=False)],
    start: Annotated[str, typer.Option("--from", help="First day of issue.", show_default=False)],
    end: Annotated[str, typer.Option("--to", help="The last day that a target may reach.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The NPZ file to write.", show_default=False)],
    protocol: Annotated[str, typer.Option(help="P1, P2-7d or P2-1d; P2 is P2-7d.")] = "P1",
    data: cli_data.DataFolder = None,
) -> None:
    """Write a forecaster's rates for a whole period, so that anyone can score it with their own code."""
    from .benchmarks.forecast.series import forecast_series_of_files

    print(forecast_series_of_files(name, catalog, region, start, end, protocol, out, data))


app.add_typer(cli_benchmark.app, name="benchmark")
app.add_typer(cli_data.app, name="data")


def _pairs(texts: list[str] | None) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in texts or ())
    for text in texts or ():
        if "=" not in text:
            raise typer.BadParameter(f"expected KEY=VALUE, received {text!r}", param_hint="--set")
    return pairs


def main() -> None:
    """Run the command; an error is one line on stderr and exit status 1, misuse is status 2."""
    # TensorFlow reports its processor features on stderr unless told not to before it is imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # TFDS warns of every data set of one's own, with all of its configuration.
    logging.getLogger("absl").setLevel(logging.ERROR)
    from .datasets.errors import InputError

    try:
        app()
    except (InputError, OSError) as error:
        if "--debug" in sys.argv:
            raise
        print(f"foreshock: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("foreshock: interrupted; nothing was left half-written", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
