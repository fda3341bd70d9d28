"""Exports in every layout and precision: the files that servers look for, and graphs that answer as the card says."""

import importlib.util
import json
import subprocess
import sys

import foreshock
import numpy as np
import onnx
import onnxruntime
import pytest
from foreshock.datasets.errors import InputError
from foreshock.export import FORMATS
from foreshock.export.exported import load_exported
from foreshock.export.layout import LAYOUTS, MAX_BATCH, triton_config
from foreshock.export.parity import TOLERANCE
from foreshock.export.rate_graph import has_rate_graph
from foreshock.zoo.golden import read_golden

NAMES = foreshock.models()


@pytest.fixture(scope="module")
def p64():
    return foreshock.load("p64-simcycle")


@pytest.fixture(scope="module")
def triton(p64, tmp_path_factory):
    return FORMATS["onnx"](p64, tmp_path_factory.mktemp("triton"), "triton")


@pytest.mark.parametrize("name", [n for n in NAMES if "model.keras" not in foreshock.load(n).card.files])
def test_a_name_without_a_network_exports_its_graph_or_says_in_one_line_why_not(name, tmp_path):
    """Networks are exported by the contract test, in the layouts of both servers."""
    model = foreshock.load(name)
    with pytest.raises(InputError, match="which has none"):
        FORMATS["savedmodel"](model, tmp_path)
    try:
        written = FORMATS["onnx"](model, tmp_path, "triton")
    except InputError as error:
        assert "\n" not in str(error) and name in str(error)
        assert "which has none" in str(error) and "foreshock serve" in str(error)
        assert "model.onnx" not in model.card.files and not has_rate_graph(model)
        assert not list(tmp_path.iterdir())
        return
    again = load_exported(written.folder)
    inputs, expected = read_golden(model.file("golden.npz"))
    for key, values in again.run(**inputs).items():
        np.testing.assert_allclose(values, expected[key], rtol=1e-4, atol=1e-4)
    assert max(row.difference for row in written.parity) <= TOLERANCE


def test_recency_and_indicator_trees_have_graphs_of_their_own():
    """From a table of events to rates, without Python; ETAS has none."""
    architectures = {foreshock.load(name).card.architecture for name in NAMES if has_rate_graph(foreshock.load(name))}
    assert architectures == {"recency", "indicator-boosting"}


def test_the_manifest_names_every_file_and_a_changed_graph_is_refused(triton, tmp_path):
    manifest = json.loads((triton.folder / "export.json").read_text())
    assert set(manifest["files"]) == {"1/model.onnx", "card.json", "config.pbtxt"}
    assert (manifest["format"], manifest["layout"], manifest["precision"]) == ("onnx", "triton", "float32")
    copy = tmp_path / "copy"
    (copy / "1").mkdir(parents=True)
    for name in (*manifest["files"], "export.json"):
        (copy / name).write_bytes((triton.folder / name).read_bytes())
    graph = copy / "1" / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="damaged or was changed"):
        load_exported(copy).run(waveform=np.zeros((1, 2500, 3), np.float32))


@pytest.mark.parametrize("graph", ["../model.onnx", "/etc/model.onnx", "1/other.onnx"])
def test_a_manifest_cannot_lead_out_of_its_folder(triton, tmp_path, graph):
    manifest = json.loads((triton.folder / "export.json").read_text())
    manifest["files"][graph] = manifest["files"]["1/model.onnx"]
    (tmp_path / "export.json").write_text(json.dumps({**manifest, "graph": graph}))
    with pytest.raises(InputError, match="an export in ONNX"):
        load_exported(tmp_path)


def test_the_graph_carries_card_units_classes_threshold_opset_and_versions(triton, p64):
    metadata = {p.key: p.value for p in onnx.load(triton.path).metadata_props}
    assert {"card", "classes", "threshold", "inputs", "outputs", "opset", "software", "licence"} <= set(metadata)
    assert metadata["opset"].startswith("ai.onnx 17")
    assert float(metadata["threshold"]) == p64.card.threshold.value
    assert json.loads(metadata["inputs"])[0]["unit"] == "counts, E N Z"
    assert json.loads(metadata["software"])["onnxruntime"] == onnxruntime.__version__


PARSE = """
import json, sys
from google.protobuf import json_format, text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig
texts = json.load(sys.stdin)
print(json.dumps([json_format.MessageToDict(text_format.Parse(text, ModelConfig())) for text in texts]))
"""


