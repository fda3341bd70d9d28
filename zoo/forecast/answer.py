"""A forecast asked for on the command line: files in, one answer out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...datasets.errors import InputError
from ...datasets.readers.reading import read_catalog
from .forecast import Forecast
from .forecaster import Forecaster


@dataclass(frozen=True)
class ForecastAnswer:
    """A forecast, and what the catalogue's reader left out."""

    forecast: Forecast
    reading: str
    rejected: int
    complete: bool = True

    def to_csv(self, path: Path) -> None:
        """Write the map."""
        self.forecast.to_csv(path)

    def plot(self, path: Path) -> None:
        """Draw the map."""
        self.forecast.plot(path)

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return {**self.forecast.summary(), "catalog": self.reading, "rejected_rows": self.rejected}

    def to_text(self) -> str:
        """The window, the expected number and the ten cells of highest probability."""
        summary = self.forecast.summary()
        lines = [
            self.reading,
            f"{summary['model']}: M >= {summary['magnitude']:g} from {summary['from']} to before {summary['to']}, "
            f"expected events {summary['expected_events']:.3g}",
            "latitude  longitude  probability",
        ]
        lines += [f"{c['latitude']:8.2f}  {c['longitude']:9.2f}  {c['probability']:.4g}" for c in summary["cells"]]
        return "\n".join(lines)


def forecast_from_files(model: Forecaster, inputs: list[Path], day: str | None, picks: Path | None) -> ForecastAnswer:
    """Read one catalogue from files and forecast for a day, the one after its last event where none is given."""
    if picks is not None:
        raise InputError(f"a catalogue for the forecaster {model.card.name}", "--picks", "leave --picks out")
    reading = read_catalog(inputs)
    if day is None:
        day = model.grid.days(reading.catalog.time[-1:])[0] + 1
    return ForecastAnswer(model.predict(reading.catalog, day), reading.summary, reading.rejected_rows)
