"""Shapes and counts in prose without a role: pointed out where no model on the page has them."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.projects import Project

RST = """
Page
====

.. keras:model:: dense

   keras.Sequential([keras.Input((None, 50)), layers.Dense(128)])

The input is ``(None, None, 50)``, of a sample ``(7, 50)``, the kernel ``(50, 128)``.

It is *not* ``(None, 50)``, and ``Input((None, 50))`` is code.

Intended: :keras:unchecked:`(None, 50)`, checked: :keras:shape:`(None, None, 50) <dense.input>`.

There are 6,528 params, about 6.5k trainable parameters,
but not 7,818 parameters.
"""
MD = """
# Page

```{keras:model} dense
keras.Sequential([keras.Input((None, 50)), layers.Dense(128)])
```

The input is `(None, None, 50)`, of a sample `(7, 50)`, the kernel `(50, 128)`.

It is *not* `(None, 50)`, and `Input((None, 50))` is code.

Intended: {keras:unchecked}`(None, 50)`, checked: {keras:shape}`(None, None, 50) <dense.input>`.

There are 6,528 params, about 6.5k trainable parameters,
but not 7,818 parameters.
"""
MENDING = (
    ": correct it, use a role to have it checked, or keras:unchecked to leave it unchecked [kerasshape.lint]"
)


def test_prose_is_held_against_the_models_of_its_page(make_project: Callable[..., Project]) -> None:
    pages = {"one.rst": RST, "two.md": MD.replace("dense", "other"), "three.md": "Only `(3, 50)`.\n"}
    project = make_project(pages, "kerasshape_lint = True\n")
    wanted = [
        f"{page}: WARNING: no model on this page has the shape {shape}; the nearest is {nearest}{MENDING}"
        for page, shape, nearest in [
            ("one.rst:9", "(7, 50)", "(50, 128)"),
            ("one.rst:11", "(None, 50)", "(50, 128)"),
            ("two.md:8", "(7, 50)", "(50, 128)"),
            ("two.md:10", "(None, 50)", "(50, 128)"),
        ]
    ]
    counts = [
        f"{place}: WARNING: no model or layer on this page has 7,818 params; "
        f"the nearest count is 6,528{MENDING}"
        for place in ("one.rst:15", "two.md:14")
    ]
    for _ in ("cold", "warm"):
        built = project.build("text")
        found = [warning for warning in built.warnings if "kerasshape" in warning]
        assert sorted(found) == sorted(wanted + counts)


def test_it_is_off_by_default(make_project: Callable[..., Project]) -> None:
    built = make_project({"one.rst": RST}).build("text")
    assert built.warnings == []
