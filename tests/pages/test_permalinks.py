"""Models without a caption have a link to themselves, as captions have by Sphinx."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.projects import Project

MODEL = "keras.Sequential([keras.Input((4,)), layers.Dense(3)])"
VIEWS = {
    "plain": "",
    "titled": ":caption: A caption",
    "code": ":show: code",
    "totals": ":show: totals",
}
RST = "Page\n====\n\n" + "".join(
    f".. keras:model:: {name}\n   {option}\n\n   {MODEL}\n\n" for name, option in VIEWS.items()
)
MD = "# Page\n\n" + "".join(
    f"```{{keras:model}} {name}\n{option}\n\n{MODEL}\n```\n\n" for name, option in VIEWS.items()
)
ALONE = "\n\n.. keras:code::\n\n   print(1)\n"


def links(text: str) -> list[tuple[str, ...]]:
    """Return the target, the title and the text of each permalink, except for that of the page's heading."""
    found = re.findall(r'<a class="headerlink" href="#([^"]*)" title="([^"]*)">(.*?)</a>', text)
    return [link for link in found if link[0] != "page"]


@pytest.fixture(scope="module", params=["rst", "md"])
def project(request: pytest.FixtureRequest, make_project: Callable[..., Project]) -> Project:
    return make_project({"index.rst": RST + ALONE} if request.param == "rst" else {"index.md": MD})


def test_each_has_one(project: Project) -> None:
    plain, titled, code, totals = links(project.build("html").page("index.html"))
    assert plain == ("keras-model-plain", "Link to this model", "¶")
    assert titled[1:] == ("Link to this table", "¶")
    assert code == ("keras-model-code", "Link to this model", "¶")
    assert totals == ("keras-model-totals", "Link to this model", "¶")


def test_it_follows_the_settings_of_sphinx(project: Project) -> None:
    page = project.build("html", "-D", "html_permalinks_icon=#", "-D", "language=de").page("index.html")
    assert [text for _, title, text in links(page) if title == "Link zu diesem Modell"] == ["#"] * 3
    assert links(project.build("html", "-D", "html_permalinks=0").page("index.html")) == []


@pytest.mark.parametrize(("builder", "page"), [("epub", "index.xhtml"), ("text", "index.txt")])
def test_other_formats_have_none(project: Project, builder: str, page: str) -> None:
    text = project.build(builder).page(page)
    assert "Link to this" not in text
    assert "headerlink" not in text
