"""Mutations of the example: whatever a page states wrongly is reported, at its own line, and can be fixed.

Build k changes every claim of the example at once, each in its k-th way. A role with more
mutants than there are builds is repeated at the end of its page. The models do not change, so
they run once, in the first build.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from sphinx_kerasshape.claims.shapes import shape_claim
from sphinx_kerasshape.numerals import numerals
from tests.support.projects import OLD_KERAS, REPOSITORY, Built, Project, command_line

pytestmark = [pytest.mark.slow, OLD_KERAS]

EXAMPLE = REPOSITORY / "example_project"
LEAST = 150
BUILDS = 5
IN_OTHERS = 2
"""Builds in other languages, in which only numbers are written in another way."""
STATEMENT = re.compile(
    r"keras:(?P<kind>shape|params|dtype|bytes)[}:]`(?P<stated>[^`<]+?)\s*<(?P<target>[^`]*)>`"
    r"|expect-(?P<option>input|output|params): (?P<value>.+)"
)
SHAPE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|[^()\[\]]+")
AXIS = re.compile(r"batch|time")
DIMENSION = re.compile(r"None|\?|…|\d+")


@dataclass(frozen=True)
class Statement:
    """A statement of a page: where its text is, and what it is."""

    file: str
    start: int
    line: int
    kind: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


def statements(file: str, text: str) -> Iterator[Statement]:
    for found in STATEMENT.finditer(text):
        stated = found["stated"] or found["value"]
        start = found.start("stated") if found["stated"] else found.start("value")
        kind = found["kind"] or ("params" if found["option"] == "params" else "shape")
        # A statement begins where its role begins.
        yield Statement(file, start, text.count("\n", 0, found.start()) + 1, kind, stated)


def mutants(statement: Statement) -> list[str]:
    """Return all that the statement could say instead, each of it wrong."""
    if statement.kind == "dtype":
        return ["float16"]
    made = _of_shape(statement.text) if statement.kind == "shape" else _of_count(statement.text)
    return list(dict.fromkeys(text for text in made if text != statement.text))


def _of_shape(text: str) -> Iterator[str]:
    if AXIS.search(text):
        yield from _of_named(text)
        return
    for shape in SHAPE.finditer(text):
        dims = list(DIMENSION.finditer(shape[0]))
        for dim in dims:
            if dim[0].isdecimal():
                yield _put(text, shape.start() + dim.start(), dim[0], str(int(dim[0]) + 1))
                yield _put(text, shape.start() + dim.start(), dim[0], "None")
            elif dim[0] == "None":
                yield _put(text, shape.start() + dim.start(), dim[0], "7")
        if "?" not in shape[0] and "…" not in shape[0]:
            for one, other in pairwise(dims):
                swapped = _put(shape[0], other.start(), other[0], one[0])
                swapped = _put(swapped, one.start(), one[0], other[0])
                yield text[: shape.start()] + swapped + text[shape.end() :]


def _of_named(text: str) -> Iterator[str]:
    """Change each axis' name and each number, and swap neighbouring sizes."""
    for name in AXIS.finditer(text):
        yield _put(text, name.start(), name[0], "time" if name[0] == "batch" else "batch")
    for number in re.finditer(r"\d+", text):
        yield _put(text, number.start(), number[0], str(int(number[0]) + 1))
    sizes = text.removeprefix("(").removesuffix(")").split(", ")
    for place in range(1, len(sizes)):
        swapped = [*sizes[: place - 1], sizes[place], sizes[place - 1], *sizes[place + 1 :]]
        yield f"({', '.join(swapped)})"


def _of_count(text: str) -> Iterator[str]:
    for group in re.finditer(r"\d+", text):
        last = int(group[0][-1])
        yield _put(text, group.end() - 1, group[0][-1], str(last + 1 if last < 9 else 8))
    groups = list(re.finditer(r"\d+", text))
    for one, other in pairwise(groups):
        if len(one[0]) == len(other[0]) and one[0] != other[0]:
            yield _put(_put(text, other.start(), other[0], one[0]), one.start(), one[0], other[0])


def _put(text: str, start: int, old: str, new: str) -> str:
    assert text[start : start + len(old)] == old
    return text[:start] + new + text[start + len(old) :]


@dataclass(frozen=True)
class Mutated:
    """The pages of the example in one build, as they are true and as they are not."""

    originals: dict[str, str]
    sources: dict[str, str]
    changed: list[tuple[Statement, str]]


def sources(language: str = "en") -> dict[str, str]:
    """Return the pages of the example, with their counts as a language writes them."""
    files = [path for path in EXAMPLE.iterdir() if path.suffix in (".md", ".rst")]
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(files)}
    return {file: translated(file, text, language) for file, text in texts.items()}


