"""Download an earthquake catalogue from any FDSN event service: split, repeated, resumed after a kill."""

from __future__ import annotations

import itertools
import json
import os
import platform
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ..atomic import replacing
from ..catalog import COLUMNS, Catalog, write_catalog
from ..errors import InputError
from ..file_hash import sha256_of
from ..progress import track
from .answer import Answer
from .parts import Parts, Span, utc_now
from .query import FdsnQuery
from .service import GaveUp, Patience, Refused, Service, TooLarge

# The least limit among the large services is 10 000 events an answer (INGV, SeisComP); USGS sends 20 000.
LARGEST_COUNT = 10_000
# A service that stops at its limit without a word sends a round number of events.
SILENT_LIMIT = 1_000


@dataclass(frozen=True)
class Manifest:
    """What was downloaded, from where, when and with what; stored beside the catalogue as `NAME.manifest.json`.

    Arguments:
        file, sha256, bytes, count: the catalogue's file and its events.
        query: the fields of `FdsnQuery`.
        service_url, service_version: where it was asked.
        started, finished: UTC, of the first run and the last.
        spans: region, start, end and events of each answer; an event on a seam counts in both.
        notes: what was left out or found odd, one line each.
        software: versions.
    """

    file: str
    sha256: str
    bytes: int
    count: int
    query: dict
    service_url: str
    service_version: str | None
    started: str
    finished: str
    spans: list[dict]
    notes: list[str]
    software: dict[str, str]

    @staticmethod
    def path_beside(target: Path) -> Path:
        """Where the manifest of a catalogue lies.

        >>> Manifest.path_beside(Path("japan.csv")).name
        'japan.csv.manifest.json'
        """
        return target.with_name(target.name + ".manifest.json")

    @classmethod
    def read(cls, target: Path) -> Manifest | None:
        """The manifest beside a catalogue; None without one."""
        try:
            return cls(**json.loads(cls.path_beside(target).read_text()))
        except (FileNotFoundError, json.JSONDecodeError, TypeError):
            return None


def download_catalog(
    out: str | os.PathLike,
    query: FdsnQuery,
    service: str = "USGS",
    *,
    answer_format: str = "auto",
    patience: Patience | None = None,
    span_days: float = 366.0,
    smallest_span_s: float = 60.0,
    overwrite: bool = False,
    seed: int | None = None,
) -> Manifest:
    """Download a catalogue into one file with a manifest beside it; run again after any stop, it goes on where it was.

    Finished time spans are kept in the folder `OUT.parts` until all are there. The same event in two answers (spans
    share their seam) is kept once, by its id.

    Arguments:
        out: a `.csv` or `.parquet` file, or a folder, which then gets `catalog.csv`.
        query: what to ask for.
        service: obspy's short name of a service ("USGS", "ISC", "INGV", ...) or its URL.
        answer_format: "text", "quakeml", or "auto": text, and QuakeML where the service has no text.
        patience: pauses, tries and timeout.
        span_days: longest time span of one request.
        smallest_span_s: where halving a refused span ends.
        overwrite: replace a file that exists.
        seed: of the jitter between tries.
    """
    target = _target(out)
    parts = Parts(target)
    asked = Service(service, patience or Patience(), answer_format, seed)
    if target.exists() and not parts.folder.exists() and not overwrite:
        return _finished(target, query, asked.url)
    asked.greet()
    query, started = parts.open(query, asked.url)
    regions = query.regions()
    try:
        spans = [
            span
            for outer in track(_spans(query, len(regions), span_days), f"downloading from {service}")
            for span in _fetch(asked, query, regions, outer, parts, smallest_span_s)
        ]
    except _Unfinished as stop:
        raise InputError(
            f"an answer from {asked.url} for {stop.span}",
            stop.reason,
            f"{stop.remedy}; {parts.count()} finished spans are kept in {parts.folder}",
        ) from stop
    return _join(target, parts, spans, query, asked, started)


class _Unfinished(Exception):
    def __init__(self, span: Span, reason: str, remedy: str):
        super().__init__(reason)
        self.span, self.reason, self.remedy = span, reason, remedy


def _target(out: str | os.PathLike) -> Path:
    path = Path(out)
    if path.is_dir() or not path.suffix:
        path = path / "catalog.csv"
    if path.suffix not in (".csv", ".parquet"):
        raise InputError("a file ending in .csv or .parquet, or a folder", str(out), "change the ending")
    return path


def _finished(target: Path, query: FdsnQuery, service_url: str) -> Manifest:
    """The manifest of a download that is done already; an InputError if the file is something else."""
    manifest = Manifest.read(target)
    if (
        manifest is None
        or FdsnQuery(**manifest.query) != query
        or manifest.service_url != service_url
        or manifest.sha256 != sha256_of(target)
    ):
        raise InputError(
            f"no file {target} yet, or the whole answer to this query",
            "another file of that name",
            "choose another name or overwrite it",
        )
    return manifest


