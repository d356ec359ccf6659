"""Documentation projects that tests write and build, in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

REPOSITORY = Path(__file__).parents[2]
OLD_KERAS = pytest.mark.skipif(
    Version(version("keras")) < Version("3.4"),
    reason="Keras 3.3 does not refuse a kernel that is longer than its input, as the example says",
)
OLD_MYST = Version(version("myst-parser")) < Version("5")
"""Whether included Markdown has line numbers that are one too high."""
OLD_SPHINX = Version(version("sphinx")) < Version("8")
# Sphinx writes colours where CI is set.
PLAIN = {"NO_COLOR": "1", "NO_COLOUR": "1"}
# Types are shown by default from Sphinx 8 on only.
CONF = "extensions = ['myst_parser', 'sphinx_kerasshape']\nshow_warning_types = True\n"


@dataclass(frozen=True)
class Built:
    """What a build left: its exit status, its warnings (one item each), its output."""

    status: int
    warnings: list[str]
    said: str
    out: Path

    def page(self, name: str) -> str:
        return (self.out / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Project:
    """A documentation project in a folder of its own."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def command(self, builder: str, *options: str) -> list[str]:
        source, out, doctrees = (self.folder / name for name in ("source", builder, "doctrees"))
        warnings = self.folder / "warnings.txt"
        command = [sys.executable, "-m", "sphinx", "-b", builder, "-d", doctrees, "-w", warnings]
        return [*map(str, command), *options, str(source), str(out)]

    def start(self, builder: str = "html", *options: str, **environment: str) -> subprocess.Popen[str]:
        """Start a build, and do not wait for it."""
        return subprocess.Popen(
            self.command(builder, *options),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **PLAIN, **environment},
        )

    def build(self, builder: str = "html", *options: str, **environment: str) -> Built:
        done = subprocess.run(
            self.command(builder, *options),
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, **PLAIN, **environment},
            timeout=300,
            check=False,
        )
        text = (self.folder / "warnings.txt").read_text(encoding="utf-8")
        text = text.replace(f"{self.folder}{os.sep}source{os.sep}", "")
        warnings = [part for part in re.split(r"\n(?=\S)", text.strip("\n")) if part]
        return Built(done.returncode, warnings, done.stdout + done.stderr, self.folder / builder)

    @property
    def cache(self) -> Path:
        return self.folder / ".kerasshape"


def processes(mark: str) -> dict[int, int]:
    """Return the resident bytes of each process whose environment has ``mark``, by pid (Linux)."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if mark.encode() in (entry / "environ").read_bytes():
                    pages = int((entry / "statm").read_text().split()[1])
                    found[int(entry.name)] = pages * os.sysconf("SC_PAGE_SIZE")
            except (OSError, IndexError):
                continue
    return found
