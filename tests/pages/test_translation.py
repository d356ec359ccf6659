"""Pages in other languages: what is translated, and what never is."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.support.projects import Project

PAGE = """
Title
=====

.. keras:model:: chain
   :caption: A caption

   keras.Sequential([keras.Input((None, 50)), layers.LSTM(64), layers.Dense(1)])

It has :keras:params:`chain` params.
"""


def test_gettext_takes_captions_and_no_data(make_project: Callable[..., Project]) -> None:
    built = make_project({"index.rst": PAGE}).build("gettext", "-W")
    text = built.page("index.pot")
    assert re.findall(r'^msgid "(.+)"$', text, re.MULTILINE) == [
        "Title",
        "A caption",
        "It has :keras:params:`chain` params.",
    ]


def test_heads_and_numbers_follow_the_language(make_project: Callable[..., Project]) -> None:
    conf = "language = 'de'\nkerasshape_numbers = 'si'\n"
    text = make_project({"index.rst": PAGE}, conf).build("text", "-W").page("index.txt")
    assert re.findall(r"^\|[^=].*$", text, re.MULTILINE) == [
        "| Schicht             | Ausgabeform | Parameter |",
        "| lstm                | (None, 64)  | 29.440    |",
        "| dense               | (None, 1)   | 65        |",
        "| Parameter insgesamt |             | 29.505    |",
    ]
    assert "It has 29,5k params." in text
