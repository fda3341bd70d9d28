"""Speed from a catalogue to a batch: events to cells and maps beside two loops over rows, memory, readers, input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...datasets.catalog import Catalog
from ...datasets.grid import Grid
from ...datasets.period import Period
from ...datasets.projection import LocalPlane
from ...datasets.raster import sparse_days
from ...datasets.regions import Region
from ...datasets.windows import Circle, Windows, WindowSettings
from .row_loops import plane_maps, table_of, world_windows

AIM_CELLS, AIM_DENSE, AIM_MEMORY_MB, AIM_WAIT = 1000.0, 30.0, 500.0, 0.05
READ = ("catalogs/norcal", "catalogs/socal", "catalogs/japan_comcat.csv", "catalogs/world_comcat.csv")
TOKYO = Circle(35.680934, 139.767551, 150.0)


def run(data: str | os.PathLike | None = None, quick: bool = False, network: bool = True) -> list[dict]:
    """All measurements as rows: what, value, unit, beside (the loop's value), ratio, aim, met.

    Arguments:
        data: the data folder, else $FORESHOCK_DATA; without Japan's catalogue in it, the simulated one is spread over
            as many cells.
        quick: fewer events and rounds.
        network: train the ConvLSTM too, to see how long it waits for its input (needs TensorFlow).
    """
    data = data or os.environ.get("FORESHOCK_DATA")
    data = None if data is None else Path(data)
    rows = [*raster_rows(data, quick), memory_row(data), *reader_rows(data, quick), *batch_rows(data, quick)]
    if network:
        rows.append(wait_row(data, quick))
    return rows


def raster_rows(data: Path | None, quick: bool) -> list[dict]:
    """Events per second to cells and to dense day maps, beside both loops on the first events of the same catalogue."""
    catalog, grid, period = japan_or_simulated(data)
    world = Grid.world(longitude0=TOKYO.longitude, timezone="Asia/Tokyo")
    events = 1_000 if quick else 4_000
    table = table_of(catalog[:events])
    rounds = 1 if quick else 3
    plane_rate = _rate(lambda: plane_maps(table), events, rounds)
    world_rate = _rate(lambda: world_windows(table), events, rounds)
    first, last = period.first, period.last
    rows = []
    for name, cells, loop_rate in (("200 x 250", grid, plane_rate), ("20 x 30 world", world, world_rate)):
        rate = _rate(lambda g=cells: sparse_days(catalog, g, first, last), len(catalog), 9)
        rows.append(_row(f"event to cell, {name}", rate, "events/s", loop_rate, AIM_CELLS))

    def stream(cells, channels):
        total = 0.0
        for _, block in sparse_days(catalog, cells, first, last).blocks(channels):
            total += float(block[-1, -1, -1, 0])
        return total

    def materialise(days):
        maps = sparse_days(catalog, grid, first, first + np.timedelta64(days - 1, "D"))
        return len(maps.row), maps.dense()

    three = ("energy_magnitude", "count", "mean_depth")
    for name, cells, channels, loop_rate in (
        ("200 x 250", grid, ("max_magnitude",), plane_rate),
        ("20 x 30 x 3 world", world, three, world_rate),
    ):
        rate = _rate(lambda g=cells, c=channels: stream(g, c), len(catalog), 5)
        rows.append(_row(f"dense day maps, streamed, {name}", rate, "events/s", loop_rate, AIM_DENSE))
    days = min(1500, period.days)
    kept = materialise(days)[0]
    rate = _rate(lambda: materialise(days), kept, 5)
    rows.append(_row(f"dense day maps, {days} of them kept in memory, 200 x 250", rate, "events/s", plane_rate))
    return rows


def memory_row(data: Path | None) -> dict:
    """Peak memory of a process that reads the catalogue and streams all its days through 200 x 250 cells."""
    code = (
        "import json, sys; from foreshock.benchmarks.speed.catalogue import stream_and_measure; "
        "print(json.dumps(stream_and_measure(json.loads(sys.argv[1]))))"
    )
    argument = json.dumps(None if data is None else str(data))
    answer = subprocess.run([sys.executable, "-c", code, argument], capture_output=True, text=True, check=True)
    days, peak_mb = json.loads(answer.stdout)
    return {
        "what": f"peak memory, {days} days at 200 x 250 streamed",
        "value": peak_mb,
        "unit": "MB",
        "beside": None,
        "ratio": None,
        "aim": AIM_MEMORY_MB,
        "met": peak_mb < AIM_MEMORY_MB,
    }


def stream_and_measure(data: str | None) -> tuple[int, float]:
    """Stream every day, count the events on the way, and return (days, this process's peak memory in MB)."""
    catalog, grid, period = japan_or_simulated(None if data is None else Path(data))
    maps = sparse_days(catalog, grid, period.first, period.last)
    counted = sum(float(block.sum()) for _, block in maps.blocks(("count",)))
    if counted != len(maps.row):
        raise AssertionError(f"{counted} events in the day maps, {len(maps.row)} in the cells")
    return maps.days, _peak_mb()


def _peak_mb() -> float:
    """This process's peak memory; Linux's own status file, because getrusage inherits the parent's peak there."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def reader_rows(data: Path | None, quick: bool) -> list[dict]:
    """Events per second of the readers, on the agencies' files where the data folder has them."""
    from ...datasets.readers.reading import read_catalog

    rows = []
    for path in READ:
        if data is None or not (data / path).exists():
            continue
        events = len(read_catalog(data / path).catalog)
        seconds = events / _rate(lambda path=path: read_catalog(data / path), events, 1 if quick else 2)
        rows.append(_row(f"read {path}, {events} events in {seconds:.2f} s", events / seconds, "events/s"))
    return rows


def batch_rows(data: Path | None, quick: bool) -> list[dict]:
    """Samples per second of dense windows, for NumPy."""
    rows = []
    for name, windows, batch in _window_cases(data):
        batches = 4 if quick else 20
        order = windows.order(1)[: batches * batch]

        def work(windows=windows, batch=batch, order=order):
            for start in range(0, len(order), batch):
                windows.batch(order[start : start + batch])

        rows.append(_row(f"windows, {name}, batch {batch}", _rate(work, len(order), 3), "samples/s"))
    return rows


def wait_row(data: Path | None, quick: bool) -> dict:
    """The share of the ConvLSTM's training time that is spent waiting for the next batch from tf.data."""
    from ...datasets.pipeline import tf_dataset
    from ...zoo.forecast.conv_lstm import conv_lstm

    _, windows, batch = _window_cases(data)[0]
    model = conv_lstm(dropout=0.0)
    model.compile(
        optimizer="adam", loss={"logits": "mean_squared_error", "probability": "binary_crossentropy"}, jit_compile=False
    )
    iterator = iter(tf_dataset(windows, batch, shuffle_seed=1))
    waiting, training = 0.0, 0.0
    for step in range(6 if quick else 20):
        start = time.perf_counter()
        x, y = next(iterator)
        received = time.perf_counter()
        model.train_on_batch({"maps": x}, {"logits": y, "probability": y})
        # The first steps build the graph and fill the queue.
        if step >= 2:
            waiting += received - start
            training += time.perf_counter() - received
    share = waiting / (waiting + training)
    return {
        "what": "share of a ConvLSTM training step that waits for input",
        "value": share,
        "unit": "",
        "beside": None,
        "ratio": None,
        "aim": AIM_WAIT,
        "met": share < AIM_WAIT,
    }


def japan_or_simulated(data: Path | None) -> tuple[Catalog, Grid, Period]:
    """Japan's whole catalogue on its cells; without the file, the simulated region's on cells of the same number."""
    japan = Region.named("japan")
    if data is not None and (data / japan.source.path).exists():
        from ...datasets.readers.reading import read_catalog

        return read_catalog(data / japan.source.path).catalog, japan.grid, Period(*japan.period())
    simulated = Region.named("simulated")
    box = simulated.grid
    cell_x, cell_y = box.columns * box.cell_x / japan.grid.columns, box.rows * box.cell_y / japan.grid.rows
    plane = LocalPlane(box.projection.longitude0, box.projection.latitude0)
    grid = Grid(plane, box.x0, box.y0, cell_x, cell_y, *japan.grid.shape)
    return simulated.catalog(), grid, Period(*simulated.period())


def _window_cases(data: Path | None) -> list[tuple[str, Windows, int]]:
    catalog, grid, period = japan_or_simulated(data)
    world = Grid.world(longitude0=TOKYO.longitude, timezone="Asia/Tokyo")
    part = Period(period.first, period.first + np.timedelta64(2000, "D"))
    raw = ("energy_magnitude", "count", "mean_depth")
    city = WindowSettings(15, (0, 1), 4.0, raw, circle=TOKYO)
    plane = WindowSettings(32, (10, 50), 5.0)
    return [
        ("15 days x 20 x 30 x 3", Windows.from_catalog(catalog, world, city, part), 32),
        ("32 days x 250 x 200", Windows.from_catalog(catalog, grid, plane, part), 4),
    ]


def _rate(work: Callable[[], object], items: int, rounds: int) -> float:
    """Items per second, the median of some rounds; one before them warms up when there are several."""
    seconds = []
    for _ in range(rounds + (rounds > 1)):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return items / float(np.median(seconds[rounds > 1 :]))


def _row(what: str, value: float, unit: str, beside: float | None = None, aim: float | None = None) -> dict:
    ratio = None if beside is None else value / beside
    met = None if aim is None or ratio is None else ratio >= aim
    return {"what": what, "value": value, "unit": unit, "beside": beside, "ratio": ratio, "aim": aim, "met": met}
