"""Builds in bad surroundings: full, vanished and damaged caches, several at once, sources that change."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from sphinx_kerasshape.pages import records
from sphinx_kerasshape.store.page_fingerprints import PageFingerprints
from tests.support.projects import DEADLINE, Built, Project

Make = Callable[..., Project]

PAGE = """\
# Page

```{keras:model} dense
model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
```

```{keras:model} lstm
model = keras.Sequential([keras.Input((None, 4)), layers.LSTM(3)])
```

It gives {keras:shape}`(None, 3) <lstm.output>`.
"""
PATH = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
CAN_MOUNT = (
    sys.platform == "linux"
    and subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0
)


def html(built: Built) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(built.out.glob("*.html"))}


@pytest.fixture(scope="module")
def undisturbed(make_project: Make) -> dict[str, bytes]:
    built = make_project({"index.md": PAGE}).build("html", "-W")
    assert built.status == 0
    return html(built)


def entries(project: Project) -> list[Path]:
    return sorted(project.cache.glob("??/*.json"))


# The folder of the cache.


@pytest.mark.slow
@pytest.mark.skipif(not CAN_MOUNT, reason="a disk can't be mounted here")
def test_a_full_disk(make_project: Make, undisturbed: dict[str, bytes]) -> None:
    """A full disk below the cache: one warning; the pages are complete."""
    project = make_project({"index.md": PAGE})
    project.cache.mkdir()
    mount = f"mount -t tmpfs -o size=4k none {project.cache} && printf x > {project.cache}/full && exec "
    command = " ".join(project.command("html"))
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount + command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    warnings = (project.folder / "warnings.txt").read_text()
    assert warnings.count("WARNING") == 1
    assert "answers can't be stored, so the next build runs all models again" in warnings
    assert "No space left on device [kerasshape.cache]" in warnings
    assert html(Built(0, [], "", project.folder / "html")) == undisturbed


def test_a_cache_that_vanishes_while_models_run(make_project: Make, undisturbed: dict[str, bytes]) -> None:
    """A cache folder that vanishes while models run: it is made again."""
    project = make_project({"index.md": PAGE})
    remove = f"import shutil\nshutil.rmtree({str(project.cache)!r}, ignore_errors=True)\n"
    project.write(
        "other.md",
        f"---\norphan: true\n---\n# Other\n\n```{{keras:model}} other\n{remove}"
        "keras.Sequential([keras.Input((4,)), layers.Dense(9)])\n```\n",
    )
    project.build("html", "-W")
    built = project.build("html", "-W", "-E")
    assert built.status == 0
    assert html(built)["index.html"] == undisturbed["index.html"]


SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda _: b"",
    "truncated": lambda data: data[: len(data) // 2],
    "head only": lambda data: data.partition(b"\n")[0] + b"\n",
    "zeros": lambda data: bytes(len(data)),
    "deep": lambda _: b"[" * 200_000,
    "another schema": lambda data: data.replace(b'"schema":', b'"schema":9', 1),
    "other values": lambda data: data.replace(b"[null,", b"[4,"),
}


def test_damaged_answers(make_project: Make) -> None:
    """Cached answers emptied, cut short, zeroed, nested without end, of another schema, changed: the models
    run again.
    """
    page = PAGE + "".join(
        f"\n```{{keras:model}} m{number}\n"
        f"keras.Sequential([keras.Input((4,)), layers.Dense({number})])\n```\n"
        for number in range(10, 8 + len(SPOILT))
    )
    project = make_project({"index.md": page})
    first = html(project.build("html", "-W"))
    good = {path: path.read_bytes() for path in entries(project)}
    assert len(good) == len(SPOILT)
    for path, spoil in zip(good, SPOILT.values(), strict=True):
        path.write_bytes(spoil(good[path]))
        assert path.read_bytes() != good[path]
    for path in project.cache.glob("shown-*.json"):
        path.write_bytes(b"[" * 200_000)
    built = project.build("html", "-W")
    assert (built.status, html(built)) == (0, first)
    assert {path: path.read_bytes() for path in entries(project)} == good


@pytest.mark.parametrize("kind", SPOILT)
def test_damaged_notes_of_what_is_shown(kind: str, tmp_path: Path) -> None:
    """Damaged notes of what pages show: the pages are written again."""
    PageFingerprints(tmp_path, "html").save({"page": "content"})
    (path,) = tmp_path.iterdir()
    good = path.read_bytes()
    path.write_bytes(SPOILT[kind](good) or b"")
    assert PageFingerprints(tmp_path, "html").changed({"page": "content", "other": ""})[-1] == "other"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
@pytest.mark.parametrize("kind", ["a device without an end", "a pipe", "a folder", "a loop"])
def test_answers_that_are_no_files(kind: str, make_project: Make, undisturbed: dict[str, bytes]) -> None:
    """Devices, pipes, folders and loops in the place of cached answers: they are not read, and replaced if
    that is possible.
    """
    project = make_project({"index.md": PAGE})
    project.build("html", "-W")
    paths = [*entries(project), *project.cache.glob("shown-*.json")]
    for path in paths:
        path.unlink()
        match kind:
            case "a device without an end":
                path.symlink_to("/dev/zero")
            case "a pipe":
                os.mkfifo(path)
            case "a loop":
                path.symlink_to(path)
            case _:
                path.mkdir()
    built = project.build("html", "-E")
    assert (built.status, html(built)) == (0, undisturbed)
    assert len(built.warnings) == (1 if kind == "a folder" else 0)
    assert all(path.is_file() and not path.is_symlink() for path in paths) == (kind != "a folder")


def test_layers_that_an_answer_makes_up(make_project: Make) -> None:
    """Made-up names of layers in the cache: shown as text, of limited length."""
    project = make_project({"index.md": PAGE})
    project.build("html")
    path = next(path for path in entries(project) if b'"dense"' in path.read_bytes())
    made_up = "dens\x1b[2J\u202e<script>" + "x" * 900
    head, body = (part.replace(b'"dense"', json.dumps(made_up).encode()) for part in halves(path))
    path.write_bytes(head + b"\n" + body)
    rewrite(path, lambda body: body)
    built = project.build("html", "-E", "-W")
    inventory = (built.out / "objects.inv").read_bytes().split(b"\n", 4)[4]
    (line,) = [line for line in zlib.decompress(inventory).decode().splitlines() if "script" in line]
    assert line.startswith(r"dense/dens\x1b[2J\u202e<script>")
    assert line.isprintable()
    assert "\x1b" not in built.page("searchindex.js")


def halves(path: Path) -> tuple[bytes, bytes]:
    """Return the head and the body of an entry."""
    head, _, body = path.read_bytes().partition(b"\n")
    return head, body


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the answer of an entry, and make its digest right."""
    head, body = halves(path)
    fields = json.loads(head) | {"body": hashlib.sha256(change(body)).hexdigest()}
    path.write_bytes(json.dumps(fields).encode() + b"\n" + change(body))


