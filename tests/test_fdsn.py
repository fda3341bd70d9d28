"""Downloads from a service on loopback that speaks the FDSN event protocol and misbehaves on purpose."""

import contextlib
import csv
import hashlib
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.fdsn import service as fdsn_service
from foreshock.datasets.fdsn.answer import WrongContent, read_answer
from foreshock.datasets.fdsn.download import Manifest, Patience, download_catalog
from foreshock.datasets.fdsn.query import FdsnQuery

HEADER = (
    "#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|MagType|Magnitude|MagAuthor"
    "|EventLocationName|EventType"
)
QUICK = Patience(pause_s=0.0, tries=3, first_wait_s=0.01, longest_wait_s=5.0, timeout_s=5.0)
YEAR = FdsnQuery("2001-01-01", "2002-01-01")


def synthetic(events=400, seed=1, year=2001) -> Catalog:
    """Events all over the world and one year, whole milliseconds, one in ten a blast."""
    rng = np.random.default_rng(seed)
    ms = np.sort(rng.choice(365 * 86_400_000, events, replace=False))
    return Catalog(
        np.datetime64(f"{year}-01-01", "us") + ms.astype("timedelta64[ms]"),
        rng.uniform(-90, 90, events).round(3),
        rng.uniform(-180, 180, events).round(3),
        rng.uniform(0, 600, events).round(1),
        (3 + rng.exponential(0.43, events)).round(1),
        np.where(np.arange(events) % 10, "earthquake", "quarry blast"),
        np.char.add("ev", np.arange(events).astype(str)),
    )


def with_events(catalog: Catalog, times, magnitude=5.0) -> Catalog:
    """The catalogue with events at the given times at 10 N 10 E."""
    n = len(times)
    ids = [f"extra{i}" for i in range(n)]
    return Catalog.joined([catalog, Catalog(times, [10] * n, [10] * n, [5] * n, [magnitude] * n, event_id=ids)])


