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


STATES = """
States
======

.. keras:model:: states
   :show: table
   :columns: layer, connected

   a, b = keras.Input((4, 2), name="a"), keras.Input((5, 2), name="b")
   lstm = layers.LSTM(3, return_state=True, name="lstm")
   first, second = lstm(a), lstm(b)
   model = keras.Model([a, b], layers.Add(name="sum")([first[0], first[2], second[0], second[1]]))

Sum of :keras:connected:`states/sum`, that is
:keras:connected:`lstm (output 3), lstm, lstm (call 2), lstm (call 2) (output 2) <states/sum>` or
:keras:connected:`lstm[1][0], lstm[1][1], lstm[0][0] and lstm[0][2] <states/sum>`.
"""


def test_calls_and_outputs_have_numbers_in_each_language(make_project: Callable[..., Project]) -> None:
    """Claims are in English, or as Keras writes them."""
    built = make_project({"index.rst": STATES}, "language = 'de'\n").build("text", "-W")
    text = " ".join(built.page("index.txt").split())
    sources = "lstm, lstm (Ausgabe 3), lstm (Aufruf 2), lstm (Aufruf 2) (Ausgabe 2)"
    assert f"| sum | {sources} |" in text
    assert f"Sum of {sources}, that is lstm (output 3)," in text
