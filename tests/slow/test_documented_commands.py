"""What the documentation shows of a command is what the command prints.

A page is followed from top to bottom in a project of its own. A block or ``example`` whose caption is a
file below ``docs/`` is that file, one with the caption ``conf.py`` a part of it. In the README, a comment
names the file. A comment ``% docs/page.md: OLD -> NEW`` is an edit that the text around it asks for. Each
``console`` block is run; what it shows has to be what the commands print.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.projects import DEADLINE, OLD_MYST, OLD_SPHINX, REPOSITORY, terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(OLD_MYST or OLD_SPHINX, reason="the pages show what newer versions print"),
]

STEP = re.compile(
    r"^(?:<!-- (?P<name>docs/\S+) -->\n)?(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=fence) *$"
    r"|^(?:%|<!--) (?P<file>docs/\S+): (?P<old>.+?) -> (?P<new>.+?)(?: -->)?$",
    re.MULTILINE | re.DOTALL,
)
COMMAND = re.compile(r"^\$ (?P<command>.*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)
RUN = ("sphinx-build ", "python -m sphinx_kerasshape ", "cat ", "echo $?")
VERSION = re.compile(r'(TensorFlow |Keras |"(?:python|tensorflow|keras)": ")[\d.]+')
CONF = """\
extensions = ["myst_parser", "sphinx_kerasshape"]
exclude_patterns = ["_build"]
show_warning_types = True
"""
INDEX = "# Index\n\n```{toctree}\n:glob:\n\n*\n```\n"


def blocks(text: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the language, the caption and the body of each code block of a page in a folder."""
    for step in STEP.finditer(text):
        if step["fence"]:
            yield parts(step, folder)


def parts(step: re.Match[str], folder: Path) -> tuple[str, str, str]:
    directive, _, argument = step["info"].strip().rpartition("}")
    argument, caption, body = argument.strip(), step["name"] or "", step["body"]
    if directive == "{example":
        return "markdown", argument, body
    while option := re.match(r":(\w[\w-]*):(.*)\n", body):
        caption = option[2].strip() if option[1] == "caption" else caption
        body = body[option.end() :]
    if directive == "{literalinclude":
        return "", caption, (folder / argument).read_text("utf-8")
    return argument, caption, body.removeprefix("\n") if body != step["body"] else body


def shows_output(page: Path) -> bool:
    return any(
        command["command"].startswith(RUN) and command["output"].strip()
        for language, _, body in blocks(page.read_text("utf-8"), page.parent)
        if language == "console"
        for command in COMMAND.finditer(body)
    )


PAGES = [
    str(path.relative_to(REPOSITORY))
    for path in sorted([REPOSITORY / "README.md", *REPOSITORY.glob("docs/**/*.md")])
    if shows_output(path)
]


class Story:
    """A project that a page tells of."""

    def __init__(self, page: Path, folder: Path, cache: Path) -> None:
        self.page, self.folder, self.cache = page, folder, cache
        self.text = page.read_text("utf-8")
        self.status = 0
        self.written: set[str] = set()
        self.write("docs/index.md", INDEX)
        self.write("docs/conf.py", CONF)
        for _, caption, body in blocks(self.text, page.parent):
            # The text may speak of a file before it shows it.
            if is_file(caption) and caption not in self.written:
                self.write(caption, body)
                self.written.add(caption)
            elif caption == "conf.py":
                self.write("docs/conf.py", CONF + body)

    def write(self, file: str, text: str) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        # An excerpt has no title, which Sphinx wants; behind it, the numbers of its lines stay.
        title = "\n# Title\n" if file.endswith(".md") and not text.startswith("# ") else ""
        path.write_text(text + title, encoding="utf-8")

    def told(self) -> str:
        """Follow the page; return its text with what the commands have printed."""
        return STEP.sub(self._step, self.text)

    def _step(self, step: re.Match[str]) -> str:
        if step["file"]:
            text = (self.folder / step["file"]).read_text("utf-8")
            assert step["old"] in text, f"{step['file']} has no {step['old']}"
            (self.folder / step["file"]).write_text(text.replace(step["old"], step["new"]), "utf-8")
            return step[0]
        language, caption, body = parts(step, self.page.parent)
        if is_file(caption):
            if caption in self.written:
                self.written.remove(caption)
            else:
                self.write(caption, body)
        if language != "console":
            return step[0]
        return step[0].replace(body, COMMAND.sub(self._command, body)) if body else step[0]

    def _command(self, command: re.Match[str]) -> str:
        if not command["command"].startswith(RUN):
            return command[0]
        printed = self._printed(command["command"])
        if command["command"].startswith("sphinx-build ") and " -q " not in command["command"]:
            return command[0]  # Sphinx's own progress differs from version to version.
        if VERSION.sub(r"\1", printed) == VERSION.sub(r"\1", command["output"]):
            return command[0]
        return f"$ {command['command']}\n{printed}"

    def _printed(self, command: str) -> str:
        if command == "echo $?":
            return f"{self.status}\n"
        if command.startswith("sphinx-build "):
            command += f" -D kerasshape_cache_dir={self.cache}"
        elif command.startswith("python "):
            command += f" --cache-dir {self.cache}"
        done = (
            self._alone(command) if self._is_for_a_shell(command) else terminal(self.folder, *command.split())
        )
        self.status = done.returncode
        # Progress is shown where the machine is slow.
        said = re.sub(r"^running models: \d+ of \d+\n", "", done.stdout, flags=re.MULTILINE)
        return said.replace(f"{self.folder}{os.sep}", "")

    def _is_for_a_shell(self, command: str) -> bool:
        """Whether a command needs a process of its own.

        Autodoc imports Keras, and MyST-NB can't be used where MyST alone was.
        """
        conf = (self.folder / "docs" / "conf.py").read_text("utf-8")
        is_ours = re.fullmatch(r"(sphinx-build|python -m sphinx_kerasshape) [\w./= -]+", command)
        return not is_ours or "autodoc" in conf or "myst_nb" in conf

    def _alone(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env={
                **os.environ,
                "NO_COLOR": "1",
                # Where Keras is installed, autodoc imports it.
                "TF_CPP_MIN_LOG_LEVEL": "3",
                "TF_ENABLE_ONEDNN_OPTS": "0",
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE,
            check=False,
        )


def is_file(caption: str) -> bool:
    return re.fullmatch(r"docs/[\w./-]+\.(md|rst|py)", caption) is not None


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers that all pages share: most tell of the same two models."""
    return tmp_path_factory.mktemp("answers")


@pytest.mark.parametrize("page", PAGES)
def test_commands_print_what_the_page_shows(
    page: str, tmp_path: Path, cache: Path, expected: Callable[[Path, str], None]
) -> None:
    path = REPOSITORY / page
    expected(path, Story(path, tmp_path, cache).told())
