"""``:annotate:`` and comments in the code of directives: what readers see, what authors are told."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.support.projects import DEADLINE, Project, command_line

CODE = """\
def double(x):
    return x * 2

class Own(layers.Layer):
    def call(self, x):
        return keras.ops.concatenate([x, x], -1)

a = keras.Input((4,)); b = layers.Dense(3, activation="relu")(a)
c = d = layers.Dense(
    5)(b)
e: object = double(Own()(c))
f, g = e[:, :2], layers.Dense(1)(e)
for units in (2, 3, 2):
    layers.Dense(units)(a)
if not callable(a):
    text = "\\
# no comment"; h = layers.Softmax()(g)
with keras.name_scope("scope"):
    i = keras.ops.stack([g, h])
j = a
numbers = [units * 2 for units in (2, 3)]
count = len(numbers)
k = (lambda x: x)(layers.Identity()(
    a)
)
seen = set()
seen.add(units)
nested = keras.Sequential([keras.Sequential([layers.Dense(7)]),
    layers.Dense(8), layers.Dense(9)])
nested.build((None, 4))
model = keras.Model(a, [g, i])
del j
model
"""
HINTS = {
    "    return x * 2": "(None, 10)",
    "        return keras.ops.concatenate([x, x], -1)": "(None, 10)",
    'a = keras.Input((4,)); b = layers.Dense(3, activation="relu")(a)': "(None, 3)",
    "    5)(b)": "(None, 5)",
    "e: object = double(Own()(c))": "(None, 10)",
    "f, g = e[:, :2], layers.Dense(1)(e)": "(None, 2), (None, 1)",
    '# no comment"; h = layers.Softmax()(g)': "(None, 1)",
    "    i = keras.ops.stack([g, h])": "(2, None, 1)",
    ")": "(None, 4)",
    "    layers.Dense(8), layers.Dense(9)])": "(None, 9)",
}
STALE = """\
# Page

```{keras:model} stale
:axes: batch, time

x = keras.Input((None, 8))
y = layers.Conv1D(4, 3)(x)   # -> (batch, time, 4)
z = layers.Dense(2)(y)  # (None, None, 3)
keras.Model(x, z)
```

```{keras:model} off
:class: kerasshape-off

a = keras.Input((4,))
b = layers.Dense(2)(a)  # (None, 3)
keras.Model(a, b)
```

