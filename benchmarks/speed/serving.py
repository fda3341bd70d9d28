"""The server under load: requests a second and waiting times for 1, 8 and 64 clients, memory, cold start."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import numpy as np

from .inference import largest_mb

MODEL = "p64-simcycle"
CLIENTS = (1, 8, 64)
SECONDS = 4.0
AIM_RATE, AIM_COLD_S = 500.0, 2.0


def run(model: str = MODEL, clients: tuple[int, ...] = CLIENTS, seconds: float = SECONDS) -> list[dict]:
    """A row for the start, and one a transport and number of clients; a client waits for its answer and asks again.

    The clients share the machine with the server. Transports: gRPC with raw tensors, REST with JSON, and REST with a
    miniSEED file as base64, which the server reads, filters and windows itself.
    """
    from ...zoo.golden import read_golden
    from ...zoo.registry import load

    waveform = read_golden(load(model).file("golden.npz"))[0]["waveform"][:1]
    rows = []
    with Server(model) as server:
        cold = {"what": "cold start, process to ready", "cold_start_s": round(server.cold_start_s, 2)}
        rows.append({**cold, "aim": AIM_COLD_S, "met": server.cold_start_s < AIM_COLD_S})
        asks = {
            "gRPC, raw tensor": _grpc(server.grpc_port, model, waveform),
            "REST, JSON": _rest(server.port, model, _tensor(waveform)),
            "REST, miniSEED as base64": _rest(server.port, model, _document()),
        }
        for what, ask in asks.items():
            for count in clients:
                rows.append(
                    {
                        "what": what,
                        "clients": count,
                        **asyncio.run(_load(ask, count, seconds)),
                        "memory_mb": largest_mb(server.process.pid),
                    }
                )
    best = max(row["requests_per_s"] for row in rows if "tensor" in row["what"])
    for row in rows:
        if row.get("requests_per_s") == best:
            row |= {"aim": AIM_RATE, "met": best >= AIM_RATE}
    return rows


class Server:
    """A server of one model in a process of its own, until it is ready."""

    def __init__(self, model: str):
        self.model = model

    def __enter__(self) -> Server:
        self.port, self.grpc_port, metrics_port = _free_ports(3)
        ports = ["--port", self.port, "--grpc-port", self.grpc_port, "--metrics-port", metrics_port]
        words = [sys.executable, "-m", "foreshock.cli", "serve", self.model, *map(str, ports)]
        started = time.perf_counter()
        self.process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tempfile.gettempdir(), env=os.environ
        )
        while not self._ready():
            if self.process.poll() is not None or time.perf_counter() - started > 60:
                raise RuntimeError(f"the server of {self.model} did not start")
            time.sleep(0.01)
        self.cold_start_s = time.perf_counter() - started
        return self

    def __exit__(self, *exception) -> None:
        self.process.terminate()
        self.process.wait(30)

    def _ready(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/v2/models/{self.model}/ready"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


async def _load(ask, clients: int, seconds: float) -> dict:
    """Waiting times of clients that ask one after the other for some seconds, after a short while to warm up."""
    waits: list[float] = []
    async with ask() as first:
        # The first file of a server loads obspy's readers.
        await first()
    warm = time.perf_counter() + seconds / 4
    end = warm + seconds

    async def client() -> None:
        async with ask() as once:
            while (start := time.perf_counter()) < end:
                await once()
                if start >= warm:
                    waits.append(time.perf_counter() - start)

    await asyncio.gather(*(client() for _ in range(clients)))
    p50, p99 = np.quantile(waits, [0.5, 0.99])
    return {
        "requests_per_s": round(len(waits) / seconds, 1),
        "p50_ms": round(1e3 * p50, 1),
        "p99_ms": round(1e3 * p99, 1),
    }


def _tensor(waveform: np.ndarray) -> dict:
    data = waveform.ravel().tolist()
    return {"name": "waveform", "datatype": "FP32", "shape": list(waveform.shape), "data": data}


def _document() -> dict:
    import obspy

    buffer = io.BytesIO()
    obspy.read().write(buffer, format="MSEED")
    data = [base64.b64encode(buffer.getvalue()).decode()]
    return {"name": "inputs", "datatype": "BYTES", "shape": [1], "data": data}


def _rest(port: int, model: str, tensor: dict):
    """A keep-alive connection that sends the same bytes; no HTTP library, whose work would count for the server's."""
    body = json.dumps({"inputs": [tensor]}).encode()
    head = f"POST /v2/models/{model}/infer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    class Connection:
        async def __aenter__(self):
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
            return self.once

        async def __aexit__(self, *exception):
            self.writer.close()

        async def once(self) -> None:
            self.writer.write(request)
            await self.writer.drain()
            answer = await self.reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer.decode(errors="replace"))
            length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await self.reader.readexactly(int(length.split(b":")[1]))

    return Connection


def _grpc(port: int, model: str, waveform: np.ndarray):
    """A channel that sends the same serialised request."""
    import grpc
    from mlserver.grpc.dataplane_pb2 import ModelInferRequest

    tensor = ModelInferRequest.InferInputTensor(name="waveform", datatype="FP32", shape=waveform.shape)
    request = ModelInferRequest(model_name=model, inputs=[tensor], raw_input_contents=[waveform.tobytes()])
    serialised = request.SerializeToString()

    class Channel:
        async def __aenter__(self):
            # Channels of the same target share a connection unless told otherwise.
            self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)])
            return self.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer").__call__

        async def __aexit__(self, *exception):
            await self.channel.close()

    class Once(Channel):
        async def __aenter__(self):
            call = await super().__aenter__()
            return lambda: call(serialised)

    return Once
