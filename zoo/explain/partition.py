"""Partition SHAP of images with shap's own explainer and masker, as published."""

from __future__ import annotations

import time

import numpy as np

from ...datasets.errors import InputError
from ...datasets.progress import track
from .gradients import Attribution
from .network_graph import NetworkGraph

MASKER = "inpaint_telea"
EVALUATIONS = 2000


def partition_values(
    graph: NetworkGraph,
    arrays: np.ndarray,
    background: np.ndarray,
    evaluations: int = EVALUATIONS,
    masker: str = MASKER,
) -> Attribution:
    """Owen values of rectangles of the image, split in halves; what is hidden is painted over from its edges.

    The masker paints on 8 bits, so images go to 0 to 255 and back, by the extremes that the background and the case
    have in each component; what that rounding does to the output is part of the additivity error. Hiding one component
    of a pixel hides all of them: that is shap's masker.

    Arguments:
        arrays: (n, frequencies, frames, components).
        evaluations: of the network, each record.
        masker: "inpaint_telea", "inpaint_ns" or "blur(3,3)", see shap.maskers.Image.
    """
    try:
        import cv2
    except ImportError as error:
        raise InputError(
            "OpenCV, which paints over what is hidden",
            "a Python without it",
            'pip install "foreshock[explain]", or use method=gradient',
        ) from error
    import shap

    began = time.monotonic()
    # OpenCV's and TensorFlow's threads would fight for the same cores.
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        outputs, reference = graph.margins(arrays), graph.margins(background)
        values, base = np.zeros(arrays.shape, np.float32), np.zeros(len(arrays))
        for i, array in enumerate(track(arrays, "explaining", total=len(arrays))):
            low = np.minimum(background.min(axis=(0, 1, 2)), array.min(axis=(0, 1)))
            span = np.maximum(np.maximum(background.max(axis=(0, 1, 2)), array.max(axis=(0, 1))) - low, 1e-12)

            def margin(images, low=low, span=span):
                return graph.margins(np.asarray(images, np.float32) / 255 * span + low)

            explainer = shap.PartitionExplainer(margin, shap.maskers.Image(masker, arrays.shape[1:]))
            image = (array[None] - low) / span * 255
            found = explainer(image, max_evals=evaluations, batch_size=64, silent=True)
            values[i] = found.values.reshape(array.shape)
            base[i] = np.asarray(found.base_values).reshape(-1)[0]
    finally:
        cv2.setNumThreads(threads)
    extent = float(np.ptp(np.concatenate([outputs, reference])))
    return Attribution(values, base, outputs, extent, evaluations, time.monotonic() - began)
