"""Models in cells of other tables: every builder writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.projects import Project

MODEL = "model = keras.Sequential([keras.Input((4,)), layers.Dense({units})])"
BLOCK = "   {mark} .. keras:model:: {name}\n          :show: table\n\n          " + MODEL + "\n\n"
CELLS = BLOCK.format(mark="* -", name="a", units=3) + BLOCK.format(mark="  -", name="b", units=2)


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    longtable = f"# In Markdown\n\n```{{eval-rst}}\n.. list-table::\n   :class: longtable\n\n{CELLS}```\n"
    single = ".. list-table::\n\n" + BLOCK.format(mark="* -", name="c", units=3)
    pages = {
        "index.rst": f"Two models\n==========\n\n.. list-table::\n\n{CELLS}",
        "single.rst": f"One\n===\n\n{single}",
    }
    pages["markdown.md"] = longtable.replace("model:: ", "model:: long-")
    pages["index.rst"] += "\n.. toctree::\n\n   single\n   markdown\n"
    return make_project(pages)


@pytest.mark.parametrize("builder", ["text", "man", "texinfo", "latex", "html", "xml", "pseudoxml"])
def test_two_models_side_by_side(project: Project, builder: str) -> None:
    built = project.build(builder)
    assert built.status == 0
    files = (path for path in built.out.rglob("*") if path.suffix not in (".pickle", ".doctree"))
    texts = "".join(path.read_text("utf-8", "ignore") for path in files if path.is_file())
    assert "15" in texts
    assert "10" in texts


def test_text_separates_the_values(project: Project) -> None:
    cell = " ".join(project.build("text").page("single.txt").replace("+", "").replace("-", "").split())
    cell = " ".join(cell.replace("| |", "").split())
    assert "Layer | Output shape | Params; dense | (None, 3) | 15" in cell
