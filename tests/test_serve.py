"""The server as its clients meet it: right answers to many at once, a 4xx to what is wrong, and a decent end."""

import base64
import gzip
import http.client
import importlib.util
import json
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import foreshock
import numpy as np
import obspy
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.regions import Region
from foreshock.export.serving.client import Client
from foreshock.zoo.golden import read_golden

# Triton's client runs in a process of its own: its and MLServer's messages of the protocol cannot live in one.
pytestmark = pytest.mark.skipif(not importlib.util.find_spec("mlserver"), reason="the server is the extra `serve`")

NAMES = ("p64-simcycle", "cnn-lstm-prior-sim", "etas-socal")
LIMIT_MB = 2


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Running:
    """A server in a process of its own."""

    def __init__(self, folder, *sources):
        self.port, self.grpc_port, self.metrics_port = free_ports(3)
        ports = ["--port", self.port, "--grpc-port", self.grpc_port, "--metrics-port", self.metrics_port]
        words = ["-m", "foreshock.cli", "serve", *sources, *ports, "--megabytes", LIMIT_MB]
        self.log = open(folder / "log.txt", "w+")  # noqa: SIM115  open as long as the process
        self.process = subprocess.Popen(
            [sys.executable, *map(str, words)], cwd=folder, stdout=self.log, stderr=subprocess.STDOUT
        )
        self.client = Client(f"http://127.0.0.1:{self.port}")
        self.started = time.perf_counter()

    def wait(self, *names):
        while not self.client.ready():
            assert self.process.poll() is None, self.text()
            assert time.perf_counter() - self.started < 60, self.text()
            time.sleep(0.02)
        # A server that calls itself ready has all of its models.
        assert all(self.client.ready(name) for name in names)
        self.cold_start_s = time.perf_counter() - self.started
        return self

    def text(self):
        self.log.flush()
        return open(self.log.name).read()

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Running(tmp_path_factory.mktemp("server"), *NAMES).wait(*NAMES)
    yield running
    assert running.stop() == 0, running.text()


@pytest.fixture
def alive(server):
    """The server answers rightly after the test, whatever the test sent it."""
    yield server
    inputs, expected = golden("p64-simcycle")
    np.testing.assert_allclose(
        server.client.run("p64-simcycle", **inputs)["probability"], expected["probability"], atol=1e-5
    )


def golden(name):
    return read_golden(foreshock.load(name).file("golden.npz"))


