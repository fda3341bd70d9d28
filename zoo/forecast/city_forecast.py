"""CityForecast: the probability that the ground shakes near a city, and its way out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...datasets.atomic import replacing
from ...datasets.catalog import Catalog
from ...datasets.coastline import coastline
from ...datasets.grid import Grid
from ...datasets.pictures import save_figure
from ...datasets.windows import Circle
from .city_files import SCORES, date, detail, detail_name, dump

CSV_COLUMNS = ("id", "start_date", "predict_range_days", "threshold_mag", "probability", "historical_probability")


@dataclass(frozen=True, eq=False)
class CityForecast:
    """What a city's forecaster says on one day.

    Arguments:
        model, id, display_name: the forecaster's name, the city's, and that for people by language.
        circle: where the event would be.
        day: of issue; only events before its midnight were used.
        range_days: the target is [day, day + range_days).
        magnitude: the smallest event that counts.
        probability: of at least one.
        historical: the same from the frequency in the training period alone.
        scores: the model's, on its test period: acc, auc, f1, precision, recall.
        scaled: (days, rows, columns, 3), what the network saw, each channel in [0, 1].
        grid: the cells of that.
        recent: the events in it.
    """

    model: str
    id: str
    display_name: dict[str, str]
    circle: Circle
    day: np.datetime64
    range_days: int
    magnitude: float
    probability: float
    historical: float
    scores: dict[str, float | None]
    scaled: np.ndarray
    grid: Grid
    recent: Catalog

    def __repr__(self) -> str:
        return f"CityForecast({self.model}, {self.probability:.3g} on {self.day}, as a rule {self.historical:.3g})"

    def to_dict(self) -> dict:
        """ml-earthquake's predictions.json."""
        place = self.circle
        row = {
            "id": self.id,
            "start_date": date(self.day),
            "predict_center_lat": place.latitude,
            "predict_center_lng": place.longitude,
            "predict_radius_meters": place.radius_km * 1000,
            "predict_range_days": self.range_days,
            "probability": self.probability,
            "displayName": self.display_name,
            "threshold_mag": self.magnitude,
            **{name: self.scores.get(name) for name in SCORES},
            "historical_probability": self.historical,
        }
        return {"predictions": [row]}

    def to_text(self) -> str:
        """The probability beside the usual one."""
        place = self.circle
        name = self.display_name.get("en", self.id)
        days = "the day" if self.range_days == 1 else f"the {self.range_days} days from"
        lines = [
            f"{self.model}: M >= {self.magnitude:g} within {place.radius_km:g} km of {name} on {days} {self.day}",
            f"probability {self.probability:.3g}; in its training period {self.historical:.3g} of all days",
        ]
        return "\n".join(lines)

    def to_csv(self, path: str | os.PathLike) -> None:
        """One row with a header."""
        row = self.to_dict()["predictions"][0]
        with replacing(path) as temporary:
            values = ",".join(str(row[name]) for name in CSV_COLUMNS)
            Path(temporary).write_text(f"{','.join(CSV_COLUMNS)}\n{values}\n")

    def write(self, folder: str | os.PathLike) -> list[Path]:
        """Write predictions.json, and ID/detail_FROM_TO.json with what the network saw; returns the paths."""
        folder = Path(folder)
        (folder / self.id).mkdir(parents=True, exist_ok=True)
        nothing = self.recent[:0]
        seen = detail(self.scaled, self.day, self.range_days, self.circle, self.magnitude, self.grid, nothing)
        paths = [folder / "predictions.json", folder / self.id / detail_name(self.day, self.range_days)]
        dump(self.to_dict(), paths[0])
        dump(seen, paths[1])
        return paths

    def plot(self, path: str | os.PathLike | None = None):
        """The circle and the events seen last on a map, as a matplotlib Figure; saved where a path is given."""
        from matplotlib.figure import Figure
        from matplotlib.patches import Ellipse

        place = self.circle
        reach = 3 * place.radius_km / 111.2
        stretch = 1 / np.cos(np.radians(place.latitude))
        south, north = max(place.latitude - reach, -90), min(place.latitude + reach, 90)
        west, east = place.longitude - reach * stretch, place.longitude + reach * stretch
        figure = Figure(figsize=(6.5, 6.5))
        axes = figure.add_subplot()
        for line in coastline(south, north, (west + 180) % 360 - 180, (east + 180) % 360 - 180):
            axes.plot(self._beside(line[:, 0]), line[:, 1], color="black", linewidth=0.7)
        width = 2 * place.radius_km / 111.2
        colour = "firebrick" if self.probability > self.historical else "steelblue"
        circle = (place.longitude, place.latitude)
        axes.add_patch(Ellipse(circle, width * stretch, width, facecolor=colour, alpha=0.25, edgecolor=colour))
        seen = self.recent
        axes.scatter(
            self._beside(seen.longitude),
            seen.latitude,
            s=4 + 3.0 ** np.clip(seen.magnitude - 3, 0, 6),
            facecolors="none",
            edgecolors="navy",
            label=f"events of the {len(self.scaled)} days before",
        )
        axes.set(xlim=(west, east), ylim=(south, north), xlabel="longitude (degrees east)", ylabel="latitude (degrees)")
        axes.set_aspect(stretch)
        axes.legend(loc="upper left", fontsize=8)
        axes.set_title(self.to_text(), fontsize=9)
        if path is not None:
            save_figure(figure, path)
        return figure

    def _beside(self, longitude) -> np.ndarray:
        """Longitudes that run on from the circle's, so that a map over the date line does not tear."""
        centre = self.circle.longitude
        return centre + (np.asarray(longitude) - centre + 180.0) % 360.0 - 180.0


@dataclass(frozen=True)
class CityAnswer:
    """A city's forecast asked for on the command line, and what the catalogue's reader left out."""

    forecast: CityForecast
    reading: str
    rejected: int
    complete: bool = True

    def to_csv(self, path: Path) -> None:
        """Write the row."""
        self.forecast.to_csv(path)

    def plot(self, path: Path) -> None:
        """Draw the map."""
        self.forecast.plot(path)

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return {**self.forecast.to_dict(), "catalog": self.reading, "rejected_rows": self.rejected}

    def to_text(self) -> str:
        """What was read and what is expected."""
        return f"{self.reading}\n{self.forecast.to_text()}"