def translated(file: str, text: str, language: str) -> str:
    notation = numerals(language)
    signs = {",": notation.group, ".": notation.decimal}
    for one in reversed(list(statements(file, text))):
        if one.kind in ("params", "bytes"):
            text = _put(text, one.start, one.text, "".join(signs.get(sign, sign) for sign in one.text))
    return text


def builds(language: str) -> list[Mutated]:
    return [mutated(number, language) for number in range(BUILDS if language == "en" else IN_OTHERS)]


def mutated(number: int, language: str = "en") -> Mutated:
    originals, texts, changed = {}, {}, []
    for file, text in sources(language).items():
        base = list(statements(file, text))
        surplus = [(one, wrong) for one in base for wrong in mutants(one)[BUILDS + number :: BUILDS]]
        originals[file] = text + "".join(f"\n{repeated(text, one)}\n" for one, _ in surplus)
        first = [dict(enumerate(mutants(one))).get(number) for one in base]
        wrongs = [*first, *(wrong for _, wrong in surplus)]
        pairs = zip(statements(file, originals[file]), wrongs, strict=True)
        here = [(one, wrong) for one, wrong in pairs if wrong is not None]
        texts[file] = originals[file]
        for one, wrong in reversed(here):  # from the end, so that the offsets of the others stay right
            texts[file] = _put(texts[file], one.start, one.text, wrong)
        changed += here
    return Mutated(originals, texts, changed)


def repeated(text: str, statement: Statement) -> str:
    """Return the whole role of a statement."""
    role = text.rindex("keras:", 0, statement.start) - 1
    return text[role : text.index("`", statement.start) + 1]


def drifts(built: Built) -> list[str]:
    """Return the place of each claim that is reported, and what is stated there."""
    pattern = r"(\S+:\d+): WARNING: the page states (.+?)(?: parameters)? for \S+, but TensorFlow "
    found = [re.match(pattern, text) for text in built.warnings]
    assert all(found), built.warnings
    return sorted(f"{one[1]} {one[2]}" for one in found if one)


def fix(project: Project, *options: str) -> CompletedProcess[str]:
    return command_line(project.folder, "fix", "source", "--cache-dir", str(project.cache), *options)


@pytest.fixture(scope="module")
def example(make_project: Callable[..., Project]) -> Project:
    """The example, built once: it reports nothing, and its answers are kept."""
    project = make_project(copy=EXAMPLE)
    shutil.rmtree(project.folder / "source" / "_build", ignore_errors=True)
    built = project.build("dummy", "-nW", "--keep-going")
    assert (built.warnings, built.status) == ([], 0)
    return project


def write(project: Project, texts: dict[str, str]) -> None:
    """Write what is different; the rest need not be read again."""
    for name, text in texts.items():
        if (project.folder / "source" / name).read_text(encoding="utf-8") != text:
            project.write(name, text)


def not_restored(project: Project, mutated: Mutated) -> int:
    """Return how many statements are not what they were; nothing else may be different.

    These are samples' shapes with ``None`` as first size: they read as shapes of batches, and become such.
    """
    unclear = {one.place for one, text in mutated.changed if "None" in text and "None" not in one.text}
    count = 0
    for name, original in mutated.originals.items():
        after = (project.folder / "source" / name).read_bytes().decode()
        assert STATEMENT.sub("", after) == STATEMENT.sub("", original)
        for old, new in zip(statements(name, original), statements(name, after), strict=True):
            if new.text != old.text:
                assert old.place in unclear
                assert shape_claim(new.text).shapes == ((None, *shape_claim(old.text).shapes[0]),)
                count += 1
    return count


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_every_mutant_is_caught_and_fixed(language: str, example: Project) -> None:
    count = changed = 0
    conf = (EXAMPLE / "conf.py").read_text(encoding="utf-8")
    example.write("conf.py", f"{conf}\nlanguage = {language!r}\nkerasshape_lint = False\n")
    write(example, sources(language))
    assert example.build("dummy", "-W").warnings == []
    for mutated in builds(language):
        write(example, mutated.sources)
        built = example.build("dummy")
        assert "running models" not in built.said
        wanted = sorted(f"{one.place} {text}" for one, text in mutated.changed)
        found = drifts(built)
        assert [text for text in wanted if text not in found] == []
        assert found == wanted
        count += len(found)
        fixed = fix(example)
        assert (fixed.stderr, fixed.returncode) == ("", 0)
        assert fixed.stdout.count(" -> ") == len(wanted)
        changed += not_restored(example, mutated)
    write(example, sources())
    example.write("conf.py", conf)
    print(f"{language}: {count} of {count} mutants caught, {count - changed} restored to the letter")
    assert count >= (LEAST if language == "en" else LEAST * IN_OTHERS / BUILDS)
    assert changed <= 5


