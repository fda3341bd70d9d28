"""gRPC for the server: tensors sent as raw bytes stay bytes, and what is malformed is the client's mistake."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor

from grpc import aio
from mlserver.errors import InferenceError, ModelNotFound
from mlserver.grpc.converters import InferTensorContentsConverter, ParametersConverter
from mlserver.grpc.dataplane_pb2_grpc import add_GRPCInferenceServiceServicer_to_server
from mlserver.grpc.interceptors import PromServerInterceptor
from mlserver.grpc.server import GRPCServer
from mlserver.grpc.servicers import InferenceServicer
from mlserver.raw import unpack
from mlserver.types import InferenceRequest, RequestInput, RequestOutput, TensorData


class Servicer(InferenceServicer):
    """MLServer's calls with a decoding of our own, which takes raw tensors without going over their numbers."""

    def __init__(self, data_plane, model_repository_handlers, names: set[str]):
        super().__init__(data_plane, model_repository_handlers)
        self._names = names

    def _InsertHeaders(self, request, context) -> InferenceRequest:
        if request.model_name not in self._names:
            raise ModelNotFound(request.model_name[:60])
        raw = list(request.raw_input_contents)
        if raw and len(raw) != len(request.inputs):
            raise InferenceError(f"expected {len(request.inputs)} raw tensors, received {len(raw)}; send one an input")
        inputs = []
        for number, tensor in enumerate(request.inputs):
            if not raw:
                data = InferTensorContentsConverter.to_types(tensor.contents).root
            elif tensor.datatype == "BYTES":
                data = _texts(tensor.name, raw[number])
            else:
                data = raw[number]
            inputs.append(
                RequestInput.model_construct(
                    name=tensor.name,
                    shape=list(tensor.shape),
                    datatype=tensor.datatype,
                    parameters=ParametersConverter.to_types(tensor.parameters),
                    data=TensorData.model_construct(root=data),
                )
            )
        outputs = [RequestOutput.model_construct(name=output.name) for output in request.outputs]
        return InferenceRequest.model_construct(id=request.id or None, inputs=inputs, outputs=outputs or None)


def _texts(name: str, raw: bytes) -> list[bytes]:
    try:
        return unpack(RequestInput.model_construct(name=name, datatype="BYTES", shape=[]), raw)
    except struct.error as error:
        raise InferenceError(f"expected a length before each text of {name[:60]} ({error})") from error


class RpcServer(GRPCServer):
    """MLServer's gRPC server with our servicer, for a set of model names."""

    def __init__(self, settings, data_plane, model_repository_handlers, names: set[str]):
        super().__init__(settings, data_plane, model_repository_handlers)
        self._names = names

    def _create_server(self):
        self._server = aio.server(
            ThreadPoolExecutor(1),
            interceptors=[PromServerInterceptor(enable_handling_time_histogram=True)],
            options=self._get_options(),
        )
        servicer = Servicer(self._data_plane, self._model_repository_handlers, self._names)
        add_GRPCInferenceServiceServicer_to_server(servicer, self._server)
        self._server.add_insecure_port(f"{self._settings.host}:{self._settings.grpc_port}")
        return self._server