```{keras:code}
m = keras.Sequential([
    keras.Input((4,)),
    layers.Dense(2),  # (None, 3)
    layers.Dense(5),  # (None, 5)
])
m.count_params()  # 26 params

def unused(x):
    return layers.Dense(2)(x)  # (None, 3)
```
"""


def directive(markup: str, name: str, options: str, code: str) -> str:
    if markup == "md":
        return f"```{{{name}}}\n{options}\n\n{code}```\n"
    body = "".join(f"   {line}" if line.strip() else line for line in code.splitlines(keepends=True))
    head, _, argument = name.partition(" ")
    indented = "".join(f"   {line}\n" for line in options.splitlines())
    return f".. {head.removesuffix('}')}:: {argument}\n{indented}\n{body}\n"


@pytest.mark.parametrize("markup", ["rst", "md"])
def test_every_kind_of_statement_has_the_hint_of_its_value(
    make_project: Callable[..., Project], markup: str
) -> None:
    name = "keras:model} kinds" if markup == "md" else "keras:model kinds"
    page = directive(markup, name, ":annotate:\n:show: code", CODE).replace("} kinds}", "} kinds")
    title = "# Page\n\n" if markup == "md" else "Page\n====\n\n"
    built = make_project({f"index.{markup}": title + page}).build("text")
    assert built.warnings == []
    shown = [line.removeprefix("   ") for line in built.page("index.txt").splitlines()]
    expected = [f"{line}  # {HINTS[line]}" if line in HINTS else line for line in CODE.splitlines()]
    assert "\n".join(expected) in "\n".join(shown)


def test_a_hint_in_html_is_not_a_part_of_the_text(make_project: Callable[..., Project]) -> None:
    code = 'a = keras.Input((4,))\nb = layers.Dense(3)(a)  # <b> & "c"\nkeras.Model(a, b)\n'
    options = ":annotate:\n:linenos:\n:emphasize-lines: 2\n:caption: A table"
    page = directive("md", "keras:model", options, code).replace("{keras:model}", "{keras:model} one")
    project = make_project({"index.md": "# Page\n\n" + page})
    for style in ("inline", "table"):
        built = project.build("html", "-E", "-D", f"html_codeblock_linenos_style={style}")
        assert built.warnings == []
        (block,) = re.findall(r"<pre><span></span>.*?</pre>", built.page("index.html"), re.DOTALL)[-1:]
        hints = re.findall(r'data-hint="([^"]*)"></span>(?:\n|</span>)', block)
        assert hints == ["  # (None, 4)", "  # (None, 3)"]
        text = html.unescape(re.sub("<.*?>", "", re.sub(r'<span class="linenos">.*?</span>', "", block)))
        assert text == code


def test_hints_are_comments_in_latex_and_on_man_pages(make_project: Callable[..., Project]) -> None:
    page = directive("rst", "keras:code", ":annotate:\n:no-output:", "a = keras.Input((4,))\n")
    project = make_project({"index.rst": "Page\n====\n\n" + page})
    assert r"\PYGZsh{} (None, 4)" in project.build("latex").page("projectnamenotset.tex")
    assert "a = keras.Input((4,))  # (None, 4)" in project.build("man").page("projectnamenotset.1")


def test_only_a_changed_option_runs_a_model_again(make_project: Callable[..., Project]) -> None:
    page = "Page\n====\n\n" + directive("rst", "keras:code", ":no-output:", "a = keras.Input((4,))\n")
    project = make_project({"index.rst": page})
    assert "running models" in project.build("text").said
    project.write("index.rst", page.replace(":no-output:", ":no-output:\n   :annotate:"))
    annotated = project.build("text")
    assert "running models" in annotated.said
    assert "# (None, 4)" in annotated.page("index.txt")
    project.write("index.rst", page)
    plain = project.build("text")
    assert "running models" not in plain.said
    assert "# (None, 4)" not in plain.page("index.txt")


def test_each_block_of_a_session_has_its_own_hints(make_project: Callable[..., Project]) -> None:
    first = "def head(x):\n    return layers.Dense(2)(x)\n\na = head(keras.Input((4,)))\n"
    second = "b = head(keras.Input((9, 3)))\n"
    options = ":annotate:\n:session: s\n:no-output:"
    page = "Page\n====\n\n" + "".join(
        directive("rst", "keras:code", options, code) for code in (first, second)
    )
    built = make_project({"index.rst": page}).build("text")
    assert built.warnings == []
    text = built.page("index.txt")
    assert "return layers.Dense(2)(x)  # (None, 2)\n" in text
    assert "b = head(keras.Input((9, 3)))  # (None, 9, 2)\n" in text


def test_hints_are_in_the_lock(make_project: Callable[..., Project]) -> None:
    page = directive("rst", "keras:code", ":annotate:\n:no-output:", "a = keras.Input((4,))\n")
    project = make_project({"index.rst": "Page\n====\n\n" + page})
    project.build("kerasshape-lock")
    built = project.build("text", "-E", "-D", "kerasshape_execution=locked")
    assert built.warnings == []
    assert "# (None, 4)" in built.page("index.txt")


def test_comments_are_claims_that_fix_rewrites(make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": STALE})
    told = [re.sub(r"TensorFlow \S+", "TensorFlow", warning) for warning in project.build().warnings]
    said = "WARNING: the comment states {}, but TensorFlow says {} [kerasshape.claim]"
    assert told == [
        "index.md:7: " + said.format("(batch, time, 4)", "(batch, time - 2, 4)"),
        "index.md:8: " + said.format("(None, None, 3)", "(None, None, 2)"),
        "index.md:23: " + said.format("(None, 3)", "(None, 2)"),
        "index.md:26: " + said.format("26", "25"),
    ]
    source = project.folder / "source"
    command = [sys.executable, "-m", "sphinx_kerasshape", "fix", str(source)]
    cache = ["--cache-dir", str(project.cache)]
    done = subprocess.run(
        [*command, *cache], capture_output=True, text=True, timeout=DEADLINE, env=os.environ, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("1 statement holds, 4 were rewritten\n")
    mended = STALE.replace("time, 4)", "time - 2, 4)").replace("None, None, 3)", "None, None, 2)")
    mended = mended.replace("(2),  # (None, 3)", "(2),  # (None, 2)").replace("26 params", "25 params")
    assert (source / "index.md").read_text(encoding="utf-8") == mended
    assert project.build().warnings == []


def test_comments_that_nobody_can_check_are_listed_with_the_reason(
    make_project: Callable[..., Project],
) -> None:
    """They are no warnings, and neither fail a check nor hinder ``fix``."""
    code = "x = keras.Input((4,))  # (None, 4)\nif x is None:\n    y = layers.Dense(2)(x)  # (None, 2)\n"
    pages = {
        "index.md": "# Page\n\n" + directive("md", "keras:code", ":no-output:", code),
        "other.rst": ":orphan:\n\n" + directive("rst", "keras:code", ":no-output:", code),
    }
    project = make_project(pages)
    checked = project.build("kerasshape-check", "-W")
    reason = "its line does not run, or makes no tensor"
    *lines, last = checked.page("output.txt").splitlines()
    assert (checked.status, checked.warnings) == (0, [])
    assert [line.partition(": ")[::2] for line in lines] == [
        ("index.md:6", "(None, 4) <index#code-1> holds"),
        ("index.md:8", f"(None, 2) <index#code-1> not checked: {reason}"),
        ("other.rst:6", "(None, 4) <other#code-1> holds"),
        ("other.rst:8", f"(None, 2) <other#code-1> not checked: {reason}"),
    ]
    assert last == "0 models ran, 4 claims: 2 hold, 2 not checked"
    assert [one["reason"] for one in json.loads(checked.page("report.json"))["claims"]] == ["", reason] * 2
    done = command_line(project.folder, "fix", "source")
    assert (done.returncode, done.stdout) == (0, "all 2 statements hold\n")
