"""Documents that an attacker, or an accident, has made: each gets a line, and the others are audited."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sphinx_kerasshape.audit import planning
from sphinx_kerasshape.audit.audit import audited, documents
from sphinx_kerasshape.audit.command import found_documents
from sphinx_kerasshape.audit.output import text
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Answer, Failure
from sphinx_kerasshape.messages.request import Request

FENCE = "```"
GOOD = f"{FENCE}python\nimport keras\nx = keras.Input((4,))  # (None, 4)\n{FENCE}\n"
OUTPUTS: list[dict[str, Any]] = [
    {"output_type": "stream", "name": "stdout", "text": "hi"},
    {
        "output_type": "execute_result",
        "metadata": {},
        "data": {"text/plain": "5", "text/html": "<pre>5</pre>"},
    },
]
NOTEBOOK: dict[str, Any] = {
    "cells": [
        {"cell_type": "code", "source": "x = 1", "outputs": OUTPUTS, "metadata": {}, "execution_count": 1},
        {"cell_type": "markdown", "source": "x", "metadata": {}},
    ],
    "metadata": {"kernelspec": {"language": "python"}, "language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
WRONG: list[Any] = [None, True, 5, 1.5, "x", [], {}, [1], {"a": 1}, [[]], [{}], [None]]


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where the parts of some JSON are."""
    yield here
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield from places(value[key], (*here, key))


def with_value(place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    notebook = copy.deepcopy(NOTEBOOK)
    part = notebook
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    return notebook


def without_running(requests: Sequence[Request]) -> dict[Request, Answer]:
    return dict.fromkeys(requests, Failure(Problem.CRASH, "nothing runs here"))


def said(paths: list[str]) -> dict[str, str]:
    """Return why documents can't be read, by path; empty if they can. Nothing runs."""
    return {one.path: one.unreadable for one in audited(paths, {}, without_running)}


@pytest.mark.parametrize(
    "place", list(places(NOTEBOOK)), ids=lambda place: "-".join(map(str, place)) or "root"
)
def test_wrong_types_in_a_notebook(place: tuple[Any, ...], tmp_path: Path) -> None:
    for number, value in enumerate(WRONG):
        (tmp_path / f"{number:02}.ipynb").write_text(json.dumps(with_value(place, value)))
    (tmp_path / "good.md").write_text(GOOD)
    reasons = said(documents(tmp_path))
    assert len(reasons) == len(WRONG) + 1
    for path, reason in reasons.items():
        assert not re.search(r"\n|\w+Error|Broken|object has no|NotebookNode", reason), (path, reason)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("nul.md", GOOD.encode() + b"\0", "a binary file"),
        ("surrogate.md", GOOD.encode() + b"\xed\xa0\x80", "not UTF-8: byte "),
        ("mark.ipynb", b"\xef\xbb\xbf{}",
         "a broken notebook: it begins with a byte order mark: save it as UTF-8 without one"),
        ("odd.md", GOOD.encode("utf-16")[:-1], "not UTF-16: byte "),
        ("latin.md", "Café".encode("latin-1"), "not UTF-8: byte 3 is 0xe9: save it as UTF-8"),
        ("latin.py", "# coding: latin-1\n# Café".encode("latin-1"), ""),
        ("odd.py", b"# coding: nonsense\n", "unknown encoding: nonsense"),
        ("deep.ipynb", b'{"cells":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
         "a notebook that is nested too deep"),
        ("list.ipynb", b"[]", "a broken notebook: it is no JSON object"),
        ("cell.ipynb", b'{"cells": [{"cell_type": "code", "source": 5}], "nbformat": 4}',
         "a broken notebook: cell 1: its source is no text"),
        ("large.md", b"word\n" * 1_800_000, "it has more than 8 MB"),
        ("lists.rst", "".join("  " * level + "- x\n\n" for level in range(1500)).encode(),
         "it is nested too deeply"),
        ("lists.md", "".join("  " * level + "- x\n" for level in range(500)).encode() + GOOD.encode(), ""),
        ("quotes.md", b">" * 50_000 + b" x\n" + GOOD.encode(), ""),
        ("brackets.md", b"[" * 100_000 + b"\n\n" + b"(" * 100_000 + b"\n\n" + b"*" * 100_000, ""),
        ("parens.md", f"{FENCE}python\nx = {'(' * 5000}{')' * 5000}\n{FENCE}\n".encode(), ""),
        ("minus.py", b"x = " + b"-" * 100_000 + b"1\n", ""),
        ("files.rst", b".. include:: /etc/passwd\n\n.. raw:: html\n   :file: /etc/passwd\n", ""),
    ],
)  # fmt: skip
def test_a_document_and_why_it_cannot_be_read(name: str, data: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    (found,) = said([str(tmp_path / name)]).values()
    assert found.startswith(reason) if reason else not found


def test_what_is_no_file_and_folders_that_contain_themselves(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.md")
    (tmp_path / "dangling.md").symlink_to("/nowhere")
    (tmp_path / "loop.md").symlink_to("loop.md")
    (tmp_path / "device.md").symlink_to("/dev/zero")
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "folder.md" / "good.md").write_text(GOOD)
    found, problems = found_documents([str(tmp_path)])
    assert not problems
    reasons = {Path(path).name: reason for path, reason in said(found).items()}
    assert reasons == {
        "dangling.md": "No such file or directory",
        "device.md": "it is not a regular file",
        "fifo.md": "it is not a regular file",
        "loop.md": "Too many levels of symbolic links",
        "good.md": "",
    }


def test_names_of_documents_stay_on_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a\nb.md:1: holds\x1b[31m.md"
    path.write_text(GOOD)
    (one,) = audited([str(path)], {}, without_running)
    (line,) = text(one)
    assert line.removeprefix(str(tmp_path)) == (
        r"/a\nb.md:1: holds\x1b[31m.md:3: can't be checked: (None, 4): nothing runs here"
    )


def test_many_fences_without_statements_run_nothing(tmp_path: Path) -> None:
    for count in (100, 1000):
        path = tmp_path / f"{count}.md"
        path.write_text(f"{FENCE}python\nx = 1\n{FENCE}\n\n" * count)
        (one,) = audited([str(path)], {}, without_running)
        assert one.document is not None
        assert len(one.document.blocks) == count
        assert planning.planned(one.document, {}) == []
