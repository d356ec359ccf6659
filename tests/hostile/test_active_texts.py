"""Texts that try to be more than text, as names and messages of models: inert in every output."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sphinx_kerasshape.text import escape_controls
from tests.support.hostile_texts import CANARY, LATEX, TEXTS
from tests.support.projects import DEADLINE, Built, Project
from tests.support.tiers import tiered

CHUNK = 25
"""How many texts are in one message."""
CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
kerasshape_timeout = 120
html_theme = 'alabaster'
html_use_index = False
epub_show_urls = 'no'
suppress_warnings = ['epub.unknown_project_files']
"""
MODULE = """
import keras
from keras import layers

TEXTS = {texts}


def layer(text):
    kind = text.encode(errors="replace").decode().replace("\\0", "0")
    made = type(kind, (layers.Layer,), {{}})()
    made.kernel = made.add_weight(shape=(2,), name="weight")
    made.call = lambda x: x
    return made


def model():
    made = keras.Sequential([keras.Input((4,)), *map(layer, TEXTS)])
    # Afterwards: Keras' constructors refuse some of them.
    for one, text in zip(made.layers, TEXTS):
        one.name = text
        try:
            one.kernel.name = one.kernel.path = text  # Keras 3.3
        except AttributeError:
            one.kernel._name = one.kernel._path = text
    return made
"""
PAGE = """\
# Names

```{{keras:model}} names
:from: texts:model()
:show: table
:columns: layer, type, output, weights
```

```{{keras:code}}
:hide-code:
import texts
for text in texts.TEXTS:
    print(text)
```

# Messages

{messages}

The end of the page.
"""
EXPECTED = """\
```{{keras:model}} expected{number}
:raises: ValueError
:hide-code:
import texts
raise ValueError("\\n".join(texts.TEXTS[{first}:{last}]))
```
"""
FAILED = """\
```{{keras:model}} failed{number}
:hide-code:
import texts
raise ValueError(texts.TEXTS[{first}])
```
"""


def project_of(make_project: Callable[..., Project], texts: list[str], conf: str = "") -> Project:
    starts = range(0, len(texts), CHUNK)
    messages = [
        block.format(number=number, first=first, last=first + CHUNK)
        for number, first in enumerate(starts)
        for block in (EXPECTED, FAILED)
    ]
    project = make_project({"index.md": PAGE.format(messages="\n".join(messages))}, CONF + conf)
    project.write("texts.py", MODULE.format(texts=ascii(texts)))
    return project


def harmless(texts: list[str]) -> list[str]:
    """Return texts of as many words and lines, all different, that nobody can object to."""
    return [re.sub(r"[^ \n]+", f"text{number}x", text) for number, text in enumerate(texts)]


@dataclass(frozen=True)
class Pair:
    """The same project with hostile texts, and with harmless ones in their place."""

    hostile: Project
    harmless: Project

    def build(self, builder: str) -> tuple[Built, Built]:
        return self.hostile.build(builder), self.harmless.build(builder)


@pytest.fixture(scope="module")
def pair(make_project: Callable[..., Project]) -> Pair:
    return Pair(project_of(make_project, TEXTS), project_of(make_project, harmless(TEXTS)))


@pytest.fixture(scope="module")
def hostile_html(pair: Pair) -> Built:
    return pair.hostile.build("html")


