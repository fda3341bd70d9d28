"""One FDSN event service, asked patiently: pauses, repeated tries, one clear reason when it fails."""

from __future__ import annotations

import io
import logging
import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import TypeVar
from urllib.request import BaseHandler

import numpy as np

from ..errors import InputError
from .answer import Answer, WrongContent, empty, read_answer

Result = TypeVar("Result")
FORMATS = ("auto", "text", "quakeml")
# USGS refuses with status 400 and "21022 matching events exceeds search limit of 20000", others with 413.
TOO_LARGE_TEXT = re.compile(r"exceed|too (many|large|much)|\blimit\b", re.IGNORECASE)
log = logging.getLogger(__name__)


class TooLarge(Exception):
    """The service refuses to send that many events at once."""


class Refused(Exception):
    """The service will not answer this question, however often it is asked."""


class GaveUp(Exception):
    """The last of several tries failed too."""


class _Temporary(Exception):
    """A failure that may pass; `wait_s` is what the service asked for."""

    def __init__(self, reason: str, wait_s: float = 0.0, answered: bool = True):
        super().__init__(reason)
        self.wait_s, self.answered = wait_s, answered


@dataclass(frozen=True)
class Patience:
    """How to treat a service.

    Arguments:
        pause_s: least time between two requests.
        tries: how often one question is asked.
        first_wait_s: wait after the first failure; doubled after each further one, with a quarter of jitter.
        longest_wait_s: most that is waited; a service that asks for more (Retry-After) ends the download.
        timeout_s: silence after which a request counts as failed.
    """

    pause_s: float = 0.5
    tries: int = 5
    first_wait_s: float = 2.0
    longest_wait_s: float = 600.0
    timeout_s: float = 120.0


class _Listener(BaseHandler):
    """Notes status and headers of the last response, which obspy's client does not hand out."""

    def __init__(self):
        self.forget()

    def forget(self) -> None:
        self.status, self.headers = None, {}

    def http_response(self, request, response):
        self.status, self.headers = response.status, response.headers
        return response

    https_response = http_response