def test_fixing_twice_changes_nothing(example: Project) -> None:
    write(example, mutated(0).sources)
    assert fix(example).returncode == 0
    before = {path: path.stat().st_mtime_ns for path in (example.folder / "source").iterdir()}
    again = fix(example)
    assert re.fullmatch(r"all \d+ statements hold\n", again.stdout)
    assert (again.stderr, again.returncode) == ("", 0)
    assert before == {path: path.stat().st_mtime_ns for path in (example.folder / "source").iterdir()}
    write(example, sources())


# A change of the code, and the statements that TensorFlow then says are false.
UNITS = """
# Page

```{keras:model} lstm
:expect-output: (None, 1)
:expect-params: 29,505

keras.Sequential([
    layers.Input((None, 50)),
    layers.LSTM(64),
    layers.Dense(1),
])
```

Kernel {keras:shape}`(50, 256) <lstm/lstm.kernel>`, input {keras:shape}`(None, None, 50) <lstm.input>`,
{keras:shape}`(None, 64) <lstm/lstm.output>`, {keras:params}`29,440 <lstm/lstm>`,
{keras:params}`65 <lstm/Dense>`.
"""
KERNEL = """
# Page

```{keras:model} conv
:expect-output: (None, 1)
:expect-params: 5.4k

keras.Sequential([
    layers.Input((20, 50)),
    layers.Conv1D(32, 3),
    layers.Flatten(),
    layers.Dense(1),
])
```

{keras:shape}`(3, 50, 32) <conv/conv1d.kernel>`, {keras:shape}`(32,) <conv/conv1d.bias>`,
{keras:shape}`(None, 18, 32) <conv/conv1d.output>`, {keras:shape}`576 <conv/flatten.output>`,
{keras:params}`4,832 <conv/conv1d>`, {keras:params}`577 <conv/dense>`, {keras:shape}`20 × 50 <conv.input>`.
"""
DROPPED = """
# Page

```{keras:model} dense
:expect-output: (None, 10)
:expect-params: 7,818

keras.Sequential([
    layers.Input((50,)),
    layers.Dense(128),
    layers.Dense(10),
])
```

{keras:shape}`(128, 10) <dense/[-1].kernel>`, {keras:shape}`(10,) <dense/[-1].bias>`,
{keras:params}`1,290 <dense/[-1]>`.
"""
MUTATIONS = [
    (
        UNITS,
        "LSTM(64)",
        "LSTM(65)",
        {
            "29,505": "30,226",
            "(50, 256)": "(50, 260)",
            "(None, 64)": "(None, 65)",
            "29,440": "30,160",
            "65": "66",
        },
    ),
    (
        KERNEL,
        "Conv1D(32, 3)",
        "Conv1D(32, 5)",
        {
            "5.4k": "8.5k",
            "(3, 50, 32)": "(5, 50, 32)",
            "(None, 18, 32)": "(None, 16, 32)",
            "576": "512",
            "4,832": "8,032",
            "577": "513",
        },
    ),
    (
        DROPPED,
        "    layers.Dense(128),\n",
        "",
        {"7,818": "510", "1,290": "510", "(128, 10)": "(50, 10)"},
    ),
]


def test_a_change_of_code_makes_the_right_statements_false(make_project: Callable[..., Project]) -> None:
    pages = {f"page-{number}.md": page for number, (page, *_) in enumerate(MUTATIONS)}
    project = make_project(pages)
    assert project.build("dummy", "-W").warnings == []
    changed = {}
    for (name, page), (_, old, new, _) in zip(pages.items(), MUTATIONS, strict=True):
        changed[name] = page.replace(old, new)
        project.write(name, changed[name])
    truths: dict[str, dict[str, str]] = {name: {} for name in pages}
    for text in project.build("dummy").warnings:
        found = re.match(r"(\S+):\d+: .* states (.+?)(?: parameters)? for .* says ([^[]+?) [(\[]", text)
        assert found, text
        truths[found[1]][found[2]] = found[3]
    false = {name: wanted for name, (*_, wanted) in zip(pages, MUTATIONS, strict=True)}
    assert truths == false
    assert fix(project).returncode == 0
    assert project.build("dummy", "-W").warnings == []
    for name, before in changed.items():
        after = (project.folder / "source" / name).read_text(encoding="utf-8")
        stated = [false[name].get(one.text, one.text) for one in statements(name, before)]
        assert [one.text for one in statements(name, after)] == stated
        assert STATEMENT.sub("", after) == STATEMENT.sub("", before)


def test_there_are_enough_statements() -> None:
    assert sum(1 for file, text in sources().items() for _ in statements(file, text)) >= 60
    assert Path(EXAMPLE, "conf.py").exists()