def test_swapped_answers(make_project: Make, undisturbed: dict[str, bytes]) -> None:
    """Cached answers that were swapped: neither is taken for the other."""
    project = make_project({"index.md": PAGE})
    project.build("html", "-W")
    first, second = entries(project)
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    built = project.build("html", "-W", "-E")
    assert (built.status, html(built)) == (0, undisturbed)
    assert first.read_bytes() == one


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files away")
def test_answers_of_another_user_are_not_believed(make_project: Make) -> None:
    """Cached answers of another user: the models run again."""
    project = make_project({"index.md": PAGE})
    project.build("html", "-W")
    for path in entries(project):
        os.chown(path, 4321, 4321)
    built = project.build("html", "-W", "-E", "-v")
    assert built.said.count("running models... [") == 2
    assert {path.stat().st_uid for path in entries(project)} == {0}
    os.chown(project.folder / "source", 4321, 4321)
    for path in entries(project):
        os.chown(path, 4321, 4321)
    assert "running models" not in project.build("html", "-W", "-E").said


@pytest.mark.parametrize("builder", ["html", "kerasshape-lock", "kerasshape-check"])
def test_an_answer_that_was_tampered_with_on_purpose(
    builder: str, make_project: Make, undisturbed: dict[str, bytes]
) -> None:
    """A cached answer that was forged, digest and all: its model is run anew, in each builder."""
    project = make_project({"index.md": PAGE}, "kerasshape_check_cached = True\n")
    project.build("kerasshape-lock", "-W")
    lock = project.folder / "source" / "kerasshape.lock.json"
    written, good = lock.read_bytes(), [path.read_bytes() for path in entries(project)]
    rewrite(entries(project)[0], lambda _: b'{"model": 7}')
    if builder == "kerasshape-lock":
        lock.unlink()
    built = project.build(builder, "-W")
    assert (built.status, lock.read_bytes()) == (0, written)
    assert "Traceback" not in built.said
    assert [path.read_bytes() for path in entries(project)] == good
    if builder == "html":
        assert html(built) == undisturbed


@pytest.mark.slow
def test_a_cache_where_nothing_can_be_locked(make_project: Make, undisturbed: dict[str, bytes]) -> None:
    """A cache on a disk that renames but locks nothing: as on any other."""
    project = make_project({"index.md": PAGE})
    project.write(
        "../site/sitecustomize.py",
        "import fcntl, os\n"
        "def refuse(*_, **__):\n    raise OSError(37, 'No locks available')\n"
        "fcntl.flock = fcntl.lockf = os.link = refuse\n",
    )
    built = project.run("html", "-W", "-j2", PYTHONPATH=str(project.folder / "site"))
    assert (built.status, html(built)) == (0, undisturbed)
    assert project.run("kerasshape-lock", PYTHONPATH=str(project.folder / "site")).status == 0


# Time, and several at once.


def test_a_clock_that_jumps_back(make_project: Make, undisturbed: dict[str, bytes]) -> None:
    """A clock that jumps back: no page is stale."""
    project = make_project({"index.md": PAGE})
    project.build("html", "-W")
    later = time.time() + 10_000_000
    for path in project.folder.rglob("*"):
        os.utime(path, (later, later))
    assert html(project.build("html", "-W")) == undisturbed
    project.write("index.md", PAGE.replace("Dense(3)", "Dense(5)"))
    page = project.build("html", "-W").page("index.html")
    assert page != undisturbed["index.html"].decode()
    project.write("index.md", PAGE)
    assert html(project.build("html", "-W")) == undisturbed


