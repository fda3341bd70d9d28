"""ForeshockRuntime: a model of the zoo, or an exported folder, as a model of MLServer."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from mlserver.errors import InferenceError
from mlserver.model import MLModel
from mlserver.settings import ModelParameters, ModelSettings
from mlserver.types import (
    Datatype,
    InferenceRequest,
    InferenceResponse,
    MetadataModelResponse,
    MetadataTensor,
    Parameters,
    RequestInput,
    ResponseOutput,
    TensorData,
)

from ...datasets.errors import InputError
from ...zoo import registry
from ...zoo.model import Model
from ..exported import MANIFEST, load_exported
from . import documents
from .tensors import arrays_of

# Requests that wait for one another, and for how long at most.
BATCH_REQUESTS, BATCH_SECONDS = 32, 0.002
# Rows that the network sees at once; bounds its memory, whatever is asked.
MOST_ROWS = 64
# What broken numbers make the rate models and the readers raise beside InputError.
_INPUT_FAULTS = (ArithmeticError, ValueError, IndexError, KeyError, TypeError)
# A batch has one core to itself: two batches side by side pass more requests than one on two cores. Files are read in
# a thread of their own, so that no network waits for a reader.
_NETWORKS, _FILES = ThreadPoolExecutor(os.cpu_count(), "network"), ThreadPoolExecutor(1, "files")


def load_source(source: str) -> Model:
    """A model by its name, or from a folder that `foreshock export` or `foreshock train` wrote."""
    folder = Path(source)
    if (folder / MANIFEST).is_file():
        return load_exported(folder)
    if (folder / "card.json").is_file():
        return registry.from_folder(folder)
    return registry.load(source)


def settings_of(source: str) -> ModelSettings:
    """MLServer's settings for a source; networks of fixed shape are batched across requests."""
    card = load_source(source).card
    batched = all(size is not None for tensor in card.inputs for size in tensor.shape[1:])
    return ModelSettings(
        name=card.name,
        implementation=ForeshockRuntime,
        platform="onnxruntime" if "model.onnx" in card.files else "foreshock",
        versions=[card.version],
        max_batch_size=BATCH_REQUESTS if batched else 0,
        max_batch_time=BATCH_SECONDS if batched else 0.0,
        parameters=ModelParameters(uri=source),
    )