def test_tritons_own_parser_reads_the_config(triton, p64):
    """In a process of its own: Triton's and MLServer's messages of one protocol cannot live in one."""
    if not importlib.util.find_spec("tritonclient"):
        pytest.skip("tritonclient comes with the extra `serve`")
    cards = [foreshock.load(name).card for name in NAMES]
    texts = [(triton.folder / "config.pbtxt").read_text(), triton_config(p64.card, "savedmodel")]
    texts += [triton_config(card, "onnx") for card in cards]
    done = subprocess.run(
        [sys.executable, "-c", PARSE], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    config, saved, *others = json.loads(done.stdout)
    assert (config["name"], config["backend"], config["maxBatchSize"]) == ("p64-simcycle", "onnxruntime", MAX_BATCH)
    assert [(t["name"], t["dims"]) for t in config["input"]] == [("waveform", ["2500", "3"])]
    assert {t["name"]: t["dims"] for t in config["output"]} == {"logits": ["2"], "probability": ["2"]}
    assert int(config["dynamicBatching"]["maxQueueDelayMicroseconds"]) > 0
    assert config["modelWarmup"][0]["inputs"]["waveform"]["dims"] == ["2500", "3"]
    assert config["parameters"]["classes"]["stringValue"] == ", ".join(p64.card.classes)
    assert saved["platform"] == "tensorflow_savedmodel"
    for parsed, card in zip(others, cards, strict=True):
        for tensors, wanted in ((parsed["input"], card.inputs), (parsed["output"], card.outputs)):
            assert [t["name"] for t in tensors] == [t.name for t in wanted]
            assert all(len(t["dims"]) == max(1, len(w.shape) - 1) for t, w in zip(tensors, wanted, strict=True))


def test_tensorflow_serving_finds_a_version_and_its_warm_up(p64, tmp_path):
    import tensorflow as tf
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    written = FORMATS["savedmodel"](p64, tmp_path, "tf-serving")
    assert written.path == tmp_path / "p64-simcycle" / "1"
    assert (written.path / "saved_model.pb").is_file()
    inputs, expected = read_golden(p64.file("golden.npz"))
    records = tf.data.TFRecordDataset(str(written.path / "assets.extra" / "tf_serving_warmup_requests"))
    serve = tf.saved_model.load(str(written.path)).signatures["serving_default"]
    count = 0
    for case, record in enumerate(records):
        request = PredictionLog.FromString(record.numpy()).predict_log.request
        assert (request.model_spec.name, request.model_spec.signature_name) == ("p64-simcycle", "serving_default")
        array = tf.make_ndarray(request.inputs["waveform"])
        answer = serve(waveform=tf.constant(array))["probability"].numpy()
        np.testing.assert_allclose(answer[0], expected["probability"][case], atol=1e-5)
        count += 1
    assert count == len(inputs["waveform"])


@pytest.mark.parametrize(("precision", "share", "most"), [("float16", 0.52, 5e-3), ("int8", 0.30, 5e-2)])
def test_a_smaller_variant_is_smaller_and_its_scores_hardly_change(p64, triton, tmp_path, precision, share, most):
    written = FORMATS["onnx"](p64, tmp_path, "plain", precision)
    assert written.path.stat().st_size < share * triton.path.stat().st_size
    kinds = {row.input: row for row in written.changes}
    assert set(kinds) == {"golden", "real record", "simulated records"}
    # Weights that are stored in half precision anyway lose nothing by it.
    assert 0 <= kinds["simulated records"].mean <= kinds["simulated records"].largest < most
    assert precision == "float16" or kinds["simulated records"].largest > 0
    assert kinds["golden"].decisions == 0
    inputs, expected = read_golden(p64.file("golden.npz"))
    answer = load_exported(written.folder).run(**inputs)["probability"]
    gap = np.abs(answer - expected["probability"])
    assert gap.max() == pytest.approx(kinds["golden"].largest, abs=1e-6)
    assert {p.key for p in onnx.load(written.path).metadata_props} >= {"card", "opset"}


@pytest.mark.parametrize(
    ("format", "layout", "precision", "words"),
    [
        ("onnx", "tf-serving", "float32", "--format savedmodel"),
        ("savedmodel", "plain", "int8", "--format onnx"),
        ("onnx", "kserve", "float32", "plain, triton, tf-serving|plain, tf-serving, triton"),
        ("onnx", "plain", "bfloat16", "float32, float16, int8"),
    ],
)
def test_what_cannot_be_written_is_told_and_leaves_nothing(p64, tmp_path, format, layout, precision, words):
    with pytest.raises(InputError, match=words):
        FORMATS[format](p64, tmp_path, layout, precision)
    assert not list(tmp_path.iterdir())
    assert set(LAYOUTS) == {"plain", "tf-serving", "triton"}


def test_rounding_excuses_a_difference_only_up_to_a_limit():
    from foreshock.export.parity import MOST, ROUNDINGS, Parity, rounded_otherwise

    assert Parity("golden", 1, 2e-4).allowed == TOLERANCE
    assert Parity("golden", 1, 2e-4, 1e-4).allowed == ROUNDINGS * 1e-4
    assert Parity("golden", 1, 2e-4, 1.0).allowed == MOST
    values = np.float32([[[0.0, 1000.0]], [[1e-9, 2e-9]]])
    moved = rounded_otherwise({"waveform": values})["waveform"]
    assert np.abs(moved - values)[0].max() <= 2 * np.spacing(np.float32(1000.0))
    assert 0 < np.abs(moved - values)[1].max() < 1e-15
