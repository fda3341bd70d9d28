"""The house keeps its floors: imports run down, rooms form no circle, nothing heavy is imported at the door."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = {
    "datasets": 0,
    "zoo": 1,
    "training": 2,
    "export": 3,
    "benchmarks": 3,
    "cli": 4,
    "cli_data": 4,
    "cli_benchmark": 4,
    "demo": 4,
}
ROOMS = ("datasets", "zoo", "training", "export", "benchmarks")
MODULES = sorted(
    path
    for room in (*ROOMS, ".")
    for path in (ROOT / room).glob("*.py" if room == "." else "**/*.py")
    if path.name != "__init__.py" or room != "."
)


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else path.stem


def imported_modules(path: Path):
    """Dotted names, below the package, of all that a module imports relatively."""
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            assert len(package) - node.level + 1 >= 0, f"{path}: leaves the package"
            if node.module:
                yield (*base, *node.module.split("."))
            else:
                for alias in node.names:
                    yield (*base, alias.name)


def absolute_imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_arrow_runs_up(path):
    room = room_of(path)
    assert room in FLOORS, f"{path} stands on no floor"
    for name in imported_modules(path):
        assert name[0] in FLOORS or FLOORS[room] == 4, f"{path.relative_to(ROOT)} imports {name[0]} from the roof"
        if name[0] in FLOORS:
            lower = FLOORS[name[0]] < FLOORS[room] or name[0] == room or FLOORS[room] == 4
            assert lower, f"{path.relative_to(ROOT)} on floor {FLOORS[room]} imports {'.'.join(name)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_package_imports_itself_relatively(path):
    assert not [name for name in absolute_imports(path) if name.split(".")[0] == "foreshock"]


def test_no_module_is_named_for_nothing_or_grows_past_two_things():
    for path in MODULES:
        assert path.stem not in ("utils", "util", "helpers", "helper", "common", "misc", "base"), path
        assert len(path.read_text().splitlines()) <= 400, f"{path.relative_to(ROOT)} is two things"


def test_modules_form_no_circle_at_import():
    """Follow imports at module level only: what a function imports is resolved when everything is there."""
    graph = {}
    for path in MODULES:
        name = path.relative_to(ROOT).with_suffix("").parts
        name = name[:-1] if name[-1] == "__init__" else name
        package = path.relative_to(ROOT).parts[:-1]
        targets = set()
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ImportFrom) and node.level:
                base = package[: len(package) - node.level + 1]
                targets.add((*base, *(node.module.split(".") if node.module else ())))
                targets |= {(*base, *(node.module.split(".") if node.module else ()), a.name) for a in node.names}
        graph[name] = targets - {name}
    seen, open_ = set(), []

    def visit(name):
        assert name not in open_, f"circle: {' > '.join('.'.join(n) for n in [*open_[open_.index(name) :], name])}"
        if name in seen or name not in graph:
            return
        open_.append(name)
        for target in graph[name]:
            visit(target)
        seen.add(open_.pop())

    for name in graph:
        visit(name)


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(' '.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT / "tests",
    )
    return set(done.stdout.splitlines()[-1].split())


def test_import_foreshock_imports_nothing_heavy():
    loaded = modules_after("import foreshock")
    assert not loaded & {"tensorflow", "keras", "obspy", "numpy", "pydantic", "onnxruntime", "pyarrow", "matplotlib"}


def test_listing_and_predicting_never_import_tensorflow(tmp_path):
    loaded = modules_after("import foreshock; foreshock.models(); model = foreshock.load('p64-simcycle'); model.card")
    assert not loaded & {"tensorflow", "keras", "obspy"}
    loaded = modules_after("import foreshock, obspy; foreshock.load('p64-simcycle').predict(obspy.read())")
    assert "onnxruntime" in loaded
    assert not loaded & {"tensorflow", "keras", "sklearn"}


def test_every_package_folder_is_named_in_setup_cfg():
    import configparser

    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    named = set(config["options"]["packages"].split())
    found = {
        ".".join(("foreshock", *path.parent.relative_to(ROOT).parts))
        for room in ROOMS
        for path in (ROOT / room).glob("**/__init__.py")
    }
    assert found | {"foreshock"} == named
