"""EtasFit: a fitted space-time ETAS model, and its two files."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ....datasets.atomic import replacing
from ....datasets.catalog import Catalog
from ....datasets.errors import InputError
from ....datasets.file_hash import sha256_of
from ....datasets.grid import Grid
from ....datasets.simulate.etas_background import MapBackground, box
from ....datasets.simulate.etas_intensity import EtasIntensity
from ....datasets.simulate.etas_parameters import EtasParameters

PARAMETERS_FILE, BACKGROUND_FILE = "etas.json", "background.npz"
TEN_YEARS_DAYS = 3652.5


@dataclass(frozen=True, eq=False, repr=False)
class EtasFit:
    """What `fit_etas` found.

    Arguments:
        parameters: the model; `mu_per_day` counts background events of the whole padded region.
        background: where they fall, a map on the region's grid with its padding as further cells.
        standard_errors: by the parameter's name; None for one at its bound or that was not fitted.
        at_bound: names of the parameters at a bound.
        period: first and last day of the events that were fitted, "1990-01-01".
        log_likelihood: of them, in nats (days and km).
        targets, parents: events that were fitted, and all that could be parents, those before the period included.
        hidden_days: time taken out because large events hide small ones in their wake.
        iterations, rounds: steps of the search, and estimates of the background between them.
        converged: whether both had come to rest.
        seconds: of wall time.
        settings: how the fit was made: history_days, neighbours, floor_share, ...
    """

    parameters: EtasParameters
    background: MapBackground
    standard_errors: dict[str, float | None]
    at_bound: tuple[str, ...]
    period: tuple[str, str]
    log_likelihood: float
    targets: int
    parents: int
    hidden_days: float
    iterations: int
    rounds: int
    converged: bool
    seconds: float
    settings: dict

    def __eq__(self, other) -> bool:
        if not isinstance(other, EtasFit):
            return NotImplemented
        return self.to_dict() == other.to_dict() and np.array_equal(self.background.weight, other.background.weight)

    __hash__ = None

    def __repr__(self) -> str:
        values = ", ".join(
            f"{name} {value:.4g}" for name, value in asdict(self.parameters).items() if value is not None
        )
        return f"EtasFit({self.period[0]} to {self.period[1]}, {self.targets} events; {values})"

    @property
    def branching_ratio(self) -> float:
        """Expected direct offspring of an event within ten years."""
        return self.parameters.branching_ratio(TEN_YEARS_DAYS)

    def intensity(self, catalog: Catalog, start, end) -> EtasIntensity:
        """The model's intensity given a catalogue that is complete from `start` to `end`, its simulations included."""
        west, east, south, north = box(self.background.region)
        known = catalog.between(start, end).above(self.parameters.m0)
        x, y = self.background.region.projection.forward(known.latitude, known.longitude)
        known = known[(x >= west) & (x < east) & (y >= south) & (y < north)]
        return EtasIntensity(self.parameters, self.background, known, start, end, padding_km=0.0)

    def to_dict(self) -> dict:
        """Plain values for JSON; the map of the background is not among them."""
        values = {name: value for name, value in vars(self).items() if name not in ("parameters", "background")}
        values["at_bound"], values["period"] = list(self.at_bound), list(self.period)
        return {
            "parameters": asdict(self.parameters),
            "region": self.background.region.to_dict(),
            "branching_ratio_10_years": self.branching_ratio,
            **values,
        }

    def save(self, folder: str | os.PathLike) -> None:
        """Write etas.json and background.npz into a folder."""
        folder = Path(folder)
        with replacing(folder / BACKGROUND_FILE) as temporary:
            np.savez_compressed(temporary, weight=self.background.weight)
        content = {**self.to_dict(), "background_sha256": sha256_of(folder / BACKGROUND_FILE)}
        with replacing(folder / PARAMETERS_FILE) as temporary:
            temporary.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")

    @classmethod
    def read(cls, folder: str | os.PathLike) -> EtasFit:
        """Read what `save` wrote."""
        folder = Path(folder)
        try:
            content = json.loads((folder / PARAMETERS_FILE).read_text())
            content.pop("branching_ratio_10_years")
            if content.pop("background_sha256") != sha256_of(folder / BACKGROUND_FILE):
                raise InputError(
                    "the background map that was saved with its parameters", f"another in {folder}", "restore the file"
                )
            with np.load(folder / BACKGROUND_FILE, allow_pickle=False) as file:
                background = MapBackground(Grid.from_dict(content.pop("region")), file["weight"])
            parameters = EtasParameters(**content.pop("parameters"))
            content["at_bound"], content["period"] = tuple(content["at_bound"]), tuple(content["period"])
            return cls(parameters, background, **content)
        except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise InputError(
                f"a folder with {PARAMETERS_FILE} and {BACKGROUND_FILE}",
                f"{folder} ({type(error).__name__}: {error})",
                "save the fit again",
            ) from error
