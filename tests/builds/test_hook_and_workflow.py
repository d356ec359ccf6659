"""The pre-commit hook and the workflow that the docs show, run as they are written; annotations and SARIF."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from tests.support.projects import DEADLINE, REPOSITORY
from tests.support.recognised import notebook

HOOKS = REPOSITORY / ".pre-commit-hooks.yaml"
PAGE = REPOSITORY / "docs" / "how-to" / "existing-documents.md"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
CODE = "import keras\nx = keras.layers.Dense(3)(keras.Input((4,)))  # (None, 5)\n"
DRIFTED = "drifted: (None, 5), but TensorFlow says (None, 3)"
FAILING = "import keras\nx = keras.layers.Dense(-3)(keras.Input((4,)))\ny = x.shape  # (None, 3)\n"
Run = Callable[..., subprocess.CompletedProcess[str]]


def shown(caption: str) -> Any:
    """Return the YAML file that the how-to shows with a caption."""
    found = re.search(rf":caption: {re.escape(caption)}\n\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    return yaml.safe_load(found[1])


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a command of a shell in a repository, with this interpreter."""
    folder = tmp_path / "repository"
    folder.mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment |= {"PRE_COMMIT_HOME": str(tmp_path / "hooks"), "GIT_CONFIG_GLOBAL": os.devnull}

    def in_repository(command: str, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    return in_repository


def markdown(code: str) -> str:
    return f"# Page\n\n```python\n{code}```\n"


def test_the_hook_refuses_a_commit_until_it_is_true(run: Run) -> None:
    """What pre-commit reads of the repository is the hook; only its environment is that of the tests."""
    pytest.importorskip("pre_commit")
    (shown_hooks,) = shown(".pre-commit-config.yaml")["repos"]
    (wanted,) = shown_hooks["hooks"]
    (hook,) = yaml.safe_load(HOOKS.read_text("utf-8"))
    assert (shown_hooks["repo"], wanted["id"]) == (PROJECT["urls"]["Source"], hook["id"])
    (needed,) = wanted["additional_dependencies"]
    assert any(one.startswith(needed) for one in PROJECT["optional-dependencies"][needed])
    config = {"repos": [{"repo": "local", "hooks": [hook | {"language": "system"}]}]}
    files = {".pre-commit-config.yaml": yaml.safe_dump(config), "docs/page.md": markdown(CODE)}
    commit = "git add -A && git -c user.name=A -c user.email=a@b commit -qm 'A page'"
    refused = run(f"git init -q . && pre-commit install && {commit}", files)
    assert refused.returncode == 1
    assert f"docs/page.md:5: {DRIFTED}" in refused.stderr + refused.stdout
    mended = run(f"python -m sphinx_kerasshape audit --fix docs && {commit}", {})
    assert mended.returncode == 0, mended.stderr
    skipped = run(commit, {"notes.txt": "(None, 5)"})
    assert skipped.returncode == 0
    assert "Skipped" in skipped.stdout + skipped.stderr


def test_the_workflow_annotates_each_fault(run: Run) -> None:
    steps = shown(".github/workflows/shapes.yml")["jobs"]["shapes"]["steps"]
    *_, install, audit = [step["run"] for step in steps if "run" in step]
    name, extra = re.fullmatch(r"pip install '([\w-]+)\[([\w-]+)\]'", install).groups()  # type: ignore[union-attr]
    assert (name, extra in PROJECT["optional-dependencies"]) == (PROJECT["name"], True)
    files = {"docs/a.md": markdown(CODE), "docs/b.md": markdown(FAILING)}
    done = run(audit, {**files, "notebooks/c.ipynb": notebook(("code", CODE))})
    *lines, summary = done.stdout.splitlines()
    assert (done.returncode, summary.partition(":")[0]) == (1, "3 documents")
    assert [re.sub(r"(code fails: ValueError).*", r"\1", line) for line in lines] == [
        f"::error file=docs/a.md,line=5::{DRIFTED}",
        "::error file=docs/b.md,line=5::code fails: ValueError",
        f"::error file=notebooks/c.ipynb,line=1::cell 1, line 2: {DRIFTED}",
    ]


def test_sarif_is_what_code_scanning_reads(run: Run) -> None:
    """What the standard, and GitHub beyond it, asks for; the places are those of the annotations."""
    files = {"docs/a.md": CODE, "docs/b.md": FAILING, "docs/a: 50% b.md": CODE}
    command = "python -m sphinx_kerasshape audit --format sarif $PWD/docs notes.md"
    done = run(command, {name: markdown(code) for name, code in files.items()})
    assert done.returncode == 2
    log = json.loads(done.stdout)
    assert (log["version"], urlsplit(log["$schema"]).scheme) == ("2.1.0", "https")
    (one,) = log["runs"]
    driver = one["tool"]["driver"]
    assert all(isinstance(driver[key], str) and driver[key] for key in ("name", "version"))
    rules = {rule["id"]: rule["shortDescription"]["text"] for rule in driver["rules"]}
    assert one["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    places = []
    for result in one["results"]:
        assert result["level"] in ("none", "note", "warning", "error")
        assert rules[result["ruleId"]]
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[\w.~!$&'()*+,;=@/-]|%[0-9A-F]{2})+", uri)
        assert not uri.startswith("/")
        places.append((unquote(uri), place["region"]["startLine"], result["ruleId"]))
    assert places == [
        ("docs/a.md", 5, "drifted"),
        ("docs/a: 50% b.md", 5, "drifted"),
        ("docs/b.md", 5, "failed"),
    ]
