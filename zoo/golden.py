"""Golden cases: a few inputs with the outputs that the weights gave when they were made, kept as golden.npz."""

from __future__ import annotations

import os

import numpy as np

from ..datasets.atomic import replacing


def write_golden(path: str | os.PathLike, inputs: dict[str, np.ndarray], outputs: dict[str, np.ndarray]) -> None:
    """Keep named input and output arrays of the same batch size."""
    arrays = {f"input {k}": v for k, v in inputs.items()} | {f"output {k}": v for k, v in outputs.items()}
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **{k: np.asarray(v, np.float32) for k, v in arrays.items()})


def read_golden(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """(inputs, outputs) as `write_golden` kept them."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    inputs, outputs = (
        {key.removeprefix(side): value for key, value in arrays.items() if key.startswith(side)}
        for side in ("input ", "output ")
    )
    return inputs, outputs
