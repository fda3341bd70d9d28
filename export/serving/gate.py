"""Gate: what a request must pass before the server reads it into memory as a whole."""

from __future__ import annotations

import json
import zlib
from urllib.parse import unquote

MODELS = "/v2/models/"
# MLServer offers these; our models have one answer to a request, and their errors come too late for a status.
NOT_OFFERED = ("infer_stream", "generate", "generate_stream")


class Gate:
    """ASGI middleware: models that are served, bodies of bounded size, gzip that does not unfold beyond it.

    Arguments:
        app: the ASGI application behind.
        names: of the served models.
        most_bytes: of one body, unpacked.
        most_in_flight: bytes of all bodies that are being answered; beyond it a client is told to come back.
    """

    def __init__(self, app, names: set[str], most_bytes: int, most_in_flight: int):
        self.app, self.names, self.most_bytes, self.most_in_flight = app, names, most_bytes, most_in_flight
        self.in_flight = 0

    async def __call__(self, scope, receive, send) -> None:
        """Answer what does not pass, hand on what does."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = unquote(scope["raw_path"].decode("latin-1")) if scope.get("raw_path") else scope["path"]
        name = path[len(MODELS) :].split("/")[0] if path.startswith(MODELS) else None
        if name is not None and (name not in self.names or ".." in path):
            return await _refuse(send, 404, "no such model; see POST /v2/repository/index")
        if name is not None and path.split("/")[-1] in NOT_OFFERED:
            return await _refuse(send, 404, "not offered; POST to infer")
        if scope["method"] != "POST":
            return await self.app(scope, receive, send)
        headers = dict(scope["headers"])
        encoding = headers.get(b"content-encoding", b"identity").decode("latin-1").lower()
        if encoding not in ("identity", "gzip"):
            return await _refuse(send, 415, "expected a body as it is or in gzip")
        told = headers.get(b"content-length", b"0")
        if not told.isdigit() or int(told) > self.most_bytes:
            await self._drain(receive)
            return await _refuse(send, 413, f"expected a body of at most {self.most_bytes} bytes")
        if self.in_flight + int(told) > self.most_in_flight:
            return await _refuse(send, 503, "too much at once; come back in a second", retry=True)
        taken = 0
        try:
            unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
            body, more = bytearray(), True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                more = message.get("more_body", False)
                chunk = message.get("body", b"")
                try:
                    body += unpack.decompress(chunk, self.most_bytes + 1 - len(body)) if unpack else chunk
                except zlib.error as error:
                    return await _refuse(send, 400, f"expected a gzip body ({error})")
                if len(body) > self.most_bytes or (unpack and unpack.unconsumed_tail):
                    body.clear()
                    await self._drain(receive)
                    return await _refuse(send, 413, f"expected a body of at most {self.most_bytes} bytes, unpacked")
                self.in_flight += len(body) - taken
                taken = len(body)
                if self.in_flight > self.most_in_flight:
                    return await _refuse(send, 503, "too much at once; come back in a second", retry=True)
            plain = [(k, v) for k, v in scope["headers"] if k not in (b"content-encoding", b"content-length")]
            scope = {**scope, "headers": [*plain, (b"content-length", str(len(body)).encode())]}
            await self.app(scope, _replay(bytes(body), receive), send)
        finally:
            self.in_flight -= taken
        return None

    async def _drain(self, receive) -> None:
        """Read on for a while and forget it: a client that is still sending would not see an answer."""
        read, more = 0, True
        while more and read < 4 * self.most_bytes:
            message = await receive()
            more = message["type"] == "http.request" and message.get("more_body", False)
            read += len(message.get("body", b""))


def _replay(body: bytes, receive):
    """A `receive` that gives the body first and then whatever the client does."""
    given = False

    async def again():
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refuse(send, status: int, error: str, retry: bool = False) -> None:
    headers = [(b"content-type", b"application/json")]
    # What is left of the body is not read: the connection ends with the answer.
    headers += [(b"connection", b"close")] + ([(b"retry-after", b"1")] if retry else [])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"error": error}).encode()})
