"""Builds that are interrupted at random moments: ``python -m tests.support.soak --rounds 300``.

Each round starts a build and sends signals to some of its processes after random times; in a tenth of
the rounds, the disk is full by then. Then no process of it may be left, no answer in the cache or the lock
may be partial or wrong, and the next build must be as if nothing had happened. With ``--disk FOLDER``, an
empty folder of a small file system of its own, the disk is really full; without it, no process of the build
can write files beyond a random size.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.support.projects import CONF, DEADLINE, Built, Project, eventually, processes

PAGE = """
# Page {number}

```{{keras:model}} model{number}
{code}
model = keras.Sequential([keras.Input((None, {number})), layers.LSTM(8), layers.Dense({number})])
```

It gives {{keras:shape}}`(None, {number}) <model{number}.output>`.
"""
CODES = {
    2: "import time; time.sleep(0.5)",
    3: "import subprocess; child = subprocess.Popen(['setsid', 'sleep', '86421'])",
    4: "assert float(keras.ops.sum(keras.ops.ones(3))) == 3",
}
PAGES = 7
SECONDS = 3.5
"""The longest time before the signal comes."""
VICTIMS = {
    "sphinx": (signal.SIGKILL, signal.SIGTERM, signal.SIGINT),
    "warden": (signal.SIGKILL, signal.SIGTERM),
    "worker": (signal.SIGKILL, signal.SIGTERM),
    "child": (signal.SIGKILL,),
}
FULL = 0.1
"""The share of rounds with a full disk."""
AGAIN = 0.5
"""How likely a build that goes on gets another signal."""


@dataclass(frozen=True)
class Reference:
    """What a build leaves that nothing has happened to."""

    html: dict[str, bytes]
    cache: dict[str, bytes]
    lock: bytes


class Soak:
    """A project, and what is right for it."""

    def __init__(self, folder: Path, *, is_disk: bool = False) -> None:
        self.filler = folder / "filler" if is_disk else None
        mark = f"KERASSHAPE_MARK={time.time_ns()}"
        self.mark = mark
        self.project = Project(folder)
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.project.write("conf.py", f"{CONF}kerasshape_environment = [{mark!r}]\n")
        names = "\n".join(f"page{number}" for number in range(1, PAGES + 1))
        self.project.write("index.md", f"# Index\n\n```{{toctree}}\n{names}\n```\n")
        for number in range(1, PAGES + 1):
            text = PAGE.format(number=number, code=CODES.get(number, ""))
            self.project.write(f"page{number}.md", text)
        built = self._build("html")
        assert (built.warnings, built.status) == ([], 0), built.warnings
        assert self._build("kerasshape-lock").status == 0
        self.reference = Reference(self._html(), self._cache(), self._lock.read_bytes())
        self.clear()

    @property
    def _lock(self) -> Path:
        return self.project.folder / "source" / "kerasshape.lock.json"

    def clear(self) -> None:
        """Forget every answer, and the lock."""
        for name in (".kerasshape", "doctrees", "html", "kerasshape-lock"):
            shutil.rmtree(self.project.folder / name, ignore_errors=True)
        self._lock.unlink(missing_ok=True)

    def round(self, chance: random.Random) -> list[str]:
        """Interrupt a build; return what was done to it, or raise ``AssertionError``."""
        if chance.random() < 0.9:
            self.clear()
        builder = chance.choice(["html", "html", "kerasshape-lock"])
        parallel = chance.choice([["-j2"], []])
        name, _, value = self.mark.partition("=")
        build = self.project.start(builder, *parallel, **{name: value, "TMPDIR": str(self.temporary)})
        moment = chance.uniform(0, SECONDS)
        is_full = chance.random() < FULL
        if is_full:
            early = chance.uniform(0, moment)
            time.sleep(early)
            self._fill(build.pid, chance.randrange(1 << 19))
            time.sleep(moment - early)
        else:
            time.sleep(moment)
        done = [self._kill(build, chance)]
        while build.poll() is None and chance.random() < AGAIN:
            time.sleep(chance.uniform(0, 1))
            done.append(self._kill(build, chance))
        build.wait(DEADLINE)
        if self.filler:
            self.filler.unlink(missing_ok=True)
        done = [f"{what}{', disk full' * is_full}" for what in done if what] or ["too late"]
        self._check(f"{' and '.join(done)} from {moment:.2f} s of {builder} on")
        return done

    def _kill(self, build: subprocess.Popen[str], chance: random.Random) -> str:
        """Send a signal to a process of a build once there is one; return which, or nothing if it is over."""
        who = chance.choice(list(VICTIMS))
        number = chance.choice(VICTIMS[who])
        while build.poll() is None:
            if victims := self._processes(build.pid, who):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(victims), number)
                    return f"{who} {number.name}"
            time.sleep(0.01)
        return ""

    def _fill(self, build: int, left: int) -> None:
        """Leave so many bytes on the disk, or let no process of a build write longer files."""
        if self.filler is None:
            for pid in (build, *processes(self.mark)):
                with contextlib.suppress(ProcessLookupError):
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, (left >> 4, left >> 4))
            return
        space = os.statvfs(self.filler.parent)
        with contextlib.suppress(OSError), self.filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, space.f_bavail * space.f_frsize - left))

    def _check(self, what: str) -> None:
        assert eventually(lambda: not processes(self.mark)), f"{what}: left behind {processes(self.mark)}"
        assert eventually(lambda: not self.left()), f"{what}: left behind {self.left()}"
        for name, content in self._cache().items():
            assert content == self.reference.cache.get(name), f"{what}: cached {name} is wrong"
        if self._lock.exists():
            assert self._lock.read_bytes() == self.reference.lock, f"{what}: the lock is wrong"
        # Sphinx leaves an empty file of its own where the disk is full, which it can't read then.
        info = self.project.folder / "html" / ".buildinfo"
        if info.exists() and not info.stat().st_size:
            info.unlink()
        after = self._build("html")
        assert (after.warnings, after.status) == ([], 0), f"{what}: then {after.warnings}"
        assert self._html() == self.reference.html, f"{what}: the next build is another one"

    def _build(self, builder: str) -> Built:
        return self.project.run(builder, TMPDIR=str(self.temporary))

    def _processes(self, build: int, who: str) -> list[int]:
        if who == "sphinx":
            return [build]
        worker = [pid for pid in below(build) if b"worker/__main__.py" in command(pid)]
        if who != "warden":
            worker = [pid for one in worker for pid in below(one)]
        if who == "child":
            worker = [pid for one in worker for pid in below(one)]
        return worker

    def _html(self) -> dict[str, bytes]:
        folder = self.project.folder / "html"
        return {path.name: path.read_bytes() for path in sorted(folder.glob("*.html"))}

    def _cache(self) -> dict[str, bytes]:
        folder = self.project.folder / ".kerasshape"
        found = sorted(folder.glob("[0-9a-f][0-9a-f]/[!.]*.json"))
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}

    def left(self) -> list[str]:
        """Return what is left among temporary files, and in the cache."""
        # Sphinx writes what it has to say of its own failure, such as that of a full disk.
        files = [path.name for path in self.temporary.iterdir() if not path.name.startswith("sphinx-err-")]
        return files + [path.name for path in self.project.folder.glob(".kerasshape/**/.*.tmp")]


def below(pid: int) -> list[int]:
    """Return the children of a process."""
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        try:
            found += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
    return found


def command(pid: int) -> bytes:
    """Return the command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def run(rounds: int, seed: int, folder: Path, *, is_disk: bool = False, talk: bool = False) -> Counter[str]:
    """Run rounds; return how often what was done. ``is_disk`` says whether the folder is a whole disk."""
    soak = Soak(folder, is_disk=is_disk)
    chance = random.Random(seed)
    done: Counter[str] = Counter()
    for number in range(rounds):
        done.update(soak.round(chance))
        if talk:
            print(number + 1, dict(done), "left:", soak.left(), flush=True)
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("--disk", type=Path, help="an empty folder, of a file system that may be filled")
    given = parser.parse_args()
    print("seed", given.seed)
    with tempfile.TemporaryDirectory(dir=given.disk) as folder:
        done = run(given.rounds, given.seed, Path(folder), is_disk=bool(given.disk), talk=True)
    for what, count in sorted(done.items()):
        print(f"{count:4} {what}")


if __name__ == "__main__":
    sys.exit(main())
