"""The messages that docs/reference/messages.md lists are those of real builds; links of the README work."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from tests.support.projects import REPOSITORY, Project

MISTAKES = tomllib.loads((REPOSITORY / "docs/examples/mistakes.toml").read_text("utf-8"))
CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
"""
TINY = """\
import keras


def classifier():
    return keras.Sequential([keras.Input((50,)), keras.layers.Dense(2)])
"""


def test_mistakes_give_the_messages_that_the_page_lists(make_project: Callable[..., Project]) -> None:
    found = warnings(project(make_project, "wrong"))
    wrong = {name for name, mistake in MISTAKES.items() if "wrong" in mistake}
    assert found.keys() == wrong
    assert {name: found[name] for name in wrong if not says(found[name], MISTAKES[name]["message"])} == {}


def test_mended_pages_give_no_message(make_project: Callable[..., Project]) -> None:
    assert warnings(project(make_project, "right")) == {}


def test_without_tensorflow_the_message_is_that_of_the_page(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    python = str(tmp_path / "bin" / "python")
    found = warnings(project(make_project, "right", f"kerasshape_python = {python!r}\n"))
    missing = {one for messages in found.values() for one in messages if "is not installed" in one}
    assert says(
        [one.replace(f" for {python} (kerasshape_python)", "") for one in missing],
        MISTAKES["tensorflow"]["message"],
    )


def project(make_project: Callable[..., Project], field: str, conf: str = "") -> Project:
    """Return a project with the page of each mistake, or with the mended pages."""
    pages = {"tiny.py": TINY}
    for name, mistake in MISTAKES.items():
        if text := mistake.get(field, "").lstrip():
            suffix, title = ("rst", "Title\n=====\n\n") if text.startswith("..") else ("md", "# Title\n\n")
            # Models have names of their own; what the build says about them is put back.
            pages[f"{name}.{suffix}"] = title + text.replace("lstm-demo", f"lstm-demo--{name}")
    return make_project(pages, CONF + conf)


def warnings(project: Project) -> dict[str, list[str]]:
    """Return the warnings of a build, by mistake: the first line of each, without its place and type."""
    found: dict[str, list[str]] = {}
    for warning in project.build("html").warnings:
        place, _, message = warning.partition("\n")[0].partition(": WARNING: ")
        name = Path(place.rpartition(":")[0]).stem
        message = re.sub(r" \[kerasshape\.\w+\]$", "", message).replace(f"lstm-demo--{name}", "lstm-demo")
        found.setdefault(name, []).append(message)
    return found


def says(found: list[str], message: str) -> bool:
    """Whether the only warning is a message of the page, in which an ellipsis stands for any text."""
    pattern = ".*".join(map(re.escape, message.split("…")))
    return len(found) == 1 and re.fullmatch(pattern, found[0]) is not None


def test_links_of_the_readme_lead_to_files_of_the_repository() -> None:
    text = (REPOSITORY / "README.md").read_text("utf-8")
    urls = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    source = urls["Source"]
    ours = [*urls.values(), *re.findall(r"^\[.+\]: (.*sphinx-kerasshape.*)$", text, re.MULTILINE)]
    files = [url.removeprefix(f"{source}/blob/main/") for url in ours if url not in (source, urls["Issues"])]
    pictures = re.findall(r'(?:src|srcset)="([^"]*)"', text)
    assert len(files) > 5
    assert len(pictures) == 2
    for file in files + pictures:
        assert (REPOSITORY / file).is_file(), file
    # Whatever else a link leads to, it is an address.
    assert re.findall(r"\]\((?!https://)[^)]*\)", text) == []
