"""Client: ask a foreshock server from Python with nothing but the standard library and numpy."""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...datasets.errors import InputError


class Client:
    """A server's REST side, KServe V2.

    Arguments:
        url: such as "http://localhost:8080".
        timeout_s: for one answer.
    """

    def __init__(self, url: str, timeout_s: float = 60.0):
        self.url, self.timeout_s = url.rstrip("/"), timeout_s

    def models(self) -> list[dict]:
        """Name and state of every model."""
        return self._post("/v2/repository/index", {})

    def ready(self, name: str | None = None) -> bool:
        """Whether a model, or the server with all of them, is ready."""
        path = "/v2/health/ready" if name is None else f"/v2/models/{name}/ready"
        try:
            with urllib.request.urlopen(self.url + path, timeout=self.timeout_s) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def metadata(self, name: str) -> dict:
        """Inputs, outputs, units, classes, threshold of a model."""
        return self._answer(urllib.request.Request(f"{self.url}/v2/models/{name}"))

    def run(self, name: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Named arrays in, named arrays out, as `Model.run`."""
        arrays = {key: np.asarray(values, np.float32) for key, values in inputs.items()}
        tensors = [
            {"name": key, "datatype": "FP32", "shape": list(array.shape), "data": array.ravel().tolist()}
            for key, array in arrays.items()
        ]
        outputs = self._post(f"/v2/models/{name}/infer", {"inputs": tensors})["outputs"]
        return {o["name"]: np.array(o["data"], np.float32).reshape(o["shape"]) for o in outputs}

    def predict(
        self,
        name: str,
        inputs: str | os.PathLike | Sequence[str | os.PathLike],
        day: str | None = None,
        picks: str | os.PathLike | None = None,
    ) -> dict:
        """Waveform files or a catalogue in, what `foreshock predict --json` prints out."""
        paths = [inputs] if isinstance(inputs, (str, os.PathLike)) else list(inputs)
        tensors = [_bytes_tensor("inputs", [_base64(path) for path in paths])]
        if day is not None:
            tensors.append(_bytes_tensor("day", [day]))
        if picks is not None:
            tensors.append(_bytes_tensor("picks", [_base64(picks)]))
        answer = self._post(f"/v2/models/{name}/infer", {"inputs": tensors})
        return json.loads(answer["outputs"][0]["data"][0])

    def _post(self, path: str, body: dict):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method="POST")
        request.add_header("Content-Type", "application/json")
        return self._answer(request)

    def _answer(self, request: urllib.request.Request):
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read(2000).decode(errors="replace")
            raise InputError(
                "a request that the server answers", f"{error.code}: {text}", "mend the request"
            ) from error
        except OSError as error:
            raise InputError(f"a server at {self.url}", str(error), "start one with foreshock serve") from error


def _bytes_tensor(name: str, data: list[str]) -> dict:
    return {"name": name, "datatype": "BYTES", "shape": [len(data)], "data": data}


def _base64(path: str | os.PathLike) -> str:
    return base64.b64encode(Path(path).read_bytes()).decode("ascii")