@pytest.mark.slow
def test_several_builds_at_once_on_one_cache_and_one_lock(
    make_project: Make, undisturbed: dict[str, bytes]
) -> None:
    """Four builds at once on one cache and one lock: all are complete, and so are both."""
    count = 4
    project = make_project({"index.md": PAGE}, "kerasshape_cache_dir = '../shared'\nkerasshape_jobs = 1\n")
    builds = []
    for number in range(count):
        builder = "html" if number % 2 else "kerasshape-lock"
        out = project.folder / f"out{number}"
        options = ["-W", "-q", "-b", builder, "-d", str(project.folder / f"doctrees{number}")]
        builds.append(
            subprocess.Popen(
                [sys.executable, "-m", "sphinx", *options, str(project.folder / "source"), str(out)]
            )
        )
    assert [build.wait(DEADLINE) for build in builds] == [0] * count
    for number in range(1, count, 2):
        assert html(Built(0, [], "", project.folder / f"out{number}")) == undisturbed
    built = project.build("html", "-W", "-D", "kerasshape_execution=locked")
    assert (built.status, html(built)) == (0, undisturbed)
    assert [path.name for path in (project.folder / "shared").rglob("*.tmp")] == []
    assert "running models" not in project.build("text", "-E").said


# Sources that change while they are built.

BRICKS = """\
import keras


def model():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense({})])
"""


def test_a_module_that_changes_while_it_is_used(make_project: Make) -> None:
    """A module that changes while it is used: the next build runs it again."""
    page = "# P\n\n```{keras:model} m\nimport bricks\n{change}model = bricks.model()\n```\n"
    project = make_project({"index.md": ""}, f"{PATH}kerasshape_sandbox = 'off'\n")
    module = project.write("bricks.py", BRICKS.format(3))
    later = BRICKS.format(5)
    change = f"from pathlib import Path\nPath({str(module)!r}).write_text({later!r})\n"
    project.write("index.md", page.replace("{change}", change))
    assert "(None, 3)" in project.build("text", "-W").page("index.txt")
    assert "(None, 5)" in project.build("text", "-W").page("index.txt")
    assert "running models" not in project.build("text", "-W").said


def test_a_lock_of_a_module_that_changes_meanwhile_is_not_believed(make_project: Make) -> None:
    """A module that changes while a lock is written: the lock is not believed."""
    project = make_project({"index.md": ""}, f"{PATH}kerasshape_sandbox = 'off'\n")
    module = project.write("bricks.py", BRICKS.format(3))
    change = f"from pathlib import Path\nPath({str(module)!r}).write_text({BRICKS.format(5)!r})\n"
    project.write(
        "index.md", f"# P\n\n```{{keras:model}} m\nimport bricks\n{change}model = bricks.model()\n```\n"
    )
    project.build("kerasshape-lock")
    built = project.build("text", "-D", "kerasshape_execution=locked")
    (warning,) = built.warnings
    assert "bricks.py changed since kerasshape.lock.json was written" in warning


def test_a_page_that_changes_between_reading_and_writing(
    make_project: Make, undisturbed: dict[str, bytes]
) -> None:
    """A page that changes between reading and writing: the next build has the change."""
    project = make_project({"index.md": PAGE}, PATH)
    source = project.folder / "source"
    project.write(
        "conf.py",
        (source / "conf.py").read_text()
        + "def setup(app):\n    app.connect('env-check-consistency', lambda *_: "
        "(Path(__file__).parent / 'index.md').write_text('# Gone\\n'))\n",
    )
    built = project.build("html", "-W")
    assert (built.status, html(built)["index.html"]) == (0, undisturbed["index.html"])
    built = project.build("html", "-W")
    assert "dense" not in built.page("index.html")


def test_pages_read_by_an_older_version(make_project: Make, undisturbed: dict[str, bytes]) -> None:
    """Pages that an older version of the extension has read: they are read again."""
    project = make_project({"index.md": PAGE})
    with mock.patch.object(records, "_VERSION", 1):
        project.build("html", "-W")
    built = project.build("html", "-W")
    assert (built.status, html(built)) == (0, undisturbed)
    assert "1 changed" in built.said or "1 added" in built.said


@pytest.mark.parametrize("spoil", [b"", b"not a pickle", b"\x80\x04."])
def test_a_spoilt_environment_is_read_anew(
    spoil: bytes, make_project: Make, undisturbed: dict[str, bytes]
) -> None:
    """A spoilt pickle of Sphinx's environment: everything is read again."""
    project = make_project({"index.md": PAGE})
    project.build("html", "-W")
    (project.folder / "doctrees" / "environment.pickle").write_bytes(spoil)
    shutil.rmtree(project.folder / "html")
    built = project.build("html")
    assert (built.status, html(built)) == (0, undisturbed)