@pytest.fixture(scope="module")
def html(pair: Pair, hostile_html: Built) -> tuple[Built, Built]:
    return hostile_html, pair.harmless.build("html")


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_terminal_shows_text_only(hostile_html: Built) -> None:
    said, found = hostile_html.said, hostile_html.warnings
    assert not re.sub(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", said)
    assert not re.search(r"^/conf\.py:1: WARNING", said, re.MULTILINE)
    assert all(re.match(r"index\.md:\d+: WARNING: model 'failed", one) for one in found)
    assert len(found) == -(-len(TEXTS) // CHUNK)


# In a real browser.

STATE = """
const all = [...document.querySelectorAll('*')];
return {
  tags: all.map(element => element.tagName),
  attributes: all.flatMap(
    element => [...element.attributes].map(one => [element.tagName, one.name, one.value])),
  comments: [...document.body.innerHTML.matchAll(/<!--/g)].length,
  canary: window.canary === undefined,
  title: document.title,
  address: location.href,
  loaded: performance.getEntriesByType('resource').map(entry => entry.name),
  names: [...document.querySelectorAll('.kerasshape-table tbody th')].map(cell => cell.textContent),
  cells: [...document.querySelectorAll('.kerasshape-table tbody td')].map(cell => cell.textContent),
  blocks: [...document.querySelectorAll('pre, .kerasshape-error, .error')].map(block => block.textContent),
};
"""


@pytest.fixture(scope="module")
def browser() -> Iterable[Any]:
    selenium = pytest.importorskip("selenium.webdriver")
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("chromium and chromedriver are not installed")
    options = selenium.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("headless=new", "no-sandbox", "disable-quic", "no-first-run", "disable-sync"):
        options.add_argument(f"--{argument}")
    driver = selenium.Chrome(
        options=options, service=selenium.ChromeService(executable_path=shutil.which("chromedriver"))
    )
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def states(browser: Any, html: tuple[Built, Built]) -> list[dict[str, Any]]:
    found = []
    for built in html:
        browser.get((built.out / "index.html").as_uri())
        found.append(browser.execute_script(STATE))
    return found


@pytest.mark.slow
def test_no_element_and_no_attribute_of_theirs_is_in_the_page(
    states: list[dict[str, Any]], html: tuple[Built, Built]
) -> None:
    hostile, other = states
    assert len(html[0].warnings) == len(html[1].warnings)
    assert Counter(hostile["tags"]) == Counter(other["tags"])
    assert hostile["comments"] == other["comments"]
    known = {tuple(one) for one in other["attributes"]}
    new = [one for one in hostile["attributes"] if tuple(one) not in known]
    odd = [one for one in new if not re.fullmatch(r"(id|href) #?[\w-]+", f"{one[1]} {one[2]}")]
    assert odd == []
    names = [Counter(name for _, name, _ in state["attributes"]) for state in states]
    assert names[0] == names[1]


@pytest.mark.slow
def test_nothing_of_theirs_has_run_or_was_fetched(states: list[dict[str, Any]]) -> None:
    hostile, other = states
    assert hostile["canary"]
    assert hostile["title"] == other["title"]
    assert hostile["address"].startswith("file:")
    assert [Path(name).name for name in hostile["loaded"]] == [Path(name).name for name in other["loaded"]]


@pytest.mark.slow
def test_readers_see_each_text_as_it_is(
    states: list[dict[str, Any]], record_property: Callable[[str, object], None]
) -> None:
    seen = " ".join(words(cell) for cell in states[0]["names"])
    missing = [text for text in TEXTS if words(escape_controls(text)) not in seen]
    assert missing == []
    cells = " ".join(words(cell) for cell in states[0]["cells"])
    assert [text for text in TEXTS if words(escape_controls(text)) not in cells] == []
    record_property(
        "figure",
        f"{len(TEXTS)} hostile texts as names of layers, weights and classes, in messages and output",
    )


# In a real PDF.

SAFE = [text for text in TEXTS if text.isascii()]
"""pdfLaTeX has no glyphs for others, in any project; their harm would be the same in ASCII."""


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("latexmk") and shutil.which("pdftotext")),
    reason="latexmk or pdftotext is not installed",
)
def test_a_pdf_runs_nothing_and_shows_all(make_project: Callable[..., Project]) -> None:
    assert set(LATEX) <= set(SAFE)
    project = project_of(make_project, SAFE, "latex_elements = {'papersize': 'a0paper'}\n")
    project.build("latex")
    folder = project.folder / "latex"
    (tex,) = folder.glob("projectnamenotset.tex")
    command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-shell-escape", tex.name]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, errors="replace", check=False, timeout=DEADLINE
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert not list(project.folder.rglob(f"*{CANARY}*"))
    shown = subprocess.run(
        ["pdftotext", "-raw", "-enc", "UTF-8", tex.with_suffix(".pdf"), "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "The end of the page." in words(shown)
    assert Path("/etc/hostname").read_text().strip() not in shown
    plain = squeezed(shown)
    missing = [text for text in SAFE if squeezed(escape_controls(text)) not in plain]
    assert missing == []


def squeezed(text: str) -> str:
    """Return a text as it can be found in a PDF: without spaces, breaks and form feeds."""
    return re.sub(r"\s", "", text)


# Other formats.


@pytest.mark.slow
def test_an_ebook_is_well_formed_and_has_no_element_of_theirs(pair: Pair) -> None:
    counts = []
    for built in pair.build("epub"):
        (book,) = built.out.glob("*.epub")
        with zipfile.ZipFile(book) as file:
            root = ET.fromstring(file.read("index.xhtml"))
        counts.append(Counter(element.tag for element in root.iter()))
        names = {name for element in root.iter() for name in element.attrib}
        assert not [name for name in names if name.startswith("on")]
    assert counts[0] == counts[1]


@pytest.mark.slow
def test_a_man_page_has_no_request_of_theirs(pair: Pair) -> None:
    requests = []
    for built in pair.build("man"):
        (page,) = built.out.glob("*.1")
        lines = page.read_text(encoding="utf-8").splitlines()
        requests.append(Counter(line.split(" ")[0] for line in lines if line.startswith((".", "'"))))
        assert "The end of the page." in page.read_text(encoding="utf-8")
    assert requests[0] == requests[1]
    if shutil.which("groff"):
        done = subprocess.run(
            ["groff", "-man", "-Tutf8", "-K", "utf8", "-U", str(page)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "The end of the page." in done.stdout


@pytest.mark.parametrize("builder", tiered(["text", "texinfo", "xml", "pseudoxml"], quick={"text"}))
def test_plain_formats_have_no_control_characters(builder: str, pair: Pair) -> None:
    built = pair.hostile.build(builder)
    pattern = {"text": "index.txt", "texinfo": "*.texi"}.get(builder, f"index.{builder}")
    (file,) = built.out.rglob(pattern)
    text = file.read_text(encoding="utf-8")
    assert not re.sub(
        r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "", text
    )
    assert "The end of the page." in text
    if builder == "xml":
        tags = [
            Counter(element.tag for element in ET.parse(one.out / "index.xml").getroot().iter())
            for one in (built, pair.harmless.build(builder))
        ]
        assert tags[0] == tags[1]


def test_the_ledger_and_the_lock_are_data(make_project: Callable[..., Project]) -> None:
    project = project_of(make_project, TEXTS)
    checked = project.build("kerasshape-check")
    assert "Traceback" not in checked.said
    output = (checked.out / "output.txt").read_text(encoding="utf-8")
    assert not re.sub(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", "", output)
    page = (project.folder / "source" / "index.md").read_text()
    project.write("index.md", re.sub(r"```{keras:model} failed.*?```\n", "", page, flags=re.DOTALL))
    before = project.build("html").page("index.html")
    assert project.build("kerasshape-lock").status == 0
    locked = project.build("html", "-D", "kerasshape_execution=locked", "-E")
    assert (locked.warnings, locked.page("index.html")) == ([], before)
