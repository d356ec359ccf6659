"""Claims found in their sources and rewritten: not one byte else changes."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from sphinx_kerasshape.check import edited_files
from sphinx_kerasshape.check.edited_files import Edit, Source, Unfixable, applied
from sphinx_kerasshape.check.fix import edits
from sphinx_kerasshape.claims.verdicts import Verdict
from sphinx_kerasshape.pages.positions import LocatedClaims, Location, parse_location, position_of
from sphinx_kerasshape.pages.records import Claim
from tests.support import work

FILE = os.path.realpath("page.md")


def claim(
    stated: str = "7", line: int = 1, kind: str = "params", target: str = "m", inside: str = ""
) -> Claim:
    return Claim(kind, target, stated, f"{FILE}{inside}:{line}")


def located(one: Claim, text: str, earlier: LocatedClaims) -> Claim:
    """Return a claim at its own line, as the role that states it is recorded."""
    position = position_of(one, text, earlier)
    assert position is not None
    return one._replace(location=f"{FILE}:{position.line}")


def repaired(text: str, *claims: Claim, new: str = "8") -> tuple[str, list[str]]:
    """Rewrite the claims in a text, whose truth is always the same."""
    verdicts = [Verdict(one, holds=False, actual=new, restated=new) for one in claims]
    changes, problems = edits(verdicts, {FILE: Source(FILE, text, "utf-8", "")})
    return applied(text, changes), problems


@pytest.mark.parametrize(
    "text",
    [
        ":keras:params:`7 <m>`",
        "{keras:params}`7 <m>`",
        "{keras:params}``7 <m>``",
        ":params:`7 <m>`",
        "{params}`7 <m>`",
        "`7 <m>`:keras:params:",
        ":keras:params:`7  <m>`",
        ":keras:params:`7\n<m>`",
        ":keras:params:`7\r\n  <m>`",
        "> {keras:params}`7\n> <m>`",
        "(``{keras:params}`7 <m>` `` is code) {keras:params}`7 <m>`",
        "\ufeff{keras:params}`7 <m>`",
        "a\rb\r\n{keras:params}`7 <m>`  \r\nc\t\n",
        ":expect-params: 7",
        "expect-params: 7",
        'expect-params: "7"',
        "   :expect-params:   7  ",
    ],
)
def test_forms(text: str) -> None:
    before, _, after = text.rpartition("7")
    assert repaired(text, claim()) == (f"{before}8{after}", [])


@pytest.mark.parametrize(
    ("text", "stated", "new", "wanted"),
    [
        ("{keras:shape}`(None,\n50) <m>`", "(None, 50)", "(None, 51)", "{keras:shape}`(None,\n51) <m>`"),
        ("{keras:shape}`(None,\n50) <m>`", "(None, 50)", "(None, 7, 51)", "{keras:shape}`(None, 7, 51) <m>`"),
        ("> {keras:shape}`(None,\n> 50) <m>`", "(None, 50)", "(1, 2)", "> {keras:shape}`(1,\n> 2) <m>`"),
        ("| :keras:shape:`5 <m>`    |", "5", "1,024", "| :keras:shape:`1,024 <m>`|"[:-1] + "|"),
        ("| :keras:shape:`5 <m>`     |", "5", "1,024", "| :keras:shape:`1,024 <m>` |"),
        ("| :keras:shape:`1,024 <m>` |", "1,024", "5", "| :keras:shape:`5 <m>`     |"),
        ("| {keras:shape}`5 <m>` |", "5", "1,024", "| {keras:shape}`1,024 <m>` |"),
        ("a  :keras:shape:`5 <m>`       b", "5", "1,024", "a  :keras:shape:`1,024 <m>`   b"),
    ],
)
def test_layout(text: str, stated: str, new: str, wanted: str) -> None:
    after, problems = repaired(text, claim(stated, kind="shape"), new=new)
    if problems:
        assert "too narrow" in problems[0]
        wanted = text
    assert after == wanted


def test_equal_claims_of_a_paragraph_are_taken_in_turn() -> None:
    text = "{keras:params}`7 <m>` and\n{keras:params}`7 <m>`\n\n{keras:params}`7 <m>`"
    found: list[Claim] = []
    for line in (1, 1, 4):
        found.append(located(claim(line=line), text, LocatedClaims(found)))
    assert [one.location for one in found] == [f"{FILE}:1", f"{FILE}:2", f"{FILE}:4"]
    assert repaired(text, *found)[0] == text.replace("7", "8")
    assert (
        repaired(text, found[1])[0]
        == "{keras:params}`7 <m>` and\n{keras:params}`8 <m>`\n\n{keras:params}`7 <m>`"
    )


@pytest.mark.parametrize("separator", [" ", "\n", "\r\n> "])
def test_equal_claims_take_time_in_proportion(separator: str) -> None:
    def find_and_repair(number: int) -> None:
        text = separator.join(["{keras:params}`7 <m>`"] * number)
        found: list[Claim] = []
        earlier = LocatedClaims(found)
        for one in [claim()] * number:
            found.append(located(one, text, earlier))  # noqa: PERF401
        assert repaired(text, *found) == (text.replace("7", "8"), [])

    assert work.growth(find_and_repair, 60) < work.LINEAR


BOOK = os.path.realpath("book.ipynb")


@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("in_lines", [True, False])
def test_equal_claims_of_a_notebook_are_found_in_their_cells(*, ensure_ascii: bool, in_lines: bool) -> None:
    one = "{keras:params}`≈7 <m>`"
    texts = [
        f'"a" {one} \\ {one}\n\n{one}\n{{keras:params}}`≈7\n<m>`\n',
        "x = 7  # {keras:params}`≈7 <m>`\n",
        f"{one}",
    ]

    def notebook(texts: Sequence[str]) -> str:
        sources = [text.splitlines(keepends=True) if in_lines else text for text in texts]
        return json.dumps(
            {"cells": [{"source": one} for one in sources]}, indent=1, ensure_ascii=ensure_ascii
        )

    claims = [Claim("params", "m", "≈7", f"{BOOK}:{line}") for line in (10002, 10002, 10004, 10005, 30002)]
    verdicts = [Verdict(claim, holds=False, actual="8", restated="≈8") for claim in claims]
    source = Source(BOOK, notebook(texts), "utf-8", "")
    changes, problems = edits(verdicts, {BOOK: source})
    assert problems == []
    wanted = [texts[0].replace("≈7", "≈8"), texts[1], texts[2].replace("≈7", "≈8")]
    assert applied(source.text, changes) == notebook(wanted)
    assert [(change.line, *edited_files.shown(change)) for change in changes] == [
        (line, "≈7", "≈8") for line in (10002, 10002, 10004, 10005, 30002)
    ]
    only, _ = edits(verdicts[-1:], {BOOK: source})
    assert applied(source.text, only) == notebook([*texts[:2], wanted[2]])


def test_what_is_not_found_is_said_and_left() -> None:
    text = "{keras:params}`7 <n>` {keras:params}`9 <m>` {keras:bytes}`7 <m>` `{keras:params}`7 <m>``\n"
    assert repaired(text, claim()) == (text, [f"{FILE}:1: '7' for m can't be found in the source"])
    twice = "a\n\n{keras:params}`7 <m>`\n\n{keras:params}`7 <m>`\n"
    assert repaired(twice, claim())[0] == twice
    once = "a\n\n{keras:params}`7 <m>`\n"
    assert repaired(once, claim(line=9))[0] == once.replace("7", "8")
    elsewhere = claim()._replace(location="other.md:1")
    assert repaired(text, elsewhere) == (
        text,
        ["other.md:1: the file can't be read, so '7' is not rewritten"],
    )
    unsure = Verdict(claim(), holds=False, problem="m is unknown")
    assert edits([unsure], {FILE: Source(FILE, text, "utf-8", "")}) == ([], [f"{FILE}:1: m is unknown"])


def test_docstrings() -> None:
    same = ":keras:params:`7 <m>`"
    text = f'''# {same}\n"""{same}"""\n\nclass A:\n    def f(self):\n        r"""\n
        Text, {same}\n        """\n'''
    method = claim(inside=":docstring of pkg.mod.A.f")
    assert repaired(text, method)[0] == text.replace(f"Text, {same}", "Text, :keras:params:`8 <m>`")
    module = claim(inside=":docstring of pkg.mod")
    assert repaired(text, module)[0] == text.replace(f'"""{same}', '""":keras:params:`8 <m>`')
    assert repaired("def f(:\n", module)[1]


def test_locations() -> None:
    assert parse_location("C:\\a.md:5") == Location("C:\\a.md", 5)
    assert parse_location("a.py:docstring of b.c:5") == Location("a.py", 5, "b.c")
    assert str(parse_location("a.py:docstring of b.c:5")) == "a.py:docstring of b.c:5"
    assert parse_location("a.md") is None
    assert position_of(claim()._replace(location="a.md"), "x", LocatedClaims()) is None


def test_writing_is_refused_after_a_change(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_bytes("\ufeff7 é\r\n".encode())
    file.chmod(0o640)
    source = edited_files.read(str(file), "utf-8-sig")
    edit = Edit(str(file), 1, 1, 2, "7", "8")
    edited_files.write(source, [edit])
    assert file.read_bytes() == "\ufeff8 é\r\n".encode()
    assert file.stat().st_mode & 0o777 == 0o640
    with pytest.raises(Unfixable, match="has changed in the meantime"):
        edited_files.write(source, [edit])
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_bytes() == "\ufeff8 é\r\n".encode()


def test_encodings(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_bytes("# coding: latin-1\n# é 7\n".encode("latin-1"))
    source = edited_files.read(str(file), "utf-8-sig")
    edited_files.write(source, [Edit(str(file), 2, len(source.text) - 2, len(source.text) - 1, "7", "8")])
    assert file.read_bytes() == "# coding: latin-1\n# é 8\n".encode("latin-1")