class FdsnServer(ThreadingHTTPServer):
    """An FDSN event service over a catalogue.

    `limit` events an answer, refused with `refusal` (413, 400 or "silent": a cut list); `mishaps` befall the next
    queries, one each; `log` has every request.
    """

    daemon_threads = True

    def __init__(self, catalog: Catalog, **settings):
        super().__init__(("127.0.0.1", 0), Handler)
        self.catalog, self.log, self.mishaps = catalog, [], deque()
        self.settings = {
            "limit": 10**9,
            "refusal": 413,
            "counts": False,
            "formats": ("text", "xml"),
            "version": True,
            "wadl": True,
            "none_found": 204,
            "ignores": (),
            "kinds": True,
            "delay_s": 0.0,
            "retry_after": "2",
            **settings,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """A client that hangs up (timeout, kill) is part of the play."""

    def queries(self) -> list[dict]:
        return [parameters for resource, parameters in self.log if resource == "query"]

    def spans(self) -> list[tuple[str, str]]:
        return [(q["starttime"], q["endtime"]) for q in self.queries()]

    def found(self, asked: dict) -> Catalog:
        c = self.catalog
        keep = np.ones(len(c), bool)
        for name, values in {
            "time": c.time,
            "latitude": c.latitude,
            "longitude": c.longitude,
            "depth": c.depth_km,
            "magnitude": c.magnitude,
        }.items():
            if name in self.settings["ignores"]:
                continue
            low, high = ("starttime", "endtime") if name == "time" else (f"min{name}", f"max{name}")
            convert = np.datetime64 if name == "time" else float
            if low in asked:
                keep &= values >= convert(asked[low])
            if high in asked:
                keep &= values <= convert(asked[high])
        if "eventtype" in asked:
            keep &= c.kind == asked["eventtype"]
        if "maxradius" in asked:
            from obspy.geodetics import locations2degrees

            distance = locations2degrees(float(asked["latitude"]), float(asked["longitude"]), c.latitude, c.longitude)
            keep &= distance <= float(asked["maxradius"])
        return c[keep]


def as_text(catalog: Catalog, kinds: bool) -> bytes:
    """The text format, newest first as USGS sends it."""
    lines = [HEADER if kinds else HEADER.removesuffix("|EventType")]
    for i in reversed(range(len(catalog))):
        identity = catalog.event_id[i]
        fields = [
            identity,
            str(catalog.time[i])[:-3],
            f"{catalog.latitude[i]:.3f}",
            f"{catalog.longitude[i]:.3f}",
            f"{catalog.depth_km[i]:.1f}",
            *("ag", "ag", "ag", identity, "mw"),
            f"{catalog.magnitude[i]:.1f}",
            *("ag", "Somewhere, off the coast"),
            *([catalog.kind[i]] if kinds else []),
        ]
        lines.append("|".join(fields))
    return ("\n".join(lines) + "\n").encode()


def as_quakeml(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    catalog.to_obspy().write(buffer, format="QUAKEML")
    return buffer.getvalue()


WADL = """<application xmlns="http://wadl.dev.java.net/2009/02" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<resources base="{url}/fdsnws/event/1/"><resource path="query"><method id="query" name="GET"><request>
<param name="starttime" style="query" type="xs:date"/><param name="endtime" style="query" type="xs:date"/>
{limits}</request></method></resource></resources></application>"""

LIMITS = "".join(
    f'<param name="{side}{name}" style="query" type="xs:double"/>'
    for name in ("latitude", "longitude", "depth", "magnitude")
    for side in ("min", "max")
)
LIMITS += '<param name="orderby" style="query" type="xs:string"/>'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, status: int, body: bytes = b"", headers=(), announced: int | None = None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if announced != -1 and status != 204:
            self.send_header("Content-Length", str(len(body) if announced is None else announced))
        if announced is not None:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urlparse(self.path)
        server, settings = self.server, self.server.settings
        asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
        resource = url.path.removeprefix("/fdsnws/event/1/")
        server.log.append((resource, asked))
        if resource == "version" and settings["version"]:
            self.send(200, b"1.2.3")
        elif resource == "application.wadl" and settings["wadl"]:
            self.send(200, WADL.format(url=server.url, limits=LIMITS).encode())
        elif resource in ("catalogs", "contributors") and settings["wadl"]:
            tag = resource.capitalize()
            self.send(200, f"<{tag}><{tag[:-1]}>synthetic</{tag[:-1]}></{tag}>".encode())
        elif resource == "count" and settings["counts"]:
            self.send(200, str(len(server.found(asked))).encode())
        elif resource == "query":
            self.answer(asked)
        else:
            self.send(404, b"not here")

    def answer(self, asked: dict):
        server, settings = self.server, self.server.settings
        mishap = server.mishaps.popleft() if server.mishaps else None
        time.sleep(settings["delay_s"])
        if mishap == "slow":
            time.sleep(2.0)
        if isinstance(mishap, int):
            extra = [("Retry-After", settings["retry_after"])] if mishap == 429 else []
            return self.send(mishap, b"<html><body>not now</body></html>", extra)
        if mishap == "html":
            return self.send(200, b"<!DOCTYPE html><html><title>Maintenance</title></html>")
        if mishap == "empty":
            return self.send(200)
        if asked.get("format", "xml") not in settings["formats"]:
            return self.send(400, b"Error 400: Bad Request\n\nUnsupported format")
        found = server.found(asked)
        if len(found) > settings["limit"]:
            if settings["refusal"] == "silent":
                found = found[: settings["limit"]]
            elif settings["refusal"] == 413:
                return self.send(413, b"Request Entity Too Large")
            else:
                text = f"{len(found)} matching events exceeds search limit of {settings['limit']}."
                return self.send(400, b"Error 400: Bad Request\n\n" + text.encode())
        if not len(found):
            return self.send(settings["none_found"])
        body = as_quakeml(found) if asked.get("format") != "text" else as_text(found, settings["kinds"])
        if mishap == "cut":
            return self.send(200, body[: len(body) // 2], announced=len(body))
        if mishap == "cut unannounced":
            # The end of the connection is the only end of this answer: HTTP itself cannot tell that it is cut.
            return self.send(200, body[:-30], announced=-1)
        return self.send(200, body)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@contextlib.contextmanager
def serving(catalog: Catalog, **settings):
    server = FdsnServer(catalog, **settings)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def read_csv(path) -> Catalog:
    """The catalogue's own CSV by Python's csv module."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("time", "latitude", "longitude", "depth_km", "magnitude", "kind", "event_id")
    return Catalog(*([row[name] for row in rows] for name in names))


def fetch(server, out, query=YEAR, **settings) -> Manifest:
    return download_catalog(out, query, server.url, **{"patience": QUICK, "seed": 0, **settings})


def test_the_server_satisfies_obspys_own_discovery():
    from obspy.clients.fdsn import Client

    truth = synthetic(30)
    with serving(truth) as server:
        client = Client(server.url)
        assert client.get_webservice_version("event") == [1, 2, 3]
        events = client.get_events(starttime="2001-01-01", endtime="2002-01-01", minmagnitude=3.3)
        assert len(events) == np.count_nonzero(truth.magnitude >= 3.3)


def test_a_download_is_the_catalogue_and_its_manifest_describes_it(tmp_path):
    truth = synthetic()
    with serving(truth) as server:
        out = tmp_path / "new" / "all.csv"
        manifest = fetch(server, out, span_days=100)
        assert read_csv(out) == truth
        assert [(a[:10], b[:10]) for a, b in server.spans()] == [
            ("2001-01-01", "2001-04-11"),
            ("2001-04-11", "2001-07-20"),
            ("2001-07-20", "2001-10-28"),
            ("2001-10-28", "2002-01-01"),
        ]
    assert manifest == Manifest.read(out)
    assert (manifest.count, manifest.notes, manifest.service_version) == (400, [], "1.2.3")
    assert manifest.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    assert manifest.bytes == out.stat().st_size
    assert sum(span["events"] for span in manifest.spans) == 400
    assert manifest.service_url == server.url + "/fdsnws/event/1/query"
    assert manifest.software["obspy"] and manifest.started < manifest.finished
    assert sorted(p.name for p in out.parent.iterdir()) == ["all.csv", "all.csv.manifest.json"]


def test_a_folder_gets_catalog_csv_and_parquet_goes_by_the_ending(tmp_path):
    truth = synthetic(50)
    with serving(truth) as server:
        assert fetch(server, tmp_path).file == "catalog.csv"
        fetch(server, tmp_path / "all.parquet")
    assert Catalog.from_parquet(tmp_path / "all.parquet") == read_csv(tmp_path / "catalog.csv") == truth
    with pytest.raises(InputError, match=r"\.csv or \.parquet"):
        download_catalog(tmp_path / "all.xls", YEAR, "http://127.0.0.1:1")


@pytest.mark.parametrize("refusal", [413, 400])
def test_a_refused_span_is_halved_until_the_service_sends_it(tmp_path, refusal):
    truth = synthetic()
    with serving(truth, limit=60, refusal=refusal) as server:
        manifest = fetch(server, tmp_path / "all.csv")
        assert len(server.queries()) > len(manifest.spans) > 400 / 60
    assert read_csv(tmp_path / "all.csv") == truth
    spans = manifest.spans
    assert all(span["events"] <= 60 for span in spans)
    assert spans[0]["start"] == "2001-01-01T00:00:00.000000" and spans[-1]["end"] == "2002-01-01T00:00:00.000000"
    assert all(a["end"] == b["start"] for a, b in itertools.pairwise(spans))


def test_a_service_that_counts_is_never_asked_for_too_much(tmp_path, monkeypatch):
    monkeypatch.setattr("foreshock.datasets.fdsn.download.LARGEST_COUNT", 60)
    with serving(synthetic(), limit=60, counts=True) as server:
        manifest = fetch(server, tmp_path / "all.csv")
        assert len(server.queries()) == len(manifest.spans)
    assert manifest.count == 400


def test_a_service_that_stops_at_its_limit_without_a_word_is_noticed(tmp_path):
    truth = synthetic(2500)
    with serving(truth, limit=1000, refusal="silent") as server:
        manifest = fetch(server, tmp_path / "all.csv")
    assert manifest.count == 2500 and read_csv(tmp_path / "all.csv") == truth


def test_a_count_shows_an_answer_that_is_short_and_the_manifest_says_so(tmp_path):
    with serving(synthetic(), limit=390, refusal="silent", counts=True) as server:
        manifest = fetch(server, tmp_path / "all.csv")
        assert len(server.queries()) == 2
    assert manifest.count == 390
    assert any(note.startswith("10 missing: counted but not sent") for note in manifest.notes)


def test_the_smallest_span_that_is_refused_is_named(tmp_path):
    burst = with_events(synthetic(10), [f"2001-05-05T05:05:05.{i:03}" for i in range(30)])
    with serving(burst, limit=20) as server, pytest.raises(InputError, match=r"2001-05-05T05:.* to .*; raise the mag"):
        fetch(server, tmp_path / "all.csv")


def test_events_on_seams_are_kept_once_and_the_end_is_open(tmp_path):
    # With 73-day spans 2001-03-15 is a seam; its first half, halved by the limit, has one at 36.5 days.
    times = ["2001-01-01", "2001-02-06T12:00:00", "2001-03-15", "2002-01-01"]
    truth = with_events(synthetic(100), times)
    with serving(truth, limit=15) as server:
        manifest = fetch(server, tmp_path / "all.csv", span_days=73)
    edges = {span["start"] for span in manifest.spans}
    assert {"2001-02-06T12:00:00.000000", "2001-03-15T00:00:00.000000"} <= edges
    catalog = read_csv(tmp_path / "all.csv")
    assert catalog == truth.between("2001-01-01", "2002-01-01")
    assert len(np.unique(catalog.event_id)) == len(catalog) == 103
    assert "2 left out: the same event again, at a seam or by the service" in manifest.notes
    assert "1 left out: at the very end of the span, which is not part of it" in manifest.notes


def test_two_solutions_of_one_event_are_one_event(tmp_path):
    rows = [HEADER, "a|2001-02-01T00:00:01|1|1|5||||a|mw|4.0||x|earthquake"]
    rows += ["a|2001-02-01T00:00:03|1.1|1|5||||a|mw|4.1||x|earthquake"]
    answer = read_answer(("\n".join(rows) + "\n").encode())
    assert len(answer.catalog) == 2
    with serving(answer.catalog) as server:
        manifest = fetch(server, tmp_path / "all.csv")
    assert read_csv(tmp_path / "all.csv").magnitude.tolist() == [4.1]
    assert "1 of them with another solution; the later in time kept" in manifest.notes


@pytest.mark.parametrize("none_found", [204, 404])
def test_no_events_in_a_span_is_fine_and_none_at_all_is_an_error(tmp_path, none_found):
    truth = synthetic().between("2001-06-01", "2001-07-01")
    with serving(truth, none_found=none_found) as server:
        manifest = fetch(server, tmp_path / "all.csv", span_days=30)
        assert [span["events"] for span in manifest.spans].count(0) >= 10
        assert manifest.count == len(truth)
        nothing = FdsnQuery("2001-01-01", "2001-02-01")
        with pytest.raises(InputError, match="received none; widen the region or the period") as error:
            fetch(server, tmp_path / "none.csv", nothing)
        assert "\n" not in str(error.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["all.csv", "all.csv.manifest.json"]


@pytest.mark.parametrize("mishap", [429, 500, 502, 503, 504, "cut", "cut unannounced", "slow", "html", "empty"])
@pytest.mark.parametrize("answer_format", ["text", "quakeml"])
def test_a_passing_mishap_costs_one_more_request(tmp_path, mishap, answer_format):
    truth = synthetic(60)
    with serving(truth, retry_after="0") as server:
        server.mishaps.append(mishap)
        patience = Patience(0.0, 3, 0.01, 5.0, timeout_s=1.0 if mishap == "slow" else 5.0)
        manifest = fetch(server, tmp_path / "all.csv", patience=patience, answer_format=answer_format, span_days=200)
        assert len(server.queries()) == 3
    assert read_csv(tmp_path / "all.csv") == truth and manifest.notes == []


@pytest.fixture
def waits(monkeypatch):
    """Seconds that were slept, without sleeping."""
    slept = []
    monkeypatch.setattr(fdsn_service.time, "sleep", lambda s: slept.append(s) if s > 0 else None)
    return slept


def test_waits_double_with_jitter_and_the_pause_is_kept(tmp_path, waits):
    with serving(synthetic(20)) as server:
        server.mishaps.extend([500, 500, 500])
        fetch(server, tmp_path / "all.csv", patience=Patience(0.0, 5, 8.0, 600.0, 5.0))
        assert [low * 0.75 <= wait <= low * 1.25 for low, wait in zip([8, 16, 32], waits, strict=True)] == [True] * 3
        waits.clear()
        fetch(server, tmp_path / "two.csv", patience=Patience(pause_s=9.0), span_days=183)
        # Version, count (not offered) and two queries: three pauses between four requests.
        assert len(waits) == 3 and all(8.0 < wait <= 9.0 for wait in waits)


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_honoured(tmp_path, waits, as_date):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    with serving(synthetic(20), retry_after=later if as_date else "40") as server:
        server.mishaps.append(429)
        fetch(server, tmp_path / "all.csv", patience=Patience(0.0, 3, 0.01, 60.0, 5.0))
        assert len(waits) == 1 and 30 < waits[0] <= 40
        server.mishaps.append(429)
        with pytest.raises(InputError, match=r"HTTP 429 .* a request to wait (3\d|40) s"):
            fetch(server, tmp_path / "no.csv", patience=Patience(0.0, 3, 0.01, 20.0, 5.0))


def test_giving_up_names_the_span_and_keeps_what_was_done(tmp_path):
    truth = synthetic()
    with serving(truth) as server:
        server.mishaps.extend([None, None, 503, 503, 503])
        with pytest.raises(InputError) as error:
            fetch(server, tmp_path / "all.csv", span_days=100)
        line = str(error.value)
        assert (
            "2001-07-20T00:00:00 to 2001-10-28T00:00:00" in line
            and "HTTP 503 (Service Unavailable not now), 3 times" in line
        )
        assert f"2 finished spans are kept in {tmp_path / 'all.csv.parts'}" in line and "\n" not in line
        assert not (tmp_path / "all.csv").exists()
        before = len(server.queries())
        with pytest.raises(InputError, match="another query"):
            fetch(server, tmp_path / "all.csv", FdsnQuery("2001-01-01", "2002-01-01", min_magnitude=4.0))
        fetch(server, tmp_path / "all.csv", span_days=100)
        assert [a[:10] for a, _ in server.spans()[before:]] == ["2001-07-20", "2001-10-28"]
    assert read_csv(tmp_path / "all.csv") == truth


@pytest.mark.parametrize("status", [401, 403, 501])
def test_a_refusal_is_not_asked_again(tmp_path, status):
    with serving(synthetic(20)) as server:
        server.mishaps.extend([status] * 5)
        with pytest.raises(InputError, match=rf"a refusal: HTTP {status} \([A-Z][a-zI ]+ not now\); change the query"):
            fetch(server, tmp_path / "all.csv", answer_format="text")
        assert len(server.queries()) == 1


KILLED = """
import sys
from foreshock.datasets.fdsn.download import FdsnQuery, Patience, download_catalog
url, out = sys.argv[1:]
query = FdsnQuery("2001-01-01", "2002-01-01")
download_catalog(out, query, url, patience=Patience(0.0, 1, 0.1, 1.0, 30.0), span_days=30)
"""


def test_a_killed_download_goes_on_where_it_was(tmp_path):
    truth = synthetic()
    out = tmp_path / "all.csv"
    with serving(truth, limit=25, delay_s=0.05) as server:
        child = subprocess.Popen([sys.executable, "-c", KILLED, server.url, str(out)], env=os.environ.copy())
        deadline = time.monotonic() + 60
        while len(server.queries()) < 12 and time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        parts = tmp_path / "all.csv.parts"
        finished = {tuple(path.stem.split("_")[1:]) for path in parts.glob("*.parquet")}
        refused = {tuple(path.stem.split("_")[1:]) for path in parts.glob("*.split")}
        assert finished and refused and not out.exists()
        before = len(server.queries())
        server.settings["delay_s"] = 0.0
        fetch(server, out, span_days=30)
        plain = [tuple(moment.replace("-", "").replace(":", "") for moment in span) for span in server.spans()]
        asked_again = {tuple(m if "." in m else m + ".000000" for m in span) for span in plain[before:]}
        assert asked_again and not asked_again & (finished | refused)
    assert read_csv(out) == truth
    assert not parts.exists()


def test_a_finished_download_is_not_asked_again_nor_written_over(tmp_path):
    out = tmp_path / "all.csv"
    with serving(synthetic(50)) as server:
        first = fetch(server, out)
        asked = len(server.log)
        assert fetch(server, out) == first and len(server.log) == asked
        for change in ({"min_magnitude": 4.0}, {"end": "2001-12-01"}, {"end": None}):
            with pytest.raises(InputError, match="choose another name or overwrite"):
                fetch(server, out, FdsnQuery(**{"start": "2001-01-01", "end": "2002-01-01", **change}))
        query = FdsnQuery("2001-01-01", "2002-01-01", min_magnitude=3.5)
        strong = fetch(server, out, query, overwrite=True)
        assert 0 < strong.count < first.count
        out.write_text("my own notes")
        with pytest.raises(InputError, match="another file of that name"):
            fetch(server, out, query)
        assert out.read_text() == "my own notes"


def test_an_open_end_stays_where_the_first_run_put_it(tmp_path):
    start = (datetime.now(UTC) - timedelta(days=20)).strftime("%Y-%m-%d")
    recent = with_events(synthetic(10), [f"{start}T12:00:00"])
    with serving(recent) as server:
        server.mishaps.extend([None, 403])
        with pytest.raises(InputError, match="HTTP 403"):
            fetch(server, tmp_path / "all.csv", FdsnQuery(start), span_days=15)
        end = json.loads((tmp_path / "all.csv.parts" / "query.json").read_text())["end"]
        manifest = fetch(server, tmp_path / "all.csv", FdsnQuery(start), span_days=15)
        assert manifest.count == 1 and manifest.query["end"] == end == server.queries()[-1]["endtime"]


@pytest.mark.parametrize("formats", [("xml",), ("text",)])
def test_kinds_and_ids_are_the_same_in_both_formats(tmp_path, formats):
    truth = synthetic(60)
    with serving(truth, formats=formats) as server:
        fetch(server, tmp_path / "all.csv", span_days=200)
        formats_asked = [query["format"] for query in server.queries()]
    assert read_csv(tmp_path / "all.csv") == truth
    assert formats_asked == (["text", "text"] if formats == ("text",) else ["text", "xml", "xml"])


def test_a_text_without_event_types_is_noted(tmp_path):
    with serving(synthetic(30), kinds=False) as server:
        manifest = fetch(server, tmp_path / "all.csv")
    assert manifest.notes == ["30 events without a type, taken as earthquakes"]


@pytest.mark.parametrize("missing", ["wadl", "version"])
def test_a_service_without_wadl_or_version_serves(tmp_path, missing):
    with serving(synthetic(30), **{missing: False}) as server:
        assert fetch(server, tmp_path / "all.csv").count == 30


def test_a_box_over_the_date_line_is_asked_in_two_halves(tmp_path):
    truth = synthetic()
    query = FdsnQuery("2001-01-01", "2002-01-01", latitude=(-40, 50), longitude=(150, 210), min_magnitude=3.2)
    with serving(truth) as server:
        manifest = fetch(server, tmp_path / "all.csv", query)
        sides = [(float(q["minlongitude"]), float(q["maxlongitude"])) for q in server.queries()]
    assert sides == [(150, 180), (-180, -150)]
    wanted = (np.abs(truth.longitude) >= 150) & (truth.latitude >= -40) & (truth.latitude <= 50)
    wanted &= truth.magnitude >= 3.2
    assert read_csv(tmp_path / "all.csv") == truth[wanted]
    assert manifest.count == wanted.sum() > 10 and manifest.notes == []


def test_a_circle_is_asked_in_degrees(tmp_path):
    from obspy.geodetics import gps2dist_azimuth

    truth = synthetic(800)
    with serving(truth) as server:
        fetch(server, tmp_path / "all.csv", FdsnQuery("2001-01-01", "2002-01-01", circle=(35.0, 179.0, 2500.0)))
    catalog = read_csv(tmp_path / "all.csv")
    pairs = zip(truth.latitude, truth.longitude, strict=True)
    distance_km = np.array([gps2dist_azimuth(35.0, 179.0, lat, lon)[0] / 1000 for lat, lon in pairs])
    surely, perhaps = distance_km < 2480, distance_km < 2520
    assert set(truth.event_id[surely]) <= set(catalog.event_id) <= set(truth.event_id[perhaps])
    assert surely.sum() > 10 and (catalog.longitude < 0).any() and (catalog.longitude > 0).any()


def test_what_a_service_sends_unasked_is_left_out_and_counted(tmp_path):
    truth = synthetic()
    query = FdsnQuery("2001-01-01", "2002-01-01", latitude=(0, 60), min_magnitude=3.5, depth_km=(0, 70))
    with serving(truth, ignores=("magnitude", "depth")) as server:
        manifest = fetch(server, tmp_path / "all.csv", query)
        assert server.queries()[0]["maxdepth"] == "70.0" and server.queries()[0]["minmagnitude"] == "3.5"
    north = (truth.latitude >= 0) & (truth.latitude <= 60)
    wanted = north & (truth.magnitude >= 3.5) & (truth.depth_km <= 70)
    assert read_csv(tmp_path / "all.csv") == truth[wanted] and wanted.sum() > 0
    assert f"{(north & ~wanted).sum()} left out: not asked for, sent all the same" in manifest.notes


def test_event_types_are_asked_of_the_service(tmp_path):
    with serving(synthetic()) as server:
        blasts = FdsnQuery("2001-01-01", "2002-01-01", event_type="quarry blast")
        assert fetch(server, tmp_path / "all.csv", blasts).count == 40


def test_times_are_asked_in_utc(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        truth = with_events(synthetic(10), ["2001-03-03T15:00:00"])
        with serving(truth) as server:
            query = FdsnQuery("2001-03-04T00:00:00+09:00", "2001-03-04T00:00:01+09:00")
            assert fetch(server, tmp_path / "all.csv", query).count == 1
            assert server.spans() == [("2001-03-03T15:00:00", "2001-03-03T15:00:01")] or server.spans() == [
                ("2001-03-03T15:00:00.000000", "2001-03-03T15:00:01.000000")
            ]
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_a_service_that_does_not_answer_or_does_not_exist_is_said_in_one_line(tmp_path):
    with serving(synthetic(10)) as server:
        url = server.url
    with pytest.raises(InputError, match=r"an FDSN event service, received no answer from .*refused.*check the URL"):
        download_catalog(tmp_path / "a.csv", YEAR, url, patience=QUICK)
    for name in ("NOSUCH", "not a url"):
        with pytest.raises(InputError, match=f"short name such as USGS.*{name}"):
            download_catalog(tmp_path / "a.csv", YEAR, name, patience=QUICK)
    assert list(tmp_path.iterdir()) == []


def test_a_url_may_name_the_service_to_any_depth(tmp_path):
    with serving(synthetic(10)) as server:
        for i, tail in enumerate(["/", "/fdsnws/event/1", "/fdsnws/event/1/query"]):
            assert download_catalog(tmp_path / f"{i}.csv", YEAR, server.url + tail, patience=QUICK).count == 10


def test_a_broken_text_is_never_data():
    row = "e1|2001-02-01T00:00:01|1|1|5||||e1|mw|4.0||Place|earthquake"
    whole = f"{HEADER}\n{row}\n{row.replace('e1', 'e2')}\n".encode()
    assert read_answer(whole, length_announced=False).catalog.event_id.tolist() == ["e1", "e2"]
    for length in range(len(whole)):
        part = whole[:length]
        if part.endswith(b"\n"):  # Cut behind a line's end, the text is whole in itself: HTTP or a count must tell.
            assert read_answer(part, length_announced=False).rows == part.count(b"\n") - 1
        else:
            with pytest.raises(WrongContent):
                read_answer(part, length_announced=False)
    for wrong in (
        b"",
        b"  \n",
        b"No events were found.\n",
        b"<html></html>",
        b"<?xml version='1.0'?><a/>",
        b"\x1f\x8b\0",
    ):
        with pytest.raises(WrongContent):
            read_answer(wrong)
    assert read_answer(f"{HEADER}\n".encode()).rows == 0


def test_rows_that_cannot_be_events_are_counted_and_named():
    rows = [
        "a|2001-02-01T00:00:01Z|1|190|||||a|mw|4.0||Place|earthquake",
        "b|2001-02-01T00:00:02|1|1|5||||b|||||earthquake",
        "c|yesterday|1|1|5||||c|mw|4||Place|earthquake",
        "d|2001-02-01T00:00:03|91|1|5||||d|mw|4||Place|earthquake",
        "e|2001-02-01T00:00:03|1|1|5||||e|mw|4||Pla|ce|earthquake",
        "f|2001-02-01T00:00:04|1|x|5||||f|mw|4||Place|earthquake",
        "g|2001-02-01T00:00:05|1|-170|5||||g|mw|4||Plàce|ice quake",
        "h|2001-02-01T00:00:06|1|2|5||||h|||||earthquake",
    ]
    answer = read_answer(("\ufeff" + HEADER.replace("|", " | ") + "\n" + "\r\n".join(rows) + "\r\n").encode())
    assert answer.catalog.event_id.tolist() == ["a", "g"] and answer.rows == 8
    assert answer.catalog.longitude.tolist() == [-170, -170] and np.isnan(answer.catalog.depth_km[0])
    assert answer.catalog.kind.tolist() == ["earthquake", "ice quake"]
    left_out = {name: number for name, number in answer.notes.items() if name.startswith("left out: ")}
    assert sorted(left_out.values()) == [1, 1, 1, 1, 2]
    for row in (1, 2, 3, 4, 5):
        assert sum(f"(first: {rows[row][:60]})" in name for name in left_out) == 1


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("quakeml:earthquake.usgs.gov/fdsnws/event/1/query?eventid=us10006g7d&amp;format=quakeml", "us10006g7d"),
        ("smi:webservices.ingv.it/fdsnws/event/1/query?eventId=46230122", "46230122"),
        ("smi:org.gfz-potsdam.de/geofon/gfz2016qsgf", "gfz2016qsgf"),
    ],
)
def test_quakeml_ids_are_the_agencys_own(identifier, expected):
    document = f"""<?xml version="1.0"?><q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2"
    xmlns="http://quakeml.org/xmlns/bed/1.2"><eventParameters publicID="smi:x/y"><event publicID="{identifier}">
    <preferredOriginID>smi:x/o2</preferredOriginID><preferredMagnitudeID>smi:x/m2</preferredMagnitudeID>
    <type>explosion</type>
    <origin publicID="smi:x/o1"><time><value>2016-08-24T01:00:00Z</value></time><latitude><value>1</value></latitude>
    <longitude><value>2</value></longitude></origin>
    <origin publicID="smi:x/o2"><time><value>2016-08-24T01:36:32.87Z</value></time><latitude><value>42.7</value>
    </latitude><longitude><value>13.2</value></longitude><depth><value>4400</value></depth></origin>
    <magnitude publicID="smi:x/m1"><mag><value>5</value></mag></magnitude>
    <magnitude publicID="smi:x/m2"><mag><value>6.2</value></mag></magnitude></event>
    <event publicID="smi:x/empty"/></eventParameters></q:quakeml>"""
    answer = read_answer(document.encode())
    assert answer.catalog == Catalog(["2016-08-24T01:36:32.87"], [42.7], [13.2], [4.4], [6.2], "explosion", expected)
    assert [name for name in answer.notes if "left out" in name] == ["left out: no time (first: empty)"]
    assert answer.rows == 2
    with pytest.raises(WrongContent, match="QuakeML"):
        read_answer(document.encode()[:-40])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"start": "yesterday"}, "ISO 8601"),
        ({"start": "2003-01-01"}, "a start before the end"),
        ({"latitude": (50, 20)}, "south edge below"),
        ({"latitude": (0, 100)}, "latitude from -90 to 90"),
        ({"longitude": (10, 10)}, "differ"),
        ({"longitude": (-200, 10)}, "longitude from -180 to 360"),
        ({"latitude": (0, 1), "circle": (0, 0, 10)}, "a box or a circle"),
        ({"circle": (0, 0, -5)}, "radius"),
    ],
)
def test_a_wrong_query_is_refused_before_anything_is_asked(wrong, message):
    with pytest.raises(InputError, match=message):
        FdsnQuery(**{"start": "2001-01-01", "end": "2002-01-01", **wrong})


def test_a_box_around_the_world_has_no_longitude_limits():
    assert FdsnQuery("2001-01-01", longitude=(0, 360)).regions() == [{}]
    assert FdsnQuery("2001-01-01", longitude=(170, 180)).regions() == [{"minlongitude": 170.0, "maxlongitude": 180.0}]
