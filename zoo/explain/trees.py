"""Tree SHAP of forests and boosted trees that are kept as ONNX graphs, by shap's TreeExplainer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...datasets.errors import InputError

_MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE", "LEAF")


class TreeValues(NamedTuple):
    """SHAP values (n, features), base value, outputs (n,) of the trees."""

    values: np.ndarray
    base_value: float
    output: np.ndarray


def tree_values(graph: bytes, rows: np.ndarray, background: np.ndarray, target: int = 0) -> TreeValues:
    """Interventional tree SHAP (Lundberg et al. 2020): exact for the background rows that are given.

    Arguments:
        graph: an ONNX model with one TreeEnsembleRegressor or TreeEnsembleClassifier.
        rows, background: (n, features) and (m, features); float32, as the graph sees them.
        target: the output that is explained, of several.
    """
    import shap

    trees, base = trees_of(graph, target)
    rows, background = (np.asarray(part, np.float32).astype(np.float64) for part in (rows, background))
    model = {"trees": trees, "base_offset": base, "tree_output": "raw_value"}
    explainer = shap.TreeExplainer(model, background, feature_perturbation="interventional")
    values = np.asarray(explainer.shap_values(rows, check_additivity=False))
    output = np.asarray(explainer.model.predict(rows)).reshape(-1)
    return TreeValues(values.reshape(rows.shape), float(np.ravel(explainer.expected_value)[0]), output)


def trees_of(graph: bytes, target: int = 0) -> tuple[list[dict], float]:
    """The trees of an ONNX model as shap takes them, and what is added to their sum."""
    import onnx

    model = onnx.load_from_string(graph)
    nodes = [node for node in model.graph.node if node.op_type.startswith("TreeEnsemble")]
    if len(nodes) != 1:
        raise InputError("an ONNX graph with one tree ensemble", f"{len(nodes)} of them", "explain another model")
    a = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in nodes[0].attribute}
    kind = "target" if "target_ids" in a else "class"
    modes = [mode.decode() for mode in a["nodes_modes"]]
    strange = set(modes) - set(_MODES)
    if strange:
        raise InputError(f"splits of {', '.join(_MODES)}", ", ".join(strange), "explain another model")
    if a.get("aggregate_function", b"SUM") not in (b"SUM", b"AVERAGE"):
        raise InputError("trees that are summed", a["aggregate_function"].decode(), "explain another model")
    tree_of_node = np.array(a["nodes_treeids"])
    ids = np.array(a["nodes_nodeids"])
    true, false = np.array(a["nodes_truenodeids"]), np.array(a["nodes_falsenodeids"])
    feature, threshold = np.array(a["nodes_featureids"]), np.array(a["nodes_values"], np.float32)
    tracks = np.array(a.get("nodes_missing_value_tracks_true", np.zeros(len(ids), int)))
    mode = np.array(modes)
    # shap goes left where x <= threshold; "below" is that for the next smaller float32.
    below = np.isin(mode, ("BRANCH_LT", "BRANCH_GTE"))
    threshold = np.where(below, np.nextafter(threshold, np.float32(-np.inf)), threshold).astype(np.float64)
    left_is_true = np.isin(mode, ("BRANCH_LEQ", "BRANCH_LT"))
    left, right = np.where(left_is_true, true, false), np.where(left_is_true, false, true)
    missing = np.where(tracks == 1, true, false)
    leaf_tree, leaf_node = np.array(a[f"{kind}_treeids"]), np.array(a[f"{kind}_nodeids"])
    leaf_target, leaf_weight = np.array(a[f"{kind}_ids"]), np.array(a[f"{kind}_weights"], np.float64)
    # Each tree is a part of the sum, or of the mean.
    names = np.unique(tree_of_node)
    scale = 1.0 / len(names) if a.get("aggregate_function") == b"AVERAGE" else 1.0
    trees = []
    for name in names:
        own = np.flatnonzero(tree_of_node == name)
        place = np.full(ids[own].max() + 1, -1)
        place[ids[own]] = np.arange(len(own))
        value = np.zeros((len(own), 1))
        leaves = (leaf_tree == name) & (leaf_target == target)
        np.add.at(value[:, 0], place[leaf_node[leaves]], leaf_weight[leaves] * scale)
        inner = mode[own] != "LEAF"

        def child(numbers, own=own, place=place, inner=inner):
            return np.where(inner, place[np.where(inner, numbers[own], ids[own])], -1).astype(np.int32)

        trees.append(
            {
                "children_left": child(left),
                "children_right": child(right),
                "children_default": child(missing),
                "features": np.where(inner, feature[own], -2),
                "thresholds": np.where(inner, threshold[own], -2.0),
                "values": value,
                "node_sample_weight": np.ones(len(own)),
            }
        )
    base = a.get("base_values", [])
    return trees, float(base[target]) if len(base) > target else 0.0
