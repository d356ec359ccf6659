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
SAMPLE = Path(__file__).with_name("sample.json")
"""What is true of a few stories, so that no TensorFlow has to say it."""


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


class Corpus:
    """Documents about stories of which the truth is known: the value of each marker."""

    def __init__(self, truth: Mapping[str, list[Any]]) -> None:
        self.truth = truth
        self.stories = [story for story in stories() if story.name in truth]

    def tellings(self) -> list[Telling]:
        """Return all documents."""
        return [_telling(story, *one) for story in self.stories for one in story.told]

    def true_values(self, telling: Telling) -> dict[int, str]:
        """Return the text for each marker that is true."""
        return {
            number: tables.written(self._table(telling, number), telling.style).text
            if marker.kind == "summary"
            else _text(marker, self.truth[telling.story.name][number])
            for number, marker in enumerate(telling.story.markers)
        }

    def true(self, telling: Telling) -> Rendered:
        """Return a document in which all is true."""
        return self.rendered(telling, self.true_values(telling))

    def rendered(self, telling: Telling, values: Mapping[int, str]) -> Rendered:
        """Return a document with some values."""
        return formats.rendered(telling.story, telling.format, values)

    def lies(self, telling: Telling) -> dict[int, list[Lie]]:
        """Return false versions of the text for each marker."""
        true = self.true_values(telling)
        everything = self.rendered(telling, true).data.decode()
        return {
            number: false_versions(
                marker.kind,
                true[number],
                everything,
                self._table(telling, number) if marker.kind == "summary" else None,
                telling.style,
            )
            for number, marker in enumerate(telling.story.markers)
        }

    def _table(self, telling: Telling, number: int) -> Table:
        one = tables.table(self.truth[telling.story.name][number])
        return tables.renumbered(one, telling.style, telling.more)


@cache
def whole() -> Corpus:
    """Return the whole corpus, as plain TensorFlow has it."""
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
    return Corpus(json.loads(done.stdout))


def sample() -> Corpus:
    """Return the part of the corpus of which the truth is known without TensorFlow."""
    return Corpus(json.loads(SAMPLE.read_text("utf-8")))


def _telling(story: Story, format_: str, style: str) -> Telling:
    name, _, more = style.partition("+")
    return Telling(story, format_, name, int(more or 0))


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
