"""The corpus: each story in each of its formats and styles, with true values or with some false ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.corpus import formats, tables
from tests.support.corpus.formats import Rendered
from tests.support.corpus.lies import Lie, false_versions
from tests.support.corpus.story import Marker, Story, stories
from tests.support.corpus.tables import Table
from tests.support.projects import DEADLINE, REPOSITORY

TRUTH = Path(__file__).with_name("truth.py")


class Telling(NamedTuple):
    """A story in a format and a style."""

    story: Story
    format: str
    style: str
    more: int
    """By how much names of layers are counted up."""

    @property
    def name(self) -> str:
        number = f"_{self.more}" if self.more else ""
        return f"{self.story.name}_{self.format}_{self.style}{number}{formats.SUFFIXES[self.format]}"


def tellings() -> list[Telling]:
    """Return all documents of the corpus."""
    found = []
    for story in stories():
        for format_, style in story.told:
            style, _, more = style.partition("+")
            found.append(Telling(story, format_, style, int(more) if more.isdecimal() else 0))
    return found


@cache
def truth() -> dict[str, list[Any]]:
    """Return the value of each marker of each story, as plain TensorFlow gives it."""
    asked = json.dumps([story.request() for story in stories()])
    done = subprocess.run(
        [sys.executable, TRUTH],
        input=asked,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        cwd=REPOSITORY,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


def true_values(telling: Telling) -> dict[int, str]:
    """Return the text for each marker that is true."""
    return {
        number: tables.written(_table(telling, number), telling.style).text
        if marker.kind == "summary"
        else _text(marker, truth()[telling.story.name][number])
        for number, marker in enumerate(telling.story.markers)
    }


def lies(telling: Telling) -> dict[int, list[Lie]]:
    """Return false versions of the text for each marker."""
    true = true_values(telling)
    everything = rendered(telling, true).data.decode()
    return {
        number: false_versions(
            marker.kind,
            true[number],
            everything,
            _table(telling, number) if marker.kind == "summary" else None,
            telling.style,
        )
        for number, marker in enumerate(telling.story.markers)
    }


def rendered(telling: Telling, values: Mapping[int, str]) -> Rendered:
    """Return a document with some values."""
    return formats.rendered(telling.story, telling.format, values)


def _table(telling: Telling, number: int) -> Table:
    one = tables.table(truth()[telling.story.name][number])
    return tables.renumbered(one, telling.style, telling.more)


def _text(marker: Marker, value: Any) -> str:
    if marker.kind == "count":
        return str(value) if marker.form == "plain" else f"{value:,}"
    if marker.kind == "size":
        return str(value)
    sizes = [str(size) for size in value]
    if marker.form == "batch":
        sizes[0] = "batch"
    if marker.form == "sample":
        sizes = sizes[1:]
    if marker.form == "list":
        return f"[{', '.join(sizes)}]"
    text = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
    return f"TensorShape({text})" if marker.form == "static" else text