def post(server, path, body, **headers):
    """(status, answer) of one POST, the body as bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        chunked = "Transfer-Encoding" in headers
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers}, encode_chunked=chunked)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def tensor(shape=(1, 2500, 3), data=None, name="waveform", datatype="FP32"):
    data = [0.5] * int(np.prod(shape)) if data is None else data
    return {"name": name, "datatype": datatype, "shape": list(shape), "data": data}


def infer(server, *tensors, name="p64-simcycle", **more):
    return post(server, f"/v2/models/{name}/infer", json.dumps({"inputs": list(tensors), **more}).encode())


@pytest.mark.parametrize("name", NAMES)
def test_tensors_give_the_models_own_answer(server, name):
    inputs, expected = golden(name)
    if name == "etas-socal":
        # JSON has no NaN: rows that are no event are left out, one case at a time.
        for case in range(len(inputs["day"])):
            events = inputs["events"][case]
            events = events[~np.isnan(events[:, 0])]
            answer = server.client.run(name, day=inputs["day"][case : case + 1], events=events[None])
            np.testing.assert_allclose(answer["rate"][0], expected["rate"][case], rtol=1e-4, atol=1e-9)
        return
    answer = server.client.run(name, **inputs)
    for key, values in expected.items():
        np.testing.assert_allclose(answer[key], values, rtol=1e-4, atol=1e-5)


def test_list_readiness_metadata_and_metrics(server):
    assert {row["name"]: row["state"] for row in server.client.models()} == dict.fromkeys(NAMES, "READY")
    assert server.client.ready() and server.client.ready("p64-simcycle") and not server.client.ready("p64-marscycle")
    metadata = server.client.metadata("p64-simcycle")
    card = foreshock.load("p64-simcycle").card
    assert metadata["inputs"][0]["shape"] == [-1, 2500, 3]
    assert metadata["inputs"][0]["parameters"]["unit"] == card.inputs[0].unit
    assert metadata["parameters"]["threshold"] == repr(card.threshold.value)
    infer(server, tensor())
    connection = http.client.HTTPConnection("127.0.0.1", server.metrics_port)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    lines = [line for line in text.splitlines() if line.startswith("model_infer_request_success_total")]
    assert any("p64-simcycle" in line and float(line.split()[-1]) >= 1 for line in lines)


def test_a_seismogram_as_base64_is_answered_as_by_the_command(server, tmp_path):
    path = tmp_path / "event.mseed"
    obspy.read().write(str(path), format="MSEED")
    expected = foreshock.load("p64-simcycle").predict(path).to_dict()
    answer = server.client.predict("p64-simcycle", path)
    assert answer["records"][0]["probability_aftershock"] == expected["records"][0]["probability_aftershock"]
    assert answer["records"][0]["p_s"] == expected["records"][0]["p_s"]
    picks = tmp_path / "picks.csv"
    picks.write_text("station,phase,time\nRJOB,P,2009-08-24T02:20:08.0Z\n")
    assert "pick" in json.dumps(server.client.predict("p64-simcycle", path, picks=picks)["rejected"])


@pytest.mark.parametrize("name", ["cnn-lstm-prior-sim", "etas-socal"])
def test_a_catalogue_as_base64_is_answered_as_by_the_command(server, tmp_path, name):
    path = tmp_path / "catalog.csv"
    catalog = Region.named("simulated").catalog().between("2017-06-01", "2018-01-01")
    if name == "etas-socal":
        rng = np.random.default_rng(0)
        size = len(catalog)
        catalog = type(catalog)(
            catalog.time, rng.uniform(33, 35, size), rng.uniform(-118, -116, size), catalog.depth_km, catalog.magnitude
        )
    catalog.to_csv(path)
    expected = foreshock.load(name).predict(catalog, "2017-12-24").summary()
    answer = server.client.predict(name, path, day="2017-12-24")
    assert answer["cells"][0]["probability"] == pytest.approx(expected["cells"][0]["probability"], rel=1e-4)
    assert answer["expected_events"] == pytest.approx(expected["expected_events"], rel=1e-4)


TRITON_CLIENT = """
import io, json, sys
import numpy as np
import obspy
import tritonclient.grpc as grpc
from foreshock.zoo.golden import read_golden
client = grpc.InferenceServerClient(sys.argv[1])
assert client.is_server_live() and client.is_model_ready("p64-simcycle")
found = {}
for name, path in json.loads(sys.argv[2]).items():
    tensors = []
    for key, values in read_golden(path)[0].items():
        tensors.append(grpc.InferInput(key, list(values.shape), "FP32"))
        tensors[-1].set_data_from_numpy(values)
    answer = client.infer(name, tensors, outputs=[grpc.InferRequestedOutput("probability")])
    assert answer.as_numpy("logits") is None
    found[name] = answer.as_numpy("probability").tolist()
