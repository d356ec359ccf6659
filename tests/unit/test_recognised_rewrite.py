"""Edits of documents: what is edited changes, and nothing else does."""

from __future__ import annotations

import json

import pytest

from sphinx_kerasshape.audit.document import Place, Stated
from sphinx_kerasshape.audit.recognise import recognise
from sphinx_kerasshape.audit.rewriting.rewrite import Unwritable, rewrite

PAGE = "\ufeffÄ\r\n\r\n```python\r\nx = f(x)  # (None, 10)\r\ny = g(x)  # (None, 12)\n```\rä"


def restated(path: str, data: bytes, old: str, new: str) -> bytes:
    """Return a document whose statements of one value state another."""
    document = recognise(path, data)
    edits = [(one.place, new) for one in document.statements if isinstance(one, Stated) and one.text == old]
    assert edits
    return rewrite(document, edits, data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_page(encoding: str) -> None:
    data = PAGE.encode(encoding)
    expected = PAGE.replace("(None, 10)", "(None, 1024)").encode(encoding)
    assert restated("page.md", data, "(None, 10)", "(None, 1024)") == expected


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("indent", [None, 1, "\t"])
@pytest.mark.parametrize(
    "source", ["x.shape # ä😀\n'\\n\"'\nx.shape", ["x.shape # ä😀\n", "'\\n\"'\n", "x.shape"]]
)
@pytest.mark.parametrize("shown", ["(None, 10)", ["(None", ", 10)"]])
def test_a_notebook(ascii: bool, indent: str | None, source: object, shown: object) -> None:
    output = {"output_type": "execute_result", "data": {"text/html": "<b>ä</b>", "text/plain": shown}}
    cells = [
        {"source": "# ä😀 (None, 10)", "metadata": {"é": [True, -1.5e3, {}]}, "cell_type": "markdown"},
        {"outputs": [output], "execution_count": None, "source": source, "cell_type": "code", "metadata": {}},
    ]
    page = {"cells": cells, "nbformat_minor": 4, "metadata": {}, "nbformat": 4}
    data = (json.dumps(page, ensure_ascii=ascii, indent=indent) + "\n\n").replace("\n", "\r\n").encode()
    new = "(None,\nü)"
    output["data"]["text/plain"] = new if shown == "(None, 10)" else [new, ""]
    expected = (json.dumps(page, ensure_ascii=ascii, indent=indent) + "\n\n").replace("\n", "\r\n").encode()
    assert restated("page.ipynb", data, "(None, 10)", new) == expected


def test_a_notebook_of_version_3() -> None:
    output = {"output_type": "pyout", "prompt_number": 1, "text": ["(None, 3)"]}
    cell = {"cell_type": "code", "input": ["y = f(x) # (None, 3)\n", "x.shape"], "outputs": [output]}
    page = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]}
    data = json.dumps(page).encode()
    assert restated("a.ipynb", data, "(None, 3)", "(None, 4)") == data.replace(b"(None, 3)", b"(None, 4)")


def test_insertions_and_no_edits() -> None:
    cell = {"cell_type": "code", "source": ["a", "b"], "outputs": [], "metadata": {}}
    page = json.dumps({"nbformat": 4, "cells": [cell], "metadata": {}})
    document = recognise("a.ipynb", page.encode())
    for place, expected in ((0, '["!a", "b"]'), (1, '["a", "!b"]')):
        found = rewrite(document, [(Place(0, place, place), "!")], page.encode())
        assert found.decode() == page.replace('["a", "b"]', expected)
    assert rewrite(document, [], page.encode()) == page.encode()


def test_edits_that_cannot_be_made() -> None:
    document = recognise("a.md", b"abc")
    with pytest.raises(Unwritable, match="two edits overlap"):
        rewrite(document, [(Place(0, 0, 2), "x"), (Place(0, 1, 3), "y")], b"abc")
    with pytest.raises(Unwritable, match="the file has changed since it was read"):
        rewrite(document, [(Place(0, 0, 2), "x")], b"abd")
