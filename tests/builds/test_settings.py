"""What a build says of settings that can't be used."""

from __future__ import annotations

from collections.abc import Callable

from sphinx_kerasshape.settings.settings import PREFIX
from tests.support.projects import Project

CONF = """
kerasshape_network = "no"
kerasshape_execution = 7
kerasshape_weights = ["real"]
kerasshape_numbers = ["si"]
kerasshape_lint = 1
kerasshape_timeout = 10**30
kerasshape_memory = 1.5
kerasshape_environment = "HOME"
kerasshape_prelude = None
kerasshape_python = []
kerasshape_columns = 3
kerasshape_timout = 5
"""


def test_a_build_says_each_once(make_project: Callable[..., Project]) -> None:
    page = "# A\n\n(3, 4)\n\n```{keras:model} a\nkeras.Sequential([keras.Input((4,))])\n```\n"
    project = make_project({"index.md": page}, CONF)
    first = project.build("text", "-D", "kerasshape_jobs=many", "-D", "kerasshape_provenance=yes")
    assert first.status == 0
    found = [text.removeprefix("WARNING: ").partition(" ")[0] for text in first.warnings]
    assert found == [
        "invalid",
        *(PREFIX + name for name in ("prelude", "columns", "weights", "provenance", "numbers", "timeout")),
        *(PREFIX + name for name in ("memory", "network", "python", "environment", "execution")),
        "unknown",
    ]
    again = project.build("text", "-D", "kerasshape_jobs=many", "-D", "kerasshape_provenance=yes")
    assert again.warnings == first.warnings
    assert "kerasshape_network must be True or False, not 'no'; using False [kerasshape.option]" in (
        text.removeprefix("WARNING: ") for text in first.warnings
    )


def test_a_folder_is_no_lock(make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": "# A\n"}, "kerasshape_lockfile = '.'\n")
    folder = project.folder / "source"
    for builder in ("text", "kerasshape-lock"):
        (warning,) = project.build(builder).warnings
        assert warning == (
            f"WARNING: kerasshape_lockfile must be the path of a file, but {folder} is a folder; "
            "using the default, 'kerasshape.lock.json' [kerasshape.option]"
        )
    assert (folder / "kerasshape.lock.json").is_file()
