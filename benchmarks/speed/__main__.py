"""Speed figures, each with its peer in the same run: `python -m foreshock.benchmarks.speed [startup|spectrogram|...]`.

The last run's rows are kept in results/speed-NAME.csv.
"""

from __future__ import annotations

import csv
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

from ...datasets.atomic import replacing

# Each is a module beside this one with a function `run() -> list[dict]`.
BENCHMARKS = (
    "startup",
    "spectrogram",
    "catalogue",
    "waveforms",
    "annotate",
    "inference",
    "serving",
    "explain",
    "archive",
    "recurrent",
    "ensemble",
)
RESULTS = Path(__file__).parents[1] / "results"


def table(rows: list[dict]) -> str:
    """Rows of plain values as aligned text.

    >>> print(table([{"what": "layer", "rate": 7000.123}, {"what": "scipy", "rate": 1000.0}]))
    what   rate
    layer  7000
    scipy  1000
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names] + [[_text(row.get(name)) for name in names] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _text(value) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main(names: list[str], folder: Path) -> None:
    """Run the benchmarks of these names (all if none), print their tables and keep them in `folder`."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"expected {', '.join(BENCHMARKS)}, received {', '.join(unknown)}; choose from the list")
    for name in names or BENCHMARKS:
        rows = import_module(f".{name}", __package__).run()
        print(f"{name}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        print(table(rows), flush=True)
        with replacing(folder / f"speed-{name}.csv") as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:], RESULTS)
