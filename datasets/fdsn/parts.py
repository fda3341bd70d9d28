"""The finished parts of a download: one whole file a time span, in a folder beside the target."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..atomic import replacing
from ..catalog import Catalog
from ..errors import InputError
from .query import FdsnQuery


def utc_now() -> str:
    """The time in UTC, ISO 8601 without a zone, as queries and manifests write it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Span:
    """A region (its place in `FdsnQuery.regions`) and a time span that were, or shall be, asked for at once."""

    region: int
    start: np.datetime64
    end: np.datetime64

    def __str__(self) -> str:
        return f"{str(self.start).removesuffix('.000000')} to {str(self.end).removesuffix('.000000')}"

    @property
    def name(self) -> str:
        """The span as a file name; no colons, so that every file system takes it."""
        times = (str(moment).replace("-", "").replace(":", "") for moment in (self.start, self.end))
        return "_".join((str(self.region), *times))

    @property
    def seconds(self) -> float:
        """Its length in time."""
        return float((self.end - self.start) / np.timedelta64(1, "s"))

    def halves(self) -> tuple[Span, Span]:
        """The same region in two halves of the time, the same ones every time."""
        middle = self.start + (self.end - self.start) // 2
        return replace(self, end=middle), replace(self, start=middle)


class Parts:
    """The folder of finished spans; each is one Parquet file with its notes, renamed into place when whole."""

    def __init__(self, target: Path):
        self.folder = target.with_name(target.name + ".parts")

    def open(self, query: FdsnQuery, service_url: str) -> tuple[FdsnQuery, str]:
        """Begin or go on: the query with its end fixed, and when the first run began."""
        note = self.folder / "query.json"
        asked = {"asked": query.to_json(), "service_url": service_url}
        try:
            begun = json.loads(note.read_text())
        except FileNotFoundError:
            query = replace(query, end=query.end or utc_now())
            begun = {**asked, "started": utc_now(), "end": query.end}
            with replacing(note) as path:
                path.write_text(json.dumps(begun))
        if {**begun, **asked} != begun:
            raise InputError(
                f"the query that {self.folder} was begun with",
                "another query or service",
                "delete that folder or choose another file",
            )
        return replace(query, end=begun["end"]), begun["started"]

    def holds(self, span: Span) -> bool:
        """Whether the span is finished."""
        return self._file(span).exists()

    def mark_split(self, span: Span) -> None:
        """Remember that the service refuses the span whole, so that a later run does not ask again."""
        (self.folder / f"{span.name}.split").touch()

    def is_split(self, span: Span) -> bool:
        """Whether the span was refused whole."""
        return (self.folder / f"{span.name}.split").exists()

    def save(self, span: Span, catalog: Catalog, notes: Counter[str]) -> None:
        """Keep a span's events and how many events each note is about."""
        from pyarrow import parquet

        table = catalog.to_arrow().replace_schema_metadata({"foreshock": json.dumps(notes)})
        with replacing(self._file(span)) as path:
            parquet.write_table(table, path)

    def load(self, span: Span) -> tuple[Catalog, Counter[str]]:
        """What `save` kept."""
        from pyarrow import parquet

        table = parquet.read_table(self._file(span))
        return Catalog.from_arrow(table), Counter(json.loads(table.schema.metadata[b"foreshock"]))

    def count(self) -> int:
        """Number of finished spans."""
        return len(list(self.folder.glob("*.parquet")))

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, span: Span) -> Path:
        return self.folder / f"{span.name}.parquet"
