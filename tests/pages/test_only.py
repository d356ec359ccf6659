"""Views of one model in different outputs, by the directive ``only``, however deep it is around them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from tests.support.projects import Built, Project

MODEL = "keras.Sequential([keras.Input((4,)), layers.Dense(5)])"
RST = {
    "alone": "MODEL",
    "note": ".. note::\n\n   MODEL",
    "list": "* An item:\n\n  1. MODEL",
    "section": "Section NUMBER\n--------------\n\nMODEL",
    "cell": ".. list-table::\n\n   * - MODEL",
    "term": "term\n    MODEL",
    "only": ".. only:: html or text or latex\n\n   .. note::\n\n      MODEL",
}
# MyST moves headings out of a directive, so both sections are written.
MD = {
    "md-alone": "MODEL",
    "md-note": "````{note}\nMODEL\n````",
    "md-list": "* An item:\n\n  1. MODEL",
    "md-cell": "````{list-table}\n* - MODEL\n````",
    "md-only": "`````{only} html or text or latex\n````{note}\nMODEL\n````\n`````",
}


def within(text: str, model: str, number: int) -> str:
    """Return the text with the model in it, indented as it is there."""
    before, _, after = text.partition("MODEL")
    column = len(before.rpartition("\n")[2])
    return (before + textwrap.indent(model, " " * column).lstrip() + after).replace("NUMBER", str(number))


def rst(name: str, text: str) -> str:
    first, second = (
        within(text, f".. keras:model:: {name}\n   :show: {part}\n\n   {MODEL}", number)
        for number, part in enumerate(("table", "code"))
    )
    return (
        "Page\n====\n\n"
        f".. only:: html\n\n{textwrap.indent(first, '   ')}\n\n"
        f".. only:: not html\n\n{textwrap.indent(second, '   ')}\n\n"
        f"   Here :keras:params:`26 <{name}>`, a :keras:layer:`{name}/dense`.\n"
    )


def md(name: str, text: str) -> str:
    first, second = (
        within(text, f"```{{keras:model}} {name}\n:show: {part}\n\n{MODEL}\n```", number)
        for number, part in enumerate(("table", "code"))
    )
    return (
        f"# Page\n\n``````{{only}} html\n{first}\n``````\n\n``````{{only}} not html\n{second}\n\n"
        f"Here {{keras:params}}`26 <{name}>`, a {{keras:layer}}`{name}/dense`.\n``````\n"
    )


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    pages = {f"{name}.rst": rst(name, text) for name, text in RST.items()}
    return make_project(pages | {f"{name}.md": md(name, text) for name, text in MD.items()})


@pytest.mark.parametrize("builder", ["html", "text", "latex"])
def test_each_claim_is_checked_in_every_output(builder: str, project: Project) -> None:
    """Also what this output leaves out; no view is a second model."""
    states = "WARNING: the page states 26 parameters for"
    told = [text.partition(": ")[2].partition(", but")[0] for text in project.build(builder).warnings]
    assert sorted(told) == sorted(f"{states} {name}" for name in (*RST, *MD))


ONE = """\
Page
====

.. only:: latex

   .. note::

      .. keras:model:: printed

         MODEL

.. only:: html and

   .. keras:model:: unclear

      MODEL

Link to :keras:model:`printed`, :keras:layer:`printed/dense`, :keras:model:`unclear`.
""".replace("MODEL", MODEL)


@pytest.fixture(scope="module")
def built(make_project: Callable[..., Project]) -> Built:
    return make_project({"index.rst": ONE}).build("html")


def test_no_link_leads_to_what_is_left_out(built: Built) -> None:
    paragraph = built.page("index.html").partition("<p>Link to ")[2].partition("</p>")[0]
    assert paragraph.count("href=") == 1
    assert 'href="#keras-model-unclear"' in paragraph


def test_a_condition_that_is_no_expression_is_reported_by_sphinx(built: Built) -> None:
    (warning,) = built.warnings
    assert "while evaluating only directive expression" in warning
    assert built.status == 0
