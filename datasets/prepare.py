"""One command from a catalogue file to a data set that every recipe and benchmark accepts."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .atomic import replacing_folder
from .catalog import Catalog
from .check.completeness import completeness
from .errors import InputError
from .file_hash import sha256_of
from .grid import Grid
from .home import data_home
from .period import Period, Split
from .projection import KM_PER_DEGREE
from .raster import sparse_days
from .regions import PACKAGED, Region, Source

PADDING_KM = 100.0
# A target magnitude is worth choosing when each part of the split holds this many events.
EVENTS_WANTED = 10
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class PreparedDataset:
    """A data set on disk: its region, its folder and what its manifest says."""

    region: Region
    folder: Path
    manifest: dict


def prepare_catalog(
    source: str | os.PathLike | Catalog,
    region: str,
    name: str,
    cell_km: float = 10.0,
    *,
    data: str | os.PathLike | None = None,
    timezone: str = "UTC",
    m0: float | None = None,
    mc: tuple[float, ...] | None = None,
    kinds: tuple[str, ...] = (),
    period: tuple[str, str] | None = None,
    fractions: tuple[float, float] = (0.15, 0.15),
    overwrite: bool = False,
) -> PreparedDataset:
    """Write `region.toml`, `catalog.parquet` and `manifest.json` to a folder that `Region.named(name)` finds.

    Arguments:
        source: a catalogue file or folder in any known format, or a Catalog.
        region: a known region's name, or "south,north,west,east" in degrees (over the date line west lies above east).
        name: of the data set: lower-case letters, digits, - and _.
        cell_km: size of the cells, of a region given by four numbers.
        data: the data home; see `home.data_home`.
        timezone: whose midnight divides the days, of a region given by four numbers.
        m0: smallest input magnitude; by default the larger completeness of maximum curvature and goodness of fit.
        mc: target magnitudes; by default of m0 + 1, m0 + .5 and m0 those with ten events in each part of the split.
        kinds: kinds of event to keep; none keeps all.
        period: first and last day; by default those of the first and the last event.
        fractions: shares of the period for validation and test.
        overwrite: replace a data set of the same name.
    """
    folder = _checked_folder(data_home(data), name, region, overwrite)
    known = None if "," in region else Region.named(region, data)
    catalog, rejected = _read(source)
    if known is None:
        grid = grid_from_box(region, cell_km, timezone)
        frame = Region(name, f"{name}, {region}", grid, -5.0, (-5.0,), PADDING_KM, (), Source(kinds=tuple(kinds)))
    else:
        frame = replace(known, name=name, source=Source(kinds=known.source.kinds or tuple(kinds)))
    inside = replace(frame, m0=-5.0).select(catalog)
    estimate = completeness(inside.magnitude)
    if known is None:
        frame = _with_magnitudes(frame, inside, estimate, m0, mc, _period(inside, grid, period), fractions)
    _check_splits(frame, inside)
    with replacing_folder(folder) as writing:
        inside.to_parquet(writing / "catalog.parquet")
        (writing / "region.toml").write_text(frame.to_toml(), encoding="utf-8")
        used = frame.select(inside)
        manifest = {
            "name": name,
            "region": region,
            "source": "a Catalog" if isinstance(source, Catalog) else Path(source).name,
            "catalog_sha256": sha256_of(writing / "catalog.parquet"),
            "events_read": len(catalog),
            "rows_rejected": rejected,
            "events_outside": len(catalog) - len(inside),
            "events_kept": len(inside),
            "events_of_m0": len(used),
            "first_event": str(inside.time[0]) + "Z",
            "last_event": str(inside.time[-1]) + "Z",
            "completeness": {
                key: None if np.isnan(value) else float(value)
                for key, value in (
                    ("mc", estimate.mc),
                    ("maximum_curvature", estimate.maximum_curvature),
                    ("goodness_of_fit", estimate.goodness_of_fit),
                    ("b_stability", estimate.b_stability),
                )
            },
            "m0": frame.m0,
            "mc": list(frame.mc),
            "grid": frame.grid.to_dict(),
            "splits": {
                split_name: {part: [str(p.first), str(p.last)] for part, p in vars(split).items()}
                for split_name, split in frame.splits
            },
        }
        (writing / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return PreparedDataset(frame, folder, manifest)


def grid_from_box(box: str, cell_km: float = 10.0, timezone: str = "UTC") -> Grid:
    """Square cells in km that cover a box "south,north,west,east" of degrees.

    The plane's middle is the box's middle meridian. Towards the poles a box of degrees narrows, and the cells cover its
    widest part.

    >>> grid_from_box("42,43.5,12.5,14", 5)
    Grid(34 rows x 25 columns of 5 x 5 km, origin 42, 13.25)
    """
    try:
        south, north, west, east = (float(number) for number in box.split(","))
    except ValueError as error:
        raise InputError("a region's name or four numbers south,north,west,east", repr(box), "mend it") from error
    if not (-90 <= south < north <= 90 and -180 <= west <= 360 and -180 <= east <= 360 and west != east):
        raise InputError(
            "south below north within -90 to 90, west and east within -180 to 360", repr(box), "mend the box"
        )
    if not cell_km > 0:
        raise InputError("cells of positive size", f"{cell_km:g} km", "give --cell-km above 0")
    width = (east - west) % 360.0 or 360.0
    nearest_equator = 0.0 if south < 0 < north else min(abs(south), abs(north))
    width_km = width * KM_PER_DEGREE * np.cos(np.radians(nearest_equator))
    # Rounding to a thousandth of a cell keeps a box that fits exactly from getting one more row.
    rows = int(np.ceil(round((north - south) * KM_PER_DEGREE / cell_km, 3)))
    columns = int(np.ceil(round(width_km / cell_km, 3)))
    middle = (west + width / 2 + 180.0) % 360.0 - 180.0
    return Grid.local(south, middle, rows, columns, cell_km, x0_km=-columns * cell_km / 2, timezone=timezone)


def _checked_folder(home: Path, name: str, region: str, overwrite: bool) -> Path:
    if not NAME.fullmatch(name):
        raise InputError("a name of lower-case letters, digits, - and _", repr(name), "choose another name")
    if (PACKAGED / f"{name}.toml").is_file() and region != name:
        raise InputError(f"region {name} for the data set {name}", repr(region), f"choose a name other than {name}")
    folder = home / name
    if folder.exists() and not overwrite:
        raise InputError(f"no data set {name} yet", f"{folder}", "choose another name, or overwrite it")
    if folder.exists() and not (folder / "region.toml").is_file():
        raise InputError("a data set to overwrite", f"{folder}, a folder of something else", "choose another name")
    return folder


def _read(source) -> tuple[Catalog, dict[str, int]]:
    """The catalogue, and the rows that the reader refused, counted by reason."""
    if isinstance(source, Catalog):
        return source, {}
    from .readers.reading import read_catalog

    reading = read_catalog(source)
    return reading.catalog, dict(reading.counts)


def _period(catalog: Catalog, grid: Grid, period) -> Period:
    if period is not None:
        return Period(*period)
    first, last = grid.days(catalog.time[[0, -1]])
    return Period(first, last)


def _with_magnitudes(frame: Region, catalog: Catalog, estimate, m0, mc, period: Period, fractions) -> Region:
    """The region with its splits, and with magnitudes chosen so that each part of the main split has targets."""
    if period.days < 30:
        raise InputError("a period of at least 30 days", f"{period.days} days, {period}", "use a longer catalogue")
    split = Split.fractions(period, *fractions)
    if m0 is None:
        # The third method, the b-value's stability, is strict where there are many events, and would discard most.
        m0 = np.fmax(estimate.maximum_curvature, estimate.goodness_of_fit)
        if np.isnan(m0):
            raise InputError("m0, the smallest magnitude to use", "too few events to estimate it", "give m0")
    m0 = round(float(m0), 2)
    if mc is None:
        maps = sparse_days(catalog, frame.grid, period.first, period.last)
        starts = [maps.index(part.first) for part in (split.train, split.validation, split.test)]
        part = np.searchsorted(starts, maps.day, "right")
        candidates = [round(m0 + more, 2) for more in (1.0, 0.5, 0.0)]
        enough = [
            m for m in candidates if np.bincount(part[maps.magnitude >= m], minlength=4)[1:].min() >= EVENTS_WANTED
        ]
        mc = tuple(enough) or (m0,)
    return replace(frame, m0=m0, mc=tuple(float(m) for m in mc), splits=(("hard", split), ("late", split)))


def _check_splits(region: Region, catalog: Catalog) -> None:
    """Every part of every split must hold input events."""
    catalog = region.select(catalog)
    for name, split in region.splits:
        for part, period in vars(split).items():
            maps = sparse_days(catalog, region.grid, period.first, period.last)
            if not len(maps.row):
                raise InputError(
                    f"events of M >= {region.m0:g} in the {part} period of split {name}",
                    f"none from {period.first} to {period.last}",
                    "use a longer catalogue or another period, or give the box as four numbers",
                )
