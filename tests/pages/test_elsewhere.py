"""Claims with text from other files: translations, tables, substitutions; and views by ``only``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.projects import Project, command_line

CONF = """
language = "de"
locale_dirs = ["locale"]
exclude_patterns = ["parts"]
myst_enable_extensions = ["substitution"]
myst_substitutions = {"count": "a count of {keras:params}`31 <m>` params"}
"""
MODEL = "keras.Sequential([keras.Input((4,)), layers.Dense(5)])"
RST = """\
Page :keras:params:`7 <m>`
==========================

The model has :keras:params:`26 <m>` params, in :keras:bytes:`1 MB <m>`.

The model m has :keras:params:`25 <m>` params: :keras:model:`n`.

.. csv-table:: From a file
   :file: parts/cells.csv

.. only:: html

   .. keras:model:: m
      :show: code

      MODEL

.. only:: not html

   .. keras:model:: m
      :columns: layer, flops

      MODEL
"""
MD = """\
# Substituted

Text

Here is {{ count }}.

And here {{ local }}.

````{only} html
```{keras:model} view
:show: code

MODEL
```
````

````{only} not html
```{keras:model} view
MODEL
```
````
"""
PO = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "The model has :keras:params:`26 <m>` params, in :keras:bytes:`1 MB <m>`."
msgstr "Das Modell hat :keras:params:`26 <m>` Parameter, :keras:bytes:`1 MB <m>`."

msgid "The model m has :keras:params:`25 <m>` params: :keras:model:`n`."
msgstr ""
"Das Modell m hat :keras:params:`28 "
"<m>` Parameter: :keras:model:`n`."
"""
FRENCH = """\
msgid "The model m has {keras:params}`32 <m>` params: {keras:model}`n`."
msgstr "Le modèle a {keras:params}"
"`trente-deux <m>` paramètres, "
"{keras:params}`25 <m>`."
"""
FRONT = '---\nmyst:\n  substitutions:\n    local: "{keras:params}`32 <m>`"\n---\n'
CLAIMS = [
    ("conf.py:9", "31", "25"),
    ("locale/de/LC_MESSAGES/index.po:10", "28", "25"),
    ("index.rst:1", "7", "25"),
    ("index.rst:4", "1 MB", "100 B"),
    ("index.rst:4", "26", "25"),
    ("parts/cells.csv:2", "29", "25"),
    ("parts/cells.csv:3", "30", "25"),
    ("sub.md:4", "32", "25"),
]


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    made = make_project(
        {"index.rst": RST.replace("MODEL", MODEL), "sub.md": FRONT + MD.replace("MODEL", MODEL)}, CONF
    )
    made.write("parts/cells.csv", "a,b\n1,:keras:params:`29 <m>`\n2,:keras:params:`30 <m>`\n")
    made.write("locale/de/LC_MESSAGES/index.po", PO)
    made.write("locale/fr/LC_MESSAGES/sub.po", FRENCH)
    return made


@pytest.mark.parametrize("builder", ["text", "html", "singlehtml"])
def test_each_claim_is_reported_once_where_it_has_to_be_changed(builder: str, project: Project) -> None:
    warnings = [text for text in project.build(builder, "-E").warnings if "kerasshape" in text]
    found = []
    for text in warnings:
        place, said, rest = text.partition(": WARNING: the page states ")
        if said:
            stated, _, actual = rest.partition(" for m, but TensorFlow ")
            found.append(
                (place, stated.removesuffix(" parameters"), actual.partition(" says ")[2].split(" [")[0])
            )
    assert sorted(found) == sorted(CLAIMS)
    others = [text for text in warnings if "states" not in text]
    # A link and its translation are one; and two views of one model have no message.
    assert [text.partition(":")[2][:30] for text in others] == ["6: WARNING: unknown model 'n':"]


def test_they_are_rewritten_with_the_lines_of_their_titles(project: Project) -> None:
    done = command_line(project.folder, "fix", "source")
    lines = [f"source/{place}: {stated} -> {actual}" for place, stated, actual in CLAIMS]
    # What catalogs have of these statements, in all languages, has to follow them.
    german, french = "source/locale/de/LC_MESSAGES/index.po", "source/locale/fr/LC_MESSAGES/sub.po"
    lines += [f"{german}:{line}: {edit}" for line in (5, 6) for edit in ("26 -> 25", "1 MB -> 100 B")]
    lines += [f"{french}:1: 32 -> 25", f"{french}:3: trente-deux -> vingt-cinq"]
    *changes, summary = done.stdout.splitlines()
    assert sorted(changes) == sorted(lines)
    catalog = (project.folder / french).read_text(encoding="utf-8")
    assert catalog == FRENCH.replace("32 <", "25 <").replace("trente-deux", "vingt-cinq")
    assert (summary, done.returncode) == ("1 statement holds, 8 were rewritten", 0)
    text = (project.folder / "source" / "index.rst").read_text(encoding="utf-8")
    assert text.startswith("Page :keras:params:`25 <m>`\n===========================\n\nThe model has")
