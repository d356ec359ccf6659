"""Catalogs of translations, and numbers in other languages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from sphinx_kerasshape.claims.counts import count_claim
from sphinx_kerasshape.render import translate
from sphinx_kerasshape.render.style import Style
from tests.support.projects import REPOSITORY

CATALOGS = sorted(translate.FOLDER.glob("*/LC_MESSAGES/kerasshape.po"))


def messages() -> set[str]:
    """Return all strings of the code that are to be translated."""
    found = set()
    for path in (REPOSITORY / "sphinx_kerasshape").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                found.add(ast.literal_eval(node.args[0]))
    return found


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parts[-3])
def test_each_catalog_is_complete_and_compiled(path: Path) -> None:
    with path.open("rb") as file:
        written = {message.id: message.string for message in read_po(file) if message.id}
    with path.with_suffix(".mo").open("rb") as file:
        compiled = {message.id: message.string for message in read_mo(file) if message.id}
    assert set(written) == messages()
    assert all(written.values())
    assert compiled == written, "compile it: pybabel compile -D kerasshape -d sphinx_kerasshape/locale"


@pytest.mark.parametrize(
    ("count", "english", "german"),
    [
        (0, "0", "0"),
        (950, "950", "950"),
        (999, "999", "999"),
        (1000, "1k", "1k"),
        (29_505, "29.5k", "29,5k"),
        (30_049, "30k", "30k"),
        (999_499, "999k", "999k"),
        (999_500, "1M", "1M"),
        (25_636_712, "25.6M", "25,6M"),
        (173_961_510_912, "174B", "174B"),
        (1_500 * 10**12, "1,500T", "1.500T"),
    ],
)
def test_short_numbers(count: int, english: str, german: str) -> None:
    assert Style("html", "en", "si").inserted(count) == english
    assert Style("html", "de", "si").inserted(count) == german
    assert Style("html").inserted(count) == f"{count:,}"
    assert count_claim(english).holds(count)
