"""The command `foreshock data`: download, check, simulate and prepare catalogues and waveforms."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Catalogues and waveforms: list, download, check, simulate, prepare.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
simulate_app = typer.Typer(help="Data with a known truth.", no_args_is_help=True)
app.add_typer(simulate_app, name="simulate")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="The data folder; FORESHOCK_DATA where not given.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what stands there.")]


@app.command("list", epilog="Example: foreshock data list --data ../shared/data")
def list_regions(data: DataFolder = None, as_json: AsJson = False) -> None:
    """List the regions that recipes and benchmarks know, and whether their catalogue is at hand."""
    from .datasets.regions import Region

    rows = []
    for name in Region.names(data):
        region = Region.named(name, data)
        rows.append(
            {"name": name, "title": region.title, "m0": region.m0, "mc": region.mc, "at_hand": region.at_hand(data)}
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        magnitudes = ", ".join(f"{m:g}" for m in row["mc"])
        print(f"{row['name']:12s} {'ready  ' if row['at_hand'] else 'missing'}  Mc {magnitudes:9s}  {row['title']}")


@app.command(epilog="Example: foreshock data download --region japan --from 1990-01-01 --out japan.csv")
def download(
    out: Annotated[Path, typer.Option(help="A .csv or .parquet file, or a folder.", show_default=False)],
    start: Annotated[str, typer.Option("--from", help="First day, UTC.", show_default=False)],
    region: Annotated[str, typer.Option(help='A region\'s name, or "south,north,west,east" in degrees.')] = "",
    end: Annotated[str | None, typer.Option("--to", help="The day after the last; now where not given.")] = None,
    min_magnitude: Annotated[float | None, typer.Option(help="Smallest magnitude; a region's m0 if not given.")] = None,
    service: Annotated[str, typer.Option(help="An FDSN event service: obspy's short name or a URL.")] = "USGS",
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Download a catalogue from an FDSN event service; run it again after any stop and it goes on."""
    from .datasets.fdsn.download import download_catalog
    from .datasets.fdsn.query import FdsnQuery
    from .datasets.regions import Region

    latitude = longitude = None
    if "," in region:
        south, north, west, east = _box(region)
        latitude, longitude = (south, north), (west, east)
    elif region:
        known = Region.named(region)
        south, north, west, east = known.padded_bounds()
        latitude, longitude = (south, north), (west, east)
        min_magnitude = known.m0 if min_magnitude is None else min_magnitude
    query = FdsnQuery(start, end, latitude=latitude, longitude=longitude, min_magnitude=min_magnitude)
    manifest = download_catalog(out, query, service, overwrite=overwrite)
    if as_json:
        print_json(vars(manifest))
    else:
        print(f"{manifest.count} events in {out}, sha256 {manifest.sha256}")
        print("".join(f"{note}\n" for note in manifest.notes), end="")