file = io.BytesIO()
obspy.read().write(file, format="MSEED")
sent = grpc.InferInput("inputs", [1], "BYTES")
sent.set_data_from_numpy(np.array([file.getvalue()], dtype=object))
found["file"] = json.loads(client.infer("p64-simcycle", [sent]).as_numpy("answer")[0])
print(json.dumps(found))
"""


def test_grpc_with_tritons_client(alive):
    """Raw tensors, rows of NaN for ETAS, and a seismogram's bytes as they are."""
    names = ("p64-simcycle", "etas-socal")
    paths = {name: str(foreshock.load(name).file("golden.npz")) for name in names}
    done = subprocess.run(
        [sys.executable, "-c", TRITON_CLIENT, f"127.0.0.1:{alive.grpc_port}", json.dumps(paths)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name in names:
        np.testing.assert_allclose(found[name], golden(name)[1]["probability"], rtol=1e-4, atol=1e-5)
    assert found["file"]["records"]


def test_what_is_wrong_over_grpc_is_the_clients_mistake(alive):
    import grpc
    from mlserver.grpc import dataplane_pb2, dataplane_pb2_grpc

    stub = dataplane_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(f"127.0.0.1:{alive.grpc_port}"))

    def status(raw, shape, datatype="FP32", name="p64-simcycle", tensor="waveform"):
        request = dataplane_pb2.ModelInferRequest(model_name=name, raw_input_contents=raw)
        request.inputs.add(name=tensor, datatype=datatype, shape=shape)
        with pytest.raises(grpc.RpcError) as caught:
            stub.ModelInfer(request)
        return caught.value.code()

    bad, codes = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode
    good = bytes(30_000)
    assert status([good[:-1]], [1, 2500, 3]) is bad
    assert status([good], [10**9, 2500, 3]) is bad
    assert status([good], [-1, 2500, 3]) is bad
    assert status([good, good], [1, 2500, 3]) is bad
    assert status([good], [1, 2500, 3], "FP99") is bad
    assert status([struct.pack("<f", np.nan) * 7500], [1, 2500, 3]) is bad
    assert status([b"\xff\xff\xff\xffabc"], [1], "BYTES", tensor="inputs") is bad
    assert status([good], [1, 2500, 3], name="../../etc/passwd") is codes.NOT_FOUND
    assert status([bytes(LIMIT_MB << 20)], [69, 2500, 3]) is codes.RESOURCE_EXHAUSTED


NAN = b'{"inputs":[{"name":"waveform","datatype":"FP32","shape":[1,1,1],"data":[NaN]}]}'


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ([tensor(datatype="BOOL")], "FP32"),
        ([tensor(datatype="FP99")], "datatype"),
        ([tensor(shape=(10**9, 2500, 3), data=[0.0])], "numbers"),
        ([tensor(shape=(10**17, 2500, 3), data=[0.0])], "numbers"),
        ([tensor(shape=(10**30, 2500, 3), data=[0.0])], "shape.0"),
        ([tensor(shape=(-1, 2500, 3), data=[0.0])], "shape"),
        ([tensor(shape=(0, 2500, 3), data=[])], "shape"),
        ([tensor(shape=(1, 2500), data=[0.0] * 2500)], "shape"),
        ([tensor(data=[0.0] * 7499)], "7499 numbers"),
        ([tensor(data=["x"] * 7500)], "numbers in waveform"),
        ([tensor(data=[None] * 7500)], "NaN or infinity"),
        ([tensor(data=[1e300] * 7500)], "NaN or infinity"),
        ([tensor(data=[[0.0], [0.0, 1.0]])], "numbers in waveform"),
        ([tensor(data={"a": 1})], "no data"),
        ([tensor(name="../../etc/passwd")], "inputs waveform"),
        ([tensor(), tensor()], "send each once"),
        ([], "inputs waveform"),
        ([tensor(name="inputs", datatype="BYTES", shape=[1], data=["no base64!"])], "base64"),
        ([tensor(name="inputs", datatype="BYTES", shape=[1], data=[3])], "texts"),
        ([tensor(name="inputs", datatype="BYTES", shape=[9], data=["aGk="])], "shape"),
        ([tensor(name="inputs", datatype="BYTES", shape=[1], data=["aGk="])], "waveform file"),
        ([tensor(name="inputs", datatype="BYTES", shape=[100], data=["aGk="] * 100)], "1 to 64 files"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(alive, sent, words):
    status, answer = infer(alive, *sent)
    assert 400 <= status < 500, answer
    text = json.loads(answer)["error"]
    assert words in text and "\n" not in text and len(text) < 500 and "Traceback" not in text


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff\xfe", NAN, b"[" * 100_000, b'{"inputs": 3}', b'{"inputs": [{"name": "waveform"}]}'],
)
def test_what_is_no_request_is_refused(alive, body):
    status, answer = post(alive, "/v2/models/p64-simcycle/infer", body)
    assert 400 <= status < 500, answer
    assert len(answer) < 1000


@pytest.mark.parametrize(
    "name", ["nothing", "..%2F..%2Fetc%2Fpasswd", "../../etc/passwd", "p64-simcycle%00", "a" * 5000]
)
def test_a_path_or_an_unknown_name_is_no_model(alive, name):
    assert post(alive, f"/v2/models/{name}/infer", b"{}")[0] == 404
    assert 400 <= post(alive, f"/v2/repository/models/{name}/load", b"{}")[0] < 500


def zipped(content):
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("event.mseed", content)
    return buffer.getvalue()


def test_bombs_do_not_go_off(alive):
    zeros = gzip.compress(bytes(300 << 20), 6)
    assert len(zeros) < 1 << 20
    assert post(alive, "/v2/models/p64-simcycle/infer", zeros, **{"Content-Encoding": "gzip"})[0] == 413
    assert post(alive, "/v2/models/p64-simcycle/infer", b"{}", **{"Content-Encoding": "br"})[0] == 415
    assert post(alive, "/v2/models/p64-simcycle/infer", b"no gzip", **{"Content-Encoding": "gzip"})[0] == 400
    for bomb in (zipped(bytes(50 << 20)), gzip.compress(bytes(50 << 20)), b"PAR1" + bytes(100)):
        text = base64.b64encode(bomb).decode()
        status, answer = infer(alive, tensor(name="inputs", datatype="BYTES", shape=[1], data=[text]))
        assert status == 400 and b"unpack it" in answer
    laughs = ["<!ENTITY a0 'ha'>", *(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))]
    xml = f"<?xml version='1.0'?><!DOCTYPE q [{''.join(laughs)}]><q:quakeml xmlns:q='x'>&a9;</q:quakeml>"
    text = base64.b64encode(xml.encode()).decode()
    status, answer = infer(
        alive, tensor(name="inputs", datatype="BYTES", shape=[1], data=[text]), name="cnn-lstm-prior-sim"
    )
    assert 400 <= status < 500, answer


def test_too_large_a_body_is_refused_told_or_not(alive):
    large = json.dumps({"inputs": [tensor(shape=(70, 2500, 3))]}).encode()
    assert len(large) > LIMIT_MB << 20
    assert post(alive, "/v2/models/p64-simcycle/infer", large)[0] == 413
    chunks = (large[i : i + 65536] for i in range(0, len(large), 65536))
    assert post(alive, "/v2/models/p64-simcycle/infer", chunks, **{"Transfer-Encoding": "chunked"})[0] == 413


def test_a_gzip_body_of_decent_size_is_read(alive):
    body = gzip.compress(json.dumps({"inputs": [tensor()]}).encode())
    assert post(alive, "/v2/models/p64-simcycle/infer", body, **{"Content-Encoding": "gzip"})[0] == 200


def test_many_clients_at_once_each_get_their_own_answer(alive):
    model = foreshock.load("p64-simcycle")
    inputs, _ = golden("p64-simcycle")
    rng = np.random.default_rng(4)
    waveforms = [
        inputs["waveform"][rng.integers(0, 3, size)] * rng.uniform(0.5, 2, (size, 1, 1)).astype(np.float32)
        + rng.normal(size=(size, 2500, 3)).astype(np.float32)
        for size in rng.integers(1, 4, 48)
    ]
    expected = [model.run(waveform=w)["probability"] for w in waveforms]

    def ask(number):
        if number % 6 == 5:
            # A bad request among the good ones of its batch spoils none of them.
            return infer(alive, tensor(shape=(1, 2500, 3), data=[0.0] * 3))[0]
        return alive.client.run("p64-simcycle", waveform=waveforms[number])["probability"]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(48)))
    for number, answer in enumerate(answers):
        if number % 6 == 5:
            assert answer == 400
        else:
            np.testing.assert_allclose(answer, expected[number], atol=1e-5)