class Service:
    """An FDSN event service behind obspy's client.

    The client is made without service discovery: the WADL of many services is missing, slow or wrong, and obspy leaves
    out, with a warning only, what a WADL does not list. Here every parameter is sent and the service itself says no.

    Arguments:
        service: a short name known to obspy ("USGS", "ISC", "INGV", ...) or the URL before `/fdsnws/event/1`.
        answer_format: "text" (much smaller), "quakeml", or "auto": text, and QuakeML where text is refused.
        seed: of the jitter in the waits.
    """

    def __init__(self, service: str, patience: Patience, answer_format: str = "auto", seed: int | None = None):
        from obspy.clients.fdsn import Client

        if answer_format not in FORMATS:
            raise InputError(f"a format of {', '.join(FORMATS)}", repr(answer_format), "choose one of them")
        base_url = re.sub(r"/fdsnws(/event(/1(/.*)?)?)?/?$", "", service.strip())
        try:
            self.client = Client(base_url, timeout=patience.timeout_s, _discover_services=False)
        except ValueError as error:
            raise InputError(
                "an FDSN service's short name such as USGS, ISC, EMSC, INGV, GFZ, or its URL",
                repr(service),
                "correct the service",
            ) from error
        # Without discovery obspy knows every standard parameter but this one.
        self.client.services["event"]["format"] = {"default_value": "xml", "type": str, "required": False}
        self._listener = _Listener()
        self.client._url_opener.add_handler(self._listener)
        self.patience, self._rng = patience, np.random.default_rng(seed)
        self._format = "xml" if answer_format == "quakeml" else "text"
        self._may_change_format = answer_format == "auto"
        self._counts = True
        self._last_request = -np.inf
        self.requests = 0
        self.url = self.client._build_url("event", "query")
        self.version: str | None = None

    def greet(self) -> None:
        """Ask for the version, None where the service tells none; an InputError if it does not answer at all."""
        try:
            text = self._patiently(lambda: self._get("version"), "its version", min(2, self.patience.tries))
        except GaveUp as error:
            if error.__cause__.answered:
                return
            raise InputError(
                "an FDSN event service", f"no answer from {self.url} ({error})", "check the URL and the network"
            ) from error
        except (Refused, TooLarge):
            return
        version = text.decode("ascii", "replace").strip()
        self.version = version if re.fullmatch(r"[\w.+-]{1,40}", version) else None

    def events(self, question: dict, expected: int | None = None) -> Answer:
        """The events that answer a question.

        Arguments:
            question: FDSN parameters as `obspy.clients.fdsn.Client.get_events` takes them.
            expected: number of events the service counted; an answer with fewer is asked for once more.
        """
        what = f"events from {question['starttime']} to {question['endtime']}"
        try:
            answer = self._patiently(lambda: self._events(question), what)
        except Refused:
            if not self._may_change_format:
                raise
            self._format, self._may_change_format = "xml", False
            answer = self._patiently(lambda: self._events(question), what)
        self._may_change_format = False
        if expected is not None and answer.rows < expected:
            log.warning("%s counted %d %s and sent %d: asking again", self.url, expected, what, answer.rows)
            again = self._patiently(lambda: self._events(question), what)
            answer = max(answer, again, key=lambda a: a.rows)
        return answer

    def count(self, question: dict) -> int | None:
        """How many events answer a question; None where the service does not offer to count (only some do)."""
        if not self._counts:
            return None
        try:
            text = self._patiently(lambda: self._get("count", question), "a count", min(2, self.patience.tries))
            return int(text)
        except (GaveUp, Refused, TooLarge, ValueError):
            self._counts = False
            return None

    def _events(self, question: dict) -> Answer:
        def download() -> bytes:
            buffer = io.BytesIO()
            self.client.get_events(filename=buffer, format=self._format, **question)
            return buffer.getvalue()

        body = self._request(download, none_found=(204, 404) if self.version else (204,))
        if body is None:
            return empty()
        headers = self._listener.headers
        announced = "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower()
        announced |= headers.get("Content-Encoding", "").lower() == "gzip"
        try:
            return read_answer(body, announced)
        except WrongContent as error:
            raise _Temporary(str(error)) from error

    def _get(self, resource: str, question: dict | None = None) -> bytes:
        from obspy.clients.fdsn.client import convert_to_string

        parameters = {name: convert_to_string(value) for name, value in (question or {}).items()}
        url = self.client._build_url("event", resource, parameters=parameters)
        return self._request(lambda: self.client._download(url, return_string=True))

    def _patiently(self, ask: Callable[[], Result], what: str, tries: int | None = None) -> Result:
        """`ask()`, repeated after failures that may pass."""
        tries = tries or self.patience.tries
        for attempt in range(1, tries + 1):
            time.sleep(max(0.0, self._last_request + self.patience.pause_s - time.monotonic()))
            try:
                return ask()
            except _Temporary as error:
                own = self.patience.first_wait_s * 2.0 ** (attempt - 1) * self._rng.uniform(0.75, 1.25)
                wait_s = max(error.wait_s, min(own, self.patience.longest_wait_s))
                if wait_s > self.patience.longest_wait_s:
                    raise GaveUp(f"{error}, and a request to wait {wait_s:.0f} s") from error
                if attempt == tries:
                    raise GaveUp(f"{error}, {tries} times" if tries > 1 else str(error)) from error
                log.warning("%s: %s; asking again for %s in %.1f s", self.url, error, what, wait_s)
                time.sleep(wait_s)
        raise InputError("at least one try", str(tries), "raise tries")

    def _request(self, download: Callable[[], bytes], none_found: tuple[int, ...] = ()) -> bytes | None:
        """The body of one response, None for a status of `none_found`; any failure as TooLarge, Refused or _Temporary.

        Some services answer 404 for "no data"; it is taken for that where one has told its version at this address.
        """
        from obspy.clients.fdsn.header import FDSNException

        self._listener.forget()
        self.requests += 1
        try:
            return download()
        except (FDSNException, HTTPException, OSError, EOFError, zlib.error) as error:
            failure = error
        finally:
            self._last_request = time.monotonic()
        status, said = self._listener.status, _said(failure)
        if status in none_found:
            return None
        if status is None:
            raise _Temporary(said, answered=False) from failure
        if status == 200:
            raise _Temporary(f"an answer cut short ({said})") from failure
        if status == 413 or (status == 400 and TOO_LARGE_TEXT.search(str(failure))):
            raise TooLarge(said) from failure
        if status in (408, 429) or (status >= 500 and status != 501):
            raise _Temporary(f"HTTP {status} ({said})", self._asked_wait_s()) from failure
        raise Refused(f"HTTP {status} ({said})") from failure

    def _asked_wait_s(self) -> float:
        """Seconds the service asks to wait, from Retry-After as seconds or as a date; 0 if it asks nothing."""
        text = self._listener.headers.get("Retry-After", "").strip()
        if text.isdigit():
            return float(text)
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return 0.0
        return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _said(failure: Exception) -> str:
    """One short line of what the service or the network said."""
    if isinstance(failure, TimeoutError) or type(failure).__name__ == "FDSNTimeoutException":
        return "timed out"
    text = str(failure) or type(failure).__name__
    _, marker, detail = text.partition("Detailed response of server:")
    if marker:
        text = re.sub(r"<[^>]*>", " ", detail)
    # obspy wraps what urllib says: "Unknown Error (URLError): <urlopen error [Errno 111] Connection refused>".
    text = re.sub(r"Unknown Error \(\w+\): |<urlopen error (?:\[Errno -?\d+\] )?|>$", "", text)
    return " ".join(text.split())[:120]
