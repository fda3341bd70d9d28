"""Speed from a waveform to a batch: features beside a loop over records, simulation, reading, batches, spectrogram."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

AIM_FEATURES, AIM_WAIT, AIM_SIMULATION = 20.0, 0.05, 100.0
RATE_HZ, SAMPLES = 100.0, 2500


def run(quick: bool = False, network: bool = True) -> list[dict]:
    """All measurements as rows: what, value, unit, beside (the peer's value), ratio, aim, met.

    Arguments:
        quick: fewer records and rounds.
        network: train the P64 network too, to see how long it waits for its input, and time its spectrogram.
    """
    rows = [feature_row(quick), simulation_row(quick), *reader_rows(quick), *batch_rows(quick)]
    if network:
        rows += [wait_row(quick), spectrogram_row(quick)]
    return rows


def feature_loop(data: np.ndarray, sampling_rate_hz: float) -> np.ndarray:
    """The published way to the 23 features: record by record and channel by channel, each number for itself."""
    from scipy import signal, stats

    table = []
    for record in data:
        row = []
        for x in record:
            frequency, psd = signal.welch(x, fs=sampling_rate_hz, nperseg=256)
            share = psd / np.sum(psd)
            row.append(np.max(x))
            row.append(np.min(x))
            row.append(np.mean(x))
            row.append(np.std(x))
            row.append(np.median(x))
            row.append(np.max(x) - np.min(x))
            row.append(np.sum(x**2))
            row.append(np.sqrt(np.mean(x**2)))
            row.append(np.mean(np.abs(x)))
            row.append(np.max(psd))
            row.append(frequency[np.argmax(psd)])
            row.append(np.mean(psd))
            row.append(-np.sum(share * np.log(share)))
            row.append(stats.gmean(psd) / np.mean(psd))
            row.append(np.sum(np.diff(np.sign(x)) != 0))
            row.append(len(signal.find_peaks(x)[0]))
            row.append(stats.kurtosis(x))
            row.append(stats.skew(x))
            row.append(np.var(x))
            row.append(np.percentile(x, 75) - np.percentile(x, 25))
            row.append(np.argmax(x))
            row.append(len(x) - 1 - np.argmax(x))
            row.append(np.ptp(x))
        table.append(row)
    return np.array(table)


def feature_row(quick: bool) -> dict:
    """69 features a record, beside the loop, whose numbers they must equal."""
    from ...datasets.waveforms.features import channel_features

    data = np.random.default_rng(0).normal(size=(128 if quick else 1024, 3, SAMPLES)).astype(np.float32)
    few = data[: 8 if quick else 48].astype(np.float64)
    np.testing.assert_allclose(
        channel_features(few, RATE_HZ).reshape(len(few), -1), feature_loop(few, RATE_HZ), rtol=1e-6, atol=1e-12
    )
    rounds = 2 if quick else 5
    loop = _rate(lambda: feature_loop(few, RATE_HZ), len(few), rounds)
    rate = _rate(lambda: channel_features(data, RATE_HZ), len(data), rounds)
    return _row(f"69 features of 3 x {SAMPLES} samples, beside a loop", rate, "records/s", loop, AIM_FEATURES)


def simulation_row(quick: bool) -> dict:
    """Simulated three-component records of 25 s."""
    from ...datasets.simulate.seismic_cycle import simulate_seismic_cycle

    simulate_seismic_cycle(events=12, seed=1)
    started = time.perf_counter()
    count = len(simulate_seismic_cycle(events=24 if quick else 190, seed=2))
    rate = count / (time.perf_counter() - started)
    return _row(f"simulated cycle, {count} records of 25 s", rate, "records/s", aim=AIM_SIMULATION, absolute=True)


def reader_rows(quick: bool) -> list[dict]:
    """Records per second out of miniSEED with events and picks, and out of SeisBench's format, beside bare reading."""
    import h5py
    import obspy

    from ...datasets.readers.event_table import read_events
    from ...datasets.readers.event_waveforms import event_records
    from ...datasets.readers.seisbench import seisbench_records
    from ...datasets.simulate.seismic_cycle_files import write_seismic_cycle

    rounds, rows = (1 if quick else 3), []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "cycle"
        records = write_seismic_cycle(folder, records=48 if quick else 300)["records"]
        events, picks = read_events(folder / "events.csv"), folder / "picks.csv"
        paths = sorted((folder / "waveforms").iterdir())
        bare = _rate(lambda: [obspy.read(path, format="MSEED") for path in paths], records, rounds)
        rate = _rate(lambda: list(event_records(folder / "waveforms", events, [], picks)), records, rounds)
        rows.append(_row("miniSEED to records with events and picks, beside obspy.read", rate, "records/s", bare))
        _write_seisbench(Path(scratch) / "set", count := 200 if quick else 2000)
        path = Path(scratch) / "set" / "waveforms.hdf5"

        def bare_hdf5():
            with h5py.File(path) as file:
                return [file["data/bucket0"][row].sum() for row in range(count)]

        rate = _rate(lambda: sum(1 for _ in seisbench_records(path.parent, [])), count, rounds)
        bare = _rate(bare_hdf5, count, rounds)
        rows.append(_row("SeisBench's format to records, beside bare h5py", rate, "records/s", bare))
    return rows


def _write_seisbench(folder: Path, records: int) -> None:
    """One block of noise with its metadata."""
    import h5py

    folder.mkdir()
    noise = np.random.default_rng(0).normal(size=(200, 3, SAMPLES)).astype(np.float32)
    with h5py.File(folder / "waveforms.hdf5", "w") as file:
        block = file.create_dataset("data/bucket0", (records, 3, SAMPLES), np.float32, chunks=(1, 3, SAMPLES))
        for first in range(0, records, len(noise)):
            block[first : first + len(noise)] = noise[: records - first]
        file["data_format/dimension_order"], file["data_format/component_order"] = "CW", "ZNE"
        file["data_format/sampling_rate"] = RATE_HZ
    head = "trace_name,trace_start_time,station_network_code,station_code,source_id,trace_p_arrival_sample\n"
    rows = [f'"bucket0${n},:3,:{SAMPLES}",2020-01-01T00:00:00Z,IV,NRCA,e{n // 8},500\n' for n in range(records)]
    (folder / "metadata.csv").write_text(head + "".join(rows))


def batch_rows(quick: bool) -> list[dict]:
    """Windows per second as tf.data batches: shifted, and with all augmentation and class balance."""
    from ...datasets.waveforms.batches import shifted_batches

    waveform, label, augment = _training_set(256 if quick else 1024)
    rows = []
    for name, how in (("shifted", {}), ("shifted, balanced, augmented", {"augment": augment, "balance": True})):

        def work(how=how):
            return sum(len(y) for _, y in shifted_batches(waveform, label, SAMPLES, 32, seed=1, **how))

        rows.append(_row(f"batches of 32, {name}", _rate(work, work(), 2 if quick else 5), "records/s"))
    return rows


def _training_set(records: int):
    """Waveforms of 27 s with spare for shifts, labels, and an augmentation with everything in it."""
    from ...datasets.waveforms.augment import Augmentation

    rng = np.random.default_rng(0)
    waveform = rng.normal(size=(records, SAMPLES + 200, 3)).astype(np.float32)
    noise = waveform[:64] * 0.1
    return waveform, np.arange(records) % 2, Augmentation(6.0, noise, drop_share=0.1, gap_share=0.1)


def wait_row(quick: bool) -> dict:
    """The share of the P64 network's training time, batch 32, spent waiting for the next augmented batch."""
    import keras

    from ...datasets.waveforms.batches import shifted_batches
    from ...zoo.waveform.networks import build

    waveform, label, augment = _training_set(320 if quick else 1024)
    network = build("p64")
    view = keras.Model(network.inputs, network.output["logits"])
    view.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    waiting = training = 0.0
    for epoch in range(1 if quick else 2):
        batches = iter(shifted_batches(waveform, label, SAMPLES, 32, 1, epoch, augment=augment, balance=True))
        for step in range(len(waveform) // 32):
            start = time.perf_counter()
            x, y = next(batches)
            received = time.perf_counter()
            view.train_on_batch(x, y)
            # The first steps build the graph and fill the queue.
            if step >= 2:
                waiting += received - start
                training += time.perf_counter() - received
    share = waiting / (waiting + training)
    row = _row("share of a P64 training step that waits for augmented input", share, "")
    return {**row, "aim": AIM_WAIT, "met": share < AIM_WAIT}


def spectrogram_row(quick: bool) -> dict:
    """The spectrogram layer with the P64 setting beside scipy; all settings are in `spectrogram_rate`."""
    import tensorflow as tf
    from scipy.signal import spectrogram

    from ...zoo.layers.spectrogram import Spectrogram
    from .spectrogram import records_per_second

    waveform = np.random.default_rng(0).standard_normal((256, SAMPLES, 3)).astype("float32")
    tensor, graph = tf.constant(waveform), tf.function(Spectrogram(64, 32, RATE_HZ), autograph=False)
    rounds = 3 if quick else 9
    peer = records_per_second(lambda: spectrogram(waveform, fs=RATE_HZ, nperseg=64, noverlap=32, axis=1), 256, rounds)
    rate = records_per_second(lambda: graph(tensor).numpy(), 256, rounds)
    return _row("spectrogram layer 64/32, beside scipy", rate, "records/s", peer)


def _rate(work: Callable[[], object], items: int, rounds: int) -> float:
    """Items per second, the median of some rounds after one to warm up."""
    seconds = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return items / float(np.median(seconds[1:]))


def _row(
    what: str, value: float, unit: str, beside: float | None = None, aim: float | None = None, absolute: bool = False
) -> dict:
    ratio = None if beside is None else value / beside
    reached = value if absolute else ratio
    met = None if aim is None or reached is None else reached >= aim
    return {"what": what, "value": value, "unit": unit, "beside": beside, "ratio": ratio, "aim": aim, "met": met}