def test_an_exported_folder_is_served_and_ends_what_it_began(tmp_path):
    """Cold start, an export in place of a name, and SIGTERM while requests are on their way."""
    from foreshock.export import FORMATS

    exported = FORMATS["onnx"](foreshock.load("p64-simcycle"), tmp_path / "out", "triton", "int8")
    server = Running(tmp_path, exported.folder).wait("p64-simcycle")
    assert server.cold_start_s < 10, "2 s at rest, more among other tests"
    waveform = golden("p64-simcycle")[0]["waveform"]
    expected = server.client.run("p64-simcycle", waveform=waveform)["probability"]
    full = golden("p64-simcycle")[1]["probability"]
    assert 0 < np.abs(expected - full).max() < 0.05, "the int8 graph is the one that is served"
    # 20 rows keep the network busy; the end comes while they are on their way.
    many = np.repeat(waveform[:1], 20, axis=0)
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(server.client.run, "p64-simcycle", waveform=many) for _ in range(12)]
        while not any(future.done() for future in asked):
            time.sleep(0.002)
        server.process.terminate()
        answers, refused = [], 0
        for future in asked:
            try:
                answers.append(future.result()["probability"])
            except InputError as error:
                # Those whose connection came after the end was asked for.
                assert "refused" in str(error) or "503" in str(error)
                refused += 1
    assert answers and refused < 12
    for answer in answers:
        np.testing.assert_allclose(answer, np.repeat(expected[:1], 20, axis=0), atol=1e-4)
    assert server.process.wait(20) == 0, server.text()
    assert "Traceback" not in server.text()


def test_the_server_never_imports_tensorflow():
    code = "import sys, foreshock.export.serving.server; print('tensorflow' in sys.modules or 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(("source", "words"), [("p46-simcycle", "p64-simcycle"), ("/nowhere/at/all", "model name")])
def test_what_is_no_model_is_one_line_before_any_port_is_open(source, words, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "foreshock.cli", "serve", source], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1 and words in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("taken", ["port", "grpc_port", "metrics_port"])
def test_a_port_in_use_is_one_line(server, tmp_path, taken):
    ports = dict(zip(("port", "grpc_port", "metrics_port"), free_ports(3), strict=True))
    ports[taken] = getattr(server, taken)
    options = [word for name, port in ports.items() for word in (f"--{name.replace('_', '-')}", str(port))]
    words = [sys.executable, "-m", "foreshock.cli", "serve", "p64-simcycle", *options]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and f"choose another with --{taken.replace('_', '-')}" in done.stderr
    assert done.stderr.count("\n") == 1
