"""The rooms of the package: CONTRIBUTING's map is that of the tree, and each contract catches an import."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.projects import REPOSITORY

PACKAGE = REPOSITORY / "sphinx_kerasshape"
LINTER = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
CONTRACTS = {contract["name"]: contract for contract in LINTER["contracts"]}
FLOORS = "Rooms stand on floors: each imports from those below it"


def rows() -> dict[str, set[str]]:
    """Return the modules that the map gives to each room, in its order."""
    table = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8").partition("| Room |")[2].partition("\n\n")[0]
    found = {}
    for row in table.splitlines()[2:]:
        _, rooms, _, modules, _ = row.split("|")
        for room in re.findall("`(.+?)`", rooms):
            found[room.rstrip("/")] = set(re.findall("`(.+?)`", re.sub(r"\(.*?\)", "", modules)))
    return found


def tree() -> dict[str, set[str]]:
    """Return the modules of each room: of each folder, and of each module at the top by itself."""
    found: dict[str, set[str]] = {path.stem: set() for path in modules(PACKAGE)}
    for init in PACKAGE.rglob("*/__init__.py"):
        found[init.parent.relative_to(PACKAGE).as_posix()] = {path.stem for path in modules(init.parent)}
    return found


def modules(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.py") if path.name != "__init__.py"]


def test_the_map_has_each_room_and_each_module() -> None:
    expected = tree()
    expected["worker"].remove("__main__")  # how it starts; named by the sentence
    assert rows() == expected


def test_the_map_is_in_the_order_of_the_floors() -> None:
    floors = [re.split(r" \| ", floor) for floor in CONTRACTS[FLOORS]["layers"]]
    floor_of = {room: number for number, rooms in enumerate(floors) for room in rooms}
    numbers = [floor_of[room] for room in rows() if "/" not in room and room != "worker"]
    assert numbers == sorted(numbers)
    assert len(numbers) == len(floor_of)


PLANTED = {
    FLOORS: ("messages/layers.py", "sphinx_kerasshape.run.plan"),
    "Rooms of the audit stand on floors, too": (
        "audit/tables/cells.py",
        "sphinx_kerasshape.audit.judging.names",
    ),
    "Reading and writing pages meet in pages.placeholder only": (
        "collect/block.py",
        "sphinx_kerasshape.render.table",
    ),
    "What is run, stored and judged knows neither Sphinx nor docutils": ("store/cache.py", "docutils.nodes"),
    "Only the worker knows TensorFlow and Keras": ("render/table.py", "numpy"),
    "Nobody imports the worker": ("run/launch.py", "sphinx_kerasshape.worker.child"),
    "The worker needs messages, axes, text and files only": (
        "worker/child.py",
        "sphinx_kerasshape.store.cache",
    ),
}
"""For each contract, a module and what it must not import."""


def test_each_contract_is_tried() -> None:
    assert set(PLANTED) == set(CONTRACTS)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    pytest.importorskip("importlinter")
    shutil.copytree(PACKAGE, tmp_path / "sphinx_kerasshape", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


def broken(folder: Path) -> list[str]:
    """Return the contracts that are broken in a copy of the package."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = [
        name for name in CONTRACTS if re.search(rf"^{re.escape(name)} BROKEN", done.stdout, re.MULTILINE)
    ]
    assert done.returncode == bool(found), done.stdout + done.stderr
    return found


def test_the_package_breaks_no_contract(copy: Path) -> None:
    assert broken(copy) == []


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_import_breaks_the_contract(contract: str, copy: Path) -> None:
    file, imported = PLANTED[contract]
    with (copy / "sphinx_kerasshape" / file).open("a") as module:
        module.write(f"\nimport {imported}\n")
    assert contract in broken(copy)


def test_a_new_room_needs_a_floor(copy: Path) -> None:
    (copy / "sphinx_kerasshape" / "things.py").touch()
    assert broken(copy) == [FLOORS]
