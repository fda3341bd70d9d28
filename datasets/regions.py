"""Regions: the grid, magnitudes, data source and splits that every forecaster and table of a place share."""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .catalog import Catalog
from .errors import InputError
from .grid import Grid
from .home import data_home
from .period import Split
from .projection import KM_PER_DEGREE, Degrees, LocalPlane

PACKAGED = Path(__file__).parent / "regions"


@dataclass(frozen=True)
class Source:
    """Where a region's catalogue comes from: a path below the data folder, or a simulator and its seed.

    `format` is the reader's name ("" recognises it), `kinds` the kinds of event to keep (none keeps all).
    """

    path: str = ""
    format: str = ""
    kinds: tuple[str, ...] = ()
    simulator: str = ""
    seed: int = 0


@dataclass(frozen=True, repr=False)
class Region:
    """A place to forecast.

    Arguments:
        name, title: for the command line, and for people.
        grid: the cells.
        m0: inputs and ETAS use events of at least this magnitude.
        mc: target magnitudes, the main one first.
        padding_km: how far around the grid events count as input to a point process.
        splits: name to Split, as pairs.
        source: where the catalogue comes from.

    >>> japan = Region.named("japan")
    >>> japan
    Region(japan: Japan, 1990 to 2016; 250 rows x 200 columns, M0 4.5, Mc 5 or 4.5, splits hard, late)
    >>> japan.split("hard").test
    Period(2011-01-01 to 2013-12-31)
    """

    name: str
    title: str
    grid: Grid
    m0: float
    mc: tuple[float, ...]
    padding_km: float
    splits: tuple[tuple[str, Split], ...]
    source: Source

    def __post_init__(self):
        if not self.mc or min(self.mc) < self.m0:
            raise InputError(f"target magnitudes of at least m0 = {self.m0:g}", str(self.mc), "mend m0 or mc")

    def __repr__(self) -> str:
        rows, columns = self.grid.shape
        magnitudes = " or ".join(f"{m:g}" for m in self.mc)
        names = ", ".join(name for name, _ in self.splits)
        return (
            f"Region({self.name}: {self.title}; {rows} rows x {columns} columns, "
            f"M0 {self.m0:g}, Mc {magnitudes}, splits {names})"
        )

    @classmethod
    def names(cls, data: str | os.PathLike | None = None) -> list[str]:
        """Every region that `named` finds: the packaged ones and those prepared in the data folder."""
        own = (path.parent.name for path in data_home(data).glob("*/region.toml"))
        return sorted({path.stem for path in PACKAGED.glob("*.toml")} | set(own))

    @classmethod
    def named(cls, name: str, data: str | os.PathLike | None = None) -> Region:
        """A packaged region, or one that `foreshock data prepare` made in the data folder."""
        own = data_home(data) / name / "region.toml"
        for path in (PACKAGED / f"{name}.toml", own):
            if name and Path(name).name == name and path.is_file():
                return cls.from_toml(path)
        names = cls.names(data)
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or names
        raise InputError(
            f"a region of {', '.join(names)}",
            repr(name),
            f"try {' or '.join(near)}, or make it: foreshock data prepare",
        )

    @classmethod
    def from_toml(cls, path: str | os.PathLike) -> Region:
        """A region from its file; see the packaged ones for the form."""
        try:
            values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
            source = dict(values["source"])
            source["kinds"] = tuple(source.get("kinds", ()))
            splits = ((name, Split(**{k: tuple(v) for k, v in s.items()})) for name, s in values["splits"].items())
            return cls(
                name=values["name"],
                title=values["title"],
                grid=_grid(values["grid"]),
                m0=float(values["m0"]),
                mc=tuple(float(m) for m in values["mc"]),
                padding_km=float(values["padding_km"]),
                splits=tuple(splits),
                source=Source(**source),
            )
        except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
            raise InputError(
                "a region file with name, title, m0, mc, padding_km, grid, source and splits",
                f"{path} ({type(error).__name__}: {error})",
                "compare it with a packaged one",
            ) from error

    def to_toml(self) -> str:
        """The text that `from_toml` reads."""
        plane, grid = self.grid.projection, {"timezone": self.grid.timezone, "rows": self.grid.rows}
        grid |= {"columns": self.grid.columns, "x0": self.grid.x0, "y0": self.grid.y0}
        grid |= {"cell_x": self.grid.cell_x, "cell_y": self.grid.cell_y, "longitude0": plane.longitude0}
        grid |= {"latitude0": plane.latitude0} if isinstance(plane, LocalPlane) else {}
        kind = "plane" if isinstance(plane, LocalPlane) else "degrees"
        top = {"name": self.name, "title": self.title, "m0": self.m0, "mc": self.mc, "padding_km": self.padding_km}
        tables = {"": top, "grid": {"kind": kind, **grid}, "source": vars(self.source)}
        for name, split in self.splits:
            periods = {k: (str(p.first), str(p.last)) for k, p in vars(split).items()}
            tables[f"splits.{name}"] = periods
        lines = []
        for table, values in tables.items():
            lines += [f"\n[{table}]"] if table else []
            lines += [f"{key} = {_toml(value)}" for key, value in values.items() if value not in ("", ())]
        return "\n".join(lines) + "\n"

    def split(self, name: str) -> Split:
        """The split of this name; `split(name).with_gap(days)` leaves a gap between its periods."""
        for known, split in self.splits:
            if known == name:
                return split
        raise InputError(f"a split of {', '.join(n for n, _ in self.splits)}", repr(name), "choose from the list")

    def period(self) -> tuple[np.datetime64, np.datetime64]:
        """First and last day over all splits: what to rasterise once for all of them."""
        periods = [split for _, split in self.splits]
        return min(s.train.first for s in periods), max(s.test.last for s in periods)

    def select(self, catalog: Catalog) -> Catalog:
        """The region's events: of its kinds, M >= m0, inside the grid's box padded on every side."""
        keep = (catalog.magnitude >= self.m0) & self.inside(catalog.latitude, catalog.longitude, self.padding_km)
        if self.source.kinds:
            keep &= np.isin(catalog.kind, self.source.kinds)
        if not keep.any():
            raise InputError(
                f"events of M >= {self.m0:g} in region {self.name}",
                f"none among {len(catalog)}",
                "check the coordinates and magnitudes, or choose another region",
            )
        return catalog[keep]

    def inside(self, latitude, longitude, padding_km: float = 0.0) -> np.ndarray:
        """Whether points lie in the grid's box, widened by `padding_km` on every side."""
        grid = self.grid
        x, y = grid.projection.forward(latitude, longitude)
        pad_x = pad_y = padding_km
        if isinstance(grid.projection, Degrees):
            pad_y = padding_km / KM_PER_DEGREE
            farthest = min(max(abs(grid.y0), abs(grid.y0 + grid.rows * grid.cell_y)), 89.0)
            pad_x = pad_y / np.cos(np.radians(farthest))
        x_end, y_end = grid.x0 + grid.columns * grid.cell_x + pad_x, grid.y0 + grid.rows * grid.cell_y + pad_y
        # The upper latitude edge is closed so that the pole belongs to the world.
        return (x >= grid.x0 - pad_x) & (x < x_end) & (y >= grid.y0 - pad_y) & (y <= y_end)

    def padded_bounds(self) -> tuple[float, float, float, float]:
        """(south, north, west, east) of a box of degrees around the grid and its padding, to download from."""
        south, north, west, east = self.grid.bounds()
        along = self.padding_km / KM_PER_DEGREE
        across = along / np.cos(np.radians(min(max(abs(south), abs(north)) + along, 89.0)))
        if (east - west) % 360.0 + 2 * across >= 360.0 or (west, east) == (-180.0, 180.0):
            west, east = -180.0, 180.0
        else:
            west, east = ((side + 180.0) % 360.0 - 180.0 for side in (west - across, east + across))
        return max(south - along, -90.0), min(north + along, 90.0), west, east

    def at_hand(self, data: str | os.PathLike | None = None) -> bool:
        """Whether `catalog` finds the region's events."""
        prepared, original = self._places(data)
        return bool(self.source.simulator) or prepared.is_file() or (bool(self.source.path) and original.exists())

    def _places(self, data) -> tuple[Path, Path]:
        home = data_home(data)
        return home / self.name / "catalog.parquet", home / self.source.path

    def catalog(self, data: str | os.PathLike | None = None) -> Catalog:
        """The region's events, read from the data folder (prepared data set first, then the agency's files)."""
        prepared, original = self._places(data)
        if prepared.is_file():
            return self.select(Catalog.from_parquet(prepared))
        if self.source.simulator:
            return self.select(self.simulated().catalog)
        if self.source.path and original.exists():
            from .readers.reading import read_catalog

            return self.select(read_catalog(original).catalog)
        raise InputError(
            f"the catalogue of region {self.name}",
            f"neither {prepared} nor {original}",
            f"run foreshock data download --region {self.name}, or name the data folder",
        )

    def simulated(self):
        """The simulator's whole answer for the region's period, the true intensity in it (`SimulatedCatalog`)."""
        if self.source.simulator != "etas":
            raise InputError("a region whose source is simulator = etas", f"region {self.name}", "use region simulated")
        from .simulate.etas import simulate_etas
        from .simulate.etas_region import BURN_IN_DAYS, simulated_model

        first, last = self.period()
        end = last + np.timedelta64(1, "D")
        return simulate_etas(*simulated_model(), first, end, self.source.seed, burn_in_days=BURN_IN_DAYS)


def _grid(values: dict) -> Grid:
    values = dict(values)
    kind = values.pop("kind", "local")
    if kind == "local":
        return Grid.local(**values)
    if kind == "world":
        return Grid.world(**values)
    if kind == "plane":
        return Grid(LocalPlane(values.pop("longitude0"), values.pop("latitude0")), **values)
    if kind == "degrees":
        return Grid(Degrees(values.pop("longitude0")), **values)
    raise InputError("a grid of kind local, world, plane or degrees", repr(kind), "mend the region file")


def _toml(value) -> str:
    """A string, number or tuple of them as TOML writes it."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(v) for v in value)}]"
    return repr(value)
