"""Grid: a projection and its cells; which cell and which day an event belongs to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

import numpy as np

from .errors import InputError
from .projection import PROJECTIONS, Degrees, LocalPlane
from .zone_changes import utc_offsets


@dataclass(frozen=True)
class Grid:
    """Rectangular cells on a plane; row 0 is the southernmost, column 0 the westernmost.

    Arguments:
        projection: LocalPlane (km) or Degrees.
        x0, y0: the plane coordinates of the lower left corner.
        cell_x, cell_y: the size of a cell, in the projection's unit.
        rows, columns: the number of cells from south to north and from west to east.
        timezone: whose midnight divides the days.

    >>> grid = Grid.local(latitude0=27, longitude0=127, rows=250, columns=200, cell_km=10)
    >>> grid
    Grid(250 rows x 200 columns of 10 x 10 km, origin 27, 127)
    >>> row, column, inside = grid.cells([35.68, 10.0], [139.77, 139.77])
    >>> int(row[0]), int(column[0]), inside.tolist()
    (96, 115, [True, False])
    """

    projection: LocalPlane | Degrees
    x0: float
    y0: float
    cell_x: float
    cell_y: float
    rows: int
    columns: int
    timezone: str = "UTC"

    def __post_init__(self):
        if self.rows < 1 or self.columns < 1 or not (self.cell_x > 0 and self.cell_y > 0):
            raise InputError(
                "at least one row, one column and cells of positive size",
                f"{self.rows} rows, {self.columns} columns, cells of {self.cell_x:g} x {self.cell_y:g}",
                "give a larger box or a smaller cell",
            )
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise InputError(
                "a time zone of the IANA list", repr(self.timezone), "use UTC or a name such as Asia/Tokyo"
            ) from error

    @classmethod
    def local(cls, latitude0, longitude0, rows, columns, cell_km=10.0, x0_km=0.0, y0_km=0.0, timezone="UTC") -> Grid:
        """Square cells in km on the plane of Kail et al. around an origin."""
        plane = LocalPlane(longitude0=float(longitude0), latitude0=float(latitude0))
        return cls(plane, float(x0_km), float(y0_km), float(cell_km), float(cell_km), rows, columns, timezone)

    @classmethod
    def world(cls, rows=20, columns=30, longitude0=0.0, timezone="UTC") -> Grid:
        """The whole world in degrees with `longitude0` in the middle (ml-earthquake's grid of 9 x 12 degrees)."""
        return cls(Degrees(float(longitude0)), -180.0, -90.0, 360.0 / columns, 180.0 / rows, rows, columns, timezone)

    @classmethod
    def degrees(cls, latitude, longitude, cell_degrees, timezone="UTC") -> Grid:
        """Cells of equal degrees over a box; `longitude` = (west, east) may cross the date line."""
        (south, north), (west, east) = latitude, longitude
        width = (east - west) % 360.0 or 360.0
        rows, columns = round((north - south) / cell_degrees), round(width / cell_degrees)
        plane = Degrees(((west + width / 2) + 180.0) % 360.0 - 180.0)
        return cls(plane, -width / 2, float(south), float(cell_degrees), float(cell_degrees), rows, columns, timezone)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.rows, self.columns

    def __repr__(self) -> str:
        size = f"{self.cell_x:g} x {self.cell_y:g} {self.projection.unit}"
        zone = "" if self.timezone == "UTC" else f", days of {self.timezone}"
        origin = getattr(self.projection, "latitude0", None)
        where = f"{origin:g}, " if origin is not None else "longitude "
        return (
            f"Grid({self.rows} rows x {self.columns} columns of {size}, "
            f"origin {where}{self.projection.longitude0:g}{zone})"
        )

    def cells(self, latitude, longitude) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, column and whether inside, for points in degrees; row and column mean nothing where not inside."""
        x, y = self.projection.forward(latitude, longitude)
        row = np.floor((y - self.y0) / self.cell_y)
        column = np.floor((x - self.x0) / self.cell_x)
        # The north pole belongs to the last row.
        if isinstance(self.projection, Degrees):
            row = np.where(np.asarray(y) == 90.0, np.minimum(row, self.rows - 1), row)
        inside = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        return row.astype(np.int32), column.astype(np.int32), inside

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        """Latitude and longitude of every cell's centre, each of shape (rows, columns)."""
        return self.points(np.arange(self.rows)[:, None] + 0.5, np.arange(self.columns)[None, :] + 0.5)

    def points(self, row, column) -> tuple[np.ndarray, np.ndarray]:
        """Latitude and longitude of fractional grid positions: (0, 0) is the lower left corner of the first cell."""
        row, column = np.broadcast_arrays(row, column)
        return self.projection.inverse(self.x0 + column * self.cell_x, self.y0 + row * self.cell_y)

    def bounds(self) -> tuple[float, float, float, float]:
        """(south, north, west, east) of a box of degrees around all cells; west lies above east over the date line."""
        rows, columns = np.linspace(0, self.rows, 65), np.linspace(0, self.columns, 65)
        edge_rows = np.concatenate([rows, rows, np.zeros(65), np.full(65, self.rows)])
        edge_columns = np.concatenate([np.zeros(65), np.full(65, self.columns), columns, columns])
        latitude, longitude = self.points(edge_rows, edge_columns)
        if isinstance(self.projection, Degrees) and self.columns * self.cell_x >= 360.0:
            return float(latitude.min()), float(latitude.max()), -180.0, 180.0
        centre = self.projection.longitude0
        east_of = (longitude - centre + 180.0) % 360.0 - 180.0
        if isinstance(self.projection, Degrees):
            east_of = np.array([self.x0, self.x0 + self.columns * self.cell_x])
        west, east = ((centre + d + 180.0) % 360.0 - 180.0 for d in (east_of.min(), east_of.max()))
        return float(latitude.min()), float(latitude.max()), float(west), float(east)

    def days(self, time) -> np.ndarray:
        """The calendar day, `datetime64[D]`, of UTC times in the grid's time zone.

        >>> Grid.world(timezone="Asia/Tokyo").days(["2011-03-11T16:00"]).astype(str).tolist()
        ['2011-03-12']
        """
        time = np.asarray(time, dtype="datetime64[us]")
        if self.timezone == "UTC" or not time.size:
            return time.astype("datetime64[D]")
        return (time + utc_offsets(time, self.timezone)).astype("datetime64[D]")

    def day_start(self, day) -> np.datetime64:
        """The UTC instant at which a day of the grid's time zone begins."""
        day = np.datetime64(day, "D")
        midnight = day.astype("datetime64[us]")
        # The offset at the wanted instant is not known before the instant is: two steps settle it.
        guess = midnight - utc_offsets(np.array([midnight]), self.timezone)[0]
        start = midnight - utc_offsets(np.array([guess]), self.timezone)[0]
        # Where clocks go forward at midnight, the day has none and begins at the change, which the first step met.
        return start if self.days([start])[0] == day else guess

    def to_dict(self) -> dict:
        """Plain values for JSON; `Grid.from_dict` reads them back."""
        kind = next(name for name, cls in PROJECTIONS.items() if isinstance(self.projection, cls))
        return {**asdict(self), "projection": {"kind": kind, **asdict(self.projection)}}

    @classmethod
    def from_dict(cls, values: dict) -> Grid:
        """The grid that `to_dict` described."""
        projection = dict(values["projection"])
        kind = projection.pop("kind", None)
        if kind not in PROJECTIONS:
            raise InputError(f"a projection of {sorted(PROJECTIONS)}", repr(kind), "mend the grid's description")
        return cls(**{**values, "projection": PROJECTIONS[kind](**projection)})