@app.command(epilog="Example: foreshock data check ../shared/data/catalogs/norcal --plot norcal.png")
def check(
    files: Annotated[list[Path], typer.Argument(help="Catalogue files, folders or patterns.", show_default=False)],
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad row.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Write the picture of four panels here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Examine a catalogue (completeness, b-value, duplicates, blasts) or waveforms (rates, gaps, picks, loudness)."""
    from .datasets.readers.folder_kinds import kind_of

    if len(files) == 1 and kind_of(files[0]) != "catalogue":
        from .datasets.check.waveform_check import check_waveforms

        found = check_waveforms(files[0])
    else:
        from .datasets.check.catalog_check import check_files

        found = check_files(files, strict)
    if plot is not None:
        found.plot(plot)
        print(f"wrote {plot}", file=sys.stderr)
    if as_json:
        print_json(found.to_dict())
    else:
        print("\n".join(found.table()))


@app.command(epilog='Example: foreshock data prepare --catalog my.csv --region "42,43.5,12.5,14" --name mine')
def prepare(
    name: Annotated[str, typer.Option(help="What the data set is to be called.", show_default=False)],
    catalog: Annotated[Path | None, typer.Option(help="A catalogue file or folder.")] = None,
    region: Annotated[str, typer.Option(help='A region\'s name, or "south,north,west,east".')] = "",
    cell_km: Annotated[float, typer.Option(help="Size of the cells of a region given by four numbers.")] = 10.0,
    timezone: Annotated[str, typer.Option(help="Whose midnight divides the days.")] = "UTC",
    waveforms: Annotated[Path | None, typer.Option(help="A folder of waveforms, in place of a catalogue.")] = None,
    events: Annotated[Path | None, typer.Option(help="With waveforms: their event table.")] = None,
    picks: Annotated[Path | None, typer.Option(help="With waveforms: their picks.")] = None,
    beam_runner: Annotated[str | None, typer.Option(help="With waveforms: DirectRunner, FlinkRunner, ...")] = None,
    workers: Annotated[int, typer.Option(help="With waveforms: processes of the DirectRunner.", min=1)] = 1,
    data: DataFolder = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Make a data set that recipes and benchmarks accept by name: of a catalogue, or of waveforms with their events."""
    if (catalog is None) == (waveforms is None):
        raise typer.BadParameter("expected one of the two, received both or none", param_hint="--catalog, --waveforms")
    if waveforms is not None:
        from .datasets.prepare_waveforms import prepare_waveforms

        # TFDS tells of its progress on standard output, which belongs to the command's own answer.
        with contextlib.redirect_stdout(sys.stderr):
            made = prepare_waveforms(
                waveforms, events, name, beam_runner, workers, data, picks=picks, overwrite=overwrite
            )
        counts = ", ".join(f"{count} {part}" for part, count in made.manifest["records"].items())
        lines = [f"records {counts}, {made.manifest['rejected']} left out, in {made.folder}"]
        lines += [f"  {count} x {why}" for why, count in made.manifest["rejected_reasons"].items()]
    else:
        if not region:
            raise typer.BadParameter("expected a region with a catalogue, received none", param_hint="--region")
        from .datasets.prepare import prepare_catalog

        made = prepare_catalog(catalog, region, name, cell_km, data=data, timezone=timezone, overwrite=overwrite)
        kept, read = made.manifest["events_kept"], made.manifest["events_read"]
        lines = [f"{made.region!r}", f"{kept} of {read} events in {made.folder}; use it as --region {name}"]
    if as_json:
        print_json({"folder": str(made.folder), **made.manifest})
    else:
        print("\n".join(lines))


@simulate_app.command("etas", epilog="Example: foreshock data simulate etas --events 100000 --seed 1 --out sim.parquet")
def simulate_etas(
    events: Annotated[int, typer.Option(help="How many events.", min=1, show_default=False)],
    out: Annotated[Path, typer.Option(help="A .csv or .parquet file.", show_default=False)],
    seed: Annotated[int, typer.Option(help="Of all that is random.")] = 0,
) -> None:
    """A SIMULATED catalogue of the space-time ETAS model whose intensity is known."""
    from .datasets.catalog import write_catalog
    from .datasets.simulate.etas import simulate_events
    from .datasets.simulate.etas_region import BURN_IN_DAYS, simulated_model

    simulated = simulate_events(*simulated_model(), events, seed, burn_in_days=BURN_IN_DAYS)
    write_catalog(simulated.catalog, out)
    print(f"{simulated.catalog} in {out}, simulated with seed {seed}")


@simulate_app.command(
    "seismic-cycle", epilog="Example: foreshock data simulate seismic-cycle --cause path --records 1000 --out cycle"
)
def simulate_cycle(
    out: Annotated[Path, typer.Option(help="The folder to write.", show_default=False)],
    cause: Annotated[str, typer.Option(help="What changes at the mainshock: source, path, noise or none.")] = "source",
    records: Annotated[int, typer.Option(help="How many records.", min=6)] = 1000,
    seed: Annotated[int, typer.Option(help="Of all that is random.")] = 1,
    as_json: AsJson = False,
) -> None:
    """SIMULATED records before and after a mainshock as miniSEED, with picks, events and the truth."""
    from .datasets.simulate.seismic_cycle_files import write_seismic_cycle

    made = write_seismic_cycle(out, cause, records, seed)
    if as_json:
        print_json(made)
    else:
        print(f"{made['records']} records of {made['events']} events in {made['folder']}, simulated with cause {cause}")


@simulate_app.command(
    "blast-or-quake", epilog="Example: foreshock data simulate blast-or-quake --region A --records 1000 --out blasts"
)
def simulate_blasts(
    out: Annotated[Path, typer.Option(help="The folder to write.", show_default=False)],
    region: Annotated[str, typer.Option(help="One of the three simulated regions: A, B or C.")] = "A",
    records: Annotated[int, typer.Option(help="How many records.", min=6)] = 1000,
    seed: Annotated[int, typer.Option(help="Of all that is random.")] = 1,
    as_json: AsJson = False,
) -> None:
    """SIMULATED quarry blasts and earthquakes as miniSEED, with picks, events and the truth."""
    from .datasets.simulate.blast_or_quake_files import write_blast_or_quake

    made = write_blast_or_quake(out, region, records, seed)
    if as_json:
        print_json(made)
    else:
        print(f"{made['records']} records of {made['events']} events in {made['folder']}, simulated region {region}")


def print_json(document) -> None:
    """One JSON document on standard output."""
    print(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        south, north, west, east = (float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(
            f'expected "south,north,west,east" in degrees, received {text!r}', param_hint="--region"
        ) from error
    return south, north, west, east
