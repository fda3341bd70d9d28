"""The server: MLServer with our runtime, our gate before REST and our decoding before gRPC."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from contextlib import nullcontext

import uvicorn
from fastapi.exceptions import RequestValidationError
from mlserver.errors import MLServerError, ModelNotFound
from mlserver.repository import ModelRepository
from mlserver.rest.responses import Response
from mlserver.server import MLServer
from mlserver.settings import ModelSettings, Settings
from mlserver.utils import install_uvloop_event_loop

from ...datasets.errors import InputError
from .gate import Gate
from .rpc import RpcServer
from .runtime import settings_of

# Bodies of the largest size that may be in memory at once.
IN_FLIGHT = 16


class ServedModels(ModelRepository):
    """The models named at the start, and no folder of the disk."""

    def __init__(self, root: str, sources: list[str]):
        self._settings = [settings_of(source) for source in sources]

    async def list(self) -> list[ModelSettings]:
        """All of them."""
        return self._settings

    async def find(self, name: str) -> list[ModelSettings]:
        """Those of this name."""
        found = [settings for settings in self._settings if settings.name == name]
        if not found:
            raise ModelNotFound(name[:60])
        return found


class Server(MLServer):
    """MLServer for a list of names or exported folders; `most_bytes` of one request."""

    def __init__(self, settings: Settings, sources: list[str], most_bytes: int):
        self.models_settings = [settings_of(source) for source in sources]
        self._names = {found.name for found in self.models_settings}
        if len(self._names) < len(sources):
            raise InputError("models of different names", ", ".join(sources), "serve each once")
        self._most_bytes = most_bytes
        super().__init__(settings)
        # MLServer calls itself ready while no model is known to it yet.
        self._data_plane.ready = self._all_ready

    async def _all_ready(self) -> bool:
        return self._names <= {model.name for model in await self._model_registry.get_models() if model.ready}

    def _create_servers(self):
        super()._create_servers()
        handlers = (self._data_plane, self._model_repository_handlers)
        self._grpc_server = RpcServer(self._settings, *handlers, self._names)
        app = self._rest_server._app
        app.add_exception_handler(RequestValidationError, _malformed)
        limits = {"most_bytes": self._most_bytes, "most_in_flight": IN_FLIGHT * self._most_bytes}
        app.add_middleware(Gate, names=self._names, **limits)


async def _malformed(request, error: RequestValidationError) -> Response:
    """One line in place of a list that repeats the whole request."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])[:60]
    return Response({"error": f"expected a V2 inference request, received {where}: {first['msg'][:80]}"}, 422)


class _OneLine(logging.Filter):
    """A client's mistake is one line in the log, without a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], MLServerError):
            record.exc_info = None
        return True


def _require_ports(host: str, ports: dict[str, int]) -> None:
    """Raise where a port is taken; gRPC would share it in silence, and the others say so in a traceback."""
    held = []
    try:
        for option, port in ports.items():
            try:
                held.append(socket.create_server((host, port)))
            except (OSError, OverflowError) as error:
                raise InputError(
                    f"a free port {port} at {host}", str(error), f"choose another with {option}"
                ) from error
    finally:
        for taken in held:
            taken.close()


def serve(
    sources: list[str],
    host: str = "127.0.0.1",
    port: int = 8080,
    grpc_port: int = 8081,
    metrics_port: int = 8082,
    megabytes: int = 16,
) -> None:
    """Serve models until SIGTERM or SIGINT; what is in flight then is still answered.

    Arguments:
        sources: names of the zoo, or folders.
        megabytes: the largest request.
    """
    _require_ports(host, {"--port": port, "--grpc-port": grpc_port, "--metrics-port": metrics_port})
    settings = Settings(
        debug=False,
        host=host,
        http_port=port,
        grpc_port=grpc_port,
        metrics_port=metrics_port,
        grpc_max_message_length=megabytes << 20,
        parallel_workers=0,
        server_name="foreshock",
        load_models_at_startup=False,
        gzip_enabled=False,
        model_repository_implementation=f"{ServedModels.__module__}.{ServedModels.__name__}",
        model_repository_implementation_args={"sources": sources},
    )
    install_uvloop_event_loop()
    logging.getLogger("mlserver").addFilter(_OneLine())
    # Signals are MLServer's, which ends gRPC, REST and metrics in turn; uvicorn would take them for itself.
    uvicorn.Server.capture_signals = lambda self: nullcontext()

    async def run() -> None:
        server = Server(settings, sources, megabytes << 20)
        told = ", ".join(found.name for found in server.models_settings)
        print(f"serving {told}: http://{host}:{port}, gRPC {host}:{grpc_port}, metrics {metrics_port}", file=sys.stderr)
        await server.start(server.models_settings)

    asyncio.run(run())
