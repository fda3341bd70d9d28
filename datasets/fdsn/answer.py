"""What an FDSN event service sent: checked to be a whole answer, then read as text or QuakeML."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ..catalog import Catalog
from ..errors import InputError
from ..readers import fdsn_text, quakeml
from ..readers.ledger import Ledger
from ..readers.rows import Rows, sift


class WrongContent(Exception):
    """The service sent something that is not a whole answer: asking again may help."""


@dataclass(frozen=True)
class Answer:
    """The events of one answer.

    Arguments:
        catalog: the events that can stand in a catalogue.
        rows: how many events were sent, those left out included.
        notes: how many events were left out or changed, by reason; a reason names its first case.
    """

    catalog: Catalog
    rows: int
    notes: Counter[str] = field(default_factory=Counter)


def empty() -> Answer:
    """The answer of a service that has no event for the question."""
    return Answer(Catalog([], [], [], [], []), 0)


def read_answer(body: bytes, length_announced: bool = True) -> Answer:
    """The events in a service's answer of either format, told apart by content.

    Arguments:
        body: the answer, uncompressed.
        length_announced: whether HTTP would have noticed a missing end; if not, a text must end with a line's end.

    >>> header = b"#EventID|Time|Latitude|Longitude|Depth/km|MagType|Magnitude|EventLocationName|EventType"
    >>> body = header + b"\\nus1|2016-08-24T01:36:32.87|42.72|13.19|4.4|mww|6.2|Norcia|earthquake\\n"
    >>> read_answer(body).catalog
    Catalog(1 events, 2016-08-24 to 2016-08-24, M 6.2 to 6.2)
    """
    body = body.decode("utf-8-sig", "replace").encode() if not body.lstrip().startswith(b"<") else body
    head = body[:4000]
    if not head.strip():
        raise WrongContent("an empty answer")
    if quakeml.recognises(head):
        return _read_quakeml(body)
    if head.lstrip().startswith(b"<") or not fdsn_text.recognises(head):
        raise WrongContent(f"no earthquake data but {_glimpse(head)}")
    _check_whole(body, length_announced)
    return _read_text(body)


def _glimpse(head: bytes) -> str:
    """The beginning of an unexpected answer, for an error line."""
    text = re.sub(r"<[^>]*>|\s+", " ", head.decode("utf-8", "replace"))
    name = "HTML" if b"<html" in head.lower() else "XML" if head.lstrip().startswith(b"<") else "text"
    return f"{name} beginning {' '.join(text.split())[:60]!r}"


def _check_whole(body: bytes, length_announced: bool) -> None:
    """Refuse a text that ends inside a line: its last row could be read with a wrong number or a wrong kind."""
    lines = body.rstrip().split(b"\n")
    cut = lines[-1].count(b"|") < lines[0].count(b"|")
    if cut or not (length_announced or body.endswith((b"\n", b"\r"))):
        raise WrongContent(f"a text cut in its line {len(lines)}: {lines[-1][-40:].decode('utf-8', 'replace')!r}")


def _read_text(body: bytes) -> Answer:
    ledger = Ledger()
    try:
        rows = fdsn_text.read(body, ledger)
    except InputError as error:
        raise WrongContent(f"a text that cannot be read: {error.received}") from error
    lines = body.split(b"\n")
    kinds_given = b"eventtype" in lines[0].lower()
    return _answer(rows, ledger, kinds_given, lambda line: lines[line - 1].decode("utf-8", "replace").strip())


def _read_quakeml(body: bytes) -> Answer:
    ledger = Ledger()
    try:
        rows = quakeml.read(body, ledger)
    except InputError as error:
        raise WrongContent(f"QuakeML that cannot be read {error.received.strip()[:80]}") from error
    rows.event_id = np.array([_own_id(identifier) for identifier in rows.event_id], dtype=np.str_)
    identifiers = rows.event_id
    return _answer(rows, ledger, True, lambda line: identifiers[line - 1])


def _own_id(identifier: str) -> str:
    """The agency's event id inside a QuakeML resource identifier.

    Services write `...query?eventid=us123&format=quakeml` or `smi:agency/catalogue/id`; their text has the id alone.

    >>> _own_id("smi:webservices.ingv.it/fdsnws/event/1/query?eventId=46230122"), _own_id("smi:ch.ethz.sed/2025cdcacd")
    ('46230122', '2025cdcacd')
    """
    query = re.search(r"[?&]eventid=([^&]+)", identifier, re.IGNORECASE)
    return query.group(1) if query else identifier.rstrip("/").rsplit("/", 1)[-1]


def _answer(rows: Rows, ledger: Ledger, kinds_given: bool, case) -> Answer:
    """Rows and what befell them; `case` names the event of a line."""
    good = sift(rows, ledger)
    notes = Counter(ledger.notes)
    if not kinds_given and len(good):
        notes["events without a type, taken as earthquakes"] += len(good)
    first = {rejected.reason: rejected.line for rejected in reversed(ledger.rows)}
    for reason, number in ledger.counts.items():
        notes[f"left out: {reason} (first: {case(first[reason])[:60]})"] += number
    # Blanks that a service pads its columns with are no part of an id: seams are joined by it.
    event_id = np.char.strip(np.broadcast_to(good.event_id, good.time.shape))
    columns = (good.time, good.latitude, good.longitude, good.depth_km, good.magnitude, good.kind, event_id)
    return Answer(Catalog.unsorted(*columns), len(good) + sum(ledger.counts.values()), notes)