def _spans(query: FdsnQuery, regions: int, span_days: float) -> list[Span]:
    """The time between start and end in equal steps, for each region."""
    start, end = (np.datetime64(moment, "us") for moment in (query.start, query.end))
    step = np.timedelta64(round(span_days * 86400e6), "us")
    if step <= np.timedelta64(0):
        raise InputError("a positive span_days", str(span_days), "give at least a part of a day")
    edges = [*np.arange(start, end, step), end]
    return [Span(region, a, b) for a, b in itertools.pairwise(edges) for region in range(regions)]


def _fetch(
    service: Service, query: FdsnQuery, regions: list[dict], span: Span, parts: Parts, smallest_span_s: float
) -> Iterator[Span]:
    """Bring a span into the parts, in halves where the service refuses it whole; yield the spans that were answered."""
    if parts.holds(span):
        yield span
        return
    if not parts.is_split(span):
        question = query.question(regions[span.region], span.start, span.end)
        divisible = span.seconds >= 2 * smallest_span_s
        try:
            expected = service.count(question)
            if expected is None or expected <= LARGEST_COUNT or not divisible:
                answer = service.events(question, expected)
                # With a count that agrees, a round number of events is just that.
                suspected = answer.rows > 0 and answer.rows % SILENT_LIMIT == 0 and answer.rows != expected
                if not (suspected and divisible):
                    notes = _notes(answer, span, expected, suspected)
                    parts.save(span, answer.catalog, notes)
                    yield span
                    return
        except TooLarge as error:
            if not divisible:
                remedy = "raise the magnitude or narrow the region"
                raise _Unfinished(span, f"a refusal of its size ({error})", remedy) from error
        except Refused as error:
            raise _Unfinished(span, f"a refusal: {error}", "change the query or the service") from error
        except GaveUp as error:
            raise _Unfinished(span, str(error), "run it again later, or with shorter spans") from error
        parts.mark_split(span)
    for half in span.halves():
        yield from _fetch(service, query, regions, half, parts, smallest_span_s)


def _notes(answer: Answer, span: Span, expected: int | None, suspected: bool) -> Counter[str]:
    notes = Counter(answer.notes)
    if suspected:
        notes[f"a round number of events in {span}: the service may have stopped at its limit"] = answer.rows
    if expected is not None and answer.rows < expected:
        notes[f"missing: counted but not sent by the service, {span}"] = expected - answer.rows
    return notes


def _join(target: Path, parts: Parts, spans: list[Span], query: FdsnQuery, service: Service, started: str) -> Manifest:
    """Write the catalogue and its manifest, then remove the parts."""
    loaded = [parts.load(span) for span in spans]
    notes = sum((note for _, note in loaded), Counter())
    catalog = Catalog.joined([part for part, _ in loaded])
    outside = query.outside(catalog)
    if outside.any():
        # An event exactly at the end belongs to the next span by the half-open rule, and is no oddity.
        ends = outside & (catalog.time == np.datetime64(query.end))
        notes["left out: at the very end of the span, which is not part of it"] += int(ends.sum())
        notes["left out: not asked for, sent all the same"] += int((outside & ~ends).sum())
        catalog = catalog[~outside]
    later, differing = _last_of_each_id(catalog)
    notes["left out: the same event again, at a seam or by the service"] += len(catalog) - int(later.sum())
    notes["of them with another solution; the later in time kept"] += differing
    catalog = catalog[later]
    if not len(catalog):
        parts.remove()
        raise InputError(
            f"events from {service.url} between {query.start} and {query.end}",
            "none",
            "widen the region or the period, or lower the magnitude",
        )
    write_catalog(catalog, target)
    manifest = Manifest(
        file=target.name,
        sha256=sha256_of(target),
        bytes=target.stat().st_size,
        count=len(catalog),
        query=asdict(query),
        service_url=service.url,
        service_version=service.version,
        started=started,
        finished=utc_now(),
        spans=[
            {"region": span.region, "start": str(span.start), "end": str(span.end), "events": len(part)}
            for span, (part, _) in zip(spans, loaded, strict=True)
        ],
        notes=[f"{number} {reason}" for reason, number in notes.items() if number],
        software={
            "foreshock": version("foreshock"),
            "obspy": version("obspy"),
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    )
    with replacing(Manifest.path_beside(target)) as path:
        path.write_text(json.dumps(asdict(manifest), indent=1) + "\n")
    parts.remove()
    return manifest


def _last_of_each_id(catalog: Catalog) -> tuple[np.ndarray, int]:
    """Mask of each event's last row, and how many other rows differ from it; rows without id go by all values."""
    identity = catalog.event_id.astype(object)
    for i in np.flatnonzero(catalog.event_id == ""):
        identity[i] = "|".join(str(getattr(catalog, name)[i]) for name in COLUMNS)
    _, inverse = np.unique(identity.astype(np.str_), return_inverse=True)
    last = np.full(inverse.max(initial=-1) + 1, -1)
    np.maximum.at(last, inverse, np.arange(len(catalog)))
    kept = last[inverse]
    values = np.stack([catalog.time.astype(np.int64), catalog.latitude, catalog.longitude, catalog.magnitude])
    differing = int((values != values[:, kept]).any(axis=0).sum())
    return kept == np.arange(len(catalog)), differing