class ForeshockRuntime(MLModel):
    """Answers tensors with tensors, and files with what the command line prints as JSON.

    Every request is checked before it joins a batch, so that a bad one cannot spoil its neighbours' answers.
    """

    async def load(self) -> bool:
        """Load the model, run it once, and put the checks in front of MLServer's batcher."""
        self._model = load_source(self.settings.parameters.uri)
        self._model.threads = 1
        card = self._model.card
        self.inputs = [_metadata(tensor) for tensor in card.inputs]
        self.outputs = [_metadata(tensor) for tensor in card.outputs]
        if all(size is not None for tensor in card.inputs for size in tensor.shape[1:]):
            self._run({t.name: np.zeros((1, *t.shape[1:]), np.float32) for t in card.inputs})
        # MLServer has wrapped `predict` into its batcher by now.
        self._batched = self.predict
        self.predict = self._answer
        return True

    async def metadata(self) -> MetadataModelResponse:
        """The tensors with their units, the classes, the threshold and where the model fails."""
        found = await super().metadata()
        card = self._model.card
        found.parameters = Parameters(
            summary=card.summary,
            classes=", ".join(card.classes),
            threshold=repr(card.threshold.value),
            fails="; ".join(card.fails),
            licence=card.licence,
            files="inputs, day, picks, events: base64, as foreshock predict takes them",
        )
        return found

    async def _answer(self, payload: InferenceRequest) -> InferenceResponse:
        try:
            if documents.NAMES[0] in {tensor.name for tensor in payload.inputs}:
                return await self._answer_document(payload)
            return await self._answer_tensors(payload)
        except InputError as error:
            raise InferenceError(str(error)) from error
        except _INPUT_FAULTS as error:
            why = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            raise InferenceError(f"expected input that {self.name} can use, received some it cannot ({why})") from error

    async def _answer_tensors(self, payload: InferenceRequest) -> InferenceResponse:
        wanted = self._wanted(payload)
        sent = [(t.name, _text(t.datatype), t.shape, _data(t)) for t in payload.inputs]
        arrays = arrays_of(sent, self._model.card)
        # Lists of numbers take ten times the room of the arrays; nobody asks for them again.
        sent.clear()
        payload.inputs.clear()
        checked = InferenceRequest.model_construct(
            inputs=[
                RequestInput.model_construct(
                    name=name,
                    shape=list(array.shape),
                    datatype="FP32",
                    data=TensorData.model_construct(root=array),
                )
                for name, array in arrays.items()
            ]
        )
        response = await self._batched(checked)
        outputs = [_listed(output) for output in response.outputs if output.name in wanted]
        return InferenceResponse.model_construct(model_name=self.name, model_version=self.version, outputs=outputs)

    def _wanted(self, payload: InferenceRequest) -> set[str]:
        """Names of the outputs that the request asks for, all where it names none."""
        known = {tensor.name for tensor in self._model.card.outputs}
        asked = {output.name for output in getattr(payload, "outputs", None) or ()} or known
        if asked - known:
            raise InputError(f"outputs of {', '.join(sorted(known))}", ", ".join(sorted(asked))[:60], "ask for these")
        return asked

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Run checked arrays, those of one request or MLServer's list of those of many."""
        arrays = {}
        for tensor in payload.inputs:
            data = tensor.data.root
            arrays[tensor.name] = np.concatenate(data) if isinstance(data, list) else data
        outputs = await asyncio.get_running_loop().run_in_executor(_NETWORKS, self._run, arrays)
        return InferenceResponse.model_construct(
            model_name=self.name,
            outputs=[
                ResponseOutput.model_construct(
                    name=name,
                    shape=list(values.shape),
                    datatype="FP32",
                    data=TensorData.model_construct(root=values.ravel()),
                    parameters=None,
                )
                for name, values in outputs.items()
            ],
            parameters=None,
        )

    def _run(self, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        rows = len(next(iter(arrays.values())))
        parts = [
            self._model.run(**{name: values[start : start + MOST_ROWS] for name, values in arrays.items()})
            for start in range(0, rows, MOST_ROWS)
        ]
        return {name: np.concatenate([part[name] for part in parts]).astype(np.float32) for name in parts[0]}

    async def _answer_document(self, payload: InferenceRequest) -> InferenceResponse:
        sent = {tensor.name: tensor for tensor in payload.inputs}
        if set(sent) - set(documents.NAMES) or len(sent) < len(payload.inputs):
            raise InputError(f"files as {', '.join(documents.NAMES)}", ", ".join(sent)[:60], "send each once")
        values = {name: _strings(tensor) for name, tensor in sent.items()}
        for name in documents.NAMES[1:]:
            if len(values.get(name, [""])) != 1:
                raise InputError(f"one {name}", f"{len(values[name])}", "send one")
        day = values.get("day", [None])[0]
        tables = [
            documents.content_of(values[name][0], name) if name in values else None for name in ("picks", "events")
        ]
        answer = await asyncio.get_running_loop().run_in_executor(
            _FILES,
            documents.answer_document,
            self._model,
            [documents.content_of(value, "inputs") for value in values["inputs"]],
            day.decode("utf-8") if isinstance(day, bytes) else day,
            *tables,
        )
        output = ResponseOutput(name="answer", shape=[1], datatype="BYTES", data=[answer])
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=[output])


def _metadata(tensor) -> MetadataTensor:
    shape = [-1 if size is None else size for size in tensor.shape]
    return MetadataTensor(name=tensor.name, datatype="FP32", shape=shape, parameters=Parameters(unit=tensor.unit))


def _listed(output: ResponseOutput) -> ResponseOutput:
    """With its numbers as a list, which JSON can hold."""
    data = TensorData.model_construct(root=output.data.root.tolist())
    return ResponseOutput.model_construct(
        name=output.name, shape=output.shape, datatype=output.datatype, data=data, parameters=None
    )


def _text(datatype) -> str:
    return datatype.value if isinstance(datatype, Datatype) else str(datatype)


def _data(tensor: RequestInput):
    return getattr(tensor.data, "root", tensor.data)


def _strings(tensor: RequestInput) -> list[str | bytes]:
    """The texts of a BYTES tensor, one-dimensional."""
    data = _data(tensor)
    if _text(tensor.datatype) != "BYTES" or not isinstance(data, list) or list(tensor.shape) != [len(data)]:
        raise InputError(
            f"{tensor.name} as BYTES of shape [n]", f"{_text(tensor.datatype)[:20]}", "send a list of texts"
        )
    if not all(isinstance(value, (str, bytes)) for value in data):
        raise InputError(f"texts in {tensor.name}", "something else", "encode files as base64")
    base64 = tensor.parameters is not None and tensor.parameters.content_type == "base64"
    return [value.decode("ascii") if base64 and isinstance(value, bytes) else value for value in data]
