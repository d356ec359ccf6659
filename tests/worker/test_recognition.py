"""The table of what an audit recognises (``docs/reference/audit.md``): each row, in each of its formats."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from sphinx_kerasshape.audit.audit import Audited
from sphinx_kerasshape.audit.output import remarks
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.corpus.audits import Audits
from tests.support.recognised import notebook, stream, value

EXAMPLES = tomllib.loads((Path(__file__).parents[1] / "support" / "recognition.toml").read_text("utf-8"))
Example = dict[str, Any]
TEXTS = ("code", "examples", "printed", "prose")


def code_of(one: Example) -> str:
    return f"import keras\n\n{one['code'].strip()}\n"


def markdown(one: Example) -> str:
    if "examples" in one:
        return f"```pycon\n{one['examples']}```\n"
    printed = f"\n```text\n{one['printed']}```\n" if "printed" in one else ""
    return f"# Page\n\n```python\n{code_of(one)}```\n{printed}\n{one.get('prose', '')}\n"


def myst(one: Example) -> str:
    return re.sub(r"```(python|text)\n", r"```{code-block} \1\n:caption: Here\n\n", markdown(one))


def rest(one: Example) -> str:
    if "examples" in one:
        return f"Page\n====\n\n{one['examples']}"
    printed = f"\n.. code-block:: text\n\n{indent(one['printed'], '   ')}\n" if "printed" in one else ""
    prose = one.get("prose", "").replace("`", "``")
    return f"Page\n====\n\n.. code-block:: python\n\n{indent(code_of(one), '   ')}{printed}\n{prose}\n"


def ipynb(one: Example) -> str:
    as_output = stream if "print" in one.get("code", "") or "summary()" in one.get("code", "") else value
    outputs = [as_output(one["printed"])] if "printed" in one else []
    return notebook(("code", code_of(one).rstrip(), outputs), ("markdown", one.get("prose", "Text.")))


def script(one: Example) -> str:
    prose = f"\n# %% [markdown]\n# {one['prose']}\n" if "prose" in one else ""
    return f"# %%\n{code_of(one)}{prose}"


def docstring(one: Example) -> str:
    return f'"""A module.\n{one["examples"]}"""\n'


def mended(one: Example) -> Example:
    """Return an example with the truth in place of what is false."""
    parts = {key: one[key].replace(one["false"], one["true"]) for key in TEXTS if key in one}
    assert parts != {key: one[key] for key in parts}
    return one | parts


FORMATS: dict[str, tuple[str, Callable[[Example], str]]] = {
    "Markdown": ("md", markdown),
    "MyST": ("md", myst),
    "reST": ("rst", rest),
    "notebook": ("ipynb", ipynb),
    "script": ("py", script),
    "docstring": ("py", docstring),
}
CASES = [(name, format_) for name, one in EXAMPLES.items() for format_ in one["in"]]


def line_of(one: Example, text: str, format_: str) -> int:
    """Return the line, of the file or the cell, that has what is false."""
    lines = text.split("\n")
    if format_ == "notebook":
        lines = (one.get("prose") or one.get("printed", "") or code_of(one)).split("\n")
    if one["says"].startswith("drifted: Total"):
        return next(number for number, line in enumerate(lines, 1) if "Total params" in line)
    return next(number for number, line in enumerate(lines, 1) if one["false"].split("\n")[0] in line)


@pytest.fixture(scope="module")
def audited(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Audited]]:
    """Return each document, as a text and audited, by the name of its file without the suffix."""
    folder = tmp_path_factory.mktemp("recognised")
    texts = {}
    for name, format_ in CASES:
        suffix, write = FORMATS[format_]
        one = EXAMPLES[name]
        texts[folder / f"{name}-{format_}-false.{suffix}"] = write(one)
        texts[folder / f"{name}-{format_}-true.{suffix}"] = write(mended(one))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    found = Audits(worker).of([*texts])
    return {path.stem: (text, one) for (path, text), one in zip(texts.items(), found, strict=True)}


@pytest.mark.parametrize(("name", "format_"), CASES, ids=["-".join(case) for case in CASES])
def test_a_row_of_the_table(name: str, format_: str, audited: dict[str, tuple[str, Audited]]) -> None:
    text, false = audited[f"{name}-{format_}-false"]
    found = [one for one in remarks(false) if one.kind == "drifted"]
    assert [(one.line, one.text) for one in found] == [
        (line_of(EXAMPLES[name], text, format_), EXAMPLES[name]["says"])
    ]
    _, true = audited[f"{name}-{format_}-true"]
    assert {one.verdict for one in true.verdicts} == {"holds"}
